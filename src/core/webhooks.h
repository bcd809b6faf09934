/* Private: events on their way to receivers (docs/decisions/webhooks.md). A row of the outbox that
 * is due goes to the signer, then to the courier, and is dropped when its receiver took it; what is
 * here is memory only, and a crash sends such a row again, with the same id. */
#ifndef CORE_WEBHOOKS_H
#define CORE_WEBHOOKS_H

#include <base/config.h>

#include <ipc/ipc.h>

#include <stdint.h>

#define FLIGHTS_MAX 16       /* the courier's too */
#define FLIGHTS_A_HOOK 4     /* of these to one receiver */
#define FLIGHT_MS 120000     /* an attempt that nobody answered is over */
#define HOOK_PATIENCE 8      /* failures one after the other until the receiver gets a pause */
#define HOOK_PAUSE_MS 300000 /* at most; one event waits up to an hour */

struct flight {
    int64_t row; /* 0: free */
    uint32_t generation;
    uint32_t hook; /* index of its pace */
    bool is_signed;
    int64_t at_s; /* what is signed says so */
    int64_t began_ms;
};

struct pace {
    char name[CONFIG_WEBHOOK_NAME_MAX];
    uint32_t failures; /* one after the other */
    uint32_t flights;
    int64_t pause_until_ms;
};

struct webhooks {
    bool has_key; /* the signer told its key */
    uint32_t generation;
    struct flight flights[FLIGHTS_MAX];
    /* In the order of the configuration; the last is that of those that it has no more. */
    struct pace paces[CONFIG_WEBHOOKS_MAX + 1];
    int64_t looked_ms; /* for what is to be given up */
};

struct core;
MUST_USE enum result core_webhooks_open(struct core *core, struct err *err);
void core_webhooks_tick(struct core *core);
void core_webhook_signed(struct core *core, const struct msg_signed_webhook *answer);
void core_webhook_sent(struct core *core, const struct msg_sent_webhook *sent);
void core_webhook_key(struct core *core, const struct msg_webhook_key *told);
/* A reload: its receivers and retention from now on. */
void core_webhooks_configure(struct core *core, const struct config *now);

#endif
