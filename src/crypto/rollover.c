#include <crypto/rollover.h>

#include <crypto/verify.h>
#include <wire/pkcs7.h>
#include <wire/x509.h>
#include <wire/x509_name.h>

#define CA_KEY_USAGE (X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN)

static const char *ca_fault(const struct x509_cert *cert, int64_t now_s)
{
    if (!cert->is_ca)
        return "RFC 5280 4.2.1.9: not a CA certificate";
    if (cert->path_len == 0)
        return "RFC 5280 4.2.1.9: pathLenConstraint 0 leaves no room for an issuer";
    if ((cert->key_usage & CA_KEY_USAGE) != CA_KEY_USAGE)
        return "RFC 5280 4.2.1.3: keyUsage lacks keyCertSign or cRLSign";
    if (cert->ski.n == 0)
        return "RFC 5280 4.2.1.2: a CA needs subjectKeyIdentifier";
    if (cert->unknown_critical || (cert->has & X509_EXT_NAME_CONSTRAINTS))
        return "RFC 5280 4.2: a critical extension or name constraints that we do not apply";
    if (now_s < cert->not_before_s || now_s > cert->not_after_s)
        return "RFC 5280 6.1.3: it is not valid now";
    return NULL;
}

static enum result read_ca(struct bytes der, int64_t now_s, struct x509_cert *ret, struct err *err)
{
    const char *why = NULL;
    if (!x509_read_cert(der, ret, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    why = ca_fault(ret, now_s);
    return why == NULL ? OK : err_set(err, E_CERTIFICATE, "%s", why);
}

enum result rollover_check_root(struct bytes root, int64_t now_s, struct err *err)
{
    struct x509_cert cert;
    TRY(read_ca(root, now_s, &cert, err));
    if (!x509_name_equal(cert.subject, cert.issuer))
        return err_set(err, E_CERTIFICATE, "RFC 5280 3.2: a root is its own issuer, this is not");
    return verify_signature(&cert.key, cert.sig_alg, cert.tbs, cert.signature, err);
}

static const char *link_fault(const struct x509_cert *link, const struct x509_cert *by,
                              const struct x509_cert *of)
{
    if (!x509_name_equal(link->subject, of->subject) || !bytes_equal(link->spki, of->spki))
        return "RFC 4210 4.4: it has not the name and key of the root that it is to make trusted";
    if (!bytes_equal(link->ski, of->ski))
        return "RFC 5280 4.2.1.2: its key identifier is not that of the root";
    if (!x509_name_equal(link->issuer, by->subject))
        return "RFC 4210 4.4: the other root is not its issuer";
    if (link->aki.n != 0 && !bytes_equal(link->aki, by->ski))
        return "RFC 5280 4.2.1.1: authorityKeyIdentifier is not the other root's";
    return NULL;
}

enum result rollover_check_link(struct bytes link, struct bytes by, struct bytes of, int64_t now_s,
                                struct err *err)
{
    struct x509_cert cert, signer, root;
    const char *why = NULL;
    TRY(read_ca(link, now_s, &cert, err));
    if (!x509_read_cert(by, &signer, &why) || !x509_read_cert(of, &root, &why))
        return err_set(err, E_CERTIFICATE, "a root: %s", why);
    why = link_fault(&cert, &signer, &root);
    if (why != NULL)
        return err_set(err, E_CERTIFICATE, "%s", why);
    return verify_signature(&signer.key, cert.sig_alg, cert.tbs, cert.signature, err);
}

/* ---- which of many follows --------------------------------------------------------------------
 */

static bool is_linked(struct bytes bag, struct bytes old, struct bytes new, int64_t now_s)
{
    struct reader certs;
    struct bytes link;
    const char *why = NULL;
    struct err ignored = {0};
    if (!pkcs7_read_certs(bag, &certs, &why))
        return false;
    while (pkcs7_next_cert(&certs, &link))
        if (rollover_check_link(link, old, new, now_s, &ignored) == OK)
            return true;
    return false;
}

static bool follows(struct bytes bag, struct bytes old, struct bytes new, int64_t now_s)
{
    struct x509_cert before, after;
    const char *why = NULL;
    struct err ignored = {0};
    return x509_read_cert(old, &before, &why) && x509_read_cert(new, &after, &why) &&
           after.not_before_s > before.not_before_s &&
           rollover_check_root(new, now_s, &ignored) == OK && is_linked(bag, old, new, now_s);
}

enum result rollover_find(struct bytes bag, struct bytes old, int64_t now_s, struct bytes *ret,
                          struct err *err)
{
    struct reader certs;
    struct bytes cert;
    const char *why = NULL;
    *ret = bytes_of(NULL, 0);
    if (!pkcs7_read_certs(bag, &certs, &why))
        return err_set(err, E_SYNTAX, "/cacerts is no certificate bag: %s", why);
    while (ret->n == 0 && pkcs7_next_cert(&certs, &cert))
        if (follows(bag, old, cert, now_s))
            *ret = cert;
    return OK;
}
