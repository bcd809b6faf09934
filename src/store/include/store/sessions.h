/* What boundaries say of who is with them: one row for a boundary and certificate. Observations:
 * replay knows nothing of them. */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include <base/err.h>
#include <base/limits.h>
#include <store/list.h>

struct store;

struct session_row {
    int64_t boundary;
    int64_t certificate; /* row */
    int64_t device;      /* row */
    int64_t opened_ms;   /* since 1970, by the server's clock */
    int64_t heard_ms;    /* when the boundary spoke of it last */
    bool is_open;        /* it was admitted, and nobody said that it is over */
    char service[LIMIT_NAME + 1];
};

/* Adds it, or replaces the row of its boundary and certificate. */
MUST_USE enum result store_put_session(struct store *store, const struct session_row *session,
                                       struct err *err);
/* R_NOT_FOUND. */
MUST_USE enum result store_session(struct store *store, int64_t boundary, int64_t certificate,
                                   struct session_row *ret, struct err *err);
/* The open ones of a device, the one opened last first. */
STORE_VISIT(session_visit, struct session_row);
MUST_USE enum result store_open_sessions(struct store *store, int64_t device, session_visit visit,
                                         void *ctx, struct err *err);
/* All of a boundary are over. */
MUST_USE enum result store_end_sessions(struct store *store, int64_t boundary, int64_t now_ms,
                                        struct err *err);
/* Is there anybody who would say? */
MUST_USE enum result store_has_boundary(struct store *store, bool *ret, struct err *err);
/* When the device was kept down, or its last certificate ended, by the last entry of its own that
 * says so; 0 = none does. */
MUST_USE enum result store_kept_down_at(struct store *store, int64_t device, int64_t *ret_s,
                                        struct err *err);

#endif
