/* Policies: one from a file, their versions, and what is in force and who says so. */
#include <base/pairs.h>
#include <cli/actions.h>
#include <cli/print.h>

#include "commands_parts.h"

#include <string.h>

#define INNER "effects"

/* ---- from a file ------------------------------------------------------------------------------
 */

/* The file goes to the server as texts: it has the rules. */
static enum result take_pair(void *body, const struct pair *pair, struct err *err)
{
    json_t *part = json_object_get(body, pair->is_inner ? INNER : "settings");
    json_t *value = json_stringn((const char *)pair->value.p, pair->value.n);
    char name[PAIRS_NAME_MAX + 1] = "";
    memcpy(name, pair->name.p, pair->name.n);
    if (json_object_set_new(part, name, value) != 0)
        return err_set(err, E_MEMORY, "no memory for a policy");
    return OK;
}

/* The first pair whose name begins what the server said. */
struct search {
    const char *said;
    size_t line;
};

static enum result find_said(void *context, const struct pair *pair, struct err *err)
{
    struct search *search = context;
    (void)err;
    size_t n = pair->name.n;
    bool is_it =
        strncmp(search->said, (const char *)pair->name.p, n) == 0 && search->said[n] == ':';
    if (is_it && search->line == 0)
        search->line = pair->line;
    return OK;
}

/* The refusal of the server, with the file and the line that it is about. */
static void put_place(const char *path, struct bytes file, struct err *err)
{
    struct err ignored = {0};
    struct search search = {.said = err->text};
    bool is_about_it =
        err->code == E_POLICY_FILE || err->code == E_POLICY_COLUMN || err->code == E_SYNTAX;
    if (is_about_it && pairs_read(path, file, INNER, find_said, &search, &ignored) == OK &&
        search.line > 0)
        err_prefix(err, "%s:%zu", path, search.line);
}

static enum result make_body(const struct session *session, const char *path, struct bytes file,
                             json_t **ret, struct err *err)
{
    const char *product = session_text(session, "--product");
    json_auto_t *body = json_pack("{s:s, s:{}, s:{}}", "product", product != NULL ? product : "",
                                  "settings", INNER);
    if (body == NULL)
        return err_set(err, E_SYNTAX, "--product is not UTF-8");
    TRY(pairs_read(path, file, INNER, take_pair, body, err));
    *ret = STEAL(body);
    return OK;
}

static enum result send_file(struct session *session, const struct plan *plan, json_t **ret,
                             struct err *err)
{
    const char *file = session_text(session, "FILE");
    char path[CLI_PATH_MAX];
    CLEANUP(blob_free) struct blob text = {0};
    json_auto_t *body = NULL;
    TRY(session_read(file, &text, err));
    TRY(plan_path(session, plan, path, sizeof path, err));
    TRY(make_body(session, file, blob_bytes(&text), &body, err));
    const struct api_call call = {.method = CLIENT_POST, .path = path, .body = body};
    enum result result = session_send(session, &call, ret, err);
    if (result != OK)
        put_place(file, blob_bytes(&text), err);
    return result;
}

enum result action_policy_set(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *outcome = NULL;
    TRY(send_file(session, plan, &outcome, err));
    return plan_tell(session, plan, outcome, err);
}

/* ---- compared ---------------------------------------------------------------------------------
 */

#define DIFFERS 3 /* exit status */

static long long number_of(const json_t *trial, const char *member)
{
    return (long long)json_integer_value(json_object_get(trial, member));
}

static void print_trial(struct session *session, const json_t *trial)
{
    bool is_sample = json_is_true(json_object_get(trial, "sample"));
    fprintf(session->out, "\n%lld of %lld devices judged by it%s: %lld change\n",
            number_of(trial, "judged"), number_of(trial, "devices"),
            is_sample ? ", chosen at random" : "", number_of(trial, "changed"));
    fprintf(session->out, "%lld refused at their next request\n", number_of(trial, "refused"));
    fprintf(session->out, "%lld quarantined at once; the brake would hold %lld%s\n",
            number_of(trial, "quarantined"), number_of(trial, "held"),
            is_sample ? " of all devices" : " of them");
}

static bool differs(const json_t *answer)
{
    return json_array_size(json_object_get(answer, "settings")) > 0 ||
           json_array_size(json_object_get(answer, "effects")) > 0;
}

