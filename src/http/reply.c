#include "reply.h"
#include "request_inside.h"

#include <base/log.h>
#include <proto/problem.h>
#include <wire/spread.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_BUSY_SPREAD_S 10 /* until load may have passed; each request its own instant */

void reply_add_headers(struct request *request, struct MHD_Response *response,
                       const struct reply *reply)
{
    bool is_operators = (request->view.surface & (SURFACE_OPERATOR | SURFACE_LOCAL)) != 0;
    bool has_caching = false;
    MHD_add_response_header(response, "X-Request-Id", request->id);
    if (reply->media_type != NULL)
        MHD_add_response_header(response, "Content-Type", reply->media_type);
    for (const struct reply_header *h = reply->headers; h != NULL && h->name != NULL; h++) {
        MHD_add_response_header(response, h->name, h->value);
        has_caching = has_caching || strcmp(h->name, "Cache-Control") == 0;
    }
    if (is_operators)
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (is_operators && !has_caching)
        MHD_add_response_header(response, "Cache-Control", "no-store");
    if (reply->close || request->must_close)
        MHD_add_response_header(response, "Connection", "close");
}

static void set_reply(struct request *request, const struct reply *reply,
                      struct MHD_Response *response, size_t n)
{
    if (response == NULL)
        return; /* without memory: exchange.c drops the connection */
    reply_add_headers(request, response, reply);
    request_set_response(request, (unsigned)reply->status, response, n);
}

void request_reply(struct request *request, const struct reply *reply)
{
    /* Not written to: MHD_RESPMEM_MUST_COPY. The library's parameter is older than const. */
    void *body = (void *)(uintptr_t)reply->body.p;
    set_reply(request, reply,
              MHD_create_response_from_buffer(reply->body.n, body, MHD_RESPMEM_MUST_COPY),
              reply->body.n);
}

void request_reply_owned(struct request *request, const struct reply *reply, void *body, size_t n)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(n, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(body);
    set_reply(request, reply, response, n);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static bool has_text_errors(const struct request *request)
{
    return request->view.route != NULL && request->view.route->has_text_errors;
}

/* An operator's certificate was verified, or who asks sits at the machine itself. */
static bool is_proven_operator(const struct request_view *view)
{
    return view->surface == SURFACE_LOCAL ||
           (view->surface == SURFACE_OPERATOR && view->peer->kind == CHAIN_OPERATIONS);
}

/* Until a caller has proved who he is, what depends on stored facts has one answer (design 5). */
static bool may_read_detail(const struct request *request, const struct error_info *info)
{
    if (info->kind == R_UNAUTHORISED)
        return (info->code == E_OPERATOR || info->code == E_TRANSFER_SIDE) &&
               is_proven_operator(&request->view);
    return info->kind != R_BUG;
}

/* An EST client that got a 401 asks again with Basic. Bouncy Castle's does only when the 401 had no
 * body; the request id stands in X-Request-Id as well. */
static bool is_bare_challenge(const struct request *request, const struct error_info *info)
{
    return has_text_errors(request) && info->http_status == 401;
}

static void reply_problem(struct request *request, const struct err *err,
                          const struct reply_header *headers)
{
    const struct error_info *info = error_find(err->code);
    struct problem problem = {
        .code = info->code,
        .detail = may_read_detail(request, info) && err->text[0] != '\0' ? err->text : NULL,
        .request_id = request->id,
    };
    bool is_text = has_text_errors(request);
    char *body = is_bare_challenge(request, info) ? NULL
                 : is_text                        ? problem_write_text(&problem)
                                                  : problem_write_json(&problem);
    struct reply reply = {
        .status = info->http_status,
        .media_type = is_text ? "text/plain" : PROBLEM_MEDIA_TYPE,
        .headers = headers,
    };
    if (body == NULL)
        reply.media_type = NULL;
    request_reply_owned(request, &reply, body, body == NULL ? 0 : strlen(body));
}

void request_refuse_until(struct request *request, const struct err *err, uint32_t retry_after_s)
{
    const struct error_info *info = error_find(err->code);
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%u", retry_after_s);
    struct reply_header headers[4] = {0};
    size_t n = 0;
    if (retry_after_s > 0)
        headers[n++] = (struct reply_header){"Retry-After", seconds};
    if (info->http_status == 401)
        headers[n++] = (struct reply_header){"WWW-Authenticate", "Basic realm=\"troth\""};
    if (request->allow[0] != '\0')
        headers[n++] = (struct reply_header){"Allow", request->allow};

    request->hub->counts.refused++;
    log_refusal("refused", err, request->id, connection_address(request->connection).text);
    reply_problem(request, err, headers);
}

void request_refuse(struct request *request, const struct err *err)
{
    bool is_busy = error_find(err->code)->http_status == 503;
    uint32_t drawn_s = 1 + spread_below(bytes_of(request->id, REQUEST_ID_N), RETRY_BUSY_SPREAD_S);
    uint32_t wanted_s = request->retry_after_s > 0 ? request->retry_after_s : drawn_s;
    request_refuse_until(request, err, is_busy ? wanted_s : 0);
}
