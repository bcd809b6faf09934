#include "database.h"

#include <string.h>

#define TILE_BYTES 8192
#define TILE_LEVEL_SHIFT 56 /* of the row id: level above, index below */

static int64_t limit_of(uint64_t limit)
{
    return limit > INT64_MAX ? -1 : (int64_t)limit; /* SQL: -1 is no limit */
}

enum result store_append_entry(struct store *store, const struct entry *entry, struct err *err)
{
    if (entry->seq > INT64_MAX)
        return err_set(err, E_BUG, "an entry number above 63 bits");
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_ENTRY);
    query_put_int(&q, (int64_t)entry->seq);
    query_put_int(&q, entry->at_s);
    query_put_int(&q, entry->event);
    query_put_int(&q, entry->device);
    query_put_blob(&q, entry->body);
    return query_run(&q, err);
}

enum result store_put_entry_touches(struct store *store, uint64_t seq, int64_t device,
                                    struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_ENTRY_TOUCHES);
    query_put_int(&q, device);
    query_put_int(&q, (int64_t)seq);
    return query_run(&q, err);
}

static enum result next_entry(struct query *query, struct entry *ret, struct err *err)
{
    TRY(query_next(query, err));
    struct entry entry = {.seq = (uint64_t)query_int(query), .at_s = query_int(query)};
    entry.event = (int)query_u32(query);
    entry.device = query_int(query);
    entry.body = query_bytes(query);
    TRY(query_row_ok(query, err));
    *ret = entry;
    return OK;
}

static enum result visit_entries(struct query *query, entry_visit visit, void *ctx, struct err *err)
{
    struct entry entry;
    enum result result;
    while ((result = next_entry(query, &entry, err)) == OK)
        TRY(visit(ctx, &entry, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_entries(struct store *store, uint64_t seq, uint64_t limit, entry_visit visit,
                          void *ctx, struct err *err)
{
    if (seq > INT64_MAX)
        return OK;
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ENTRIES);
    query_put_int(&q, (int64_t)seq);
    query_put_int(&q, limit_of(limit));
    return visit_entries(&q, visit, ctx, err);
}

enum result store_entries_of(struct store *store, int64_t device, int event, entry_visit visit,
                             void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ENTRIES_OF);
    query_put_int(&q, device);
    query_put_int(&q, event);
    return visit_entries(&q, visit, ctx, err);
}

enum result store_timeline(struct store *store, const struct timeline *which, entry_visit visit,
                           void *ctx, struct err *err)
{
    bool from_the_end = which->before == 0 || which->before > INT64_MAX;
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_TIMELINE);
    query_put_int(&q, which->device);
    query_put_int(&q, from_the_end ? INT64_MAX : (int64_t)which->before);
    query_put_int(&q, limit_of(which->limit));
    return visit_entries(&q, visit, ctx, err);
}

enum result store_last_of_events(struct store *store, int64_t device, int event, int or_event,
                                 int64_t *ret_at_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LAST_OF_EVENTS);
    query_put_int(&q, device);
    query_put_int(&q, event);
    query_put_int(&q, or_event);
    return query_one_int(&q, ret_at_s, err);
}

enum result store_backup_at(struct store *store, int kind, int64_t *ret_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BACKUP_AT);
    query_put_int(&q, kind);
    return query_one_int(&q, ret_s, err);
}

enum result store_last_entry(struct store *store, uint64_t *ret_size, int64_t *ret_at_s,
                             struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LAST_ENTRY);
    enum result result = query_next(&q, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    bool is_empty = result == R_NOT_FOUND;
    int64_t seq = is_empty ? -1 : query_int(&q);
    int64_t at_s = is_empty ? 0 : query_int(&q);
    TRY(query_row_ok(&q, err));
    *ret_size = (uint64_t)(seq + 1);
    *ret_at_s = at_s;
    return OK;
}

static enum result tile_id(int level, uint64_t index, int64_t *ret, struct err *err)
{
    if (level < 0 || level > 7 || index >> TILE_LEVEL_SHIFT != 0)
        return err_set(err, E_BUG, "no tile has level %d, index %llu", level,
                       (unsigned long long)index);
    *ret = (int64_t)((uint64_t)level << TILE_LEVEL_SHIFT | index);
    return OK;
}

enum result store_put_tile(struct store *store, int level, uint64_t index, struct bytes hashes,
                           struct err *err)
{
    int64_t id = 0;
    TRY(tile_id(level, index, &id, err));
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_TILE);
    query_put_int(&q, id);
    query_put_blob(&q, hashes);
    return query_run(&q, err);
}

enum result store_tile(struct store *store, int level, uint64_t index, uint8_t ret_hashes[8192],
                       struct err *err)
{
    int64_t id = 0;
    TRY(tile_id(level, index, &id, err));
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_TILE);
    query_put_int(&q, id);
    TRY(query_next(&q, err));
    struct bytes hashes = query_bytes(&q);
    if (hashes.n != TILE_BYTES)
        return err_set(err, E_STORE_CORRUPT, "tile %d/%llu has %zu octets", level,
                       (unsigned long long)index, hashes.n);
    memcpy(ret_hashes, hashes.p, TILE_BYTES);
    return OK;
}
