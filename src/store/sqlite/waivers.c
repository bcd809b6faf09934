#include "database.h"

static enum result next_waiver(struct query *query, struct waiver *ret, struct err *err)
{
    TRY(query_next(query, err));
    ret->id = query_int(query);
    ret->check = (int)query_u32(query);
    ret->product = query_int(query);
    ret->device = query_int(query);
    query_text(query, ret->of_owner, sizeof ret->of_owner);
    query_text(query, ret->answers, sizeof ret->answers);
    (void)query_hash(query, ret->reason, sizeof ret->reason);
    ret->created_s = query_int(query);
    ret->expires_s = query_int(query);
    ret->asked_by = query_int(query);
    ret->state = (int)query_u32(query);
    ret->ended_s = query_int(query);
    ret->ended_by = query_int(query);
    return query_row_ok(query, err);
}

static enum result visit_waivers(struct query *query, waiver_visit visit, void *ctx,
                                 struct err *err)
{
    struct waiver row;
    enum result result;
    while ((result = next_waiver(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_waiver(struct store *store, int64_t id, struct waiver *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WAIVER);
    struct waiver row;
    query_put_int(&q, id);
    TRY(next_waiver(&q, &row, err));
    *ret = row;
    return OK;
}

enum result store_waivers(struct store *store, const struct filter *filter, waiver_visit visit,
                          void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WAIVERS);
    query_put_filter(&q, filter);
    query_put_int(&q, filter->open_only);
    query_put_int(&q, filter->now_s);
    query_put_int(&q, filter->product);
    query_put_text(&q, filter->owner);
    return visit_waivers(&q, visit, ctx, err);
}

enum result store_waivers_at(struct store *store, int64_t at_s, waiver_visit visit, void *ctx,
                             struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WAIVERS_AT);
    query_put_int(&q, at_s);
    return visit_waivers(&q, visit, ctx, err);
}

enum result store_waiver_of(struct store *store, int64_t finding, int64_t at_s, struct waiver *ret,
                            struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WAIVER_OF);
    struct waiver row;
    query_put_int(&q, finding);
    query_put_int(&q, at_s);
    TRY(next_waiver(&q, &row, err));
    *ret = row;
    return OK;
}

enum result store_waived(struct store *store, const struct waived_subject *subject,
                         waived_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WAIVED);
    enum result result;
    query_put_int(&q, subject->device);
    query_put_int(&q, subject->product);
    query_put_text(&q, bytes_of(subject->owner, strlen(subject->owner)));
    while ((result = query_next(&q, err)) == OK) {
        int check = (int)query_u32(&q);
        int64_t until_s = query_int(&q);
        TRY(query_row_ok(&q, err));
        TRY(visit(ctx, check, until_s, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}
