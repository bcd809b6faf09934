#include <crypto/pem.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK(label, base64) "-----BEGIN " label "-----\n" base64 "\n-----END " label "-----\n"

static struct bytes text(const char *t)
{
    return bytes_of(t, strlen(t));
}

static void expect(const char *pem, const char *label, enum result result, const char *der)
{
    struct blob blob = {0};
    assert_int_equal(pem_read(text(pem), label, &blob, NULL), result);
    if (result == OK)
        assert_true(bytes_equal(blob_bytes(&blob), text(der)));
    else
        assert_null(blob.p);
    blob_free(&blob);
}

static void wants_exactly_one_block_of_the_label(void **state)
{
    (void)state;
    expect("", PEM_CERTIFICATE, R_INVALID, NULL);
    expect("MA==", PEM_CERTIFICATE, R_INVALID, NULL);
    expect(BLOCK("X509 CRL", "MEE="), PEM_CERTIFICATE, R_INVALID, NULL);
    expect(BLOCK("CERTIFICATE", "MEE=") BLOCK("CERTIFICATE", "MEE="), PEM_CERTIFICATE, R_INVALID,
           NULL);
    expect("-----BEGIN CERTIFICATE-----\nMEE=\n", PEM_CERTIFICATE, R_INVALID, NULL);
    expect("-----BEGIN CERTIFICATE-----\nMEE=\n-----END X509 CRL-----\n", PEM_CERTIFICATE,
           R_INVALID, NULL);
    expect("-----BEGIN CERTIFICATE-----\nM!E=\n-----END CERTIFICATE-----\n", PEM_CERTIFICATE,
           R_INVALID, NULL);
}

static void takes_text_and_other_blocks_around_it(void **state)
{
    (void)state;
    expect(BLOCK("CERTIFICATE", "MEE="), PEM_CERTIFICATE, OK, "0A");
    expect("subject=x\n" BLOCK("CERTIFICATE", "MEE=") "end\n", PEM_CERTIFICATE, OK, "0A");
    expect(BLOCK("X509 CRL", "MEI=") BLOCK("CERTIFICATE", "MEE="), PEM_CERTIFICATE, OK, "0A");
}

static void takes_the_old_name_of_requests(void **state)
{
    (void)state;
    expect(BLOCK("NEW CERTIFICATE REQUEST", "MEE="), PEM_CSR, OK, "0A");
    expect(BLOCK("CERTIFICATE REQUEST", "MEE="), PEM_CSR, OK, "0A");
}

static void reads_a_chain_in_order_and_within_its_limit(void **state)
{
    (void)state;
    const char *pem = BLOCK("CERTIFICATE", "MEE=") BLOCK("X509 CRL", "MFg=")
        BLOCK("CERTIFICATE", "MEI=") BLOCK("CERTIFICATE", "MEM=");
    struct blob blobs[3] = {{0}};
    size_t n = 0;

    assert_int_equal(pem_read_all(text(pem), PEM_CERTIFICATE, 2, blobs, &n, NULL), R_LIMIT);
    assert_int_equal(n, 0);
    assert_int_equal(pem_read_all(text(pem), PEM_CERTIFICATE, 3, blobs, &n, NULL), OK);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(blobs[i].p[1], "ABC"[i]);
        blob_free(&blobs[i]);
    }
}

static void takes_der_as_it_is(void **state)
{
    (void)state;
    struct blob blob = {0};
    assert_int_equal(pem_or_der_read(bytes_text("0\x01x"), PEM_CERTIFICATE, &blob, NULL), OK);
    assert_true(bytes_equal(blob_bytes(&blob), bytes_text("0\x01x")));
    blob_free(&blob);
    assert_int_equal(
        pem_or_der_read(text(BLOCK("CERTIFICATE", "MEE=")), PEM_CERTIFICATE, &blob, NULL), OK);
    assert_true(bytes_equal(blob_bytes(&blob), bytes_text("0A")));
    blob_free(&blob);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    uint8_t der[200];
    struct blob pem = {0}, again = {0};

    memset(der, 0x5a, sizeof(der));
    assert_int_equal(pem_write(bytes_of(der, sizeof(der)), PEM_CRL, &pem, NULL), OK);
    assert_memory_equal(pem.p, "-----BEGIN X509 CRL-----\n", 25);
    assert_int_equal(pem_read(blob_bytes(&pem), PEM_CRL, &again, NULL), OK);
    assert_true(bytes_equal(blob_bytes(&again), bytes_of(der, sizeof(der))));
    blob_free(&pem);
    blob_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_exactly_one_block_of_the_label),
        cmocka_unit_test(takes_text_and_other_blocks_around_it),
        cmocka_unit_test(takes_the_old_name_of_requests),
        cmocka_unit_test(reads_a_chain_in_order_and_within_its_limit),
        cmocka_unit_test(takes_der_as_it_is),
        cmocka_unit_test(writes_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
