#include "wheel.h"

#include <stddef.h>
#include <string.h>

static unsigned slot_of(int64_t tick)
{
    return (unsigned)(tick % WHEEL_SLOTS);
}

void wheel_init(struct wheel *wheel, int64_t now_ms)
{
    memset(wheel->occupied, 0, sizeof wheel->occupied);
    for (unsigned i = 0; i < WHEEL_SLOTS; i++)
        wheel->slots[i] = (struct wheel_node){&wheel->slots[i], &wheel->slots[i], 0};
    wheel->tick = now_ms / WHEEL_TICK_MS;
}

void wheel_clear(struct wheel *wheel, struct wheel_node *node)
{
    if (node->next == NULL)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    /* Both neighbours are the ring's head: the slot is empty now. */
    if (node->next == node->prev) {
        unsigned slot = (unsigned)(node->next - wheel->slots);
        wheel->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    }
    node->next = node->prev = NULL;
}

void wheel_set(struct wheel *wheel, struct wheel_node *node, int64_t due_ms)
{
    wheel_clear(wheel, node);
    int64_t tick = due_ms / WHEEL_TICK_MS;
    unsigned slot = slot_of(tick > wheel->tick ? tick : wheel->tick);
    struct wheel_node *head = &wheel->slots[slot];
    node->due_ms = due_ms;
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
    wheel->occupied[slot / 64] |= UINT64_C(1) << slot % 64;
}

static struct wheel_node *due_in_slot(struct wheel *wheel, int64_t now_ms)
{
    struct wheel_node *head = &wheel->slots[slot_of(wheel->tick)];
    for (struct wheel_node *node = head->next; node != head; node = node->next)
        if (node->due_ms <= now_ms)
            return node;
    return NULL;
}

struct wheel_node *wheel_pop(struct wheel *wheel, int64_t now_ms)
{
    int64_t now = now_ms / WHEEL_TICK_MS;
    if (wheel->tick < now - WHEEL_SLOTS)
        wheel->tick = now - WHEEL_SLOTS; /* one whole turn looks at every slot */

    for (; wheel->tick <= now; wheel->tick++) {
        struct wheel_node *node = due_in_slot(wheel, now_ms);
        if (node != NULL) {
            wheel_clear(wheel, node);
            return node;
        }
        if (wheel->tick == now)
            break; /* more may become due within this tick */
    }
    return NULL;
}

/* The first occupied slot at or after `from`, in ticks ahead; -1 without one. */
static int ticks_ahead(const struct wheel *wheel, unsigned from)
{
    for (unsigned ahead = 0; ahead < WHEEL_SLOTS;) {
        unsigned slot = (from + ahead) % WHEEL_SLOTS;
        uint64_t word = wheel->occupied[slot / 64] >> slot % 64;
        if (word != 0)
            return (int)ahead + __builtin_ctzll(word);
        ahead += 64 - slot % 64;
    }
    return -1;
}

int wheel_wait_ms(const struct wheel *wheel, int64_t now_ms)
{
    int ahead = ticks_ahead(wheel, slot_of(wheel->tick));
    if (ahead < 0)
        return -1;
    int64_t at_ms = (wheel->tick + ahead + 1) * WHEEL_TICK_MS;
    return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}
