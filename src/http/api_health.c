/* Is the server alive, is it ready, and how does it do: /livez, /readyz, /metrics (OpenMetrics). */
#include "api_routes.h"
#include "desk.h"
#include "samples.h"

#include <base/clock.h>
#include <base/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_livez(struct request *request)
{
    struct api_wait *wait = NULL;
    struct err err = {0};
    if (api_wait_begin(request, &wait, &err) != OK) {
        request_refuse(request, &err);
        return;
    }
    api_put_flag(wait->doc, "ok", true);
    api_list(wait->doc, "reasons");
    api_reply_doc(request, wait->doc, 200);
}

static enum result ask_health(struct request *request, struct err *err)
{
    const struct msg_health_ask ask = {request_view(request)->number};
    return api_ask_core(request, IPC_HEALTH_ASK, &ask, -1, err);
}

/* ---- readiness ------------------------------------------------------------------------------ */

static void add_reason(struct api_doc *doc, struct bytes reason)
{
    if (reason.n > 0)
        api_add_text(doc, "reasons", reason);
}

/* Core says whether it can issue; the desk adds what it lacks itself. */
static void take_readiness(struct request *request, struct api_wait *wait,
                           const struct ipc_message *message)
{
    const struct desk *desk = request_owner(request);
    const struct msg_health_end *end = &message->health_end;
    const char *missing = desk->setup->sandbox.missing;
    if (message->type != IPC_HEALTH_END)
        return;
    bool has_certificate = identity_has_certificate(desk->upkeep.identity);
    bool is_ready = end->ready != 0 && has_certificate;
    api_put_flag(wait->doc, "ok", is_ready);
    api_list(wait->doc, "reasons");
    add_reason(wait->doc, end->reason);
    if (!has_certificate)
        add_reason(wait->doc, bytes_text("the operators' port has no certificate yet"));
    add_reason(wait->doc, bytes_of(missing, strlen(missing)));
    api_reply_doc(request, wait->doc, is_ready ? 200 : 503);
}

static enum result ask_readiness(struct request *request, struct err *err)
{
    struct api_wait *wait = NULL;
    TRY(api_wait_begin(request, &wait, err));
    wait->take = take_readiness;
    return ask_health(request, err);
}

void api_readyz(struct request *request)
{
    struct err err = {0};
    if (ask_readiness(request, &err) != OK)
        request_refuse(request, &err);
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void add_counts(struct samples *samples, const struct msg_count_row *count)
{
    static const struct {
        const char *what, *name, *label;
    } names[] = {
        {QUESTION_COUNT_DEVICES, "troth_devices", "state"},
        {QUESTION_COUNT_CERTIFICATES, "troth_certificates", "state"},
        {QUESTION_COUNT_FINDINGS, "troth_findings_open", "check"},
    };
    char labels[LIMIT_NAME + 16];
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        if (!bytes_equal(count->what, bytes_of(names[i].what, strlen(names[i].what))))
            continue;
        snprintf(labels, sizeof labels, "%s=\"%.*s\"", names[i].label, (int)count->key.n,
                 (const char *)count->key.p);
        samples_add(samples, names[i].name, labels, count->value, clock_now_us() / 1000);
    }
}

/* What the configuration refuses is as refused to every other process. */
static void add_sandbox(const struct config *config, struct samples *samples, int64_t now_ms)
{
    const char *name = "troth_sandbox_in_force";
    samples_add(samples, name, "part=\"landlock\"", config->sandbox_landlock, now_ms);
    samples_add(samples, name, "part=\"seccomp\"", config->sandbox_seccomp, now_ms);
}

static void add_own(const struct request *request, struct samples *samples)
{
    const struct desk *desk = request_owner(request);
    const struct listener_counts counts = listener_counts(desk->listener);
    int64_t now_ms = clock_now_us() / 1000;
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"troth_desk_connections_total", counts.connections},
        {"troth_desk_requests_total", counts.requests},
        {"troth_desk_requests_refused_total", counts.refused},
        {"troth_desk_connections_cut_total", counts.cut},
        {"troth_desk_connections_open", counts.open},
        {"troth_desk_requests_waiting", counts.waiting},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        samples_add(samples, rows[i].name, "", (int64_t)rows[i].value, now_ms);
    add_sandbox(desk->setup->config, samples, now_ms);
}

