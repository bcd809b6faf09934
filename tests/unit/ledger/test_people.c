/* Entries that take two people are refused by replay, and so by the audit, without what carries
 * them. */
#include "fixture.h"

#include <base/limits.h>
#include <ledger/replay.h>
#include <trust/bulk.h>
#include <wire/approval.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define EXPIRES_S 5000
static const struct actor core = {ACTOR_CORE, 0};

/* What an act is carried by; each test spoils one thing. */
struct carrier {
    const char *kind;
    struct bytes persons;
    struct bytes signature;
    int64_t at_s;
    bool is_hash_wrong;
};

static const uint8_t one_and_two[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2};
static const uint8_t one_twice[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
static const uint8_t one_and_three[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3};

static struct carrier good(void)
{
    return (struct carrier){"product_add", bytes_of(one_and_two, sizeof one_and_two),
                            bytes_text("signature"), 100, false};
}

static void append(struct fixture *f, const struct act *act)
{
    assert_ok(store_begin(f->store, &f->err));
    assert_ok(ledger_append(f->ledger, act, NULL, &f->err));
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);
}

/* Operators 1 to n; the first `approvers` of them approve. */
static void add_people(struct fixture *f, int64_t n, int64_t approvers)
{
    struct act act;
    act_begin(&act, EVENT_DEVICE_IMPORTED, 50, core, 0);
    for (int64_t id = 1; id <= n; id++) {
        struct change *c = act_change(&act, TABLE_OPERATOR, id);
        change_int(c, COL_OPERATOR_STATE, 1);
        change_int(c, COL_OPERATOR_PERSON, 0);
        change_int(c, COL_OPERATOR_APPROVER, id <= approvers);
    }
    append(f, &act);
}

static void add_request(struct fixture *f, int64_t id, const struct carrier *carrier)
{
    uint8_t space[256], hash[32];
    struct buf body = buf_over(space, sizeof space);
    struct act act;
    const struct approval approval = {
        .kind = bytes_of(carrier->kind, strlen(carrier->kind)),
        .number = (uint64_t)id,
        .expires_s = EXPIRES_S,
        .parameters = bytes_text("\x80"),
        .changes = bytes_text("\x80"),
        .counts = bytes_text("\x80"),
    };
    approval_write(&body, &approval);
    sha256(buf_bytes(&body), hash);
    hash[0] ^= carrier->is_hash_wrong;
    act_begin(&act, EVENT_APPROVAL_ASKED, 60, core, 0);
    struct change *c = act_change(&act, TABLE_APPROVAL, id);
    change_blob(c, COL_APPROVAL_BODY, buf_bytes(&body));
    change_blob(c, COL_APPROVAL_HASH, bytes_of(hash, sizeof hash));
    change_int(c, COL_APPROVAL_STATE, 1);
    append(f, &act);
}

static void add_product(struct fixture *f, int64_t approval, const struct carrier *carrier)
{
    struct act act;
    act_begin(&act, EVENT_PRODUCT_ADDED, carrier->at_s, core, 0);
    change_text(act_change(&act, TABLE_PRODUCT, 1), COL_PRODUCT_NAME, bytes_text("pump"));
    if (approval != 0) {
        struct change *c = act_change(&act, TABLE_APPROVAL, approval);
        change_int(c, COL_APPROVAL_STATE, 2);
        change_blob(c, COL_APPROVAL_PERSONS, carrier->persons);
        if (carrier->signature.n > 0)
            change_blob(c, COL_APPROVAL_COUNTERSIGNATURE, carrier->signature);
    }
    append(f, &act);
}

static enum result take(void *ctx, const struct entry *entry, struct err *err)
{
    return replay_add(ctx, entry->body, NULL, err);
}

static bool is_the_signers(void *ctx, struct bytes message, struct bytes signature)
{
    (void)ctx;
    size_t n = sizeof COUNTERSIGN_PREFIX - 1;
    return message.n == n + 32 + 16 && memcmp(message.p, COUNTERSIGN_PREFIX, n) == 0 &&
           bytes_equal(signature, bytes_text("signature"));
}

static enum result replay_all(struct fixture *f)
{
    CLEANUP(replay_freep) struct replay *replay = NULL;
    const struct countersigner signer = {is_the_signers, NULL, NULL};
    assert_ok(replay_new(&sha256_for_merkle, &replay, &f->err));
    replay_trust(replay, &signer);
    return store_entries(f->store, 0, UINT64_MAX, take, replay, &f->err);
}

