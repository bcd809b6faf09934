// Every certificate that wire accepts, OpenSSL accepts with the same fields; both write it as it
// was.
#include "openssl_compare.h"

#include <wire/x509_write.h>

static uint16_t openssl_key_usage(X509 *x)
{
    uint32_t flags = X509_get_key_usage(x);
    uint16_t bits = 0;
    for (unsigned i = 0; i < 8; i++) {
        bits = (uint16_t)(bits | (flags >> (7 - i) & 1) << i);
        bits = (uint16_t)(bits | (flags >> (15 - i) & 1) << (i + 8));
    }
    return bits;
}

// OpenSSL reads the values of extensions on its own occasion, and marks what it could not read.
static void compare_extensions(X509 *x, const struct x509_cert *cert)
{
    uint32_t flags = X509_get_extension_flags(x);
    if (flags & EXFLAG_INVALID)
        return;
    must(((flags & EXFLAG_CA) != 0) == cert->is_ca);
    must(((flags & EXFLAG_BCONS) != 0) == ((cert->has & X509_EXT_BASIC_CONSTRAINTS) != 0));
    must(!cert->is_ca || X509_get_pathlen(x) == cert->path_len);
    must(((flags & EXFLAG_KUSAGE) != 0) == ((cert->has & X509_EXT_KEY_USAGE) != 0));
    if (flags & EXFLAG_KUSAGE)
        must(openssl_key_usage(x) == cert->key_usage);
    if (cert->has & X509_EXT_SKI)
        must_be_bits(X509_get0_subject_key_id(x), cert->ski);
}

static void compare(X509 *x, const struct x509_cert *cert)
{
    const ASN1_BIT_STRING *signature;
    unsigned char *encoded = NULL;
    int n = i2d_X509(x, &encoded);
    must_encode(n, encoded, cert->whole);
    X509_get0_signature(&signature, NULL, x);
    must(X509_get_version(x) == 2);
    must_be_serial(X509_get0_serialNumber(x), cert->serial);
    must_be_name(X509_get_issuer_name(x), cert->issuer);
    must_be_name(X509_get_subject_name(x), cert->subject);
    must_be_time(X509_get0_notBefore(x), cert->not_before_s);
    must_be_time(X509_get0_notAfter(x), cert->not_after_s);
    must_be_spki(X509_get_X509_PUBKEY(x), cert->spki);
    must_be_key(X509_get0_pubkey(x), &cert->key);
    must_be_bits(signature, cert->signature);
    compare_extensions(x, cert);
}

static void write_again(const struct x509_cert *cert)
{
    static uint8_t memory[1 << 16], signed_memory[1 << 16];
    struct buf tbs = buf_over(memory, sizeof(memory));
    struct buf whole = buf_over(signed_memory, sizeof(signed_memory));
    struct x509_extension list[X509_EXTENSIONS_MAX];
    struct reader walk = reader_of(cert->extensions);
    size_t n = 0;
    while (n < X509_EXTENSIONS_MAX && x509_extension_next(&walk, &list[n]))
        n++;
    struct x509_tbs_fields fields = {
        .serial = cert->serial,
        .sig_alg = cert->sig_alg,
        .issuer = cert->issuer,
        .not_before_s = cert->not_before_s,
        .not_after_s = cert->not_after_s,
        .subject = cert->subject,
        .spki = cert->spki,
        .extensions = list,
        .extensions_n = n,
    };
    x509_write_tbs(&tbs, &fields);
    must(bytes_equal(buf_bytes(&tbs), cert->tbs));
    x509_write_signed(&whole, buf_bytes(&tbs), cert->sig_alg, cert->signature);
    must(bytes_equal(buf_bytes(&whole), cert->whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_cert cert;
    const char *why = NULL;
    if (!x509_read_cert(bytes_of(data, size), &cert, &why)) {
        must(why != NULL);
        return 0;
    }
    must(bytes_equal(cert.whole, bytes_of(data, size)));
    const unsigned char *p = data;
    X509 *x = d2i_X509(NULL, &p, (long)size);
    must(x && p == data + size);
    compare(x, &cert);
    X509_free(x);
    bool is_written = cert.sig_alg != X509_SIG_OTHER && cert.sig_alg != X509_SIG_SHA1 &&
                      cert.sig_alg != X509_SIG_MD5;
    if (is_written && size < 60000)
        write_again(&cert);
    return 0;
}
