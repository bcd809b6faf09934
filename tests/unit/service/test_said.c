/* What OCSP says from memory is what the rows say, whatever happened since it was said. */
#include "fixture.h"

#include <service/said.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define LDEVID PKI_ISSUER_LDEVID

static struct ocsp_said recalled(struct fixture *f, const uint8_t serial[16])
{
    struct ocsp_said said = {0};
    assert_ok(said_recall(&f->service, LDEVID, bytes_of(serial, 16), &said, &f->err));
    return said;
}

static void expect(struct fixture *f, const uint8_t serial[16], enum ocsp_word word, int reason)
{
    for (int i = 0; i < 2; i++) { /* from the row, and from memory */
        struct ocsp_said said = recalled(f, serial);
        assert_int_equal(said.word, word);
        assert_int_equal(said.reason, reason);
        if (word == OCSP_SAYS_REVOKED)
            assert_int_equal(said.revoked_s, f->now_s);
    }
}

static void each_verb_is_in_what_is_said_next(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), next = asker(44);
    struct got got = active_device(f, 1, &key);
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);
    f->now_s += 60;
    assert_ok(set_device(f, 1, VERB_QUARANTINE));
    expect(f, got.serial, OCSP_SAYS_REVOKED, X509_REASON_HOLD);
    assert_ok(set_device(f, 1, VERB_READMIT));
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);

    struct msg_enrol ask = ask_renew(f, got.serial, &key, &next);
    struct got renewed = enrol(f, &ask);
    assert_int_equal(renewed.code, 0);
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);
    f->now_s += 60;
    use(f, renewed.serial);
    expect(f, got.serial, OCSP_SAYS_REVOKED, X509_REASON_SUPERSEDED);
    expect(f, renewed.serial, OCSP_SAYS_GOOD, 0);
    f->now_s += 60;
    assert_ok(set_device(f, 1, VERB_REVOKE));
    assert_int_equal(recalled(f, renewed.serial).word, OCSP_SAYS_REVOKED);
}

static void of_another_issuer_or_number_it_remembers_nothing(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    struct ocsp_said said;
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);
    assert_ok(
        said_recall(&f->service, PKI_ISSUER_OPERATIONS, bytes_of(got.serial, 16), &said, &f->err));
    assert_int_equal(said.word, OCSP_SAYS_NEVER);
    got.serial[3] ^= 1; /* the place is right, the random part is not */
    expect(f, got.serial, OCSP_SAYS_NEVER, 0);
    got.serial[3] ^= 1;
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);
    for (size_t n = 0; n < 16; n++) {
        assert_ok(said_recall(&f->service, LDEVID, bytes_of(got.serial, n), &said, &f->err));
        assert_int_equal(said.word, OCSP_SAYS_NEVER);
    }
}

/* It was never there before: nobody remembers that. */
static void a_number_that_is_given_later_is_good_then(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), other = asker(2);
    struct got got = enrolled_device(f, 1, &key);
    uint8_t next[16];
    memcpy(next, got.serial, 16);
    next[15]++;
    expect(f, next, OCSP_SAYS_NEVER, 0);
    got = enrolled_device(f, 2, &other);
    assert_int_equal(got.serial[15], next[15]);
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);
}

static void what_was_undone_is_not_said(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);
    begin(f);
    struct device device = device_row(f, 1);
    service_act(&f->service, EVENT_DEVICE_QUARANTINED, f->now_s, (struct actor){ACTOR_CORE, 0},
                device.id);
    change_int(service_change_device(&f->service, &device), COL_DEVICE_STATE, STATE_QUARANTINED);
    assert_ok(service_record(&f->service, NULL, &f->err));
    struct ocsp_said said; /* within the turn: by the rows */
    assert_ok(said_of_serial(&f->service, LDEVID, bytes_of(got.serial, 16), &said, &f->err));
    assert_int_equal(said.word, OCSP_SAYS_REVOKED);
    roll_back(f);
    expect(f, got.serial, OCSP_SAYS_GOOD, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_verb_is_in_what_is_said_next),
        TEST(of_another_issuer_or_number_it_remembers_nothing),
        TEST(a_number_that_is_given_later_is_good_then),
        TEST(what_was_undone_is_not_said),
    };
    return cmocka_run_group_tests_name("said", tests, NULL, NULL);
}
