/* Devices: one in full, and imports. */
#include <base/file.h>
#include <cli/actions.h>
#include <cli/print.h>

#include <string.h>

#define FAULTS_SHOWN 50 /* for people; --json has all that the server sends */

static void print_part(struct session *session, const char *title, const struct column *columns,
                       const json_t *rows)
{
    if (json_array_size(rows) == 0)
        return;
    fprintf(session->out, "\n%s\n", title);
    struct print_table table = {.columns = columns};
    print_rows(session, &table, rows);
}

enum result action_device_show(struct session *session, const struct plan *plan, struct err *err)
{
    static const struct column certificates[] = {
        {"CERTIFICATE", "serial"}, {"STATE", "state"},     {"REASON", "reason"},
        {"FROM", "not_before"},    {"UNTIL", "not_after"}, {0},
    };
    static const struct column findings[] = {
        {"FINDING", "check"},
        {"TITLE", "title"},
        {"SEVERITY", "severity"},
        {"BEGAN", "began"},
        {"CLOSED", "closed"},
        {"MEND", "mend"},
        {0},
    };
    static const struct column timeline[] = {
        {"ENTRY", "entry"},
        {"AT", "at"},
        {"EVENT", "event"},
        {0},
    };
    char path[CLI_PATH_MAX];
    TRY(session_expand(session, plan->path, true, path, sizeof path, err));
    json_auto_t *answer = NULL;
    TRY(plan_get(session, path, &answer, err));
    if (session->is_json) {
        print_json(session, answer);
        return OK;
    }
    print_details(session, plan->columns, json_object_get(answer, "device"));
    print_part(session, "Certificates", certificates, json_object_get(answer, "certificates"));
    print_part(session, "Findings", findings, json_object_get(answer, "findings"));
    print_part(session, "Timeline, newest first", timeline, json_object_get(answer, "timeline"));
    return OK;
}

static void print_import(struct session *session, const json_t *outcome)
{
    static const char *const counts[] = {"rows", "created", "changed", "unchanged", "refused"};
    static const struct column columns[] = {
        {"LINE", "line"},
        {"ERROR", "code"},
        {"REASON", "reason"},
        {0},
    };
    if (json_is_true(json_object_get(outcome, "dry_run")))
        fputs("would do: ", session->out);
    for (size_t i = 0; i < LENGTH_OF(counts); i++)
        fprintf(session->out, "%s%s %lld", i > 0 ? ", " : "", counts[i],
                (long long)json_integer_value(json_object_get(outcome, counts[i])));
    const json_t *faults = json_object_get(outcome, "faults");
    long long total = (long long)json_integer_value(json_object_get(outcome, "faults_total"));
    fprintf(session->out, ", faulty lines %lld\n", total);
    json_auto_t *shown = json_array();
    for (size_t i = 0; i < json_array_size(faults) && i < FAULTS_SHOWN; i++)
        json_array_append(shown, json_array_get(faults, i));
    print_part(session, "Faulty lines", columns, shown);
    if (total > FAULTS_SHOWN)
        fprintf(session->out, "... and %lld more; --json has more\n", total - FAULTS_SHOWN);
}

enum result action_import(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    CLEANUP(blob_free) struct blob file = {0};
    TRY(session_read(session_text(session, "FILE"), &file, err));
    bool is_dry = session_text(session, "--dry-run") != NULL;
    struct api_call call = {
        .method = CLIENT_POST,
        .path = is_dry ? "/api/v1/devices/import?dry_run=true" : "/api/v1/devices/import",
        .media = file.n > 0 && (file.p[0] == '{' || file.p[0] == '[') ? "application/x-ndjson"
                                                                      : "text/csv",
        .content = (const char *)file.p,
        .content_n = file.n,
    };
    json_auto_t *outcome = NULL;
    TRY(session_send(session, &call, &outcome, err));
    if (session->is_json)
        print_json(session, outcome);
    else
        print_import(session, outcome);
    if (json_integer_value(json_object_get(outcome, "faults_total")) > 0)
        session->exit_status = error_find(E_IMPORT)->exit_status;
    return OK;
}

/* People want to write `troth token add ... > token`: the token alone goes to stdout. */
enum result action_token_add(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *outcome = NULL;
    TRY(plan_post(session, plan, &outcome, err));
    const char *token = json_string_value(json_object_get(outcome, "token"));
    if (session->is_json)
        print_json(session, outcome);
    else if (token != NULL)
        fprintf(session->out, "%s\n", token);
    else
        fputs("would do: make a token\n", session->out);
    return OK;
}
