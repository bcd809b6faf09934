/* The TLS key and certificate of one process. The key is made here at start, never leaves the
 * process and is trusted for nothing but answering; core has it certified (messages server_csr and
 * desk_csr). The certificate is short-lived and replaced at half its life, under the same key. */
#ifndef HTTP_IDENTITY_H
#define HTTP_IDENTITY_H

#include <base/err.h>
#include <base/limits.h>
#include <wire/bytes.h>

#include <gnutls/abstract.h>
#include <stdbool.h>
#include <stdint.h>

struct identity;

/* A new P-256 key, without certificate yet. E_KEY. */
MUST_USE enum result identity_new(struct identity **ret, struct err *err);
/* Frees, and wipes the key. No handshake may be under way. NULL is fine. */
void identity_freep(struct identity **identity);

/* The certification request (DER) and the SubjectPublicKeyInfo in it; valid while the identity is.
 * Its subject says only what it is for: the profile names the server. */
struct bytes identity_csr(const struct identity *identity);
struct bytes identity_spki(const struct identity *identity);

/* What a client gets: the certificate, behind it its issuer, and behind that what makes the issuer
 * end in the other root while one follows another. What is empty is left out. DER. */
struct identity_chain {
    struct bytes certificate, issuer, link;
};

/* Keeps a certificate with its chain ready; one that was ready before is dropped. E_CERTIFICATE
 * when it is not over our key; then nothing changed. */
MUST_USE enum result identity_prepare(struct identity *identity, const struct identity_chain *chain,
                                      struct err *err);

/* Puts what is ready in use from the next handshake on. The former one is kept for handshakes under
 * way until identity_drop_old() at `drop_ms` (monotonic); false: nothing was ready. Or drops what
 * is ready. */
bool identity_commit(struct identity *identity, int64_t drop_ms);
void identity_abandon(struct identity *identity);

bool identity_has_certificate(const struct identity *identity);

/* When to ask for the next certificate: half its life; 0 without one. */
int64_t identity_renew_s(const struct identity *identity);

/* Frees certificates whose time to be dropped (monotonic) is over. */
void identity_drop_old(struct identity *identity, int64_t now_ms);

/* gnutls_certificate_retrieve_function2; finds the identity by the session's connection. */
int identity_retrieve(gnutls_session_t session, const gnutls_datum_t *names, int names_n,
                      const gnutls_pk_algorithm_t *algorithms, int algorithms_n,
                      gnutls_pcert_st **ret_certificates, unsigned *ret_n,
                      gnutls_privkey_t *ret_key);

#endif
