/* Who answers for an issuer in OCSP: a key that lives here, in memory, and its certificate. */
#include "session.h"

#include <base/log.h>
#include <base/text.h>
#include <crypto/csr.h>
#include <crypto/verify.h>
#include <pki/lint.h>
#include <wire/oid.h>

/* Who verified the certificate verifies the answer (RFC 6960 4.4.7.2): some clients know RSA alone.
 */
static enum key_kind kind_below(enum x509_sig_alg issuer)
{
    return issuer == X509_SIG_RSA_SHA256 ? KEY_RSA_2048 : KEY_P256;
}

static enum result make_key(struct session *session, uint32_t number, struct blob *ret_csr,
                            struct err *err)
{
    struct x509_name_part subject = {oid_common_name, bytes_text("OCSP")};

    TRY(session_may_sign(session, err));
    if (issuer_find(session, number) == NULL)
        return err_set(err, E_PROFILE, "there is no issuer %u", number);
    struct delegate *delegate = &session->delegates[number];
    key_free(STEAL(delegate->next));
    TRY(key_generate(kind_below(session->issuers[number].issuer.sig_alg), &delegate->next, err));
    return csr_make(delegate->next, &subject, 1, (struct bytes){0}, ret_csr, err);
}

enum result make_delegate_key(struct session *session, const struct msg_ocsp_key_ask *message,
                              struct err *err)
{
    CLEANUP(blob_free) struct blob csr = {0};
    struct msg_ocsp_key answer = {.issuer = message->issuer};
    struct err why = {0};

    if (make_key(session, message->issuer, &csr, &why) == OK) {
        answer.spki = key_spki(session->delegates[message->issuer].next);
        answer.csr = blob_bytes(&csr);
    } else {
        answer.code = why.code;
        answer.text = text_bytes(why.text);
    }
    return session_send(session, IPC_OCSP_KEY, &answer, -1, err);
}

/* Core brings what this process signed; so it says nothing that was not looked at already. */
static enum result check_certificate(const struct session *session, uint32_t number,
                                     const struct x509_cert *cert, struct err *err)
{
    const struct delegate *delegate = &session->delegates[number];
    const struct issuing *issuing = &session->issuers[number];
    struct x509_cert issuer;
    const char *why = NULL;

    if (delegate->next == NULL || !bytes_equal(cert->spki, key_spki(delegate->next)))
        return err_set(err, E_CERTIFICATE, "the responder's certificate is over another key");
    if (!x509_read_cert(blob_bytes(&issuing->certificate), &issuer, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    TRY(lint_tbs(cert->tbs, PKI_OCSP, &issuing->issuer, err));
    return verify_signature(&issuer.key, cert->sig_alg, cert->tbs, cert->signature, err);
}

static enum result adopt(struct session *session, const struct msg_ocsp_delegate *message,
                         struct err *err)
{
    CLEANUP(blob_free) struct blob copy = {0};
    struct x509_cert cert;
    const char *why = NULL;

    if (issuer_find(session, message->issuer) == NULL)
        return err_set(err, E_PROFILE, "there is no issuer %u", message->issuer);
    struct delegate *delegate = &session->delegates[message->issuer];
    if (!x509_read_cert(message->certificate, &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    TRY(check_certificate(session, message->issuer, &cert, err));
    TRY(ocsp_issuer_read(blob_bytes(&session->issuers[message->issuer].certificate),
                         &delegate->issuer, err));
    if (blob_copy(message->certificate, &copy) != OK)
        return err_set(err, E_MEMORY, "no memory for a responder's certificate");
    key_free(delegate->key);
    delegate->key = STEAL(delegate->next);
    blob_free(&delegate->certificate);
    delegate->certificate = copy;
    copy = (struct blob){0};
    delegate->not_before_s = cert.not_before_s;
    delegate->not_after_s = cert.not_after_s;
    ocsp_responder_hash(key_spki(delegate->key), delegate->key_hash);
    return OK;
}

void take_delegate(struct session *session, const struct msg_ocsp_delegate *message)
{
    struct err why = {0};

    if (adopt(session, message, &why) != OK)
        log_err(LEVEL_ERROR, "responder-refused", &why, NULL);
}

void delegates_free(struct session *session)
{
    for (size_t i = 0; i < PKI_ISSUERS; i++) {
        struct delegate *delegate = &session->delegates[i];
        key_free(delegate->key);
        key_free(delegate->next);
        blob_free(&delegate->certificate);
        *delegate = (struct delegate){0};
    }
}
