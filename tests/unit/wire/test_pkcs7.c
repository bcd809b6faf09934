#include "fixture.h"

#include <wire/pkcs7.h>

static void bags_that_carry_more_than_certificates_are_refused(void **state)
{
    (void)state;
#define OUTER(n1, n2, n3) "30" n1 " 06092a864886f70d010702 a0" n2 " 30" n3
    static const struct {
        const char *der, *why;
    } rows[] = {
        {"", "missing"},
        {"300b 06092a864886f70d010701", "not SignedData"},
        {OUTER("25", "18", "16") " 020101 3100 300b06092a864886f70d010701 a0023000 3100",
         "missing"},
        {OUTER("27", "1a", "18") " 020103 3100 300b06092a864886f70d010701 a0023000 3100",
         "version"},
        {OUTER("27", "1a", "18") " 020101 3100 300b06092a864886f70d010702 a0023000 3100",
         "not data"},
        {OUTER("25", "18", "16") " 020101 3100 300b06092a864886f70d010701 a000 3100", "missing"},
        {OUTER("27", "1a", "18") " 020101 3100 300b06092a864886f70d010701 a0023100 3100",
         "another type"},
        {OUTER("23", "16", "14") " 020101 3100 300b06092a864886f70d010701 3100", "another type"},
        {OUTER("29", "1c", "1a") " 020101 3100 300b06092a864886f70d010701 a0023000 a1003100",
         "has CRLs"},
        {OUTER("29", "1c", "1a") " 020101 31020500 300b06092a864886f70d010701 a0023000 3100",
         "digest"},
        {OUTER("29", "1c", "1a") " 020101 3100 300b06092a864886f70d010701 a0023000 31023000",
         "signers"},
        {OUTER("2b", "1e", "1c") " 020101 3100 300f06092a864886f70d010701a0020400 a0023000 3100",
         "left over"},
        {OUTER("27", "1a", "18") " 020101 3100 300b06092a864886f70d010701 a0023000 3100 00",
         "left over"},
    };
#undef OUTER
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reader certs;
        const char *why = NULL;
        if (pkcs7_read_certs(from_hex(rows[i].der), &certs, &why))
            fail_msg("row %zu was accepted", i);
        assert_why(why, rows[i].why);
    }
}

static void an_empty_bag_is_not_written(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct buf b = buf_over(memory, sizeof(memory));
    pkcs7_write_certs(&b, NULL, 0);
    assert_false(buf_ok(&b));
}

static void certificates_come_back_in_their_order(void **state)
{
    (void)state;
    uint8_t memory[512];
    struct buf b = buf_over(memory, sizeof(memory));
    struct bytes in[] = {from_hex("3003020102"), from_hex("3000"), from_hex("3003020101")}, cert;
    struct reader certs;
    const char *why;
    pkcs7_write_certs(&b, in, 3);
    assert_true(pkcs7_read_certs(buf_bytes(&b), &certs, &why));
    for (size_t i = 0; i < 3; i++) {
        assert_true(pkcs7_next_cert(&certs, &cert));
        assert_bytes(cert, in[i]);
    }
    assert_false(pkcs7_next_cert(&certs, &cert));
    assert_true(reader_end(&certs));
}

// What `openssl crl2pkcs7 -nocrl` makes, here around the smallest element.
static void the_encoding_is_that_of_openssl(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct buf b = buf_over(memory, sizeof(memory));
    struct bytes cert = from_hex("3000");
    pkcs7_write_certs(&b, &cert, 1);
    assert_bytes(buf_bytes(&b), from_hex("3027 06092a864886f70d010702 a01a 3018 020101 3100 "
                                         "300b06092a864886f70d010701 a0023000 3100"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bags_that_carry_more_than_certificates_are_refused),
        cmocka_unit_test(an_empty_bag_is_not_written),
        cmocka_unit_test(certificates_come_back_in_their_order),
        cmocka_unit_test(the_encoding_is_that_of_openssl),
    };
    return cmocka_run_group_tests_name("wire/pkcs7", tests, NULL, NULL);
}
