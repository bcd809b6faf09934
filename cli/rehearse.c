/* What would be without an issuer, an anchor or a product. */
#include <cli/actions.h>
#include <cli/print.h>

#include "commands_parts.h"

#include <string.h>

static long long number_of(const json_t *answer, const char *section, const char *member)
{
    return (long long)json_integer_value(json_object_get(json_object_get(answer, section), member));
}

/* "3 days 4 h", "2 h 5 min", "40 s": two parts of it at most. */
static void print_time(struct session *session, const char *title, const json_t *seconds)
{
    long long s = (long long)json_integer_value(seconds);
    fprintf(session->out, "%-16s", title);
    if (!json_is_integer(seconds))
        fputs("not measured: no certificate was issued in 30 days\n", session->out);
    else if (s >= 86400)
        fprintf(session->out, "%lld days %lld h\n", s / 86400, s % 86400 / 3600);
    else if (s >= 3600)
        fprintf(session->out, "%lld h %lld min\n", s / 3600, s % 3600 / 60);
    else
        fprintf(session->out, "%lld min %lld s\n", s / 60, s % 60);
}

static void print_subject(struct session *session, const json_t *answer)
{
    const json_t *subject = json_object_get(answer, "subject");
    char kind[PRINT_CELL_MAX], name[PRINT_CELL_MAX];
    print_cell(subject, "kind", kind);
    print_cell(subject, "name", name);
    fprintf(session->out, "without %s ", strcmp(kind, "none") == 0 ? "the certificates of" : kind);
    print_clean(name, session->out);
    fputs(": nothing is changed by asking\n\n", session->out);
}

static void print_counts(struct session *session, const json_t *answer)
{
    FILE *out = session->out;
    fprintf(out, "%-16s%lld devices with %lld certificates, %lld operators\n", "depend on it",
            number_of(answer, "depends", "devices"), number_of(answer, "depends", "certificates"),
            number_of(answer, "depends", "operators"));
    fprintf(out, "%-16s%lld devices at once; %lld know no other door\n", "refused",
            number_of(answer, "refused", "devices"), number_of(answer, "refused", "without_door"));
    fprintf(out, "%-16s%lld devices: %lld silent, %lld expired\n", "cannot reach us",
            number_of(answer, "unreachable", "devices"), number_of(answer, "unreachable", "silent"),
            number_of(answer, "unreachable", "expired"));
}

static void print_reissue(struct session *session, const json_t *answer)
{
    const json_t *reissue = json_object_get(answer, "reissue");
    char rate[PRINT_CELL_MAX], since[PRINT_CELL_MAX], admitted[PRINT_CELL_MAX];
    print_time(session, "re-issue", json_object_get(reissue, "planned_s"));
    print_time(session, "if sudden", json_object_get(reissue, "sudden_s"));
    print_cell(reissue, "busiest_minute", rate);
    print_cell(reissue, "measured_since", since);
    print_cell(reissue, "admitted_a_second", admitted);
    fprintf(session->out,
            "%-16s%s certificates in the busiest minute since %s; %s a second of a product\n",
            "measured", rate, since, admitted);
}

static void print_steps(struct session *session, const json_t *steps)
{
    size_t index = 0;
    const json_t *step = NULL;
    fputs("\nWhat to do, first things first\n", session->out);
    json_array_foreach(steps, index, step)
    {
        const char *text = json_string_value(json_object_get(step, "text"));
        const char *command = json_string_value(json_object_get(step, "command"));
        fprintf(session->out, "%3zu. ", index + 1);
        print_clean(text != NULL ? text : "", session->out);
        fputs("\n     ", session->out);
        print_clean(command != NULL ? command : "", session->out);
        fputc('\n', session->out);
    }
}

enum result action_rehearse(struct session *session, const struct plan *plan, struct err *err)
{
    static const struct column products[] = {
        {"PRODUCT", "product"},
        {"DEVICES", "devices"},
        {"REFUSED", "refused"},
        {"WITHOUT_DOOR", "without_door"},
        {"UNREACHABLE", "unreachable"},
        {"CLAIMS/HOUR", "claims_an_hour"},
        {0},
    };
    char path[CLI_PATH_MAX];
    json_auto_t *answer = NULL;
    TRY(plan_path(session, plan, path, sizeof path, err));
    if (strchr(path, '?') == NULL)
        return err_set(err, E_USAGE, "wanted is one of --issuer, --anchor, --product, --station");
    TRY(plan_get(session, path, &answer, err));
    if (session->is_json) {
        print_json(session, answer);
        return OK;
    }
    print_subject(session, answer);
    print_counts(session, answer);
    print_reissue(session, answer);
    print_part(session, "By product", products, json_object_get(answer, "products"));
    print_steps(session, json_object_get(answer, "steps"));
    return OK;
}

/* ---- the command ------------------------------------------------------------------------------
 */

const struct option_row rehearse_options[] = {
    {"--issuer", VALUE_NUMBER, "ISSUER", false, "one of `troth issuer list`"},
    {"--anchor", VALUE_NUMBER, "ANCHOR", false, "one of `troth anchor list`"},
    {"--product", VALUE_TEXT, "NAME", false, "all certificates of this product"},
    {"--station", VALUE_TEXT, "NAME", false, "a factory's; there are none yet"},
    {0},
};
static const struct field rehearse_fields[] = {
    {"--issuer", PLACE_QUERY, "issuer"},
    {"--anchor", PLACE_QUERY, "anchor"},
    {"--product", PLACE_QUERY, "product"},
    {"--station", PLACE_QUERY, "station"},
    {0},
};
const struct plan rehearse = {action_rehearse, "/api/v1/rehearsal", rehearse_fields, NULL, NULL};
