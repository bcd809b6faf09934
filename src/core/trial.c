/* What a policy would do is judged before people are asked to approve it: a step a turn, so that
 * nobody waits for it, and with nothing written. */
#include "core.h"

#include <service/policy.h>

#include <base/log.h>
#include <base/text.h>

static bool is_wanted(const struct core *core, const struct ipc_message *message,
                      const struct operator_is *who)
{
    struct err ignored = {0};
    return message->type == IPC_POLICY_SET && message->policy_set.dry_run == 0 &&
           who->actor.kind == ACTOR_OPERATOR &&
           approval_is_wanted(&core->service, IPC_POLICY_SET) &&
           verb_allow(who, OPERATE_POLICY, NULL, &ignored) == OK;
}

enum result core_trial_begin(struct core *core, const struct ipc_message *message,
                             const struct operator_is *who, bool *ret_waits, struct err *err)
{
    struct trial_job *job = &core->trial;
    *ret_waits = false;
    if (job->is_over || !is_wanted(core, message, who))
        return OK;
    if (job->is_running)
        return err_set(err, E_BUSY, "another policy is being judged");
    TRY(ipc_encode(message->type, &message->policy_set, job->ask, sizeof job->ask, &job->ask_n,
                   err));
    TRY(policy_try(&core->service, &message->policy_set, &job->trial, err));
    job->is_running = *ret_waits = true;
    return OK;
}

bool core_trial_is_busy(const struct core *core)
{
    return core->trial.is_running;
}

/* The verb runs, with what was judged or with why it was not. */
static void end(struct core *core, const struct err *why)
{
    struct trial_job *job = &core->trial;
    struct ipc_message message;
    struct err err = {0};
    job->is_running = false;
    enum result result = ipc_decode(bytes_of(job->ask, job->ask_n), &message, &err);
    if (result != OK) {
        log_err(LEVEL_ERROR, "trial-lost", &err, NULL);
    } else if (why->code != E_NONE) {
        if (result_is_ours(error_find(why->code)->kind))
            turn_fail(core, why);
        const struct msg_verb_answer refusal = {
            .id = message.policy_set.id, .code = why->code, .text = text_bytes(why->text)};
        core_answer_verb(core, &refusal);
    } else {
        policy_tried(&core->service, &job->trial);
        job->is_over = true;
        core_verb(core, &message);
        job->is_over = false;
    }
    trial_free(&job->trial);
}

void core_trial_step(struct core *core)
{
    struct trial_job *job = &core->trial;
    struct err err = {0};
    bool is_done = false;
    if (!job->is_running)
        return;
    turn_end(core);
    enum result result =
        trial_step(core->store, &job->trial, core_step_size(core), core->now_s, &is_done, &err);
    if (result != OK || is_done)
        end(core, &err);
}
