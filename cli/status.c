/* How the fleet stands: counts, what is owed, and a check for monitors. */
#include <cli/actions.h>
#include <cli/print.h>

#include <stdlib.h>
#include <string.h>

#define OWED_SHOWN 20
#define OWED_MAX 10000 /* findings that are sorted; a fleet with more reads the first of them */
#define EXIT_WARNING 3
#define EXIT_CRITICAL 4

static bool add_finding(void *context, const json_t *item)
{
    json_t *findings = context;
    json_array_append_new(findings, json_deep_copy(item));
    return json_array_size(findings) < OWED_MAX;
}

static void free_rows(json_t ***rows)
{
    free(*rows);
}

static int by_began(const void *a, const void *b)
{
    const json_t *const *left = a, *const *right = b;
    const char *from = json_string_value(json_object_get(*left, "began"));
    const char *to = json_string_value(json_object_get(*right, "began"));
    return strcmp(from != NULL ? from : "", to != NULL ? to : "");
}

/* Open findings, the one that began first in front, each with the command that mends it,
 * as the server names it. */
static enum result list_owed(struct session *session, json_t **ret, struct err *err)
{
    static const struct plan plan = {.path = "/api/v1/findings"};
    json_auto_t *all = json_array();
    TRY(plan_walk(session, &plan, add_finding, all, err));
    size_t n = json_array_size(all);
    CLEANUP(free_rows) json_t **rows = calloc(n + 1, sizeof(json_t *));
    json_auto_t *sorted = json_array();
    if (rows == NULL || sorted == NULL)
        return err_set(err, E_MEMORY, "list of findings");
    for (size_t i = 0; i < n; i++)
        rows[i] = json_array_get(all, i);
    qsort(rows, n, sizeof(json_t *), by_began);
    for (size_t i = 0; i < n; i++)
        json_array_append(sorted, rows[i]);
    *ret = STEAL(sorted);
    return OK;
}

static void print_numbers(struct session *session, const char *title, const json_t *counts)
{
    void *at = json_object_iter((json_t *)(uintptr_t)counts);
    fprintf(session->out, "%-14s", title);
    const char *before = "";
    if (at == NULL)
        fputs("none", session->out);
    for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)counts, at)) {
        json_int_t value = json_integer_value(json_object_iter_value(at));
        fprintf(session->out, "%s", before);
        print_clean(json_object_iter_key(at), session->out);
        fprintf(session->out, " %lld", (long long)value);
        before = ", ";
    }
    fputc('\n', session->out);
}

static void print_owed(struct session *session, const json_t *owed)
{
    static const struct column columns[] = {
        {"OWED SINCE", "began"}, {"CHECK", "check"},   {"TITLE", "title"}, {"SEVERITY", "severity"},
        {"PRODUCT", "product"},  {"SERIAL", "serial"}, {"MEND", "mend"},   {0},
    };
    size_t n = json_array_size(owed);
    if (n == 0) {
        fputs("nothing is owed\n", session->out);
        return;
    }
    json_auto_t *shown = json_array();
    for (size_t i = 0; i < n && i < OWED_SHOWN; i++)
        json_array_append(shown, json_array_get(owed, i));
    fputc('\n', session->out);
    struct print_table table = {.columns = columns};
    print_rows(session, &table, shown);
    if (n > OWED_SHOWN)
        fprintf(session->out, "... and %zu more: troth finding list\n", n - OWED_SHOWN);
}

enum result action_status(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *status = NULL, *owed = NULL;
    TRY(plan_get(session, plan->path, &status, err));
    TRY(list_owed(session, &owed, err));
    if (session->is_json) {
        json_object_set(status, "owed", owed);
        print_json(session, status);
        return OK;
    }
    const json_t *operator_ = json_object_get(status, "operator");
    char name[PRINT_CELL_MAX], role[PRINT_CELL_MAX];
    print_cell(operator_, "name", name);
    print_cell(operator_, "role", role);
    fprintf(session->out, "%-14s", "you");
    print_clean(name, session->out);
    fputs(", ", session->out);
    print_clean(role, session->out);
    fputc('\n', session->out);
    print_numbers(session, "devices", json_object_get(status, "devices"));
    print_numbers(session, "certificates", json_object_get(status, "certificates"));
    print_numbers(session, "findings", json_object_get(status, "findings"));
    print_owed(session, owed);
    return OK;
}

/* ---- check ------------------------------------------------------------------------------------
 */

static void print_check(struct session *session, const char *word, const json_t *reasons,
                        json_int_t findings)
{
    if (session->is_json) {
        json_auto_t *answer =
            json_pack("{s:s, s:O, s:I}", "check", word, "reasons", reasons, "findings", findings);
        print_json(session, answer);
        return;
    }
    fprintf(session->out, "%s: %lld open findings\n", word, (long long)findings);
    size_t index = 0;
    const json_t *reason = NULL;
    json_array_foreach(reasons, index, reason)
    {
        fputs("  ", session->out);
        print_clean(json_is_string(reason) ? json_string_value(reason) : "?", session->out);
        fputc('\n', session->out);
    }
}

static json_int_t sum_of(const json_t *counts)
{
    json_int_t sum = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)counts, key, value)
    {
        sum += json_integer_value(value);
    }
    return sum;
}

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

enum result action_check(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *ready = NULL, *status = NULL;
    TRY(ask_ready(session, &ready, err));
    json_int_t findings = 0;
    bool is_ready = json_is_true(json_object_get(ready, "ok"));
    if (is_ready) {
        TRY(plan_get(session, plan->path, &status, err));
        findings = sum_of(json_object_get(status, "findings"));
    }
    const char *word = !is_ready ? "critical" : findings > 0 ? "warning" : "ok";
    session->exit_status = !is_ready ? EXIT_CRITICAL : findings > 0 ? EXIT_WARNING : 0;
    print_check(session, word, json_object_get(ready, "reasons"), findings);
    return OK;
}
