/* Private: who signed an act that takes two people, by the signer's own list. */
#ifndef SIGNER_APPROVAL_H
#define SIGNER_APPROVAL_H

#include "memory.h"

#include <base/err.h>
#include <wire/approval.h>

#define APPROVAL_ENOUGH 2 /* persons; fewer only while there are not so many */

struct persons {
    int64_t list[APPROVAL_PERSONS_MAX];
    size_t n;
};

/* The person who becomes the first approver signs by the key that becomes his. */
struct newcomer {
    bool is_on;
    int64_t person;
    uint8_t spki[32];
    struct bytes point; /* empty: this is no change of approvers */
    bool replaces;      /* a recovery: his keys of before end */
};

/* Reads a request that has not expired. E_APPROVAL. */
MUST_USE enum result approval_check_body(struct bytes body, int64_t now_s, struct approval *ret,
                                         struct err *err);

/* Whose signatures are on `body`: `signatures` is a list of 32 octets of SPKI hash, one octet of
 * length, and the signature. Who is no approver does not count; a signature that is wrong refuses
 * the whole. E_APPROVAL, E_SIGNATURE. */
MUST_USE enum result approval_who(const struct memory *memory, const struct newcomer *newcomer,
                                  struct bytes body, struct bytes signatures, struct persons *ret,
                                  struct err *err);

/* What the signer signs: COUNTERSIGN_PREFIX, the hash of the body, and the persons. */
void approval_put_countersign(struct buf *text, const uint8_t hash[32],
                              const struct persons *persons);

#endif
