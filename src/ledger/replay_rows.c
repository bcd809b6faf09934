#include "replay_rows.h"

#include "replay_tables.h"

#include <base/limits.h>
#include <wire/cbor.h>
#include <wire/hex.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1 /* the row is then not in the map, and its handle says so */
#define uthash_nonfatal_oom(row) ((row)->hh.tbl = NULL)
#include <uthash.h>

/* A line has at most four characters for an octet of a value, and its column's name. */
#define REPLAY_ROOM (REPLAY_COLUMNS * (4 * LIMIT_CERTIFICATE_BYTES + 64))
#define NO_COLUMN UINT8_MAX

struct row_key {
    uint64_t table;
    int64_t id;
};

struct replay_row {
    struct row_key key;
    size_t n;
    uint8_t *cells; /* as in an entry, without nulls */
    UT_hash_handle hh;
};

enum result replay_rows_begin(struct replay_rows *rows)
{
    *rows = (struct replay_rows){.room = malloc(REPLAY_ROOM)};
    return rows->room == NULL ? R_MEMORY : OK;
}

void replay_rows_free(struct replay_rows *rows)
{
    struct replay_row *row, *next;
    HASH_ITER(hh, rows->first, row, next)
    {
        HASH_DEL(rows->first, row);
        free(row->cells);
        free(row);
    }
    free(rows->room);
}

static struct replay_row *find(const struct replay_rows *rows, uint64_t table, int64_t id)
{
    struct row_key key = {table, id};
    struct replay_row *row;
    HASH_FIND(hh, rows->first, &key, sizeof key, row);
    return row;
}

static struct replay_row *add(struct replay_rows *rows, uint64_t table, int64_t id)
{
    struct replay_row *row = calloc(1, sizeof *row);
    if (row == NULL)
        return NULL;
    row->key = (struct row_key){table, id};
    HASH_ADD(hh, rows->first, key, sizeof row->key, row);
    if (row->hh.tbl == NULL) {
        free(row);
        return NULL;
    }
    return row;
}

/* The column that comes next; its number is one octet. */
static uint8_t column_of(const struct reader *r)
{
    return r->left == 0 ? NO_COLUMN : r->p[0];
}

static struct bytes take_cell(struct reader *r, bool *ret_is_null)
{
    const uint8_t *start = r->p;
    (void)reader_u8(r);
    *ret_is_null = cbor_peek(r) == CBOR_NULL;
    cbor_skip(r);
    return bytes_of(start, (size_t)(r->p - start));
}

/* What was there, with what the change says in its place. */
static struct bytes merge(struct replay_rows *rows, struct bytes old, struct bytes new)
{
    struct reader before = reader_of(old), after = reader_of(new);
    struct buf out = buf_over(rows->room, REPLAY_ROOM);
    bool is_null;
    while (before.left > 0 || after.left > 0) {
        if (column_of(&before) < column_of(&after)) {
            buf_put_bytes(&out, take_cell(&before, &is_null));
            continue;
        }
        if (column_of(&before) == column_of(&after))
            (void)take_cell(&before, &is_null);
        struct bytes cell = take_cell(&after, &is_null);
        if (!is_null)
            buf_put_bytes(&out, cell);
    }
    return buf_bytes(&out);
}

enum result replay_rows_apply(struct replay_rows *rows, const struct replay_change *change)
{
    struct replay_row *row = find(rows, change->table, change->id);
    if (row == NULL)
        row = add(rows, change->table, change->id);
    if (row == NULL)
        return R_MEMORY;
    struct bytes merged = merge(rows, bytes_of(row->cells, row->n), change->cells);
    uint8_t *cells = realloc(row->cells, merged.n > 0 ? merged.n : 1);
    if (cells == NULL)
        return R_MEMORY;
    memcpy(cells, merged.p, merged.n);
    row->cells = cells;
    row->n = merged.n;
    return OK;
}

struct bytes replay_rows_cells(const struct replay_rows *rows, uint64_t table, int64_t id)
{
    const struct replay_row *row = find(rows, table, id);
    return row == NULL ? bytes_of(NULL, 0) : bytes_of(row->cells, row->n);
}

static int by_table_and_id(const struct replay_row *a, const struct replay_row *b)
{
    if (a->key.table != b->key.table)
        return a->key.table < b->key.table ? -1 : 1;
    return (a->key.id > b->key.id) - (a->key.id < b->key.id);
}

void replay_rows_sort(struct replay_rows *rows)
{
    HASH_SORT(rows->first, by_table_and_id);
    rows->next = rows->first;
}

/* ---- lines ---- */

static void put(struct buf *line, const char *text)
{
    buf_put_bytes(line, bytes_of(text, strlen(text)));
}

static void put_int(struct buf *line, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    put(line, text);
}

static void put_text(struct buf *line, struct bytes text)
{
    put(line, "\"");
    for (size_t i = 0; i < text.n; i++) {
        uint8_t octet = text.p[i];
        if (octet < 0x20 || octet > 0x7e || octet == '"' || octet == '\\') {
            put(line, "\\x");
            hex_encode(line, bytes_of(&octet, 1));
        } else {
            buf_put_u8(line, octet);
        }
    }
    put(line, "\"");
}

static void put_cell(struct buf *line, uint64_t table, struct reader *cells)
{
    uint8_t column = reader_u8(cells);
    put(line, " ");
    put(line, replay_column_name(table, column));
    put(line, "=");
    switch (replay_column_type(table, column)) {
    case REPLAY_INT:
        put_int(line, cbor_read_int(cells));
        return;
    case REPLAY_TEXT:
        put_text(line, cbor_read_text(cells));
        return;
    case REPLAY_BLOB:
        hex_encode(line, cbor_read_bytes(cells));
        return;
    case REPLAY_NO_COLUMN:
        return;
    }
}

bool replay_rows_line(struct replay_rows *rows, struct bytes *ret)
{
    const struct replay_row *row = rows->next;
    if (row == NULL)
        return false;
    struct reader cells = reader_of(bytes_of(row->cells, row->n));
    struct buf line = buf_over(rows->room, REPLAY_ROOM);
    put(&line, replay_table_name(row->key.table));
    put(&line, " ");
    put_int(&line, row->key.id);
    while (cells.left > 0)
        put_cell(&line, row->key.table, &cells);
    rows->next = row->hh.next;
    *ret = buf_bytes(&line);
    return true;
}
