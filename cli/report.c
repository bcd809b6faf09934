/* troth report: which pack, in which form, to where. */
#include <base/file.h>
#include <cli/actions.h>
#include <cli/print.h>
#include <cli/report.h>

#include "commands_parts.h"

#include <stdlib.h>
#include <string.h>

const struct option_row report_options[] = {
    {"--pack", VALUE_TEXT, "NAME", false, "one of --list"},
    {"--pack-file", VALUE_FILE, "FILE", false,
     "a pack of your own, as docs/control-pack.schema.json has it"},
    {"--list", VALUE_NONE, NULL, false, "the packs that come with Troth"},
    {"--format", VALUE_CHOICE, "html|json|csv", false,
     "a page to read and print, or for programs (default a table)"},
    {"--out", VALUE_FILE, "FILE", false, "write it there"},
    {"--findings", VALUE_NUMBER, "N", false,
     "name so many of a check's open findings (default 10)"},
    OF_PRODUCT,
    OF_OWNER,
    {0},
};
static const struct field report_fields[] = {
    {"--findings", PLACE_QUERY, "findings"},
    {"--product", PLACE_QUERY, "product"},
    {"--owner", PLACE_QUERY, "owner"},
    {0},
};
const struct plan report = {action_report, "/api/v1/check", report_fields, NULL, NULL};

/* packaging/packs/, in the program. */
static const struct {
    const char *name, *text;
} packs[] = {
#include "etsi-303645.inc"
#include "eu-cra.inc"
#include "iec-62443-4-2.inc"
#include "nist-800-207.inc"
#include "nist-csf-2.0.inc"
#include "nistir-8259a.inc"
#include "owasp-nhi-2025.inc"
};

static enum result list_packs(struct session *session, struct err *err)
{
    static const struct column columns[] = {{"PACK", "pack"},
                                            {"TITLE", "title"},
                                            {"EDITION", "edition"},
                                            {"CONTROLS", "controls"},
                                            {0}};
    json_auto_t *rows = json_array();
    for (size_t i = 0; i < LENGTH_OF(packs); i++) {
        CLEANUP(pack_free) struct pack pack = {0};
        struct bytes text = bytes_of(packs[i].text, strlen(packs[i].text));
        TRY(pack_read(packs[i].name, text, &pack, err));
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:I}", "pack", pack.name, "title",
                                              pack.title, "edition", pack.edition, "controls",
                                              (json_int_t)pack.controls_n));
    }
    struct print_table table = {.columns = columns};
    if (session->is_json)
        print_json(session, rows);
    else
        print_rows(session, &table, rows);
    return OK;
}

static enum result read_named(const char *name, struct pack *ret, struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(packs); i++)
        if (strcmp(packs[i].name, name) == 0)
            return pack_read(name, bytes_of(packs[i].text, strlen(packs[i].text)), ret, err);
    return err_set(err, E_PACK_NAME, "there is no pack \"%s\"",
                   err_value(bytes_of(name, strlen(name))).text);
}

static enum result read_pack(const struct session *session, struct pack *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    const char *name = session_text(session, "--pack");
    const char *path = session_text(session, "--pack-file");
    if ((name != NULL) == (path != NULL))
        return err_set(err, E_USAGE, "wanted --pack NAME or --pack-file FILE, or --list");
    if (name != NULL)
        return read_named(name, ret, err);
    TRY(file_read(path, PACK_BYTES_MAX, &file, err));
    return pack_read(path, blob_bytes(&file), ret, err);
}

static enum result ask(struct session *session, const struct plan *plan, json_t **ret,
                       struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(plan_path(session, plan, path, sizeof path, err));
    if (session_text(session, "--findings") == NULL) {
        size_t n = strlen(path);
        snprintf(path + n, sizeof path - n, "%cfindings=10", strchr(path, '?') ? '&' : '?');
    }
    return plan_get(session, path, ret, err);
}

/* ---- out --------------------------------------------------------------------------------------
 */

static json_t *row_of(const json_t *control)
{
    char days[REPORT_DAYS_MAX];
    json_t *row = json_deep_copy(control);
    report_days(json_integer_value(json_object_get(control, "debt_s")), days);
    json_object_set_new(row, "debt", json_string(days));
    return row;
}

static void print_report(struct session *session, const json_t *made)
{
    static const struct column columns[] = {
        {"CONTROL", "id"},
        {"STATE", "state"},
        {"OPEN", "open"},
        {"OLDEST", "oldest"},
        {"DEBT", "debt"},
        {"WAIVED", "waived"},
        {"NOT MEASURED", "unmeasured"},
        {"TITLE", "title"},
        {0},
    };
    json_auto_t *rows = json_array();
    const json_t *control = NULL;
    size_t index = 0;
    char title[PRINT_CELL_MAX], as_of[PRINT_CELL_MAX];
    print_cell(made, "title", title);
    print_cell(made, "as_of", as_of);
    print_clean(title, session->out);
    fputs(", as of ", session->out);
    print_clean(as_of, session->out);
    fprintf(session->out, ", ledger checkpoint %lld",
            (long long)json_integer_value(
                json_object_get(json_object_get(made, "checkpoint"), "size")));
    print_selection(session, made);
    fputs("\n\n", session->out);
    json_array_foreach(json_object_get(made, "controls"), index, control)
    {
        json_array_append_new(rows, row_of(control));
    }
    struct print_table table = {.columns = columns};
    print_rows(session, &table, rows);
}

static void write_report(struct session *session, const json_t *made, const char *format, FILE *to)
{
    FILE *before = session->out;
    session->out = to;
    if (session->is_json || (format != NULL && strcmp(format, "json") == 0))
        print_json(session, made);
    else if (format == NULL)
        print_report(session, made);
    else if (strcmp(format, "csv") == 0)
        report_csv(made, to);
    else
        report_html(made, to);
    session->out = before;
}

static enum result write_file(struct session *session, const json_t *made, const char *path,
                              struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    if (to == NULL)
        return err_set(err, E_MEMORY, "no memory for a report");
    write_report(session, made, session_text(session, "--format"), to);
    bool is_whole = ferror(to) == 0;
    is_whole = fclose(to) == 0 && is_whole;
    enum result result = is_whole ? file_write(path, 0644, bytes_of(text, n), err)
                                  : err_set(err, E_MEMORY, "no memory for a report");
    free(text);
    return result;
}

enum result action_report(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(pack_free) struct pack pack = {0};
    json_auto_t *answer = NULL;
    if (session_text(session, "--list") != NULL)
        return list_packs(session, err);
    TRY(read_pack(session, &pack, err));
    TRY(ask(session, plan, &answer, err));
    json_auto_t *made = report_make(&pack, answer);
    if (made == NULL)
        return err_set(err, E_UNREACHABLE,
                       "the answer is no list of checks; is it a Troth server?");
    const char *out = session_text(session, "--out");
    if (out != NULL)
        return write_file(session, made, out, err);
    write_report(session, made, session_text(session, "--format"), session->out);
    return OK;
}
