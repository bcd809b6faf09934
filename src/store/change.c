#include <store/change.h>

#include <base/limits.h>
#include <wire/utf8.h>

#include <string.h>

static const struct table_info tables[] = {
#define TABLE(number, NAME, sql, kind) {TABLE_##NAME, sql, KIND_##kind},
#define COLUMN(number, TABLE, NAME, sql, type)
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};

/* By table and number. Only the ledger tables, which have the lowest numbers, list columns. */
static const struct column_info columns[][CHANGE_CELLS_MAX + 1] = {
#define TABLE(number, NAME, sql, kind)
#define COLUMN(number, TABLE, NAME, sql, type)                                                     \
    [TABLE_##TABLE][number] = {COL_##TABLE##_##NAME, sql, TYPE_##type},
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};

const struct table_info *table_find(enum table table)
{
    for (size_t i = 0; i < LENGTH_OF(tables); i++)
        if (tables[i].table == table)
            return &tables[i];
    return NULL;
}

const struct table_info *table_at(size_t index)
{
    return index < LENGTH_OF(tables) ? &tables[index] : NULL;
}

static const struct column_info *column_numbered(size_t table, size_t number)
{
    if (table >= LENGTH_OF(columns) || number > CHANGE_CELLS_MAX ||
        columns[table][number].column == COL_NONE)
        return NULL;
    return &columns[table][number];
}

const struct column_info *column_find(enum column column)
{
    return column_numbered((size_t)column / COLUMNS_PER_TABLE, (size_t)column % COLUMNS_PER_TABLE);
}

const struct column_info *column_at(enum table table, size_t index)
{
    if (index >= CHANGE_CELLS_MAX)
        return NULL;
    return column_numbered((size_t)table, index + 1); /* numbers have no gaps: a test sees to it */
}

/* Most of the cells are never used: they are not worth the zeroing. */
void change_begin(struct change *change, enum table table, int64_t id)
{
    change->table = table;
    change->broken = false;
    change->id = id;
    change->n = 0;
}

struct change change_of(enum table table, int64_t id)
{
    struct change change;
    change_begin(&change, table, id);
    return change;
}

/* Room for `column` at its place in the order; NULL when the change is or gets broken. */
static struct cell *cell_for(struct change *change, enum column column, enum column_type type)
{
    const struct column_info *info = column_find(column);
    bool fits = info != NULL && (type == TYPE_NONE || info->type == type) &&
                (size_t)column / COLUMNS_PER_TABLE == (size_t)change->table &&
                change->n < CHANGE_CELLS_MAX;
    size_t at = change->broken ? 0 : change->n;
    while (fits && at > 0 && change->cells[at - 1].column > column)
        at--;
    if (!fits || change->broken || (at > 0 && change->cells[at - 1].column == column)) {
        change->broken = true;
        return NULL;
    }
    memmove(&change->cells[at + 1], &change->cells[at], (change->n - at) * sizeof(struct cell));
    change->n++;
    change->cells[at] = (struct cell){.column = column, .type = type};
    return &change->cells[at];
}

static void put_bytes(struct change *change, enum column column, enum column_type type,
                      struct bytes value)
{
    struct cell *cell = cell_for(change, column, type);
    if (cell == NULL)
        return;
    cell->bytes = value;
    if (value.n > LIMIT_CERTIFICATE_BYTES)
        change->broken = true;
}

void change_int(struct change *change, enum column column, int64_t value)
{
    struct cell *cell = cell_for(change, column, TYPE_INT);
    if (cell != NULL)
        cell->number = value;
}

void change_text(struct change *change, enum column column, struct bytes value)
{
    put_bytes(change, column, TYPE_TEXT, value);
    if (!utf8_is_valid(value) || (value.n > 0 && memchr(value.p, 0, value.n) != NULL))
        change->broken = true;
}

void change_blob(struct change *change, enum column column, struct bytes value)
{
    put_bytes(change, column, TYPE_BLOB, value);
}

void change_null(struct change *change, enum column column)
{
    (void)cell_for(change, column, TYPE_NONE);
}

const struct cell *change_cell(const struct change *change, enum column column)
{
    for (size_t i = 0; i < change->n; i++)
        if (change->cells[i].column == column)
            return &change->cells[i];
    return NULL;
}

bool change_is_sound(const struct change *change)
{
    return !change->broken && table_find(change->table) != NULL && change->id > 0 && change->n > 0;
}
