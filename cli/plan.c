#include <cli/approval.h>
#include <cli/plan.h>
#include <cli/print.h>

#include <stdlib.h>
#include <string.h>

/* ---- asking -----------------------------------------------------------------------------------
 */

enum result plan_path(const struct session *session, const struct plan *plan, char *to, size_t max,
                      struct err *err)
{
    TRY(session_expand(session, plan->path, true, to, max, err));
    size_t at = strlen(to);
    char mark = '?';
    for (const struct field *f = plan->fields; f != NULL && f->option != NULL; f++) {
        const char *value = session_text(session, f->option);
        if (f->place != PLACE_QUERY || value == NULL)
            continue;
        char escaped[CLI_PATH_MAX];
        bool is_flag = value[0] == '-' && strcmp(value, f->option) == 0;
        int n = -1;
        if (api_escape(is_flag ? "true" : value, escaped, sizeof escaped))
            n = snprintf(to + at, max - at, "%c%s=%s", mark, f->member, escaped);
        if (n < 0 || (size_t)n >= max - at)
            return err_set(err, E_USAGE, "the options have more than %zu octets", max - 1);
        at += (size_t)n;
        mark = '&';
    }
    return OK;
}

enum result plan_get(struct session *session, const char *path, json_t **ret, struct err *err)
{
    struct api_call call = {.method = CLIENT_GET, .path = path};
    return session_send(session, &call, ret, err);
}

static json_t *words_of(const char *value)
{
    json_t *array = json_array();
    while (array != NULL && *value != '\0') {
        size_t n = strcspn(value, ",");
        json_array_append_new(array, json_stringn(value, n));
        value += n + (value[n] == ',');
    }
    return array;
}

static json_t *text_of_file(const char *path, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    if (session_read(path, &file, err) != OK)
        return NULL;
    json_t *text = json_stringn((const char *)file.p, file.n);
    if (text == NULL)
        (void)err_set(err, E_SYNTAX, "%s is not text; wanted PEM", path);
    return text;
}

/* A body member, or NULL with the reason. */
static json_t *member_of(const struct session *session, const struct field *f, struct err *err)
{
    const char *value = session_text(session, f->option);
    json_t *member = NULL;
    (void)err_set(err, E_SYNTAX, "%s is not UTF-8", f->option);
    switch (f->place) {
    case PLACE_NONE:
    case PLACE_QUERY:
        break;
    case PLACE_TEXT:
        member = json_string(value);
        break;
    case PLACE_NUMBER:
        member = json_integer(argument_number(session->args, f->option, 0));
        break;
    case PLACE_WORDS:
        member = words_of(value);
        break;
    case PLACE_FLAG:
        member = json_true();
        break;
    case PLACE_FILE:
        member = text_of_file(value, err);
        break;
    }
    return member;
}

static enum result make_body(const struct session *session, const struct plan *plan, json_t **ret,
                             struct err *err)
{
    json_auto_t *body = json_object();
    for (const struct field *f = plan->fields; f != NULL && f->option != NULL; f++) {
        if (f->place == PLACE_QUERY || session_text(session, f->option) == NULL)
            continue;
        struct err why = {0};
        json_t *member = member_of(session, f, &why);
        if (member == NULL)
            return err_set(err, why.code, "%s", why.text);
        json_object_set_new(body, f->member, member);
    }
    *ret = STEAL(body);
    return OK;
}

static enum result post(struct session *session, const struct plan *plan, const char *path,
                        json_t **ret, struct err *err)
{
    json_auto_t *body = NULL;
    TRY(make_body(session, plan, &body, err));
    struct api_call call = {.method = CLIENT_POST, .path = path, .body = body};
    return session_send(session, &call, ret, err);
}

enum result plan_post(struct session *session, const struct plan *plan, json_t **ret,
                      struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(plan_path(session, plan, path, sizeof path, err));
    return post(session, plan, path, ret, err);
}

enum result plan_rehearse(struct session *session, const struct plan *plan, json_t **ret,
                          struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(plan_path(session, plan, path, sizeof path, err));
    size_t n = strlen(path);
    const char *more = strchr(path, '?') != NULL ? "&dry_run=true" : "?dry_run=true";
    if (n + strlen(more) >= sizeof path)
        return err_set(err, E_USAGE, "the options have more than %zu octets", sizeof path - 1);
    memcpy(path + n, more, strlen(more) + 1);
    return post(session, plan, path, ret, err);
}

/* ---- lists ------------------------------------------------------------------------------------
 */

/* One page after the other to `each`; false from it ends the walk. */
typedef bool (*take_page)(void *context, const json_t *items);

