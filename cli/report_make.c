/* What the checks say about the controls of a pack. */
#include <cli/report.h>

#include <stdlib.h>
#include <string.h>

void report_days(json_int_t seconds, char to[REPORT_DAYS_MAX])
{
    long long tenths = llabs((long long)seconds) / 8640;
    snprintf(to, REPORT_DAYS_MAX, "%s%lld.%lld", seconds < 0 ? "-" : "", tenths / 10, tenths % 10);
}

static const json_t *item_of(const json_t *answer, const char *check)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(answer, "checks"), index, item)
    {
        const char *name = json_string_value(json_object_get(item, "check"));
        if (name != NULL && strcmp(name, check) == 0)
            return item;
    }
    return NULL;
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void add_to(json_t *object, const char *name, json_int_t n)
{
    json_object_set_new(object, name, json_integer(number(object, name) + n));
}

/* RFC 3339 in UTC sorts as text. */
static void keep_oldest(json_t *control, const json_t *item)
{
    const char *of_item = json_string_value(json_object_get(item, "oldest"));
    const char *kept = json_string_value(json_object_get(control, "oldest"));
    if (of_item != NULL && (kept == NULL || strcmp(of_item, kept) < 0))
        json_object_set_new(control, "oldest", json_string(of_item));
}

/* A check that is about nothing in this scope is not in the answer. */
static bool is_measured(const json_t *item)
{
    const char *state = json_string_value(json_object_get(item, "state"));
    return state != NULL && strcmp(state, REPORT_UNMEASURED) != 0;
}

static void add_check(json_t *control, const json_t *answer, const char *selection, int check)
{
    char name[16];
    snprintf(name, sizeof name, "TD-%02d", check);
    const json_t *item = item_of(answer, name);
    json_array_append_new(json_object_get(control, "checks"), json_string(name));
    if (!is_measured(item))
        json_array_append_new(json_object_get(control, "unmeasured"), json_string(name));
    static const char *const sums[] = {"open", "debt_s", "waived", "waived_s"};
    for (size_t i = 0; i < LENGTH_OF(sums); i++)
        add_to(control, sums[i], number(item, sums[i]));
    keep_oldest(control, item);
    if (number(item, "open") + number(item, "waived") > 0)
        json_array_append_new(json_object_get(control, "subjects"),
                              json_sprintf("/api/v1/findings?check=%s%s", name, selection));
}

static const char *state_of(const json_t *control)
{
    size_t checks = json_array_size(json_object_get(control, "checks"));
    size_t unmeasured = json_array_size(json_object_get(control, "unmeasured"));
    if (number(control, "open") > 0)
        return REPORT_OPEN;
    if (number(control, "waived") > 0)
        return REPORT_WAIVED;
    if (unmeasured == checks)
        return REPORT_UNMEASURED;
    return unmeasured > 0 ? REPORT_PARTLY : REPORT_HOLDS;
}

static void add_filter(const json_t *answer, const char *name, char to[CLI_PATH_MAX])
{
    const char *value = json_string_value(json_object_get(answer, name));
    char escaped[CLI_PATH_MAX];
    size_t n = strlen(to);
    if (value != NULL && *value != '\0' && api_escape(value, escaped, sizeof escaped))
        snprintf(to + n, CLI_PATH_MAX - n, "&%s=%s", name, escaped);
}

static json_t *make_control(const struct pack_control *from, const json_t *answer)
{
    char selection[CLI_PATH_MAX] = "";
    add_filter(answer, "product", selection);
    add_filter(answer, "owner", selection);
    json_t *control =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:n, s:i, s:i, s:i, s:[], s:[], s:[]}", "id", from->id,
                  "was", from->was, "title", from->title, "note", from->note, "open", 0, "oldest",
                  "debt_s", 0, "waived", 0, "waived_s", 0, "checks", "unmeasured", "subjects");
    for (size_t i = 0; control != NULL && i < from->checks_n; i++)
        add_check(control, answer, selection, from->checks[i]);
    if (control != NULL)
        json_object_set_new(control, "state", json_string(state_of(control)));
    return control;
}

