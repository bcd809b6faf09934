/* The newest checkpoint that a boundary holds. Nothing that does not go on from it is ever taken:
 * two histories with one signature are a fork, whoever made them. Any thread. */
#ifndef BOUNDARY_LEDGER_H
#define BOUNDARY_LEDGER_H

#include "seal.h"

#include <base/err.h>
#include <wire/bytes.h>

#include <pthread.h>

struct ledger {
    pthread_mutex_t lock;
    struct troth_checkpoint held; /* size 0: none yet */
};

void ledger_init(struct ledger *ledger, const struct troth_checkpoint *held);
void ledger_free(struct ledger *ledger);
struct troth_checkpoint ledger_held(struct ledger *ledger);

/* What a signed delta says of the ledger: E_LEDGER when it has the size of what is held and another
 * root. What it says of other sizes is for a checkpoint and its proof to show. */
MUST_USE enum result ledger_check(struct ledger *ledger, uint64_t size, struct bytes root,
                                  struct err *err);

/* A checkpoint file by the ledger's key. E_SYNTAX, E_SIGNATURE. */
MUST_USE enum result ledger_read(const struct seal_key *key, struct bytes note,
                                 struct troth_checkpoint *ret, struct err *err);

/* `proof` is not looked at for the first checkpoint and for the same size. It is then the one that
 * is held. E_CONFLICT for a shorter one, E_LEDGER for one that does not go on from what is held. */
MUST_USE enum result ledger_follow(struct ledger *ledger, const struct troth_checkpoint *later,
                                   const struct troth_proof *proof, struct err *err);

#endif
