#include "config_load.h"

#include <base/config.h>
#include <base/log.h>

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAY_MISS (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, of, member, max)                                                                 \
    CYAML_FIELD_STRING_PTR(key, MAY_MISS, struct of, member, 1, (max)-1)
#define NUMBER(key, of, member) CYAML_FIELD_UINT_PTR(key, MAY_MISS, struct of, member)
#define CHOICE(key, of, member, words)                                                             \
    CYAML_FIELD_ENUM_PTR(key, MAY_MISS | CYAML_FLAG_STRICT, struct of, member, words,              \
                         LENGTH_OF(words))
#define SECTION(key, member, fields)                                                               \
    CYAML_FIELD_MAPPING(key, CYAML_FLAG_OPTIONAL, struct loaded, member, fields)

static const cyaml_strval_t on_off[] = {{"on", 1}, {"off", 0}};
static const cyaml_strval_t yes_no[] = {{"yes", 1}, {"no", 0}};

static const cyaml_schema_value_t server_name = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CONFIG_NAME_MAX - 1),
};

static const cyaml_schema_field_t server_fields[] = {
    CYAML_FIELD_SEQUENCE("names", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct loaded_server,
                         names, &server_name, 1, CONFIG_NAMES_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t listen_fields[] = {
    TEXT("device", loaded_listen, device, ADDRESS_TEXT_MAX),
    TEXT("operator", loaded_listen, operators, ADDRESS_TEXT_MAX),
    TEXT("plain", loaded_listen, plain, ADDRESS_TEXT_MAX),
    TEXT("local", loaded_listen, local, CONFIG_SOCKET_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
    NUMBER("connections", loaded_limits, connections),
    NUMBER("per_ip", loaded_limits, per_ip),
    NUMBER("idle_s", loaded_limits, idle_s),
    NUMBER("handshake_ms", loaded_limits, handshake_ms),
    NUMBER("header_ms", loaded_limits, header_ms),
    NUMBER("body_ms", loaded_limits, body_ms),
    NUMBER("request_ms", loaded_limits, request_ms),
    NUMBER("requests", loaded_limits, requests),
    NUMBER("product_per_s", loaded_limits, product_per_s),
    NUMBER("product_burst", loaded_limits, product_burst),
    NUMBER("address_per_s", loaded_limits, address_per_s),
    NUMBER("address_burst", loaded_limits, address_burst),
    NUMBER("ocsp_per_s", loaded_limits, ocsp_per_s),
    NUMBER("approval_s", loaded_limits, approval_s),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t sandbox_fields[] = {
    CHOICE("seccomp", loaded_sandbox, seccomp, on_off),
    CHOICE("landlock", loaded_sandbox, landlock, on_off),
    CYAML_FIELD_END,
};

static const cyaml_strval_t log_formats[] = {{"logfmt", LOG_LOGFMT}, {"json", LOG_JSON}};
static const cyaml_strval_t log_targets[] = {{"stderr", LOG_STDERR}, {"journal", LOG_JOURNAL}};
static const cyaml_strval_t log_levels[] = {{"debug", LEVEL_DEBUG},
                                            {"info", LEVEL_INFO},
                                            {"warning", LEVEL_WARNING},
                                            {"error", LEVEL_ERROR}};

static const cyaml_schema_field_t log_fields[] = {
    CHOICE("format", loaded_log, format, log_formats),
    CHOICE("to", loaded_log, to, log_targets),
    CHOICE("level", loaded_log, level, log_levels),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t retention_fields[] = {
    NUMBER("answers_s", loaded_retention, answers_s),
    NUMBER("counters_s", loaded_retention, counters_s),
    NUMBER("seen_s", loaded_retention, seen_s),
    NUMBER("checkpoints_s", loaded_retention, checkpoints_s),
    NUMBER("webhooks_s", loaded_retention, webhooks_s),
    CYAML_FIELD_END,
};

static const cyaml_strval_t webhook_events[] = {
    {"opened", WEBHOOK_OPENED}, {"closed", WEBHOOK_CLOSED}, {"answered", WEBHOOK_ANSWERED}};
static const cyaml_strval_t severities[] = {
    {"low", 1}, {"medium", 2}, {"high", 3}, {"critical", 4}};

static const cyaml_schema_field_t webhook_fields[] = {
    TEXT("name", loaded_webhook, name, CONFIG_WEBHOOK_NAME_MAX),
    TEXT("url", loaded_webhook, url, URL_TEXT_MAX),
    TEXT("ca_file", loaded_webhook, ca_file, CONFIG_PATH_MAX),
    TEXT("owner", loaded_webhook, owner, CONFIG_OWNER_MAX),
    CYAML_FIELD_FLAGS_PTR("events", MAY_MISS | CYAML_FLAG_STRICT, struct loaded_webhook, events,
                          webhook_events, LENGTH_OF(webhook_events)),
    CHOICE("severity", loaded_webhook, severity, severities),
    NUMBER("timeout_ms", loaded_webhook, timeout_ms),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t webhook = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct loaded_webhook, webhook_fields),
};

static const cyaml_schema_field_t top_fields[] = {
    TEXT("data", loaded, data, CONFIG_PATH_MAX),
    TEXT("public", loaded, public_files, CONFIG_PATH_MAX),
    TEXT("passphrase_file", loaded, passphrase_file, CONFIG_PATH_MAX),
    TEXT("public_url", loaded, public_url, CONFIG_URL_MAX),
    TEXT("users", loaded, users, CONFIG_USERS_MAX),
    NUMBER("fronts", loaded, fronts),
    CHOICE("lab", loaded, lab, yes_no),
    SECTION("server", server, server_fields),
    SECTION("listen", listen, listen_fields),
    SECTION("limits", limits, limits_fields),
    SECTION("sandbox", sandbox, sandbox_fields),
    SECTION("log", log, log_fields),
    SECTION("retention", retention, retention_fields),
    CYAML_FIELD_SEQUENCE("webhooks", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct loaded,
                         webhooks, &webhook, 0, CONFIG_WEBHOOKS_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct loaded, top_fields),
};

/* What libcyaml says comes only as log lines: first the reason, then where, inmost first. */
struct said {
    char reason[192];
    struct yaml_position at;
};

__attribute__((format(printf, 3, 0))) static void listen_to_cyaml(cyaml_log_t level, void *context,
                                                                  const char *format, va_list list)
{
    struct said *said = context;
    char text[192];
    vsnprintf(text, sizeof text, format, list);
    if (level < CYAML_LOG_WARNING)
        return;
    const char *line = strstr(text, "(line: "), *column = strstr(text, ", column: ");
    if (line != NULL && column != NULL) {
        if (said->at.line == 0)
            said->at = (struct yaml_position){strtoul(line + strlen("(line: "), NULL, 10),
                                              strtoul(column + strlen(", column: "), NULL, 10)};
    } else if (said->reason[0] == '\0' && strstr(text, "Backtrace:") == NULL) {
        bool prefixed = strncmp(text, "Load: ", 6) == 0;
        snprintf(said->reason, sizeof said->reason, "%s", text + (prefixed ? 6 : 0));
        said->reason[strcspn(said->reason, "\n")] = '\0';
    }
}

static const cyaml_config_t *cyaml_setup(cyaml_config_t *config, struct said *said)
{
    *config = (cyaml_config_t){
        .log_fn = listen_to_cyaml,
        .log_ctx = said,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_WARNING,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    return config;
}

/* libcyaml gives the position of the last value it took; a key that it refuses stands behind it. */
static size_t true_line(const struct said *said, yaml_document_t *document)
{
    static const char *const about_keys[] = {"Unexpected key: ", "Mapping field already seen: "};
    for (size_t i = 0; i < LENGTH_OF(about_keys); i++) {
        size_t n = strlen(about_keys[i]);
        if (strncmp(said->reason, about_keys[i], n) == 0)
            return yaml_key_line_from(document, said->reason + n, said->at);
    }
    return said->at.line;
}

enum result config_load(struct yaml_text text, yaml_document_t *document, struct loaded **ret,
                        struct err *err)
{
    struct said said = {.reason = ""};
    cyaml_config_t config;
    CLEANUP(loaded_freep) struct loaded *loaded = NULL;
    cyaml_err_t code = cyaml_load_data(text.bytes.p, text.bytes.n, cyaml_setup(&config, &said),
                                       &schema, (cyaml_data_t **)&loaded, NULL);
    if (code == CYAML_OK && said.reason[0] == '\0' && loaded != NULL) {
        *ret = STEAL(loaded);
        return OK;
    }
    const char *reason = said.reason[0] != '\0' ? said.reason : cyaml_strerror(code);
    struct err_value shown = err_value((struct bytes){(const uint8_t *)reason, strlen(reason)});
    size_t line = true_line(&said, document);
    return err_set(err, E_CONFIG, "%s:%zu: %s; wanted what the example troth.yaml shows", text.path,
                   line > 0 ? line : 1, shown.text);
}

void loaded_freep(struct loaded **loaded)
{
    if (*loaded == NULL)
        return;
    struct said ignored = {.reason = ""};
    cyaml_config_t config;
    cyaml_free(cyaml_setup(&config, &ignored), &schema, *loaded, 0);
    *loaded = NULL;
}
