/* What a certificate's issuer gives to it. */
#include <pki/grant.h>

#include <wire/x509.h>

enum result pki_issuer_read(uint32_t id, enum pki_issuer_kind kind, struct bytes certificate,
                            struct pki_issuer *ret, struct err *err)
{
    struct x509_cert cert;
    const char *why = NULL;

    if (id == 0 || id >= PKI_ISSUERS || issuer_name(kind) == NULL)
        return err_set(err, E_CERTIFICATE, "issuer %u of kind %d: wanted are 1 to %d and 1 to %d",
                       id, (int)kind, PKI_ISSUERS - 1, PKI_ISSUER_COUNT - 1);
    if (!x509_read_cert(certificate, &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    if (!cert.is_ca || !(cert.key_usage & X509_KU_KEY_CERT_SIGN))
        return err_set(err, E_CERTIFICATE, "RFC 5280 4.2.1.9: issuer %u is no CA", id);
    if (cert.ski.n == 0)
        return err_set(err, E_CERTIFICATE, "RFC 5280 4.2.1.2: issuer %u has no key identifier", id);
    if (x509_sig_alg_of(cert.key.alg) == X509_SIG_OTHER)
        return err_set(err, E_CERTIFICATE, "issuer %u has a key of an unknown kind", id);
    *ret = (struct pki_issuer){.id = id,
                               .kind = kind,
                               .name = cert.subject,
                               .ski = cert.ski,
                               .sig_alg = x509_sig_alg_of(cert.key.alg),
                               .not_before_s = cert.not_before_s,
                               .not_after_s = cert.not_after_s};
    return OK;
}