static void expect_refused(struct fixture *f, const char *rule)
{
    assert_int_equal(replay_all(f), R_CORRUPT);
    if (strstr(f->err.text, rule) == NULL)
        fail_msg("\"%s\", wanted \"%s\"", f->err.text, rule);
}

/* One product by a request of what `carrier` says. */
static void story(struct fixture *f, const struct carrier *carrier)
{
    add_people(f, 3, 2);
    add_request(f, 1, carrier);
    add_product(f, 1, carrier);
}

static void one_alone_may_while_there_are_not_two(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    add_people(f, 3, 1);
    add_product(f, 0, &carrier);
    assert_ok(replay_all(f));
}

static void one_alone_may_not_once_there_are_two(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    add_people(f, 3, 2);
    add_product(f, 0, &carrier);
    expect_refused(f, "with the approval that carries it");
}

static void end_operator(struct fixture *f, int64_t id, bool ends_right)
{
    struct act act;
    act_begin(&act, EVENT_CERTIFICATE_REVOKED, 60, core, 0);
    struct change *c = act_change(&act, TABLE_OPERATOR, id);
    change_int(c, COL_OPERATOR_STATE, 2);
    if (ends_right)
        change_int(c, COL_OPERATOR_APPROVER, 0);
    append(f, &act);
}

static void one_alone_may_not_after_he_ended_the_other(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    add_people(f, 3, 2);
    end_operator(f, 2, false);
    add_product(f, 0, &carrier);
    expect_refused(f, "with the approval that carries it");
}

static void who_ended_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    add_people(f, 3, 2);
    add_request(f, 1, &carrier);
    end_operator(f, 2, false);
    add_product(f, 1, &carrier);
    expect_refused(f, "as many approvers as it takes");
}

static void the_right_to_approve_ends_by_two_whatever_the_entry_is_called(void **state)
{
    struct fixture *f = *state;
    add_people(f, 3, 2);
    end_operator(f, 2, true);
    expect_refused(f, "with the approval that carries it");
}

/* Operator `id` in use, as an entry of this event writes it. */
static void write_operator(struct fixture *f, enum event event, int64_t id, int64_t person,
                           int64_t role)
{
    struct act act;
    act_begin(&act, event, 70, core, 0);
    struct change *c = act_change(&act, TABLE_OPERATOR, id);
    change_int(c, COL_OPERATOR_ROLE, role);
    change_int(c, COL_OPERATOR_STATE, 1);
    change_int(c, COL_OPERATOR_PERSON, person);
    append(f, &act);
}

static void write_issuer(struct fixture *f, enum event event, int64_t state, bool is_new)
{
    struct act act;
    act_begin(&act, event, 70, core, 0);
    struct change *c = act_change(&act, TABLE_ISSUER, 7);
    if (is_new)
        change_blob(c, COL_ISSUER_CERTIFICATE, bytes_text("certificate"));
    change_int(c, COL_ISSUER_STATE, state);
    append(f, &act);
}

/* A new one, or one that ended and counts again; its end may be one person's. */
static void an_issuer_counts_by_two_whatever_the_entry_is_called(void **state)
{
    struct fixture *f = *state;
    write_issuer(f, EVENT_ISSUER_ADDED, 1, true);
    add_people(f, 3, 2);
    write_issuer(f, EVENT_ISSUER_RETIRED, 2, false);
    assert_ok(replay_all(f));
    write_issuer(f, EVENT_CERTIFICATE_REVOKED, 1, false);
    expect_refused(f, "with the approval that carries it");
}

static void one_alone_adds_no_issuer_once_there_are_two(void **state)
{
    struct fixture *f = *state;
    add_people(f, 3, 2);
    write_issuer(f, EVENT_DEVICE_FOUND, 3, true);
    expect_refused(f, "with the approval that carries it");
}

static void one_alone_forces_no_issuers_end(void **state)
{
    struct fixture *f = *state;
    write_issuer(f, EVENT_ISSUER_ADDED, 1, true);
    add_people(f, 3, 2);
    write_issuer(f, EVENT_ISSUER_FORCED, 2, false);
    expect_refused(f, "with the approval that carries it");
}