static bool is_used(const struct pack *pack, const char *check)
{
    int wanted = check != NULL && strlen(check) == 5 ? (int)strtol(check + 3, NULL, 10) : 0;
    for (size_t i = 0; i < pack->controls_n; i++)
        if (memchr(pack->controls[i].checks, wanted, pack->controls[i].checks_n) != NULL)
            return true;
    return false;
}

/* The checks, or findings, that a control of the pack asks for. */
static json_t *used_of(const struct pack *pack, const json_t *rows)
{
    json_t *used = json_array();
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(rows, index, row)
    {
        if (is_used(pack, json_string_value(json_object_get(row, "check"))))
            json_array_append(used, row);
    }
    return used;
}

json_t *report_make(const struct pack *pack, const json_t *answer)
{
    json_t *summary = json_pack("{s:i, s:i, s:i, s:i, s:i}", REPORT_HOLDS, 0, REPORT_OPEN, 0,
                                REPORT_WAIVED, 0, REPORT_PARTLY, 0, REPORT_UNMEASURED, 0);
    json_t *controls = json_array();
    for (size_t i = 0; i < pack->controls_n; i++) {
        json_t *control = make_control(&pack->controls[i], answer);
        add_to(summary, json_string_value(json_object_get(control, "state")), 1);
        json_array_append_new(controls, control);
    }
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?, s:o, s:o, s:o, "
        "s:o}",
        "pack", pack->name, "title", pack->title, "edition", pack->edition, "source", pack->source,
        "note", pack->note, "product", json_object_get(answer, "product"), "owner",
        json_object_get(answer, "owner"), "as_of", json_object_get(answer, "as_of"), "judged",
        json_object_get(answer, "judged"), "entries", json_object_get(answer, "entries"),
        "checkpoint", json_object_get(answer, "checkpoint"), "summary", summary, "controls",
        controls, "checks", used_of(pack, json_object_get(answer, "checks")), "findings",
        used_of(pack, json_object_get(answer, "findings")));
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

static void put_quoted(const char *text, FILE *to)
{
    fputc('"', to);
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void put_member(const json_t *object, const char *name, FILE *to)
{
    const json_t *value = json_object_get(object, name), *word = NULL;
    size_t index = 0;
    if (json_is_integer(value))
        fprintf(to, "%lld", (long long)json_integer_value(value));
    else if (!json_is_array(value))
        put_quoted(json_string_value(value), to);
    if (!json_is_array(value))
        return;
    fputc('"', to);
    json_array_foreach(value, index, word)
    {
        fprintf(to, "%s%s", index > 0 ? " " : "", json_string_value(word));
    }
    fputc('"', to);
}

void report_csv(const json_t *report, FILE *to)
{
    static const char *const of_control[] = {"id",       "was",    "title",     "state",
                                             "open",     "oldest", "debt_s",    "waived",
                                             "waived_s", "checks", "unmeasured"};
    const json_t *control = NULL;
    size_t index = 0;
    fputs("pack,edition", to);
    for (size_t i = 0; i < LENGTH_OF(of_control); i++)
        fprintf(to, ",%s", of_control[i]);
    fputs(",as_of,checkpoint,product,owner\r\n", to);
    json_array_foreach(json_object_get(report, "controls"), index, control)
    {
        put_member(report, "pack", to);
        fputc(',', to);
        put_member(report, "edition", to);
        for (size_t i = 0; i < LENGTH_OF(of_control); i++) {
            fputc(',', to);
            put_member(control, of_control[i], to);
        }
        fputc(',', to);
        put_member(report, "as_of", to);
        fputc(',', to);
        put_member(json_object_get(report, "checkpoint"), "size", to);
        fputc(',', to);
        put_member(report, "product", to);
        fputc(',', to);
        put_member(report, "owner", to);
        fputs("\r\n", to);
    }
}
