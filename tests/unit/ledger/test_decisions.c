/* Policies and waivers that no verb would write are refused by replay, and so by the audit. */
#include "fixture.h"

#include "replay_decisions.h"

#include <ledger/replay.h>
#include <trust/check.h>
#include <wire/approval.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define AT_S 100
#define UNTIL_S 200
static const struct actor core = {ACTOR_CORE, 0};
static const struct actor alice = {ACTOR_OPERATOR, 1};
static const struct actor of_acme = {ACTOR_OPERATOR, 2};
static const uint8_t names_nothing[] = {0x82, 0xa0, 0xa0};

static void append(struct fixture *f, const struct act *act)
{
    assert_ok(store_begin(f->store, &f->err));
    assert_ok(ledger_append(f->ledger, act, NULL, &f->err));
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);
}

/* Alice, who sees all, and one of acme; both approve when `approvers`. Device 1 is acme's. */
static void begin(struct fixture *f, bool approvers)
{
    struct act act;
    act_begin(&act, EVENT_DEVICE_IMPORTED, 50, core, 0);
    for (int64_t id = 1; id <= 2; id++) {
        struct change *c = act_change(&act, TABLE_OPERATOR, id);
        change_text(c, COL_OPERATOR_SCOPE, id == 2 ? bytes_text("acme") : bytes_text(""));
        change_int(c, COL_OPERATOR_STATE, 1);
        change_int(c, COL_OPERATOR_PERSON, 0);
        change_int(c, COL_OPERATOR_APPROVER, approvers);
    }
    struct change *c = act_change(&act, TABLE_DEVICE, 1);
    change_int(c, COL_DEVICE_PRODUCT, 7);
    change_text(c, COL_DEVICE_OWNER, bytes_text("acme"));
    append(f, &act);
}

static enum result take(void *ctx, const struct entry *entry, struct err *err)
{
    return replay_add(ctx, entry->body, NULL, err);
}

static enum result replay_all(struct fixture *f)
{
    CLEANUP(replay_freep) struct replay *replay = NULL;
    const struct countersigner signer = {0};
    assert_ok(replay_new(&sha256_for_merkle, &replay, &f->err));
    replay_trust(replay, &signer);
    return store_entries(f->store, 0, UINT64_MAX, take, replay, &f->err);
}

