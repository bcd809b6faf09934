/* Signatures checked with public keys as wire/x509.h read them.
 *
 * ECDSA P-256 with SHA-256 is the hot path: the raw point goes into a key that exists already, no
 * decoder runs. P-384, RSA PKCS #1 v1.5, Ed25519 and the other SHA-2 hashes go the plain road: an
 * object is made of the fields for each verification. RSASSA-PSS is unknown here, as are SHA-1 and
 * MD5. One thread. */
#ifndef CRYPTO_VERIFY_H
#define CRYPTO_VERIFY_H

#include <base/err.h>
#include <wire/x509.h>

/* OK only when `signature` over `message` is good under `key` and `alg` fits the key. E_SIGNATURE
 * when it is not, E_KEY for a key that cannot be used (a point off its curve, an unknown kind, RSA
 * outside 2048-4096 bits). Key quality is judged elsewhere: pki/keyquality.h. */
MUST_USE enum result verify_signature(const struct x509_key *key, enum x509_sig_alg alg,
                                      struct bytes message, struct bytes signature,
                                      struct err *err);

/* The request's own signature: its sender holds the key (RFC 2986 section 3). */
MUST_USE enum result verify_csr(const struct x509_csr *csr, struct err *err);

/* Can OpenSSL make a key of these fields? That is: does a point lie on its curve (SEC 1, 2.3.4), is
 * RSA within 2048-4096 bits. */
bool is_usable_key(const struct x509_key *key);

#endif
