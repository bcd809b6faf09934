/* Sums over findings. */
#include "database.h"

#include <store/debt.h>

#include <string.h>

static const enum statement statements[] = {
    STATEMENT_DEBT,          STATEMENT_DEBT_BY_PRODUCT,  STATEMENT_DEBT_BY_OWNER,
    STATEMENT_DEBT_BY_CHECK, STATEMENT_DEBT_BY_SEVERITY, STATEMENT_DEBT_BY_DEVICE,
};

static void read_row(struct query *query, struct debt_row *ret)
{
    ret->key = query_int(query);
    query_text(query, ret->text, sizeof ret->text);
    ret->part = (int)query_u32(query);
    ret->severity = (int)query_u32(query);
    ret->n = query_int(query);
    ret->began_s = query_int(query);
    ret->ended_s = query_int(query);
    ret->oldest_s = query_int(query);
}

enum result store_debt(struct store *store, const struct debt_filter *filter, debt_visit visit,
                       void *ctx, struct err *err)
{
    if (filter->by < 0 || (size_t)filter->by >= LENGTH_OF(statements))
        return err_set(err, E_BUG, "nothing is owed by %d", filter->by);
    CLEANUP(query_end) struct query q = query_of(store, statements[filter->by]);
    query_put_int(&q, filter->at_s);
    query_put_int(&q, filter->since_s);
    query_put_int(&q, filter->product);
    query_put_text(&q, filter->owner);
    query_put_text(&q, bytes_of(filter->weights, strlen(filter->weights)));
    struct debt_row row;
    enum result result;
    while ((result = query_next(&q, err)) == OK) {
        read_row(&q, &row);
        TRY(query_row_ok(&q, err));
        TRY(visit(ctx, &row, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

const int64_t finding_age_s[FINDING_AGES] = {3600, 86400, 604800, 2592000, 7776000, 31536000};

enum result store_ages(struct store *store, const struct ages_filter *filter, ages_visit visit,
                       void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FINDING_AGES);
    query_put_int(&q, filter->now_s);
    for (size_t i = 0; i < FINDING_AGES; i++)
        query_put_int(&q, filter->now_s - finding_age_s[i]);
    query_put_text(&q, filter->owner);
    query_put_text(&q, bytes_of(filter->weights, strlen(filter->weights)));
    struct finding_ages ages;
    enum result result;
    while ((result = query_next(&q, err)) == OK) {
        ages.severity = (int)query_u32(&q);
        for (size_t i = 0; i < FINDING_AGES; i++)
            ages.younger[i] = query_int(&q);
        ages.n = query_int(&q);
        ages.sum_s = query_int(&q);
        TRY(query_row_ok(&q, err));
        TRY(visit(ctx, &ages, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_waits(struct store *store, int64_t now_s, struct store_waits *ret,
                        struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WAITS);
    query_put_int(&q, now_s);
    TRY(query_next(&q, err));
    struct store_waits waits = {0};
    waits.overdue = query_int(&q);
    waits.oldest_s = query_int(&q);
    waits.waivers = query_int(&q);
    waits.lapsed = query_int(&q);
    TRY(query_row_ok(&q, err));
    *ret = waits;
    return OK;
}
