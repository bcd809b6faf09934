#include "samples.h"

#include <base/result.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum family_type { GAUGE, COUNTER, AGES, TIMES };

/* Every name that /metrics has, without the ends that its type adds. */
static const struct family {
    const char *name;
    enum family_type type;
    const char *help;
} families[] = {
    {"troth_devices", GAUGE, "Devices by state."},
    {"troth_certificates", GAUGE, "Certificates by state."},
    {"troth_findings_open", GAUGE, "Open findings by check, waived ones too."},
    {"troth_debt_weighted_seconds", GAUGE, "What open findings owe that are not waived."},
    {"troth_findings_waived", GAUGE, "Open findings that a waiver covers."},
    {"troth_debt_waived_weighted_seconds", GAUGE, "What waived findings owe."},
    {"troth_findings_age_seconds", AGES, "Ages of open findings, by the severity of each."},
    {"troth_instants_overdue", GAUGE, "Subjects that time has changed and nobody judged yet."},
    {"troth_instants_lag_seconds", GAUGE, "How long the first of those has waited."},
    {"troth_waivers_in_force", GAUGE, "Waivers in force."},
    {"troth_waivers_lapsed", GAUGE, "Waivers that expired and nobody ended."},
    {"troth_sweep_rows_left", GAUGE, "Rows that the sweep under way has yet to judge."},
    {"troth_sweep_age_seconds", GAUGE, "How long ago that sweep began; 0: none is under way."},
    {"troth_certificates_issued", COUNTER, "Certificates that were issued since the start."},
    {"troth_certificates_orphaned", COUNTER, "Certificates that were signed and not kept."},
    {"troth_requests_refused", COUNTER, "Requests of devices that were refused."},
    {"troth_verbs", COUNTER, "Verbs of operators that were carried out."},
    {"troth_lost_devices_seen", COUNTER, "Handshakes of devices that are lost."},
    {"troth_crls_signed", COUNTER, "CRLs that were signed."},
    {"troth_status_lists_signed", COUNTER, "Status lists and catalogues of them that were signed."},
    {"troth_deltas_signed", COUNTER, "Deltas and heartbeats for boundaries that were signed."},
    {"troth_boundary_reports", COUNTER, "Reports of boundaries."},
    {"troth_cutoff_seconds", TIMES,
     "From the commit that ended trust until a boundary enforced it."},
    {"troth_boundary_silent_seconds", GAUGE, "How long ago a boundary was heard."},
    {"troth_boundary_behind_seconds", GAUGE, "How long a boundary owes the end of a trust."},
    {"troth_ledger_entries", GAUGE, "Entries of the ledger."},
    {"troth_checkpoint_entries", GAUGE, "Entries that the newest checkpoint covers."},
    {"troth_requests_under_way", GAUGE, "Requests that core works on."},
    {"troth_store_log_pages", GAUGE, "Pages of the database's log that wait to be moved."},
    {"troth_issuing_stopped", GAUGE, "1 while the disk is full and nothing is issued."},
    {"troth_webhook_queue", GAUGE, "Events that wait for a receiver."},
    {"troth_webhook_oldest_seconds", GAUGE, "How long the oldest of those has waited."},
    {"troth_webhook_sent", COUNTER, "Events that a receiver took."},
    {"troth_webhook_failed", COUNTER, "Attempts that failed."},
    {"troth_webhook_dropped", COUNTER, "Events that found no room."},
    {"troth_webhook_given_up", COUNTER, "Events that a receiver did not take in time."},
    {"troth_desk_connections", COUNTER, "Connections to the operators' port."},
    {"troth_desk_requests", COUNTER, "Requests to the operators' port."},
    {"troth_desk_requests_refused", COUNTER, "Requests that the operators' port refused."},
    {"troth_desk_connections_cut", COUNTER, "Connections that it cut."},
    {"troth_desk_connections_open", GAUGE, "Connections that are open."},
    {"troth_desk_requests_waiting", GAUGE, "Requests that wait for an answer."},
    {"troth_sandbox_in_force", GAUGE, "1 where a part of the sandbox is on."},
};

