/* Private: who answers for an issuer in OCSP. */
#ifndef SIGNER_DELEGATE_H
#define SIGNER_DELEGATE_H

#include <base/blob.h>
#include <crypto/key.h>
#include <ipc/ipc.h>
#include <pki/ocsp.h>

struct job;
struct session;

/* RFC 6960 4.2.2.2. The keys live in memory alone. */
struct delegate {
    struct key *key, *next; /* owned; `next` waits for its certificate; NULL: there is none */
    struct blob certificate;
    int64_t not_before_s, not_after_s;
    uint8_t key_hash[OCSP_RESPONDER_KEY_N];
    struct ocsp_issuer issuer; /* by what requests call it */
};

/* A new key for who answers for an issuer, and the certificate over it. A certificate
 * that is not good leaves everything as it was. */
MUST_USE enum result make_delegate_key(struct session *session,
                                       const struct msg_ocsp_key_ask *message, struct err *err);
void take_delegate(struct session *session, const struct msg_ocsp_delegate *message);
void delegates_free(struct session *session);

/* An answer: judged, signed, and sent when its whole batch is signed (session.h). */
MUST_USE enum result judge_ocsp(struct session *session, const struct msg_sign_ocsp *message,
                                struct job *job, struct err *err);
MUST_USE enum result finish_ocsp(struct session *session, struct job *job, struct err *err);
MUST_USE enum result send_ocsp(struct session *session, struct job *job, struct err *err);

#endif