static void add_metric(struct samples *samples, const struct msg_metric *metric)
{
    char name[65], labels[129];
    snprintf(name, sizeof name, "%.*s", (int)metric->name.n, (const char *)metric->name.p);
    snprintf(labels, sizeof labels, "%.*s", (int)metric->labels.n, (const char *)metric->labels.p);
    samples_add(samples, name, labels, metric->value, metric->at_ms);
}

static void reply_metrics(struct request *request, struct samples *samples)
{
    add_own(request, samples);
    if (!samples_end(samples))
        api_refuse_code(request, E_MEMORY, bytes_text("no memory for metrics"));
    else
        api_reply_text(request, samples_media(samples), bytes_of(samples->text, samples->n));
}

static void add_measure(struct samples *samples, const struct msg_measure *measure)
{
    char name[65], labels[129];
    snprintf(name, sizeof name, "%.*s", (int)measure->name.n, (const char *)measure->name.p);
    snprintf(labels, sizeof labels, "%.*s", (int)measure->labels.n,
             (const char *)measure->labels.p);
    samples_add(samples, name, labels, measure->value, clock_now_us() / 1000);
}

static enum result ask_reader(struct request *request, enum question kind, struct err *err)
{
    const struct request_view *view = request_view(request);
    struct msg_question question = {
        .id = view->number, .request = bytes_of(view->id, strlen(view->id)), .kind = (uint8_t)kind};
    memcpy(question.operator_spki, view->peer->spki_hash, sizeof question.operator_spki);
    return api_ask_reader(request, &question, err);
}

/* After the reader's counts its measures, then core's. */
static enum result ask_next(struct request *request, struct samples *samples, struct err *err)
{
    if (samples->has_measures)
        return ask_health(request, err);
    samples->has_measures = true;
    return ask_reader(request, QUESTION_MEASURES, err);
}

/* First the reader's figures, which want an operator; then core's. */
static void take_metrics(struct request *request, struct api_wait *wait,
                         const struct ipc_message *message)
{
    struct samples *samples = wait->own;
    struct err err = {0};
    if (message->type == IPC_COUNT_ROW)
        add_counts(samples, &message->count_row);
    else if (message->type == IPC_MEASURE)
        add_measure(samples, &message->measure);
    else if (message->type == IPC_METRIC)
        add_metric(samples, &message->metric);
    else if (message->type == IPC_HEALTH_END)
        reply_metrics(request, samples);
    else if (message->type == IPC_ANSWER_END && message->answer_end.code != E_NONE)
        api_refuse_code(request, message->answer_end.code, message->answer_end.text);
    else if (message->type == IPC_ANSWER_END && ask_next(request, samples, &err) != OK)
        request_refuse(request, &err);
}

/* Who asks for text/plain and not for OpenMetrics: promtool, older collectors. */
static bool wants_plain(const struct request *request)
{
    const char *accept = request_header(request, "Accept");
    return accept != NULL && strstr(accept, "text/plain") != NULL &&
           strstr(accept, "openmetrics") == NULL;
}

static enum result ask_metrics(struct request *request, struct err *err)
{
    struct api_wait *wait = NULL;
    TRY(api_wait_begin(request, &wait, err));
    wait->own = samples_new(wants_plain(request));
    if (wait->own == NULL)
        return err_set(err, E_MEMORY, "no memory for metrics");
    wait->own_free = samples_free;
    wait->take = take_metrics;
    return ask_reader(request, QUESTION_STATUS, err);
}

void api_metrics(struct request *request)
{
    struct err err = {0};
    if (ask_metrics(request, &err) != OK)
        request_refuse(request, &err);
}
