/* Waivers: for which findings somebody answers, until when. A finding's row does not know of them;
 * which one covers it is a join (statements.def, WAIVES). */
#ifndef STORE_WAIVERS_H
#define STORE_WAIVERS_H

#include <base/err.h>
#include <store/finding.h>
#include <store/list.h>

#define WAIVER_STANDS 1
#define WAIVER_ENDED 2

struct waiver {
    int64_t id;
    int check;
    int64_t product; /* what it covers; 0 and empty: any */
    int64_t device;
    char of_owner[LIMIT_NAME + 1];
    char answers[LIMIT_NAME + 1];
    uint8_t reason[32];
    int64_t created_s;
    int64_t expires_s; /* in force before it */
    int64_t asked_by;  /* operator rows */
    int state;
    int64_t ended_s; /* 0 = nobody ended it */
    int64_t ended_by;
};

/* R_NOT_FOUND when there is none. */
MUST_USE enum result store_waiver(struct store *store, int64_t id, struct waiver *ret,
                                  struct err *err);

/* filter->open_only: in force at filter->now_s. filter->owner: what covers his devices, or those of
 * a product that he has devices of. filter->product: what names it. */
STORE_VISIT(waiver_visit, struct waiver);
MUST_USE enum result store_waivers(struct store *store, const struct filter *filter,
                                   waiver_visit visit, void *ctx, struct err *err);

/* All that were in force at `at_s`: made by then, not ended and not expired. */
MUST_USE enum result store_waivers_at(struct store *store, int64_t at_s, waiver_visit visit,
                                      void *ctx, struct err *err);

/* The one in force at `at_s` that covers this finding the longest. R_NOT_FOUND. */
MUST_USE enum result store_waiver_of(struct store *store, int64_t finding, int64_t at_s,
                                     struct waiver *ret, struct err *err);

/* What covers a subject: per check the last expiry of what nobody ended, whether or not it is over.
 * `device` 0 for what is no device. */
struct waived_subject {
    int64_t device;
    int64_t product;
    const char *owner;
};
typedef enum result (*waived_visit)(void *ctx, int check, int64_t until_s, struct err *err);
MUST_USE enum result store_waived(struct store *store, const struct waived_subject *subject,
                                  waived_visit visit, void *ctx, struct err *err);

#endif