static enum result walk_pages(struct session *session, const struct plan *plan, take_page each,
                              void *context, struct err *err)
{
    char path[CLI_PATH_MAX], page[CLI_PATH_MAX + 64];
    TRY(plan_path(session, plan, path, sizeof path, err));
    char mark = strchr(path, '?') != NULL ? '&' : '?';
    char next[32] = "";
    do {
        snprintf(page, sizeof page, "%s%s%s", path, next[0] != '\0' ? (char[]){mark, '\0'} : "",
                 next);
        json_auto_t *answer = NULL;
        TRY(plan_get(session, page, &answer, err));
        const json_t *items = json_object_get(answer, "items");
        const char *cursor = json_string_value(json_object_get(answer, "next"));
        if (!json_is_array(items))
            return err_set(err, E_UNREACHABLE,
                           "the answer has no 'items'; is this a Troth server?");
        next[0] = '\0';
        if (cursor != NULL && strlen(cursor) <= 18)
            snprintf(next, sizeof next, "after=%s", cursor);
        if (!each(context, items))
            break;
    } while (next[0] != '\0');
    return OK;
}

struct item_walk {
    plan_item each;
    void *context;
};

static bool take_items(void *context, const json_t *items)
{
    const struct item_walk *walk = context;
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(items, index, item)
    {
        if (!walk->each(walk->context, item))
            return false;
    }
    return true;
}

enum result plan_walk(struct session *session, const struct plan *plan, plan_item each,
                      void *context, struct err *err)
{
    struct item_walk walk = {each, context};
    return walk_pages(session, plan, take_items, &walk, err);
}

struct listing {
    struct session *session;
    struct print_table table;
    int64_t left; /* rows that may still be shown */
    bool is_first;
};

static void list_json(struct listing *to, const json_t *items)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(items, index, item)
    {
        fputs(to->is_first ? "[\n" : ",\n", to->session->out);
        to->is_first = false;
        json_dumpf(item, to->session->out, JSON_INDENT(2));
    }
}

static bool list_page(void *context, const json_t *items)
{
    struct listing *to = context;
    json_auto_t *some = json_array();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(items, index, item)
    {
        if (to->left > 0) {
            json_array_append(some, item);
            to->left--;
        }
    }
    if (to->session->is_json)
        list_json(to, some);
    else
        print_rows(to->session, &to->table, some);
    return to->left > 0;
}

enum result plan_list(struct session *session, const struct plan *plan, struct err *err)
{
    struct listing listing = {
        .session = session,
        .table = {.columns = plan->columns},
        .left = argument_number(session->args, "--limit", INT64_MAX),
        .is_first = true,
    };
    TRY(walk_pages(session, plan, list_page, &listing, err));
    if (session->is_json)
        fputs(listing.is_first ? "[]\n" : "\n]\n", session->out);
    return OK;
}

/* ---- one thing --------------------------------------------------------------------------------
 */

enum result plan_show(struct session *session, const struct plan *plan, struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(plan_path(session, plan, path, sizeof path, err));
    json_auto_t *answer = NULL;
    TRY(plan_get(session, path, &answer, err));
    if (session->is_json)
        print_json(session, answer);
    else
        print_details(session, plan->columns, answer);
    return OK;
}

/* "created 3, unchanged 1": what the outcome counts, without the zeros. */
static void print_counts(struct session *session, const json_t *outcome)
{
    static const struct column counts[] = {
        {"created", "created"}, {"changed", "changed"},           {"unchanged", "unchanged"},
        {"refused", "refused"}, {"certificates", "certificates"}, {"tokens", "tokens"},
        {"permits", "permits"}, {"findings", "findings"},
    };
    const char *before = ": ";
    for (size_t i = 0; i < LENGTH_OF(counts); i++) {
        json_int_t n = json_integer_value(json_object_get(outcome, counts[i].member));
        if (n == 0)
            continue;
        fprintf(session->out, "%s%s %lld", before, counts[i].title, (long long)n);
        before = ", ";
    }
}

void plan_tell_reach(struct session *session, const json_t *outcome)
{
    fputs("touches", session->out);
    print_counts(session, outcome);
    fputc('\n', session->out);
}

enum result plan_change(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *outcome = NULL;
    TRY(plan_post(session, plan, &outcome, err));
    return plan_tell(session, plan, outcome, err);
}

enum result plan_tell(struct session *session, const struct plan *plan, const json_t *outcome,
                      struct err *err)
{
    if (approval_is_asked(outcome))
        return approval_tell(session, outcome, err);
    if (session->is_json) {
        print_json(session, outcome);
        return OK;
    }
    char done[CLI_PATH_MAX];
    TRY(session_expand(session, plan->done, false, done, sizeof done, err));
    bool is_dry = json_is_true(json_object_get(outcome, "dry_run"));
    const char *state = json_string_value(json_object_get(outcome, "state"));
    fprintf(session->out, "%s%s", is_dry ? "would do: " : "", done);
    print_counts(session, outcome);
    if (state != NULL && *state != '\0') {
        fputs("; state ", session->out);
        print_clean(state, session->out);
    }
    json_int_t entry = json_integer_value(json_object_get(outcome, "entry"));
    if (!is_dry && entry > 0)
        fprintf(session->out, " (ledger entry %lld)", (long long)entry);
    fputc('\n', session->out);
    return OK;
}
