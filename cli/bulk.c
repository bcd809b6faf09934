/* retire and revoke: of one device, or of many at once. */
#include <base/limits.h>
#include <cli/actions.h>
#include <cli/approval.h>
#include <cli/bulk.h>
#include <cli/print.h>
#include <client/backoff.h>

#include <string.h>
#include <unistd.h>

#define LOOK_MS 500 /* between two looks at how far it is */

/* One device, or the many that these select. */
#define ONE_OR_MANY                                                                                \
    {"PRODUCT", VALUE_TEXT, NULL, false, "name of the product"},                                   \
        {"SERIAL", VALUE_TEXT, NULL, false, "serial number of the device"},                        \
        {"--batch", VALUE_TEXT, "NAME", false, "all devices of this batch"},                       \
        {"--product", VALUE_TEXT, "NAME", false, "all of this product"},                           \
        {"--owner", VALUE_TEXT, "NAME", false, "all of this owner"},                               \
        {"--file", VALUE_FILE, "LIST", false,                                                      \
         "those that a file names: as for import, product and serial count"},                      \
    {                                                                                              \
        "--no-wait", VALUE_NONE, NULL, false, "of many: do not wait for the end"                   \
    }
const struct option_row device_retire_options[] = {
    ONE_OR_MANY,
    {"--note", VALUE_TEXT, "TEXT", false, "why, for the timeline; erasable"},
    DRY_RUN,
    {0},
};
const struct option_row device_revoke_options[] = {
    ONE_OR_MANY,
    {"--reason", VALUE_CHOICE, REASONS, false, "reason in the CRL (RFC 5280 5.3.1)"},
    {"--note", VALUE_TEXT, "TEXT", false, "why, for the timeline; erasable"},
    DRY_RUN,
    {0},
};
static const struct field end_fields[] = {
    {"--reason", PLACE_TEXT, "reason"},
    {"--note", PLACE_TEXT, "note"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan device_end = {action_device_end, "/api/v1/devices/{PRODUCT}/{SERIAL}/{verb}",
                                end_fields, NULL, "{PRODUCT} {SERIAL}: {verb}"};

const struct option_row bulk_options[] = {
    {"BULK", VALUE_NUMBER, NULL, true, "its number"},
    {0},
};
static const struct column bulk_columns[] = {
    {"BULK", "id"},         {"VERB", "verb"},       {"PRODUCT", "product"},
    {"OWNER", "owner"},     {"BATCH", "batch"},     {"LISTED", "listed"},
    {"STATE", "state"},     {"DEVICES", "devices"}, {"CERTIFICATES", "certificates"},
    {"DONE", "done"},       {"LEFT", "left"},       {"REQUESTER", "requester"},
    {"CREATED", "created"}, {"ENDED", "ended"},     {0},
};
const struct plan bulk_list = {plan_list, "/api/v1/bulks", NULL, bulk_columns, NULL};
const struct plan bulk_show = {plan_show, "/api/v1/bulks/{BULK}", NULL, bulk_columns, NULL};

static const char *const selections[] = {"--product", "--owner", "--batch"};

static bool names_selection(const struct session *session)
{
    for (size_t i = 0; i < LENGTH_OF(selections); i++)
        if (session_text(session, selections[i]) != NULL)
            return true;
    return false;
}

/* ---- what it touches ------------------------------------------------------------------------- */

static long long number_in(const json_t *object, const char *section, const char *member)
{
    const json_t *from = section == NULL ? object : json_object_get(object, section);
    return (long long)json_integer_value(json_object_get(from, member));
}

/* ": expected 3, active 2"; nothing for what is 0. */
static void print_section(struct session *session, const json_t *reach, const char *section,
                          const char *title)
{
    const char *before = title, *key = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(reach, section), key, value)
    {
        if (json_integer_value(value) == 0)
            continue;
        fprintf(session->out, "%s%s %lld", before, key, (long long)json_integer_value(value));
        before = ", ";
    }
}

static void print_reach(struct session *session, const json_t *reach)
{
    bool is_dry = json_is_true(json_object_get(reach, "dry_run"));
    fprintf(session->out, "%s%s %lld devices", is_dry ? "would do: " : "",
            session->args->command->verb, number_in(reach, NULL, "devices"));
    print_section(session, reach, "states", ": ");
    print_section(session, reach, "certificates", "; certificates: ");
    fprintf(session->out, "; unchanged %lld", number_in(reach, NULL, "unchanged"));
    if (is_dry && json_is_true(json_object_get(reach, "two_people")))
        fputs("; this takes two people", session->out);
    fputc('\n', session->out);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static enum result send_names(struct session *session, bool is_dry, json_t **ret, struct err *err)
{
    json_auto_t *body = json_object();
    json_object_set_new(body, "verb", json_string(session->args->command->verb));
    for (size_t i = 0; i < LENGTH_OF(selections); i++)
        if (session_text(session, selections[i]) != NULL)
            json_object_set_new(body, selections[i] + 2,
                                json_string(session_text(session, selections[i])));
    if (session_text(session, "--reason") != NULL)
        json_object_set_new(body, "reason", json_string(session_text(session, "--reason")));
    if (session_text(session, "--note") != NULL)
        json_object_set_new(body, "note", json_string(session_text(session, "--note")));
    struct api_call call = {
        .method = CLIENT_POST,
        .path = is_dry ? "/api/v1/bulks?dry_run=true" : "/api/v1/bulks",
        .body = body,
    };
    return session_send(session, &call, ret, err);
}

static enum result send_list(struct session *session, bool is_dry, json_t **ret, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    char path[CLI_PATH_MAX], note[LIMIT_TEXT * 3 + 1] = "";
    const char *reason = session_text(session, "--reason");
    const char *why = session_text(session, "--note");
    TRY(session_read(session_text(session, "--file"), &file, err));
    if (why != NULL && !api_escape(why, note, sizeof note))
        return err_set(err, E_USAGE, "--note has more than %d octets", LIMIT_TEXT);
    snprintf(path, sizeof path, "/api/v1/bulk-lists?verb=%s%s%s%s%s%s",
             session->args->command->verb, is_dry ? "&dry_run=true" : "",
             reason != NULL ? "&reason=" : "", reason != NULL ? reason : "",
             why != NULL ? "&note=" : "", note);
    bool is_objects = file.n > 0 && (file.p[0] == '{' || file.p[0] == '[');
    struct api_call call = {
        .method = CLIENT_POST,
        .path = path,
        .media = is_objects ? "application/x-ndjson" : "text/csv",
        .content = (const char *)file.p,
        .content_n = file.n,
    };
    return session_send(session, &call, ret, err);
}

static bool is_over(const json_t *bulk)
{
    const char *state = json_string_value(json_object_get(bulk, "state"));
    return state != NULL && strcmp(state, "running") != 0 && strcmp(state, "waiting") != 0;
}

/* A line on a terminal, rewritten while it goes on. */
static void show_left(const json_t *bulk)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%lld of %lld left ", number_in(bulk, NULL, "left"),
                number_in(bulk, NULL, "devices"));
}

