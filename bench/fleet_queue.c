/* What is to come, the earliest first: a heap in an array. */
#include "fleet.h"

#include <stdlib.h>

static bool is_before(const struct event_to_come *a, const struct event_to_come *b)
{
    return a->at_s != b->at_s ? a->at_s < b->at_s : a->order < b->order;
}

static void swap(struct event_to_come *a, struct event_to_come *b)
{
    struct event_to_come kept = *a;
    *a = *b;
    *b = kept;
}

enum result queue_put(struct queue *queue, int64_t at_s, uint32_t who, int what, struct err *err)
{
    if (queue->n == queue->room) {
        size_t room = queue->room == 0 ? 1024 : queue->room * 2;
        void *heap = reallocarray(queue->heap, room, sizeof *queue->heap);
        if (heap == NULL)
            return err_set(err, E_MEMORY, "no memory for %zu events", room);
        queue->heap = heap;
        queue->room = room;
    }
    size_t at = queue->n++;
    queue->heap[at] = (struct event_to_come){at_s, queue->given++, who, what};
    for (; at > 0 && is_before(&queue->heap[at], &queue->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&queue->heap[at], &queue->heap[(at - 1) / 2]);
    return OK;
}

bool queue_take(struct queue *queue, struct event_to_come *ret)
{
    if (queue->n == 0)
        return false;
    *ret = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->n];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->n; child++)
            if (is_before(&queue->heap[child], &queue->heap[least]))
                least = child;
        if (least == at)
            return true;
        swap(&queue->heap[at], &queue->heap[least]);
        at = least;
    }
}
