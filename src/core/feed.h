/* Private: status lists, and the catalogue that names them all (wire/status_list.h, wire/feed.h):
 * made anew beside everything else, at most once a minute, when something has changed. */
#ifndef CORE_FEED_H
#define CORE_FEED_H

#include <base/blob.h>
#include <ipc/ipc.h>
#include <service/status.h>

struct feed {
    struct status_image image;
    struct status_scan scan;
    bool is_scanning;     /* the image has not all rows yet */
    bool is_open;         /* a round is under way: lists, then the catalogue */
    uint64_t generation;  /* of the last round; 0: the signer has not said where it begins */
    int64_t round_ms;     /* monotonic: when the last one began; 0: none did */
    int64_t pause_ms;     /* monotonic: no step before */
    enum feed_kind asked; /* with the signer; FEED_NONE = nothing */
    struct blob payload;  /* of that; owned */
    struct status_space space;
    uint64_t made; /* lists and catalogues, for metrics */
};

struct core;
MUST_USE enum result feed_open(struct core *core, struct err *err);
void feed_close(struct core *core);

/* The signer has signed up to `generation`: agree.c. */
void feed_begin(struct core *core, uint64_t generation);

/* After each turn: follows what it committed, and goes on. */
void feed_step(struct core *core);
bool feed_is_busy(const struct core *core);
void feed_signed(struct core *core, const struct msg_signed_feed *answer);

#endif