static void assert_refused(struct fixture *f, const char *why)
{
    assert_int_not_equal(replay_all(f), OK);
    if (strstr(f->err.text, why) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", f->err.text, why);
}

/* ---- policies ---------------------------------------------------------------------------------
 */

struct version {
    int64_t id, product, version, before; /* row that it supersedes; 0 = none */
    bool is_digest_wrong;
};

static void set_policy(struct fixture *f, struct version row)
{
    struct act act;
    uint8_t digest[32];
    struct bytes body = bytes_of(names_nothing, sizeof names_nothing);
    sha256(body, digest);
    digest[0] ^= row.is_digest_wrong;
    act_begin(&act, EVENT_POLICY_SET, AT_S, alice, 0);
    if (row.before != 0)
        change_int(act_change(&act, TABLE_POLICY, row.before), COL_POLICY_STATE, 2);
    struct change *c = act_change(&act, TABLE_POLICY, row.id);
    change_int(c, COL_POLICY_PRODUCT, row.product);
    change_int(c, COL_POLICY_VERSION, row.version);
    change_blob(c, COL_POLICY_BODY, body);
    change_blob(c, COL_POLICY_DIGEST, bytes_of(digest, sizeof digest));
    change_int(c, COL_POLICY_CREATED_AT, AT_S);
    change_int(c, COL_POLICY_STATE, 1);
    append(f, &act);
}

static void versions_follow_each_other(void **state)
{
    struct fixture *f = *state;
    begin(f, false);
    set_policy(f, (struct version){1, 0, 1, 0, false});
    set_policy(f, (struct version){2, 7, 1, 0, false});
    set_policy(f, (struct version){3, 0, 2, 1, false});
    assert_ok(replay_all(f));
}

static void a_version_out_of_order_is_refused(void **state)
{
    struct fixture *f = *state;
    begin(f, false);
    set_policy(f, (struct version){1, 0, 1, 0, false});
    set_policy(f, (struct version){2, 0, 3, 1, false});
    assert_refused(f, "follows the version before it");
}

static void another_products_version_is_not_superseded(void **state)
{
    struct fixture *f = *state;
    begin(f, false);
    set_policy(f, (struct version){1, 0, 1, 0, false});
    set_policy(f, (struct version){2, 7, 1, 1, false});
    assert_refused(f, "stays as it was until the next version");
}

static void another_digest_is_refused(void **state)
{
    struct fixture *f = *state;
    begin(f, false);
    set_policy(f, (struct version){1, 0, 1, 0, true});
    assert_refused(f, "whose digest is that of its bytes");
}

static void what_a_policy_said_stays(void **state)
{
    struct fixture *f = *state;
    struct act act;
    begin(f, false);
    set_policy(f, (struct version){1, 0, 1, 0, false});
    act_begin(&act, EVENT_DEVICE_IMPORTED, AT_S, core, 0);
    change_blob(act_change(&act, TABLE_POLICY, 1), COL_POLICY_BODY, bytes_text("x"));
    append(f, &act);
    assert_refused(f, "stays as it was");
}

static void a_policy_by_one_alone_is_refused_under_any_name(void **state)
{
    struct fixture *f = *state;
    struct act act;
    begin(f, true);
    act_begin(&act, EVENT_DEVICE_IMPORTED, AT_S, alice, 0);
    change_int(act_change(&act, TABLE_POLICY, 1), COL_POLICY_STATE, 1);
    append(f, &act);
    assert_refused(f, "takes two people");
}

/* ---- waivers ----------------------------------------------------------------------------------
 */

struct made {
    int64_t check, product, device;
    const char *of_owner;
    int64_t made_s, until_s;
    struct actor by;
    int64_t asked_by;
};

static struct made good(void)
{
    return (struct made){10, 7, 1, "acme", AT_S, UNTIL_S, of_acme, 2};
}

static void make(struct fixture *f, const struct made *row, enum event event)
{
    struct act act;
    act_begin(&act, event, AT_S, row->by, 0);
    struct change *c = act_change(&act, TABLE_WAIVER, 1);
    change_int(c, COL_WAIVER_CHECK, row->check);
    change_int(c, COL_WAIVER_PRODUCT, row->product);
    change_int(c, COL_WAIVER_DEVICE, row->device);
    change_text(c, COL_WAIVER_OF_OWNER, bytes_of(row->of_owner, strlen(row->of_owner)));
    change_int(c, COL_WAIVER_CREATED_AT, row->made_s);
    change_int(c, COL_WAIVER_EXPIRES_AT, row->until_s);
    change_int(c, COL_WAIVER_ASKED_BY, row->asked_by);
    change_int(c, COL_WAIVER_STATE, 1);
    append(f, &act);
}

static void end(struct fixture *f, int64_t at_s, struct actor by, int64_t ended_by)
{
    struct act act;
    act_begin(&act, EVENT_WAIVER_ENDED, at_s, by, 0);
    struct change *c = act_change(&act, TABLE_WAIVER, 1);
    change_int(c, COL_WAIVER_STATE, 2);
    change_int(c, COL_WAIVER_ENDED_AT, at_s);
    change_int(c, COL_WAIVER_ENDED_BY, ended_by);
    append(f, &act);
}

static void a_waiver_is_made_and_ends_once(void **state)
{
    struct fixture *f = *state;
    const struct made row = good();
    begin(f, true);
    make(f, &row, EVENT_WAIVER_ADDED);
    end(f, UNTIL_S - 1, of_acme, 2);
    assert_ok(replay_all(f));
    end(f, UNTIL_S - 1, of_acme, 2);
    assert_refused(f, "ends once");
}

static void a_waiver_that_nobody_may_make_is_refused(void **state)
{
    struct fixture *f = *state;
    begin(f, false);
    struct made row = good();
    static const char by_whom[] = "by who may answer", from_to[] = "from the time of its entry";
    const struct {
        struct made row;
        const char *why;
    } cases[] = {
        {{37, 7, 1, "acme", AT_S, UNTIL_S, of_acme, 2}, "a waiver of a check"},
        {{46, 7, 1, "acme", AT_S, UNTIL_S, of_acme, 2}, "a waiver of a check"},
        {{10, 7, 1, "acme", AT_S - 1, UNTIL_S, of_acme, 2}, from_to},
        {{10, 7, 1, "acme", AT_S, AT_S, of_acme, 2}, from_to},
        {{10, 7, 1, "acme", AT_S, AT_S + 5 * 366 * 86400 + 1, of_acme, 2}, from_to},
        {{10, 7, 0, "", AT_S, UNTIL_S, of_acme, 2}, by_whom},      /* all devices of a product */
        {{10, 0, 0, "other", AT_S, UNTIL_S, of_acme, 2}, by_whom}, /* another owner's */
        {{10, 7, 1, "other", AT_S, UNTIL_S, alice, 1}, by_whom},   /* not the device's owner */
        {{10, 8, 1, "acme", AT_S, UNTIL_S, alice, 1}, by_whom},    /* nor its product */
        {{10, 7, 1, "acme", AT_S, UNTIL_S, of_acme, 1}, by_whom},  /* in another's name */
    };
    make(f, &row, EVENT_WAIVER_ADDED);
    assert_ok(replay_all(f));
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        fixture_tear_down(state);
        fixture_set_up(state);
        f = *state;
        begin(f, false);
        make(f, &cases[i].row, EVENT_WAIVER_ADDED);
        assert_refused(f, cases[i].why);
    }
}

