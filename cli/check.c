/* What is owed, check by check, with an exit status for monitors: of the fleet, a product, a
 * device, or a backup. */
#include <cli/actions.h>
#include <cli/print.h>

#include "commands_parts.h"

#include <string.h>

#define EXIT_WARNING 3
#define EXIT_CRITICAL 4
#define DAY_S 86400

/* /readyz answers 503 with reasons when it is not ready: a message, not a failure. */
static enum result ask_ready(struct session *session, json_t **ret, struct err *err)
{
    struct client *client = NULL;
    TRY(session_client(session, &client, err));
    struct client_request request = {.method = CLIENT_GET, .path = "/readyz"};
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    TRY(client_exchange(client, &request, &answer, err));
    *ret = json_loadb((const char *)answer.body.p, answer.body.n, 0, NULL);
    if (*ret == NULL)
        return err_set(err, E_UNREACHABLE, "/readyz answered %d without JSON", answer.status);
    return OK;
}

/* Weighted time as people read it: "84 s" within the first day, then "12.3 d". */
static json_t *days_of(const json_t *seconds)
{
    long long weighted = (long long)json_integer_value(seconds);
    if (weighted < DAY_S)
        return json_sprintf("%lld s", weighted);
    long long tenths = weighted / (DAY_S / 10);
    return json_sprintf("%lld.%lld d", tenths / 10, tenths % 10);
}

static bool is_state(const json_t *one, const char *state)
{
    const char *seen = json_string_value(json_object_get(one, "state"));
    return seen != NULL && strcmp(seen, state) == 0;
}

/* The checks in one state, with their debt in days. */
static json_t *in_state(const json_t *checks, const char *state)
{
    json_t *rows = json_array();
    size_t index = 0;
    const json_t *one = NULL;
    json_array_foreach(checks, index, one)
    {
        if (!is_state(one, state))
            continue;
        json_t *row = json_copy((json_t *)(uintptr_t)one);
        json_object_set_new(row, "debt", days_of(json_object_get(one, "debt_s")));
        json_object_set_new(row, "waived_days", days_of(json_object_get(one, "waived_s")));
        json_array_append_new(rows, row);
    }
    return rows;
}

static void print_names(struct session *session, const char *title, const json_t *checks,
                        const char *state)
{
    json_auto_t *rows = in_state(checks, state);
    size_t index = 0;
    const json_t *row = NULL;
    if (json_array_size(rows) == 0)
        return;
    fprintf(session->out, "\n%s\n ", title);
    json_array_foreach(rows, index, row)
    {
        const char *number = json_string_value(json_object_get(row, "check"));
        const char *name = json_string_value(json_object_get(row, "title"));
        fputs(index % 4 == 0 && index > 0 ? "\n " : "", session->out);
        fprintf(session->out, " %s ", number != NULL ? number : "?");
        print_clean(name != NULL ? name : "?", session->out);
    }
    fputc('\n', session->out);
}

static void print_checks(struct session *session, const json_t *checks)
{
    static const struct column open[] = {
        {"CHECK", "check"},  {"TITLE", "title"}, {"SEVERITY", "severity"}, {"OPEN", "open"},
        {"SINCE", "oldest"}, {"DEBT", "debt"},   {"MEND", "mend"},         {0},
    };
    static const struct column waived[] = {
        {"CHECK", "check"},  {"TITLE", "title"},      {"WAIVED", "waived"},
        {"SINCE", "oldest"}, {"DEBT", "waived_days"}, {0},
    };
    json_auto_t *open_rows = in_state(checks, "open"), *waived_rows = in_state(checks, "waived");
    print_part(session, "Open, and the command that mends the oldest", open, open_rows);
    print_part(session, "Waived", waived, waived_rows);
    print_names(session, "Hold", checks, "holds");
    print_names(session, "Unmeasured: nobody produces their facts here", checks, "unmeasured");
}

static void print_reasons(struct session *session, const json_t *reasons)
{
    size_t index = 0;
    const json_t *reason = NULL;
    json_array_foreach(reasons, index, reason)
    {
        fputs("  ", session->out);
        print_clean(json_is_string(reason) ? json_string_value(reason) : "?", session->out);
        fputc('\n', session->out);
    }
}

