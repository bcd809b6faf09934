/* Devices: one in full, and tokens for one. */
#include <cli/actions.h>
#include <cli/imports.h>
#include <cli/print.h>

#include <string.h>

/* ---- why it stands as it does -------------------------------------------------------------------
 */

static void print_verdict(struct session *session, const json_t *verdict)
{
    static const struct column columns[] = {
        {"WHY", "why"},
        {"CHANGES", "change"},
        {"BY_TIME", "next"},
        {0},
    };
    fputc('\n', session->out);
    print_details(session, columns, verdict);
}

/* "renewal at 2026-11-30T..., heard last none; renew-by 85 (default)" */
static void join_evidence(const json_t *one, char *to, size_t max)
{
    size_t index = 0, at = 0;
    const json_t *row = NULL;
    char name[PRINT_CELL_MAX], value[PRINT_CELL_MAX], other[PRINT_CELL_MAX];
    to[0] = '\0';
    json_array_foreach(json_object_get(one, "facts"), index, row)
    {
        print_cell(row, "fact", name);
        print_cell(row, "value", value);
        print_cell(row, "at", other);
        bool has_time = strcmp(other, "-") != 0;
        bool is_instant = strcmp(value, "at") == 0;
        int n = snprintf(to + at, max - at, "%s%s%s%s%s%s", at > 0 ? ", " : "", name,
                         is_instant ? "" : " ", is_instant ? "" : value, has_time ? " " : "",
                         has_time ? other : "");
        at = n > 0 && at + (size_t)n < max ? at + (size_t)n : max - 1;
    }
    json_array_foreach(json_object_get(one, "thresholds"), index, row)
    {
        print_cell(row, "setting", name);
        print_cell(row, "value", value);
        print_cell(row, "source", other);
        int n = snprintf(to + at, max - at, "%s%s %s (%s)", at > 0 ? "; " : "", name, value, other);
        at = n > 0 && at + (size_t)n < max ? at + (size_t)n : max - 1;
    }
}

static json_t *checklist_row(const json_t *one)
{
    char evidence[512];
    json_t *row = json_copy((json_t *)(uintptr_t)one);
    join_evidence(one, evidence, sizeof evidence);
    json_object_set_new(row, "evidence", json_string(evidence));
    return row;
}

/* What is open comes first; what nobody measures, last and by name alone. */
static void print_checklist(struct session *session, const json_t *checklist)
{
    static const struct column columns[] = {
        {"CHECK", "check"}, {"TITLE", "title"}, {"STATE", "state"},       {"SINCE", "since"},
        {"NEXT", "next"},   {"MEND", "mend"},   {"EVIDENCE", "evidence"}, {0},
    };
    static const char *const states[] = {"failed", "open", "waived", "holds"};
    json_auto_t *rows = json_array();
    size_t index = 0;
    const json_t *one = NULL;
    for (size_t i = 0; i < LENGTH_OF(states); i++)
        json_array_foreach(checklist, index, one)
        {
            const char *state = json_string_value(json_object_get(one, "state"));
            if (state != NULL && strcmp(state, states[i]) == 0)
                json_array_append_new(rows, checklist_row(one));
        }
    print_part(session, "Checks", columns, rows);
    size_t unmeasured = json_array_size(checklist) - json_array_size(rows);
    fprintf(session->out, "... and %zu that nobody measures here: --json names them\n", unmeasured);
}

enum result action_device_show(struct session *session, const struct plan *plan, struct err *err)
{
    static const struct column device[] = {
        {"PRODUCT", "product"},
        {"SERIAL", "serial"},
        {"STATE", "state"},
        {"VERDICT", "verdict"},
        {"PROOF", "proof"},
        {"HOLD", "hold"},
        {"FINDINGS", "findings"},
        {"UNTIL", "not_after"},
        {"SEEN", "seen"},
        {"OWNER", "owner"},
        {"BATCH", "batch"},
        {"REPLACES", "replaces"},
        {"REPLACED_BY", "replaced_by"},
        {0},
    };
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
    print_details(session, device, json_object_get(answer, "device"));
    print_verdict(session, json_object_get(answer, "verdict"));
    print_checklist(session, json_object_get(answer, "checklist"));
    print_part(session, "Certificates", certificates, json_object_get(answer, "certificates"));
    print_part(session, "Certificates of other CAs", foreign_columns,
               json_object_get(answer, "foreign_certificates"));
    print_part(session, "Findings", findings, json_object_get(answer, "findings"));
    print_part(session, "Timeline, newest first", timeline, json_object_get(answer, "timeline"));
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
