// Names as text, as OpenSSL prints them, and nothing that only looks alike.
#include "fixture.h"

#include <openssl/x509.h>
#include <time.h>
#include <wire/dn.h>
#include <wire/oid.h>
#include <wire/x509_name.h>

static void what_openssl_does_not_print_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule;
    } bad[] = {
        {"", "1 to 1024"},
        {"CN", "CN, OU, O and serialNumber"},
        {"cn=a", "CN, OU, O and serialNumber"},
        {"L=a", "CN, OU, O and serialNumber"},
        {"1.2.3=#0401", "CN, OU, O and serialNumber"},
        {"CN=a,CN=b", "each once"},
        {"CN=a,", "each once"},
        {"CN=a, OU=b", "each once"},
        {"CN=a+OU=b", "one value"},
        {"CN=", "empty"},
        {"CN=,OU=a", "empty"},
        {"CN=\\00", "zero"},
        {"CN=\\FF", "UTF-8"},
        {"CN=\\c3\\B6", "as OpenSSL prints"},
        {"CN=\xc3\xb6", "as OpenSSL prints"},
        {"CN=\\41", "as OpenSSL prints"},
        {"CN= a", "as OpenSSL prints"},
        {"CN=a ", "as OpenSSL prints"},
        {"CN=#01", "as OpenSSL prints"},
        {"CN=\"a\"", "as OpenSSL prints"},
        {"CN=a;OU=b", "as OpenSSL prints"},
        {"CN=a\\", "too early"},
        {"CN=a\\4", "too early"},
        {"CN=a\\zz", "two digits"},
        {"CN=a=b\\20c", "as OpenSSL prints"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *why = NULL;
        struct dn dn;
        if (dn_read(bytes_of(bad[i].text, strlen(bad[i].text)), &dn, &why))
            fail_msg("%s was taken", bad[i].text);
        assert_why(why, bad[i].rule);
    }
    char longest[80] = "CN=";
    struct dn dn;
    const char *why = NULL;
    memset(longest + 3, 'a', 65);
    assert_true(dn_read(bytes_of(longest, 3 + 64), &dn, &why));
    assert_int_equal(strlen(dn.common_name), 64);
    assert_false(dn_read(bytes_of(longest, 3 + 65), &dn, &why));
    assert_why(why, "64 octets");
}

static void a_writer_refuses_what_it_cannot_say(void **state)
{
    (void)state;
    uint8_t space[512], out[DN_MAX];
    struct buf b = buf_over(space, sizeof space), text = buf_over(out, sizeof out);
    static const uint8_t given_name[] = {0x55, 4, 42};
    struct x509_name_part part = {{given_name, 3}, bytes_text("a")};
    x509_write_name(&b, &part, 1);
    dn_write(&text, buf_bytes(&b));
    assert_false(buf_ok(&text));
    text = buf_over(out, sizeof out);
    dn_write(&text, bytes_text("\x30\x01"));
    assert_false(buf_ok(&text));
    struct x509_name_part many[9];
    for (size_t i = 0; i < 9; i++)
        many[i] = (struct x509_name_part){oid_common_name, bytes_text("a")};
    b = buf_over(space, sizeof space);
    x509_write_name(&b, many, 9);
    text = buf_over(out, sizeof out);
    dn_write(&text, buf_bytes(&b));
    assert_false(buf_ok(&text));
}

/* Characters, the special ones often: single octets or well-formed UTF-8. */
static size_t put_random(char *to, size_t max, bool is_printable)
{
    static const char *const parts[] = {",",
                                        "+",
                                        "\"",
                                        "\\",
                                        "<",
                                        ">",
                                        ";",
                                        "#",
                                        " ",
                                        "=",
                                        "a",
                                        "Z",
                                        "7",
                                        "\x01",
                                        "\x7f",
                                        "\xc3\xb6",
                                        "\xe2\x82\xac",
                                        "/",
                                        "~",
                                        "\xf0\x9f\x94\x92"};
    static const char *const plain[] = {" ", "'", "(", ")", "+", ",", "-", ".",
                                        "/", ":", "=", "?", "a", "Z", "0"};
    size_t n = 0, wanted = 1 + (size_t)random() % max;
    while (n < wanted) {
        const char *part = is_printable ? plain[random() % 15] : parts[random() % 20];
        if (n + strlen(part) > max)
            break;
        memcpy(to + n, part, strlen(part));
        n += strlen(part);
    }
    return n;
}

static struct bytes printed(struct bytes name, BIO *bio)
{
    const unsigned char *p = name.p;
    char *text = NULL;
    X509_NAME *theirs = d2i_X509_NAME(NULL, &p, (long)name.n);
    assert_non_null(theirs);
    assert_int_equal(BIO_reset(bio), 1);
    assert_true(X509_NAME_print_ex(bio, theirs, 0, XN_FLAG_RFC2253) >= 0);
    X509_NAME_free(theirs);
    long n = BIO_get_mem_data(bio, &text);
    return bytes_of(text, (size_t)n);
}

static void check_part(const char *seen, struct bytes wanted)
{
    assert_bytes(bytes_of(seen, strlen(seen)), wanted);
}

static void a_random_name_reads_and_writes_as_openssl_prints_it(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("# seed %u\n", seed);
    srandom(seed);
    BIO *bio = BIO_new(BIO_s_mem());
    for (unsigned round = 0; round < 20000; round++) {
        char values[4][64];
        uint8_t space[512], out[DN_MAX];
        struct buf b = buf_over(space, sizeof space), text = buf_over(out, sizeof out);
        const struct bytes oids[] = {oid_common_name, oid_organizational_unit, oid_organization,
                                     oid_serial_number};
        struct x509_name_part parts[4];
        for (size_t i = 0; i < 4; i++)
            parts[i] = (struct x509_name_part){
                oids[i], bytes_of(values[i], put_random(values[i], 64, i == 3))};
        size_t n = 1 + (size_t)random() % 4;
        x509_write_name(&b, parts, n);
        assert_true(buf_ok(&b));
        struct bytes theirs = printed(buf_bytes(&b), bio);
        dn_write(&text, buf_bytes(&b));
        if (!bytes_equal(buf_bytes(&text), theirs))
            fail_msg("ours %.*s, theirs %.*s", (int)text.n, (const char *)text.p, (int)theirs.n,
                     (const char *)theirs.p);
        struct dn dn;
        const char *why = NULL;
        if (!dn_read(theirs, &dn, &why))
            fail_msg("%.*s: %s", (int)theirs.n, (const char *)theirs.p, why);
        const char *seen[] = {dn.common_name, dn.organizational_unit, dn.organization,
                              dn.serial_number};
        for (size_t i = 0; i < 4; i++)
            check_part(seen[i], i < n ? parts[i].text : bytes_of(NULL, 0));
    }
    BIO_free(bio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_openssl_does_not_print_is_refused),
        cmocka_unit_test(a_writer_refuses_what_it_cannot_say),
        cmocka_unit_test(a_random_name_reads_and_writes_as_openssl_prints_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