static void print_answer(struct session *session, const json_t *answer)
{
    const char *status = json_string_value(json_object_get(answer, "status"));
    json_auto_t *days = days_of(json_object_get(answer, "debt_s"));
    fprintf(session->out, "%s: %lld open, %s owed, weighted; %lld waived, %lld unmeasured", status,
            (long long)json_integer_value(json_object_get(answer, "open")), json_string_value(days),
            (long long)json_integer_value(json_object_get(answer, "waived")),
            (long long)json_integer_value(json_object_get(answer, "unmeasured")));
    print_selection(session, answer);
    fputc('\n', session->out);
    print_reasons(session, json_object_get(answer, "reasons"));
    print_checks(session, json_object_get(answer, "checks"));
}

/* A server that is not ready is critical whatever it says of its fleet; it may say nothing. */
static json_t *unready(const json_t *reasons)
{
    return json_pack("{s:s, s:O, s:i, s:i, s:i, s:i, s:[]}", "status", "critical", "reasons",
                     reasons, "open", 0, "debt_s", 0, "waived", 0, "unmeasured", 0, "checks");
}

static int exit_of(const json_t *answer)
{
    const char *status = json_string_value(json_object_get(answer, "status"));
    if (status != NULL && strcmp(status, "ok") == 0)
        return 0;
    return status != NULL && strcmp(status, "warning") == 0 ? EXIT_WARNING : EXIT_CRITICAL;
}

static enum result check_server(struct session *session, const struct plan *plan, struct err *err)
{
    char path[CLI_PATH_MAX];
    json_auto_t *ready = NULL, *answer = NULL;
    TRY(ask_ready(session, &ready, err));
    TRY(plan_path(session, plan, path, sizeof path, err));
    if (json_is_true(json_object_get(ready, "ok"))) {
        TRY(plan_get(session, path, &answer, err));
        json_object_set(answer, "reasons", json_object_get(ready, "reasons"));
    } else {
        answer = unready(json_object_get(ready, "reasons"));
    }
    session->exit_status = exit_of(answer);
    if (session->is_json)
        print_json(session, answer);
    else
        print_answer(session, answer);
    return OK;
}

enum result action_check(struct session *session, const struct plan *plan, struct err *err)
{
    static const struct plan golive = {.run = action_golive, .path = "/api/v1/products"};
    bool is_golive = session_text(session, "--go-live") != NULL;
    bool is_one = session_text(session, "--serial") != NULL;
    bool is_backup = session_text(session, "BACKUP") != NULL;
    bool is_owners = session_text(session, "--owner") != NULL;
    if (is_backup &&
        (is_golive || is_one || is_owners || session_text(session, "--product") != NULL))
        return err_set(err, E_USAGE, "a backup is checked whole: wanted is no other option");
    if (is_one && (is_golive || session_text(session, "--product") == NULL))
        return err_set(err, E_USAGE, "--serial wants --product beside it, and no --go-live");
    if (is_owners && (is_golive || is_one))
        return err_set(err, E_USAGE, "--owner wants neither --serial nor --go-live beside it");
    if (session_text(session, "--format") != NULL && !is_golive)
        return err_set(err, E_USAGE, "--format wants --go-live beside it");
    if (is_backup)
        return action_check_backup(session, plan, err);
    return is_golive ? action_golive(session, &golive, err) : check_server(session, plan, err);
}

/* ---- the command ------------------------------------------------------------------------------
 */

const struct option_row check_options[] = {
    {"BACKUP", VALUE_FILE, NULL, false,
     "a folder that `troth backup` wrote: it is verified, and judged as of then and now"},
    OF_PRODUCT,
    OF_SERIAL,
    OF_OWNER,
    {"--go-live", VALUE_NONE, NULL, false,
     "the four questions before production: exit status 0 ready, 3 unmeasured, 4 not ready"},
    {"--format", VALUE_CHOICE, "text|html|json", false, "of --go-live; html is one page to print"},
    {0},
};
static const struct field check_fields[] = {
    {"--product", PLACE_QUERY, "product"},
    {"--serial", PLACE_QUERY, "serial"},
    {"--owner", PLACE_QUERY, "owner"},
    {0},
};
const struct plan check = {action_check, "/api/v1/check", check_fields, NULL, NULL};
