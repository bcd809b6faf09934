#include "database.h"
#include "rows.h"

#include <stdio.h>

enum result store_operator_row(struct store *store, int64_t id, struct operator_row *ret,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPERATOR_ROW);
    struct operator_row row;
    query_put_int(&q, id);
    TRY(query_next(&q, err));
    read_operator(&q, &row);
    TRY(query_row_ok(&q, err));
    *ret = row;
    return OK;
}

/* Of a statement whose last parameter is how many. */
static enum result some_operators(struct query *q, struct operator_row *ret, size_t max,
                                  size_t *ret_n, struct err *err)
{
    enum result result = OK;
    query_put_int(q, (int64_t)max);
    for (*ret_n = 0; *ret_n < max && (result = query_next(q, err)) == OK; ++*ret_n) {
        read_operator(q, &ret[*ret_n]);
        TRY(query_row_ok(q, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_operator_keys(struct store *store, int64_t person, struct operator_row *ret,
                                size_t max, size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPERATOR_KEYS);
    query_put_int(&q, person);
    return some_operators(&q, ret, max, ret_n, err);
}

enum result store_operator_rows(struct store *store, int64_t person, struct operator_row *ret,
                                size_t max, size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPERATOR_ROWS);
    query_put_int(&q, person);
    return some_operators(&q, ret, max, ret_n, err);
}

enum result store_count_people_of(struct store *store, struct bytes scope, int least,
                                  int64_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PEOPLE_OF);
    query_put_text(&q, scope);
    query_put_int(&q, least);
    return query_one_int(&q, ret_n, err);
}

enum result store_count_approvers(struct store *store, int64_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_APPROVERS);
    return query_one_int(&q, ret_n, err);
}

/* False when there is no room for what stands there. */
static bool copy_octets(struct bytes from, uint8_t *to, size_t max, size_t *ret_n)
{
    if (from.n > max)
        return false;
    memcpy(to, from.n > 0 ? from.p : to, from.n);
    *ret_n = from.n;
    return true;
}

static enum result next_approval(struct query *query, struct approval_row *ret, struct err *err)
{
    TRY(query_next(query, err));
    ret->id = query_int(query);
    query_text(query, ret->kind, sizeof ret->kind);
    ret->requester = query_int(query);
    ret->created_s = query_int(query);
    ret->expires_s = query_int(query);
    ret->state = (int)query_u32(query);
    (void)query_hash(query, ret->hash, sizeof ret->hash);
    if (!copy_octets(query_bytes(query), ret->body, sizeof ret->body, &ret->body_n))
        return err_set(err, E_STORE_CORRUPT, "approval %lld has a body above %d octets",
                       (long long)ret->id, APPROVAL_BODY_MAX);
    return query_row_ok(query, err);
}

enum result store_approval(struct store *store, int64_t id, struct approval_row *ret,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_APPROVAL);
    query_put_int(&q, id);
    return next_approval(&q, ret, err);
}

enum result store_approvals(struct store *store, const struct filter *filter, approval_visit visit,
                            void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_APPROVALS);
    struct approval_row row;
    enum result result;
    query_put_filter(&q, filter);
    query_put_int(&q, filter->open_only);
    while ((result = next_approval(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

static enum result next_signature(struct query *query, struct signature_row *ret, struct err *err)
{
    TRY(query_next(query, err));
    ret->id = query_int(query);
    ret->approval = query_int(query);
    ret->signer = query_int(query);
    if (!copy_octets(query_bytes(query), ret->signature.p, sizeof ret->signature.p,
                     &ret->signature.n))
        return err_set(err, E_STORE_CORRUPT, "signature %lld is above %d octets",
                       (long long)ret->id, APPROVAL_SIGNATURE_BYTES);
    return query_row_ok(query, err);
}

enum result store_signatures(struct store *store, int64_t approval, struct signature_row *ret,
                             size_t max, size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGNATURES);
    size_t n = 0;
    enum result result = OK;
    query_put_int(&q, approval);
    query_put_int(&q, (int64_t)max);
    while (n < max && (result = next_signature(&q, &ret[n], err)) == OK)
        n++;
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret_n = n;
    return OK;
}

static enum result read_cell(sqlite3_stmt *stmt, const struct column_info *info, struct buf *space,
                             struct cell *ret, struct err *err)
{
    *ret = (struct cell){.column = info->column};
    if (sqlite3_column_type(stmt, 0) == SQLITE_NULL)
        return OK;
    ret->type = info->type;
    if (info->type == TYPE_INT) {
        ret->number = sqlite3_column_int64(stmt, 0);
        return OK;
    }
    size_t before = space->n;
    buf_put_bytes(space,
                  bytes_of(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)));
    ret->bytes = bytes_of(space->p + before, space->n - before);
    return buf_ok(space) ? OK : err_set(err, E_TOO_LARGE, "a value of %s is too long", info->name);
}

enum result store_cell(struct store *store, enum column column, int64_t id, struct buf *space,
                       struct cell *ret, struct err *err)
{
    char sql[128];
    sqlite3_stmt *stmt = NULL;
    const struct column_info *info = column_find(column);
    const struct table_info *table = table_find((enum table)(column / COLUMNS_PER_TABLE));
    if (info == NULL || table == NULL)
        return err_set(err, E_BUG, "there is no column %d", (int)column);
    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id = ?", info->name, table->name);
    if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return database_fail(store, table->name, err);
    sqlite3_bind_int64(stmt, 1, id);
    int rc = sqlite3_step(stmt);
    enum result result = rc == SQLITE_ROW    ? read_cell(stmt, info, space, ret, err)
                         : rc == SQLITE_DONE ? R_NOT_FOUND
                                             : database_fail(store, table->name, err);
    sqlite3_finalize(stmt);
    return result;
}
