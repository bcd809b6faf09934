/* The report as one page: no script, nothing from elsewhere, made for paper too. */
#include <cli/html.h>
#include <cli/report.h>

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} style[] = {
#include "report.inc"
};

/* ---- text -------------------------------------------------------------------------------------
 */

static const char *text_in(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static long long number_in(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static void put_member(const char *before, const json_t *object, const char *name,
                       const char *after, FILE *to)
{
    fputs(before, to);
    html_text(text_in(object, name), to);
    fputs(after, to);
}

/* "2026-11-30 14:05", of RFC 3339 in UTC. */
static void put_time(const char *time, FILE *to)
{
    char text[17] = "";
    if (strlen(time) >= 16)
        snprintf(text, sizeof text, "%.10s %.5s", time, time + 11);
    html_text(text, to);
}

static void put_days(const json_t *object, const char *name, FILE *to)
{
    char days[REPORT_DAYS_MAX];
    report_days(json_integer_value(json_object_get(object, name)), days);
    fputs(days, to);
}

/* ---- the head ---------------------------------------------------------------------------------
 */

static const struct {
    const char *state, *word, *what;
} states[] = {
    {REPORT_HOLDS, "Holds", "facts of every check, nothing open"},
    {REPORT_OPEN, "Open", "at least one open finding"},
    {REPORT_WAIVED, "Waived", "what is open is waived, all of it"},
    {REPORT_PARTLY, "Partly measured", "nothing open, some checks without facts"},
    {REPORT_UNMEASURED, "Not measured here", "no check has facts"},
};

static const char *word_of(const char *state)
{
    for (size_t i = 0; i < LENGTH_OF(states); i++)
        if (strcmp(states[i].state, state) == 0)
            return states[i].word;
    return "";
}

static void put_head(const json_t *report, FILE *to)
{
    put_member("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "style-src 'unsafe-inline'\">\n<title>",
               report, "title", "</title>\n<style>\n", to);
    fputs(style[0].text, to);
    fputs("</style>\n</head>\n<body>\n", to);
}

static void put_fact(const char *name, const char *text, FILE *to)
{
    if (*text == '\0')
        return;
    fprintf(to, "<dt>%s</dt><dd>", name);
    html_text(text, to);
    fputs("</dd>\n", to);
}

static void put_header(const json_t *report, FILE *to)
{
    const json_t *checkpoint = json_object_get(report, "checkpoint");
    put_member("<header>\n<h1>", report, "title", "</h1>\n<dl class=\"facts\">\n", to);
    put_fact("Edition", text_in(report, "edition"), to);
    put_fact("Source", text_in(report, "source"), to);
    put_fact("Scope of this pack", text_in(report, "note"), to);
    put_fact("Of product", text_in(report, "product"), to);
    put_fact("Of owner", text_in(report, "owner"), to);
    fputs("<dt>As of</dt><dd>", to);
    put_time(text_in(report, "as_of"), to);
    fputs(" UTC</dd>\n<dt>Ledger</dt><dd>", to);
    if (number_in(checkpoint, "size") > 0)
        fprintf(to, "<a href=\"#checkpoint\">checkpoint of %lld entries</a>",
                number_in(checkpoint, "size"));
    else
        fputs("no checkpoint is signed yet", to);
    fprintf(to, ", %lld entries when this was asked</dd>\n</dl>\n<ul class=\"sums\">\n",
            number_in(report, "entries"));
    for (size_t i = 0; i < LENGTH_OF(states); i++)
        fprintf(to, "<li class=\"%s\"><b>%lld</b><strong>%s</strong> <span>%s</span></li>\n",
                states[i].state, number_in(json_object_get(report, "summary"), states[i].state),
                states[i].word, states[i].what);
    fputs("</ul>\n</header>\n", to);
}

/* ---- controls ---------------------------------------------------------------------------------
 */

/* n of TD-n; 0 for what is none. */
static int check_number(const char *name)
{
    int number = strlen(name) == 5 ? (int)strtol(name + 3, NULL, 10) : 0;
    return number < 0 || number > PACK_CHECK_MAX ? 0 : number;
}

static bool has_word(const json_t *list, const char *word)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (strcmp(json_string_value(item), word) == 0)
            return true;
    }
    return false;
}

static size_t put_links(const char *before, const json_t *names, const json_t *without, FILE *to)
{
    const json_t *name = NULL;
    size_t index = 0, n = 0;
    json_array_foreach(names, index, name)
    {
        const char *check = json_string_value(name);
        if (without != NULL && has_word(without, check))
            continue;
        fprintf(to, "%s<a href=\"#%s\">%s</a>", n++ == 0 ? before : ", ", check, check);
    }
    return n;
}

static void put_checks(const json_t *control, FILE *to)
{
    const json_t *checks = json_object_get(control, "checks");
    const json_t *unmeasured = json_object_get(control, "unmeasured");
    fputs("<td class=\"checks\">", to);
    size_t n = put_links("", checks, unmeasured, to);
    n += put_links("<span class=\"un\">not measured: ", unmeasured, NULL, to);
    if (json_array_size(unmeasured) > 0)
        fputs("</span>", to);
    fputs(n == 0 ? "no check looks at this</td>\n" : "</td>\n", to);
}

