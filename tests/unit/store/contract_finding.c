#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_not_there_leaves_the_output_alone(void **state)
{
    struct contract *c = *state;
    struct device device = {.id = 99};
    struct certificate certificate = {.id = 99};
    struct token token = {.id = 99};
    c->err.code = E_NONE;
    assert_int_equal(store_device(c->store, 1, &device, &c->err), R_NOT_FOUND);
    assert_int_equal(store_device_named(c->store, 1, bytes_text("A-1"), &device, &c->err),
                     R_NOT_FOUND);
    assert_int_equal(store_certificate(c->store, 1, &certificate, &c->err), R_NOT_FOUND);
    assert_int_equal(store_token(c->store, contract_hash(1), &token, &c->err), R_NOT_FOUND);
    assert_int_equal(device.id + certificate.id + token.id, 3 * 99);
    assert_int_equal(c->err.code, E_NONE);
}

static void a_product_is_found_by_id_and_name(void **state)
{
    struct contract *c = *state;
    struct product product;
    contract_fill(c);
    assert_ok(store_product(c->store, 1, &product, &c->err));
    assert_string_equal(product.name, "valve");
    assert_string_equal(product.hw_type, "");
    assert_int_equal(product.validity_s, 7776000);
    assert_ok(store_product_named(c->store, bytes_text("valve"), &product, &c->err));
    assert_int_equal(product.id, 1);
    assert_int_equal(store_product_named(c->store, bytes_text("valv"), &product, &c->err),
                     R_NOT_FOUND);
}

static int64_t validity_of(struct store *store, struct contract *c)
{
    struct product by_id, by_name;
    assert_ok(store_product(store, 1, &by_id, &c->err));
    assert_ok(store_product_named(store, bytes_text("valve"), &by_name, &c->err));
    assert_int_equal(by_id.validity_s, by_name.validity_s);
    return by_id.validity_s;
}

static void set_validity(struct contract *c, int64_t validity_s)
{
    struct change change = change_of(TABLE_PRODUCT, 1);
    change_int(&change, COL_PRODUCT_VALIDITY_S, validity_s);
    assert_ok(store_begin(c->store, &c->err));
    assert_ok(store_apply(c->store, &change, &c->err));
}

static void a_product_is_as_it_was_changed_last(void **state)
{
    struct contract *c = *state;
    struct store *reader = NULL;
    contract_fill(c);
    assert_int_equal(validity_of(c->store, c), 7776000);
    set_validity(c, 5);
    assert_int_equal(validity_of(c->store, c), 5);
    store_rollback(c->store);
    assert_int_equal(validity_of(c->store, c), 7776000);

    assert_ok(c->backend->open(c->place, STORE_READ, &reader, &c->err));
    assert_int_equal(validity_of(reader, c), 7776000);
    assert_ok(store_snapshot_begin(reader, &c->err));
    assert_int_equal(validity_of(reader, c), 7776000);
    set_validity(c, 6);
    assert_ok(store_commit(c->store, &c->err));
    assert_int_equal(validity_of(c->store, c), 6);
    assert_int_equal(validity_of(reader, c), 7776000);
    store_snapshot_end(reader);
    assert_int_equal(validity_of(reader, c), 6);
    store_close(reader);
}

static void a_device_is_its_product_and_serial_number(void **state)
{
    struct contract *c = *state;
    struct device device;
    contract_fill(c);
    assert_ok(store_device_named(c->store, 1, bytes_text("A-1"), &device, &c->err));
    assert_int_equal(device.id, 1);
    assert_ok(store_device_named(c->store, 2, bytes_text("A-1"), &device, &c->err));
    assert_int_equal(device.id, 4);
    assert_false(device.has_registered);
    assert_int_equal(store_device_named(c->store, 3, bytes_text("A-1"), &device, &c->err),
                     R_NOT_FOUND);
}

static void a_registered_key_leads_to_its_device(void **state)
{
    struct contract *c = *state;
    struct device device;
    contract_fill(c);
    assert_ok(store_device_registered(c->store, 0, contract_hash(0x33), &device, &c->err));
    assert_int_equal(device.id, 3);
    assert_true(device.has_registered);
    assert_memory_equal(device.registered, contract_hash(0x33), 32);
    assert_ok(store_device_registered(c->store, 1, contract_hash(0x33), &device, &c->err));
    assert_int_equal(store_device_registered(c->store, 2, contract_hash(0x33), &device, &c->err),
                     R_NOT_FOUND);
}

