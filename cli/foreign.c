/* Certificates of other CAs: the list, and one of them. */
#include <cli/actions.h>
#include <cli/imports.h>
#include <cli/print.h>

#include <string.h>

static const struct field foreign_list_fields[] = {
    {"--product", PLACE_QUERY, "product"},
    {"--serial", PLACE_QUERY, "serial"},
    {"--state", PLACE_QUERY, "state"},
    {0},
};
const struct column foreign_columns[] = {
    {"CERTIFICATE", "serial"},   {"ISSUER", "issuer"},   {"PRODUCT", "product"},
    {"DEVICE", "device_serial"}, {"STATE", "state"},     {"REASON", "reason"},
    {"UNTIL", "not_after"},      {"SUBJECT", "subject"}, {0},
};
static const struct plan foreign_list = {plan_list, "/api/v1/foreign-certificates",
                                         foreign_list_fields, foreign_columns, NULL};

enum result action_cert_list(struct session *session, const struct plan *plan, struct err *err)
{
    bool is_foreign = session_text(session, "--foreign") != NULL;
    return plan_list(session, is_foreign ? &foreign_list : plan, err);
}

/* ---- one of them ---------------------------------------------------------------------------- */

static void print_foreign(struct session *session, const json_t *shown)
{
    static const struct column details[] = {
        {"CERTIFICATE", "serial"},
        {"SUBJECT", "subject"},
        {"STATE", "state"},
        {"REASON", "reason"},
        {"ISSUER", "issuer"},
        {"PRODUCT", "product"},
        {"DEVICE", "device_serial"},
        {"FROM", "not_before"},
        {"UNTIL", "not_after"},
        {"KEY", "key"},
        {"BITS", "bits"},
        {"SIGNATURE", "signature"},
        {"SELF_SIGNED", "self_signed"},
        {"SEEN", "seen"},
        {0},
    };
    static const struct column places[] = {
        {"PLACE", "place"},
        {"PROTOCOL", "protocol"},
        {"CIPHER", "cipher"},
        {"FIRST", "first"},
        {"LAST", "last"},
        {"ENDED", "ended"},
        {0},
    };
    static const struct column findings[] = {
        {"FINDING", "check"}, {"TITLE", "title"}, {"SEVERITY", "severity"},
        {"BEGAN", "began"},   {"MEND", "mend"},   {0},
    };
    const json_t *certificate = json_object_get(shown, "certificate");
    const char *pem = json_string_value(json_object_get(certificate, "pem"));
    print_details(session, details, certificate);
    fputs("another CA issued it, and it cannot be revoked here: have its issuer revoke it, and put "
          "another one in its place\n",
          session->out);
    print_part(session, "Places, newest first", places, json_object_get(shown, "places"));
    print_part(session, "Findings", findings, json_object_get(shown, "findings"));
    print_lines(session, pem != NULL ? pem : "");
}

static enum result get_foreign(struct session *session, json_int_t id, json_t **ret,
                               struct err *err)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/api/v1/foreign-certificates/%lld", (long long)id);
    return plan_get(session, path, ret, err);
}

enum result foreign_show(struct session *session, bool *ret_found, struct err *err)
{
    static const char list[] = "/api/v1/foreign-certificates?limit=100&certificate={CERTIFICATE}";
    char path[CLI_PATH_MAX];
    const json_t *one = NULL;
    size_t i = 0;
    json_auto_t *answer = NULL, *all = json_array();
    TRY(session_expand(session, list, true, path, sizeof path, err));
    TRY(plan_get(session, path, &answer, err));
    const json_t *items = json_object_get(answer, "items");
    *ret_found = json_array_size(items) > 0;
    json_array_foreach(items, i, one)
    {
        json_t *shown = NULL;
        TRY(get_foreign(session, json_integer_value(json_object_get(one, "id")), &shown, err));
        if (!session->is_json)
            print_foreign(session, shown);
        json_array_append_new(all, shown);
    }
    if (session->is_json && *ret_found)
        print_json(session, all);
    return OK;
}
