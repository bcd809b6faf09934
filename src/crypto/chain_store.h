/* Private: what chains may end in, and which intermediates have been verified. */
#ifndef CRYPTO_CHAIN_STORE_H
#define CRYPTO_CHAIN_STORE_H

#include <base/blob.h>
#include <crypto/chain.h>
#include <crypto/hash.h>
#include <wire/x509.h>

#define PATH_UNLIMITED LIMIT_CHAIN_CERTIFICATES /* no chain that we take is longer */
#define CHAIN_REMEMBERED 64 /* intermediates whose signature is not verified again */

struct chain_end {
    uint32_t id;
    enum chain_authority kind;
    char product[LIMIT_NAME + 1];
    struct blob der; /* what `cert` points into */
    struct x509_cert cert;
};

/* The state of RFC 5280 6.1.2 on the way down from the authority, as far as it matters here. */
struct chain_state {
    const struct chain_end *end;
    int allowed;                       /* further intermediates: max_path_length */
    int64_t not_before_s, not_after_s; /* when all certificates so far are valid */
};

/* An authority that issued `cert` by names, key identifiers and signature; NULL when there is none.
 */
const struct chain_end *chain_store_issuer(const struct chain_store *store,
                                           const struct x509_cert *cert);

/* Does `issuer` stand as the issuer of `cert`: names, key identifiers, signature? */
bool chain_is_issued_by(const struct x509_cert *cert, const struct x509_cert *issuer);

/* The state below a verified intermediate: kept and found by the hash of its DER. */
void chain_store_remember(struct chain_store *store, const uint8_t hash[SHA256_N],
                          const struct chain_state *state);
const struct chain_state *chain_store_recall(const struct chain_store *store,
                                             const uint8_t hash[SHA256_N]);

#endif
