/* What people decide: policies, which judge everything anew, and waivers, which mark and change
 * nothing. Last the drill: a wrong check loose on 10,000 devices stops at the brake and asks. */
#include "acts.h"

#include <base/text.h>
#include <registry/about.h>
#include <registry/policy.h>
#include <service/policy.h>
#include <service/sweep.h>
#include <service/verb.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define METER 1
#define WEAK CHECK_PROOF_TOO_WEAK
#define FLEET 10000
#define FREE 10 /* max(10, 0.1 %) of them in an hour */

static struct policy in_force(struct fixture *f, bool of_product)
{
    struct policy policy;
    struct product product = {0};
    assert_ok(store_product(f->store, METER, &product, &f->err));
    assert_ok(policy_read(f->store, of_product ? &product : NULL, &policy, &f->err));
    return policy;
}

static void wants_proof(struct fixture *f, enum proof least)
{
    struct change change = change_of(TABLE_PRODUCT, METER);
    change_int(&change, COL_PRODUCT_LEAST_PROOF, least);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    commit(f);
}

/* ---- policies ---------------------------------------------------------------------------------
 */

static void a_products_policy_stands_above_the_fleets(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(in_force(f, true).renew_by_percent, 85);
    assert_ok(set_one_policy(f, "", "renew-by", "90"));
    assert_int_equal(in_force(f, true).renew_by_percent, 90);
    assert_ok(set_one_policy(f, "meter", "renew-by", "95"));
    assert_int_equal(in_force(f, true).renew_by_percent, 95);
    assert_int_equal(in_force(f, false).renew_by_percent, 90);
    assert_ok(set_one_policy(f, "meter", "max-age", "30d")); /* the whole is replaced */
    assert_int_equal(in_force(f, true).renew_by_percent, 90);
    assert_int_equal(in_force(f, true).max_age_s, 30 * DAY_S);
    assert_int_equal(in_force(f, true).least_proof, PROOF_TOKEN);

    struct policy_version row = {0};
    assert_ok(store_policy(f->store, METER, &row, &f->err));
    assert_int_equal(row.version, 2);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(in_force(f, true).max_age_s, 30 * DAY_S);
}

static void what_is_no_policy_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static const uint8_t grace[] = {0x82, 0xa1, 0x04, 0x00, 0xa0}; /* setting 4 is the product's */
    static const uint8_t bounds[] = {0x82, 0xa1, 0x03, 0x01, 0xa0};
    static const uint8_t unknown[] = {0x82, 0xa1, 0x18, 0x3f, 0x01, 0xa0};
    struct msg_verb_answer answer = {0};
    struct msg_policy_set ask = {.policy = bytes_of(grace, sizeof grace)};
    int64_t before = entries(f);
    assert_int_equal(set_policy(f, &f->admin, &ask, &answer), R_INVALID);
    assert_int_equal(f->err.code, E_POLICY_COLUMN);
    ask.policy = bytes_of(bounds, sizeof bounds);
    assert_int_equal(set_policy(f, &f->admin, &ask, &answer), R_INVALID);
    assert_string_equal(f->err.text, "renew-by: seen 1, wanted 80 to 99");
    ask.policy = bytes_of(unknown, sizeof unknown);
    assert_int_equal(set_policy(f, &f->admin, &ask, &answer), R_INVALID);
    ask.policy = bytes_of(NULL, 0);
    assert_int_equal(set_policy(f, &f->admin, &ask, &answer), R_INVALID);
    assert_int_equal(set_one_policy(f, "pump", "renew-by", "90"), R_NOT_FOUND);
    struct operator_is other = f->admin;
    strcpy(other.row.scope, "acme");
    struct policy_octets body = policy_of(f, "renew-by", "90");
    ask.policy = bytes_of(body.bytes, body.n);
    assert_int_equal(set_policy(f, &other, &ask, &answer), R_UNAUTHORISED);
    other = f->admin;
    other.row.role = ROLE_OPERATOR;
    assert_int_equal(set_policy(f, &other, &ask, &answer), R_UNAUTHORISED);
    assert_int_equal(entries(f), before);
    assert_int_equal(in_force(f, true).renew_by_percent, 85);
}

static void the_same_again_is_no_version(void **state)
{
    struct fixture *f = *state;
    assert_ok(set_one_policy(f, "", "renew-by", "90"));
    int64_t before = entries(f);
    assert_ok(set_one_policy(f, "", "renew-by", "90"));
    assert_int_equal(entries(f), before);
}

