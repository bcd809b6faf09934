/* How the fleet stands: counts, what nobody measures, what waits for a person, what is owed. Lines
 * fit 80 columns unless a name does not. */
#include <cli/actions.h>
#include <cli/print.h>
#include <cli/report.h>

#include <stdlib.h>
#include <string.h>

#define OWED_SHOWN 20
#define COLUMNS 80
#define INDENT 14

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

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *member)
{
    return (long long)json_integer_value(json_object_get(object, member));
}

/* ---- counts -----------------------------------------------------------------------------------
 */

/* A title, and words behind it, on as many lines as they take. */
struct wrapped {
    struct session *session;
    size_t column;
    bool is_first;
};

static struct wrapped wrapped_begin(struct session *session, const char *title)
{
    fprintf(session->out, "%-*s", INDENT, title);
    return (struct wrapped){session, INDENT, true};
}

static void wrapped_put(struct wrapped *to, const char *word, const char *beside)
{
    FILE *out = to->session->out;
    size_t n = strlen(word) + 1 + strlen(beside);
    fputs(to->is_first ? "" : ",", out);
    if (!to->is_first && to->column + 2 + n + 1 > COLUMNS) {
        fprintf(out, "\n%-*s", INDENT, "");
        to->column = INDENT;
    } else if (!to->is_first) {
        fputc(' ', out);
        to->column += 2;
    }
    print_clean(word, out);
    fputc(' ', out);
    print_clean(beside, out);
    to->column += n;
    to->is_first = false;
}

static void wrapped_end(const struct wrapped *to)
{
    fputs(to->is_first ? "none\n" : "\n", to->session->out);
}

static void print_numbers(struct session *session, const char *title, const json_t *counts)
{
    struct wrapped line = wrapped_begin(session, title);
    const char *key = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)counts, key, value)
    {
        char number[32];
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        wrapped_put(&line, key, number);
    }
    wrapped_end(&line);
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

static void print_debt(struct session *session, const json_t *check)
{
    char days[REPORT_DAYS_MAX];
    report_days(json_integer_value(json_object_get(check, "debt_s")), days);
    fprintf(session->out, "%-*s%s weighted days, of %lld open; %lld waived\n", INDENT, "debt", days,
            number_of(check, "open"), number_of(check, "waived"));
}

/* The checks of which nobody has facts here, with the names that they are known by. */
static json_t *unmeasured_of(const json_t *check)
{
    json_t *names = json_array();
    size_t index = 0;
    const json_t *one = NULL;
    json_array_foreach(json_object_get(check, "checks"), index, one)
    {
        if (strcmp(text_of(one, "state"), REPORT_UNMEASURED) == 0)
            json_array_append_new(names, json_pack("{s:s, s:s}", "check", text_of(one, "check"),
                                                   "title", text_of(one, "title")));
    }
    return names;
}

static void print_unmeasured(struct session *session, const json_t *check, const json_t *names)
{
    fprintf(session->out, "%-*s%zu of %zu checks: none of %lld that were judged has facts\n",
            INDENT, "unmeasured", json_array_size(names),
            json_array_size(json_object_get(check, "checks")), number_of(check, "judged"));
    struct wrapped line = wrapped_begin(session, "");
    size_t index = 0;
    const json_t *one = NULL;
    json_array_foreach(names, index, one)
    {
        wrapped_put(&line, text_of(one, "check"), text_of(one, "title"));
    }
    wrapped_end(&line);
}

/* ---- what is to be done -----------------------------------------------------------------------
 */

/* "2026-11-30 14:05", of RFC 3339 in UTC. */
static void print_time(struct session *session, const char *time)
{
    char text[17] = "";
    if (strlen(time) >= 16)
        snprintf(text, sizeof text, "%.10s %.5s", time, time + 11);
    print_clean(text, session->out);
}

/* A device, a product, or what else it is about. */
static void print_about(struct session *session, const json_t *finding)
{
    const char *product = text_of(finding, "product"), *serial = text_of(finding, "serial");
    print_clean(*product != '\0' ? product : text_of(finding, "about"), session->out);
    if (*serial != '\0') {
        fputc(' ', session->out);
        print_clean(serial, session->out);
    } else if (*product == '\0' && number_of(finding, "subject") > 0) {
        fprintf(session->out, " %lld", number_of(finding, "subject"));
    }
}

static void print_mend(struct session *session, const char *mend)
{
    fputs("    ", session->out);
    print_clean(mend, session->out);
    fputc('\n', session->out);
}

