/* Imports: what comes in a file that somebody else wrote. */
#include <base/file.h>
#include <cli/actions.h>
#include <cli/imports.h>
#include <cli/print.h>

#define FAULTS_SHOWN 50 /* for people; --json has all that the server sends */

const struct option_row device_import_options[] = {
    {"FILE", VALUE_FILE, NULL, true,
     "CSV whose first line names the columns, or JSON objects, one a line: product, serial, and "
     "key, spki, csr or certificate, owner, batch, hold, replaces; with --manifest a maker's "
     "manifest"},
    {"--manifest", VALUE_TEXT, "PRODUCT", false,
     "FILE is a signed manifest (JWS) of Microchip's secure elements, of devices of this product"},
    {"--owner", VALUE_TEXT, "NAME", false, "with --manifest: whose the devices are"},
    {"--hold", VALUE_NONE, NULL, false, "with --manifest: first enrolments wait for a person"},
    DRY_RUN,
    {0},
};
static const struct field device_import_fields[] = {
    {"--manifest", PLACE_QUERY, "product"},
    {"--owner", PLACE_QUERY, "owner"},
    {"--hold", PLACE_QUERY, "hold"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan device_import = {
    .run = action_import, .path = "/api/v1/devices/import", .fields = device_import_fields};

const struct option_row cert_import_options[] = {
    {"FILE", VALUE_FILE, NULL, true, "what the other CA keeps or exports: troth-import(5)"},
    {"--format", VALUE_CHOICE, "openssl-index|step-ca|ejbca", true,
     "index.txt of openssl ca; JSON lines of step-ca; CSV of EJBCA; the latter two also PEM"},
    {"--issuer", VALUE_NUMBER, "ANCHOR", true, "that CA: its ID in `troth anchor list`"},
    DRY_RUN,
    {0},
};
static const struct field cert_import_fields[] = {
    {"--format", PLACE_QUERY, "format"},
    {"--issuer", PLACE_QUERY, "issuer"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan cert_import = {.run = action_foreign_import,
                                 .path = "/api/v1/foreign-certificates/import",
                                 .fields = cert_import_fields};

static void print_import(struct session *session, const json_t *outcome)
{
    static const char *const counts[] = {"rows",      "created", "changed",
                                         "unchanged", "refused", "unlinked"};
    static const struct column columns[] = {
        {"LINE", "line"},
        {"ERROR", "code"},
        {"REASON", "reason"},
        {0},
    };
    if (json_is_true(json_object_get(outcome, "dry_run")))
        fputs("would do: ", session->out);
    for (size_t i = 0; i < LENGTH_OF(counts); i++)
        fprintf(session->out, "%s%s %lld", i > 0 ? ", " : "", counts[i],
                (long long)json_integer_value(json_object_get(outcome, counts[i])));
    const json_t *faults = json_object_get(outcome, "faults");
    long long total = (long long)json_integer_value(json_object_get(outcome, "faults_total"));
    fprintf(session->out, ", faulty lines %lld\n", total);
    json_auto_t *shown = json_array();
    for (size_t i = 0; i < json_array_size(faults) && i < FAULTS_SHOWN; i++)
        json_array_append(shown, json_array_get(faults, i));
    print_part(session, "Faulty lines", columns, shown);
    if (total > FAULTS_SHOWN)
        fprintf(session->out, "... and %lld more; --json has more\n", total - FAULTS_SHOWN);
}

static enum result send_file(struct session *session, const struct plan *plan, struct bytes file,
                             const char *media, struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(plan_path(session, plan, path, sizeof path, err));
    struct api_call call = {
        .method = CLIENT_POST,
        .path = path,
        .media = media,
        .content = (const char *)file.p,
        .content_n = file.n,
    };
    json_auto_t *outcome = NULL;
    TRY(session_send(session, &call, &outcome, err));
    if (session->is_json)
        print_json(session, outcome);
    else
        print_import(session, outcome);
    if (json_integer_value(json_object_get(outcome, "faults_total")) > 0)
        session->exit_status = error_find(E_IMPORT)->exit_status;
    return OK;
}

static const char *media_of(const struct session *session, struct bytes file)
{
    if (session_text(session, "--manifest") != NULL)
        return "application/jose+json";
    bool is_json = file.n > 0 && (file.p[0] == '{' || file.p[0] == '[');
    return is_json ? "application/x-ndjson" : "text/csv";
}

enum result action_import(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    TRY(session_read(session_text(session, "FILE"), &file, err));
    struct bytes octets = blob_bytes(&file);
    return send_file(session, plan, octets, media_of(session, octets), err);
}

enum result action_foreign_import(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    TRY(session_read(session_text(session, "FILE"), &file, err));
    return send_file(session, plan, blob_bytes(&file), "text/plain", err);
}
