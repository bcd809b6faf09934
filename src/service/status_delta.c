#include <service/status_delta.h>

#include <base/blob.h>

#include <stdlib.h>
#include <string.h>

#define HEAD_N 9   /* of an array, at most */
#define SPACE_N 32 /* a space without its changes, at most */

void status_note_news(struct status_image *image, struct status_space space, uint32_t index,
                      enum status status)
{
    if (image->news_n == image->news_max) {
        size_t max = image->news_max == 0 ? 256 : image->news_max * 2;
        void *news =
            max > STATUS_NEWS_MAX ? NULL : reallocarray(image->news, max, sizeof *image->news);
        image->is_news_lost |= news == NULL;
        if (news == NULL)
            return;
        image->news = news;
        image->news_max = max;
    }
    image->news[image->news_n++] = (struct status_news){space, index};
    image->has_news = true;
    image->is_urgent |= status == STATUS_INVALID || status == STATUS_SUSPENDED;
}

void status_tell_all(struct status_image *image)
{
    for (size_t i = 0; i < image->n; i++)
        image->shards[i].told = image->shards[i].high;
    image->news_n = 0;
    image->has_news = image->is_urgent = image->is_news_lost = false;
}

static int compare_news(const void *a, const void *b)
{
    const struct status_news *one = a, *other = b;
    if (!status_space_is(one->space, other->space))
        return status_space_is_before(one->space, other->space) ? -1 : 1;
    return one->index < other->index ? -1 : one->index > other->index;
}

/* One delta under construction. */
struct telling {
    struct status_image *image;
    size_t at;          /* news before it are told, or of a shard that is gone */
    struct buf items;   /* spaces so far */
    struct buf changes; /* of the one at hand */
    size_t spaces_n;
    bool is_full;
};

static bool put_change(struct telling *telling, const struct status_shard *shard, uint32_t index)
{
    size_t left = telling->items.max - telling->items.n - SPACE_N;
    telling->is_full = telling->changes.n + FEED_CHANGE_N > left;
    if (telling->is_full)
        return false;
    feed_put_change(&telling->changes,
                    &(struct feed_change){index, status_at(shard->octets, index)});
    return true;
}

/* What was told and is different now, each index once. */
static void tell_changed(struct telling *telling, const struct status_shard *shard)
{
    const struct status_image *image = telling->image;
    while (telling->at < image->news_n) {
        const struct status_news *news = &image->news[telling->at];
        bool is_here = status_space_is(news->space, shard->space);
        if (!is_here && !status_space_is_before(news->space, shard->space))
            return;
        bool is_again = telling->at > 0 && compare_news(news - 1, news) == 0;
        if (is_here && !is_again && !put_change(telling, shard, news->index))
            return;
        telling->at++;
    }
}

/* Indices from `told` on, which are valid where nothing else is said. How far it came. */
static uint32_t tell_new(struct telling *telling, const struct status_shard *shard)
{
    for (uint32_t i = shard->told; i < shard->high; i++)
        if (status_at(shard->octets, i) != STATUS_VALID && !put_change(telling, shard, i))
            return i;
    return shard->high;
}

static void tell_shard(struct telling *telling, struct status_shard *shard)
{
    if (telling->items.max - telling->items.n < SPACE_N + FEED_CHANGE_N) {
        telling->is_full = true;
        return;
    }
    telling->changes.n = 0;
    tell_changed(telling, shard);
    uint32_t told = telling->is_full ? shard->told : tell_new(telling, shard);
    if (telling->changes.n == 0 && told == shard->told)
        return;
    shard->told = told;
    feed_put_space(&telling->items,
                   &(struct feed_space){shard->space, told, buf_bytes(&telling->changes)});
    telling->spaces_n++;
}

static void keep_rest(struct telling *telling)
{
    struct status_image *image = telling->image;
    size_t left = telling->is_full ? image->news_n - telling->at : 0;
    if (left > 0)
        memmove(image->news, image->news + telling->at, left * sizeof *image->news);
    image->news_n = left;
    image->has_news = telling->is_full;
    image->is_urgent = image->is_urgent && left > 0;
}

enum result status_delta_write(struct status_image *image, struct buf *spaces, struct err *err)
{
    size_t room = spaces->max - spaces->n - HEAD_N;
    CLEANUP(blob_free) struct blob scratch = {.p = malloc(2 * room), .n = 2 * room};
    if (scratch.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a delta");
    if (image->n == 0)
        return err_set(err, E_TOO_LARGE, "a delta of no shard");
    struct telling telling = {.image = image,
                              .items = buf_over(scratch.p, room),
                              .changes = buf_over(scratch.p + room, room)};
    if (image->news_n > 1)
        qsort(image->news, image->news_n, sizeof *image->news, compare_news);
    for (size_t i = 0; i < image->n && !telling.is_full; i++)
        tell_shard(&telling, &image->shards[i]);
    if (telling.spaces_n == 0) {
        const struct status_shard *first = &image->shards[0];
        feed_put_space(&telling.items,
                       &(struct feed_space){.space = first->space, .high = first->told});
        telling.spaces_n = 1;
    }
    keep_rest(&telling);
    cbor_write_array(spaces, telling.spaces_n);
    buf_put_bytes(spaces, buf_bytes(&telling.items));
    return OK;
}
