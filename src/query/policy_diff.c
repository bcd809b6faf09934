/* What another policy would change: against what is in force, inherited values included, and to how
 * many devices. */
#include "in_force.h"

#include <registry/trial.h>
#include <trust/check.h>

struct diff {
    const struct query *query;
    struct product product; /* row 0: the fleet's policy */
    struct policy_part part;
    struct in_force before, after;
};

static enum result read(const struct query *query, struct diff *diff, struct err *err)
{
    if (query->asked->policy.n == 0 || !policy_body_read(query->asked->policy, &diff->part))
        return err_set(err, E_POLICY_FILE, "policy: seen %zu octets that are none",
                       query->asked->policy.n);
    TRY(policy_check(&diff->part, err));
    return query->asked->product.n > 0 ? query_product(query, &diff->product, err) : OK;
}

static enum result put_in_place(struct diff *diff, struct err *err)
{
    bool of_fleet = diff->product.id == 0;
    struct in_force *after = &diff->after;
    TRY(query_in_force(diff->query, of_fleet ? NULL : &diff->product, &diff->before, err));
    *after = diff->before;
    *(of_fleet ? &after->fleet : &after->own) = diff->part;
    after->policy = policy_normal();
    policy_apply(&after->fleet, &after->policy);
    policy_apply(&after->own, &after->policy);
    after->policy.least_proof = diff->before.policy.least_proof;
    after->policy.grace_s = diff->before.policy.grace_s;
    return OK;
}

/* ---- what changes ------------------------------------------------------------------------------
 */

static enum result give_change(const struct diff *diff, struct msg_policy_change *row,
                               struct err *err)
{
    const struct query *query = diff->query;
    row->id = query->asked->id;
    if (row->before == row->after && row->before_source == row->after_source)
        return OK;
    return query->give(query->context, IPC_POLICY_CHANGE, row, err);
}

static enum result give_changes(const struct diff *diff, struct err *err)
{
    const struct policy_row *setting = NULL;
    const struct check *check = NULL;
    const struct in_force *before = &diff->before, *after = &diff->after;
    for (size_t i = 0; (setting = policy_at(i)) != NULL; i++) {
        struct msg_policy_change row = {
            .number = (uint8_t)setting->number,
            .before = policy_value(&before->policy, setting),
            .before_source = query_source(before, setting),
            .after = policy_value(&after->policy, setting),
            .after_source = query_source(after, setting),
        };
        TRY(give_change(diff, &row, err));
    }
    for (size_t i = 0; (check = check_at(i)) != NULL; i++) {
        struct msg_policy_change row = {
            .check = (uint8_t)check->number,
            .before = before->policy.effect[check->number],
            .before_source = query_effect_source(before, check->number),
            .after = after->policy.effect[check->number],
            .after_source = query_effect_source(after, check->number),
        };
        TRY(give_change(diff, &row, err));
    }
    return OK;
}

/* ---- what that does ----------------------------------------------------------------------------
 */

static enum result give_trial(const struct query *query, const struct trial *trial, struct err *err)
{
    const struct msg_trial_row row = {
        .id = query->asked->id,
        .devices = trial->devices,
        .judged = trial->judged,
        .touched = trial->touched,
        .refused = trial->refused,
        .quarantined = trial->quarantined,
        .held = trial_held(trial),
    };
    TRY(query->give(query->context, IPC_TRIAL_ROW, &row, err));
    for (int number = 1; number <= CHECK_MAX; number++) {
        const struct msg_trial_check check = {query->asked->id, (uint8_t)number,
                                              trial->opens[number], trial->closes[number]};
        if (check.opens != 0 || check.closes != 0)
            TRY(query->give(query->context, IPC_TRIAL_CHECK, &check, err));
    }
    return OK;
}

static enum result try_out(const struct diff *diff, struct err *err)
{
    const struct query *query = diff->query;
    CLEANUP(trial_free) struct trial trial = {0};
    bool is_done = false;
    TRY(trial_begin(query->store, diff->product.id, &diff->part, &trial, err));
    while (!is_done)
        TRY(trial_step(query->store, &trial, TRIAL_STEP, query->now_s, &is_done, err));
    return give_trial(query, &trial, err);
}

enum result query_policy_diff(struct query *query, struct err *err)
{
    struct diff diff = {.query = query};
    TRY(read(query, &diff, err));
    TRY(put_in_place(&diff, err));
    TRY(give_changes(&diff, err));
    return try_out(&diff, err);
}