/* How many are open, or waived, as a link to where the first of them is named. */
static void put_count(const json_t *report, const json_t *control, const char *member, FILE *to)
{
    const json_t *check = NULL;
    size_t index = 0;
    json_array_foreach(json_object_get(report, "checks"), index, check)
    {
        if (number_in(check, member) > 0 &&
            has_word(json_object_get(control, "checks"), text_in(check, "check")))
            break;
    }
    if (number_in(control, member) == 0)
        fputs("<td class=\"n\">0</td>\n", to);
    else
        fprintf(to, "<td class=\"n\"><a href=\"#%s\">%lld</a></td>\n", text_in(check, "check"),
                number_in(control, member));
}

static void put_control(const json_t *report, const json_t *control, FILE *to)
{
    const char *state = text_in(control, "state");
    bool is_open = *text_in(control, "oldest") != '\0';
    put_member("<tr>\n<th scope=\"row\">", control, "id", "", to);
    if (*text_in(control, "was") != '\0')
        put_member("<span class=\"soft\">", control, "was", "</span>", to);
    put_member("</th>\n<td>", control, "title", "", to);
    if (*text_in(control, "note") != '\0')
        put_member("<br><span class=\"soft\">", control, "note", "</span>", to);
    fprintf(to, "</td>\n<td><span class=\"state %s\">%s</span></td>\n", state, word_of(state));
    put_count(report, control, "open", to);
    fputs("<td class=\"at\">", to);
    put_time(text_in(control, "oldest"), to);
    fputs(is_open ? "</td>\n<td class=\"n\">" : "–</td>\n<td class=\"n\">", to);
    put_days(control, "debt_s", to);
    fputs("</td>\n", to);
    put_count(report, control, "waived", to);
    put_checks(control, to);
    fputs("</tr>\n", to);
}

static void put_controls(const json_t *report, FILE *to)
{
    const json_t *control = NULL;
    size_t index = 0;
    fputs(
        "<main>\n<h2>Controls</h2>\n<table>\n<caption>Debt is in weighted device-days: low 1, "
        "medium 2, high 4, critical 8 a day; without what is waived. Times are UTC.</caption>\n"
        "<thead><tr><th scope=\"col\">Control</th><th scope=\"col\" class=\"wide\">Requirement</th>"
        "<th scope=\"col\" class=\"at\">State</th><th scope=\"col\" class=\"n\">Open</th>"
        "<th scope=\"col\" class=\"at\">Oldest began</th><th scope=\"col\" class=\"n\">Debt</th>"
        "<th scope=\"col\" class=\"n\">Waived</th><th scope=\"col\" "
        "class=\"evidence\">Evidence</th></tr></thead>\n"
        "<tbody>\n",
        to);
    json_array_foreach(json_object_get(report, "controls"), index, control)
    {
        put_control(report, control, to);
    }
    fputs("</tbody>\n</table>\n", to);
}

/* ---- checks -----------------------------------------------------------------------------------
 */

static void put_finding(const json_t *finding, FILE *to)
{
    const char *serial = text_in(finding, "serial"), *product = text_in(finding, "product");
    bool is_installation = *serial == '\0' && *product == '\0';
    fputs("<tr>\n<td>", to);
    html_text(is_installation ? text_in(finding, "kind") : product, to);
    if (*serial != '\0')
        put_member(" / ", finding, "serial", "", to);
    put_member("</td>\n<td>", finding, "owner", "</td>\n<td>", to);
    put_member("", finding, "severity", "", to);
    if (*text_in(finding, "waived_until") != '\0') {
        fputs(" <span class=\"state waived\">waived until ", to);
        put_time(text_in(finding, "waived_until"), to);
        fputs("</span>", to);
    }
    fputs("</td>\n<td class=\"at\">", to);
    put_time(text_in(finding, "began"), to);
    put_member("</td>\n<td><code>", finding, "mend", "</code></td>\n</tr>\n", to);
}

/* What the report was narrowed by, as an option of a command. */
static void put_option(const json_t *report, const char *name, FILE *to)
{
    if (*text_in(report, name) == '\0')
        return;
    fprintf(to, " --%s ", name);
    html_text(text_in(report, name), to);
}

static void put_findings(const json_t *report, const json_t *check, FILE *to)
{
    const json_t *finding = NULL;
    size_t index = 0, shown = 0;
    const char *name = text_in(check, "check");
    json_array_foreach(json_object_get(report, "findings"), index, finding)
    {
        if (strcmp(text_in(finding, "check"), name) != 0)
            continue;
        if (shown++ == 0)
            fputs("<table>\n<thead><tr><th scope=\"col\">Subject</th><th scope=\"col\">Owner</th>"
                  "<th scope=\"col\">Severity</th><th scope=\"col\">Began</th>"
                  "<th scope=\"col\">What would mend it</th></tr></thead>\n<tbody>\n",
                  to);
        put_finding(finding, to);
    }
    if (shown > 0)
        fputs("</tbody>\n</table>\n", to);
    long long all = number_in(check, "open") + number_in(check, "waived");
    if ((long long)shown == all)
        return;
    fprintf(to, "<p class=\"soft\">%zu of %lld are named; all: <code>troth finding list --check %s",
            shown, all, name);
    put_option(report, "product", to);
    put_option(report, "owner", to);
    fputs("</code></p>\n", to);
}

