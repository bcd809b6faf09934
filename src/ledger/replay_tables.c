#include "replay_tables.h"

#include <stddef.h>

/* The numbers are the language of the entries; where a table or column moved, old entries would
 * mean another thing. */
#define IS_LEDGER(sql) sql
#define IS_DERIVED(sql) NULL
#define IS_OBSERVATION(sql) NULL
#define IS_PERSONAL(sql) NULL

static const char *const table_names[] = {
#define TABLE(number, NAME, sql, kind) [number] = IS_##kind(sql),
#define COLUMN(number, TABLE, NAME, sql, type)
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};

/* Columns stand behind their table, so a running table number is all that is needed. */
enum number {
#define TABLE(number, NAME, sql, kind) NUMBER_OF_##NAME = number,
#define COLUMN(number, TABLE, NAME, sql, type)
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};

static const struct column {
    const char *name;
    enum replay_type type;
} columns[][REPLAY_COLUMNS] = {
#define TABLE(number, NAME, sql, kind)
#define COLUMN(number, TABLE, NAME, sql, type) [NUMBER_OF_##TABLE][number] = {sql, REPLAY_##type},
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};

const char *replay_table_name(uint64_t table)
{
    if (table >= sizeof table_names / sizeof *table_names || table == NUMBER_OF_ENTRY)
        return NULL;
    return table_names[table];
}

static const struct column *find(uint64_t table, uint64_t column)
{
    static const struct column none = {NULL, REPLAY_NO_COLUMN};
    if (table >= sizeof columns / sizeof *columns || column >= REPLAY_COLUMNS)
        return &none;
    return &columns[table][column];
}

enum replay_type replay_column_type(uint64_t table, uint64_t column)
{
    return find(table, column)->type;
}

const char *replay_column_name(uint64_t table, uint64_t column)
{
    return find(table, column)->name;
}
