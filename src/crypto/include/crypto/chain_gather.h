/* What stands between a leaf and a root, out of a bag of certificates (RFC 7030 4.1.3): the issuers
 * one above the other, and, where one root follows another, the link between them (RFC 4210 4.4).
 */
#ifndef CRYPTO_CHAIN_GATHER_H
#define CRYPTO_CHAIN_GATHER_H

#include <base/limits.h>
#include <wire/bytes.h>

struct chain_links {
    struct bytes
        der[LIMIT_CHAIN_CERTIFICATES]; /* leaf first, no root; borrowed from leaf and bag */
    size_t n;
};

/* Follows names and key identifiers from the leaf up until `root` is the issuer, the bag has no
 * other, or the limit is reached. `leaf` that is none is alone. Nothing is verified: chain_verify()
 * does. */
struct chain_links chain_gather(struct bytes leaf, struct bytes bag, struct bytes root);

#endif
