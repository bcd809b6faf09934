#include <pki/root_approval.h>

#include <crypto/verify.h>
#include <wire/approval.h>

enum result root_check_approval(struct bytes root, struct bytes body, struct bytes signature,
                                struct err *err)
{
    uint8_t space[sizeof(ROOT_APPROVAL_PREFIX) - 1 + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct x509_cert cert;
    const char *why = NULL;

    if (!x509_read_cert(root, &cert, &why))
        return err_set(err, E_CERTIFICATE, "the root's certificate: %s", why);
    buf_put_bytes(&text, bytes_text(ROOT_APPROVAL_PREFIX));
    buf_put_bytes(&text, body);
    if (verify_signature(&cert.key, x509_sig_alg_of(cert.key.alg), buf_bytes(&text), signature,
                         err) != OK)
        return err_set(err, E_SIGNATURE, "this is not the root's signature over these bytes");
    return OK;
}
