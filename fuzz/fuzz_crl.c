// Every CRL that wire accepts, OpenSSL accepts with the same fields and entries.
#include "openssl_compare.h"

#include <wire/x509_crl.h>

static void compare_entries(X509_CRL *list, const struct x509_crl *crl)
{
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(list);
    struct reader walk = reader_of(crl->entries);
    struct x509_crl_entry entry;
    int count = 0;
    for (; x509_crl_next(&walk, &entry); count++) {
        const X509_REVOKED *other = sk_X509_REVOKED_value(revoked, count);
        must(other != NULL);
        must_be_serial(X509_REVOKED_get0_serialNumber(other), entry.serial);
        must_be_time(X509_REVOKED_get0_revocationDate(other), entry.revoked_s);
    }
    must(reader_end(&walk) && (size_t)count == crl->entries_n);
    must(count == (revoked ? sk_X509_REVOKED_num(revoked) : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_crl crl;
    const char *why = NULL;
    unsigned char *encoded = NULL;
    if (!x509_read_crl(bytes_of(data, size), &crl, &why)) {
        must(why != NULL);
        return 0;
    }
    const unsigned char *p = data;
    X509_CRL *list = d2i_X509_CRL(NULL, &p, (long)size);
    must(list && p == data + size);
    must_be_name(X509_CRL_get_issuer(list), crl.issuer);
    must_be_time(X509_CRL_get0_lastUpdate(list), crl.this_update_s);
    must_be_time(X509_CRL_get0_nextUpdate(list), crl.next_update_s);
    compare_entries(list, &crl);
    int n = i2d_X509_CRL(list, &encoded);
    must_encode(n, encoded, crl.whole);
    X509_CRL_free(list);
    return 0;
}