static void print_finding(struct session *session, const json_t *finding)
{
    print_time(session, text_of(finding, "began"));
    fprintf(session->out, "  %s ", text_of(finding, "check"));
    fprintf(session->out, "%-18s  %-8s  ", text_of(finding, "title"), text_of(finding, "severity"));
    print_about(session, finding);
    fputs(*text_of(finding, "waived_until") != '\0' ? ", waived\n" : "\n", session->out);
    print_mend(session, text_of(finding, "mend"));
}

static void print_findings(struct session *session, const char *title, const json_t *findings)
{
    size_t index = 0;
    const json_t *finding = NULL;
    if (json_array_size(findings) > 0)
        fprintf(session->out, "\n%s%-16s  %-24s  %-8s  %s%s\n",
                session->is_coloured ? "\033[1m" : "", title, "CHECK", "SEVERITY", "ABOUT",
                session->is_coloured ? "\033[0m" : "");
    json_array_foreach(findings, index, finding)
    {
        print_finding(session, finding);
    }
}

static void print_webhook(struct session *session, const json_t *webhook)
{
    char mend[CLI_PATH_MAX];
    fputs("\nreceiver ", session->out);
    print_clean(text_of(webhook, "name"), session->out);
    fprintf(session->out, ": given up %lld, dropped %lld", number_of(webhook, "given_up"),
            number_of(webhook, "dropped"));
    if (number_of(webhook, "queued") > 0) {
        fprintf(session->out, ", %lld wait since ", number_of(webhook, "queued"));
        print_time(session, text_of(webhook, "oldest"));
    }
    fputs("\n    last failure ", session->out);
    print_time(session, text_of(webhook, "failed_at"));
    fputs(": ", session->out);
    print_clean(text_of(webhook, "failure"), session->out);
    fputc('\n', session->out);
    snprintf(mend, sizeof mend, "troth webhook test %s", text_of(webhook, "name"));
    print_mend(session, mend);
}

/* What is counted above is of before it, as far as it did not get yet. */
static void print_sweep(struct session *session, const json_t *sweep)
{
    if (number_of(sweep, "left") == 0)
        return;
    fprintf(session->out,
            "%-*s"
            "everything is judged anew since ",
            INDENT, "sweep");
    print_time(session, text_of(sweep, "began"));
    fprintf(session->out, ": %lld left\n", number_of(sweep, "left"));
}

static void print_trouble(struct session *session, const json_t *status)
{
    size_t index = 0;
    const json_t *webhook = NULL;
    print_findings(session, "HELD SINCE", json_object_get(status, "held"));
    json_array_foreach(json_object_get(status, "webhooks"), index, webhook)
    {
        print_webhook(session, webhook);
    }
}

static void print_owed(struct session *session, const json_t *status, const json_t *owed)
{
    json_int_t open = sum_of(json_object_get(status, "findings"));
    json_int_t n = (json_int_t)json_array_size(owed);
    if (n == 0)
        fputs("\nnothing is owed\n", session->out);
    print_findings(session, "OWED SINCE", owed);
    if (open > n)
        fprintf(session->out, "... and %lld more: troth finding list\n", (long long)(open - n));
}

/* ---- the command ------------------------------------------------------------------------------
 */

static void print_status(struct session *session, const json_t *status, const json_t *check)
{
    const json_t *operator_ = json_object_get(status, "operator");
    fprintf(session->out, "%-*s", INDENT, "you");
    print_clean(text_of(operator_, "name"), session->out);
    fputs(", ", session->out);
    print_clean(text_of(operator_, "role"), session->out);
    fputc('\n', session->out);
    print_numbers(session, "devices", json_object_get(status, "devices"));
    print_numbers(session, "certificates", json_object_get(status, "certificates"));
    print_numbers(session, "findings", json_object_get(status, "findings"));
    print_debt(session, check);
    print_unmeasured(session, check, json_object_get(status, "unmeasured"));
    print_sweep(session, json_object_get(status, "sweep"));
    print_trouble(session, status);
    print_owed(session, status, json_object_get(status, "owed"));
}

enum result action_status(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *status = NULL, *owed = NULL, *check = NULL;
    TRY(plan_get(session, plan->path, &status, err));
    TRY(plan_get(session, "/api/v1/check", &check, err));
    TRY(list_owed(session, &owed, err));
    json_object_set(status, "owed", owed);
    json_object_set_new(status, "unmeasured", unmeasured_of(check));
    if (session->is_json)
        print_json(session, status);
    else
        print_status(session, status, check);
    return OK;
}
