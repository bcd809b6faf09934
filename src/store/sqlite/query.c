#include "database.h"

#include <string.h>

static const char *const sql_of[STATEMENTS] = {
#define STATEMENT(NAME, sql) sql,
#include "statements.def"
#undef STATEMENT
};

struct query query_of(struct store *store, enum statement statement)
{
    sqlite3_stmt **slot = &store->prepared[statement];
    int rc = SQLITE_OK;
    if (sqlite3_stmt_busy(*slot)) /* a visit that asks the list it is called from */
        return (struct query){.store = store, .rc = SQLITE_MISUSE};
    if (*slot == NULL)
        rc = sqlite3_prepare_v3(store->db, sql_of[statement], -1, SQLITE_PREPARE_PERSISTENT, slot,
                                NULL);
    return (struct query){.store = store, .stmt = *slot, .rc = rc};
}

void query_end(struct query *query)
{
    if (query->stmt != NULL)
        sqlite3_reset(query->stmt); /* repeats the failure that the caller has already */
}

static void note(struct query *query, int rc)
{
    if (query->rc == SQLITE_OK)
        query->rc = rc;
}

void query_put_int(struct query *query, int64_t value)
{
    if (query->rc == SQLITE_OK)
        note(query, sqlite3_bind_int64(query->stmt, ++query->parameter, value));
}

void query_put_text(struct query *query, struct bytes value)
{
    const char *text = value.n > 0 ? (const char *)value.p : "";
    if (query->rc == SQLITE_OK)
        note(query, sqlite3_bind_text64(query->stmt, ++query->parameter, text, value.n,
                                        SQLITE_STATIC, SQLITE_UTF8));
}

void query_put_blob(struct query *query, struct bytes value)
{
    const void *octets = value.n > 0 ? (const void *)value.p : "";
    if (query->rc == SQLITE_OK)
        note(query,
             sqlite3_bind_blob64(query->stmt, ++query->parameter, octets, value.n, SQLITE_STATIC));
}

void query_put_filter(struct query *query, const struct filter *filter)
{
    query_put_int(query, filter->after);
    query_put_int(query, filter->limit == 0 ? -1 : (int64_t)filter->limit);
}

void query_put_walk(struct query *query, const struct filter *filter)
{
    query_put_int(query, filter->after);
    query_put_int(query, filter->limit == 0 ? -1 : STORE_LIST_LOOKS);
}

bool walk_on(struct walk *walk, struct query *query, int64_t id, bool *ret_fits)
{
    const struct filter *filter = walk->filter;
    *ret_fits = query_int(query) != 0;
    walk->looks++;
    walk->fits += *ret_fits;
    bool is_full = filter->limit != 0 && walk->fits == filter->limit;
    bool is_spent = filter->limit != 0 && walk->looks == STORE_LIST_LOOKS;
    if (is_spent && !is_full && filter->reached != NULL)
        *filter->reached = id;
    return !is_full && !is_spent;
}

enum result query_next(struct query *query, struct err *err)
{
    int rc = query->rc == SQLITE_OK ? sqlite3_step(query->stmt) : query->rc;
    query->column = 0;
    query->bad = NULL;
    if (rc == SQLITE_ROW)
        return OK;
    if (rc == SQLITE_DONE)
        return R_NOT_FOUND;
    if (rc == SQLITE_MISUSE)
        return err_set(err, E_BUG, "a statement within itself");
    return database_fail(query->store, "database", err);
}

enum result query_run(struct query *query, struct err *err)
{
    enum result result = query_next(query, err);
    return result == R_NOT_FOUND ? OK : result;
}

/* STRICT tables hold what they declare unless somebody edited the file. */
static int type_of(struct query *query, int wanted)
{
    int type = sqlite3_column_type(query->stmt, query->column);
    if (type != wanted && type != SQLITE_NULL)
        query->bad = "a value of another type than its column";
    return type;
}

int64_t query_int(struct query *query)
{
    type_of(query, SQLITE_INTEGER);
    return sqlite3_column_int64(query->stmt, query->column++);
}

uint32_t query_u32(struct query *query)
{
    int64_t value = query_int(query);
    if (value < 0 || value > UINT32_MAX)
        query->bad = "a number above 32 bits";
    return (uint32_t)value;
}

void query_text(struct query *query, char *to, size_t room)
{
    struct bytes text = {0};
    if (type_of(query, SQLITE_TEXT) == SQLITE_TEXT)
        text = query_bytes(query);
    else
        query->column++;
    to[0] = '\0';
    if (text.n >= room || (text.n > 0 && memchr(text.p, 0, text.n) != NULL)) {
        query->bad = "text that is too long or has a NUL";
        return;
    }
    if (text.n > 0)
        memcpy(to, text.p, text.n);
    to[text.n] = '\0';
}

bool query_hash(struct query *query, uint8_t *to, size_t n)
{
    int type = type_of(query, SQLITE_BLOB);
    struct bytes octets = query_bytes(query);
    memset(to, 0, n);
    if (type == SQLITE_NULL)
        return false;
    if (octets.n != n) {
        query->bad = "a digest or serial of another length";
        return false;
    }
    memcpy(to, octets.p, n);
    return true;
}

struct bytes query_bytes(struct query *query)
{
    int column = query->column++;
    const void *octets = sqlite3_column_type(query->stmt, column) == SQLITE_TEXT
                             ? (const void *)sqlite3_column_text(query->stmt, column)
                             : sqlite3_column_blob(query->stmt, column);
    return bytes_of(octets, (size_t)sqlite3_column_bytes(query->stmt, column));
}

enum result query_row_ok(const struct query *query, struct err *err)
{
    if (query->bad == NULL)
        return OK;
    return err_set(err, E_STORE_CORRUPT, "a row has %s: %s", query->bad, sqlite3_sql(query->stmt));
}

enum result query_is_there(struct query *query, bool *ret, struct err *err)
{
    enum result result = query_next(query, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret = result == OK;
    return OK;
}

enum result query_one_int(struct query *query, int64_t *ret, struct err *err)
{
    TRY(query_next(query, err));
    int64_t value = query_int(query);
    TRY(query_row_ok(query, err));
    *ret = value;
    return OK;
}

enum result query_ids(struct query *query, int64_t *ret, size_t max, size_t *ret_n, struct err *err)
{
    enum result result = OK;
    for (*ret_n = 0; *ret_n < max && (result = query_next(query, err)) == OK; ++*ret_n)
        ret[*ret_n] = query_int(query);
    return result == R_NOT_FOUND ? OK : result;
}
