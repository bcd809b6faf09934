/* Is the server alive, is it ready, and how does it do: /livez, /readyz, /metrics (OpenMetrics). */
#include "api_routes.h"
#include "desk.h"

#include <base/clock.h>
#include <base/limits.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

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

/* The text so far; TYPE lines stand where a name begins. */
struct samples {
    FILE *file;
    char *text;
    size_t n;
    char name[80];
};

static void samples_free(void *own)
{
    struct samples *samples = own;
    if (samples->file != NULL)
        (void)fclose(samples->file);
    free(samples->text);
    free(samples);
}

static bool is_counter(const char *name)
{
    size_t n = strlen(name);
    return n > 6 && strcmp(name + n - 6, "_total") == 0;
}

/* Samples of one name come together: a name that begins anew gets its TYPE line. */
static void add(struct samples *samples, const char *name, const char *labels, int64_t value,
                int64_t at_ms)
{
    if (strcmp(samples->name, name) != 0) {
        size_t family = strlen(name) - (is_counter(name) ? 6 : 0);
        fprintf(samples->file, "# TYPE %.*s %s\n", (int)family, name,
                is_counter(name) ? "counter" : "gauge");
        snprintf(samples->name, sizeof samples->name, "%s", name);
    }
    const char *open = *labels != '\0' ? "{" : "";
    const char *close = *labels != '\0' ? "}" : "";
    fprintf(samples->file, "%s%s%s%s %" PRId64 " %" PRId64 ".%03d\n", name, open, labels, close,
            value, at_ms / 1000, (int)(at_ms % 1000));
}

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
        add(samples, names[i].name, labels, count->value, clock_now_us() / 1000);
    }
}

/* What the configuration refuses is as refused to every other process. */
static void add_sandbox(const struct config *config, struct samples *samples, int64_t now_ms)
{
    const char *name = "troth_sandbox_in_force";
    add(samples, name, "part=\"landlock\"", config->sandbox_landlock, now_ms);
    add(samples, name, "part=\"seccomp\"", config->sandbox_seccomp, now_ms);
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
        add(samples, rows[i].name, "", (int64_t)rows[i].value, now_ms);
    add_sandbox(desk->setup->config, samples, now_ms);
}

static void add_metric(struct samples *samples, const struct msg_metric *metric)
{
    char name[65], labels[129];
    snprintf(name, sizeof name, "%.*s", (int)metric->name.n, (const char *)metric->name.p);
    snprintf(labels, sizeof labels, "%.*s", (int)metric->labels.n, (const char *)metric->labels.p);
    add(samples, name, labels, metric->value, metric->at_ms);
}

static void reply_metrics(struct request *request, struct samples *samples)
{
    add_own(request, samples);
    fputs("# EOF\n", samples->file);
    if (fflush(samples->file) != 0 || ferror(samples->file) != 0)
        api_refuse_code(request, E_MEMORY, bytes_text("no memory for metrics"));
    else
        api_reply_text(request, OPENMETRICS, bytes_of(samples->text, samples->n));
}

/* First the reader's counts, which want an operator; then core's. */
static void take_metrics(struct request *request, struct api_wait *wait,
                         const struct ipc_message *message)
{
    struct samples *samples = wait->own;
    struct err err = {0};
    if (message->type == IPC_COUNT_ROW)
        add_counts(samples, &message->count_row);
    else if (message->type == IPC_METRIC)
        add_metric(samples, &message->metric);
    else if (message->type == IPC_HEALTH_END)
        reply_metrics(request, samples);
    else if (message->type == IPC_ANSWER_END && message->answer_end.code != E_NONE)
        api_refuse_code(request, message->answer_end.code, message->answer_end.text);
    else if (message->type == IPC_ANSWER_END && ask_health(request, &err) != OK)
        request_refuse(request, &err);
}

static struct samples *samples_new(void)
{
    struct samples *samples = calloc(1, sizeof *samples);
    if (samples == NULL)
        return NULL;
    samples->file = open_memstream(&samples->text, &samples->n);
    if (samples->file == NULL) {
        free(samples);
        return NULL;
    }
    return samples;
}

static enum result ask_metrics(struct request *request, struct err *err)
{
    const struct request_view *view = request_view(request);
    struct msg_question question = {.id = view->number,
                                    .request = bytes_of(view->id, strlen(view->id)),
                                    .kind = QUESTION_STATUS};
    memcpy(question.operator_spki, view->peer->spki_hash, sizeof question.operator_spki);
    struct api_wait *wait = NULL;
    TRY(api_wait_begin(request, &wait, err));
    wait->own = samples_new();
    if (wait->own == NULL)
        return err_set(err, E_MEMORY, "no memory for metrics");
    wait->own_free = samples_free;
    wait->take = take_metrics;
    return api_ask_reader(request, &question, err);
}

void api_metrics(struct request *request)
{
    struct err err = {0};
    if (ask_metrics(request, &err) != OK)
        request_refuse(request, &err);
}