static enum result wait_for_end(struct session *session, long long number, json_t **ret,
                                struct err *err)
{
    char path[64];
    snprintf(path, sizeof path, "/api/v1/bulks/%lld", number);
    for (;;) {
        json_auto_t *bulk = NULL;
        TRY(plan_get(session, path, &bulk, err));
        if (is_over(bulk)) {
            *ret = STEAL(bulk);
            break;
        }
        show_left(bulk);
        backoff_sleep_ms(LOOK_MS);
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return OK;
}

static enum result tell_end(struct session *session, long long number, struct err *err)
{
    json_auto_t *bulk = NULL;
    TRY(wait_for_end(session, number, &bulk, err));
    if (session->is_json)
        print_json(session, bulk);
    else
        fprintf(session->out, "bulk %lld ended: %lld devices done\n", number,
                number_in(bulk, NULL, "done"));
    return OK;
}

static enum result end_many(struct session *session, struct err *err)
{
    json_auto_t *answer = NULL;
    bool is_dry = session_text(session, "--dry-run") != NULL;
    bool is_listed = session_text(session, "--file") != NULL;
    TRY(is_listed ? send_list(session, is_dry, &answer, err)
                  : send_names(session, is_dry, &answer, err));
    if (approval_is_asked(answer))
        return approval_tell(session, answer, err);
    bool waits = !is_dry && session_text(session, "--no-wait") == NULL;
    if (!session->is_json)
        print_reach(session, answer);
    else if (!waits)
        print_json(session, answer);
    return waits ? tell_end(session, number_in(answer, NULL, "bulk"), err) : OK;
}

enum result action_device_end(struct session *session, const struct plan *plan, struct err *err)
{
    bool is_one = session_text(session, "PRODUCT") != NULL;
    bool is_listed = session_text(session, "--file") != NULL;
    int ways = is_one + is_listed + names_selection(session);
    if (ways != 1)
        return err_set(err, E_USAGE,
                       "wanted PRODUCT SERIAL, or some of --product, --owner, --batch, or --file");
    if (is_one && session_text(session, "SERIAL") == NULL)
        return err_set(err, E_USAGE, "SERIAL is missing; all devices of a product: --product");
    return is_one ? action_cut(session, plan, err) : end_many(session, err);
}
