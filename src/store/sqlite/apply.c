#include "tally.h"

#include <string.h>

#define SQL_MAX 2048 /* the widest table names its columns three times in under 1 KB */

static uint32_t columns_of(const struct change *change)
{
    uint32_t columns = 0;
    for (size_t i = 0; i < change->n; i++)
        columns |= UINT32_C(1) << (change->cells[i].column % COLUMNS_PER_TABLE);
    return columns;
}

static const char *name_of(const struct cell *cell)
{
    return column_find(cell->column)->name;
}

static void put(struct buf *sql, const char *text)
{
    buf_put_bytes(sql, bytes_of(text, strlen(text)));
}

/* INSERT INTO t (id, a) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET a = excluded.a */
static void write_sql(const struct change *change, struct buf *sql)
{
    put(sql, "INSERT INTO ");
    put(sql, table_find(change->table)->name);
    put(sql, " (id");
    for (size_t i = 0; i < change->n; i++) {
        put(sql, ", ");
        put(sql, name_of(&change->cells[i]));
    }
    put(sql, ") VALUES (?");
    for (size_t i = 0; i < change->n; i++)
        put(sql, ", ?");
    put(sql, ") ON CONFLICT (id) DO UPDATE SET ");
    for (size_t i = 0; i < change->n; i++) {
        put(sql, i == 0 ? "" : ", ");
        put(sql, name_of(&change->cells[i]));
        put(sql, " = excluded.");
        put(sql, name_of(&change->cells[i]));
    }
}

static enum result prepare(struct store *store, struct shape *shape, const struct change *change,
                           struct err *err)
{
    char text[SQL_MAX];
    struct buf sql = buf_over(text, sizeof text);
    write_sql(change, &sql);
    if (!buf_ok(&sql))
        return err_set(err, E_BUG, "the SQL of a change is longer than %d", SQL_MAX);
    sqlite3_finalize(shape->handle);
    *shape = (struct shape){0};
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v3(store->db, text, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &handle, NULL) !=
        SQLITE_OK)
        return database_fail(store, "change", err);
    *shape = (struct shape){change->table, columns_of(change), handle};
    return OK;
}

static enum result find_statement(struct store *store, const struct change *change,
                                  sqlite3_stmt **ret, struct err *err)
{
    uint32_t columns = columns_of(change);
    for (size_t i = 0; i < SHAPES_MAX && store->shapes[i].handle != NULL; i++) {
        if (store->shapes[i].table == change->table && store->shapes[i].columns == columns) {
            *ret = store->shapes[i].handle;
            return OK;
        }
    }
    struct shape *shape = &store->shapes[store->next_shape];
    TRY(prepare(store, shape, change, err));
    store->next_shape = (store->next_shape + 1) % SHAPES_MAX;
    *ret = shape->handle;
    return OK;
}

static void put_cell(struct query *query, const struct cell *cell)
{
    switch (cell->type) {
    case TYPE_NONE:
        sqlite3_bind_null(query->stmt, ++query->parameter);
        return;
    case TYPE_INT:
        query_put_int(query, cell->number);
        return;
    case TYPE_TEXT:
        query_put_text(query, cell->bytes);
        return;
    case TYPE_BLOB:
        query_put_blob(query, cell->bytes);
        return;
    }
}

static enum result write_row(struct store *store, const struct change *change, struct err *err)
{
    CLEANUP(query_end) struct query q = {.store = store};
    TRY(find_statement(store, change, &q.stmt, err));
    query_put_int(&q, change->id);
    for (size_t i = 0; i < change->n; i++)
        put_cell(&q, &change->cells[i]);
    enum result result = query_run(&q, err);
    if (result != OK)
        err_prefix(err, "%s %lld", table_find(change->table)->name, (long long)change->id);
    return result;
}

enum result store_apply(struct store *store, const struct change *change, struct err *err)
{
    struct counted before;
    const struct table_info *table = table_find(change->table);
    if (!change_is_sound(change) || table->kind != KIND_LEDGER || change->table == TABLE_ENTRY)
        return err_set(err, E_BUG, "a change of table %d row %lld that entries cannot make",
                       (int)change->table, (long long)change->id);
    if (!store->is_open || store->mode != STORE_WRITE)
        return err_set(err, E_BUG, "a change outside a transaction");

    if (change->table == TABLE_POLICY)
        store->policy.is_known = false;
    if (change->table == TABLE_PRODUCT)
        store->product.is_known = false;
    if (!tally_is_of(change))
        return write_row(store, change, err);
    TRY(tally_before(store, change, &before, err));
    TRY(write_row(store, change, err));
    return tally_note(store, change, &before, err);
}
