#include "fixture.h"

#include <wire/oid.h>
#include <wire/x509_name.h>

static bool is_well_formed(struct bytes names)
{
    struct reader walk = x509_general_names(names);
    struct x509_general_name name;
    while (x509_general_name_next(&walk, &name))
        continue;
    return reader_end(&walk);
}

static void malformed_lists_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "3000",                                     // empty list
        "3003 8201 61 00",                          // something behind the list
        "3002 8200",                                // empty name
        "3003 8201 80",                             // DNS name that is not ASCII
        "3003 8201 00",                             // with a NUL
        "3005 8703 010203",                         // three octets are no address
        "3003 8901 61",                             // no such kind
        "3003 0201 01",                             // no context tag
        "3004 a402 3100",                           // directoryName without Name
        "3008 a006 06012a 8001 00",                 // otherName without [0]
        "300d a00b 06082b06010505070804 0500",      // hardwareModuleName likewise
        "3010 a00e 06082b06010505070804 a002 3000", // empty HardwareModuleName
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (is_well_formed(from_hex(bad[i])))
            fail_msg("%s was accepted", bad[i]);
}

static void what_the_kinds_cannot_hold_is_not_written(void **state)
{
    (void)state;
    const struct x509_general_name bad[] = {
        {X509_GN_DNS, {0}, bytes_text("")},         {X509_GN_DNS, {0}, bytes_text("\xc3\xa9")},
        {X509_GN_IP, {0}, bytes_text("12345")},     {X509_GN_OTHER, {0}, bytes_text("x")},
        {X509_GN_OTHER_NAME, {0}, bytes_text("x")}, {X509_GN_DIRECTORY, {0}, bytes_text("\x30")},
    };
    uint8_t memory[64];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf b = buf_over(memory, sizeof(memory));
        x509_write_general_names(&b, &bad[i], 1);
        assert_false(buf_ok(&b));
    }
    struct buf empty = buf_over(memory, sizeof(memory));
    x509_write_general_names(&empty, NULL, 0);
    assert_false(buf_ok(&empty));
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    const struct x509_general_name names[] = {
        {X509_GN_DNS, {0}, bytes_text("pump.example")},
        {X509_GN_IP, {0}, bytes_text("\xc0\x00\x02\x07")},
        {X509_GN_URI, {0}, bytes_text("urn:dev:sn:7")},
        {X509_GN_HARDWARE_MODULE, oid_cmc_ra, bytes_text("\x00\x07")},
        {X509_GN_EMAIL, {0}, bytes_text("a@example.org")},
    };
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    uint8_t memory[256];
    struct buf b = buf_over(memory, sizeof(memory));
    struct x509_general_name name;
    x509_write_general_names(&b, names, NAMES);
    struct reader walk = x509_general_names(buf_bytes(&b));
    for (size_t i = 0; i < NAMES; i++) {
        assert_true(x509_general_name_next(&walk, &name));
        assert_int_equal(name.kind, names[i].kind);
        assert_bytes(name.oid, names[i].oid);
        assert_bytes(name.value, names[i].value);
    }
    assert_false(x509_general_name_next(&walk, &name));
    assert_true(reader_end(&walk));
}

static void the_other_kinds_are_handed_over(void **state)
{
    (void)state;
    struct x509_general_name name;
    struct reader walk = x509_general_names(from_hex(
        "301f a00a 06022a03 a004 04020102 a40e 300c 310a 3008 0603550403 1301 61 8801 2a"));
    assert_true(x509_general_name_next(&walk, &name));
    assert_int_equal(name.kind, X509_GN_OTHER_NAME);
    assert_bytes(name.oid, from_hex("2a03"));
    assert_bytes(name.value, from_hex("04020102"));
    assert_true(x509_general_name_next(&walk, &name));
    assert_int_equal(name.kind, X509_GN_DIRECTORY);
    assert_bytes(name.value, from_hex("300c 310a 3008 0603550403 1301 61"));
    assert_true(x509_general_name_next(&walk, &name));
    assert_int_equal(name.kind, X509_GN_OTHER);
    assert_true(reader_end(&walk));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_lists_are_refused),
        cmocka_unit_test(what_the_kinds_cannot_hold_is_not_written),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(the_other_kinds_are_handed_over),
    };
    return cmocka_run_group_tests_name("wire/x509_general_name", tests, NULL, NULL);
}
