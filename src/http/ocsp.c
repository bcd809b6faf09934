#include "ocsp.h"
#include "front_state.h"
#include "request.h"

#include <base/clock.h>
#include <base/log.h>
#include <proto/ocsp.h>
#include <proto/public.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a waiting request asked about, when its answer may be kept. */
struct waits {
    size_t id_n, serial_n;
    uint8_t id[OCSP_ID_OCTETS_MAX], serial[X509_SERIAL_MAX];
};

/* ---- replies --------------------------------------------------------------------------------- */

static const struct reply_header not_kept[] = {{"Cache-Control", "no-store"}, {NULL, NULL}};

static void reply_once(struct request *request, struct bytes response)
{
    request_reply(request, &(struct reply){
                               .status = 200,
                               .media_type = OCSP_MEDIA_RESPONSE,
                               .body = response,
                               .headers = not_kept,
                           });
}

/* Says nothing about a certificate, and is not signed. */
static void reply_failure(struct request *request, enum ocsp_outcome outcome)
{
    uint8_t room[OCSP_FAILURE_N];
    struct buf response = buf_over(room, sizeof room);
    ocsp_write_failure(&response, outcome);
    reply_once(request, buf_bytes(&response));
}

static bool client_has(const struct request *request, const struct ocsp_kept *kept)
{
    const char *tags = request_header(request, "If-None-Match");
    bool is_get = strcmp(request_view(request)->route->method, "GET") == 0;
    return is_get && tags != NULL && (strcmp(tags, "*") == 0 || strstr(tags, kept->etag) != NULL);
}

/* RFC 9919 6.2: caches give it back no longer than we do, and know it by what it says. */
static void reply_kept(struct request *request, const struct ocsp_kept *kept)
{
    char age[80], modified[PUBLIC_DATE_N], expires[PUBLIC_DATE_N];
    snprintf(age, sizeof age, "max-age=%u, public, no-transform, must-revalidate",
             public_crl_max_age(kept->this_update_s, kept->next_update_s, clock_now_s()));
    public_write_date(kept->this_update_s, modified);
    public_write_date(kept->next_update_s, expires);
    const struct reply_header headers[] = {
        {"Cache-Control", age}, {"ETag", kept->etag}, {"Last-Modified", modified},
        {"Expires", expires},   {NULL, NULL},
    };
    bool is_known = client_has(request, kept);
    request_reply(request, &(struct reply){
                               .status = is_known ? 304 : 200,
                               .media_type = is_known ? NULL : OCSP_MEDIA_RESPONSE,
                               .body = is_known ? bytes_of(NULL, 0) : kept->response,
                               .headers = headers,
                           });
}

/* ---- a question ------------------------------------------------------------------------------ */

static bool take_signature(struct front *front, struct bucket *bucket)
{
    uint32_t per_s = listener_limits(front->listener)->ocsp_per_s;
    return bucket_take(bucket, (struct bucket_rule){per_s, per_s == 0 ? 1 : per_s}, 0,
                       listener_now_ms(front->listener));
}

static void wait_for(struct request *request, const struct ocsp_id *id)
{
    struct waits *waits = id == NULL ? NULL : malloc(sizeof *waits);
    if (waits != NULL) {
        waits->id_n = id->whole.n;
        waits->serial_n = id->serial.n;
        memcpy(waits->id, id->whole.p, id->whole.n);
        memcpy(waits->serial, id->serial.p, id->serial.n);
        request_set_context(request, waits, free);
    }
    request_wait(request);
}

static void ask_core(struct front *front, struct request *request, const struct ocsp_request *wish)
{
    uint8_t room[OCSP_IDS_OCTETS];
    struct buf ids = buf_over(room, sizeof room);
    struct err err = {0};
    for (size_t i = 0; i < wish->ids_n; i++)
        buf_put_bytes(&ids, wish->ids[i].whole);
    struct msg_ocsp_ask ask = {
        .id = request_view(request)->number, .ids = buf_bytes(&ids), .nonce = wish->nonce};
    if (ipc_send(&front->core, IPC_OCSP_ASK, &ask, -1, &err) != OK)
        reply_failure(request, OCSP_TRY_LATER);
    else
        wait_for(request, wish->ids_n == 1 && wish->nonce.n == 0 ? &wish->ids[0] : NULL);
}

/* A nonce is answered while there are signatures for it; beyond that, whoever sent one gets what
 * everybody gets (RFC 9654 2.1, RFC 9919 3.2.2), which is signed and not old. */
static void answer(struct front *front, struct request *request, struct ocsp_request *wish)
{
    struct ocsp_state *state = &front->ocsp;
    bool is_fresh = wish->nonce.n > 0 || wish->ids_n > 1;
    if (is_fresh && take_signature(front, &state->fresh)) {
        ask_core(front, request, wish);
        return;
    }
    wish->nonce = bytes_of(NULL, 0);
    const struct ocsp_kept *kept = NULL;
    if (wish->ids_n == 1)
        kept = ocsp_cache_find(&state->cache, &wish->ids[0], clock_now_s());
    if (kept != NULL)
        reply_kept(request, kept);
    else if (wish->ids_n == 1 && take_signature(front, &state->others))
        ask_core(front, request, wish);
    else
        reply_failure(request, OCSP_TRY_LATER);
}

static void answer_der(struct request *request, struct bytes der)
{
    struct ocsp_request wish;
    const char *why = NULL;
    struct err err = {0};
    if (ocsp_read_request(der, &wish, &why)) {
        answer(request_owner(request), request, &wish);
        return;
    }
    err_set(&err, E_SYNTAX, "OCSP request: %s", why);
    log_err(LEVEL_DEBUG, "ocsp-malformed", &err, request_view(request)->id);
    reply_failure(request, OCSP_MALFORMED);
}

void ocsp_post(struct request *request)
{
    answer_der(request, request_view(request)->body);
}

void ocsp_get(struct request *request)
{
    uint8_t room[LIMIT_OCSP_BYTES];
    struct buf der = buf_over(room, sizeof room);
    if (ocsp_read_path(request_view(request)->parameters[0], &der))
        answer_der(request, buf_bytes(&der));
    else
        reply_failure(request, OCSP_MALFORMED);
}

/* ---- from core ------------------------------------------------------------------------------- */

static const struct ocsp_kept *keep(struct front *front, const struct request *request,
                                    const struct msg_ocsp_answer *answer)
{
    const struct waits *waits = request_context(request);
    if (waits == NULL || !answer->may_keep)
        return NULL;
    const struct ocsp_id id = {.whole = bytes_of(waits->id, waits->id_n),
                               .serial = bytes_of(waits->serial, waits->serial_n)};
    const struct ocsp_kept times = {.this_update_s = answer->this_update_s,
                                    .next_update_s = answer->next_update_s};
    return ocsp_cache_put(&front->ocsp.cache, &id, &times, answer->response);
}

void ocsp_take_answer(struct front *front, const struct msg_ocsp_answer *answer)
{
    struct request *request = request_find(front->listener, answer->id);
    if (request == NULL)
        return; /* its time was over, or the client is gone */
    if (answer->outcome != OCSP_SUCCESSFUL) {
        reply_failure(request, (enum ocsp_outcome)answer->outcome);
        return;
    }
    const struct ocsp_kept *kept = keep(front, request, answer);
    if (kept != NULL)
        reply_kept(request, kept);
    else
        reply_once(request, answer->response);
}

void ocsp_take_changed(struct front *front, const struct msg_ocsp_changed *changed)
{
    ocsp_cache_drop(&front->ocsp.cache, changed->serial);
}
