#include "exchange.h"
#include "address_rate.h"
#include "door.h"
#include "request_inside.h"
#include "strict.h"

#include <base/clock.h>

#include <string.h>
#include <strings.h>

/* ---- the head -------------------------------------------------------------------------------- */

static enum MHD_Result gather_header(void *context, enum MHD_ValueKind kind, const char *name,
                                     size_t name_n, const char *value, size_t value_n)
{
    (void)kind;
    struct strict_head *head = context;
    if (head->headers_n < STRICT_HEADERS_MAX)
        head->headers[head->headers_n] =
            (struct strict_header){bytes_of(name, name_n), bytes_of(value, value_n)};
    head->headers_n++;
    return MHD_YES;
}

static void gather_head(const struct connection *connection, const char *method,
                        const char *version, struct strict_head *ret)
{
    size_t n = MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
                   ->header_size;
    ret->surface = connection->door->surface;
    ret->method = bytes_of(method, strlen(method));
    ret->target = bytes_of(connection->target, connection->target_n);
    ret->version = bytes_of(version, strlen(version));
    ret->whole = bytes_of(method, n);
    ret->headers_n = 0;
    MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, gather_header, ret);
}

/* A name in the query may come once: two readers would take different ones. */
struct query_check {
    struct MHD_Connection *mhd;
    const char *bad;
};

static enum MHD_Result check_query(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n)
{
    (void)value_n;
    struct query_check *check = context;
    const char *first = NULL;
    size_t first_n = 0;
    if (MHD_lookup_connection_value_n(check->mhd, kind, name, name_n, &first, &first_n) !=
            MHD_YES ||
        first != value)
        check->bad = name;
    return MHD_YES;
}

static enum result judge_query(const struct connection *connection, struct err *err)
{
    struct query_check check = {connection->mhd, NULL};
    MHD_get_connection_values_n(connection->mhd, MHD_GET_ARGUMENT_KIND, check_query, &check);
    if (connection->has_bad_query)
        return err_set(err, E_HTTP,
                       "RFC 3986 2.1, query: saw a broken escape or control character,"
                       " want percent-encoded UTF-8");
    if (check.bad != NULL)
        return err_set(err, E_HTTP, "query: saw \"%s\" more than once, want one",
                       err_value(bytes_of(check.bad, strlen(check.bad))).text);
    return OK;
}

/* ---- route, body, peer ----------------------------------------------------------------------- */

static enum result decode_parameters(struct request *request, const struct route_match *match,
                                     struct err *err)
{
    for (size_t i = 0; i < ROUTE_PARAMETERS_MAX; i++) {
        struct bytes raw = match->parameters[i];
        size_t n = raw.n;
        request->view.parameters[i] = raw;
        if (n == 0 || match->route->has_raw_path || memchr(raw.p, '%', n) == NULL)
            continue;
        if (n > sizeof request->decoded[i])
            return err_set(err, E_NOT_FOUND, "path parameter: saw %zu octets", n);
        memcpy(request->decoded[i], raw.p, n);
        if (!strict_decode(request->decoded[i], &n))
            return err_set(err, E_HTTP, "RFC 3986 2.1, path: saw \"%s\", want UTF-8",
                           err_value(raw).text);
        request->view.parameters[i] = bytes_of(request->decoded[i], n);
    }
    return OK;
}

static enum result find_route(struct request *request, const struct strict_head *head,
                              struct bytes path, struct err *err)
{
    struct route_match match = {0};
    enum result result =
        route_find(request->hub->routes, request->view.surface, head->method, path, &match, err);
    request->view.route = match.route;
    memcpy(request->allow, match.allow, sizeof match.allow);
    TRY(result);
    return decode_parameters(request, &match, err);
}

static bool is_media_type(const char *value, const char *wanted)
{
    size_t n = value == NULL ? 0 : strcspn(value, "; \t");
    for (size_t length = 0; *wanted != '\0'; wanted += length + strspn(wanted + length, ", ")) {
        length = strcspn(wanted, ",");
        if (n == length && strncasecmp(value, wanted, n) == 0)
            return true;
    }
    return false;
}

bool request_has_media_type(const struct request *request, const char *wanted)
{
    return is_media_type(request_header(request, "Content-Type"), wanted);
}

static enum result judge_body(const struct request *request, bool has_length, struct err *err)
{
    const struct route *route = request->view.route;
    if (request->length > route->body_max)
        return err_set(err, E_TOO_LARGE, "body: saw %llu octets, want at most %zu",
                       (unsigned long long)request->length, route->body_max);
    if (route->media_type == NULL)
        return OK;
    if (!has_length)
        return err_set(err, E_LENGTH, "RFC 9110 8.6: saw no Content-Length, want one");
    const char *type = request_header(request, "Content-Type");
    if (!request_has_media_type(request, route->media_type))
        return err_set(err, E_MEDIA_TYPE, "RFC 9110 8.3, Content-Type: saw \"%s\", want %s",
                       type == NULL ? "" : err_value(bytes_of(type, strlen(type))).text,
                       route->media_type);
    return OK;
}

/* Before the chain is verified, which costs most. */
static enum result judge_rate(struct request *request, struct err *err)
{
    struct hub *hub = request->hub;
    if (request->view.surface != SURFACE_DEVICE)
        return OK;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *from = info == NULL ? NULL : info->client_addr;
    struct bytes who = bytes_of(request->id, REQUEST_ID_N);
    struct bucket_rule rule = {hub->limits.address_per_s, hub->limits.address_burst};
    if (address_rate_take(hub->addresses, rule, from, hub->now_ms, who, &request->retry_after_s))
        return OK;
    return err_set(err, E_BUSY, "more than %u requests a second from one address",
                   hub->limits.address_per_s);
}