static void print_diff(struct session *session, const json_t *answer)
{
    static const struct column settings[] = {
        {"SETTING", "setting"}, {"BEFORE", "before"},     {"FROM", "before_source"},
        {"AFTER", "after"},     {"FROM", "after_source"}, {0},
    };
    static const struct column effects[] = {
        {"CHECK", "check"},
        {"BEFORE", "before"},
        {"FROM", "before_source"},
        {"AFTER", "after"},
        {"FROM", "after_source"},
        {"TITLE", "title"},
        {0},
    };
    static const struct column checks[] = {
        {"CHECK", "check"}, {"OPENS ON", "opens"}, {"CLOSES ON", "closes"}, {"TITLE", "title"}, {0},
    };
    if (!differs(answer)) {
        fputs("it is what is in force\n", session->out);
        return;
    }
    print_part(session, "Settings", settings, json_object_get(answer, "settings"));
    print_part(session, "Effects of open findings", effects, json_object_get(answer, "effects"));
    print_trial(session, json_object_get(answer, "trial"));
    print_part(session, "Findings of devices", checks, json_object_get(answer, "checks"));
}

enum result action_policy_diff(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *answer = NULL;
    bool of_product = session_text(session, "--product") != NULL;
    if (of_product == (session_text(session, "--fleet") != NULL))
        return err_set(err, E_USAGE, "wanted is one of --product NAME, --fleet");
    TRY(send_file(session, plan, &answer, err));
    session->exit_status = differs(answer) ? DIFFERS : 0;
    if (session->is_json)
        print_json(session, answer);
    else
        print_diff(session, answer);
    return OK;
}

/* ---- what is in force -------------------------------------------------------------------------
 */

enum result action_policy_show(struct session *session, const struct plan *plan, struct err *err)
{
    static const struct column settings[] = {
        {"SETTING", "setting"}, {"VALUE", "value"}, {"FROM", "source"}, {"DEFAULT", "default"},
        {"LEAST", "least"},     {"MOST", "most"},   {"WHAT", "what"},   {0},
    };
    static const struct column effects[] = {
        {"CHECK", "check"},     {"EFFECT", "effect"}, {"FROM", "source"},
        {"DEFAULT", "default"}, {"TITLE", "title"},   {0},
    };
    char path[CLI_PATH_MAX];
    json_auto_t *answer = NULL;
    TRY(plan_path(session, plan, path, sizeof path, err));
    TRY(plan_get(session, path, &answer, err));
    if (session->is_json) {
        print_json(session, answer);
        return OK;
    }
    print_part(session, "Policies in force", plan->columns, json_object_get(answer, "policies"));
    print_part(session, "Settings", settings, json_object_get(answer, "settings"));
    print_part(session, "Effects of open findings", effects, json_object_get(answer, "effects"));
    return OK;
}

/* ---- the commands -----------------------------------------------------------------------------
 */

const struct option_row policy_set_options[] = {
    {"FILE", VALUE_FILE, NULL, true,
     "the whole policy, YAML: a line `renew-by: 90` for each setting, and under `effects:` one "
     "`TD-25: quarantine` for each check"},
    {"--product", VALUE_TEXT, "NAME", false, "of this product (default: of the fleet)"},
    DRY_RUN,
    {0},
};
const struct option_row policy_diff_options[] = {
    {"FILE", VALUE_FILE, NULL, true, "a policy as `troth policy set` takes it"},
    {"--product", VALUE_TEXT, "NAME", false, "as this product's policy"},
    {"--fleet", VALUE_NONE, NULL, false, "as the fleet's"},
    {0},
};
const struct option_row policy_show_options[] = {
    {"--product", VALUE_TEXT, "NAME", false, "for this product (default: for the fleet)"},
    {0},
};
const struct option_row policy_list_options[] = {OF_PRODUCT, LIMIT, {0}};
static const struct field set_fields[] = {DRY_RUN_FIELD, {0}};
static const struct field show_fields[] = {{"--product", PLACE_QUERY, "product"}, {0}};
static const struct column columns[] = {
    {"ID", "id"},
    {"PRODUCT", "product"},
    {"VERSION", "version"},
    {"IN FORCE", "in_force"},
    {"CREATED", "created"},
    {"SAYS", "says"},
    {0},
};
const struct plan policy_set = {action_policy_set, "/api/v1/policies", set_fields, NULL,
                                "the policy is set"};
const struct plan policy_diff = {action_policy_diff, "/api/v1/policies/diff", NULL, NULL, NULL};
const struct plan policy_show = {action_policy_show, "/api/v1/policies/effective", show_fields,
                                 columns, NULL};
const struct plan policy_list = {plan_list, "/api/v1/policies", show_fields, columns, NULL};
