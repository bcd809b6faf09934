/* Events for receivers (docs/decisions/webhooks.md): rows wait until their receiver took them. Of
 * one subject only the oldest is due at all; the next becomes due when it is gone. Observations:
 * replay knows nothing of them. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <base/err.h>
#include <base/limits.h>
#include <store/list.h>
#include <store/rows.h>

struct store;

#define OUTBOX_BODY_MAX 4096
#define OUTBOX_SUBJECT_MAX 48
#define OUTBOX_MESSAGE_MAX 65

struct outbox_row {
    int64_t id;
    char hook[LIMIT_NAME + 1];
    char subject[OUTBOX_SUBJECT_MAX];
    char message[OUTBOX_MESSAGE_MAX]; /* the receiver's id of it: the same in every attempt */
    int64_t created_s;
    uint32_t tries; /* that failed */
    size_t body_n;
    uint8_t body[OUTBOX_BODY_MAX];
};

/* Appends; due at once, unless one of its subject waits before it. `id` is allotted. */
MUST_USE enum result store_put_outbox(struct store *store, const struct outbox_row *row,
                                      struct err *err);
MUST_USE enum result store_outbox(struct store *store, int64_t id, struct outbox_row *ret,
                                  struct err *err);
/* Ids that are due, the longest due first; and ids of what was made before then. */
#define OUTBOX_IDS_MAX 64
struct outbox_ids {
    size_t n;
    int64_t ids[OUTBOX_IDS_MAX];
};
MUST_USE enum result store_due_outbox(struct store *store, const char *hook, int64_t now_s,
                                      struct outbox_ids *ret, struct err *err);
MUST_USE enum result store_old_outbox(struct store *store, const char *hook, int64_t before_s,
                                      struct outbox_ids *ret, struct err *err);
/* It is tried again then; `tries`: of those that failed, so many more were its own fault. */
MUST_USE enum result store_delay_outbox(struct store *store, int64_t id, int64_t due_s,
                                        uint32_t tries, struct err *err);
/* It is gone, and the next of its subject is due. */
MUST_USE enum result store_drop_outbox(struct store *store, const struct outbox_row *row,
                                       int64_t now_s, struct err *err);

/* A receiver's counts, since it was first there. */
struct webhook_row {
    char name[LIMIT_NAME + 1];
    int64_t queued; /* rows of it */
    int64_t sent;
    int64_t failed;  /* attempts */
    int64_t dropped; /* events that found no room */
    int64_t given_up;
    int64_t sent_at_s, failed_at_s; /* last; 0: never */
    int64_t oldest_s;               /* its oldest event; 0: none waits */
    char failure[LIMIT_TEXT + 1];   /* why the last attempt that failed did */
};
STORE_VISIT(webhook_visit, struct webhook_row);
MUST_USE enum result store_webhook(struct store *store, const char *name, struct webhook_row *ret,
                                   struct err *err);
MUST_USE enum result store_webhooks(struct store *store, webhook_visit visit, void *ctx,
                                    struct err *err);
/* Adds the counts of `add`; its instants and failure replace those that are there, where it has
 * them. */
MUST_USE enum result store_add_webhook(struct store *store, const struct webhook_row *add,
                                       struct err *err);

MUST_USE enum result store_drop_webhook(struct store *store, const char *name, struct err *err);

/* The public key that they are signed by, and since when. */
MUST_USE enum result store_webhook_key(struct store *store, uint8_t ret[32], int64_t *ret_since_s,
                                       struct err *err);
MUST_USE enum result store_put_webhook_key(struct store *store, const uint8_t key[32],
                                           int64_t now_s, struct err *err);

#endif
