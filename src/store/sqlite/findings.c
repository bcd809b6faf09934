/* Findings: one, those that are open about something, and the lists of them. */
#include "rows.h"

static enum result next_finding(struct query *query, struct finding *ret, struct err *err)
{
    struct finding row;
    TRY(query_next(query, err));
    read_finding(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

static enum result some_findings(struct query *query, struct finding *ret, size_t max,
                                 size_t *ret_n, struct err *err)
{
    size_t n = 0;
    enum result result = OK;
    while (n < max && (result = next_finding(query, &ret[n], err)) == OK)
        n++;
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret_n = n;
    return OK;
}

enum result store_finding(struct store *store, int64_t id, struct finding *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FINDING);
    query_put_int(&q, id);
    return next_finding(&q, ret, err);
}

enum result store_open_findings(struct store *store, int64_t device, struct finding *ret,
                                size_t max, size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPEN_FINDINGS);
    query_put_int(&q, device);
    query_put_int(&q, (int64_t)max);
    return some_findings(&q, ret, max, ret_n, err);
}

enum result store_open_findings_about(struct store *store, struct subject_key about,
                                      struct finding *ret, size_t max, size_t *ret_n,
                                      struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPEN_FINDINGS_ABOUT);
    query_put_int(&q, about.kind);
    query_put_int(&q, about.id);
    query_put_int(&q, (int64_t)max);
    return some_findings(&q, ret, max, ret_n, err);
}

enum result store_was_found(struct store *store, int64_t device, bool *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WAS_FOUND);
    query_put_int(&q, device);
    return query_is_there(&q, ret, err);
}

enum result store_first_finding(struct store *store, struct subject_key about, int check,
                                int64_t *ret_id, struct err *err)
{
    bool is_device = about.kind == SUBJECT_KEY_DEVICE;
    CLEANUP(query_end)
    struct query q =
        query_of(store, is_device ? STATEMENT_FIRST_FINDING : STATEMENT_FIRST_FINDING_ABOUT);
    if (!is_device)
        query_put_int(&q, about.kind);
    query_put_int(&q, about.id);
    query_put_int(&q, check);
    *ret_id = 0;
    enum result result = query_one_int(&q, ret_id, err);
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_held_findings(struct store *store, uint32_t limit, finding_visit visit, void *ctx,
                                struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_HELD_FINDINGS);
    query_put_int(&q, limit);
    struct finding row;
    enum result result;
    while ((result = next_finding(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- lists ---- */

/* The index that leaves the fewest to pass over. */
static enum statement statement_for(const struct filter *filter)
{
    if (filter->device != 0)
        return STATEMENT_FINDINGS_OF_DEVICE;
    if (!filter->open_only)
        return STATEMENT_FINDINGS;
    if (!bytes_is_empty(filter->owner))
        return filter->check != 0 ? STATEMENT_FINDINGS_OF_OWNER_AND_CHECK
                                  : STATEMENT_FINDINGS_OF_OWNER;
    if (filter->check != 0)
        return STATEMENT_FINDINGS_OF_CHECK;
    if (filter->product != 0)
        return STATEMENT_FINDINGS_OF_PRODUCT;
    return filter->severity != 0 ? STATEMENT_FINDINGS_OF_SEVERITY : STATEMENT_FINDINGS_OPEN;
}

static enum result next_of_list(struct query *query, struct finding *ret, struct err *err)
{
    TRY(query_next(query, err));
    read_finding(query, ret);
    return query_row_ok(query, err);
}

enum result store_findings(struct store *store, const struct filter *filter, finding_visit visit,
                           void *ctx, struct err *err)
{
    struct walk walk = {.filter = filter};
    struct finding row;
    bool goes_on = true, fits = false;
    CLEANUP(query_end) struct query q = query_of(store, statement_for(filter));
    query_put_walk(&q, filter);
    query_put_int(&q, filter->product);
    query_put_int(&q, filter->open_only);
    query_put_text(&q, filter->owner);
    query_put_int(&q, filter->check);
    query_put_int(&q, filter->severity);
    if (filter->device != 0)
        query_put_int(&q, filter->device);
    enum result result = OK;
    while (goes_on && (result = next_of_list(&q, &row, err)) == OK) {
        goes_on = walk_on(&walk, &q, row.id, &fits);
        if (fits)
            TRY(visit(ctx, &row, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}
