#include "tally.h"

#include <stdio.h>
#include <string.h>

static const struct group {
    const char *name;
    enum statement all;
    enum statement of_owner;
} groups[] = {
    {"device", STATEMENT_DEVICE_STATES, STATEMENT_DEVICE_STATES_OF},
    {"certificate", STATEMENT_CERTIFICATE_STATES, STATEMENT_CERTIFICATE_STATES_OF},
    {"issuer", STATEMENT_ISSUER_LIVE, STATEMENT_ISSUER_LIVE_OF},
    {"finding", STATEMENT_FINDING_CHECKS, STATEMENT_FINDING_CHECKS_OF},
};

static const struct group *group_named(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(groups); i++)
        if (strcmp(groups[i].name, name) == 0)
            return &groups[i];
    return NULL;
}

enum result store_counts(struct store *store, const char *name, struct bytes owner,
                         count_visit visit, void *ctx, struct err *err)
{
    const struct group *group = group_named(name);
    if (group == NULL)
        return err_set(err, E_BUG, "nothing is counted by %s", name);
    TRY(tally_write(store, err));
    CLEANUP(query_end)
    struct query q = query_of(store, bytes_is_empty(owner) ? group->all : group->of_owner);
    if (!bytes_is_empty(owner))
        query_put_text(&q, owner);
    enum result result;
    while ((result = query_next(&q, err)) == OK) {
        int64_t key = query_int(&q);
        int64_t n = query_int(&q);
        TRY(query_row_ok(&q, err));
        TRY(visit(ctx, key, n, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_count_devices(struct store *store, int64_t product, struct bytes owner,
                                int64_t *ret_n, struct err *err)
{
    TRY(tally_write(store, err));
    CLEANUP(query_end)
    struct query q =
        query_of(store, product != 0 ? STATEMENT_COUNT_DEVICES : STATEMENT_COUNT_ALL_DEVICES);
    query_put_int(&q, product);
    query_put_text(&q, owner);
    return query_one_int(&q, ret_n, err);
}

/* Names of tables come from tables.def alone. */
static enum result number_of_table(struct store *store, const char *head, enum table table,
                                   int64_t *ret, struct err *err)
{
    char sql[128];
    const struct table_info *info = table_find(table);
    if (info == NULL)
        return err_set(err, E_BUG, "there is no table %d", (int)table);
    snprintf(sql, sizeof sql, "%s FROM %s", head, info->name);
    return database_number(store, sql, ret, err);
}

enum result store_max_id(struct store *store, enum table table, int64_t *ret_id, struct err *err)
{
    return number_of_table(store, "SELECT ifnull(max(id), 0)", table, ret_id, err);
}

enum result store_rows(struct store *store, enum table table, int64_t *ret_n, struct err *err)
{
    return number_of_table(store, "SELECT count(*)", table, ret_n, err);
}

static enum statement ids_of(enum table table)
{
    if (table == TABLE_PRODUCT)
        return STATEMENT_PRODUCT_IDS;
    if (table == TABLE_ISSUER)
        return STATEMENT_ISSUER_IDS;
    if (table == TABLE_BOUNDARY)
        return STATEMENT_BOUNDARY_IDS;
    if (table == TABLE_BINDING)
        return STATEMENT_BINDING_IDS;
    return table == TABLE_FOREIGN ? STATEMENT_FOREIGN_IDS : STATEMENT_DEVICE_IDS;
}

enum result store_ids(struct store *store, const struct id_range *range, int64_t *ret, size_t max,
                      size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, ids_of(range->table));
    query_put_int(&q, range->after);
    query_put_int(&q, range->until);
    query_put_int(&q, range->product);
    query_put_int(&q, (int64_t)max);
    return query_ids(&q, ret, max, ret_n, err);
}
