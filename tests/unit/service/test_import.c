/* Imports: what the desk says of a maker's manifest, and what other CAs issued. */
#include "fixture.h"

#include <service/foreign.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { PROOF_ANCHOR = 1, SIGNER, INVENTORY };

static void add_pump(struct fixture *f)
{
    struct msg_product_add ask = {.name = bytes_text("pump"), .least_proof = PROOF_TOKEN};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_product_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
}

static void add_anchors(struct fixture *f)
{
    add_anchor_for(f, ANCHOR_PROOF);
    add_anchor_for(f, ANCHOR_MANIFEST);
    add_anchor_for(f, ANCHOR_INVENTORY);
    add_pump(f);
}

/* ---- manifests --------------------------------------------------------------------------------
 */

static struct import_answer import(struct fixture *f, const char *product, uint32_t signer,
                                   uint32_t anchor)
{
    struct import_answer answer = {0};
    const struct msg_import_row row = {
        .line = 1,
        .product = bytes_of(product, strlen(product)),
        .serial_number = bytes_text("SN-1"),
        .signer = signer,
        .anchor = anchor,
    };
    begin(f);
    assert_ok(import_row(&f->service, &f->admin, &row, f->now_s, &answer, &f->err));
    commit(f);
    return answer;
}

static void expect_refused(const struct import_answer *answer, enum code code)
{
    assert_int_equal(answer->did, IMPORT_REFUSED);
    assert_int_equal(answer->why.code, code);
}

static void what_a_desk_claims_of_a_manifest_is_held_against_the_rows(void **state)
{
    struct fixture *f = *state;
    add_anchors(f);
    static const struct {
        const char *product;
        uint32_t signer, anchor;
        enum code code;
    } cases[] = {
        {"meter", PROOF_ANCHOR, 0, E_MANIFEST_SIGNER}, /* of another use */
        {"meter", INVENTORY, 0, E_MANIFEST_SIGNER},
        {"meter", 99, 0, E_MANIFEST_SIGNER},    /* none at all */
        {"pump", SIGNER, 0, E_MANIFEST_SIGNER}, /* another product's */
        {"meter", SIGNER, SIGNER, E_MANIFEST_CHAIN},
        {"meter", SIGNER, INVENTORY, E_MANIFEST_CHAIN},
        {"pump", 0, PROOF_ANCHOR, E_MANIFEST_CHAIN},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct import_answer answer = import(f, cases[i].product, cases[i].signer, cases[i].anchor);
        expect_refused(&answer, cases[i].code);
    }
    assert_int_equal(import(f, "meter", SIGNER, PROOF_ANCHOR).did, IMPORT_CREATED);
    assert_int_equal(device_row(f, 1).idevid_anchor, PROOF_ANCHOR);
    assert_int_equal(import(f, "meter", SIGNER, PROOF_ANCHOR).did, IMPORT_UNCHANGED);
}

/* A maker whose certificates name no serial number of ours. */
static void a_registered_key_below_its_anchor_is_the_device(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(7), own = asker(8), other = asker(9);
    add_anchors(f);
    import_device(f, 1, &key, false); /* no manifest: no chain to an anchor */
    struct msg_enrol ask = ask_csr(&own);
    ask.credential = CREDENTIAL_IDEVID;
    ask.peer_anchor = PROOF_ANCHOR;
    ask.peer_serial = bytes_text("12345678");
    memcpy(ask.peer_spki, key.hash, 32);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_PROOF);

    struct import_answer answer = {0};
    struct msg_import_row row = {.product = bytes_text("meter"),
                                 .serial_number = bytes_text("SN-2"),
                                 .has_spki = 1,
                                 .signer = SIGNER,
                                 .anchor = PROOF_ANCHOR};
    memcpy(row.spki_sha256, other.hash, 32);
    begin(f);
    assert_ok(import_row(&f->service, &f->admin, &row, f->now_s, &answer, &f->err));
    commit(f);
    memcpy(ask.peer_spki, other.hash, 32);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(device_row(f, 2).proof, PROOF_IDEVID);
}

/* ---- other CAs --------------------------------------------------------------------------------
 */

