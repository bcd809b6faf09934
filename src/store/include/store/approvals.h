/* Acts that take two people: the requests, who signed them, and what rows are before. */
#ifndef STORE_APPROVALS_H
#define STORE_APPROVALS_H

#include <base/err.h>
#include <store/change.h>
#include <store/list.h>
#include <store/rows.h>
#include <wire/buf.h>

struct store;

#define APPROVAL_BODY_MAX 8192
#define APPROVAL_PERSONS_BYTES 64
#define APPROVAL_SIGNATURE_BYTES 512 /* the root's, by RSA-4096; people's have 72 at most */

struct octets { /* of at most APPROVAL_SIGNATURE_BYTES */
    size_t n;
    uint8_t p[APPROVAL_SIGNATURE_BYTES];
};

struct approval_row {
    int64_t id;
    char kind[LIMIT_NAME + 1];
    int64_t requester; /* operator row */
    int64_t created_s;
    int64_t expires_s;
    int state; /* enum approval_state */
    uint8_t hash[32];
    size_t body_n;
    uint8_t body[APPROVAL_BODY_MAX];
};

struct signature_row {
    int64_t id;
    int64_t approval;
    int64_t signer; /* operator row; 0: the root's key */
    struct octets signature;
};

MUST_USE enum result store_operator_row(struct store *store, int64_t id, struct operator_row *ret,
                                        struct err *err);
/* The rows of one person whose keys are in use, the oldest first. */
MUST_USE enum result store_operator_keys(struct store *store, int64_t person,
                                         struct operator_row *ret, size_t max, size_t *ret_n,
                                         struct err *err);
/* All rows of one person, also those that ended, the oldest first. */
MUST_USE enum result store_operator_rows(struct store *store, int64_t person,
                                         struct operator_row *ret, size_t max, size_t *ret_n,
                                         struct err *err);
/* Operators in use of that scope, of at least that role (enum role). */
MUST_USE enum result store_count_people_of(struct store *store, struct bytes scope, int least,
                                           int64_t *ret_n, struct err *err);
/* How many persons have the right to approve, also of those whose certificates ended: whoever ends
 * another's does not become the only one. */
MUST_USE enum result store_count_approvers(struct store *store, int64_t *ret_n, struct err *err);

/* A body longer than APPROVAL_BODY_MAX is E_STORE_CORRUPT. */
MUST_USE enum result store_approval(struct store *store, int64_t id, struct approval_row *ret,
                                    struct err *err);
STORE_VISIT(approval_visit, struct approval_row);
MUST_USE enum result store_approvals(struct store *store, const struct filter *filter,
                                     approval_visit visit, void *ctx, struct err *err);

/* The first `max` signatures on it. */
MUST_USE enum result store_signatures(struct store *store, int64_t approval,
                                      struct signature_row *ret, size_t max, size_t *ret_n,
                                      struct err *err);

/* One cell as it stands, for who shows what a change would change. `space` takes TEXT and BLOB,
 * which `ret` points into. R_NOT_FOUND when there is no such row. */
MUST_USE enum result store_cell(struct store *store, enum column column, int64_t id,
                                struct buf *space, struct cell *ret, struct err *err);

#endif