static void a_renewal_is_of_a_person_in_use_with_his_role(void **state)
{
    struct fixture *f = *state;
    write_operator(f, EVENT_OPERATOR_ADDED, 3, 0, 1);
    add_people(f, 2, 2);
    write_operator(f, EVENT_OPERATOR_RENEWED, 4, 3, 1);
    assert_ok(replay_all(f));
    write_operator(f, EVENT_OPERATOR_RENEWED, 5, 3, 3);
    expect_refused(f, "with the approval that carries it");
}

static void a_renewal_of_nobody_is_one_more_operator(void **state)
{
    struct fixture *f = *state;
    add_people(f, 2, 2);
    write_operator(f, EVENT_OPERATOR_RENEWED, 3, 0, 3);
    expect_refused(f, "with the approval that carries it");
}

static void a_role_changes_by_two_whatever_the_entry_is_called(void **state)
{
    struct fixture *f = *state;
    write_operator(f, EVENT_OPERATOR_ADDED, 3, 0, 1);
    add_people(f, 2, 2);
    write_operator(f, EVENT_OPERATOR_SETTLED, 3, 0, 3);
    expect_refused(f, "with the approval that carries it");
}

/* A verb on so many devices begins, by an entry that says it is a small one. */
static void begin_bulk(struct fixture *f, int64_t devices)
{
    struct act act;
    act_begin(&act, EVENT_BULK_ASKED, 70, core, 0);
    struct change *c = act_change(&act, TABLE_BULK, 1);
    change_int(c, COL_BULK_DEVICES, devices);
    change_int(c, COL_BULK_STATE, BULK_WAITING);
    append(f, &act);
    act_begin(&act, EVENT_BULK_BEGAN, 71, core, 0);
    change_int(act_change(&act, TABLE_BULK, 1), COL_BULK_STATE, BULK_RUNNING);
    append(f, &act);
}

static void many_devices_end_by_two_whatever_the_entry_is_called(void **state)
{
    struct fixture *f = *state;
    add_people(f, 3, 2);
    begin_bulk(f, LIMIT_BULK_ALONE + 1);
    expect_refused(f, "takes two people");
}

static void few_devices_end_by_one(void **state)
{
    struct fixture *f = *state;
    add_people(f, 3, 2);
    begin_bulk(f, LIMIT_BULK_ALONE);
    assert_ok(replay_all(f));
}

/* Under the name of what one person may do: setting an age limit. */
static void set_fail_open(struct fixture *f, int64_t value)
{
    struct act act;
    act_begin(&act, EVENT_BOUNDARY_CHANGED, 100, core, 0);
    change_int(act_change(&act, TABLE_SERVICE, 1), COL_SERVICE_FAIL_OPEN, value);
    append(f, &act);
}

static void a_service_fails_open_by_two_and_closed_by_one(void **state)
{
    struct fixture *f = *state;
    add_people(f, 2, 2);
    set_fail_open(f, 0);
    assert_ok(replay_all(f));
    set_fail_open(f, 1);
    expect_refused(f, "approval");
}

static void an_act_that_is_carried_is_taken(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    story(f, &carrier);
    assert_ok(replay_all(f));
}

static void an_approval_of_another_kind_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.kind = "permit_add";
    story(f, &carrier);
    expect_refused(f, "of the act that it carries");
}

static void a_hash_of_other_bytes_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.is_hash_wrong = true;
    story(f, &carrier);
    expect_refused(f, "whose hash is that of its bytes");
}

static void one_person_twice_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.persons = bytes_of(one_twice, sizeof one_twice);
    story(f, &carrier);
    expect_refused(f, "as many approvers as it takes");
}

static void one_person_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.persons.n = 8;
    story(f, &carrier);
    expect_refused(f, "as many approvers as it takes");
}

static void who_is_no_approver_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.persons = bytes_of(one_and_three, sizeof one_and_three);
    story(f, &carrier);
    expect_refused(f, "as many approvers as it takes");
}

static void without_the_signers_word_nothing_is_carried(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.signature = bytes_of(NULL, 0);
    story(f, &carrier);
    expect_refused(f, "that the signer countersigned");
}

static void anothers_word_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.signature = bytes_text("SIGNATURE");
    story(f, &carrier);
    expect_refused(f, "that the signer countersigned");
}

