/* Boundaries where one thing happens while another is under way, and what does not fit. */
#include "fixture.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <service/boundary.h>
#include <service/verb.h>
#include <trust/boundary_words.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char token_text[64];

/* Boundary "north", and the token that enrols it. */
static struct bytes add_north(struct fixture *f)
{
    const struct msg_boundary_add ask = {.name = bytes_text("north"),
                                         .services = bytes_text("mqtt,http"),
                                         .age_s = 60,
                                         .ttl_s = 3600};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_boundary_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    memcpy(token_text, answer.secret.p, answer.secret.n);
    return bytes_of(token_text, answer.secret.n);
}

static struct msg_enrol ask_north(struct bytes token, const struct asker *key)
{
    struct msg_enrol ask = ask_token("north", token, key);
    ask.label = bytes_of(NULL, 0);
    return ask;
}

static enum result remove_north(struct fixture *f)
{
    const struct msg_boundary_remove ask = {.name = bytes_text("north")};
    struct msg_verb_answer answer = {0};
    begin(f);
    enum result result =
        verb_boundary_remove(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
    if (result == OK)
        commit(f);
    else
        roll_back(f);
    return result;
}

/* What the front asked; the signer has it. */
static void decide(struct fixture *f, const struct msg_enrol *ask)
{
    enrolment_free(&f->job);
    f->job = (struct enrolment){0};
    begin(f);
    assert_ok(enrol_decide(&f->service, ask, f->now_s, &f->job, &f->err));
    commit(f);
    assert_int_equal(f->job.kind, ENROL_BOUNDARY);
}

static bool take_signed(struct fixture *f)
{
    bool is_live = false;
    begin(f);
    assert_ok(
        enrol_commit(&f->service, &f->job, bytes_text("certificate"), f->now_s, &is_live, &f->err));
    commit(f);
    return is_live;
}

static void whoever_is_removed_while_the_signer_works_is_an_orphan(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct msg_enrol ask = ask_north(add_north(f), &key);
    decide(f, &ask);
    assert_int_equal(f->job.next, ENROL_SIGN);
    struct enrolment under_way = f->job;
    assert_ok(remove_north(f));
    f->job = under_way;
    assert_false(take_signed(f));
    assert_int_equal(certificate_row(f, f->job.serial.p).state, CERT_ORPHAN);
}

static int64_t in_need(struct fixture *f)
{
    struct issuer_needs needs = {0};
    assert_ok(store_issuer_needs(f->store, PKI_ISSUER_OPERATIONS, bytes_of(NULL, 0), f->now_s,
                                 &needs, &f->err));
    return needs.boundaries;
}

static void it_needs_its_issuer_while_it_is_in_use(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct msg_enrol ask = ask_north(add_north(f), &key);
    assert_int_equal(in_need(f), 0);
    decide(f, &ask);
    assert_true(take_signed(f));
    assert_int_equal(in_need(f), 1);
    f->now_s += 400 * DAY_S; /* it has expired */
    assert_int_equal(in_need(f), 0);
    f->now_s -= 400 * DAY_S;
    assert_ok(remove_north(f));
    assert_int_equal(in_need(f), 0);
}

static void of_two_keys_with_one_token_the_first_wins(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    struct bytes token = add_north(f);
    struct msg_enrol ask = ask_north(token, &one);
    decide(f, &ask);
    struct enrolment first = f->job;
    f->job = (struct enrolment){0};
    ask = ask_north(token, &two);
    decide(f, &ask); /* nothing was recorded yet */
    struct enrolment second = f->job;
    f->job = first;
    assert_true(take_signed(f));
    f->job = second;
    assert_false(take_signed(f));
}

static void an_expired_token_enrols_nobody(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct msg_enrol ask = ask_north(add_north(f), &key);
    f->now_s += 3601;
    decide(f, &ask);
    assert_int_equal(f->job.next, ENROL_ANSWER);
    assert_int_equal(f->job.code, E_PROOF);
    assert_false(f->job.is_proven); /* the caller hears nothing else than anybody */
    ask.user = bytes_text("south");
    f->now_s -= 3601;
    decide(f, &ask);
    assert_int_equal(f->job.code, E_PROOF);
    assert_false(f->job.is_proven);
}

static enum result bind_acme(struct fixture *f, unsigned n, size_t octets)
{
    char pattern[LIMIT_PATTERN + 1];
    struct msg_verb_answer answer = {0};
    memset(pattern, 'x', octets);
    snprintf(pattern, sizeof pattern, "%06u", n);
    pattern[6] = 'x';
    const struct msg_binding_add ask = {.service = bytes_text("mqtt"),
                                        .of_owner = bytes_text("acme"),
                                        .actions = 1 << BINDING_PUBLISH,
                                        .pattern = bytes_of(pattern, octets)};
    begin(f);
    enum result result = verb_binding_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
    if (result == OK)
        commit(f);
    else
        roll_back(f);
    return result;
}

/* What a boundary is told has a limit: who binds hears of it, and not the boundary. */
static void what_does_not_fit_is_refused_when_it_is_bound(void **state)
{
    struct fixture *f = *state;
    (void)add_north(f);
    unsigned n = 0;
    while (n < 2000 && bind_acme(f, n, LIMIT_PATTERN) == OK)
        n++;
    assert_int_equal(f->err.code, E_TOO_LARGE);
    assert_true(n > (SERVICE_MAX - BOUNDARY_ROOM_KEPT) / 400);
    assert_true(n < (SERVICE_MAX - BOUNDARY_ROOM_KEPT) / LIMIT_PATTERN);
    f->err.code = E_NONE;
    assert_int_equal(bind_acme(f, n, 8), OK);             /* a shorter one still does */
    assert_int_equal(bind_acme(f, 1, LIMIT_PATTERN), OK); /* it is there already */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(whoever_is_removed_while_the_signer_works_is_an_orphan),
        TEST(it_needs_its_issuer_while_it_is_in_use),
        TEST(of_two_keys_with_one_token_the_first_wins),
        TEST(an_expired_token_enrols_nobody),
        TEST(what_does_not_fit_is_refused_when_it_is_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