/* What stands behind a family's name in samples of its type. */
static const char *const ends[][4] = {[GAUGE] = {""},
                                      [COUNTER] = {"_total"},
                                      [AGES] = {"_bucket", "_gcount", "_gsum"},
                                      [TIMES] = {"_bucket", "_count", "_sum"}};

static const struct family *family_of(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(families); i++) {
        size_t n = strlen(families[i].name);
        if (strncmp(families[i].name, name, n) != 0)
            continue;
        for (const char *const *end = ends[families[i].type]; *end != NULL; end++)
            if (strcmp(name + n, *end) == 0)
                return &families[i];
    }
    return NULL;
}

static void put_family(struct samples *samples, const struct family *family)
{
    static const char *const types[] = {"gauge", "counter", "gaugehistogram", "histogram"};
    static const char *const plain_types[] = {"gauge", "counter", "histogram", "histogram"};
    bool is_total = samples->is_plain && family->type == COUNTER;
    const char *type = (samples->is_plain ? plain_types : types)[family->type];
    fprintf(samples->file, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name,
            is_total ? "_total" : "", family->help, family->name, is_total ? "_total" : "", type);
    samples->family = family;
}

/* 0.0.4 knows histograms whose ends have no g. */
static void put_name(const struct samples *samples, const char *name, FILE *to)
{
    size_t n = strlen(name);
    bool is_sum = n > 5 && strcmp(name + n - 5, "_gsum") == 0;
    bool is_count = n > 7 && strcmp(name + n - 7, "_gcount") == 0;
    if (samples->is_plain && (is_sum || is_count))
        fprintf(to, "%.*s%s", (int)(n - (is_sum ? 5 : 7)), name, is_sum ? "_sum" : "_count");
    else
        fputs(name, to);
}

/* A sum of times comes in milliseconds. */
static void put_value(const struct samples *samples, const struct family *family, const char *name,
                      int64_t value)
{
    bool is_sum = family->type == TIMES && strcmp(name + strlen(family->name), "_sum") == 0;
    if (is_sum)
        fprintf(samples->file, "%" PRId64 ".%03d", value / 1000, (int)(value % 1000));
    else
        fprintf(samples->file, "%" PRId64, value);
}

void samples_add(struct samples *samples, const char *name, const char *labels, int64_t value,
                 int64_t at_ms)
{
    const struct family *family = family_of(name);
    if (family == NULL)
        return;
    if (samples->family != family)
        put_family(samples, family);
    bool has_labels = *labels != '\0';
    put_name(samples, name, samples->file);
    fprintf(samples->file, "%s%s%s ", has_labels ? "{" : "", labels, has_labels ? "}" : "");
    put_value(samples, family, name, value);
    if (samples->is_plain)
        fprintf(samples->file, " %" PRId64 "\n", at_ms);
    else
        fprintf(samples->file, " %" PRId64 ".%03d\n", at_ms / 1000, (int)(at_ms % 1000));
}

bool samples_end(struct samples *samples)
{
    if (!samples->is_plain)
        fputs("# EOF\n", samples->file);
    return fflush(samples->file) == 0 && ferror(samples->file) == 0;
}

const char *samples_media(const struct samples *samples)
{
    return samples->is_plain ? "text/plain; version=0.0.4; charset=utf-8"
                             : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

struct samples *samples_new(bool is_plain)
{
    struct samples *samples = calloc(1, sizeof *samples);
    if (samples == NULL)
        return NULL;
    samples->is_plain = is_plain;
    samples->file = open_memstream(&samples->text, &samples->n);
    if (samples->file == NULL) {
        free(samples);
        return NULL;
    }
    return samples;
}

void samples_free(void *own)
{
    struct samples *samples = own;
    if (samples->file != NULL)
        (void)fclose(samples->file);
    free(samples->text);
    free(samples);
}
