/* A random history of a small fleet, which is one number: what its steps share. */
#ifndef SERVICE_HISTORY_H
#define SERVICE_HISTORY_H

#include "acts.h"

#include <sqlite3.h>

#define TALLIES 2
#define DEVICES 3
#define FOREIGN 3 /* certificates of other CAs that it knows */

/* What histories of one database share. */
struct world {
    struct fixture *f;
    struct person people[3]; /* of acme, of zenith, and an admin of all */
    struct authority_row anchor;
    sqlite3 *database; /* as somebody else reads it */
    sqlite3_stmt *tallies[TALLIES];
    int64_t ruled_s; /* when a policy changed last: what was open before began by other rules */
};

/* What the holder of a device has. */
struct holder {
    unsigned n;   /* of its serial number; 0 = not imported */
    unsigned key; /* of its certificate */
    unsigned old_key;
    bool has, has_old;
    uint8_t serial[16], old[16];
    char token[64];
};

/* A certificate of another CA, as far as core looks into it. */
struct stranger {
    bool is_made;
    unsigned number; /* of its key */
    struct asker key;
    uint8_t der[8], serial[6];
    int64_t from_s, until_s, above_until_s;
};

struct history {
    struct world *world;
    struct fixture *f;
    uint64_t number;
    uint64_t random;
    int64_t ends_s;
    unsigned keys, devices; /* given so far */
    int step;
    int64_t foreign;  /* the last row of before this history */
    int64_t findings; /* the last one of before this step */
    const char *did;
    struct holder holders[DEVICES];
    struct stranger strangers[FOREIGN];
};

struct step {
    const char *name;
    unsigned weight;
    bool needs_device;
    void (*run)(struct history *h, struct holder *holder);
};
/* Each ends with a step without a name. */
extern const struct step life_steps[];   /* history_life.c: of devices, and time */
extern const struct step people_steps[]; /* history_people.c: what people decide and find */

uint64_t draw(struct history *h);
unsigned below(struct history *h, unsigned bound);
unsigned new_key(struct history *h);
/* Its own new one, the one it has, or somebody else's. */
unsigned some_key(struct history *h, const struct holder *holder);
struct bytes serial_of(const struct holder *holder, char space[32]);
/* Time goes by, and what it changes is judged. */
void pass(struct history *h, int64_t s);

/* Whatever a verb answers: what it refused is undone. */
#define TRY_VERB(f, name, ask, answer)                                                             \
    do {                                                                                           \
        begin(f);                                                                                  \
        if (verb_##name(&(f)->service, &(f)->admin, ask, (f)->now_s, answer, &(f)->err) == OK)     \
            commit(f);                                                                             \
        else                                                                                       \
            roll_back(f);                                                                          \
    } while (0)

/* The second look at the database; it is the caller's to close, before the fixture is. */
void world_open(struct world *world);
void world_close(struct world *world);

/* Fails unless what is stored is what a judgement of it anew says. */
void compare_fleet(struct history *h); /* its own devices, and what is about no device */
void compare_said(struct history *h);  /* what OCSP says from memory of the newest certificates */
void compare_all(struct history *h);   /* everything in the database, and the tallies of it */

#endif
