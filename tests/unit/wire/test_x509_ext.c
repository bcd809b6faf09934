#include "fixture.h"

#include <wire/oid.h>
#include <wire/x509_write.h>

static void values_without_content_are_not_written(void **state)
{
    (void)state;
    uint8_t memory[8][64];
    struct buf b[8];
    for (size_t i = 0; i < 8; i++)
        b[i] = buf_over(memory[i], sizeof(memory[i]));
    x509_write_key_usage(&b[0], 0);
    x509_write_eku(&b[1], NULL, 0);
    x509_write_crldp(&b[2], bytes_text(""));
    x509_write_aia(&b[3], bytes_text(""), bytes_text(""));
    x509_write_basic_constraints(&b[4], false, 0);
    x509_write_extensions(&b[5], NULL, 0);
    for (size_t i = 0; i < 6; i++)
        assert_false(buf_ok(&b[i]));
}

static void assert_value(struct buf *b, const char *hex)
{
    assert_bytes(buf_bytes(b), from_hex(hex));
    b->n = 0;
}

static void values_are_encoded_as_the_rfc_has_them(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct buf b = buf_over(memory, sizeof(memory));
    struct bytes usages[] = {oid_client_auth, oid_cmc_ra};
    x509_write_basic_constraints(&b, false, -1);
    assert_value(&b, "3000");
    x509_write_basic_constraints(&b, true, -1);
    assert_value(&b, "3003 0101ff");
    x509_write_basic_constraints(&b, true, 0);
    assert_value(&b, "3006 0101ff 020100");
    x509_write_key_usage(&b, X509_KU_DIGITAL_SIGNATURE);
    assert_value(&b, "03020780");
    x509_write_key_usage(&b, X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN);
    assert_value(&b, "03020106");
    x509_write_eku(&b, usages, 2);
    assert_value(&b, "3014 06082b06010505070302 06082b0601050507031c");
    x509_write_ski(&b, bytes_text("id"));
    assert_value(&b, "0402 6964");
    x509_write_aki(&b, bytes_text("id"));
    assert_value(&b, "3004 8002 6964");
    x509_write_crldp(&b, bytes_text("u:1"));
    assert_value(&b, "300b 3009 a007 a005 8603 753a31");
    x509_write_aia(&b, bytes_text("u:1"), bytes_text("u:2"));
    assert_value(
        &b, "3022 300f 06082b06010505073001 8603 753a32 300f 06082b06010505073002 8603 753a31");
}

static void the_address_of_the_crl_is_found_or_not(void **state)
{
    (void)state;
    static const char *const without[] = {
        "",
        "3000",
        "3002 3000",                     // a point without a name
        "300a 3008 a006 a104 0c02 6161", // relative to the issuer
        "3009 3007 a005 a003 8201 61",   // a DNS name
        "3009 3007 a005 a003 8601",
    };
    struct bytes uri = bytes_text("untouched");
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        assert_false(x509_crldp_uri(from_hex(without[i]), &uri));
    assert_text(uri, "untouched");
    assert_true(x509_crldp_uri(from_hex("300b 3009 a007 a005 8603 753a31"), &uri));
    assert_text(uri, "u:1");
}

static void a_list_of_extensions_is_walked_in_order(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct buf b = buf_over(memory, sizeof(memory));
    struct x509_extension list[] = {
        {oid_key_usage, true, bytes_text("\x03\x02\x07\x80")},
        {oid_subject_key_id, false, bytes_text("\x04\x01x")},
    };
    struct x509_extension seen;
    x509_write_extensions(&b, list, 2);
    struct reader walk = x509_extensions(buf_bytes(&b));
    for (size_t i = 0; i < 2; i++) {
        assert_true(x509_extension_next(&walk, &seen));
        assert_bytes(seen.oid, list[i].oid);
        assert_int_equal(seen.critical, list[i].critical);
        assert_bytes(seen.value, list[i].value);
    }
    assert_true(reader_end(&walk));
    struct reader broken = x509_extensions(bytes_slice(buf_bytes(&b), 0, b.n - 1));
    assert_false(x509_extension_next(&broken, &seen));
    assert_false(reader_end(&broken));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_without_content_are_not_written),
        cmocka_unit_test(values_are_encoded_as_the_rfc_has_them),
        cmocka_unit_test(the_address_of_the_crl_is_found_or_not),
        cmocka_unit_test(a_list_of_extensions_is_walked_in_order),
    };
    return cmocka_run_group_tests_name("wire/x509_ext", tests, NULL, NULL);
}