static void a_certificate_comes_back_as_it_was_written(void **state)
{
    struct contract *c = *state;
    struct certificate row, again;
    struct change change = contract_certificate(9, 1, 2);
    contract_fill(c);
    change_int(&change, COL_CERTIFICATE_ANEW, 1);
    change_int(&change, COL_CERTIFICATE_PROVEN_AT, 950);
    change_int(&change, COL_CERTIFICATE_PROOF, 4);
    change_int(&change, COL_CERTIFICATE_REASON, 5);
    change_int(&change, COL_CERTIFICATE_PREDECESSOR, 3);
    contract_apply(c, &change);
    memset(&row, 0, sizeof row);
    memset(&again, 0, sizeof again);
    assert_ok(store_certificate(c->store, 9, &row, &c->err));
    assert_int_equal(row.device, 1);
    assert_int_equal(row.issuer, 2);
    assert_int_equal(row.serial[15], 9);
    assert_memory_equal(row.spki, contract_hash(9), 32);
    assert_int_equal(row.profile, 2);
    assert_int_equal(row.not_before_s, 900);
    assert_int_equal(row.not_after_s, 1900);
    assert_int_equal(row.class, 7);
    assert_int_equal(row.number, 9);
    assert_int_equal(row.predecessor, 3);
    assert_memory_equal(row.credential, contract_hash(0xcc), 32);
    assert_int_equal(row.state, 2);
    assert_int_equal(row.state_at_s, 900);
    assert_int_equal(row.reason, 5);
    assert_true(row.anew);
    assert_int_equal(row.proven_at_s, 950);
    assert_int_equal(row.proof, 4);
    assert_ok(store_certificate_serial(c->store, bytes_of(row.serial, 16), &again, &c->err));
    assert_int_equal(again.id, 9);
}

static void what_is_said_of_a_certificate_is_its_row_and_its_devices(void **state)
{
    struct contract *c = *state;
    struct certificate row;
    struct device device;
    struct certificate_said said;
    contract_fill(c);
    struct change of_device = contract_certificate(9, 1, 2),
                  of_nobody = contract_certificate(8, 0, 5);
    change_int(&of_nobody, COL_CERTIFICATE_REASON, 4);
    contract_apply(c, &of_device);
    contract_apply(c, &of_nobody);

    assert_ok(store_certificate(c->store, 9, &row, &c->err));
    assert_ok(store_device(c->store, 1, &device, &c->err));
    assert_ok(store_certificate_said(c->store, 2, bytes_of(row.serial, 16), &said, &c->err));
    assert_int_equal(said.state, 2);
    assert_int_equal(said.state_at_s, 900);
    assert_int_equal(said.reason, 0);
    assert_int_equal(said.not_before_s, 900);
    assert_int_equal(said.device, 1);
    assert_int_not_equal(device.state, 0);
    assert_int_equal(said.device_state, device.state);

    assert_ok(store_certificate(c->store, 8, &row, &c->err));
    assert_ok(store_certificate_said(c->store, 2, bytes_of(row.serial, 16), &said, &c->err));
    assert_int_equal(said.state, 5);
    assert_int_equal(said.reason, 4);
    assert_int_equal(said.device, 0);
    assert_int_equal(said.device_state, 0);
    assert_int_equal(store_certificate_said(c->store, 3, bytes_of(row.serial, 16), &said, &c->err),
                     R_NOT_FOUND); /* another issuer's */
}

static void a_serial_of_others_is_not_found(void **state)
{
    struct contract *c = *state;
    struct certificate row;
    struct certificate_said said;
    uint8_t serial[20];
    contract_fill(c);
    struct change change = contract_certificate(9, 1, 2);
    contract_apply(c, &change);
    assert_ok(store_certificate(c->store, 9, &row, &c->err));
    memcpy(serial, row.serial, 16);
    serial[3] ^= 1; /* the index is right, the random part is not */
    for (size_t n = 0; n <= sizeof serial; n++) {
        struct bytes other = bytes_of(serial, n);
        assert_int_equal(store_certificate_serial(c->store, other, &row, &c->err), R_NOT_FOUND);
        assert_int_equal(store_certificate_said(c->store, 2, other, &said, &c->err), R_NOT_FOUND);
    }
}