static void words_that_people_signed_are_what_it_does(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    struct policy_octets body = policy_of(f, "renew-by", "90");
    struct msg_policy_set ask = {.policy = bytes_of(body.bytes, body.n)};
    assert_ok(policy_complete(&f->service, &ask, &f->err));
    assert_true(bytes_equal(ask.words, bytes_text("renew-by 90 (was 85)")));
    uint8_t signed_words[64];
    memcpy(signed_words, ask.words.p, ask.words.n);
    ask.words = bytes_of(signed_words, ask.words.n);
    assert_ok(set_one_policy(f, "", "renew-by", "95")); /* meanwhile */
    assert_int_equal(set_policy(f, &f->admin, &ask, &answer), R_CONFLICT);
    ask.words = bytes_text("renew-by 90 (was 95)");
    assert_ok(set_policy(f, &f->admin, &ask, &answer));
    assert_int_equal(answer.object, 2);
}

static void a_policy_judges_everything_anew(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(0);
    active_device(f, 0, &key);
    sweep(f);
    assert_false(has_finding(f, 0, CHECK_TOO_LONG));
    assert_ok(set_one_policy(f, "meter", "max-validity", "30d"));
    assert_false(has_finding(f, 0, CHECK_TOO_LONG));
    sweep(f);
    assert_true(has_finding(f, 0, CHECK_TOO_LONG));
    assert_ok(set_one_policy(f, "meter", NULL, NULL));
    sweep(f);
    assert_false(has_finding(f, 0, CHECK_TOO_LONG));
}

/* ---- waivers ----------------------------------------------------------------------------------
 */

static struct msg_waiver_add one_of(const struct fixture *f)
{
    return (struct msg_waiver_add){
        .check = CHECK_TOO_LONG,
        .product = bytes_text("meter"),
        .serial_number = bytes_text("SN-0"),
        .answers = bytes_text("acme-ops"),
        .reason = bytes_text("replaced in spring"),
        .expires_s = f->now_s + 10 * DAY_S,
    };
}

static int64_t finding_of(struct fixture *f, unsigned n, int check)
{
    struct subject subject = {0};
    struct device device = device_row(f, n);
    assert_ok(subject_read(f->store, &device, &subject, &f->err));
    return subject_finding(&subject, check)->id;
}

static bool is_waived(struct fixture *f, unsigned n, int check)
{
    struct waiver row;
    return store_waiver_of(f->store, finding_of(f, n, check), f->now_s, &row, &f->err) == OK;
}

/* Device 0, active, whose certificate is valid for too long. */
static void too_long(struct fixture *f)
{
    struct asker key = asker(0);
    active_device(f, 0, &key);
    assert_ok(set_one_policy(f, "", "max-validity", "30d"));
    sweep(f);
    assert_true(has_finding(f, 0, CHECK_TOO_LONG));
}

static void a_waiver_marks_and_its_expiry_is_a_finding(void **state)
{
    struct fixture *f = *state;
    too_long(f);
    int64_t finding = finding_of(f, 0, CHECK_TOO_LONG);
    struct msg_waiver_add ask = one_of(f);
    assert_ok(add_waiver(f, &f->admin, &ask));
    assert_true(is_waived(f, 0, CHECK_TOO_LONG));
    assert_int_equal(finding_of(f, 0, CHECK_TOO_LONG), finding);

    f->now_s = ask.expires_s - 1;
    settle_due(f);
    assert_false(has_finding(f, 0, CHECK_WAIVER_LAPSED));
    f->now_s = ask.expires_s;
    settle_due(f);
    assert_true(has_finding(f, 0, CHECK_WAIVER_LAPSED));
    assert_false(is_waived(f, 0, CHECK_TOO_LONG));
    struct finding lapsed = {0};
    assert_ok(store_finding(f->store, finding_of(f, 0, CHECK_WAIVER_LAPSED), &lapsed, &f->err));
    assert_int_equal(lapsed.began_at_s, ask.expires_s);

    struct msg_waiver_add again = one_of(f);
    assert_ok(add_waiver(f, &f->admin, &again)); /* decided anew */
    assert_false(has_finding(f, 0, CHECK_WAIVER_LAPSED));
    f->now_s = again.expires_s;
    settle_due(f);
    assert_true(has_finding(f, 0, CHECK_WAIVER_LAPSED));
    assert_ok(set_one_policy(f, "", NULL, NULL)); /* the finding itself closes */
    sweep(f);
    assert_false(has_finding(f, 0, CHECK_TOO_LONG));
    assert_false(has_finding(f, 0, CHECK_WAIVER_LAPSED));
}

