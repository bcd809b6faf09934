/* Questions over a real store: what each operator gets, and what he does not. */
#include "fixture.h"

#include <base/text.h>
#include <trust/facts.h>
#include <trust/policy_body.h>
#include <trust/standing.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- who may ask ---------------------------------------------------------------------------- */

static void a_key_that_no_operator_has_gets_nothing(void **state)
{
    struct fixture *f = *state;
    for (unsigned kind = 1; kind < QUESTION_COUNT; kind++) {
        const struct msg_question question = {.kind = (uint8_t)kind};
        assert_int_equal(ask(f, STRANGER, question), R_UNAUTHORISED);
        assert_int_equal(f->err.code, E_OPERATOR);
        assert_int_equal(ask(f, ENDED, question), R_UNAUTHORISED);
        assert_int_equal(f->n, 0);
    }
}

static void questions_that_do_not_exist_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = QUESTION_NONE}), R_INVALID);
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = QUESTION_COUNT}), R_INVALID);
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = 255}), R_INVALID);
}

static void operators_are_listed_to_admins_only(void **state)
{
    struct fixture *f = *state;
    const struct msg_question question = {.kind = QUESTION_OPERATORS};
    assert_int_equal(ask(f, VIEWER, question), R_UNAUTHORISED);
    assert_int_equal(ask(f, ACME, question), R_UNAUTHORISED);
    assert_int_equal(ask(f, ADMIN, question), OK);
    assert_int_equal(f->n, 4);
    assert_string_equal(f->rows[0].text, "alice/");
    assert_string_equal(f->rows[1].text, "/"); /* a name that was erased */
}

static void the_whole_ledger_is_not_for_a_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_ENTRIES}), R_UNAUTHORISED);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_ENTRIES}), OK);
    assert_int_equal(f->n, 4);
}

static void what_a_policy_would_do_to_all_is_not_for_a_scope(void **state)
{
    struct fixture *f = *state;
    static const uint8_t names_nothing[] = {0x82, 0xa0, 0xa0};
    const struct msg_question question = {.kind = QUESTION_POLICY_DIFF,
                                          .policy = bytes_of(names_nothing, sizeof names_nothing)};
    assert_int_equal(ask(f, ACME, question), R_UNAUTHORISED);
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->rows[0].type, IPC_TRIAL_ROW);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_POLICY_DIFF}),
                     R_INVALID);
}

static void filters_that_a_question_lacks_are_refused(void **state)
{
    struct fixture *f = *state;
    const struct msg_question wrong[] = {
        {.kind = QUESTION_PRODUCTS, .owner = text_bytes("acme")},
        {.kind = QUESTION_PRODUCTS, .state = 1},
        {.kind = QUESTION_STATUS, .after = 1},
        {.kind = QUESTION_DEVICES, .serial_number = text_bytes("A-1")},
        {.kind = QUESTION_PRODUCTS, .number = 1},
        {.kind = QUESTION_CERTIFICATES, .serial_number = text_bytes("A-1")},
        {.kind = QUESTION_DEVICES, .after = -1},
    };
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        assert_int_equal(ask(f, ADMIN, wrong[i]), R_INVALID);
}

/* ---- scope ---------------------------------------------------------------------------------- */

static void a_scope_hides_other_owners_devices_and_what_belongs_to_them(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_DEVICES}), OK);
    assert_int_equal(f->n, 2);
    assert_true(has(f, "valve/A-1") && has(f, "valve/A-3"));

    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_CERTIFICATES}), OK);
    assert_int_equal(f->n, 2);
    assert_true(has(f, "A-1/"));

    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_FINDINGS}), OK);
    assert_int_equal(f->n, 1);
    assert_string_equal(f->rows[0].text, "valve/A-3");

    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_PRODUCTS}), OK);
    assert_int_equal(f->n, 1);
    assert_string_equal(f->rows[0].text, "valve/");
}

static void a_device_out_of_scope_is_as_if_it_were_not_there(void **state)
{
    struct fixture *f = *state;
    const uint8_t kinds[] = {QUESTION_DEVICE, QUESTION_TIMELINE, QUESTION_CERTIFICATES,
                             QUESTION_FINDINGS};
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct err hidden, absent;
        assert_int_equal(ask(f, ACME,
                             (struct msg_question){.kind = kinds[i],
                                                   .product = text_bytes("valve"),
                                                   .serial_number = text_bytes("A-2")}),
                         R_NOT_FOUND);
        hidden = f->err;
        assert_int_equal(ask(f, ACME,
                             (struct msg_question){.kind = kinds[i],
                                                   .product = text_bytes("valve"),
                                                   .serial_number = text_bytes("A-9")}),
                         R_NOT_FOUND);
        absent = f->err;
        assert_int_equal(hidden.code, absent.code);
        assert_int_equal(strlen(hidden.text), strlen(absent.text));
    }
}

