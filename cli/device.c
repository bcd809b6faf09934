/* Devices: one in full, and tokens for one. */
#include <cli/actions.h>
#include <cli/imports.h>
#include <cli/print.h>

#include <string.h>

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
