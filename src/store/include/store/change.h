/* A change of one row, as it stands in a ledger entry and is applied to the database. */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include <base/result.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

enum table {
    TABLE_NONE = 0,
#define TABLE(number, NAME, sql, kind) TABLE_##NAME = number,
#define COLUMN(number, TABLE, NAME, sql, type)
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};

#define COLUMNS_PER_TABLE 100

/* A column is named by table and number: COL_DEVICE_STATE. */
enum column {
    COL_NONE = 0,
#define TABLE(number, NAME, sql, kind)
#define COLUMN(number, TABLE, NAME, sql, type)                                                     \
    COL_##TABLE##_##NAME = TABLE_##TABLE * COLUMNS_PER_TABLE + number,
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};

enum table_kind { KIND_NONE = 0, KIND_LEDGER, KIND_DERIVED, KIND_OBSERVATION, KIND_PERSONAL };
enum column_type { TYPE_NONE = 0, TYPE_INT, TYPE_TEXT, TYPE_BLOB };

struct cell {
    enum column column;
    enum column_type type; /* TYPE_NONE = NULL */
    int64_t number;
    struct bytes bytes; /* TEXT and BLOB; must live until the change was applied */
};

#define CHANGE_CELLS_MAX 20

/* Row `id` of `table` gets these cells; it is inserted when it is not there. The cells stand in
 * column order, each column once: so the same change is always the same bytes in an entry. */
struct change {
    enum table table;
    bool broken; /* a builder was given what it refuses: nothing takes this change */
    int64_t id;
    size_t n;
    struct cell cells[CHANGE_CELLS_MAX];
};

struct table_info {
    enum table table;
    const char *name; /* SQL */
    enum table_kind kind;
};

struct column_info {
    enum column column;
    const char *name; /* SQL */
    enum column_type type;
};

/* NULL for what tables.def does not list. `index` walks in number order; NULL past the end. */
const struct table_info *table_find(enum table table);
const struct table_info *table_at(size_t index);
const struct column_info *column_find(enum column column);
const struct column_info *column_at(enum table table, size_t index);

/* Builders: a column of another table or type, a column twice, text that is not UTF-8 or has a NUL,
 * a value above LIMIT_CERTIFICATE_BYTES (nothing that a row holds is larger) or one cell too many
 * marks the change broken, and store_apply() refuses it as R_BUG. */
struct change change_of(enum table table, int64_t id);
void change_begin(struct change *change, enum table table, int64_t id); /* the same, in place */
void change_int(struct change *change, enum column column, int64_t value);
void change_text(struct change *change, enum column column, struct bytes value);
void change_blob(struct change *change, enum column column, struct bytes value);
void change_null(struct change *change, enum column column);
/* Its cell of that column; NULL when it leaves that as it is. */
const struct cell *change_cell(const struct change *change, enum column column);
/* Of a table that exists, with a row id above 0 and at least one cell, and not broken. */
bool change_is_sound(const struct change *change);

#endif
