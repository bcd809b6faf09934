/* A fleet with years of history, made by the server's own verbs on a virtual clock: every entry is
 * one that core would have written, and everything that is drawn comes from one seed. The signer is
 * played here (fleet_house.c): it signs what the grant says, without a journal. */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include "fleet_house.h"
#include "fleet_plan.h"

#define FLEET_PEOPLE 2

/* An operator; both are admins without a scope, and nobody approves. */
struct person {
    struct key *key;
    struct operator_is is;
};

/* ---- fleet_acts.c: what happens to one device ---- */

struct unit {
    int64_t device;      /* rows; 0 = not yet */
    int64_t certificate; /* the newest */
    uint32_t batch;
    uint32_t registered;    /* numbers for house_key() */
    uint32_t key, last_key; /* of its newest certificate, of the one before */
    int64_t not_before_s, not_after_s;
    bool is_silent;  /* it missed its renewal and was not heard of since */
    bool is_awaited; /* and its finding is still to come */
    uint8_t serial[16], last_serial[16];
};

/* What happens next to one device, or to one batch. */
struct event_to_come {
    int64_t at_s;
    uint64_t order; /* among those of the same instant */
    uint32_t who;
    int what;
};

struct queue {
    struct event_to_come *heap;
    size_t n, room;
    uint64_t given;
};

struct fleet {
    struct plan plan;
    struct house house;
    struct unit *units;
    uint32_t units_n;
    uint32_t imported;
    uint32_t keys;    /* given so far */
    uint32_t refused; /* requests */
    uint32_t awaited; /* findings that will open by time alone */
    double silence;   /* the chance that a device misses its renewal */
    struct person people[FLEET_PEOPLE];
    struct queue queue;
};

struct serial_number {
    char text[FLEET_NAME_MAX];
} serial_number(const struct fleet *fleet, uint32_t unit);
const struct plan_product *product_of(const struct fleet *fleet, uint32_t unit);

MUST_USE enum result act_products(struct fleet *fleet, struct err *err);
MUST_USE enum result act_import(struct fleet *fleet, uint32_t unit, struct err *err);
/* What it asks may be refused: then its certificate is the one that it had. */
MUST_USE enum result act_enrol(struct fleet *fleet, uint32_t unit, struct err *err);
/* An active or expected one comes back with a new key by its registered one, on TLS. */
MUST_USE enum result act_enrol_anew(struct fleet *fleet, uint32_t unit, struct err *err);
MUST_USE enum result act_token(struct fleet *fleet, uint32_t unit, int64_t ttl_s, struct err *err);
MUST_USE enum result act_renew(struct fleet *fleet, uint32_t unit, struct err *err);
/* Uses its newest certificate, or the one before that. */
MUST_USE enum result act_use(struct fleet *fleet, uint32_t unit, bool is_last, struct err *err);
MUST_USE enum result act_set(struct fleet *fleet, uint32_t unit, enum device_verb verb,
                             struct err *err);
/* Somebody struck it off the list and ended nothing: TD-17. And ended it after all. */
MUST_USE enum result act_strike(struct fleet *fleet, uint32_t unit, struct err *err);
MUST_USE enum result act_revoke(struct fleet *fleet, uint32_t unit, struct err *err);
MUST_USE enum result act_state(struct fleet *fleet, uint32_t unit, enum device_state *ret,
                               struct err *err);
/* It is in touch until then. */
MUST_USE enum result act_seen(struct fleet *fleet, uint32_t unit, int64_t until_s, struct err *err);

/* ---- fleet_people.c ---- */

/* The first of them writes what he needs to log in: OUT/operator/key.pem and certificate.pem. */
MUST_USE enum result people_begin(struct fleet *fleet, struct err *err);
MUST_USE enum result people_renew(struct fleet *fleet, struct err *err);
void people_free(struct fleet *fleet);
/* One of them releases the device to another owner, unless it is his already or on its way to
 * somebody; the other accepts it for him. */
MUST_USE enum result act_release(struct fleet *fleet, uint32_t unit, uint32_t owner,
                                 bool *ret_is_released, struct err *err);
MUST_USE enum result act_accept(struct fleet *fleet, uint32_t unit, struct err *err);

/* ---- fleet_queue.c ---- */

MUST_USE enum result queue_put(struct queue *queue, int64_t at_s, uint32_t who, int what,
                               struct err *err);
bool queue_take(struct queue *queue, struct event_to_come *ret); /* the earliest; false: none */

/* ---- fleet_life.c: everything in its order, with about so many findings open at its end ---- */

MUST_USE enum result life_run(struct fleet *fleet, uint32_t findings, struct err *err);

#endif
