/* TD-39 as verbs, reports and time make it: bindings, and services that fail open. */
#include "acts.h"

#include <base/text.h>
#include <registry/about.h>
#include <service/sweep.h>
#include <service/verb.h>
#include <service/witness.h>
#include <trust/boundary_words.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UNUSED_S (90 * DAY_S)

static const struct finding *open_about(struct fixture *f, int kind, int64_t id)
{
    static struct about about;
    const struct subject_key key = {kind, id};
    assert_ok(about_read(f->store, key, f->now_s, &about, &f->err));
    return about_finding(&about, CHECK_TOO_MUCH_ACCESS);
}

static bool is_owed(struct fixture *f, int64_t binding)
{
    return open_about(f, SUBJECT_BINDING, binding) != NULL;
}

static int64_t add_boundary(struct fixture *f, const char *name)
{
    const struct msg_boundary_add ask = {.name = bytes_of(name, strlen(name)),
                                         .services = bytes_text("mqtt,http"),
                                         .age_s = 60,
                                         .ttl_s = 3600};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_boundary_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    return answer.object;
}

static int set_up(void **state)
{
    if (fixture_set_up(state) != 0)
        return 1;
    return add_boundary(*state, "north") == 0;
}

static int64_t bind_to(struct fixture *f, struct msg_binding_add ask)
{
    struct msg_verb_answer answer = {0};
    ask.service = bytes_text("mqtt");
    begin(f);
    assert_ok(verb_binding_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    return answer.object;
}

static int64_t bind_meters(struct fixture *f, struct bytes pattern)
{
    return bind_to(f, (struct msg_binding_add){.product = bytes_text("meter"),
                                               .actions = 1 << BINDING_PUBLISH,
                                               .pattern = pattern});
}

static void unbind(struct fixture *f, int64_t binding)
{
    const struct msg_binding_remove ask = {.binding = binding};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_binding_remove(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
}

static void say(struct fixture *f, enum boundary_report_kind kind, const struct got *got)
{
    struct watches watches;
    int64_t lost = 0;
    const struct boundary_report_item item = {
        .kind = kind,
        .issuer = (uint32_t)certificate_row(f, got->serial).issuer,
        .serial = bytes_of(got->serial, sizeof got->serial),
        .service = bytes_text("mqtt"),
        .count = 1,
    };
    const struct witness witness = {1, &item, f->now_s * 1000};
    begin(f);
    assert_ok(witness_take(&f->service, &witness, f->now_s, &watches, &lost, &f->err));
    commit(f);
}

/* ---- patterns ---- */

static void a_wide_pattern_is_owed_until_it_is_removed(void **state)
{
    struct fixture *f = *state;
    int64_t own = bind_meters(f, bytes_text("up/%device%/#"));
    int64_t wide = bind_meters(f, bytes_text("up/#"));
    assert_false(is_owed(f, own));
    const struct finding *finding = open_about(f, SUBJECT_BINDING, wide);
    assert_non_null(finding);
    assert_int_equal(finding->began_at_s, f->now_s);
    assert_int_equal(finding->product, 1);
    f->now_s++;
    unbind(f, wide);
    assert_false(is_owed(f, wide));
}

static void it_is_his_whose_devices_it_is_for(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    (void)active_device(f, 1, &key);
    const struct finding *finding = NULL;
    int64_t of_owner = bind_to(f, (struct msg_binding_add){.of_owner = bytes_text("acme"),
                                                           .actions = 1 << BINDING_SUBSCRIBE,
                                                           .pattern = bytes_text("%owner%/#")});
    finding = open_about(f, SUBJECT_BINDING, of_owner);
    assert_non_null(finding);
    assert_string_equal(finding->owner, "acme");
    struct msg_binding_add ask = {.product = bytes_text("meter"),
                                  .serial_number = bytes_text("SN-1"),
                                  .actions = 1 << BINDING_SUBSCRIBE,
                                  .pattern = bytes_text("down/SN-1/#")};
    assert_false(is_owed(f, bind_to(f, ask))); /* its own, by its name */
    ask.pattern = bytes_text("down/SN-10/#");
    finding = open_about(f, SUBJECT_BINDING, bind_to(f, ask));
    assert_non_null(finding);
    assert_string_equal(finding->owner, "acme");
}

/* From "acme" to "zenith": both sign, and it uses a new key. */
static void transfer(struct fixture *f, unsigned n, const struct asker *key, const struct got *got)
{
    struct person seller = {0}, buyer = {0};
    struct asker new = asker(1000 + n);
    const struct msg_transfer_release ask = {.product = bytes_text("meter"),
                                             .serial_number =
                                                 text_bytes(device_row(f, n).serial_number),
                                             .to_owner = bytes_text("zenith")};
    struct msg_verb_answer answer = {0};
    add_person(f, ROLE_OPERATOR, "acme", &seller);
    add_person(f, ROLE_OPERATOR, "zenith", &buyer);
    begin(f);
    assert_ok(verb_transfer_release(&f->service, &seller.who, &ask, f->now_s, &answer, &f->err));
    commit(f);
    assert_ok(sign_step(f, &seller, answer.object, TRANSFER_RELEASED));
    assert_ok(sign_step(f, &buyer, answer.object, TRANSFER_ACCEPTED));
    struct msg_enrol renew = ask_renew(f, got->serial, key, &new);
    struct got after = enrol(f, &renew);
    use(f, after.serial);
    assert_string_equal(device_row(f, n).owner, "zenith");
    key_freep(&seller.key);
    key_freep(&buyer.key);
}

static void those_of_a_transferred_device_are_its_new_owners(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), others_key = asker(2);
    struct got got = active_device(f, 1, &key);
    (void)active_device(f, 2, &others_key);
    struct msg_binding_add ask = {.product = bytes_text("meter"),
                                  .serial_number = bytes_text("SN-1"),
                                  .actions = 1 << BINDING_SUBSCRIBE,
                                  .pattern = bytes_text("down/#")};
    int64_t binding = bind_to(f, ask);
    ask.serial_number = bytes_text("SN-2");
    int64_t others = bind_to(f, ask);
    int64_t since_s = f->now_s;
    f->now_s += DAY_S;
    transfer(f, 1, &key, &got);
    const struct finding *finding = open_about(f, SUBJECT_BINDING, binding);
    assert_non_null(finding);
    assert_string_equal(finding->owner, "zenith");
    assert_int_equal(finding->began_at_s, since_s);
    finding = open_about(f, SUBJECT_BINDING, others);
    assert_non_null(finding);
    assert_string_equal(finding->owner, "acme");
}

#define VERY_MANY 150 /* more than two pages of them */

static void very_many_of_a_transferred_device_are_too(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    int64_t bindings[VERY_MANY];
    for (unsigned n = 0; n < VERY_MANY; n++) {
        char pattern[16];
        snprintf(pattern, sizeof pattern, "%u/#", n);
        bindings[n] = bind_to(f, (struct msg_binding_add){.product = bytes_text("meter"),
                                                          .serial_number = bytes_text("SN-1"),
                                                          .actions = 1 << BINDING_SUBSCRIBE,
                                                          .pattern = text_bytes(pattern)});
    }
    transfer(f, 1, &key, &got);
    for (unsigned n = 0; n < VERY_MANY; n++)
        assert_string_equal(open_about(f, SUBJECT_BINDING, bindings[n])->owner, "zenith");
}

static void an_expired_one_is_owed_no_more(void **state)
{
    struct fixture *f = *state;
    int64_t wide = bind_to(f, (struct msg_binding_add){.product = bytes_text("meter"),
                                                       .actions = 1 << BINDING_PUBLISH,
                                                       .pattern = bytes_text("#"),
                                                       .expires_s = f->now_s + 3600});
    f->now_s += 3599;
    settle_due(f);
    assert_true(is_owed(f, wide));
    f->now_s++;
    settle_due(f);
    assert_false(is_owed(f, wide));
}

/* ---- use ---- */

static void one_that_nobody_uses_is_owed_until_somebody_does(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    int64_t used = bind_meters(f, bytes_text("up/%device%"));
    int64_t others = bind_to(f, (struct msg_binding_add){.of_owner = bytes_text("nobody"),
                                                         .actions = 1 << BINDING_CONNECT});
    f->now_s += DAY_S;
    say(f, BOUNDARY_REPORT_ADMITTED, &got);
    f->now_s += UNUSED_S - DAY_S;
    settle_due(f);
    assert_false(is_owed(f, used));
    assert_true(is_owed(f, others));
    f->now_s += DAY_S;
    settle_due(f);
    assert_true(is_owed(f, used));
    say(f, BOUNDARY_REPORT_REFUSED, &got);
    assert_true(is_owed(f, used)); /* that is no use */
    say(f, BOUNDARY_REPORT_ADMITTED, &got);
    assert_false(is_owed(f, used));
    assert_true(is_owed(f, others));
}

static void who_is_there_still_uses_it(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    int64_t binding = bind_meters(f, bytes_text("up/%device%"));
    say(f, BOUNDARY_REPORT_OPENED, &got);
    f->now_s += UNUSED_S + DAY_S;
    settle_due(f);
    assert_false(is_owed(f, binding));
    say(f, BOUNDARY_REPORT_CLOSED, &got);
    f->now_s += UNUSED_S - 1;
    settle_due(f);
    assert_false(is_owed(f, binding));
    f->now_s++;
    settle_due(f);
    assert_true(is_owed(f, binding));
}

static void a_policy_says_how_long(void **state)
{
    struct fixture *f = *state;
    int64_t binding = bind_meters(f, bytes_text("up/%device%"));
    f->now_s += 2 * DAY_S;
    assert_int_equal(set_one_policy(f, "meter", "access-unused", "1d"), OK);
    (void)sweep(f);
    assert_true(is_owed(f, binding));
    assert_int_equal(set_one_policy(f, "meter", "access-unused", "3d"), OK);
    (void)sweep(f);
    assert_false(is_owed(f, binding));
}

/* ---- fail-open ---- */

static void fail_open(struct fixture *f, bool is_open)
{
    struct msg_verb_answer answer = {0};
    const struct msg_boundary_fail_open open = {.name = bytes_text("north"),
                                                .service = bytes_text("mqtt")};
    const struct msg_boundary_set closed = {
        .name = bytes_text("north"), .age_s = -1, .fail_closed = 1};
    begin(f);
    if (is_open)
        assert_ok(
            verb_boundary_fail_open(&f->service, &f->admin, &open, f->now_s, &answer, &f->err));
    else
        assert_ok(verb_boundary_set(&f->service, &f->admin, &closed, f->now_s, &answer, &f->err));
    commit(f);
}

static void a_service_that_fails_open_is_owed_until_it_is_closed(void **state)
{
    struct fixture *f = *state;
    assert_null(open_about(f, SUBJECT_BOUNDARY, 1));
    fail_open(f, true);
    const struct finding *finding = open_about(f, SUBJECT_BOUNDARY, 1);
    assert_non_null(finding);
    assert_int_equal(finding->began_at_s, f->now_s);
    f->now_s += DAY_S;
    settle_due(f);
    assert_non_null(open_about(f, SUBJECT_BOUNDARY, 1));
    fail_open(f, false);
    assert_null(open_about(f, SUBJECT_BOUNDARY, 1));
}

static void nothing_is_owed_about_one_that_was_removed(void **state)
{
    struct fixture *f = *state;
    const struct msg_boundary_remove ask = {.name = bytes_text("north")};
    struct msg_verb_answer answer = {0};
    fail_open(f, true);
    begin(f);
    assert_ok(verb_boundary_remove(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    assert_null(open_about(f, SUBJECT_BOUNDARY, 1));
}

/* Subjects of each kind are found by their own rows: there are more boundaries than devices. */
static void a_sweep_judges_boundaries_and_bindings(void **state)
{
    struct fixture *f = *state;
    int64_t south = add_boundary(f, "south"), binding = bind_meters(f, bytes_text("#"));
    struct change service = change_of(TABLE_SERVICE, 3);
    struct change pattern = change_of(TABLE_BINDING, binding);
    change_int(&service, COL_SERVICE_FAIL_OPEN, 1); /* behind the back of every verb */
    change_text(&pattern, COL_BINDING_PATTERN, bytes_text("%device%"));
    begin(f);
    assert_ok(store_apply(f->store, &service, &f->err));
    assert_ok(store_apply(f->store, &pattern, &f->err));
    assert_ok(finding_sweep_begin(&f->service, 0, &f->err));
    commit(f);
    (void)sweep(f);
    assert_null(open_about(f, SUBJECT_BOUNDARY, 1));
    assert_non_null(open_about(f, SUBJECT_BOUNDARY, south));
    assert_false(is_owed(f, binding));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_wide_pattern_is_owed_until_it_is_removed),
        TEST(it_is_his_whose_devices_it_is_for),
        TEST(those_of_a_transferred_device_are_its_new_owners),
        TEST(very_many_of_a_transferred_device_are_too),
        TEST(an_expired_one_is_owed_no_more),
        TEST(one_that_nobody_uses_is_owed_until_somebody_does),
        TEST(who_is_there_still_uses_it),
        TEST(a_policy_says_how_long),
        TEST(a_service_that_fails_open_is_owed_until_it_is_closed),
        TEST(nothing_is_owed_about_one_that_was_removed),
        TEST(a_sweep_judges_boundaries_and_bindings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
