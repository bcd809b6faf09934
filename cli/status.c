/* How the fleet stands: counts, and what is owed, oldest first. */
#include <cli/actions.h>
#include <cli/print.h>

#include <stdlib.h>
#include <string.h>

#define OWED_SHOWN 20

static bool add_finding(void *context, const json_t *item)
{
    json_t *findings = context;
    json_array_append_new(findings, json_deep_copy(item));
    return json_array_size(findings) < OWED_SHOWN;
}

/* Open findings, as the server lists them: the one that began first in front. */
static enum result list_owed(struct session *session, json_t **ret, struct err *err)
{
    static const struct plan plan = {.path = "/api/v1/findings"};
    json_auto_t *owed = json_array();
    TRY(plan_walk(session, &plan, add_finding, owed, err));
    *ret = STEAL(owed);
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

static void print_owed(struct session *session, const json_t *owed, json_int_t open)
{
    static const struct column columns[] = {
        {"OWED SINCE", "began"}, {"CHECK", "check"},   {"TITLE", "title"}, {"SEVERITY", "severity"},
        {"PRODUCT", "product"},  {"SERIAL", "serial"}, {"MEND", "mend"},   {0},
    };
    json_int_t n = (json_int_t)json_array_size(owed);
    if (n == 0) {
        fputs("nothing is owed\n", session->out);
        return;
    }
    fputc('\n', session->out);
    struct print_table table = {.columns = columns};
    print_rows(session, &table, owed);
    if (open > n)
        fprintf(session->out, "... and %lld more: troth finding list\n", (long long)(open - n));
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
    print_owed(session, owed, sum_of(json_object_get(status, "findings")));
    return OK;
}
