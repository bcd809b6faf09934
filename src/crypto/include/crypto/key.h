/* Private keys: make, keep under a passphrase, sign. P-256, P-384, Ed25519, RSA (PKCS #1 v1.5). */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include <base/err.h>
#include <base/secret.h>
#include <wire/x509.h>

#define KEY_SIGNATURE_MAX 512 /* octets: RSA-4096; ECDSA-Sig-Value of P-384 has at most 104 */

enum key_kind {
    KEY_NONE = 0,
    KEY_P256,
    KEY_ED25519,
    KEY_P384,
    KEY_RSA_2048,
    KEY_RSA_3072,
    KEY_RSA_4096,
    KEY_KIND_COUNT
};

/* One of KEY_KIND_CHOICE; NULL and KEY_NONE for others. */
#define KEY_KIND_CHOICE "p256|p384|ed25519|rsa-2048|rsa-3072|rsa-4096"
const char *key_kind_name(enum key_kind kind);
enum key_kind key_kind_named(const char *name);

/* How dear a guess of the passphrase is: scrypt (RFC 7914), r 8, p 1. */
enum key_cost {
    KEY_COST_ONLINE,  /* N 1024: read at every start, five of them, beside their passphrase */
    KEY_COST_OFFLINE, /* N 16384, 16 MB: the most that the `openssl` command reads */
};

/* Its N, for who writes down what protects a key. */
uint64_t key_cost_n(enum key_cost cost);

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

/* The private number of a P-256 or P-384 key, big-endian, 32 or 48 octets, which the caller owns;
 * and the key of such a number. For shares (crypto/shares.h). E_KEY: another kind, or no number of
 * that curve's. */
MUST_USE enum result key_number(const struct key *key, struct secret *ret, struct err *err);
MUST_USE enum result key_of_number(enum key_kind kind, struct bytes number, struct key **ret,
                                   struct err *err);

enum key_kind key_kind(const struct key *key);

/* Public half, valid while the key is: SubjectPublicKeyInfo with header; 04 || x || y or the 32
 * octets of Ed25519, empty for RSA. */
struct bytes key_spki(const struct key *key);
struct bytes key_point(const struct key *key);

/* What its signatures are called in X.509. */
enum x509_sig_alg key_sig_alg(const struct key *key);

/* A signature as X.509 carries it: DER for ECDSA, 64 octets for Ed25519, PKCS #1 v1.5 for RSA.
 * E_KEY. */
struct key_signature {
    uint8_t p[KEY_SIGNATURE_MAX];
    size_t n;
};
MUST_USE enum result key_sign(struct key *key, struct bytes message, struct key_signature *ret,
                              struct err *err);

/* ECDSA over a SHA-256 digest that exists already; by a P-256 key; E_BUG for others. */
MUST_USE enum result key_sign_digest(struct key *key, const uint8_t digest[32],
                                     struct key_signature *ret, struct err *err);

static inline struct bytes key_signature_bytes(const struct key_signature *signature)
{
    return (struct bytes){signature->p, signature->n};
}

#endif