static enum code refusal_of(const struct request *request)
{
    return request->view.surface == SURFACE_OPERATOR ? E_OPERATOR : E_PROOF;
}

/* A chain that does not verify: the caller learns nothing but that, the log has why. */
static enum result judge_peer(struct request *request, struct err *err)
{
    enum result result = connection_verify(request->connection, err);
    request->view.peer = connection_peer(request->connection);
    if (result == OK || result == R_BUSY || result == R_MEMORY)
        return result;
    err_prefix(err, "client certificate");
    err->code = refusal_of(request);
    request->must_close = true;
    return R_UNAUTHORISED;
}

/* Asked at each request: who is removed meanwhile is nobody, also on a connection that he has kept;
 * so is whose certificate has ended on it. */
static enum result judge_boundary(const struct request *request, struct err *err)
{
    const struct hub *hub = request->hub;
    const struct chain_claim *peer = request->view.peer;
    if (peer->kind == CHAIN_NOBODY)
        return err_set(err, E_PROOF, "client certificate: saw none, want a boundary's");
    if (peer->kind != CHAIN_OPERATIONS || hub->is_boundary == NULL ||
        !hub->is_boundary(hub->owner, peer->spki_hash))
        return err_set(err, E_BOUNDARY, "client certificate: its key is of no boundary in use");
    if (peer->not_after_s < clock_now_s())
        return err_set(err, E_BOUNDARY, "client certificate: it has ended");
    return OK;
}

static enum result judge_need(const struct request *request, struct err *err)
{
    const struct request_view *view = &request->view;
    switch (view->route->need) {
    case NEED_ANYBODY:
        return OK;
    case NEED_OPERATOR:
        if (view->surface == SURFACE_LOCAL || view->peer->kind == CHAIN_OPERATIONS)
            return OK;
        return err_set(err, E_OPERATOR, "client certificate: saw none of an operator, want one");
    case NEED_BOUNDARY:
        return judge_boundary(request, err);
    case NEED_NOBODY_PASSES:
        break;
    }
    return err_set(err, E_PROOF, "the route does not say whom it serves");
}

static enum result admit(struct request *request, const char *method, const char *version,
                         struct err *err)
{
    struct strict_head head;
    struct strict_verdict verdict;
    gather_head(request->connection, method, version, &head);
    request->must_close = true; /* where the next request begins is not known yet */
    TRY(strict_check(&head, &verdict, err));
    TRY(judge_query(request->connection, err));
    request->must_close = verdict.length > 0;
    request->length = verdict.length;
    TRY(find_route(request, &head, verdict.path, err));
    TRY(judge_body(request, verdict.has_length, err));
    TRY(judge_rate(request, err));
    TRY(judge_peer(request, err));
    TRY(judge_need(request, err));
    request->must_close = false;
    return OK;
}

/* ---- the handler and its reply --------------------------------------------------------------- */

static enum MHD_Result settle(struct request *request)
{
    struct connection *connection = request->connection;
    if (request->stage == STAGE_WAIT) {
        connection_suspend(connection);
        return MHD_YES;
    }
    if (request->stage != STAGE_REPLIED || request->response == NULL)
        return MHD_NO; /* no memory for a reply */
    enum MHD_Result queued =
        MHD_queue_response(connection->mhd, request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    connection_enter(connection, PHASE_REPLY, request->response_n);
    return queued;
}

static enum MHD_Result run_handler(struct request *request)
{
    request->view.body = bytes_of(request->body, request->body_n);
    request->stage = STAGE_HANDLER;
    request->view.route->handle(request);
    if (request->stage == STAGE_HANDLER) {
        struct err err = {0};
        err_set(&err, E_BUG, "the handler of %s gave no reply", request->view.route->path);
        request_refuse(request, &err);
    }
    return settle(request);
}

static enum MHD_Result begin(struct connection *connection, const char *method, const char *version,
                             void **context)
{
    struct request *request = request_begin(connection);
    if (request == NULL)
        return MHD_NO;
    *context = request;
    struct err err = {0};
    if (admit(request, method, version, &err) != OK) {
        request_refuse(request, &err);
        /* Queued in this first call, a reply ends the connection: the library reads no further. */
        return request->must_close ? settle(request) : MHD_YES;
    }
    if (request->length > 0)
        connection_enter(connection, PHASE_BODY, request->length);
    return MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): the signature is libmicrohttpd's */
enum MHD_Result exchange_handle(void *door, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_n, void **context)
{
    (void)door;
    (void)url;
    struct connection *connection = connection_of(mhd);
    if (connection == NULL)
        return MHD_NO;
    if (*context == NULL)
        return begin(connection, method, version, context);

    struct request *request = *context;
    if (*upload_n > 0) {
        struct err err;
        size_t n = *upload_n;
        *upload_n = 0;
        return request_take(request, upload, n, &err) == OK ? MHD_YES : MHD_NO;
    }
    if (request->stage == STAGE_HEAD)
        return run_handler(request);
    return settle(request);
}

void exchange_completed(void *door, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code)
{
    (void)door;
    (void)code;
    if (*context != NULL)
        request_end(*context);
    *context = NULL;
    struct connection *connection = connection_of(mhd);
    if (connection != NULL)
        connection_enter(connection, PHASE_IDLE, 0);
}
