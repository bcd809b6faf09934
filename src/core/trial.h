/* Private: the one policy that may be on trial, before people are asked for it. */
#ifndef CORE_TRIAL_H
#define CORE_TRIAL_H

#include <ipc/ipc.h>
#include <registry/trial.h>
#include <service/verb.h>

#define TRIAL_ASK_MAX 8192 /* octets of an encoded policy_set */

struct trial_job {
    bool is_running;
    bool is_over; /* what was asked for runs now, and is not judged again */
    struct trial trial;
    size_t ask_n;
    uint8_t ask[TRIAL_ASK_MAX];
};

struct core;
/* *ret_waits: it is a policy that takes two people, and is judged first; core_verb() runs again
 * with the same message when that is done. E_BUSY while another one is. */
MUST_USE enum result core_trial_begin(struct core *core, const struct ipc_message *message,
                                      const struct operator_is *who, bool *ret_waits,
                                      struct err *err);
bool core_trial_is_busy(const struct core *core);
void core_trial_step(struct core *core);

#endif
