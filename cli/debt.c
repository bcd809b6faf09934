/* What is owed, for people in weighted days; --json has the seconds. */
#include <cli/actions.h>
#include <cli/print.h>
#include <cli/report.h>

#include "commands_parts.h"

const struct option_row debt_options[] = {
    {"--by", VALUE_CHOICE, "product|owner|check|severity|device", false,
     "tell it apart, the greatest first"},
    {"--as-of", VALUE_TEXT, "DAY", false,
     "at the end of that day (YYYY-MM-DD, UTC), or an RFC 3339 instant (default the last complete "
     "second)"},
    {"--since", VALUE_TEXT, "DAY", false,
     "and what accrued and was paid since that day began, or since an instant"},
    OF_PRODUCT,
    OF_OWNER,
    LIMIT,
    {0},
};
static const struct field debt_fields[] = {
    {"--by", PLACE_QUERY, "by"},
    {"--as-of", PLACE_QUERY, "as_of"},
    {"--since", PLACE_QUERY, "since"},
    {"--product", PLACE_QUERY, "product"},
    {"--owner", PLACE_QUERY, "owner"},
    {"--limit", PLACE_QUERY, "limit"},
    {0},
};
const struct plan debt = {action_debt, "/api/v1/debt", debt_fields, NULL, NULL};

static void put_days(json_t *row, const char *name, const json_t *from, const char *member)
{
    char text[REPORT_DAYS_MAX];
    report_days(json_integer_value(json_object_get(from, member)), text);
    json_object_set_new(row, name, json_string(text));
}

static json_t *row_of(const json_t *group, const char *name)
{
    json_t *row = json_object();
    const char *product = json_string_value(json_object_get(group, "product"));
    json_object_set_new(row, "key",
                        json_sprintf("%s%s%s", product != NULL ? product : "",
                                     product != NULL && *product != '\0' ? "/" : "",
                                     name != NULL && *name != '\0' ? name : "(none)"));
    json_object_set(row, "open", json_object_get(group, "open"));
    json_object_set(row, "oldest", json_object_get(group, "oldest"));
    json_object_set(row, "waived", json_object_get(group, "waived"));
    json_object_set(row, "paid", json_object_get(group, "paid"));
    put_days(row, "debt", group, "debt_s");
    put_days(row, "waived_days", group, "waived_s");
    put_days(row, "before", group, "before_s");
    put_days(row, "accrued", group, "accrued_s");
    put_days(row, "paid_days", group, "paid_s");
    return row;
}

/* Of a period there is more to say. */
static const struct column columns[] = {
    {"OF", "key"},
    {"DEBT", "debt"},
    {"OPEN", "open"},
    {"OLDEST", "oldest"},
    {"WAIVED", "waived"},
    {"WAIVED DEBT", "waived_days"},
    {0},
};
static const struct column period_columns[] = {
    {"OF", "key"},
    {"DEBT", "debt"},
    {"OPEN", "open"},
    {"OLDEST", "oldest"},
    {"WAIVED", "waived"},
    {"WAIVED DEBT", "waived_days"},
    {"BEFORE", "before"},
    {"ACCRUED", "accrued"},
    {"PAID", "paid_days"},
    {"FINDINGS PAID", "paid"},
    {0},
};

static void print_debt(struct session *session, const json_t *answer)
{
    const json_t *items = json_object_get(answer, "items"), *item = NULL;
    bool is_period = json_is_string(json_object_get(answer, "since"));
    json_auto_t *rows = json_array();
    char as_of[PRINT_CELL_MAX];
    size_t index = 0;
    print_cell(answer, "as_of", as_of);
    fprintf(session->out, "weighted device-days (formula %lld) as of ",
            (long long)json_integer_value(json_object_get(answer, "formula")));
    print_clean(as_of, session->out);
    fputs("\n\n", session->out);
    json_array_append_new(rows, row_of(json_object_get(answer, "total"), "all"));
    json_array_foreach(items, index, item)
    {
        const char *key = json_string_value(json_object_get(item, "key"));
        json_array_append_new(rows, row_of(item, key));
    }
    struct print_table table = {.columns = is_period ? period_columns : columns};
    print_rows(session, &table, rows);
    json_int_t groups = json_integer_value(json_object_get(answer, "groups"));
    if (groups > (json_int_t)json_array_size(items))
        fprintf(session->out, "... and %lld more: narrow it by --product or --owner\n",
                (long long)groups - (long long)json_array_size(items));
}

enum result action_debt(struct session *session, const struct plan *plan, struct err *err)
{
    char path[CLI_PATH_MAX];
    json_auto_t *answer = NULL;
    TRY(plan_path(session, plan, path, sizeof path, err));
    TRY(plan_get(session, path, &answer, err));
    if (session->is_json)
        print_json(session, answer);
    else
        print_debt(session, answer);
    return OK;
}