static void a_certificate_out_of_scope_is_not_found(void **state)
{
    struct fixture *f = *state;
    uint8_t serial[16];
    const struct {
        uint8_t key, id;
        enum result result;
    } cases[] = {
        {ACME, 2, OK},   {ACME, 3, R_NOT_FOUND}, {ACME, 4, R_NOT_FOUND},
        {VIEWER, 3, OK}, {VIEWER, 4, OK},        {VIEWER, 9, R_NOT_FOUND},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        fill_blob(serial, sizeof serial, cases[i].id);
        assert_int_equal(ask(f, cases[i].key,
                             (struct msg_question){.kind = QUESTION_CERTIFICATE,
                                                   .serial = bytes_of(serial, sizeof serial)}),
                         cases[i].result);
        assert_int_equal(f->n, cases[i].result == OK);
    }
    assert_int_equal(f->err.code, E_NOT_FOUND);
}

static void asking_for_another_owner_than_the_scope_finds_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        ask(f, ACME, (struct msg_question){.kind = QUESTION_DEVICES, .owner = text_bytes("bolt")}),
        OK);
    assert_int_equal(f->n, 0);
    assert_int_equal(
        ask(f, ACME, (struct msg_question){.kind = QUESTION_DEVICES, .owner = text_bytes("acme")}),
        OK);
    assert_int_equal(f->n, 2);
}

static void counts_are_those_of_the_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_STATUS}), OK);
    assert_string_equal(f->rows[0].text, "/acme");
    assert_true(has(f, "devices/active") && has(f, "devices/quarantined"));
    assert_false(has(f, "devices/expected"));
    assert_true(has(f, "findings/TD-01"));
    assert_false(has(f, "findings/TD-02"));

    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_STATUS}), OK);
    assert_true(has(f, "devices/expected") && has(f, "findings/TD-02"));
    assert_true(has(f, "ledger/entries"));
}

static void put_trouble(struct fixture *f)
{
    const struct webhook_row hooks[] = {
        {.name = "sound", .sent = 4, .failed = 1, .sent_at_s = 20, .failed_at_s = 10},
        {.name = "failing", .sent = 4, .failed = 1, .sent_at_s = 10, .failed_at_s = 20},
        {.name = "late", .sent = 4, .given_up = 1, .sent_at_s = 20, .failed_at_s = 10},
        {.name = "full", .sent = 4, .dropped = 1, .sent_at_s = 20},
    };
    struct change c = change_of(TABLE_FINDING, 99);
    change_int(&c, COL_FINDING_CHECK, 1);
    change_int(&c, COL_FINDING_PRODUCT, 1);
    change_int(&c, COL_FINDING_KIND, SUBJECT_PRODUCT);
    change_int(&c, COL_FINDING_SUBJECT, 1);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    for (size_t i = 0; i < LENGTH_OF(hooks); i++)
        assert_int_equal(store_add_webhook(f->store, &hooks[i], &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

/* What the answer says of a check (enum known); 99: nothing. */
static int known_of(struct fixture *f, uint8_t who, const char *product, int number)
{
    const struct msg_question question = {.kind = QUESTION_CHECK, .product = text_bytes(product)};
    assert_int_equal(ask(f, who, question), OK);
    for (size_t i = 0; i < f->n; i++)
        if (f->rows[i].type == IPC_CHECK_ROW && f->rows[i].id == number)
            return f->rows[i].state;
    return 99;
}

static void a_check_that_failed_holds_in_no_scope(void **state)
{
    struct fixture *f = *state;
    int number = 1;
    while (number < CHECK_MAX &&
           (known_of(f, ACME, "", number) != NO || known_of(f, VIEWER, "valve", number) != NO))
        number++;
    assert_int_equal(known_of(f, ACME, "", number), NO);
    struct change c = change_of(TABLE_FINDING, 99);
    change_int(&c, COL_FINDING_CHECK, number);
    change_int(&c, COL_FINDING_KIND, SUBJECT_CHECK);
    change_int(&c, COL_FINDING_SUBJECT, number);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    assert_int_equal(known_of(f, ACME, "", number), UNMEASURED);
    assert_int_equal(known_of(f, VIEWER, "valve", number), UNMEASURED);
    assert_int_equal(known_of(f, VIEWER, "", number), YES);
}

static size_t rows_of_type(const struct fixture *f, enum ipc_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += f->rows[i].type == type;
    return n;
}

static void what_waits_for_a_person_is_told_to_who_sees_all(void **state)
{
    struct fixture *f = *state;
    put_trouble(f);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_STATUS}), OK);
    assert_int_equal(rows_of_type(f, IPC_FINDING_ROW), 2); /* the fixture's about pump, and this */
    assert_true(has(f, "valve/"));
    assert_int_equal(rows_of_type(f, IPC_WEBHOOK_ROW), 3);
    assert_true(has(f, "failing/") && has(f, "late/") && has(f, "full/") && !has(f, "sound/"));
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_STATUS}), OK);
    assert_int_equal(rows_of_type(f, IPC_FINDING_ROW) + rows_of_type(f, IPC_WEBHOOK_ROW), 0);
}

