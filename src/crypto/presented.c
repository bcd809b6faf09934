#include <crypto/presented.h>

#include <base/limits.h>
#include <crypto/verify.h>
#include <wire/x509_name.h>

bool presented_is_issued_by(const struct x509_cert *cert, const struct x509_cert *issuer)
{
    struct err why = {0};
    return x509_name_equal(cert->issuer, issuer->subject) &&
           verify_signature(&issuer->key, cert->sig_alg, cert->tbs, cert->signature, &why) == OK;
}

static bool is_self_signed(const struct x509_cert *cert)
{
    bool is_unverified = cert->sig_alg == X509_SIG_SHA1 || cert->sig_alg == X509_SIG_MD5 ||
                         cert->sig_alg == X509_SIG_OTHER || !is_usable_key(&cert->key);
    if (!is_unverified)
        return presented_is_issued_by(cert, cert);
    bool same_key = cert->aki.n == 0 || bytes_equal(cert->aki, cert->ski);
    return x509_name_equal(cert->issuer, cert->subject) && same_key;
}

/* Who signed `cert` among the others, into *ret; false when that is not shown. */
static bool find_issuer(const struct bytes *ders, size_t n, const struct x509_cert *cert,
                        struct x509_cert *ret)
{
    const char *why = NULL;
    for (size_t i = 1; i < n; i++)
        if (x509_read_cert(ders[i], ret, &why) && presented_is_issued_by(cert, ret))
            return true;
    return false;
}

static void look_above(const struct bytes *ders, size_t n, struct presented *presented)
{
    struct x509_cert below = presented->leaf, above;
    for (size_t step = 1; step < n && find_issuer(ders, n, &below, &above); step++) {
        bool is_root = is_self_signed(&above);
        if (step == 1)
            presented->root_issued = is_root ? PRESENTED_YES : PRESENTED_NO;
        if (presented->ca_until_s == 0 || above.not_after_s < presented->ca_until_s)
            presented->ca_until_s = above.not_after_s;
        if (is_root)
            return;
        below = above;
    }
}

enum result presented_read(const struct bytes *ders, size_t n, struct presented *ret,
                           struct err *err)
{
    struct presented presented = {0};
    const char *why = NULL;
    if (n == 0 || ders[0].n > LIMIT_CERTIFICATE_BYTES)
        return err_set(err, E_CERTIFICATE, "wanted a certificate of at most %d octets",
                       LIMIT_CERTIFICATE_BYTES);
    if (!x509_read_cert(ders[0], &presented.leaf, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    presented.is_self_signed = is_self_signed(&presented.leaf);
    if (presented.is_self_signed)
        presented.root_issued = PRESENTED_YES;
    else
        look_above(ders, n, &presented);
    *ret = presented;
    return OK;
}
