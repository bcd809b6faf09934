/* Private: what boundaries are told (wire/feed.h). Status lists and the catalogue that names them
 * all are made anew beside everything else, at most once a minute, when something has changed;
 * deltas between them leave at once when a trust ends, and never wait for a list. */
#ifndef CORE_FEED_H
#define CORE_FEED_H

#include "cutoff.h"

#include <base/blob.h>
#include <ipc/ipc.h>
#include <service/status.h>

/* The `id` of sign_feed: whose the answer is. One of each may be with the signer. */
enum feed_ask { FEED_ASK_NONE = 0, FEED_ASK_LIST, FEED_ASK_DELTA, FEED_ASK_SERVICE };

/* The round that is under way, or was last: lists, then the catalogue. */
struct feed_round {
    bool is_open;
    uint64_t generation;  /* that its catalogue leads from */
    int64_t begun_ms;     /* monotonic; 0: none was */
    int64_t pause_ms;     /* monotonic: no other before */
    enum feed_kind asked; /* with the signer; FEED_NONE = nothing */
    struct blob payload;  /* of that; owned */
    struct status_space space;
    uint64_t list_generation; /* of that list */
    bool is_void;             /* the catalogue with the signer is of a chain that broke */
    uint64_t made;            /* lists and catalogues, for metrics */
};

/* Deltas that lead from one catalogue on. Whoever missed one begins with the next catalogue. */
struct feed_chain {
    bool is_begun;      /* `generation` is one that a catalogue or a delta leads to */
    bool has_catalogue; /* one of this chain is published */
    bool has_gap;       /* a front lacks some of it */
    size_t octets;      /* of its deltas since the last catalogue */
    struct cutoff end;  /* what is committed, urgent and not in a delta yet; commit_ms 0: nothing */
    int64_t told_ms;    /* monotonic: the last delta or heartbeat was made */
    int64_t changed_ms; /* monotonic: the last delta was made */
    bool must_tell;     /* a heartbeat at once */
    bool is_asked;
    uint64_t asked_from; /* of what is with the signer */
    struct blob payload; /* of that; owned */
    uint64_t made;       /* for metrics */
};

struct feed {
    struct status_image image;
    struct status_scan scan;
    bool is_scanning; /* the image has not all rows yet */
    uint64_t
        generation;   /* of the last delta or round; 0: the signer has not said where it begins */
    int64_t pause_ms; /* monotonic: no look at what was committed before */
    struct feed_round round;
    struct feed_chain chain;
    uint64_t followed;     /* entries of the ledger that the image has */
    uint64_t cutoffs_from; /* those below it are of before the start */
    struct cutoffs cutoffs;
    int64_t looked_ms; /* monotonic: when it was looked at how boundaries stand */
    bool was_known;    /* the set of them is another one since then */
};

struct core;
MUST_USE enum result feed_open(struct core *core, struct err *err);
void feed_close(struct core *core);

/* The signer has signed up to `generation`: agree.c. */
void feed_begin(struct core *core, uint64_t generation);

/* After each turn: follows what it committed, and goes on. */
void feed_step(struct core *core);
bool feed_is_busy(const struct core *core);
/* Until feed_step() is worth calling although nothing came; -1: not before something does. */
int feed_wait_ms(const struct core *core, int64_t now_ms);
void feed_signed(struct core *core, const struct msg_signed_feed *answer);

void feed_heard(struct core *core, const struct msg_boundary_ack *ack);

/* The boundaries in use, as fronts are told them, one after the other; then the end. */
void feed_known(struct core *core, uint32_t id, struct bytes name);
void feed_known_end(struct core *core);

/* feed_stand.c: which boundaries are behind, and which slow. */
void feed_tick(struct core *core);

/* cutoff_tell.c: what the desk asks about cut-offs, and figures for metrics. */
void core_cutoff(struct core *core, const struct msg_cutoff_ask *ask);
MUST_USE enum result cutoff_send_metrics(struct core *core, uint64_t id, struct err *err);

/* What a heartbeat says beside the status, as of another stream, is news: one leaves at once. */
void feed_tell(struct core *core);

/* feed_list.c: the next step of a round, if one is due; and its end. */
#define FEED_PATH_MAX (CONFIG_PATH_MAX + 64)
MUST_USE enum result feed_path(const struct core *core, const char *name, char ret[FEED_PATH_MAX],
                               struct err *err);
MUST_USE enum result feed_round_step(struct core *core, struct err *err);
void feed_list_signed(struct core *core, const struct msg_signed_feed *answer);

/* feed_delta.c */
MUST_USE enum result feed_delta_step(struct core *core, struct err *err);
/* With `force` also without news, so that a catalogue has a generation of its own. */
MUST_USE enum result feed_delta_ask(struct core *core, bool force, struct err *err);
void feed_delta_signed(struct core *core, const struct msg_signed_feed *answer);
/* Nothing leads on from what boundaries hold: the next catalogue, which is made at once, does. */
void feed_chain_break(struct core *core);
/* What is urgent now is in the image; and, once all of it is told, it is a cut-off. */
void feed_end_note(struct core *core);
void feed_end_told(struct core *core);
/* A new one, from the generation that a round has just taken. */
void feed_chain_begin(struct core *core);
/* Tells every front; one that has no room begins with the next catalogue. */
void feed_tell_fronts(struct core *core, enum ipc_type type, const void *message);
/* The COSE_Sign1 of a payload that was signed. E_MEMORY, and what the signer refused. */
MUST_USE enum result feed_assemble(enum feed_kind kind, struct bytes payload,
                                   const struct msg_signed_feed *answer, struct blob *ret,
                                   struct err *err);

#endif
