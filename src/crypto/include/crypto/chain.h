/* The one place where a client's chain is verified: RFC 5280 section 6, cut to what devices need.
 *
 * A store has our own issuers, which are trusted directly and issue leaves only, and foreign
 * anchors, under which intermediates may stand. Verified intermediates are remembered in the store,
 * so that the next chain below the same one costs one signature. One thread per store. */
#ifndef CRYPTO_CHAIN_H
#define CRYPTO_CHAIN_H

#include <base/err.h>
#include <base/limits.h>
#include <wire/bytes.h>

/* The same numbers as enum authority_kind in trust/words.h (a test holds them together). */
enum chain_authority {
    CHAIN_AUTHORITY_NONE = 0,
    CHAIN_AUTHORITY_ROOT, /* our root: may come at a chain's end, issues no leaf that we accept */
    CHAIN_AUTHORITY_IDEVID,
    CHAIN_AUTHORITY_LDEVID,
    CHAIN_AUTHORITY_OPERATIONS,
    CHAIN_AUTHORITY_ANCHOR,
    CHAIN_AUTHORITY_COUNT
};

struct chain_store;

MUST_USE enum result chain_store_new(struct chain_store **ret, struct err *err);
void chain_store_free(struct chain_store *store);
void chain_store_freep(struct chain_store **store);

/* Copies the certificate in. `id` is the row id of the issuer or anchor; `product` limits an anchor
 * to one product (empty: all). Refused: what is no CA certificate (E_CERTIFICATE), more than
 * LIMIT_AUTHORITIES (E_TOO_LARGE). Trust is the caller's decision: signature and times of the
 * certificate itself are not looked at here, its times are in chain_verify. */
struct chain_trust {
    uint32_t id;
    enum chain_authority kind;
    struct bytes product;
    struct bytes certificate; /* DER */
};
MUST_USE enum result chain_store_add(struct chain_store *store, const struct chain_trust *trust,
                                     struct err *err);

/* What a chain has shown. Zero is nobody. */
enum chain_kind {
    CHAIN_NOBODY = 0,
    CHAIN_BARE_KEY, /* a self-signed certificate: only its key says something */
    CHAIN_FOREIGN,  /* below an anchor */
    CHAIN_IDEVID,   /* issued by us, by the issuer of that name */
    CHAIN_LDEVID,
    CHAIN_OPERATIONS, /* operator or boundary: which, the ledger says by its key */
};

struct chain_claim {
    enum chain_kind kind;
    bool expired;                 /* only with terms.grace_s, and only an LDevID of ours */
    uint32_t issuer;              /* row id of our issuer, else 0 */
    uint32_t anchor;              /* row id of the anchor, else 0 */
    char product[LIMIT_NAME + 1]; /* the anchor's limit; "" = none */
    uint8_t spki_hash[32];        /* SHA-256 of the leaf's SubjectPublicKeyInfo */
    uint8_t serial[20];
    size_t serial_n;
    char serial_number[LIMIT_SERIAL_NUMBER + 1]; /* subject serialNumber; "" when absent */
    int64_t not_before_s, not_after_s;
};

struct chain_terms {
    int64_t now_s;
    int64_t
        grace_s; /* an LDevID of ours may be expired by that much, and is then `expired`; 0: none */
};

/* Judges a client's chain: ders[0] is the leaf, the others come in any order and may include a
 * root. Checked: strict parse; names (binary) and key identifiers chain; every signature; times;
 * basic constraints, path length, keyUsage (digitalSignature; keyCertSign), extended key usage
 * (clientAuth or any, where present, in every certificate below the authority); no unknown critical
 * extension; no name constraints, critical or not; at most LIMIT_CHAIN_CERTIFICATES.
 * A leaf that is self-signed and matches no authority is a bare key: its signature is checked, its
 * times and extensions say nothing.
 * E_CERTIFICATE, E_SIGNATURE or E_PROOF with the rule; `ret` is then untouched.
 * Not checked: revocation, policy, key quality, whether the leaf's holder has its key (TLS shows
 * it). */
MUST_USE enum result chain_verify(struct chain_store *store, const struct bytes *ders, size_t n,
                                  const struct chain_terms *terms, struct chain_claim *ret,
                                  struct err *err);

#endif