static struct msg_foreign_line line_of(const char *serial_number)
{
    return (struct msg_foreign_line){
        .line = 1,
        .serial = bytes_text("\x12\x34"),
        .subject = bytes_text("/CN=somebody"),
        .serial_number = bytes_of(serial_number, strlen(serial_number)),
        .not_after_s = START_S + DAY_S,
    };
}

static struct import_answer record(struct fixture *f, const struct msg_foreign_line *line)
{
    struct import_answer answer = {0};
    struct authority_row issuer = {0};
    const struct foreign_list list = {&f->admin, &issuer, f->now_s};
    begin(f);
    assert_ok(foreign_issuer(&f->service, INVENTORY, &issuer, &f->err));
    assert_ok(foreign_line(&f->service, &list, line, &answer, &f->err));
    commit(f);
    return answer;
}

static void a_signer_of_manifests_issues_no_certificates(void **state)
{
    struct fixture *f = *state;
    struct authority_row issuer = {0};
    add_anchors(f);
    begin(f);
    assert_int_equal(foreign_issuer(&f->service, SIGNER, &issuer, &f->err), R_CONFLICT);
    assert_int_equal(foreign_issuer(&f->service, 99, &issuer, &f->err), R_NOT_FOUND);
    assert_ok(foreign_issuer(&f->service, PROOF_ANCHOR, &issuer, &f->err));
    commit(f);
}

static void a_line_that_breaks_a_rule_is_refused(void **state)
{
    struct fixture *f = *state;
    add_anchors(f);
    struct msg_foreign_line line = line_of("");
    line.serial = bytes_of(NULL, 0);
    struct import_answer answer = record(f, &line);
    expect_refused(&answer, E_FOREIGN);
    line.serial = bytes_of("\0\1", 2);
    answer = record(f, &line);
    expect_refused(&answer, E_FOREIGN);
    for (uint8_t reason = 7; reason < 12; reason += 4) {
        line = line_of("");
        line.is_revoked = 1;
        line.reason = reason;
        answer = record(f, &line);
        expect_refused(&answer, E_FOREIGN);
    }
}

static void a_list_is_recorded_once_and_only_news_changes_it(void **state)
{
    struct fixture *f = *state;
    add_anchors(f);
    struct msg_foreign_line line = line_of("SN-1");
    struct import_answer answer = record(f, &line);
    assert_int_equal(answer.did, IMPORT_CREATED);
    assert_true(answer.is_unlinked);
    int64_t before = entries(f);
    assert_int_equal(record(f, &line).did, IMPORT_UNCHANGED);
    assert_int_equal(entries(f), before);

    import_device(f, 1, NULL, false);
    answer = record(f, &line);
    assert_int_equal(answer.did, IMPORT_CHANGED);
    assert_false(answer.is_unlinked);

    line.not_after_s++;
    answer = record(f, &line);
    expect_refused(&answer, E_CONFLICT);
}

static void a_revocation_is_not_taken_back_but_a_hold_is(void **state)
{
    struct fixture *f = *state;
    add_anchors(f);
    struct msg_foreign_line line = line_of(""), held = line_of(""), gone = line_of("");
    held.is_revoked = gone.is_revoked = 1;
    held.reason = 6;
    gone.reason = 1;
    held.revoked_s = gone.revoked_s = START_S;
    assert_int_equal(record(f, &held).did, IMPORT_CREATED);
    assert_int_equal(record(f, &line).did, IMPORT_CHANGED);
    assert_int_equal(record(f, &gone).did, IMPORT_CHANGED);
    assert_int_equal(record(f, &gone).did, IMPORT_UNCHANGED);
    struct import_answer answer = record(f, &line);
    expect_refused(&answer, E_CONFLICT);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_a_desk_claims_of_a_manifest_is_held_against_the_rows),
        STORY(a_registered_key_below_its_anchor_is_the_device),
        STORY(a_signer_of_manifests_issues_no_certificates),
        STORY(a_line_that_breaks_a_rule_is_refused),
        STORY(a_list_is_recorded_once_and_only_news_changes_it),
        STORY(a_revocation_is_not_taken_back_but_a_hold_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
