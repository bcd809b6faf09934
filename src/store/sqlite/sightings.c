/* Where scans saw certificates. */
#include "rows.h"

#include <base/text.h>

static enum result next_sighting(struct query *query, struct sighting *ret, struct err *err)
{
    struct sighting row = {0};
    TRY(query_next(query, err));
    row.id = query_int(query);
    query_text(query, row.place, sizeof row.place);
    query_text(query, row.host, sizeof row.host);
    row.foreign = query_int(query);
    row.certificate = query_int(query);
    row.ca_until_s = query_int(query);
    query_text(query, row.protocol, sizeof row.protocol);
    query_text(query, row.cipher, sizeof row.cipher);
    row.first_s = query_int(query);
    row.last_s = query_int(query);
    row.ended_s = query_int(query);
    (void)query_hash(query, row.spki, sizeof row.spki);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

static enum result visit_sightings(struct query *query, sighting_visit visit, void *ctx,
                                   struct err *err)
{
    struct sighting row = {0};
    enum result result;
    while ((result = next_sighting(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_put_sighting(struct store *store, const struct sighting *sighting,
                               struct bytes chain, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_SIGHTING);
    query_put_text(&q, text_bytes(sighting->place));
    query_put_text(&q, text_bytes(sighting->host));
    query_put_int(&q, sighting->foreign);
    query_put_int(&q, sighting->certificate);
    query_put_int(&q, sighting->ca_until_s);
    query_put_text(&q, text_bytes(sighting->protocol));
    query_put_text(&q, text_bytes(sighting->cipher));
    query_put_int(&q, sighting->first_s);
    query_put_int(&q, sighting->last_s);
    query_put_int(&q, sighting->ended_s);
    query_put_blob(&q, bytes_of(sighting->spki, 32));
    query_put_blob(&q, chain);
    return query_run(&q, err);
}

enum result store_sighting_again(struct store *store, const struct sighting *sighting,
                                 struct bytes chain, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGHTING_AGAIN);
    query_put_int(&q, sighting->last_s);
    query_put_int(&q, sighting->ca_until_s);
    query_put_text(&q, text_bytes(sighting->protocol));
    query_put_text(&q, text_bytes(sighting->cipher));
    query_put_blob(&q, chain);
    query_put_int(&q, sighting->id);
    return query_run(&q, err);
}

enum result store_sighting_ended(struct store *store, int64_t id, int64_t now_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGHTING_ENDED);
    query_put_int(&q, now_s);
    query_put_int(&q, id);
    return query_run(&q, err);
}

enum result store_sightings_at(struct store *store, struct bytes place, sighting_visit visit,
                               void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGHTINGS_AT);
    query_put_text(&q, place);
    return visit_sightings(&q, visit, ctx, err);
}

enum result store_sightings_of_key(struct store *store, const uint8_t spki[32],
                                   sighting_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGHTINGS_OF_KEY);
    query_put_blob(&q, bytes_of(spki, 32));
    return visit_sightings(&q, visit, ctx, err);
}

static struct query newest(struct store *store, enum statement statement, int64_t id,
                           uint32_t limit)
{
    struct query q = query_of(store, statement);
    query_put_int(&q, id);
    query_put_int(&q, limit);
    return q;
}

enum result store_sightings_of(struct store *store, int64_t foreign, uint32_t limit,
                               sighting_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = newest(store, STATEMENT_SIGHTINGS_OF, foreign, limit);
    return visit_sightings(&q, visit, ctx, err);
}

enum result store_sightings_of_ours(struct store *store, int64_t certificate, uint32_t limit,
                                    sighting_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end)
    struct query q = newest(store, STATEMENT_SIGHTINGS_OF_OURS, certificate, limit);
    return visit_sightings(&q, visit, ctx, err);
}

enum result store_sighting_sum(struct store *store, int64_t foreign, struct sighting_sum *ret,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGHTING_SUM);
    query_put_int(&q, foreign);
    TRY(query_next(&q, err));
    ret->since_s = query_int(&q);
    ret->latest_s = query_int(&q);
    ret->ca_until_s = query_int(&q);
    ret->ended_s = query_int(&q);
    return query_row_ok(&q, err);
}

enum result store_sighting_places(struct store *store, int64_t foreign, int64_t *ret_n,
                                  struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGHTING_PLACES);
    query_put_int(&q, foreign);
    return query_one_int(&q, ret_n, err);
}
