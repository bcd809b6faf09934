/* Figures for monitors: what is owed by check, how old it is, and what time has yet to change. No
 * name of a device, a product or a person is in a label. */
#include "answer.h"
#include "tally.h"

#include <base/text.h>
#include <registry/sweep.h>

#include <stdio.h>

struct measures {
    const struct query *query;
    struct debt_group at[CHECK_MAX + 1];
};

static enum result give(const struct query *query, const char *name, const char *labels,
                        int64_t value, struct err *err)
{
    const struct msg_measure row = {query->asked->id, text_bytes(name), text_bytes(labels), value};
    return query->give(query->context, IPC_MEASURE, &row, err);
}

/* ---- by check ---------------------------------------------------------------------------------
 */

static enum result keep(void *context, const struct debt_group *group, struct err *err)
{
    (void)err;
    struct measures *measures = context;
    if (group->key > 0 && group->key <= CHECK_MAX)
        measures->at[group->key] = *group;
    return OK;
}

static int64_t debt_of(const struct debt_group *group)
{
    return group->owed_s - group->waived_s;
}
static int64_t waived_of(const struct debt_group *group)
{
    return group->waived;
}
static int64_t waived_debt_of(const struct debt_group *group)
{
    return group->waived_s;
}

/* Of every check, so that one that owes nothing any more is a zero and no gap. */
static enum result give_checks(const struct measures *measures, const char *name,
                               int64_t (*value)(const struct debt_group *), struct err *err)
{
    const struct check *check = NULL;
    for (size_t i = 0; (check = check_at(i)) != NULL; i++) {
        char labels[64];
        snprintf(labels, sizeof labels, "check=\"TD-%02d\",severity=\"%s\"", check->number,
                 severity_word(check->severity));
        TRY(give(measures->query, name, labels, value(&measures->at[check->number]), err));
    }
    return OK;
}

/* ---- by age -----------------------------------------------------------------------------------
 */

static enum result give_ages(void *context, const struct finding_ages *ages, struct err *err)
{
    static const char name[] = "troth_findings_age_seconds";
    const struct measures *measures = context;
    const char *severity = severity_word((enum severity)ages->severity);
    char labels[64], full[64];
    snprintf(full, sizeof full, "%s_bucket", name);
    for (size_t i = 0; i < FINDING_AGES; i++) {
        snprintf(labels, sizeof labels, "severity=\"%s\",le=\"%lld\"", severity,
                 (long long)finding_age_s[i]);
        TRY(give(measures->query, full, labels, ages->younger[i], err));
    }
    snprintf(labels, sizeof labels, "severity=\"%s\",le=\"+Inf\"", severity);
    TRY(give(measures->query, full, labels, ages->n, err));
    snprintf(labels, sizeof labels, "severity=\"%s\"", severity);
    snprintf(full, sizeof full, "%s_gcount", name);
    TRY(give(measures->query, full, labels, ages->n, err));
    snprintf(full, sizeof full, "%s_gsum", name);
    return give(measures->query, full, labels, ages->sum_s, err);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static enum result give_waits(const struct query *query, struct err *err)
{
    struct store_waits waits = {0};
    TRY(store_waits(query->store, query->now_s, &waits, err));
    int64_t lag_s = waits.oldest_s == 0 ? 0 : query->now_s - waits.oldest_s;
    TRY(give(query, "troth_instants_overdue", "", waits.overdue, err));
    TRY(give(query, "troth_instants_lag_seconds", "", lag_s, err));
    TRY(give(query, "troth_waivers_in_force", "", waits.waivers, err));
    return give(query, "troth_waivers_lapsed", "", waits.lapsed, err);
}

static enum result give_sweep(const struct query *query, struct err *err)
{
    struct sweep_cursor sweep = {0};
    int64_t left = 0;
    TRY(sweep_read(query->store, &sweep, err));
    TRY(sweep_left(query->store, &sweep, &left, err));
    int64_t age_s = sweep.began_s == 0 ? 0 : query->now_s - sweep.began_s;
    TRY(give(query, "troth_sweep_rows_left", "", left, err));
    return give(query, "troth_sweep_age_seconds", "", age_s > 0 ? age_s : 0, err);
}

enum result query_measures(struct query *query, struct err *err)
{
    struct measures measures = {.query = query};
    struct debt_group total = {0};
    const struct debt_filter filter = {
        .by = DEBT_BY_CHECK, .at_s = query->now_s, .owner = query_scope(query)};
    TRY(tally(query, &filter, keep, &measures, &total, err));
    TRY(give_checks(&measures, "troth_debt_weighted_seconds", debt_of, err));
    TRY(give_checks(&measures, "troth_findings_waived", waived_of, err));
    TRY(give_checks(&measures, "troth_debt_waived_weighted_seconds", waived_debt_of, err));
    TRY(tally_ages(query, give_ages, &measures, err));
    if (query_scope(query).n > 0)
        return OK;
    TRY(give_waits(query, err));
    return give_sweep(query, err);
}
