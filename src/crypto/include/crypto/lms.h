/* LMS, the half that signs: RFC 8554 with SHA-256 and RFC 9858 with SHA-256/192. One tree, as an
 * HSS key of one level, which is what COSE carries (RFC 8778). The half that verifies is the
 * device's: <troth/crypto.h>.
 *
 * An index that signs two different things gives the key away. Nothing here knows which were used:
 * crypto/lms_folder.h does. */
#ifndef CRYPTO_LMS_H
#define CRYPTO_LMS_H

#include <base/err.h>
#include <base/secret.h>
#include <wire/buf.h>

#define LMS_NODE_MAX 32
#define LMS_ID_N 16
#define LMS_PUBLIC_MAX 60
#define LMS_SIGNATURE_MAX 9216 /* octets: n 32, width 1, height 15 */

struct lms_kind {
    unsigned height; /* 5, 10, 15 (of 32, 1,024, 32,768 signatures) */
    unsigned node_n; /* 24 or 32 octets */
    unsigned width;  /* 1, 2, 4 or 8 bits a digit */
};

/* Is it one that this file knows? */
bool lms_is_kind(const struct lms_kind *kind);

static inline uint32_t lms_count(const struct lms_kind *kind)
{
    return UINT32_C(1) << kind->height;
}

/* Octets of all nodes of the tree: node r of RFC 8554 5.3 is at r * node_n. */
static inline size_t lms_nodes_n(const struct lms_kind *kind)
{
    return (size_t)2 * lms_count(kind) * kind->node_n;
}

struct lms_key {
    struct lms_kind kind;
    uint8_t id[LMS_ID_N];
    const uint8_t *seed;  /* node_n octets: secret */
    const uint8_t *nodes; /* lms_nodes_n() octets: public */
};

/* Works out all nodes into `nodes`: some seconds for height 15. */
void lms_grow(const struct lms_key *key, uint8_t *nodes);

/* The HSS public key: RFC 8554 6.1. Needs the root alone of the nodes. */
void lms_write_public(struct buf *b, const struct lms_key *key);

/* Reads one of one level whose kind is known; its root and id point into `octets`. False otherwise.
 */
bool lms_read_public(struct bytes octets, struct lms_kind *ret_kind, struct bytes *ret_id,
                     struct bytes *ret_root);

/* Does the leaf, as it follows from the seed, lead to the root over the nodes as they are? */
bool lms_leads_to_root(const struct lms_key *key, uint32_t index);

/* The HSS signature (RFC 8554 6.2) over the message by the one-time key `index`, which is below
 * lms_count(). `random`: node_n octets, new each time. */
void lms_write_signature(struct buf *b, const struct lms_key *key, uint32_t index,
                         const uint8_t *random, struct bytes message);

#endif
