/* Private keys: make, keep under a passphrase, sign. P-256 and Ed25519. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include <base/err.h>
#include <base/secret.h>
#include <wire/x509.h>

#define KEY_SIGNATURE_MAX 72 /* octets: ECDSA-Sig-Value of P-256; Ed25519 has 64 */

enum key_kind { KEY_NONE = 0, KEY_P256, KEY_ED25519 };

/* How dear a guess of the passphrase is: scrypt (RFC 7914), r 8, p 1. */
enum key_cost {
    KEY_COST_ONLINE,  /* N 1024: read at every start, five of them, beside their passphrase */
    KEY_COST_OFFLINE, /* N 16384, 16 MB: the most that the `openssl` command reads */
};

struct key;

/* A new key; the caller owns it. E_KEY. */
MUST_USE enum result key_generate(enum key_kind kind, struct key **ret, struct err *err);

/* Frees and wipes; NULL is fine. */
void key_free(struct key *key);
void key_freep(struct key **key);

/* One PKCS #8 key in PEM, encrypted (RFC 5958) or, with a NULL passphrase, in the clear. A clear
 * key is refused when a passphrase is given, and the reverse. E_KEY. */
MUST_USE enum result key_read(struct bytes pem, const struct secret *passphrase, struct key **ret,
                              struct err *err);

/* The same from a file, which nobody but its owner may access: base/secret.h. */
MUST_USE enum result key_load(const char *path, const struct secret *passphrase, struct key **ret,
                              struct err *err);

/* PKCS #8 PEM, PBES2 with scrypt and AES-256-CBC; with a NULL passphrase in the clear (a device
 * that has no better place). The caller owns `ret`. E_KEY. */
MUST_USE enum result key_write(const struct key *key, const struct secret *passphrase,
                               enum key_cost cost, struct secret *ret, struct err *err);

/* The same into a new file of mode 0600, durable; an existing one is never replaced. */
MUST_USE enum result key_store(const struct key *key, const struct secret *passphrase,
                               enum key_cost cost, const char *path, struct err *err);

enum key_kind key_kind(const struct key *key);

/* Public half, valid while the key is: SubjectPublicKeyInfo with header; 04 || x || y or the 32
 * octets of Ed25519. */
struct bytes key_spki(const struct key *key);
struct bytes key_point(const struct key *key);

/* What its signatures are called in X.509. */
enum x509_sig_alg key_sig_alg(const struct key *key);

/* A signature as X.509 carries it: DER for ECDSA with SHA-256, 64 octets for Ed25519. E_KEY. */
struct key_signature {
    uint8_t p[KEY_SIGNATURE_MAX];
    size_t n;
};
MUST_USE enum result key_sign(struct key *key, struct bytes message, struct key_signature *ret,
                              struct err *err);

/* ECDSA over a SHA-256 digest that exists already; E_BUG for Ed25519, which signs messages only. */
MUST_USE enum result key_sign_digest(struct key *key, const uint8_t digest[32],
                                     struct key_signature *ret, struct err *err);

static inline struct bytes key_signature_bytes(const struct key_signature *signature)
{
    return (struct bytes){signature->p, signature->n};
}

#endif
