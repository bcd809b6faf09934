/* What is owed, check by check: the answer of `troth check`. */
#include "checks.h"

#include <stdlib.h>

static enum result give_check(const struct query *query, const struct checks *checks,
                              const struct check *check, struct err *err)
{
    const struct check_state *state = &checks->at[check->number];
    const enum severity worst = debt_group_worst(&state->sums);
    struct device device = {0};
    struct product product = {0};
    struct msg_check_row row = {
        .id = query->asked->id,
        .check = (uint8_t)check->number,
        .known = (uint8_t)check_known(checks, check->number),
        .severity = (uint8_t)(worst != SEVERITY_NONE ? worst : check->severity),
        .open = check_open(state),
        .oldest_s = state->sums.oldest_s != 0 ? state->sums.oldest_s : state->oldest.began_at_s,
        .debt_s = state->sums.owed_s - state->sums.waived_s,
        .waived = state->sums.waived,
        .waived_s = state->sums.waived_s,
        .finding = state->oldest.id,
        .kind = (uint8_t)state->oldest.kind,
        .subject = state->oldest.subject,
    };
    if (state->oldest.id != 0)
        TRY(query_name_subject(query, &state->oldest, &device, &product, err));
    TRY(query_mend_anchor(query, check->number, &device, &row.anchor, err));
    row.device_state = (uint8_t)device.state;
    row.product = query_text(product.name);
    row.serial_number = query_text(device.serial_number);
    return query->give(query->context, IPC_CHECK_ROW, &row, err);
}

/* Open and not waived: by that a monitor is warned. */
static uint8_t status_of(const struct checks *checks)
{
    uint8_t status = CHECK_STATUS_OK;
    for (int number = 1; number <= CHECK_MAX; number++) {
        if (check_open(&checks->at[number]) <= 0)
            continue;
        if (debt_group_worst(&checks->at[number].sums) == SEVERITY_CRITICAL)
            return CHECK_STATUS_CRITICAL;
        status = CHECK_STATUS_WARNING;
    }
    return status;
}

static uint32_t count_unmeasured(const struct checks *checks)
{
    uint32_t n = 0;
    const struct check *check = NULL;
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        n += checks_has(checks, check) && check_known(checks, check->number) == UNMEASURED;
    return n;
}

enum result checks_give_total(const struct query *query, const struct checks *checks,
                              struct err *err)
{
    uint64_t size = 0;
    int64_t last_s = 0;
    TRY(store_last_entry(query->store, &size, &last_s, err));
    const struct msg_check_total row = {
        .id = query->asked->id,
        .status = status_of(checks),
        .at_s = query->now_s,
        .entries = (int64_t)size,
        .open = checks->total.open - checks->total.waived,
        .debt_s = checks->total.owed_s - checks->total.waived_s,
        .waived = checks->total.waived,
        .waived_s = checks->total.waived_s,
        .unmeasured = count_unmeasured(checks),
        .judged = checks->judged,
        .product = query->asked->product,
        .owner = query_owner(query),
    };
    return query->give(query->context, IPC_CHECK_TOTAL, &row, err);
}

static enum result give_all(const struct query *query, const struct checks *checks, struct err *err)
{
    const struct check *check = NULL;
    TRY(checks_give_total(query, checks, err));
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        if (checks_has(checks, check) || checks->at[check->number].sums.open > 0)
            TRY(give_check(query, checks, check, err));
    return OK;
}

/* ---- what a report adds -----------------------------------------------------------------------
 */

/* The newest checkpoint of the same snapshot. */
static enum result give_checkpoint(struct query *query, struct err *err)
{
    enum result result = query_checkpoint(query, err);
    return result == R_NOT_FOUND ? OK : result;
}

static enum result give_one(void *context, const struct finding *finding, struct err *err)
{
    return give_finding(context, finding, err);
}

static enum result give_oldest(struct query *query, const struct checks_scope *scope,
                               const struct checks *checks, struct err *err)
{
    struct filter filter = {
        .limit = (uint32_t)query->asked->number,
        .product = scope->product,
        .device = scope->device != NULL ? scope->device->device.id : 0,
        .owner = query_owner(query),
        .open_only = true,
    };
    for (filter.check = 1; filter.limit > 0 && filter.check <= CHECK_MAX; filter.check++)
        if (checks->at[filter.check].sums.open > 0)
            TRY(store_findings(query->store, &filter, give_one, query, err));
    return OK;
}

static enum result answer(struct query *query, const struct checks_scope *scope,
                          struct checks *checks, struct err *err)
{
    TRY(checks_read(query, scope, checks, err));
    TRY(give_all(query, checks, err));
    TRY(give_checkpoint(query, err));
    return give_oldest(query, scope, checks, err);
}

static enum result find_scope(const struct query *query, struct subject *subject,
                              struct checks_scope *ret, struct err *err)
{
    struct product product = {0};
    if (query->asked->serial_number.n > 0 && query->asked->owner.n > 0)
        return err_set(err, E_SYNTAX, "owner: seen beside serial, wanted one of the two");
    if (query->asked->serial_number.n > 0) {
        TRY(query_subject(query, subject, err));
        *ret = (struct checks_scope){subject->product.id, subject};
        return OK;
    }
    if (query->asked->product.n > 0)
        TRY(query_product(query, &product, err));
    *ret = (struct checks_scope){.product = product.id};
    return query_find_owner(query, product.id, err);
}

enum result query_check(struct query *query, struct err *err)
{
    struct subject subject = {0};
    struct checks_scope scope = {0};
    if (query->asked->number < 0 || query->asked->number > LIMIT_PAGE_ROWS)
        return err_set(err, E_SYNTAX, "findings: seen %lld, wanted 0 to %d",
                       (long long)query->asked->number, LIMIT_PAGE_ROWS);
    TRY(find_scope(query, &subject, &scope, err));
    struct checks *checks = calloc(1, sizeof *checks);
    if (checks == NULL)
        return err_set(err, E_MEMORY, "no memory for the checks");
    enum result result = answer(query, &scope, checks, err);
    free(checks);
    return result;
}
