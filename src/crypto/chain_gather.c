#include <crypto/chain_gather.h>

#include <wire/pkcs7.h>
#include <wire/x509.h>

static bool is_issued_by(const struct x509_cert *cert, const struct x509_cert *issuer)
{
    return bytes_equal(issuer->subject, cert->issuer) &&
           (cert->aki.n == 0 || issuer->ski.n == 0 || bytes_equal(cert->aki, issuer->ski));
}

/* The certificate in the bag by whose name and key `cert` was issued and which is not self-issued.
 */
static bool find_issuer(struct bytes bag, const struct x509_cert *cert, struct bytes *ret_der,
                        struct x509_cert *ret)
{
    struct reader certs;
    struct bytes der;
    const char *why = NULL;
    if (!pkcs7_read_certs(bag, &certs, &why))
        return false;
    while (pkcs7_next_cert(&certs, &der)) {
        struct x509_cert issuer;
        bool is_read = x509_read_cert(der, &issuer, &why);
        if (is_read && is_issued_by(cert, &issuer) && !bytes_equal(issuer.subject, issuer.issuer)) {
            *ret_der = der;
            *ret = issuer;
            return true;
        }
    }
    return false;
}

struct chain_links chain_gather(struct bytes leaf, struct bytes bag, struct bytes root)
{
    struct chain_links links = {.der = {leaf}, .n = 1};
    struct x509_cert at, next, top;
    struct bytes der;
    const char *why = NULL;
    bool has_root = x509_read_cert(root, &top, &why);
    if (!x509_read_cert(leaf, &at, &why))
        return links;
    while (links.n < LIMIT_CHAIN_CERTIFICATES && !(has_root && is_issued_by(&at, &top)) &&
           find_issuer(bag, &at, &der, &next)) {
        links.der[links.n++] = der;
        at = next;
    }
    return links;
}
