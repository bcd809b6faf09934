#include "tally.h"

#include <base/text.h>

#include <string.h>

bool tally_is_of(const struct change *change)
{
    if (change->table == TABLE_DEVICE)
        return change_cell(change, COL_DEVICE_PRODUCT) != NULL ||
               change_cell(change, COL_DEVICE_OWNER) != NULL ||
               change_cell(change, COL_DEVICE_STATE) != NULL;
    return change->table == TABLE_CERTIFICATE &&
           (change_cell(change, COL_CERTIFICATE_DEVICE) != NULL ||
            change_cell(change, COL_CERTIFICATE_ISSUER) != NULL ||
            change_cell(change, COL_CERTIFICATE_STATE) != NULL);
}

/* ---- what a row is counted by
 * --------------------------------------------------------------------
 */

enum result tally_before(struct store *store, const struct change *change,
                         struct counted *ret_before, struct err *err)
{
    bool is_device = change->table == TABLE_DEVICE;
    struct counted before = {.exists = true};
    CLEANUP(query_end)
    struct query q =
        query_of(store, is_device ? STATEMENT_COUNTED_DEVICE : STATEMENT_COUNTED_CERTIFICATE);
    query_put_int(&q, change->id);
    enum result result = query_next(&q, err);
    if (result == R_NOT_FOUND) {
        *ret_before = (struct counted){.exists = false};
        return OK;
    }
    TRY(result);
    before.group = query_int(&q);
    before.state = query_int(&q);
    before.holder = query_int(&q);
    query_text(&q, before.owner, sizeof before.owner);
    TRY(query_row_ok(&q, err));
    *ret_before = before;
    return OK;
}

static void overlay_number(const struct change *change, enum column column, int64_t *number)
{
    const struct cell *cell = change_cell(change, column);
    if (cell != NULL)
        *number = cell->number; /* of NULL it is 0 */
}

static enum result overlay_device(const struct change *change, struct counted *row, struct err *err)
{
    const struct cell *owner = change_cell(change, COL_DEVICE_OWNER);
    overlay_number(change, COL_DEVICE_PRODUCT, &row->group);
    overlay_number(change, COL_DEVICE_STATE, &row->state);
    if (owner != NULL && !text_copy(owner->bytes, row->owner, sizeof row->owner))
        return err_set(err, E_BUG, "an owner above %d octets", LIMIT_NAME);
    return OK;
}

static enum result read_owner(struct store *store, int64_t device, char owner[LIMIT_NAME + 1],
                              struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OWNER_OF);
    owner[0] = '\0';
    query_put_int(&q, device);
    enum result result = query_next(&q, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    query_text(&q, owner, LIMIT_NAME + 1);
    return query_row_ok(&q, err);
}

static enum result overlay_certificate(struct store *store, const struct change *change,
                                       struct counted *row, struct err *err)
{
    int64_t holder = row->holder;
    overlay_number(change, COL_CERTIFICATE_ISSUER, &row->group);
    overlay_number(change, COL_CERTIFICATE_STATE, &row->state);
    overlay_number(change, COL_CERTIFICATE_DEVICE, &row->holder);
    return row->holder != holder ? read_owner(store, row->holder, row->owner, err) : OK;
}

/* ---- the sums
 * ------------------------------------------------------------------------------------
 */

static enum result write_cell(struct store *store, const struct tally_cell *cell, struct err *err)
{
    bool is_device = cell->table == TABLE_DEVICE;
    CLEANUP(query_end)
    struct query q =
        query_of(store, is_device ? STATEMENT_TALLY_DEVICES : STATEMENT_TALLY_CERTIFICATES);
    query_put_int(&q, cell->group);
    query_put_text(&q, text_bytes(cell->owner));
    query_put_int(&q, cell->state);
    query_put_int(&q, cell->n);
    return query_run(&q, err);
}

enum result tally_write(struct store *store, struct err *err)
{
    struct tally *tally = &store->tally;
    for (size_t i = 0; i < tally->n; i++)
        if (tally->cells[i].n != 0)
            TRY(write_cell(store, &tally->cells[i], err));
    tally->n = 0;
    return OK;
}

static struct tally_cell *find_cell(struct tally *tally, enum table table,
                                    const struct counted *row)
{
    for (size_t i = 0; i < tally->n; i++) {
        struct tally_cell *cell = &tally->cells[i];
        if (cell->table == table && cell->group == row->group && cell->state == row->state &&
            strcmp(cell->owner, row->owner) == 0)
            return cell;
    }
    return NULL;
}

/* `n` more rows like this one. */
static enum result add(struct store *store, enum table table, const struct counted *row, int64_t n,
                       struct err *err)
{
    struct tally *tally = &store->tally;
    struct tally_cell *cell = find_cell(tally, table, row);
    if (cell == NULL && tally->n == TALLY_CELLS)
        TRY(tally_write(store, err));
    if (cell == NULL) {
        cell = &tally->cells[tally->n++];
        *cell = (struct tally_cell){.table = table, .group = row->group, .state = row->state};
        memcpy(cell->owner, row->owner, sizeof cell->owner);
    }
    cell->n += n;
    return OK;
}

/* Another owner has the device's certificates too. */
static enum result move_certificates(struct store *store, int64_t device,
                                     const struct counted *before, const struct counted *after,
                                     struct err *err)
{
    enum result result;
    struct counted from = *before, to = *after;
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_COUNTED_OF_DEVICE);
    query_put_int(&q, device);
    while ((result = query_next(&q, err)) == OK) {
        from.group = to.group = query_int(&q);
        from.state = to.state = query_int(&q);
        int64_t n = query_int(&q);
        TRY(query_row_ok(&q, err));
        TRY(add(store, TABLE_CERTIFICATE, &from, -n, err));
        TRY(add(store, TABLE_CERTIFICATE, &to, n, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result tally_note(struct store *store, const struct change *change,
                       const struct counted *before, struct err *err)
{
    struct counted after = *before;
    bool is_device = change->table == TABLE_DEVICE;
    if (is_device)
        TRY(overlay_device(change, &after, err));
    else
        TRY(overlay_certificate(store, change, &after, err));
    if (before->exists)
        TRY(add(store, change->table, before, -1, err));
    TRY(add(store, change->table, &after, 1, err));
    if (is_device && before->exists && strcmp(before->owner, after.owner) != 0)
        TRY(move_certificates(store, change->id, before, &after, err));
    return OK;
}
