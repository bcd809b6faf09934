/* Certificates that other CAs issued. */
#ifndef STORE_FOREIGN_H
#define STORE_FOREIGN_H

#include <base/err.h>
#include <store/list.h>
#include <wire/bytes.h>

struct foreign {
    int64_t id;
    int64_t anchor;
    size_t serial_n;
    uint8_t serial[20];
    int64_t device;      /* 0 = none that we know */
    uint8_t subject[32]; /* digest of the personal row */
    int64_t not_after_s;
    int state; /* enum foreign_state */
    int64_t revoked_at_s;
    int reason;
};

/* What another CA, by its anchor, issued under that serial number. */
MUST_USE enum result store_foreign(struct store *store, int64_t anchor, struct bytes serial,
                                   struct foreign *ret, struct err *err);

STORE_VISIT(foreign_visit, struct foreign);
/* Certificates of other CAs; product, device and owner narrow them. */
MUST_USE enum result store_foreigns(struct store *store, const struct filter *filter,
                                    foreign_visit visit, void *ctx, struct err *err);

#endif
