/* Our issuers: one of them, who still needs it, and its end. */
#include <cli/actions.h>
#include <cli/print.h>

#include "commands_parts.h"

#include <string.h>

/* The devices that need it still, as `troth device list --issuer` has them. */
static enum result list_devices(struct session *session, struct err *err)
{
    static const struct field fields[] = {{"ISSUER", PLACE_QUERY, "issuer"}, {0}};
    static const struct column columns[] = {
        {"PRODUCT", "product"}, {"SERIAL", "serial"},   {"STATE", "state"},
        {"VERDICT", "verdict"}, {"UNTIL", "not_after"}, {"RENEWS", "renew_at"},
        {"SEEN", "seen"},       {"OWNER", "owner"},     {0},
    };
    static const struct plan devices = {plan_list, "/api/v1/devices", fields, columns, NULL};
    return plan_list(session, &devices, err);
}

static void print_pem(struct session *session, const json_t *issuer, const char *title,
                      const char *member)
{
    const char *pem = json_string_value(json_object_get(issuer, member));
    if (pem == NULL)
        return;
    fprintf(session->out, "%s\n", title);
    print_lines(session, pem);
}

enum result action_issuer_show(struct session *session, const struct plan *plan, struct err *err)
{
    char path[CLI_PATH_MAX];
    json_auto_t *issuer = NULL;
    if (session_text(session, "--devices") != NULL)
        return list_devices(session, err);
    TRY(session_expand(session, plan->path, true, path, sizeof path, err));
    TRY(plan_get(session, path, &issuer, err));
    if (session->is_json) {
        print_json(session, issuer);
        return OK;
    }
    print_details(session, plan->columns, issuer);
    print_pem(session, issuer, "certificate", "pem");
    print_pem(session, issuer, "new with old", "new_with_old");
    print_pem(session, issuer, "old with new", "old_with_new");
    return OK;
}

enum result action_issuer_retire(struct session *session, const struct plan *plan, struct err *err)
{
    struct plan forced = *plan;
    forced.path = "/api/v1/issuers/{ISSUER}/force";
    return plan_change(session, session_text(session, "--force") != NULL ? &forced : plan, err);
}

/* ---- the commands -----------------------------------------------------------------------------
 */

static const struct column issuer_columns[] = {
    {"ID", "id"},
    {"KIND", "kind"},
    {"STATE", "state"},
    {"NAME", "name"},
    {"ROOT", "root"},
    {"OWNER", "owner"},
    {"UNTIL", "not_after"},
    {"LIVE", "certificates"},
    {"DEVICES", "devices"},
    {"OPERATORS", "operators"},
    {"BOUNDARIES", "boundaries"},
    {0},
};
const struct plan issuer_list = {plan_list, "/api/v1/issuers", NULL, issuer_columns, NULL};

#define ISSUER                                                                                     \
    {                                                                                              \
        "ISSUER", VALUE_NUMBER, NULL, true, "its ID in `troth issuer list`"                        \
    }
const struct option_row issuer_show_options[] = {
    ISSUER,
    {"--devices", VALUE_NONE, NULL, false, "list the devices that need it still, instead"},
    {0},
};
const struct plan issuer_show = {action_issuer_show, "/api/v1/issuers/{ISSUER}", NULL,
                                 issuer_columns, NULL};
const struct option_row issuer_add_options[] = {
    {"NUMBER", VALUE_NUMBER, NULL, true, "its ID from now on, as `trothd issuer` said"},
    {"KIND", VALUE_CHOICE, "root|idevid|ldevid|operations", true, "what it is"},
    {"--certificate", VALUE_FILE, "FILE", true, "its certificate, PEM"},
    {"--new-with-old", VALUE_FILE, "FILE", false, "of a root: its key by the one before, PEM"},
    {"--old-with-new", VALUE_FILE, "FILE", false, "of a root: the one before by its key, PEM"},
    {"--owner", VALUE_TEXT, "OWNER", false, "of an ldevid: for the devices of this owner alone"},
    DRY_RUN,
    {0},
};
static const struct field issuer_add_fields[] = {
    {"NUMBER", PLACE_NUMBER, "number"},
    {"KIND", PLACE_TEXT, "kind"},
    {"--certificate", PLACE_FILE, "certificate"},
    {"--new-with-old", PLACE_FILE, "new_with_old"},
    {"--old-with-new", PLACE_FILE, "old_with_new"},
    {"--owner", PLACE_TEXT, "owner"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan issuer_add = {plan_change, "/api/v1/issuers", issuer_add_fields, NULL,
                                "{KIND} {NUMBER} is the current one"};
const struct option_row issuer_retire_options[] = {
    ISSUER,
    {"--force", VALUE_NONE, NULL, false, "although it is needed: two people decide"},
    DRY_RUN,
    {0},
};
static const struct field issuer_retire_fields[] = {DRY_RUN_FIELD, {0}};
const struct plan issuer_retire = {action_issuer_retire, "/api/v1/issuers/{ISSUER}/retire",
                                   issuer_retire_fields, NULL, "issuer {ISSUER} retired"};
