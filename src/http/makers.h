/* What the desk reads makers' files against: the certificates that are pinned as signers of
 * manifests, and the anchors that devices' certificates chain to. Core sends the whole set, at
 * start and at a change. No client's chain is verified with it: an anchor here opens no connection.
 */
#ifndef HTTP_MAKERS_H
#define HTTP_MAKERS_H

#include <base/err.h>
#include <crypto/chain.h>
#include <proto/manifest.h>
#include <wire/x509.h>

#include <stdint.h>

struct makers;

/* An empty set. E_MEMORY. */
MUST_USE enum result makers_new(struct makers **ret, struct err *err);
void makers_freep(struct makers **makers);

/* Copies one in; `use` is enum anchor_use. E_CERTIFICATE, E_TOO_LARGE, E_MEMORY. */
struct maker_in {
    uint32_t id;
    unsigned use;
    struct bytes product, certificate;
};
MUST_USE enum result makers_add(struct makers *makers, const struct maker_in *in, struct err *err);

/* Who of those pinned for the product made the signature, by row id. Key identifier and thumbprint,
 * as far as they are there, both have to be his. E_MANIFEST_SIGNER. `makers` may be NULL. */
MUST_USE enum result makers_check_signature(const struct makers *makers, struct bytes product,
                                            const struct manifest_signature *signature,
                                            uint32_t *ret_signer, struct err *err);

/* The product's anchors alone, as an empty store has them; the caller's. */
MUST_USE enum result makers_chains(const struct makers *makers, struct bytes product,
                                   struct chain_store **ret, struct err *err);

/* The certificate of anchor `id`, whatever its use; NULL: there is none. Valid while the set is. */
const struct x509_cert *makers_certificate(const struct makers *makers, int64_t id);

/* Whose key signed the certificate, and whom it names as its issuer, among all but those that sign
 * manifests; 0: nobody here. `makers` may be NULL. */
uint32_t makers_issuer(const struct makers *makers, const struct x509_cert *certificate);

/* Does the chain stand below one of `chains`, and is its first certificate over that very key? The
 * anchor by row id. E_MANIFEST_CHAIN. */
MUST_USE enum result maker_check_chain(struct chain_store *chains, const struct manifest_key *key,
                                       int64_t now_s, uint32_t *ret_anchor, struct err *err);

#endif
