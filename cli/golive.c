/* May a product go into production? The four questions, for people and for paper. */
#include <cli/actions.h>
#include <cli/html.h>
#include <cli/print.h>

#include <string.h>

#define EXIT_UNMEASURED 3
#define EXIT_NOT_READY 4

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text != NULL ? text : "";
}

static int exit_of(const json_t *answer)
{
    const char *verdict = text_of(answer, "verdict");
    if (strcmp(verdict, "ready") == 0)
        return 0;
    return strcmp(verdict, "unmeasured") == 0 ? EXIT_UNMEASURED : EXIT_NOT_READY;
}

/* "TD-22", "entry 17", or both: where it can be looked up. */
static void reference_of(const json_t *piece, char to[PRINT_CELL_MAX])
{
    const json_t *entry = json_object_get(piece, "entry");
    const char *check = text_of(piece, "check");
    int n = snprintf(to, PRINT_CELL_MAX, "%s", check);
    if (json_is_integer(entry) && n >= 0)
        snprintf(to + n, PRINT_CELL_MAX - (size_t)n, "%sentry %lld", n > 0 ? ", " : "",
                 (long long)json_integer_value(entry));
}

/* ---- for people --------------------------------------------------------------------------------
 */

static json_t *rows_of(const json_t *question)
{
    json_t *rows = json_array();
    size_t index = 0;
    const json_t *piece = NULL;
    json_array_foreach(json_object_get(question, "evidence"), index, piece)
    {
        char reference[PRINT_CELL_MAX];
        json_t *row = json_copy((json_t *)(uintptr_t)piece);
        reference_of(piece, reference);
        json_object_set_new(row, "reference", json_string(reference));
        json_array_append_new(rows, row);
    }
    return rows;
}

static void print_question(struct session *session, const json_t *question)
{
    static const struct column columns[] = {
        {"SAYS", "says"}, {"EVIDENCE", "name"}, {"VALUE", "value"}, {"LOOK AT", "reference"}, {0},
    };
    json_auto_t *rows = rows_of(question);
    fputc('\n', session->out);
    print_clean(text_of(question, "question"), session->out);
    fputs("  ", session->out);
    print_clean(text_of(question, "verdict"), session->out);
    fputs(": ", session->out);
    print_clean(text_of(question, "why"), session->out);
    fputc('\n', session->out);
    struct print_table table = {.columns = columns};
    print_rows(session, &table, rows);
}

static void print_text(struct session *session, const json_t *answer)
{
    size_t index = 0;
    const json_t *question = NULL;
    print_clean(text_of(answer, "product"), session->out);
    fputs(": ", session->out);
    print_clean(text_of(answer, "verdict"), session->out);
    fputs(", as of ", session->out);
    print_clean(text_of(answer, "as_of"), session->out);
    fprintf(session->out, " and %lld entries of the ledger\n",
            (long long)json_integer_value(json_object_get(answer, "entries")));
    json_array_foreach(json_object_get(answer, "questions"), index, question)
    {
        print_question(session, question);
    }
}

/* ---- for paper ---------------------------------------------------------------------------------
 */

static const char style[] =
    "body{margin:0 auto;padding:2rem;max-width:64rem;color:#1b1f24;background:#fff;"
    "font:15px/1.45 system-ui,'Liberation Sans','DejaVu Sans',sans-serif}"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .2rem;break-after:avoid}"
    "p{margin:.2rem 0 .6rem;color:#57606a}"
    "table{width:100%;border-collapse:collapse;table-layout:fixed}tr{break-inside:avoid}"
    "th,td{padding:.35rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid #d0d7de}"
    "thead th{background:#f6f8fa;font-size:.82rem}"
    "th:nth-child(1){width:15%}th:nth-child(2){width:27%}th:nth-child(4){width:12%}"
    "td:last-child,th{white-space:nowrap}"
    ".for,.ready{color:#116329}.against,.not-ready{color:#a40e26}.unmeasured{color:#7d4e00}"
    ".v{font-weight:600}"
    "@media print{body{padding:0;font-size:10.5pt}}@page{margin:18mm;"
    "@bottom-right{content:counter(page) ' / ' counter(pages);font:8pt sans-serif;color:#57606a}}";

static void put_piece(const json_t *piece, FILE *to)
{
    char reference[PRINT_CELL_MAX];
    reference_of(piece, reference);
    fputs("<tr><td class=\"v ", to);
    html_member(piece, "says", to);
    fputs("\">", to);
    html_member(piece, "says", to);
    fputs("</td><td>", to);
    html_member(piece, "name", to);
    fputs("</td><td>", to);
    html_member(piece, "value", to);
    fputs("</td><td>", to);
    html_text(reference, to);
    fputs("</td></tr>\n", to);
}

static void put_question(const json_t *question, FILE *to)
{
    size_t index = 0;
    const json_t *piece = NULL;
    fputs("<section><h2>", to);
    html_member(question, "question", to);
    fputs("</h2>\n<p><span class=\"v ", to);
    html_member(question, "verdict", to);
    fputs("\">", to);
    html_member(question, "verdict", to);
    fputs("</span>: ", to);
    html_member(question, "why", to);
    fputs(
        "</p>\n<table><thead><tr><th>Says</th><th>Evidence</th><th>Value</th><th>Look at</th></tr>"
        "</thead><tbody>\n",
        to);
    json_array_foreach(json_object_get(question, "evidence"), index, piece)
    {
        put_piece(piece, to);
    }
    fputs("</tbody></table></section>\n", to);
}

/* One page that needs nothing else: no script, nothing from elsewhere. */
static void put_html(const json_t *answer, FILE *to)
{
    size_t index = 0;
    const json_t *question = NULL;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n<title>Going live: ",
          to);
    html_member(answer, "product", to);
    fprintf(to, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>Going live: ", style);
    html_member(answer, "product", to);
    fputs("</h1>\n<p><span class=\"v ", to);
    html_member(answer, "verdict", to);
    fputs("\">", to);
    html_member(answer, "verdict", to);
    fputs("</span>, as of ", to);
    html_member(answer, "as_of", to);
    fprintf(to, " and %lld entries of the ledger</p>\n",
            (long long)json_integer_value(json_object_get(answer, "entries")));
    json_array_foreach(json_object_get(answer, "questions"), index, question)
    {
        put_question(question, to);
    }
    fputs("</body>\n</html>\n", to);
}

enum result action_golive(struct session *session, const struct plan *plan, struct err *err)
{
    const char *format = session_text(session, "--format");
    char product[CLI_PATH_MAX], path[CLI_PATH_MAX];
    json_auto_t *answer = NULL;
    if (session_text(session, "--product") == NULL)
        return err_set(err, E_USAGE, "--go-live wants --product beside it");
    if (!api_escape(session_text(session, "--product"), product, sizeof product))
        return err_set(err, E_USAGE, "--product has more than %d octets", CLI_PATH_MAX);
    int n = snprintf(path, sizeof path, "%s/%s/go-live", plan->path, product);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, E_USAGE, "--product has more than %d octets", CLI_PATH_MAX);
    TRY(plan_get(session, path, &answer, err));
    session->exit_status = exit_of(answer);
    if (session->is_json || (format != NULL && strcmp(format, "json") == 0))
        print_json(session, answer);
    else if (format != NULL && strcmp(format, "html") == 0)
        put_html(answer, session->out);
    else
        print_text(session, answer);
    return OK;
}
