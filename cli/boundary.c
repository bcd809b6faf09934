/* Boundaries, who admit devices, and bindings, which say who may do what there. */
#include "commands_parts.h"

#include <cli/actions.h>
#include <cli/approval.h>
#include <cli/print.h>

#define BOUNDARY                                                                                   \
    {                                                                                              \
        "BOUNDARY", VALUE_TEXT, NULL, true, "name of the boundary"                                 \
    }
#define AGE(help)                                                                                  \
    {                                                                                              \
        "--age", VALUE_DURATION, "TIME", false, help                                               \
    }
#define TOKEN_LIFE                                                                                 \
    {                                                                                              \
        "--ttl", VALUE_DURATION, "TIME", false, "life of the token, up to 90d (default 1d)"        \
    }

/* ---- how it enrols ----------------------------------------------------------------------------
 */

/* One command that needs nothing else; the token goes by standard input, which no process list has.
 */
static void print_command(struct session *session, const json_t *outcome, const char *token)
{
    static const char *const parts[][2] = {
        {"--server", "server"}, {"--root-sha256", "root_sha256"}, {"--log-key", "log_key"}};
    fputs("on the boundary's machine, once (the token is not shown again):\n"
          "troth-gate enrol --state /var/lib/troth-gate",
          session->out);
    for (size_t i = 0; i < LENGTH_OF(parts); i++) {
        const char *value = json_string_value(json_object_get(outcome, parts[i][1]));
        fprintf(session->out, " %s ", parts[i][0]);
        print_clean(value != NULL ? value : "?", session->out);
    }
    const char *added = session_text(session, "NAME");
    fputs(" --name ", session->out);
    print_clean(added != NULL ? added : session_text(session, "BOUNDARY"), session->out);
    fputs(" --token-file - <<< ", session->out);
    print_clean(token, session->out);
    fputc('\n', session->out);
}

enum result action_boundary_enrols(struct session *session, const struct plan *plan,
                                   struct err *err)
{
    json_auto_t *outcome = NULL;
    TRY(plan_post(session, plan, &outcome, err));
    const char *token = json_string_value(json_object_get(outcome, "token"));
    TRY(plan_tell(session, plan, outcome, err));
    if (!session->is_json && token != NULL)
        print_command(session, outcome, token);
    return OK;
}

enum result action_boundary_show(struct session *session, const struct plan *plan, struct err *err)
{
    static const struct column services[] = {
        {"SERVICE", "name"}, {"AGE_S", "age_s"}, {"FAIL_OPEN", "fail_open"}, {0}};
    char path[CLI_PATH_MAX];
    json_auto_t *answer = NULL;
    TRY(plan_path(session, plan, path, sizeof path, err));
    TRY(plan_get(session, path, &answer, err));
    if (session->is_json) {
        print_json(session, answer);
        return OK;
    }
    print_details(session, plan->columns, json_object_get(answer, "boundary"));
    print_part(session, "Services", services, json_object_get(answer, "services"));
    return OK;
}

/* ---- boundaries -------------------------------------------------------------------------------
 */

static const struct column boundary_columns[] = {
    {"ID", "id"},
    {"NAME", "name"},
    {"STATE", "state"},
    {"SERVICES", "services"},
    {"CERTIFICATE_UNTIL", "not_after"},
    {"TOKEN_UNTIL", "token_until"},
    {"HEARD", "heard"},
    {"STATUS", "status_generation"},
    {"OWN", "service_generation"},
    {"BEHIND_SINCE", "behind_since"},
    {0},
};