static void put_meta(struct fixture *f, const char *name, int64_t value)
{
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_put_meta(f->store, name, value, &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

static void a_sweep_under_way_is_told_to_who_sees_the_whole(void **state)
{
    struct fixture *f = *state;
    const struct msg_question status = {.kind = QUESTION_STATUS};
    const struct msg_question measures = {.kind = QUESTION_MEASURES};
    assert_int_equal(ask(f, VIEWER, status), OK);
    assert_int_equal(value_of(f, "sweep/left"), 0);
    assert_int_equal(value_of(f, "sweep/began_s"), 0);

    put_meta(f, "sweep_kind", SUBJECT_DEVICE);
    put_meta(f, "sweep_after", 1);   /* of 4 devices; */
    put_meta(f, "sweep_product", 2); /* of the 2 products, and no installation */
    put_meta(f, "sweep_began", NOW_S - 70);
    assert_int_equal(ask(f, VIEWER, status), OK);
    assert_int_equal(value_of(f, "sweep/left"), 3 + 2);
    assert_int_equal(value_of(f, "sweep/began_s"), NOW_S - 70);
    assert_int_equal(ask(f, VIEWER, measures), OK);
    assert_int_equal(value_of(f, "troth_sweep_rows_left/"), 3 + 2);
    assert_int_equal(value_of(f, "troth_sweep_age_seconds/"), 70);
    assert_int_equal(ask(f, ACME, status), OK);
    assert_int_equal(value_of(f, "sweep/left"), -1);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void pages_follow_one_another_without_gap_or_repeat(void **state)
{
    struct fixture *f = *state;
    struct msg_question question = {.kind = QUESTION_DEVICES, .limit = 3};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 3);
    assert_int_equal(f->next, 3);
    question.after = f->next;
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->rows[0].id, 4);
    assert_int_equal(f->next, 0);

    question = (struct msg_question){.kind = QUESTION_DEVICES, .limit = 4};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 4);
    assert_int_equal(f->next, 0); /* full, and the last */
}

static void entries_and_timelines_page_by_their_numbers(void **state)
{
    struct fixture *f = *state;
    struct msg_question question = {.kind = QUESTION_ENTRIES, .limit = 3};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->next, 3);
    question.after = f->next;
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->rows[0].id, 3);

    question = (struct msg_question){.kind = QUESTION_TIMELINE,
                                     .limit = 1,
                                     .product = text_bytes("valve"),
                                     .serial_number = text_bytes("A-1")};
    assert_int_equal(ask(f, ACME, question), OK);
    assert_int_equal(f->rows[0].id, 3); /* newest first */
    assert_string_equal(f->rows[0].text, "device-imported/body");
    question.after = f->next;
    assert_int_equal(ask(f, ACME, question), OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->rows[0].id, 1);
    assert_int_equal(f->next, 0);
}

static void a_device_is_shown_with_all_that_belongs_to_it(void **state)
{
    struct fixture *f = *state;
    const struct msg_question question = {.kind = QUESTION_DEVICE,
                                          .product = text_bytes("valve"),
                                          .serial_number = text_bytes("A-1")};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->rows[0].type, IPC_DEVICE_ROW);
    assert_int_equal(f->rows[1].type, IPC_CERT_ROW);
    assert_int_equal(f->rows[1].id, 2); /* newest first */
    assert_int_equal(f->rows[2].id, 1);
    assert_int_equal(f->rows[3].type, IPC_FINDING_ROW);
    assert_int_equal(f->rows[4].type, IPC_ENTRY_ROW);
    assert_int_equal(f->rows[5].type, IPC_ENTRY_ROW);
    assert_int_equal(f->rows[6].type, IPC_VERDICT_ROW);
    assert_int_equal(f->rows[7].type, IPC_JUDGED_ROW);
    assert_int_equal(f->rows[8].type, IPC_EVIDENCE_ROW);
}

