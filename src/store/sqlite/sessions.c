/* Who is with which boundary. */
#include "database.h"

#include <base/text.h>
#include <store/sessions.h>

enum result store_put_session(struct store *store, const struct session_row *session,
                              struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_SESSION);
    query_put_int(&q, session->boundary);
    query_put_int(&q, session->certificate);
    query_put_int(&q, session->device);
    query_put_int(&q, session->opened_ms);
    query_put_int(&q, session->heard_ms);
    query_put_int(&q, session->is_open);
    query_put_text(&q, text_bytes(session->service));
    return query_run(&q, err);
}

static enum result next_session(struct query *query, struct session_row *ret, struct err *err)
{
    struct session_row row = {0};
    TRY(query_next(query, err));
    row.boundary = query_int(query);
    row.certificate = query_int(query);
    row.device = query_int(query);
    row.opened_ms = query_int(query);
    row.heard_ms = query_int(query);
    row.is_open = query_int(query) != 0;
    query_text(query, row.service, sizeof row.service);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

enum result store_session(struct store *store, int64_t boundary, int64_t certificate,
                          struct session_row *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SESSION);
    query_put_int(&q, boundary);
    query_put_int(&q, certificate);
    return next_session(&q, ret, err);
}

enum result store_open_sessions(struct store *store, int64_t device, session_visit visit, void *ctx,
                                struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPEN_SESSIONS);
    struct session_row row;
    enum result result;
    query_put_int(&q, device);
    while ((result = next_session(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_end_sessions(struct store *store, int64_t boundary, int64_t now_ms,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_END_SESSIONS);
    query_put_int(&q, now_ms);
    query_put_int(&q, boundary);
    return query_run(&q, err);
}

enum result store_kept_down_at(struct store *store, int64_t device, int64_t *ret_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_KEPT_DOWN_AT);
    query_put_int(&q, device);
    TRY(query_next(&q, err));
    *ret_s = query_int(&q);
    return query_row_ok(&q, err);
}

enum result store_has_boundary(struct store *store, bool *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_HAS_BOUNDARY);
    TRY(query_next(&q, err));
    *ret = query_int(&q) != 0;
    return query_row_ok(&q, err);
}
