/* Transfers of ownership: a device, its owner, the next one, and what both sides signed. */
#ifndef STORE_TRANSFERS_H
#define STORE_TRANSFERS_H

#include <store/approvals.h>

struct transfer_row {
    int64_t id;
    int64_t device;
    char from[LIMIT_NAME + 1];
    char to[LIMIT_NAME + 1];
    int64_t created_s;
    int64_t expires_s;
    int state;        /* enum transfer_state */
    int64_t asked_by; /* operator rows; 0: nobody yet */
    int64_t releaser;
    int64_t accepter;
    int64_t after;      /* the last certificate of before it was accepted */
    int64_t released_s; /* 0: not yet, or nobody wrote it down */
    int64_t accepted_s;
    size_t body_n;
    uint8_t body[APPROVAL_BODY_MAX];
};

/* R_NOT_FOUND when there is none. */
MUST_USE enum result store_transfer(struct store *store, int64_t id, struct transfer_row *ret,
                                    struct err *err);

/* The one of a device that has not ended. R_NOT_FOUND. */
MUST_USE enum result store_open_transfer(struct store *store, int64_t device,
                                         struct transfer_row *ret, struct err *err);

/* The last one of a device that is accepted or done. R_NOT_FOUND. */
MUST_USE enum result store_signed_transfer(struct store *store, int64_t device,
                                           struct transfer_row *ret, struct err *err);

/* filter->owner: on either side. */
STORE_VISIT(transfer_visit, struct transfer_row);
MUST_USE enum result store_transfers(struct store *store, const struct filter *filter,
                                     transfer_visit visit, void *ctx, struct err *err);

/* Had the device this key by certificate row `last`? */
MUST_USE enum result store_had_key(struct store *store, int64_t device, const uint8_t spki[32],
                                   int64_t last, bool *ret, struct err *err);

/* The device's newest certificate up to row `last` that was used. R_NOT_FOUND. */
MUST_USE enum result store_last_used(struct store *store, int64_t device, int64_t last,
                                     struct certificate *ret, struct err *err);

#endif
