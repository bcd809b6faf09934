/* `troth cert scan`: looks at TLS servers from here, and uploads what it saw. */
#include <cli/actions.h>
#include <cli/print.h>
#include <cli/progress.h>
#include <cli/scan.h>
#include <client/api.h>
#include <wire/b64.h>
#include <wire/hex.h>
#include <wire/x509.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 400 /* targets looked at and uploaded together: below LIMIT_IMPORT_BYTES */
#define PARALLEL 32
#define PARALLEL_MAX 256
#define TIMEOUT_S 5

const struct option_row cert_scan_options[] = {
    {"TARGET...", VALUE_TEXT, NULL, false,
     "HOST:PORT, [IPv6]:PORT, HOST, or a network ADDRESS/BITS of at most 65536 addresses"},
    {"--file", VALUE_FILE, "LIST", false, "targets, one a line; # begins a remark"},
    {"--port", VALUE_TEXT, "PORT,...", false, "of targets that name none (default 443)"},
    {"--sni", VALUE_TEXT, "NAME", false,
     "server name to ask for; otherwise the target's, if it is a name"},
    {"--timeout", VALUE_DURATION, "TIME", false, "of one target (default 5s)"},
    {"--parallel", VALUE_NUMBER, "N", false, "looked at side by side, 1 to 256 (default 32)"},
    {"--dry-run", VALUE_NONE, NULL, false, "look and print, upload nothing"},
    {0},
};
const struct plan cert_scan = {.run = action_cert_scan,
                               .path = "/api/v1/foreign-certificates/scan"};

static const struct column columns[] = {
    {"TARGET", "target"},     {"OUTCOME", "outcome"},
    {"PROTOCOL", "protocol"}, {"CERTIFICATE", "certificate"},
    {"UNTIL", "not_after"},   {"BECAME", "became"},
    {"REASON", "reason"},     {0},
};

/* ---- what is looked at ---------------------------------------------------------------------- */

static enum result read_targets(const struct session *session, struct scan_targets *targets,
                                struct err *err)
{
    const struct arguments *args = session->args;
    const char *first = session_text(session, "TARGET...");
    const char *file = session_text(session, "--file");
    const char *ports = session_text(session, "--port");
    TRY(scan_ports(targets, ports != NULL ? ports : "443", err));
    if (first != NULL)
        TRY(scan_add(targets, bytes_of(first, strlen(first)), err));
    for (size_t i = 0; i < args->more_n; i++)
        TRY(scan_add(targets, bytes_of(args->more[i], strlen(args->more[i])), err));
    if (file != NULL)
        TRY(scan_add_file(targets, file, err));
    if (targets->n == 0)
        return err_set(err, E_USAGE, "wanted TARGET... or --file LIST with targets in it");
    return OK;
}

static enum result read_terms(const struct session *session, struct scan_terms *terms,
                              struct err *err)
{
    int64_t parallel = argument_number(session->args, "--parallel", PARALLEL);
    int64_t timeout_s = argument_number(session->args, "--timeout", TIMEOUT_S);
    if (parallel < 1 || parallel > PARALLEL_MAX)
        return err_set(err, E_USAGE, "--parallel: seen %lld, wanted 1 to %d", (long long)parallel,
                       PARALLEL_MAX);
    if (timeout_s < 1 || timeout_s > 600)
        return err_set(err, E_USAGE, "--timeout: wanted 1 second to 10 minutes");
    terms->sni = session_text(session, "--sni");
    terms->parallel = (size_t)parallel;
    terms->timeout_us = timeout_s * 1000000;
    return peer_look_new(&terms->look, err);
}

/* ---- what was seen -------------------------------------------------------------------------- */

static json_t *base64(struct bytes der)
{
    char *text = malloc(B64_ENCODED_MAX(der.n));
    struct buf to = buf_over(text, text != NULL ? B64_ENCODED_MAX(der.n) : 0);
    b64_encode(&to, der);
    json_t *value = buf_ok(&to) ? json_stringn((const char *)to.p, to.n) : NULL;
    free(text);
    return value;
}

/* What the leaf says of itself, for people; nothing for what does not read. */
static void describe(json_t *row, struct bytes der)
{
    struct x509_cert cert;
    const char *why = NULL;
    char until[32], serial[2 * X509_SERIAL_MAX + 1] = "";
    if (!x509_read_cert(der, &cert, &why)) {
        if (json_object_get(row, "reason") == NULL)
            json_object_set_new(row, "reason", json_string(why));
        return;
    }
    struct buf to = buf_over(serial, sizeof serial - 1);
    hex_encode(&to, cert.serial);
    time_t at = (time_t)cert.not_after_s;
    struct tm parts;
    (void)strftime(until, sizeof until, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &parts));
    json_object_set_new(row, "certificate", json_string(serial));
    json_object_set_new(row, "not_after", json_string(until));
}

/* A line of the upload, which is what people and programs see as well. */
static json_t *row_of(const struct scan_target *target, const struct scan_result *result)
{
    char place[SCAN_PLACE_MAX];
    json_t *row = json_object(), *chain = json_array();
    scan_place(target, place);
    json_object_set_new(row, "target", json_string(place));
    json_object_set_new(row, "outcome", json_string(scan_outcome_word(result->outcome)));
    if (result->seen.protocol[0] != '\0')
        json_object_set_new(row, "protocol", json_string(result->seen.protocol));
    if (result->seen.cipher[0] != '\0')
        json_object_set_new(row, "cipher", json_string(result->seen.cipher));
    for (size_t i = 0; i < result->seen.n; i++)
        json_array_append_new(chain, base64(blob_bytes(&result->seen.chain[i])));
    json_object_set_new(row, "chain", chain);
    return row;
}

