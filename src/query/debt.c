/* What is owed: in all, and the greatest of the groups that were asked for. */
#include "answer.h"
#include "tally.h"

#include <stdio.h>

/* The greatest groups so far, the greatest first. */
struct greatest {
    uint32_t limit;
    uint32_t n;
    int64_t groups; /* how many there are */
    struct debt_group at[LIMIT_PAGE_ROWS];
};

static int64_t own_s(const struct debt_group *group)
{
    return group->owed_s - group->waived_s;
}

static enum result keep(void *context, const struct debt_group *group, struct err *err)
{
    (void)err;
    struct greatest *greatest = context;
    uint32_t place = greatest->n;
    greatest->groups++;
    while (place > 0 && own_s(&greatest->at[place - 1]) < own_s(group))
        place--;
    if (place == greatest->limit)
        return OK;
    if (greatest->n < greatest->limit)
        greatest->n++;
    memmove(&greatest->at[place + 1], &greatest->at[place],
            (greatest->n - 1 - place) * sizeof greatest->at[0]);
    greatest->at[place] = *group;
    return OK;
}

/* ---- what the key of a group is called --------------------------------------------------------
 */

struct naming {
    struct product product;
    struct device device;
    char word[LIMIT_NAME];
};

static enum result name_device(const struct query *query, int64_t id, struct naming *naming,
                               struct msg_debt_row *row, struct err *err)
{
    if (id == 0) /* findings about no device */
        return OK;
    TRY(store_device(query->store, id, &naming->device, err));
    TRY(store_product(query->store, naming->device.product, &naming->product, err));
    row->key = query_text(naming->device.serial_number);
    row->product = query_text(naming->product.name);
    return OK;
}

static enum result name_product(const struct query *query, int64_t id, struct naming *naming,
                                struct msg_debt_row *row, struct err *err)
{
    if (id == 0) /* findings about no product */
        return OK;
    TRY(store_product(query->store, id, &naming->product, err));
    row->key = query_text(naming->product.name);
    return OK;
}

static enum result name_group(const struct query *query, const struct debt_group *group,
                              struct naming *naming, struct msg_debt_row *row, struct err *err)
{
    switch ((enum debt_by)query->asked->by) {
    case DEBT_BY_NOTHING:
    case DEBT_BY_COUNT:
        break;
    case DEBT_BY_PRODUCT:
        return name_product(query, group->key, naming, row, err);
    case DEBT_BY_OWNER:
        row->key = query_text(group->text);
        break;
    case DEBT_BY_CHECK:
        snprintf(naming->word, sizeof naming->word, "TD-%02d", (int)group->key);
        row->key = query_text(naming->word);
        break;
    case DEBT_BY_SEVERITY:
        row->key = query_text(severity_word((enum severity)group->key));
        break;
    case DEBT_BY_DEVICE:
        return name_device(query, group->key, naming, row, err);
    }
    return OK;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static enum result fill(const struct query *query, const struct debt_group *group,
                        struct msg_debt_row *row, struct err *err)
{
    row->id = query->asked->id;
    row->open = group->open;
    row->debt_s = own_s(group);
    row->oldest_s = group->oldest_s;
    row->waived = group->waived;
    row->waived_s = group->waived_s;
    row->before_s = group->before_s;
    row->paid = group->paid;
    row->paid_s = group->paid_s;
    if (query->asked->since_s == 0)
        return OK;
    return debt_accrued(group->before_s, group->owed_s, group->paid_s, &row->accrued_s, err);
}

static enum result give_total(const struct query *query, const struct debt_filter *filter,
                              const struct debt_group *total, int64_t groups, struct err *err)
{
    struct msg_debt_row row = {
        .is_total = 1,
        .by = (uint8_t)filter->by,
        .at_s = filter->at_s,
        .since_s = filter->since_s,
        .groups = filter->by == DEBT_BY_NOTHING ? 0 : groups,
    };
    TRY(fill(query, total, &row, err));
    return query->give(query->context, IPC_DEBT_ROW, &row, err);
}

static enum result give_group(const struct query *query, const struct debt_group *group,
                              struct err *err)
{
    struct naming naming = {0};
    struct msg_debt_row row = {.since_s = query->asked->since_s};
    TRY(fill(query, group, &row, err));
    TRY(name_group(query, group, &naming, &row, err));
    return query->give(query->context, IPC_DEBT_ROW, &row, err);
}

/* ---- the question -----------------------------------------------------------------------------
 */

/* What core began in a second carries that instant, and is committed before the next one is over: a
 * figure as of an instant that is so long ago is final. */
#define FINAL_S 2

static enum result read_times(const struct query *query, struct debt_filter *ret, struct err *err)
{
    const struct msg_question *asked = query->asked;
    int64_t last_s = query->now_s - FINAL_S;
    int64_t at_s = asked->at_s != 0 ? asked->at_s : last_s;
    if (asked->by >= DEBT_BY_COUNT)
        return err_set(err, E_SYNTAX, "by: seen %u, wanted what debt is told apart by", asked->by);
    if (at_s < 0 || at_s > last_s)
        return err_set(err, E_SYNTAX,
                       "as_of: seen an instant that is not over, wanted one of %d s ago or before",
                       FINAL_S);
    if (asked->since_s < 0 || asked->since_s > at_s)
        return err_set(err, E_SYNTAX, "since: seen an instant behind that of as_of");
    ret->at_s = at_s;
    ret->since_s = asked->since_s;
    return OK;
}

enum result query_debt(struct query *query, struct err *err)
{
    struct filter names = {0};
    struct debt_group total = {0};
    struct greatest greatest = {.limit = query->limit};
    struct debt_filter filter = {.by = query->asked->by};
    bool nothing = false;
    TRY(read_times(query, &filter, err));
    TRY(query_filter(query, &names, &nothing, err));
    filter.product = names.product;
    filter.owner = names.owner;
    if (!nothing)
        TRY(tally(query, &filter, keep, &greatest, &total, err));
    TRY(give_total(query, &filter, &total, greatest.groups, err));
    for (uint32_t i = 0; i < greatest.n && filter.by != DEBT_BY_NOTHING; i++)
        TRY(give_group(query, &greatest.at[i], err));
    return OK;
}
