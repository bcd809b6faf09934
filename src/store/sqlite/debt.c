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