static void verdicts_are_those_of_standing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_DEVICES}), OK);
    assert_int_equal(f->rows[0].state, VERDICT_TRUSTED);
    assert_int_equal(f->rows[1].state, VERDICT_REFUSED); /* it has no certificate */
    assert_int_equal(f->rows[2].state, VERDICT_QUARANTINED);
}

static void filters_narrow_a_list(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        ask(f, VIEWER, (struct msg_question){.kind = QUESTION_DEVICES, .state = STATE_QUARANTINED}),
        OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(
        ask(f, VIEWER,
            (struct msg_question){.kind = QUESTION_DEVICES, .product = text_bytes("pump")}),
        OK);
    assert_int_equal(f->n, 1);
    assert_int_equal(
        ask(f, VIEWER,
            (struct msg_question){.kind = QUESTION_DEVICES, .product = text_bytes("none")}),
        R_NOT_FOUND);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_FINDINGS}), OK);
    assert_int_equal(f->n, 3);
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_FINDINGS, .number = 1}),
                     OK);
    assert_int_equal(f->n, 4);
    assert_int_equal(
        ask(f, VIEWER,
            (struct msg_question){.kind = QUESTION_CERTIFICATES, .state = CERT_SUPERSEDED}),
        OK);
    assert_int_equal(f->n, 1);
}

static void only_one_certificate_is_shown_with_its_der(void **state)
{
    struct fixture *f = *state;
    uint8_t serial[16];
    fill_blob(serial, sizeof serial, 2);
    assert_int_equal(ask(f, VIEWER,
                         (struct msg_question){.kind = QUESTION_CERTIFICATE,
                                               .serial = bytes_of(serial, sizeof serial)}),
                     OK);
    assert_string_equal(f->rows[0].text, "A-1/DER");
}

static void issuers_say_how_many_of_their_certificates_live_in_the_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_ISSUERS}), OK);
    assert_int_equal(f->n, 2);
    assert_int_equal(f->rows[0].state, AUTHORITY_ROOT);
    assert_int_equal(f->rows[0].id, 0);
    assert_int_equal(f->rows[1].id, 3);
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_ISSUERS}), OK);
    assert_int_equal(f->rows[1].id, 1);
}

static void devices_are_listed_by_the_issuer_that_they_need(void **state)
{
    struct fixture *f = *state;
    struct msg_question question = {.kind = QUESTION_DEVICES, .number = 3};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 2);
    assert_string_equal(f->rows[0].text, "valve/A-1");
    assert_string_equal(f->rows[1].text, "pump/P-1");
    assert_int_equal(ask(f, ACME, question), OK);
    assert_int_equal(f->n, 1);
    question.number = 1;
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 0);
    question = (struct msg_question){.kind = QUESTION_ISSUERS, .number = 3};
    assert_int_equal(ask(f, VIEWER, question), OK);
    assert_int_equal(f->n, 1);
    question.number = 9;
    assert_int_equal(ask(f, VIEWER, question), R_NOT_FOUND);
}