/* "3 open, debt 12.3; waived 1, debt 0.4". */
static void put_owed(const json_t *check, FILE *to)
{
    long long open = number_in(check, "open"), waived = number_in(check, "waived");
    if (open > 0) {
        fprintf(to, " <span class=\"state open\">%lld open</span> debt ", open);
        put_days(check, "debt_s", to);
    }
    if (waived > 0) {
        fprintf(to, " <span class=\"state waived\">%lld waived</span> debt ", waived);
        put_days(check, "waived_s", to);
    }
}

static void put_check(const json_t *report, const json_t *check, FILE *to)
{
    const char *state = text_in(check, "state"), *producer = text_in(check, "producer");
    bool is_unmeasured = strcmp(state, REPORT_UNMEASURED) == 0;
    put_member("<section class=\"check\" id=\"", check, "check", "\">\n<h3>", to);
    put_member("", check, "check", " ", to);
    put_member("", check, "title", ", ", to);
    put_member("", check, "severity", "", to);
    if (is_unmeasured)
        fputs(" <span class=\"state unmeasured\">Not measured here</span>", to);
    else if (strcmp(state, REPORT_HOLDS) == 0)
        fputs(" <span class=\"state holds\">Nothing open</span>", to);
    else
        put_owed(check, to);
    put_member("</h3>\n<p class=\"soft\">Facts: ", check, "producer", ".", to);
    if (is_unmeasured)
        fputs(strstr(producer, "(not built)") != NULL ? " Nothing here produces them yet."
                                                      : " None of those that were judged has them.",
              to);
    fputs("</p>\n", to);
    put_findings(report, check, to);
    fputs("</section>\n", to);
}

/* What the pack asks for and is about nothing here still has a place to link to. */
static void put_absent(const json_t *report, FILE *to)
{
    const json_t *control = NULL, *check = NULL, *there = NULL;
    size_t c = 0, i = 0, j = 0;
    bool is_put[PACK_CHECK_MAX + 1] = {false};
    json_array_foreach(json_object_get(report, "checks"), j, there)
    {
        is_put[check_number(text_in(there, "check"))] = true;
    }
    json_array_foreach(json_object_get(report, "controls"), c, control)
    {
        json_array_foreach(json_object_get(control, "checks"), i, check)
        {
            const char *name = json_string_value(check);
            if (!is_put[check_number(name)])
                fprintf(to,
                        "<section class=\"check\" id=\"%s\">\n<h3>%s <span class=\"state "
                        "unmeasured\">Not measured here</span></h3>\n<p class=\"soft\">It is about "
                        "nothing that this report is about.</p>\n</section>\n",
                        name, name);
            is_put[check_number(name)] = true;
        }
    }
}

static void put_all_checks(const json_t *report, FILE *to)
{
    const json_t *check = NULL;
    size_t index = 0;
    fputs("<h2>Checks that are the evidence</h2>\n", to);
    json_array_foreach(json_object_get(report, "checks"), index, check)
    {
        put_check(report, check, to);
    }
    put_absent(report, to);
    fputs("</main>\n", to);
}

static void put_foot(const json_t *report, FILE *to)
{
    const json_t *checkpoint = json_object_get(report, "checkpoint");
    fputs("<footer>\n<h2>How to read this</h2>\n<p>A control holds when nothing is open of any of "
          "its checks and facts of each of them were there for at least one of those that were "
          "judged for this report. What is waived is counted apart, and keeps a control from "
          "holding. "
          "What is not measured here is said, and never counts as holding.</p>\n<p>Every finding "
          "is an entry of the "
          "ledger. Whoever holds the checkpoint can show later that nothing was taken out of it "
          "(<code>troth audit verify</code>).</p>\n",
          to);
    if (number_in(checkpoint, "size") > 0) {
        fputs("<h3 id=\"checkpoint\">Checkpoint</h3>\n<pre>", to);
        html_text(text_in(checkpoint, "note"), to);
        fputs("</pre>\n", to);
    }
    fprintf(to, "<p class=\"soft\">Troth %s, %lld subjects judged for this report, pack ",
            TROTH_VERSION, number_in(report, "judged"));
    put_member("", report, "pack", "</p>\n</footer>\n</body>\n</html>\n", to);
}

void report_html(const json_t *report, FILE *to)
{
    put_head(report, to);
    put_header(report, to);
    put_controls(report, to);
    put_all_checks(report, to);
    put_foot(report, to);
}
