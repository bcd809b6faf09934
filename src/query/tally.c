#include "tally.h"

#include "answer.h"

#include <string.h>

enum severity debt_group_worst(const struct debt_group *group)
{
    int severity = SEVERITY_CRITICAL;
    while (severity > SEVERITY_NONE && group->own[severity] <= 0)
        severity--;
    return (enum severity)severity;
}

struct walk {
    const struct debt_filter *filter;
    tally_take take;
    void *context;
    bool has_group;
    struct debt_group group; /* the one whose rows come */
    struct debt_group *total;
};

static enum result add_open(struct debt_group *to, const struct debt_row *row, int64_t at_s,
                            struct err *err)
{
    const struct debt_sum sum = {(enum severity)row->severity, row->n, row->began_s, 0};
    TRY(debt_add_open(&to->owed_s, &sum, at_s, err));
    to->open += row->n;
    if (row->severity >= 0 && row->severity <= SEVERITY_CRITICAL)
        to->own[row->severity] += row->n;
    if (to->oldest_s == 0 || row->oldest_s < to->oldest_s)
        to->oldest_s = row->oldest_s;
    return OK;
}

static enum result add(const struct walk *walk, struct debt_group *to, const struct debt_row *row,
                       struct err *err)
{
    const struct debt_sum sum = {(enum severity)row->severity, row->n, row->began_s, row->ended_s};
    if (row->part == DEBT_PART_OPEN)
        return add_open(to, row, walk->filter->at_s, err);
    if (row->part == DEBT_PART_BEFORE)
        return debt_add_open(&to->before_s, &sum, walk->filter->since_s, err);
    if (row->part == DEBT_PART_WAIVED) {
        to->waived += row->n;
        if (row->severity >= 0 && row->severity <= SEVERITY_CRITICAL)
            to->own[row->severity] -= row->n;
        return debt_add_open(&to->waived_s, &sum, walk->filter->at_s, err);
    }
    to->paid += row->n;
    return debt_add_paid(&to->paid_s, &sum, err);
}

static enum result end_group(struct walk *walk, struct err *err)
{
    if (!walk->has_group)
        return OK;
    walk->has_group = false;
    return walk->take(walk->context, &walk->group, err);
}

static enum result visit(void *context, const struct debt_row *row, struct err *err)
{
    struct walk *walk = context;
    struct debt_group *group = &walk->group;
    if (row->key != group->key || strcmp(row->text, group->text) != 0)
        TRY(end_group(walk, err));
    if (!walk->has_group) {
        *group = (struct debt_group){.key = row->key};
        memcpy(group->text, row->text, sizeof group->text);
        walk->has_group = true;
    }
    TRY(add(walk, walk->total, row, err));
    return add(walk, group, row, err);
}

/* The severity of every check, a digit each, for rows of before they had their own. */
static void write_weights(char to[CHECK_MAX + 1])
{
    for (int number = 1; number <= CHECK_MAX; number++) {
        const struct check *check = check_find(number);
        to[number - 1] = (char)('0' + (check != NULL ? (int)check->severity : 0));
    }
    to[CHECK_MAX] = '\0';
}

enum result tally(const struct query *query, const struct debt_filter *filter, tally_take take,
                  void *context, struct debt_group *ret_total, struct err *err)
{
    char weights[CHECK_MAX + 1];
    struct debt_filter weighed = *filter;
    struct debt_group total = {0};
    struct walk walk = {.filter = filter, .take = take, .context = context, .total = &total};
    write_weights(weights);
    weighed.weights = weights;
    TRY(store_debt(query->store, &weighed, visit, &walk, err));
    TRY(end_group(&walk, err));
    *ret_total = total;
    return OK;
}

enum result tally_ages(const struct query *query, ages_visit take, void *context, struct err *err)
{
    char weights[CHECK_MAX + 1];
    write_weights(weights);
    const struct ages_filter filter = {query->now_s, query_scope(query), weights};
    return store_ages(query->store, &filter, take, context, err);
}
