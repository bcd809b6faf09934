#include "rows.h"

#include <store/rehearse.h>

static enum result next_dependant(struct query *query, struct dependant *ret, struct err *err)
{
    TRY(query_next(query, err));
    *ret = (struct dependant){0};
    ret->product = query_int(query);
    ret->state = (int)query_int(query);
    ret->has_registered = query_int(query) != 0;
    ret->idevid_anchor = query_int(query);
    ret->token_until_s = query_int(query);
    ret->seen_s = query_int(query);
    ret->certificates = query_int(query);
    ret->issued_s = query_int(query);
    ret->not_after_s = query_int(query);
    ret->has_other = query_int(query) != 0;
    return query_row_ok(query, err);
}

static enum statement statement_of(enum dependence on)
{
    switch (on) {
    case DEPEND_ISSUER:
        return STATEMENT_DEPENDANTS_OF_ISSUER;
    case DEPEND_ANCHOR:
        return STATEMENT_DEPENDANTS_OF_ANCHOR;
    case DEPEND_PRODUCT:
    case DEPEND_NONE:
        break;
    }
    return STATEMENT_DEPENDANTS_OF_PRODUCT;
}

enum result store_dependants(struct store *store, const struct depend_filter *filter,
                             dependant_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, statement_of(filter->on));
    struct dependant row;
    enum result result;
    query_put_int(&q, filter->row);
    query_put_int(&q, filter->now_s);
    query_put_text(&q, filter->owner);
    while ((result = next_dependant(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_dependent_operators(struct store *store, int64_t issuer, int64_t now_s,
                                      int64_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEPENDENT_OPERATORS);
    query_put_int(&q, issuer);
    query_put_int(&q, now_s);
    return query_one_int(&q, ret_n, err);
}

/* ---- a product ---------------------------------------------------------------------------------
 */

enum result store_device_groups(struct store *store, int64_t product, device_group_visit visit,
                                void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEVICE_GROUPS);
    enum result result;
    query_put_int(&q, product);
    while ((result = query_next(&q, err)) == OK) {
        struct device_group group = {.state = (int)query_u32(&q)};
        group.proof = (int)query_u32(&q);
        group.n = query_int(&q);
        TRY(query_row_ok(&q, err));
        TRY(visit(ctx, &group, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_count_permits(struct store *store, int64_t product, int64_t now_s, int64_t *ret_n,
                                struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_COUNT_PERMITS);
    query_put_int(&q, product);
    query_put_int(&q, now_s);
    return query_one_int(&q, ret_n, err);
}

/* ---- how fast ----------------------------------------------------------------------------------
 */

static enum result entry_at(struct store *store, uint64_t seq, int64_t *ret_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ENTRY_AT);
    query_put_int(&q, (int64_t)seq);
    enum result result = query_one_int(&q, ret_s, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_STORE_CORRUPT, "there is no entry %llu", (unsigned long long)seq);
    return result;
}

/* The first entry at or after `since_s`: entries stand in the order of time. */
static enum result first_since(struct store *store, int64_t since_s, uint64_t size, uint64_t *ret,
                               struct err *err)
{
    uint64_t low = 0, high = size;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t at_s = 0;
        TRY(entry_at(store, middle, &at_s, err));
        if (at_s < since_s)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return OK;
}

enum result store_busiest_minute(struct store *store, const struct busy_filter *filter,
                                 struct busy *ret, struct err *err)
{
    struct busy busy = {.since_s = filter->since_s};
    uint64_t size = 0, first = 0;
    int64_t last_s = 0;
    TRY(store_last_entry(store, &size, &last_s, err));
    TRY(first_since(store, filter->since_s, size, &first, err));
    if (size - first > filter->limit) {
        first = size - filter->limit;
        TRY(entry_at(store, first, &busy.since_s, err));
    }
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BUSIEST_MINUTE);
    query_put_int(&q, (int64_t)first);
    query_put_int(&q, filter->events[0]);
    query_put_int(&q, filter->events[1]);
    TRY(query_one_int(&q, &busy.n, err));
    *ret = busy;
    return OK;
}
