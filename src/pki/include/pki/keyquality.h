/* Is a public key good enough? Judged by its numbers alone. */
#ifndef PKI_KEYQUALITY_H
#define PKI_KEYQUALITY_H

#include <base/err.h>
#include <wire/x509.h>

/* What a place accepts, as bits. */
enum {
    KEYS_P256 = 1 << 0,
    KEYS_P384 = 1 << 1,
    KEYS_ED25519 = 1 << 2,
    KEYS_RSA = 1 << 3,
    KEYS_EC = KEYS_P256 | KEYS_P384 | KEYS_ED25519,
    KEYS_ANY = KEYS_P256 | KEYS_P384 | KEYS_ED25519 | KEYS_RSA,
};

/* The bit of that algorithm; 0 for X509_KEY_OTHER. */
unsigned keys_bit(enum x509_key_alg alg);

/* "P-256, P-384": what a set of bits accepts, for people. */
struct keys_text {
    char text[40];
};
struct keys_text keys_text(unsigned keys);

/* Bits of an RSA modulus; 0 for other kinds. */
size_t key_bits(const struct x509_key *key);

/* E_KEY_WEAK with the rule: a kind that is not among `allowed` (curve); RSA below 2048 or above
 * 4096 bits, an exponent that is even or below 65537 (SP 800-56B 6.2), the fingerprint of
 * CVE-2017-15361 (ROCA); a point that is not on its curve.
 * Not checked: Debian's weak keys, for which Debian has no list any more; shared keys, which core
 * finds in its inventory. */
MUST_USE enum result keyquality_check(const struct x509_key *key, unsigned allowed,
                                      struct err *err);

/* Does the modulus have the fingerprint of CVE-2017-15361? Wrongly true for one key in 2^27. */
bool has_roca_fingerprint(struct bytes modulus);

#endif