static void the_newest_answer_to_credential_and_key_is_found(void **state)
{
    struct contract *c = *state;
    struct certificate row;
    for (int64_t id = 1; id <= 3; id++) {
        struct change change = contract_certificate(id, 1, 1);
        change.cells[3].bytes = bytes_of(contract_hash(0x77), 32);
        assert_int_equal(change.cells[3].column, COL_CERTIFICATE_SPKI);
        contract_apply(c, &change);
    }
    assert_ok(
        store_certificate_asked(c->store, contract_hash(0xcc), contract_hash(0x77), &row, &c->err));
    assert_int_equal(row.id, 3);
    assert_int_equal(
        store_certificate_asked(c->store, contract_hash(0xcd), contract_hash(0x77), &row, &c->err),
        R_NOT_FOUND);
    assert_int_equal(store_certificate_with_key(c->store, contract_hash(0x77), 1, &row, &c->err),
                     R_NOT_FOUND);
    assert_ok(store_certificate_with_key(c->store, contract_hash(0x77), 2, &row, &c->err));
    assert_int_equal(row.device, 1);
}

static void live_means_pending_or_current_newest_first(void **state)
{
    struct contract *c = *state;
    struct certificate rows[6];
    size_t n = 99;
    assert_ok(store_live_certificates(c->store, 1, rows, 6, &n, &c->err));
    assert_int_equal(n, 0);
    for (int state_of = 0; state_of <= 6; state_of++) {
        struct change change = contract_certificate(state_of + 1, 1, state_of);
        contract_apply(c, &change);
    }
    assert_ok(store_live_certificates(c->store, 1, rows, 6, &n, &c->err));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].id, 3);
    assert_int_equal(rows[1].id, 2);
    assert_ok(store_live_certificates(c->store, 1, rows, 1, &n, &c->err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].id, 3);
}

static void enrolments_anew_and_voided_keys_are_counted_since_then(void **state)
{
    struct contract *c = *state;
    int64_t n = -1;
    for (int64_t id = 1; id <= 5; id++) {
        struct change change = contract_certificate(id, 1, id < 4 ? 4 : 2);
        change_int(&change, COL_CERTIFICATE_ANEW, id % 2);
        contract_apply(c, &change);
    }
    assert_ok(store_count_anew(c->store, 1, 0, &n, &c->err));
    assert_int_equal(n, 3);
    assert_ok(store_count_anew(c->store, 1, 300, &n, &c->err));
    assert_int_equal(n, 2);
    assert_ok(store_count_voided(c->store, 1, 200, &n, &c->err));
    assert_int_equal(n, 2);
    assert_ok(store_count_voided(c->store, 2, 0, &n, &c->err));
    assert_int_equal(n, 0);
}

static void a_token_is_open_until_it_is_not(void **state)
{
    struct contract *c = *state;
    struct token token, open[2];
    size_t n = 99;
    struct change change = change_of(TABLE_TOKEN, 1);
    change_int(&change, COL_TOKEN_DEVICE, 1);
    change_blob(&change, COL_TOKEN_HASH, bytes_of(contract_hash(0x70), 32));
    change_int(&change, COL_TOKEN_EXPIRES_AT, 500);
    change_int(&change, COL_TOKEN_STATE, 1);
    contract_apply(c, &change);
    assert_ok(store_token(c->store, contract_hash(0x70), &token, &c->err));
    assert_int_equal(token.expires_at_s, 500);
    assert_false(token.has_spki);
    assert_ok(store_open_tokens(c->store, 1, open, 2, &n, &c->err));
    assert_int_equal(n, 1);

    change = change_of(TABLE_TOKEN, 1);
    change_int(&change, COL_TOKEN_STATE, 2);
    change_blob(&change, COL_TOKEN_SPKI, bytes_of(contract_hash(9), 32));
    contract_apply(c, &change);
    assert_ok(store_token(c->store, contract_hash(0x70), &token, &c->err));
    assert_true(token.has_spki);
    assert_ok(store_open_tokens(c->store, 1, open, 2, &n, &c->err));
    assert_int_equal(n, 0);
}

static void a_permit_opens_while_it_lasts(void **state)
{
    struct contract *c = *state;
    struct permit permit, open[2];
    size_t n = 99;
    struct change change = change_of(TABLE_PERMIT, 1);
    change_int(&change, COL_PERMIT_DEVICE, 1);
    change_int(&change, COL_PERMIT_EXPIRES_AT, 500);
    change_int(&change, COL_PERMIT_STATE, 1);
    contract_apply(c, &change);
    assert_ok(store_open_permit(c->store, 1, 499, &permit, &c->err));
    assert_int_equal(permit.id, 1);
    assert_int_equal(store_open_permit(c->store, 1, 500, &permit, &c->err), R_NOT_FOUND);
    assert_int_equal(store_open_permit(c->store, 2, 499, &permit, &c->err), R_NOT_FOUND);
    assert_ok(store_open_permits(c->store, 1, open, 2, &n, &c->err));
    assert_int_equal(n, 1);
}