static void free_results(struct scan_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++)
        peer_seen_free(&results[i].seen);
}

/* ---- the upload ----------------------------------------------------------------------------- */

static enum result write_lines(const json_t *rows, char **ret_text, size_t *ret_n, struct err *err)
{
    const json_t *row = NULL;
    size_t i = 0;
    bool is_whole = true;
    FILE *to = open_memstream(ret_text, ret_n);
    if (to == NULL)
        return err_set(err, E_MEMORY, "no memory for what was seen");
    json_array_foreach(rows, i, row)
    {
        is_whole = json_dumpf(row, to, JSON_COMPACT) == 0 && is_whole;
        fputc('\n', to);
    }
    if (fclose(to) != 0 || !is_whole) {
        free(*ret_text);
        return err_set(err, E_MEMORY, "no memory for what was seen");
    }
    return OK;
}

/* What the server says of each line, which is counted from 1, joins the row. */
static void join(json_t *rows, const json_t *answer)
{
    static const char *const members[] = {"became", "reason", "code"};
    const json_t *told = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(answer, "targets"), i, told)
    {
        json_int_t line = json_integer_value(json_object_get(told, "line"));
        json_t *row = json_array_get(rows, (size_t)line - 1);
        for (size_t m = 0; m < LENGTH_OF(members); m++)
            if (json_object_get(told, members[m]) != NULL)
                json_object_set(row, members[m], json_object_get(told, members[m]));
    }
}

static enum result upload(struct session *session, const struct plan *plan, json_t *rows,
                          struct err *err)
{
    json_auto_t *answer = NULL;
    char *text = NULL;
    size_t n = 0;
    TRY(write_lines(rows, &text, &n, err));
    const struct api_call call = {.method = CLIENT_POST,
                                  .path = plan->path,
                                  .media = "application/x-ndjson",
                                  .content = text,
                                  .content_n = n};
    enum result result = session_send(session, &call, &answer, err);
    free(text);
    if (result == OK)
        join(rows, answer);
    if (result == OK && json_integer_value(json_object_get(answer, "refused")) > 0)
        session->exit_status = error_find(E_IMPORT)->exit_status;
    return result;
}

/* ---- one batch after the other -------------------------------------------------------------- */

static size_t shown_before, shown_all;

static void show_progress(size_t done)
{
    progress_count("targets looked at", shown_before + done, shown_all);
}

/* The rows of a batch; each gets the reason why there is nothing, and what its leaf says. */
static json_t *rows_of(const struct scan_target *targets, const struct scan_result *results,
                       size_t n)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, row_of(&targets[i], &results[i]));
    return rows;
}

static void annotate(json_t *rows, const struct scan_result *results, bool is_dry)
{
    json_t *row = NULL;
    size_t i = 0;
    json_array_foreach(rows, i, row)
    {
        if (json_object_get(row, "reason") == NULL && results[i].seen.why[0] != '\0')
            json_object_set_new(row, "reason", json_string(results[i].seen.why));
        if (results[i].seen.n > 0)
            describe(row, blob_bytes(&results[i].seen.chain[0]));
        if (!is_dry)
            json_object_del(row, "chain");
    }
}

static enum result scan_batch(struct session *session, const struct scan_terms *terms,
                              const struct scan_target *targets, size_t n, json_t **ret_rows,
                              struct err *err)
{
    static struct scan_result results[BATCH];
    bool is_dry = session_text(session, "--dry-run") != NULL;
    TRY(scan_look(terms, targets, n, results, show_progress, err));
    progress_clear();
    json_t *rows = rows_of(targets, results, n);
    enum result result = is_dry ? OK : upload(session, &cert_scan, rows, err);
    annotate(rows, results, is_dry);
    free_results(results, n);
    *ret_rows = rows;
    return result;
}

static enum result scan_all(struct session *session, const struct scan_terms *terms,
                            const struct scan_targets *targets, json_t *all, struct err *err)
{
    struct print_table table = {.columns = columns};
    shown_all = targets->n;
    for (size_t at = 0; at < targets->n; at += BATCH) {
        size_t n = targets->n - at < BATCH ? targets->n - at : BATCH;
        json_auto_t *rows = NULL;
        shown_before = at;
        TRY(scan_batch(session, terms, targets->list + at, n, &rows, err));
        if (!session->is_json)
            print_rows(session, &table, rows);
        else if (json_array_extend(all, rows) != 0)
            return err_set(err, E_MEMORY, "no memory for what was seen");
    }
    return OK;
}

enum result action_cert_scan(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    CLEANUP(scan_targets_free) struct scan_targets targets = {0};
    struct scan_terms terms = {0};
    json_auto_t *all = json_array();
    TRY(read_targets(session, &targets, err));
    TRY(read_terms(session, &terms, err));
    enum result result = scan_all(session, &terms, &targets, all, err);
    peer_look_freep(&terms.look);
    if (result == OK && session->is_json)
        print_json(session, all);
    return result;
}