static void a_waiver_above_medium_by_one_alone_is_refused_under_any_name(void **state)
{
    struct fixture *f = *state;
    struct made row = good();
    row.check = 17;
    begin(f, true);
    make(f, &row, EVENT_WAIVER_ADDED);
    assert_refused(f, "takes two people");
}

static void a_waiver_is_not_made_longer(void **state)
{
    struct fixture *f = *state;
    struct act act;
    const struct made row = good();
    begin(f, true);
    make(f, &row, EVENT_WAIVER_ADDED);
    act_begin(&act, EVENT_WAIVER_ADDED, AT_S, of_acme, 0);
    change_int(act_change(&act, TABLE_WAIVER, 1), COL_WAIVER_EXPIRES_AT, UNTIL_S + 1);
    append(f, &act);
    assert_refused(f, "only comes sooner");
}

static void shorten(struct fixture *f, int64_t until_s, struct actor by)
{
    struct act act;
    act_begin(&act, EVENT_WAIVER_SHORTENED, AT_S, by, 0);
    change_int(act_change(&act, TABLE_WAIVER, 1), COL_WAIVER_EXPIRES_AT, until_s);
    append(f, &act);
}

static void a_waiver_is_made_shorter_by_who_may_answer_for_it(void **state)
{
    struct fixture *f = *state;
    struct act act;
    struct made row = good();
    begin(f, true);
    make(f, &row, EVENT_WAIVER_ADDED);
    shorten(f, UNTIL_S - 1, alice);
    shorten(f, AT_S + 1, of_acme);
    assert_ok(replay_all(f));
    act_begin(&act, EVENT_WAIVER_SHORTENED, AT_S, alice, 0);
    struct change *c = act_change(&act, TABLE_WAIVER, 1);
    change_int(c, COL_WAIVER_EXPIRES_AT, AT_S + 1);
    change_int(c, COL_WAIVER_CHECK, 11);
    append(f, &act);
    assert_refused(f, "stays what was decided");
}

static void a_waiver_does_not_end_before_the_entry_that_shortens_it(void **state)
{
    struct fixture *f = *state;
    const struct made row = good();
    begin(f, true);
    make(f, &row, EVENT_WAIVER_ADDED);
    shorten(f, AT_S, alice);
    assert_refused(f, "not before its entry");
}

/* By alice, for devices of every owner. */
static void make_for_everybody(struct fixture *f)
{
    struct made row = good();
    row.device = 0;
    row.of_owner = "";
    row.by = alice;
    row.asked_by = 1;
    begin(f, true);
    make(f, &row, EVENT_WAIVER_ADDED);
}

static void anothers_waiver_is_not_shortened(void **state)
{
    struct fixture *f = *state;
    make_for_everybody(f);
    shorten(f, UNTIL_S - 1, of_acme);
    assert_refused(f, "shortened by who may answer");
}

static void an_expired_waiver_is_not_ended(void **state)
{
    struct fixture *f = *state;
    const struct made row = good();
    begin(f, true);
    make(f, &row, EVENT_WAIVER_ADDED);
    end(f, UNTIL_S, of_acme, 2);
    assert_refused(f, "before it has expired");
}

static void anothers_waiver_is_not_ended(void **state)
{
    struct fixture *f = *state;
    make_for_everybody(f);
    end(f, AT_S, of_acme, 2);
    assert_refused(f, "ended by who may answer");
}

static void what_takes_two_is_what_can_be_worse_than_medium(void **state)
{
    (void)state;
    const struct check *check = NULL;
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        assert_int_equal(replay_waiver_takes_two(check->number),
                         check_most_severe(check) > SEVERITY_MEDIUM);
    assert_true(replay_waiver_takes_two(0) && replay_waiver_takes_two(-1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(versions_follow_each_other),
        TEST(a_version_out_of_order_is_refused),
        TEST(another_products_version_is_not_superseded),
        TEST(another_digest_is_refused),
        TEST(what_a_policy_said_stays),
        TEST(a_policy_by_one_alone_is_refused_under_any_name),
        TEST(a_waiver_is_made_and_ends_once),
        TEST(a_waiver_that_nobody_may_make_is_refused),
        TEST(a_waiver_above_medium_by_one_alone_is_refused_under_any_name),
        TEST(a_waiver_is_not_made_longer),
        TEST(a_waiver_is_made_shorter_by_who_may_answer_for_it),
        TEST(a_waiver_does_not_end_before_the_entry_that_shortens_it),
        TEST(anothers_waiver_is_not_shortened),
        TEST(an_expired_waiver_is_not_ended),
        TEST(anothers_waiver_is_not_ended),
        cmocka_unit_test(what_takes_two_is_what_can_be_worse_than_medium),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