static void an_operator_in_use_goes_before_one_who_left(void **state)
{
    struct contract *c = *state;
    struct operator_row row;
    for (int64_t id = 1; id <= 3; id++) {
        struct change change = change_of(TABLE_OPERATOR, id);
        change_blob(&change, COL_OPERATOR_NAME, bytes_of(contract_hash(0x4e), 32));
        change_blob(&change, COL_OPERATOR_SPKI, bytes_of(contract_hash(0x0b), 32));
        change_int(&change, COL_OPERATOR_ROLE, id);
        change_text(&change, COL_OPERATOR_SCOPE, bytes_text("acme"));
        change_int(&change, COL_OPERATOR_STATE, id == 2 ? 1 : 2);
        contract_apply(c, &change);
    }
    assert_ok(store_operator(c->store, contract_hash(0x0b), &row, &c->err));
    assert_int_equal(row.id, 2);
    assert_string_equal(row.scope, "acme");
    assert_int_equal(store_operator(c->store, contract_hash(0x0c), &row, &c->err), R_NOT_FOUND);
}

static void a_finding_is_open_until_it_closes(void **state)
{
    struct contract *c = *state;
    struct finding rows[4];
    size_t n = 99;
    struct change change = change_of(TABLE_FINDING, 1);
    change_int(&change, COL_FINDING_CHECK, 2);
    change_int(&change, COL_FINDING_DEVICE, 1);
    change_int(&change, COL_FINDING_BEGAN_AT, 10);
    contract_apply(c, &change); /* closed_at was never said */
    change.id = 2;
    change_int(&change, COL_FINDING_CLOSED_AT, 0);
    contract_apply(c, &change);
    assert_ok(store_open_findings(c->store, 1, rows, 4, &n, &c->err));
    assert_int_equal(n, 2);
    change = change_of(TABLE_FINDING, 1);
    change_int(&change, COL_FINDING_CLOSED_AT, 20);
    contract_apply(c, &change);
    assert_ok(store_open_findings(c->store, 1, rows, 4, &n, &c->err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].id, 2);
    assert_int_equal(rows[0].check, 2);
    assert_int_equal(rows[0].began_at_s, 10);
}

/* The open finding of check 2 about it; 0 = none. */
static int64_t open_about(struct contract *c, struct subject_key about)
{
    struct finding rows[4];
    size_t n = 0;
    assert_ok(store_open_findings_about(c->store, about, rows, LENGTH_OF(rows), &n, &c->err));
    assert_true(n <= 1);
    if (n == 1) {
        assert_int_equal(rows[0].kind, about.kind);
        assert_int_equal(rows[0].subject, about.id);
    }
    return n == 1 && rows[0].check == 2 ? rows[0].id : 0;
}

static void a_finding_may_be_about_no_device(void **state)
{
    struct contract *c = *state;
    struct finding row;
    const struct subject_key about[] = {{3, 0}, {2, 7}, {2, 8}, {4, 7}};
    for (int64_t id = 1; id <= 4; id++) { /* the first two as rows were before 0004 */
        struct change change = change_of(TABLE_FINDING, id);
        change_int(&change, COL_FINDING_CHECK, 2);
        if (id <= 2) {
            change_int(&change, COL_FINDING_DEVICE, 0);
            change_int(&change, COL_FINDING_CLOSED_AT, 0);
            change_int(&change, COL_FINDING_PRODUCT, about[id - 1].id);
        } else {
            change_int(&change, COL_FINDING_KIND, about[id - 1].kind);
            change_int(&change, COL_FINDING_SUBJECT, about[id - 1].id);
        }
        contract_apply(c, &change);
    }
    for (int64_t id = 1; id <= 4; id++)
        assert_int_equal(open_about(c, about[id - 1]), id);
    assert_int_equal(open_about(c, (struct subject_key){2, 9}), 0);
    struct change change = change_of(TABLE_FINDING, 2);
    change_int(&change, COL_FINDING_CLOSED_AT, 20);
    contract_apply(c, &change);
    assert_int_equal(open_about(c, about[1]), 0);
    assert_ok(store_finding(c->store, 2, &row, &c->err));
    assert_int_equal(row.closed_at_s, 20);
    assert_int_equal(store_finding(c->store, 5, &row, &c->err), R_NOT_FOUND);
}

