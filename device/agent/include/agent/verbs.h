/* What the commands do. */
#ifndef AGENT_VERBS_H
#define AGENT_VERBS_H

#include <agent/agent.h>

struct verb_output {
    bool is_json;
    int exit_status; /* of a command that ends well */
};

typedef enum result (*agent_verb)(const struct agent *agent, struct verb_output *output,
                                  struct err *err);

MUST_USE enum result verb_enrol(const struct agent *agent, struct verb_output *output,
                                struct err *err);
MUST_USE enum result verb_renew(const struct agent *agent, struct verb_output *output,
                                struct err *err);

/* Exit status 0 when renewal is due, 1 when it is not yet. */
MUST_USE enum result verb_due(const struct agent *agent, struct verb_output *output,
                              struct err *err);

/* Enrols, proves and renews whenever that is due, until the process is ended from outside. Failures
 * are logged and tried again: full jitter, doubling up to a quarter of an hour, or when the server
 * said. Returns only when its own state cannot be read. */
MUST_USE enum result verb_run(const struct agent *agent, struct verb_output *output,
                              struct err *err);

#endif