static void a_products_waiver_covers_its_devices_after_a_sweep_lapses_by_time(void **state)
{
    struct fixture *f = *state;
    too_long(f);
    struct msg_waiver_add ask = one_of(f);
    ask.serial_number = bytes_of(NULL, 0);
    assert_ok(add_waiver(f, &f->admin, &ask));
    assert_true(is_waived(f, 0, CHECK_TOO_LONG));
    sweep(f);
    f->now_s = ask.expires_s;
    settle_due(f);
    assert_true(has_finding(f, 0, CHECK_WAIVER_LAPSED));
}

/* Nothing that the device does judges it meanwhile. */
static void what_somebody_notes_lapses_with_its_waiver_too(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(0);
    struct msg_verb_answer answer = {0};
    const struct msg_waiver_grant ask = {.check = CHECK_USED_BY_PERSON,
                                         .fleet = 1,
                                         .answers = bytes_text("acme-ops"),
                                         .reason = bytes_text("known"),
                                         .expires_s = f->now_s + DAY_S};
    struct got got = active_device(f, 0, &key);
    const struct evidence seen = {.check = CHECK_USED_BY_PERSON,
                                  .certificate = certificate_row(f, got.serial).id};
    begin(f);
    assert_ok(verb_waiver_grant(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    sweep(f);
    begin(f);
    assert_ok(finding_note(&f->service, device_row(f, 0).id, &seen, f->now_s, &f->err));
    commit(f);
    assert_true(is_waived(f, 0, CHECK_USED_BY_PERSON));
    f->now_s += DAY_S;
    settle_due(f);
    assert_true(has_finding(f, 0, CHECK_WAIVER_LAPSED));
}

static void what_was_ended_does_not_lapse(void **state)
{
    struct fixture *f = *state;
    too_long(f);
    struct msg_waiver_add ask = one_of(f);
    assert_ok(add_waiver(f, &f->admin, &ask));
    f->now_s += DAY_S;
    assert_ok(end_waiver(f, &f->admin, 1));
    assert_false(is_waived(f, 0, CHECK_TOO_LONG));
    assert_int_equal(end_waiver(f, &f->admin, 1), R_CONFLICT);
    f->now_s = ask.expires_s;
    settle_due(f);
    assert_false(has_finding(f, 0, CHECK_WAIVER_LAPSED));

    struct msg_waiver_add other = one_of(f);
    assert_ok(add_waiver(f, &f->admin, &other));
    f->now_s = other.expires_s; /* what has expired is not ended, but decided anew */
    settle_due(f);
    assert_int_equal(end_waiver(f, &f->admin, 2), R_CONFLICT);
    assert_true(has_finding(f, 0, CHECK_WAIVER_LAPSED));
}

static void a_waiver_says_what_it_must(void **state)
{
    struct fixture *f = *state;
    too_long(f);
    const struct msg_waiver_add good = one_of(f);
    struct msg_waiver_add ask = good;
    int64_t before = entries(f);
#define REFUSED(code_, member, value)                                                              \
    do {                                                                                           \
        ask = good;                                                                                \
        ask.member = value;                                                                        \
        assert_int_not_equal(add_waiver(f, &f->admin, &ask), OK);                                  \
        assert_int_equal(f->err.code, code_);                                                      \
    } while (0)
    REFUSED(E_WAIVER, check, 0);
    REFUSED(E_WAIVER, check, CHECK_MAX + 1);
    REFUSED(E_NOT_WAIVED, check, CHECK_WAIVER_LAPSED);
    REFUSED(E_APPROVAL, check, CHECK_CLONE);            /* takes two people */
    REFUSED(E_APPROVAL, check, CHECK_RENEWAL_DEFERRED); /* it can become high */
    REFUSED(E_WAIVER, check, CHECK_BACKUP_UNTESTED);    /* is about the installation */
    REFUSED(E_WAIVER, reason, bytes_of(NULL, 0));
    REFUSED(E_SYNTAX, answers, bytes_of(NULL, 0));
    REFUSED(E_WAIVER, expires_s, 0);
    REFUSED(E_WAIVER, expires_s, f->now_s);
    REFUSED(E_WAIVER_LONG, expires_s, f->now_s + 366 * DAY_S + 1);
    REFUSED(E_WAIVER, fleet, 1);
    REFUSED(E_WAIVER, product, bytes_of(NULL, 0));
    REFUSED(E_WAIVER, of_owner, bytes_text("acme"));
    REFUSED(E_NOT_FOUND, serial_number, bytes_text("SN-9"));
    REFUSED(E_NOT_FOUND, product, bytes_text("pump"));
    assert_int_equal(entries(f), before);
    assert_ok(set_one_policy(f, "meter", "waiver-most", "5d"));
    REFUSED(E_WAIVER_LONG, expires_s, f->now_s + 6 * DAY_S);
    ask = good;
    ask.expires_s = f->now_s + 5 * DAY_S;
    assert_ok(add_waiver(f, &f->admin, &ask));
}

static void one_owners_operator_answers_for_his_devices_alone(void **state)
{
    struct fixture *f = *state;
    too_long(f); /* of owner acme */
    struct operator_is his = f->admin, others = f->admin;
    his.row.role = others.row.role = ROLE_OPERATOR;
    strcpy(his.row.scope, "acme");
    strcpy(others.row.scope, "initech");
    struct msg_waiver_add ask = one_of(f);
    assert_int_equal(add_waiver(f, &others, &ask), R_NOT_FOUND);
    ask.serial_number = bytes_of(NULL, 0);
    assert_int_equal(add_waiver(f, &his, &ask), R_UNAUTHORISED); /* every owner's of the product */
    ask.of_owner = bytes_text("acme");
    assert_int_equal(add_waiver(f, &others, &ask), R_UNAUTHORISED);
    ask = one_of(f);
    ask.product = ask.serial_number = bytes_of(NULL, 0);
    ask.fleet = 1;
    assert_int_equal(add_waiver(f, &his, &ask), R_UNAUTHORISED);
    ask = one_of(f);
    assert_ok(add_waiver(f, &his, &ask));
    assert_int_equal(end_waiver(f, &others, 1), R_NOT_FOUND);
    assert_ok(end_waiver(f, &his, 1));

    ask.serial_number = bytes_of(NULL, 0);
    assert_ok(add_waiver(f, &f->admin, &ask));
    assert_int_equal(end_waiver(f, &his, f->service.last_id[TABLE_WAIVER]), R_UNAUTHORISED);
    struct operator_is viewer = f->admin;
    viewer.row.role = ROLE_VIEWER;
    assert_int_equal(add_waiver(f, &viewer, &ask), R_UNAUTHORISED);
}

/* ---- the drill --------------------------------------------------------------------------------
 */

/* Rows as they would be after years: device `n`, active by a token. */
static void put_device(struct fixture *f, unsigned n)
{
    char serial_number[32];
    uint8_t serial[16] = {1}, hash[32] = {0};
    int64_t device = 0, certificate = 0;
    assert_ok(store_max_id(f->store, TABLE_DEVICE, &device, &f->err));
    assert_ok(store_max_id(f->store, TABLE_CERTIFICATE, &certificate, &f->err));
    snprintf(serial_number, sizeof serial_number, "SN-%u", n);
    memcpy(hash, &n, sizeof n);
    for (int i = 0; i < 4; i++)
        serial[12 + i] = (uint8_t)((n + 1000000) >> (24 - 8 * i));
    serial[11] = 99;
    struct change d = change_of(TABLE_DEVICE, device + 1);
    change_int(&d, COL_DEVICE_PRODUCT, METER);
    change_text(&d, COL_DEVICE_SERIAL_NUMBER, text_bytes(serial_number));
    change_text(&d, COL_DEVICE_OWNER, bytes_text("acme"));
    change_int(&d, COL_DEVICE_STATE, STATE_ACTIVE);
    change_int(&d, COL_DEVICE_PROOF, PROOF_TOKEN);
    change_int(&d, COL_DEVICE_VERSION, 1);
    assert_ok(store_apply(f->store, &d, &f->err));
    struct change c = change_of(TABLE_CERTIFICATE, certificate + 1);
    change_int(&c, COL_CERTIFICATE_DEVICE, device + 1);
    change_int(&c, COL_CERTIFICATE_ISSUER, PKI_ISSUER_LDEVID);
    change_blob(&c, COL_CERTIFICATE_SERIAL, bytes_of(serial, sizeof serial));
    change_blob(&c, COL_CERTIFICATE_SPKI, bytes_of(hash, sizeof hash));
    change_int(&c, COL_CERTIFICATE_PROFILE, PROFILE_LDEVID);
    change_int(&c, COL_CERTIFICATE_NOT_BEFORE, f->now_s);
    change_int(&c, COL_CERTIFICATE_NOT_AFTER, f->now_s + 90 * DAY_S);
    change_int(&c, COL_CERTIFICATE_CLASS, 99);
    change_int(&c, COL_CERTIFICATE_NUMBER, n + 1000000);
    change_blob(&c, COL_CERTIFICATE_CREDENTIAL, bytes_of(hash, sizeof hash));
    change_int(&c, COL_CERTIFICATE_STATE, CERT_CURRENT);
    change_int(&c, COL_CERTIFICATE_PROVEN_AT, f->now_s);
    change_int(&c, COL_CERTIFICATE_PROOF, PROOF_TOKEN);
    assert_ok(store_apply(f->store, &c, &f->err));
}

static enum result count_state(void *ctx, const struct device *row, struct err *err)
{
    (void)err;
    ((int64_t *)ctx)[row->state]++;
    return OK;
}

static int64_t quarantined(struct fixture *f)
{
    int64_t counts[STATE_COUNT] = {0};
    struct filter filter = {.limit = 2 * FLEET};
    assert_ok(store_devices(f->store, &filter, count_state, counts, &f->err));
    return counts[STATE_QUARANTINED];
}

static struct about of_product(struct fixture *f)
{
    struct about about = {0};
    const struct subject_key key = {SUBJECT_PRODUCT, METER};
    assert_ok(about_read(f->store, key, f->now_s, &about, &f->err));
    return about;
}

/* The first two have a registered key, by which they enrolled. */
static void put_fleet(struct fixture *f)
{
    for (unsigned i = 0; i < 2; i++) {
        struct asker key = asker(i);
        active_device(f, i, &key);
    }
    begin(f);
    for (unsigned i = 2; i < FLEET; i++)
        put_device(f, i);
    commit(f);
}

static void answer_it(struct fixture *f, int64_t finding)
{
    struct msg_verb_answer answer = {0};
    const struct msg_finding_close ask = {.finding = finding, .note = bytes_text("a wrong check")};
    begin(f);
    assert_ok(verb_finding_close(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
}

/* A policy lets a check quarantine, and the check is wrong about everybody. */
static void a_wrong_check_loose_on_10000_devices_stops_at_the_brake_and_asks(void **state)
{
    struct fixture *f = *state;
    put_fleet(f);
    assert_ok(set_one_policy(f, "meter", "TD-06", "quarantine"));
    wants_proof(f, PROOF_ATTESTED);
    assert_in_range(sweep(f), FLEET / 512, FLEET / 512 + 10);
    assert_int_equal(quarantined(f), FREE);
    assert_true(has_finding(f, FLEET - 1, WEAK));
    struct about about = of_product(f);
    assert_int_equal(about.open_n, 1);
    assert_int_equal(about.open[0].check, WEAK);
    assert_int_equal(about.open[0].severity, SEVERITY_CRITICAL);

    f->now_s += 7200; /* time alone does not let it go on */
    begin(f);
    assert_ok(finding_sweep_begin(&f->service, 0, &f->err));
    commit(f);
    sweep(f);
    assert_int_equal(quarantined(f), FREE);
    assert_int_equal(of_product(f).open_n, 1);
    answer_it(f, about.open[0].id);
    assert_int_equal(of_product(f).open_n, 0);

    /* The way out: by its original proof with a new key, and by a person. */
    assert_int_equal(device_row(f, 0).state, STATE_QUARANTINED);
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);
    wants_proof(f, PROOF_TOKEN);
    assert_ok(set_one_policy(f, "meter", NULL, NULL));
    sweep(f);
    assert_false(has_finding(f, FLEET - 1, WEAK));
    assert_int_equal(quarantined(f), FREE); /* a check that holds again lets nobody out */
    struct asker registered = asker(0), new = asker(99);
    struct msg_enrol ask = ask_registered_tls(&registered, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    use(f, got.serial);
    assert_int_equal(device_row(f, 0).state, STATE_ACTIVE);
    assert_ok(set_device(f, 1, VERB_READMIT));
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_int_equal(quarantined(f), FREE - 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_products_policy_stands_above_the_fleets),
        TEST(what_is_no_policy_changes_nothing),
        TEST(the_same_again_is_no_version),
        TEST(words_that_people_signed_are_what_it_does),
        TEST(a_policy_judges_everything_anew),
        TEST(a_waiver_marks_and_its_expiry_is_a_finding),
        TEST(a_products_waiver_covers_its_devices_after_a_sweep_lapses_by_time),
        TEST(what_somebody_notes_lapses_with_its_waiver_too),
        TEST(what_was_ended_does_not_lapse),
        TEST(a_waiver_says_what_it_must),
        TEST(one_owners_operator_answers_for_his_devices_alone),
        TEST(a_wrong_check_loose_on_10000_devices_stops_at_the_brake_and_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
