/* Private: which boundaries there are, and what each of them is told of its services. */
#ifndef CORE_BOUNDARIES_H
#define CORE_BOUNDARIES_H

#include <base/blob.h>
#include <base/limits.h>
#include <ipc/ipc.h>
#include <wire/feed.h>

struct core_boundary {
    int64_t id;
    char name[LIMIT_NAME + 1];
    uint8_t spki[32];
    uint64_t generation; /* of its service object that is published; 0: none is */
    bool is_due;         /* it is to be looked at whether it says what it should */
    uint8_t says[32];    /* SHA-256 of what that object says, its generation and time apart */
};

struct boundaries {
    struct core_boundary *all; /* in use, by id */
    size_t n, max;
    bool is_read;
    uint64_t generation;       /* of the last service object, whoever's */
    int64_t asked;             /* whose is with the signer; 0: nobody's */
    uint64_t asked_generation; /* and its generation */
    uint8_t asked_says[32];    /* and what it says */
    struct blob payload;       /* and that; owned */
    int64_t due_ms, pause_ms;  /* monotonic: no object, and no step, before */
    uint64_t made;             /* service objects, for metrics */
};

struct core;
MUST_USE enum result boundaries_open(struct core *core, struct err *err);
void boundaries_close(struct core *core);

/* After each turn, once journal and ledger were compared: fronts are told who is a boundary when
 * that may have changed, and service objects of those to whom they would say something else than
 * before are made anew, one after the other. */
void boundaries_step(struct core *core);
bool boundaries_is_busy(const struct core *core); /* a step has left something to look at */
void boundaries_signed(struct core *core, const struct msg_signed_feed *answer);

/* Is it one in use, as far as fronts were told? */
bool boundaries_has(const struct core *core, int64_t id);

/* Of each, the generation of its service object: one CBOR item, as a delta has it. */
void boundaries_put_streams(const struct core *core, struct buf *b);

#endif
