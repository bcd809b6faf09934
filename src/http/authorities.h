/* The CA certificates that core lets this process know: what client chains end in (crypto/chain.h),
 * and what clients are given. Core sends the whole set, at start and at a change. */
#ifndef HTTP_AUTHORITIES_H
#define HTTP_AUTHORITIES_H

#include <base/err.h>
#include <base/limits.h>
#include <crypto/chain.h>
#include <crypto/hash.h>

#include <stdint.h>

struct authorities;

/* An empty set. crypto_start() was called. E_MEMORY, E_KEY. */
MUST_USE enum result authorities_new(struct authorities **ret, struct err *err);
void authorities_freep(struct authorities **authorities);

/* Copies one in. E_CERTIFICATE, E_TOO_LARGE. */
MUST_USE enum result authorities_add(struct authorities *authorities,
                                     const struct chain_trust *trust, struct err *err);

/* Verifies client chains; valid while the set is. */
struct chain_store *authorities_chains(struct authorities *authorities);

/* Our issuer of the kind whose name is the issuer of `certificate`; empty without
 * one. */
struct bytes authorities_issuer_of(const struct authorities *authorities, enum chain_authority kind,
                                   struct bytes certificate);

/* What makes `issuer`, an issuer of ours, end in the other root too (RFC 4210 4.4): the certificate
 * of its root's name and key that is not the root's own; empty without one. */
struct bytes authorities_link_of(const struct authorities *authorities, struct bytes issuer);

/* The root that came last; empty before the first set. */
struct bytes authorities_newest_root(const struct authorities *authorities);

/* SHA-256 over all that a listener's own chain may consist of. */
void authorities_chain_hash(const struct authorities *authorities, uint8_t ret[SHA256_N]);

/* Writes up to `max` certificates of the kind to `ret`, in the order they came, of roots what links
 * them first: OpenSSL takes the first that fits and does not look back. How many. */
size_t authorities_list(const struct authorities *authorities, enum chain_authority kind,
                        struct bytes *ret, size_t max);

#endif
