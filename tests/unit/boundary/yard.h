/* A boundary without a server: a state folder, a ledger key, an issuer, and what a server would
 * sign, made here. Its clocks are the two below. */
#ifndef TEST_BOUNDARY_YARD_H
#define TEST_BOUNDARY_YARD_H

#include "apply.h"

#include <crypto/key.h>

#define YARD_ISSUER 3
#define YARD_CLASS 40
#define YARD_NOW_S 1800000000
#define YARD_BOUNDARY 9
#define YARD_LISTS_MAX 8

extern int64_t yard_now_s;
extern int64_t yard_monotonic_us;

/* A status list as the server has it in a file. */
struct yard_list {
    struct status_space space;
    uint8_t *file; /* owned */
    size_t n;
};

struct yard {
    char folder[64];
    struct key *log, *issuer_key, *other_key;
    uint8_t issuer[1024];
    size_t issuer_n;
    struct boundary *boundary;
    uint8_t body_memory[1 << 20], items_memory[1 << 18], more_memory[1 << 18];
    struct buf body; /* the answer in the making */
    struct yard_list lists[YARD_LISTS_MAX];
    size_t lists_n;
    bool has_no_lists; /* the server does not answer */
};

void yard_open(struct yard *yard);
void yard_close(struct yard *yard);
/* Closes the boundary and opens it again on the same folder, as a restart does. */
void yard_restart(struct yard *yard);

/* What a server signs, appended to the answer. */
void yard_sign(struct yard *yard, const struct key *by, const char *type, struct bytes payload);

/* One change at most in each; `high` 0: no space is named, which makes a heartbeat of it where from
 * is to. */
struct yard_delta {
    uint64_t from, to;
    int64_t at_s; /* 0: now */
    uint32_t shard, high;
    const struct feed_change *changes;
    size_t changes_n;
    uint64_t service; /* generation of our service stream; 0: not named */
    uint64_t ledger_size;
    uint8_t ledger_octet; /* all of the root */
};
void yard_put_delta(struct yard *yard, const struct yard_delta *delta);
void yard_put_heartbeat(struct yard *yard, uint64_t generation);

/* A list of these statuses into the files, and a catalogue of all files. */
void yard_make_list(struct yard *yard, uint32_t shard, uint64_t generation,
                    const enum status *statuses, uint32_t high);
void yard_put_catalogue(struct yard *yard, uint64_t generation);

/* A service object: two services, "api" (30 s, fails closed) and "lax" (30 s, fails open). */
struct yard_service {
    uint64_t boundary, generation; /* boundary 0: ours */
    const char *name;              /* NULL: ours */
    const struct service_binding *bindings;
    size_t bindings_n;
    bool has_no_issuer;
};
void yard_put_service(struct yard *yard, const struct yard_service *service);

/* Applies the answer and begins another. */
enum result yard_apply(struct yard *yard, struct err *err);
/* The same, refused with that code. */
void yard_refuses(struct yard *yard, enum code code);

/* As far as the happy path goes: service of two bindings (product pump: connect, publish to
 * d/%device%/#, and request of /d/%device%), statuses valid, invalid, suspended, superseded, valid
 * by index, generation 100, fresh. */
void yard_stand(struct yard *yard);

struct boundary_identity yard_identity(uint32_t number);
enum boundary_reason yard_ask(struct yard *yard, uint32_t number);

/* A leaf by the issuer's key. */
struct yard_leaf {
    uint32_t number;
    int64_t from_s, to_s;  /* from now; both 0: a day each */
    const struct key *by;  /* NULL: the issuer's */
    bool is_of_other_name; /* issuer's name */
    bool has_no_purpose, is_server, has_no_serial_number, has_owner;
    size_t serial_n; /* 0: 16 */
};
struct bytes yard_make_leaf(struct yard *yard, const struct yard_leaf *leaf);

#endif
