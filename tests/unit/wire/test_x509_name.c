#include "fixture.h"

#include <wire/oid.h>
#include <wire/x509_name.h>

static bool is_well_formed(struct bytes name)
{
    struct x509_name_walk walk = x509_name_walk(name);
    struct x509_attribute attribute;
    while (x509_name_next(&walk, &attribute))
        continue;
    return x509_name_end(&walk);
}

static void malformed_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "31003000",
        "3000 00",
        "3002 3100",                           // a relative name without attributes
        "300a 3108 3006 0603550403 05",        // cut off
        "300d 310b 3009 0603550403 0500 0500", // no text, and more than two parts
        "300c 310a 3008 0603550403 1401 61",   // TeletexString
        "300c 310a 3008 0603550403 1301 40",   // @ is not printable
        "300c 310a 3008 0603550403 1601 80",   // not ASCII
        "300c 310a 3008 0603550403 0c01 c3",   // not UTF-8
        "300c 310a 3008 0603550403 3301 61",   // constructed
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (is_well_formed(from_hex(bad[i])))
            fail_msg("%s was accepted", bad[i]);
}

static struct bytes name_of(struct buf *b, const struct x509_name_part *parts, size_t n)
{
    x509_write_name(b, parts, n);
    return buf_bytes(b);
}

static void an_attribute_that_is_not_single_is_not_found(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct buf b = buf_over(memory, sizeof(memory));
    struct x509_name_part parts[] = {
        {oid_common_name, bytes_text("a")},
        {oid_serial_number, bytes_text("1")},
        {oid_common_name, bytes_text("b")},
    };
    struct bytes name = name_of(&b, parts, 3), text;
    assert_true(is_well_formed(name));
    assert_false(x509_name_find(name, oid_common_name, &text));
    assert_false(x509_name_find(name, oid_country, &text));
    assert_false(x509_name_find(bytes_slice(name, 0, name.n - 1), oid_serial_number, &text));
    assert_true(x509_name_find(name, oid_serial_number, &text));
    assert_text(text, "1");
}

static void text_that_its_attribute_cannot_hold_is_not_written(void **state)
{
    (void)state;
    static const char long_text[] =
        "12345678901234567890123456789012345678901234567890123456789012345";
    const struct x509_name_part bad[] = {
        {oid_common_name, bytes_text("")},          {oid_common_name, bytes_text("\xff")},
        {oid_common_name, bytes_of(long_text, 65)}, {oid_serial_number, bytes_text("a_b")},
        {oid_country, bytes_text("d\xc3\xa9")},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t memory[256];
        struct buf b = buf_over(memory, sizeof(memory));
        x509_write_name(&b, &bad[i], 1);
        assert_false(buf_ok(&b));
    }
}

static void the_string_type_follows_the_text(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct buf b = buf_over(memory, sizeof(memory));
    struct x509_name_part parts[] = {
        {oid_organization, bytes_text("A b'()+,-./:=?9")},
        {oid_common_name, bytes_text("a_b")},
        {oid_organizational_unit, bytes_text("S\xc3\xb6hne")},
    };
    static const uint8_t tags[] = {DER_PRINTABLE_STRING, DER_UTF8_STRING, DER_UTF8_STRING};
    struct x509_name_walk walk = x509_name_walk(name_of(&b, parts, 3));
    struct x509_attribute attribute;
    for (size_t i = 0; i < 3; i++) {
        assert_true(x509_name_next(&walk, &attribute));
        assert_bytes(attribute.oid, parts[i].oid);
        assert_int_equal(attribute.tag, tags[i]);
        assert_bytes(attribute.text, parts[i].text);
    }
    assert_false(x509_name_next(&walk, &attribute));
    assert_true(x509_name_end(&walk));
}

static void attributes_of_one_relative_name_come_one_by_one(void **state)
{
    (void)state;
    struct bytes name = from_hex("3016 3114 3008 0603550403 1301 61 3008 0603550405 1301 31"), text;
    assert_true(is_well_formed(name));
    assert_true(x509_name_find(name, oid_common_name, &text));
    assert_text(text, "a");
    assert_true(x509_name_find(name, oid_serial_number, &text));
    assert_text(text, "1");
}

static void names_are_compared_byte_by_byte(void **state)
{
    (void)state;
    struct bytes printable = from_hex("300c 310a 3008 0603550403 1301 61");
    assert_true(x509_name_equal(printable, from_hex("300c 310a 3008 0603550403 1301 61")));
    assert_false(x509_name_equal(printable, from_hex("300c 310a 3008 0603550403 1301 41")));
    assert_false(x509_name_equal(printable, from_hex("300c 310a 3008 0603550403 0c01 61")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_names_are_refused),
        cmocka_unit_test(an_attribute_that_is_not_single_is_not_found),
        cmocka_unit_test(text_that_its_attribute_cannot_hold_is_not_written),
        cmocka_unit_test(the_string_type_follows_the_text),
        cmocka_unit_test(attributes_of_one_relative_name_come_one_by_one),
        cmocka_unit_test(names_are_compared_byte_by_byte),
    };
    return cmocka_run_group_tests_name("wire/x509_name", tests, NULL, NULL);
}