static void an_expired_approval_carries_nothing(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.at_s = EXPIRES_S + 1;
    story(f, &carrier);
    expect_refused(f, "that had not expired");
}

static void an_approval_carries_one_act(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    story(f, &carrier);
    add_product(f, 1, &carrier);
    expect_refused(f, "that carries one act only");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

static void who_ended_is_not_in_use_again_by_one_alone(void **state)
{
    struct fixture *f = *state;
    struct act act;
    add_people(f, 3, 2);
    end_operator(f, 3, false);
    assert_ok(replay_all(f));
    act_begin(&act, EVENT_DEVICE_IMPORTED, 70, core, 0);
    change_int(act_change(&act, TABLE_OPERATOR, 3), COL_OPERATOR_STATE, 1);
    append(f, &act);
    expect_refused(f, "with the approval that carries it");
}

static void restore(struct fixture *f, int64_t approval, const struct carrier *carrier,
                    enum column also)
{
    struct act act;
    act_begin(&act, EVENT_EPOCH_BEGAN, carrier->at_s, core, 0);
    change_int(act_change(&act, TABLE_EPOCH, 1), COL_EPOCH_SIZE, 3);
    struct change *c = act_change(&act, TABLE_OPERATOR, 2);
    change_int(c, also, also == COL_OPERATOR_APPROVER ? 0 : 3);
    if (approval != 0) {
        c = act_change(&act, TABLE_APPROVAL, approval);
        change_int(c, COL_APPROVAL_STATE, 2);
        change_blob(c, COL_APPROVAL_PERSONS, carrier->persons);
        change_blob(c, COL_APPROVAL_COUNTERSIGNATURE, carrier->signature);
    }
    append(f, &act);
}

static void a_restore_takes_two_and_ends_approvers(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.kind = "restore";
    add_people(f, 3, 2);
    add_request(f, 1, &carrier);
    restore(f, 1, &carrier, COL_OPERATOR_APPROVER);
    assert_ok(replay_all(f));
}

static void a_restore_by_one_alone_is_refused(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    add_people(f, 3, 2);
    restore(f, 0, &carrier, COL_OPERATOR_APPROVER);
    expect_refused(f, "with the approval that carries it");
}

static void a_restore_changes_nobodys_role(void **state)
{
    struct fixture *f = *state;
    struct carrier carrier = good();
    carrier.kind = "restore";
    add_people(f, 3, 2);
    add_request(f, 1, &carrier);
    restore(f, 1, &carrier, COL_OPERATOR_ROLE);
    expect_refused(f, "an approval of the act that it carries");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(who_ended_is_not_in_use_again_by_one_alone),
        STORY(a_restore_takes_two_and_ends_approvers),
        STORY(a_restore_by_one_alone_is_refused),
        STORY(a_restore_changes_nobodys_role),
        STORY(one_alone_may_while_there_are_not_two),
        STORY(one_alone_may_not_once_there_are_two),
        STORY(one_alone_may_not_after_he_ended_the_other),
        STORY(who_ended_carries_nothing),
        STORY(one_alone_adds_no_issuer_once_there_are_two),
        STORY(an_issuer_counts_by_two_whatever_the_entry_is_called),
        STORY(one_alone_forces_no_issuers_end),
        STORY(the_right_to_approve_ends_by_two_whatever_the_entry_is_called),
        STORY(a_renewal_is_of_a_person_in_use_with_his_role),
        STORY(a_renewal_of_nobody_is_one_more_operator),
        STORY(a_role_changes_by_two_whatever_the_entry_is_called),
        STORY(many_devices_end_by_two_whatever_the_entry_is_called),
        STORY(few_devices_end_by_one),
        STORY(a_service_fails_open_by_two_and_closed_by_one),
        STORY(an_act_that_is_carried_is_taken),
        STORY(an_approval_of_another_kind_carries_nothing),
        STORY(a_hash_of_other_bytes_carries_nothing),
        STORY(one_person_twice_carries_nothing),
        STORY(one_person_carries_nothing),
        STORY(who_is_no_approver_carries_nothing),
        STORY(without_the_signers_word_nothing_is_carried),
        STORY(anothers_word_carries_nothing),
        STORY(an_expired_approval_carries_nothing),
        STORY(an_approval_carries_one_act),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
