/* A session that is taken over back and forth: two holders of one identity at one broker, each of
 * whom closes the other's. Pure. */
#ifndef BROKER_TAKEOVERS_H
#define BROKER_TAKEOVERS_H

#include <stdbool.h>
#include <stdint.h>

#define TAKEOVERS 3
#define TAKEOVERS_WITHIN_MS 60000

/* Zeroed: none yet. */
struct takeovers {
    int64_t at_ms[TAKEOVERS]; /* the last ones, the newest first; 0: none */
};

/* One more, of a session that had sent or not. True: it is the third within a minute, and each of
 * the three that were closed had sent; they are then forgotten. A session that never sent, as that
 * of a device which only lost its network, begins the count anew. */
bool takeovers_add(struct takeovers *takeovers, bool had_sent, int64_t now_ms);

#endif
