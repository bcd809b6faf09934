/* Deadlines of many connections: a hashed timing wheel. Setting, moving and clearing one is O(1);
 * a deadline is noticed at most WHEEL_TICK_MS late. Owns nothing; nodes live in the things they
 * time. */
#ifndef HTTP_WHEEL_H
#define HTTP_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define WHEEL_TICK_MS 64
#define WHEEL_SLOTS 1024 /* one turn is 65 s; later deadlines stay for further turns */

struct wheel_node {
    struct wheel_node *next, *prev; /* NULL: not in a wheel */
    int64_t due_ms;
};

struct wheel {
    struct wheel_node slots[WHEEL_SLOTS]; /* heads of rings */
    uint64_t occupied[WHEEL_SLOTS / 64];
    int64_t tick; /* every slot before it was looked at */
};

void wheel_init(struct wheel *wheel, int64_t now_ms);

/* Puts the node in, or moves it. A deadline in the past is due at the next wheel_pop(). */
void wheel_set(struct wheel *wheel, struct wheel_node *node, int64_t due_ms);

/* Takes the node out; one that is not in is fine. */
void wheel_clear(struct wheel *wheel, struct wheel_node *node);

/* Takes out and returns one node that is due, NULL when there is none left. */
struct wheel_node *wheel_pop(struct wheel *wheel, int64_t now_ms);

/* Milliseconds until wheel_pop() is worth calling; -1 for an empty wheel. */
int wheel_wait_ms(const struct wheel *wheel, int64_t now_ms);

#endif
