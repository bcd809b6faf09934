/* Private: attempts under way, from core's message to the answer. */
#ifndef COURIER_ATTEMPT_H
#define COURIER_ATTEMPT_H

#include "resolve.h"

#include <base/config.h>
#include <client/posts.h>
#include <ipc/ipc.h>

/* A receiver's addresses are looked up again after that, and at once after a failure. */
#define RESOLVED_S 60

struct receiver {
    const struct config_webhook *hook;
    struct url url;
    struct resolved resolved; /* n 0: not looked up */
    int64_t resolved_us;      /* monotonic */
    size_t next;              /* address that the next attempt takes */
};

/* Which of core's attempts is in which of ours. */
struct attempt {
    bool is_used;
    uint64_t id; /* core's */
    uint32_t tries;
    char hook[CONFIG_WEBHOOK_NAME_MAX];
};

struct attempts {
    struct posts *posts;
    struct ipc_channel *core;
    size_t receivers_n;
    struct receiver receivers[CONFIG_WEBHOOKS_MAX];
    struct attempt all[POSTS_MAX];
};

/* The receivers from now on; `config` must live until the next call. */
void attempts_configure(struct attempts *attempts, const struct config *config);

/* Sends, or answers at once why not. Only what breaks the channel to core is a failure. */
MUST_USE enum result attempt_begin(struct attempts *attempts, const struct msg_send_webhook *ask,
                                   struct err *err);

/* Answers core for every attempt that ended. */
MUST_USE enum result attempt_finish(struct attempts *attempts, struct err *err);

/* The lines that carry the signature (Standard Webhooks 1.0.0), into `ret`; false for parts that
 * cannot stand in a header line. */
#define ATTEMPT_HEADERS 5
#define ATTEMPT_LINE_MAX 256
bool attempt_headers(const struct msg_send_webhook *ask,
                     char ret[ATTEMPT_HEADERS][ATTEMPT_LINE_MAX]);

#endif