const struct option_row boundary_add_options[] = {
    {"NAME", VALUE_TEXT, NULL, true, "its name, which enrols with the token"},
    {"--services", VALUE_TEXT, "LIST", true, "names of what it guards, 1 to 8 with commas"},
    AGE("so old may be what it knows of certificates (default 5m)"),
    TOKEN_LIFE,
    DRY_RUN,
    {0},
};
static const struct field add_fields[] = {
    {"NAME", PLACE_TEXT, "name"},
    {"--services", PLACE_TEXT, "services"},
    {"--age", PLACE_NUMBER, "age_s"},
    {"--ttl", PLACE_NUMBER, "ttl_s"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan boundary_add = {action_boundary_enrols, "/api/v1/boundaries", add_fields, NULL,
                                  "boundary {NAME} added"};

const struct option_row boundary_list_options[] = {
    {"--all", VALUE_NONE, NULL, false, "ended ones too"}, LIMIT, {0}};
static const struct field all_fields[] = {{"--all", PLACE_QUERY, "all"}, {0}};
const struct plan boundary_list = {plan_list, "/api/v1/boundaries", all_fields, boundary_columns,
                                   NULL};

const struct option_row boundary_show_options[] = {BOUNDARY, {0}};
const struct plan boundary_show = {action_boundary_show, "/api/v1/boundaries/{BOUNDARY}", NULL,
                                   boundary_columns, NULL};

const struct option_row boundary_set_options[] = {
    BOUNDARY,
    {"--service", VALUE_TEXT, "SERVICE", false, "of this service only; else of each"},
    {"--add", VALUE_TEXT, "SERVICE", false,
     "it guards this service too, with that age (default 5m)"},
    {"--remove", VALUE_TEXT, "SERVICE", false, "it guards this service no more"},
    AGE("so old may be what it knows of certificates"),
    {"--fail-closed", VALUE_NONE, NULL, false, "beyond that age it refuses everybody again"},
    {"--new-token", VALUE_NONE, NULL, false, "let it enrol again, with another key"},
    TOKEN_LIFE,
    DRY_RUN,
    {0},
};
static const struct field set_fields[] = {
    {"--service", PLACE_TEXT, "service"},
    {"--add", PLACE_TEXT, "add"},
    {"--remove", PLACE_TEXT, "remove"},
    {"--age", PLACE_NUMBER, "age_s"},
    {"--fail-closed", PLACE_FLAG, "fail_closed"},
    {"--new-token", PLACE_FLAG, "new_token"},
    {"--ttl", PLACE_NUMBER, "ttl_s"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan boundary_set = {action_boundary_enrols, "/api/v1/boundaries/{BOUNDARY}",
                                  set_fields, NULL, "boundary {BOUNDARY} changed"};

const struct option_row boundary_open_options[] = {
    BOUNDARY, {"SERVICE", VALUE_TEXT, NULL, true, "which of its services"}, DRY_RUN, {0}};
static const struct field open_fields[] = {{"SERVICE", PLACE_TEXT, "service"}, DRY_RUN_FIELD, {0}};
const struct plan boundary_fail_open = {plan_change, "/api/v1/boundaries/{BOUNDARY}/fail-open",
                                        open_fields, NULL,
                                        "{SERVICE} at {BOUNDARY} admits whom it saw valid last, "
                                        "however old that is"};

#define NOTE                                                                                       \
    {                                                                                              \
        "--note", VALUE_TEXT, "TEXT", false, "why, for the ledger; erasable"                       \
    }
const struct option_row boundary_remove_options[] = {BOUNDARY, NOTE, DRY_RUN, {0}};
static const struct field remove_fields[] = {{"--note", PLACE_TEXT, "note"}, DRY_RUN_FIELD, {0}};
const struct plan boundary_remove = {plan_change, "/api/v1/boundaries/{BOUNDARY}/remove",
                                     remove_fields, NULL, "boundary {BOUNDARY} removed"};

/* ---- bindings ---------------------------------------------------------------------------------
 */

static const struct column binding_columns[] = {
    {"ID", "id"},           {"SERVICE", "service"},
    {"KIND", "kind"},       {"PRODUCT", "product"},
    {"OWNER", "of_owner"},  {"SERIAL", "serial"},
    {"ACTIONS", "actions"}, {"PATTERN", "pattern"},
    {"EXPIRES", "expires"}, {"IN_FORCE", "in_force"},
    {"USED", "used"},       {0},
};

const struct option_row binding_add_options[] = {
    {"SERVICE", VALUE_TEXT, NULL, true, "at every boundary that has it"},
    {"--actions", VALUE_TEXT, "LIST", true, "some of connect,publish,subscribe,request"},
    {"--pattern", VALUE_TEXT, "TEXT", false,
     "topic filter, or path, in which %device%, %product% and %owner% stand for its own names"},
    {"--product", VALUE_TEXT, "NAME", false, "for all devices of this product,"},
    {"--owner", VALUE_TEXT, "NAME", false, "for those of this owner (of that product, if both),"},
    {"--serial", VALUE_TEXT, "SERIAL", false, "or for this one; wants --product"},
    {"--for", VALUE_DURATION, "TIME", false, "how long (default: until it is removed)"},
    DRY_RUN,
    {0},
};
static const struct field binding_add_fields[] = {
    {"SERVICE", PLACE_TEXT, "service"},
    {"--actions", PLACE_WORDS, "actions"},
    {"--pattern", PLACE_TEXT, "pattern"},
    {"--product", PLACE_TEXT, "product"},
    {"--owner", PLACE_TEXT, "of_owner"},
    {"--serial", PLACE_TEXT, "serial"},
    {"--for", PLACE_NUMBER, "ttl_s"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan binding_add = {plan_change, "/api/v1/bindings", binding_add_fields, NULL,
                                 "bound to {SERVICE}"};

const struct option_row binding_list_options[] = {
    {"--service", VALUE_TEXT, "NAME", false, "of this service only"},
    {"--all", VALUE_NONE, NULL, false, "removed and expired ones too"},
    LIMIT,
    {0},
};
static const struct field binding_list_fields[] = {
    {"--service", PLACE_QUERY, "service"}, {"--all", PLACE_QUERY, "all"}, {0}};
const struct plan binding_list = {plan_list, "/api/v1/bindings", binding_list_fields,
                                  binding_columns, NULL};

#define BINDING                                                                                    \
    {                                                                                              \
        "BINDING", VALUE_NUMBER, NULL, true, "its number"                                          \
    }
const struct option_row binding_show_options[] = {BINDING, {0}};
const struct plan binding_show = {plan_show, "/api/v1/bindings/{BINDING}", NULL, binding_columns,
                                  NULL};

const struct option_row binding_remove_options[] = {BINDING, NOTE, DRY_RUN, {0}};
const struct plan binding_remove = {plan_change, "/api/v1/bindings/{BINDING}/remove", remove_fields,
                                    NULL, "binding {BINDING} removed"};
