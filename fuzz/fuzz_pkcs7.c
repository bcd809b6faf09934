// A bag that wire accepts is written again as it was; OpenSSL finds the same certificates in it.
#include "openssl_compare.h"

#include <openssl/pkcs7.h>
#include <wire/pkcs7.h>

enum { CERTS_MAX = 64 };

static bool are_certificates(const struct bytes *certs, size_t n)
{
    struct x509_cert cert;
    const char *why;
    for (size_t i = 0; i < n; i++)
        if (!x509_read_cert(certs[i], &cert, &why))
            return false;
    return true;
}

static void compare(struct bytes der, const struct bytes *certs, size_t n)
{
    const unsigned char *p = der.p;
    PKCS7 *bag = d2i_PKCS7(NULL, &p, (long)der.n);
    must(bag && p == der.p + der.n && PKCS7_type_is_signed(bag));
    const STACK_OF(X509) *list = bag->d.sign->cert;
    must((size_t)sk_X509_num(list) == n);
    for (size_t i = 0; i < n; i++) {
        unsigned char *encoded = NULL;
        int length = i2d_X509(sk_X509_value(list, (int)i), &encoded);
        must_encode(length, encoded, certs[i]);
    }
    PKCS7_free(bag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 16];
    struct buf again = buf_over(memory, sizeof(memory));
    struct bytes der = bytes_of(data, size), certs[CERTS_MAX];
    struct reader walk;
    const char *why = NULL;
    size_t n = 0;
    if (!pkcs7_read_certs(der, &walk, &why)) {
        must(why != NULL);
        return 0;
    }
    while (n < CERTS_MAX && pkcs7_next_cert(&walk, &certs[n]))
        n++;
    if (n == CERTS_MAX || size > sizeof(memory))
        return 0;
    must(reader_end(&walk) && n > 0);
    pkcs7_write_certs(&again, certs, n);
    must(bytes_equal(buf_bytes(&again), der));
    if (are_certificates(certs, n))
        compare(der, certs, n);
    return 0;
}
