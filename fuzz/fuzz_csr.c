// Every request that wire accepts, OpenSSL accepts with the same fields, and writes it as it was.
#include "openssl_compare.h"

#include <wire/x509_name.h>

static void check_extensions(X509_REQ *req, struct bytes extensions)
{
    struct reader walk = x509_extensions(extensions);
    struct x509_extension extension;
    STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(req);
    int count = 0;
    for (; x509_extension_next(&walk, &extension); count++) {
        X509_EXTENSION *other = sk_X509_EXTENSION_value(list, count);
        must(X509_EXTENSION_get_critical(other) == extension.critical);
        must_be_bits(X509_EXTENSION_get_data(other), extension.value);
    }
    must(reader_end(&walk) && sk_X509_EXTENSION_num(list) == count);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void compare(X509_REQ *req, const struct x509_csr *csr)
{
    const ASN1_BIT_STRING *signature;
    unsigned char *encoded = NULL, *info = NULL;
    int n = i2d_X509_REQ(req, &encoded);
    must_encode(n, encoded, csr->whole);
    n = i2d_re_X509_REQ_tbs(req, &info);
    OPENSSL_free(info);
    X509_REQ_get0_signature(req, &signature, NULL);
    must(n > 0 && X509_REQ_get_version(req) == 0);
    must_be_name(X509_REQ_get_subject_name(req), csr->subject);
    must_be_spki(X509_REQ_get_X509_PUBKEY(req), csr->spki);
    must_be_key(X509_REQ_get0_pubkey(req), &csr->key);
    must_be_bits(signature, csr->signature);
    must((X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword, -1) >= 0) ==
         csr->has_challenge);
    if (!bytes_is_empty(csr->extensions))
        check_extensions(req, csr->extensions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_csr csr;
    const char *why = NULL;
    if (!x509_read_csr(bytes_of(data, size), &csr, &why)) {
        must(why != NULL);
        return 0;
    }
    must(bytes_equal(csr.whole, bytes_of(data, size)));
    const unsigned char *p = data;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)size);
    must(req && p == data + size);
    compare(req, &csr);
    X509_REQ_free(req);
    return 0;
}
