#include "database.h"

#include <base/blob.h>
#include <base/limits.h>
#include <wire/hex.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every cell is at most LIMIT_CERTIFICATE_BYTES, four characters an octet, beside names and
 * numbers. */
#define LINE_MAX_BYTES (CHANGE_CELLS_MAX * (4 * LIMIT_CERTIFICATE_BYTES + 64))
#define SQL_MAX 2048

static void put(struct buf *buf, const char *text)
{
    buf_put_bytes(buf, bytes_of(text, strlen(text)));
}

static void put_number(struct buf *buf, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    put(buf, text);
}

static void put_quoted(struct buf *buf, struct bytes text)
{
    buf_put_u8(buf, '"');
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c >= 0x20 && c < 0x7f && c != '\\' && c != '"') {
            buf_put_u8(buf, c);
            continue;
        }
        put(buf, "\\x");
        hex_encode(buf, bytes_of(&c, 1));
    }
    buf_put_u8(buf, '"');
}

static void put_value(struct buf *buf, sqlite3_stmt *stmt, int at, enum column_type type)
{
    struct bytes octets = {0};
    if (type == TYPE_INT) {
        put_number(buf, sqlite3_column_int64(stmt, at));
        return;
    }
    octets.p = sqlite3_column_blob(stmt, at);
    octets.n = (size_t)sqlite3_column_bytes(stmt, at);
    if (type == TYPE_TEXT)
        put_quoted(buf, octets);
    else
        hex_encode(buf, octets);
}

static int sqlite_type(enum column_type type)
{
    static const int types[] = {
        [TYPE_NONE] = SQLITE_NULL,
        [TYPE_INT] = SQLITE_INTEGER,
        [TYPE_TEXT] = SQLITE_TEXT,
        [TYPE_BLOB] = SQLITE_BLOB,
    };
    return types[type];
}

static enum result write_line(const struct table_info *table, sqlite3_stmt *stmt, struct buf *line,
                              struct err *err)
{
    line->n = 0;
    put(line, table->name);
    put(line, " ");
    put_number(line, sqlite3_column_int64(stmt, 0));
    const struct column_info *column;
    for (int i = 0; (column = column_at(table->table, (size_t)i)) != NULL; i++) {
        int type = sqlite3_column_type(stmt, i + 1);
        if (type == SQLITE_NULL)
            continue;
        if (type != sqlite_type(column->type))
            return err_set(err, E_STORE_CORRUPT, "%s: %s is of another type", table->name,
                           column->name);
        put(line, " ");
        put(line, column->name);
        put(line, "=");
        put_value(line, stmt, i + 1, column->type);
    }
    if (!buf_ok(line))
        return err_set(err, E_STORE_CORRUPT, "%s: a row above every limit", table->name);
    return OK;
}

static enum result prepare(struct store *store, const struct table_info *table, sqlite3_stmt **ret,
                           struct err *err)
{
    char text[SQL_MAX];
    struct buf sql = buf_over(text, sizeof text);
    put(&sql, "SELECT id");
    const struct column_info *column;
    for (size_t i = 0; (column = column_at(table->table, i)) != NULL; i++) {
        put(&sql, ", ");
        put(&sql, column->name);
    }
    put(&sql, " FROM ");
    put(&sql, table->name);
    put(&sql, " ORDER BY id");
    if (!buf_ok(&sql))
        return err_set(err, E_BUG, "the SQL of a dump is longer than %d", SQL_MAX);
    if (sqlite3_prepare_v2(store->db, text, (int)sql.n, ret, NULL) != SQLITE_OK)
        return database_fail(store, "dump", err);
    return OK;
}

static void finalizep(sqlite3_stmt **stmt)
{
    sqlite3_finalize(*stmt);
}

struct dump {
    line_visit visit;
    void *ctx;
    struct buf line;
};

static enum result dump_table(struct store *store, const struct table_info *table,
                              struct dump *dump, struct err *err)
{
    CLEANUP(finalizep) sqlite3_stmt *stmt = NULL;
    TRY(prepare(store, table, &stmt, err));
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        TRY(write_line(table, stmt, &dump->line, err));
        TRY(dump->visit(dump->ctx, (const char *)dump->line.p, dump->line.n, err));
    }
    return rc == SQLITE_DONE ? OK : database_fail(store, table->name, err);
}

enum result store_dump(struct store *store, line_visit visit, void *ctx, struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(LINE_MAX_BYTES), .n = LINE_MAX_BYTES};
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for the dump");
    struct dump dump = {visit, ctx, buf_over(room.p, room.n)};
    const struct table_info *table;
    for (size_t i = 0; (table = table_at(i)) != NULL; i++)
        if (table->kind == KIND_LEDGER && table->table != TABLE_ENTRY)
            TRY(dump_table(store, table, &dump, err));
    return OK;
}
