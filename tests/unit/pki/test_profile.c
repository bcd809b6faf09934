#include <pki/keyquality.h>
#include <pki/profile.h>
#include <pki/serial.h>
#include <trust/words.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* pki may not see trust: the numbers are written twice and held together here. */
_Static_assert((int)PKI_NONE == (int)PROFILE_NONE, "");
_Static_assert((int)PKI_IDEVID == (int)PROFILE_IDEVID, "");
_Static_assert((int)PKI_LDEVID == (int)PROFILE_LDEVID, "");
_Static_assert((int)PKI_TLS_SERVER == (int)PROFILE_TLS_SERVER, "");
_Static_assert((int)PKI_BOUNDARY == (int)PROFILE_BOUNDARY, "");
_Static_assert((int)PKI_OPERATOR == (int)PROFILE_OPERATOR, "");
_Static_assert((int)PKI_OCSP == (int)PROFILE_OCSP, "");
_Static_assert((int)PKI_PROFILE_COUNT == (int)PROFILE_COUNT, "");
_Static_assert((int)PKI_ISSUER_ROOT == (int)AUTHORITY_ROOT, "");
_Static_assert((int)PKI_ISSUER_IDEVID == (int)AUTHORITY_IDEVID, "");
_Static_assert((int)PKI_ISSUER_LDEVID == (int)AUTHORITY_LDEVID, "");
_Static_assert((int)PKI_ISSUER_OPERATIONS == (int)AUTHORITY_OPERATIONS, "");

_Static_assert(KEYS_P256 == 1 << KEY_ALG_P256, "");
_Static_assert(KEYS_P384 == 1 << KEY_ALG_P384, "");
_Static_assert(KEYS_ED25519 == 1 << KEY_ALG_ED25519, "");
_Static_assert(KEYS_RSA == 1 << KEY_ALG_RSA, "");
_Static_assert(KEYS_ANY == (1 << KEY_ALG_COUNT) - 1, "");

static void there_is_no_row_outside_the_table(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    uint8_t digest[32];

    assert_null(profile_find(PKI_NONE));
    assert_null(profile_find(PKI_PROFILE_COUNT));
    assert_null(profile_find((enum pki_profile) - 1));
    profile_digest(PKI_NONE, digest);
    assert_memory_equal(digest, zeros, sizeof(zeros));
    assert_null(issuer_name(PKI_ISSUER_NONE));
    assert_null(issuer_name(PKI_ISSUER_COUNT));
}

static void every_row_is_whole(void **state)
{
    (void)state;
    for (enum pki_profile id = PKI_IDEVID; id < PKI_PROFILE_COUNT; id++) {
        const struct profile *row = profile_find(id);
        assert_int_equal(row->id, id);
        assert_true(strlen(row->name) > 0);
        assert_true(row->issuer > PKI_ISSUER_ROOT && row->issuer < PKI_ISSUER_COUNT);
        assert_int_not_equal(row->subject, PKI_SUBJECT_NONE);
        assert_int_not_equal(row->key_usage, 0);
        assert_true(row->keys == KEYS_EC || row->keys == KEYS_ANY);
        assert_true(row->validity_max_s > 0);
        assert_true(!row->no_expiry || id == PKI_IDEVID);
    }
}

static void digests_differ_and_stay(void **state)
{
    (void)state;
    uint8_t digests[PKI_PROFILE_COUNT][32], again[32];

    for (enum pki_profile id = PKI_IDEVID; id < PKI_PROFILE_COUNT; id++) {
        profile_digest(id, digests[id]);
        profile_digest(id, again);
        assert_memory_equal(again, digests[id], sizeof(again));
        for (enum pki_profile other = PKI_IDEVID; other < id; other++)
            assert_memory_not_equal(digests[other], digests[id], sizeof(again));
    }
}

/* ---- serials --------------------------------------------------------------------------------- */

static void serials_split_into_what_they_were_made_of(void **state)
{
    (void)state;
    uint8_t random[SERIAL_RANDOM_N];
    static const uint32_t numbers[] = {0, 1, 65535, 65536, UINT32_MAX};

    for (int first = 0; first < 256; first++) {
        memset(random, first, sizeof(random));
        struct serial_parts parts = {(uint8_t)(255 - first), numbers[first % 5]}, again;
        struct serial serial = serial_make(random, parts);
        assert_true(serial.p[0] >= 1 && serial.p[0] <= 0x7f);
        assert_true(serial_split(bytes_of(serial.p, SERIAL_N), &again));
        assert_int_equal(again.expiry_class, parts.expiry_class);
        assert_int_equal(again.number, parts.number);
    }
}

static void what_is_no_serial_of_ours_does_not_split(void **state)
{
    (void)state;
    uint8_t octets[SERIAL_N + 1] = {0x01};
    struct serial_parts parts;

    assert_true(serial_split(bytes_of(octets, SERIAL_N), &parts));
    assert_false(serial_split(bytes_of(octets, SERIAL_N - 1), &parts));
    assert_false(serial_split(bytes_of(octets, SERIAL_N + 1), &parts));
    octets[0] = 0;
    assert_false(serial_split(bytes_of(octets, SERIAL_N), &parts));
    octets[0] = 0x80;
    assert_false(serial_split(bytes_of(octets, SERIAL_N), &parts));
}

static void a_class_ends_after_everything_in_it(void **state)
{
    (void)state;
    int64_t before_s = 0;

    for (int64_t at_s = INT64_C(1577836800); at_s < INT64_C(4000000000); at_s += 86399) {
        uint8_t class = serial_class(at_s);
        int64_t end_s = serial_class_end_s(class);
        assert_true(at_s < end_s);
        assert_true(class == SERIAL_CLASS_FOREVER || end_s - at_s <= 7889400);
        assert_true(end_s >= before_s);
        before_s = end_s;
    }
    assert_int_equal(serial_class(0), 0);
    assert_int_equal(serial_class(INT64_C(253402300799)), SERIAL_CLASS_FOREVER);
    assert_int_equal(serial_class_end_s(SERIAL_CLASS_FOREVER), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_row_outside_the_table),
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(digests_differ_and_stay),
        cmocka_unit_test(what_is_no_serial_of_ours_does_not_split),
        cmocka_unit_test(serials_split_into_what_they_were_made_of),
        cmocka_unit_test(a_class_ends_after_everything_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