static enum result keep_id(void *ctx, const struct finding *row, struct err *err)
{
    (void)err;
    int64_t *ids = ctx;
    *ids = *ids * 10 + row->id;
    return OK;
}

/* Rows 1 to 8, the later the older: a device's, one of before 0004, of products, of what was raised
 * about the installation, of an issuer, of a check, of what the ledger lost. */
static void what_waits_for_a_person_comes_oldest_first(void **state)
{
    struct contract *c = *state;
    const struct subject_key about[] = {{1, 1}, {2, 7}, {2, 7}, {2, 8},
                                        {3, 0}, {4, 1}, {6, 9}, {3, 0}};
    int64_t ids = 0;
    for (int64_t id = 1; id <= (int64_t)LENGTH_OF(about); id++) {
        const struct subject_key *key = &about[id - 1];
        struct change change = change_of(TABLE_FINDING, id);
        change_int(&change, COL_FINDING_CHECK, id == 8 ? 42 : 2);
        change_int(&change, COL_FINDING_BEGAN_AT, 100 - id);
        change_int(&change, COL_FINDING_DEVICE, key->kind == 1 ? key->id : 0);
        change_int(&change, COL_FINDING_PRODUCT, key->kind == 2 ? key->id : 0);
        if (key->kind != 1 && id != 2) {
            change_int(&change, COL_FINDING_KIND, key->kind);
            change_int(&change, COL_FINDING_SUBJECT, key->id);
        }
        if (id == 3)
            change_int(&change, COL_FINDING_CLOSED_AT, 200);
        contract_apply(c, &change);
    }
    assert_ok(store_held_findings(c->store, 10, keep_id, &ids, &c->err));
    assert_int_equal(ids, 87542);
    ids = 0;
    assert_ok(store_held_findings(c->store, 2, keep_id, &ids, &c->err));
    assert_int_equal(ids, 87);
}

static void a_finding_that_comes_again_has_its_first_row(void **state)
{
    struct contract *c = *state;
    int64_t first = -1;
    const struct subject_key device = {1, 1}, issuer = {4, 1};
    assert_ok(store_first_finding(c->store, device, 2, &first, &c->err));
    assert_int_equal(first, 0);
    for (int64_t id = 1; id <= 4; id++) {
        struct change change = change_of(TABLE_FINDING, id);
        change_int(&change, COL_FINDING_CHECK, 2);
        if (id <= 2) {
            change_int(&change, COL_FINDING_DEVICE, 1);
        } else {
            change_int(&change, COL_FINDING_KIND, issuer.kind);
            change_int(&change, COL_FINDING_SUBJECT, issuer.id);
        }
        if (id % 2 == 0)
            change_int(&change, COL_FINDING_FIRST, id - 1);
        contract_apply(c, &change);
    }
    assert_ok(store_first_finding(c->store, device, 2, &first, &c->err));
    assert_int_equal(first, 1);
    assert_ok(store_first_finding(c->store, issuer, 2, &first, &c->err));
    assert_int_equal(first, 3);
    assert_ok(store_first_finding(c->store, issuer, 1, &first, &c->err));
    assert_int_equal(first, 0);
}

int contract_finding(const struct backend *backend)
{
    (void)backend;
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(what_is_not_there_leaves_the_output_alone),
        CONTRACT_TEST(a_product_is_found_by_id_and_name),
        CONTRACT_TEST(a_product_is_as_it_was_changed_last),
        CONTRACT_TEST(a_device_is_its_product_and_serial_number),
        CONTRACT_TEST(a_registered_key_leads_to_its_device),
        CONTRACT_TEST(a_certificate_comes_back_as_it_was_written),
        CONTRACT_TEST(what_is_said_of_a_certificate_is_its_row_and_its_devices),
        CONTRACT_TEST(a_serial_of_others_is_not_found),
        CONTRACT_TEST(the_newest_answer_to_credential_and_key_is_found),
        CONTRACT_TEST(live_means_pending_or_current_newest_first),
        CONTRACT_TEST(enrolments_anew_and_voided_keys_are_counted_since_then),
        CONTRACT_TEST(a_token_is_open_until_it_is_not),
        CONTRACT_TEST(a_permit_opens_while_it_lasts),
        CONTRACT_TEST(an_operator_in_use_goes_before_one_who_left),
        CONTRACT_TEST(a_finding_is_open_until_it_closes),
        CONTRACT_TEST(a_finding_may_be_about_no_device),
        CONTRACT_TEST(what_waits_for_a_person_comes_oldest_first),
        CONTRACT_TEST(a_finding_that_comes_again_has_its_first_row),
    };
    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