static void without_a_checkpoint_there_is_none(void **state)
{
    struct fixture *f = *state;
    const struct msg_question question = {.kind = QUESTION_CHECKPOINT};
    assert_int_equal(ask(f, VIEWER, question), R_NOT_FOUND);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_put_note(f->store, 4, bytes_text("note"), 0, &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    assert_int_equal(ask(f, ACME, question), OK);
    assert_int_equal(f->rows[0].id, 4);
    assert_string_equal(f->rows[0].text, "/note");
}

static void put_policy(struct fixture *f, int64_t id, int64_t product, const char *word,
                       const char *value)
{
    uint8_t space[64];
    struct buf body = buf_over(space, sizeof space);
    struct policy_part part = {0};
    struct change c = change_of(TABLE_POLICY, id);
    assert_int_equal(policy_name_setting(&part, text_bytes(word), text_bytes(value), &f->err), OK);
    policy_body_write(&part, &body);
    change_int(&c, COL_POLICY_PRODUCT, product);
    change_int(&c, COL_POLICY_VERSION, 1);
    change_blob(&c, COL_POLICY_BODY, buf_bytes(&body));
    change_blob(&c, COL_POLICY_DIGEST, bytes_of(space, 32));
    change_int(&c, COL_POLICY_CREATED_AT, NOW_S);
    change_int(&c, COL_POLICY_STATE, POLICY_IN_FORCE);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

static void a_device_is_explained_by_the_settings_in_force(void **state)
{
    struct fixture *f = *state;
    const struct msg_question question = {.kind = QUESTION_DEVICE,
                                          .product = text_bytes("valve"),
                                          .serial_number = text_bytes("A-1")};
    assert_int_equal(ask(f, ADMIN, question), OK);
    assert_true(has(f, "renew-by 85 default") && has(f, "contact-every 30d default"));
    assert_true(has(f, "end-of-support none default"));
    put_policy(f, 1, 0, "renew-by", "90");
    put_policy(f, 2, 1, "contact-every", "12h");
    put_policy(f, 3, 2, "max-age", "7d"); /* another's */
    assert_int_equal(ask(f, ADMIN, question), OK);
    assert_true(has(f, "renew-by 90 fleet") && has(f, "contact-every 12h product"));
    assert_true(has(f, "max-age 365d default"));
}

static void a_scope_sees_the_fleets_policies_and_those_of_its_products(void **state)
{
    struct fixture *f = *state;
    put_policy(f, 1, 0, "renew-by", "90");
    put_policy(f, 2, 1, "renew-by", "95");
    put_policy(f, 3, 2, "max-age", "7d");
    assert_int_equal(ask(f, VIEWER, (struct msg_question){.kind = QUESTION_POLICIES}), OK);
    assert_int_equal(f->n, 3);
    assert_int_equal(ask(f, ACME, (struct msg_question){.kind = QUESTION_POLICIES}), OK);
    assert_int_equal(f->n, 2);
    assert_true(has(f, "/") && has(f, "valve/"));
    struct msg_question one = {.kind = QUESTION_POLICIES, .limit = 1};
    assert_int_equal(ask(f, VIEWER, one), OK);
    assert_int_equal(f->n, 1);
    one.after = f->next;
    one.product = text_bytes("valve");
    assert_int_equal(ask(f, VIEWER, one), OK);
    assert_true(f->n == 1 && has(f, "valve/"));
    one.product = text_bytes("pump");
    assert_int_equal(ask(f, ACME, one), R_NOT_FOUND);
}

static void what_is_in_force_says_where_it_comes_from(void **state)
{
    struct fixture *f = *state;
    struct msg_question question = {.kind = QUESTION_POLICY};
    put_policy(f, 1, 0, "renew-by", "90");
    put_policy(f, 2, 1, "renew-by", "95");
    assert_int_equal(ask(f, ACME, question), OK);
    assert_true(has(f, "/") && !has(f, "valve/") && has(f, "3 0 90 1"));
    question.product = text_bytes("valve");
    assert_int_equal(ask(f, ACME, question), OK);
    assert_true(has(f, "/") && has(f, "valve/") && has(f, "3 0 95 2"));
    assert_true(has(f, "5 0 31536000 0")); /* max-age */
    question.product = text_bytes("pump");
    assert_int_equal(ask(f, ACME, question), R_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_that_no_operator_has_gets_nothing),
        TEST(questions_that_do_not_exist_are_refused),
        TEST(operators_are_listed_to_admins_only),
        TEST(the_whole_ledger_is_not_for_a_scope),
        TEST(what_a_policy_would_do_to_all_is_not_for_a_scope),
        TEST(filters_that_a_question_lacks_are_refused),
        TEST(a_scope_hides_other_owners_devices_and_what_belongs_to_them),
        TEST(a_device_out_of_scope_is_as_if_it_were_not_there),
        TEST(a_certificate_out_of_scope_is_not_found),
        TEST(asking_for_another_owner_than_the_scope_finds_nothing),
        TEST(counts_are_those_of_the_scope),
        TEST(what_waits_for_a_person_is_told_to_who_sees_all),
        TEST(a_check_that_failed_holds_in_no_scope),
        TEST(a_sweep_under_way_is_told_to_who_sees_the_whole),
        TEST(pages_follow_one_another_without_gap_or_repeat),
        TEST(entries_and_timelines_page_by_their_numbers),
        TEST(a_device_is_shown_with_all_that_belongs_to_it),
        TEST(verdicts_are_those_of_standing),
        TEST(filters_narrow_a_list),
        TEST(only_one_certificate_is_shown_with_its_der),
        TEST(issuers_say_how_many_of_their_certificates_live_in_the_scope),
        TEST(devices_are_listed_by_the_issuer_that_they_need),
        TEST(without_a_checkpoint_there_is_none),
        TEST(a_device_is_explained_by_the_settings_in_force),
        TEST(a_scope_sees_the_fleets_policies_and_those_of_its_products),
        TEST(what_is_in_force_says_where_it_comes_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
