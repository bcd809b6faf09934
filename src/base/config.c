#include <base/config.h>

#include "config_source.h"

#include <base/file.h>
#include <base/log.h>

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum result config_refuse(struct source *from, struct place place, struct err *err,
                          const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    size_t line = yaml_value_line(from->document, place.section, place.key, place.item);
    return err_set(err, E_CONFIG, "%s:%zu: %s%s%s: %s", from->path, line > 0 ? line : 1,
                   place.section != NULL ? place.section : "", place.section != NULL ? "." : "",
                   place.key, text);
}

static struct err_value shown(const char *text)
{
    return err_value((struct bytes){(const uint8_t *)text, strlen(text)});
}

struct number_row {
    struct place place;
    size_t from; /* offset of a uint32_t * in struct loaded */
    size_t to;   /* offset of a uint32_t in struct config */
    uint32_t least, most, otherwise;
};
#define LIMIT_ROW(name, least, most, otherwise)                                                    \
    {                                                                                              \
        {"limits", #name, -1}, offsetof(struct loaded, limits.name),                               \
            offsetof(struct config, limits.name), least, most, otherwise                           \
    }

#define KEEP_ROW(name, least, otherwise)                                                           \
    {                                                                                              \
        {"retention", #name, -1}, offsetof(struct loaded, retention.name),                         \
            offsetof(struct config, retention.name), least, CONFIG_RETENTION_MAX_S, otherwise      \
    }

static const struct number_row numbers[] = {
    {{NULL, "fronts", -1},
     offsetof(struct loaded, fronts),
     offsetof(struct config, fronts),
     1,
     CONFIG_FRONTS_MAX,
     2},
    LIMIT_ROW(connections, 1, 1000000, 6000),
    LIMIT_ROW(per_ip, 0, 1000000, 0),
    LIMIT_ROW(idle_s, 1, 3600, 60),
    LIMIT_ROW(handshake_ms, 100, 600000, 10000),
    LIMIT_ROW(header_ms, 100, 600000, 10000),
    LIMIT_ROW(body_ms, 100, 600000, 20000),
    LIMIT_ROW(request_ms, 100, 600000, 30000),
    LIMIT_ROW(requests, 1, CONFIG_REQUESTS_MAX, CONFIG_REQUESTS_MAX),
    LIMIT_ROW(product_per_s, 0, 1000000, 1000),
    LIMIT_ROW(product_burst, 1, 1000000, 2000),
    LIMIT_ROW(address_per_s, 0, 1000000, 200),
    LIMIT_ROW(address_burst, 1, 1000000, 2000),
    LIMIT_ROW(ocsp_per_s, 0, 1000000, 1000),
    LIMIT_ROW(approval_s, 1, 2592000, 86400),
    KEEP_ROW(answers_s, 3600, 86400),
    KEEP_ROW(counters_s, 7200, 86400),
    KEEP_ROW(seen_s, 3600, 365 * 86400),
    KEEP_ROW(checkpoints_s, 3600, 365 * 86400),
    KEEP_ROW(webhooks_s, 60, 3 * 86400),
};

static enum result take_numbers(struct source *from, const struct loaded *loaded,
                                struct config *config, struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
        const struct number_row *row = &numbers[i];
        uint32_t *given;
        memcpy(&given, (const char *)loaded + row->from, sizeof given);
        uint32_t value = given != NULL ? *given : row->otherwise;
        if (value < row->least || value > row->most)
            return config_refuse(from, row->place, err, "%u is out of range, wanted %u to %u",
                                 value, row->least, row->most);
        memcpy((char *)config + row->to, &value, sizeof value);
    }
    return OK;
}

struct address_row {
    struct place place;
    size_t from, to; /* offsets of a char * and of a struct address */
    const char *otherwise;
};

static const struct address_row addresses[] = {
    {{"listen", "device", -1},
     offsetof(struct loaded, listen.device),
     offsetof(struct config, listen.device),
     "127.0.0.1:8443"},
    {{"listen", "operator", -1},
     offsetof(struct loaded, listen.operators),
     offsetof(struct config, listen.operators),
     "127.0.0.1:8444"},
    {{"listen", "plain", -1},
     offsetof(struct loaded, listen.plain),
     offsetof(struct config, listen.plain),
     "127.0.0.1:8080"},
};

static enum result take_addresses(struct source *from, const struct loaded *loaded,
                                  struct config *config, struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(addresses); i++) {
        const struct address_row *row = &addresses[i];
        char *given;
        memcpy(&given, (const char *)loaded + row->from, sizeof given);
        const char *text = given != NULL ? given : row->otherwise;
        struct address address;
        if (address_parse(text, &address, NULL) != OK)
            return config_refuse(from, row->place, err, "\"%s\", wanted IPv4:PORT or [IPv6]:PORT",
                                 shown(text).text);
        memcpy((char *)config + row->to, &address, sizeof address);
    }
    return OK;
}

enum result config_take_path(struct source *from, const struct path_row *row, struct err *err)
{
    const char *path = row->given != NULL ? row->given : row->otherwise;
    const char *folder = row->given != NULL ? from->folder : row->folder;
    int n = *path == '/' ? snprintf(row->to, row->size, "%s", path)
                         : snprintf(row->to, row->size, "%s/%s", folder, path);
    if (n < 0 || (size_t)n >= row->size)
        return config_refuse(from, row->place, err,
                             "the whole path has %d bytes, wanted at most %zu", n, row->size - 1);
    return OK;
}

static enum result take_paths(struct source *from, const struct loaded *loaded,
                              struct config *config, struct err *err)
{
    const struct path_row rows[] = {
        {{NULL, "data", -1}, loaded->data, "/var/lib/troth", "/", config->data, CONFIG_PATH_MAX},
        {{NULL, "public", -1},
         loaded->public_files,
         "public",
         config->data,
         config->public_files,
         CONFIG_PATH_MAX},
        {{"listen", "local", -1},
         loaded->listen.local,
         "local.sock",
         config->data,
         config->listen.local,
         CONFIG_SOCKET_MAX},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        TRY(config_take_path(from, &rows[i], err));
    if (loaded->passphrase_file == NULL)
        return OK;
    const struct path_row passphrase = {
        {NULL, "passphrase_file", -1}, loaded->passphrase_file, "", "/",
        config->passphrase_file,       CONFIG_PATH_MAX};
    return config_take_path(from, &passphrase, err);
}

static enum result take_names(struct source *from, const struct loaded *loaded,
                              struct config *config, struct err *err)
{
    static char otherwise[] = "localhost";
    char *only[] = {otherwise};
    bool given = loaded->server.names != NULL;
    char **names = given ? loaded->server.names : only;
    config->server_name_count = given ? loaded->server.names_count : 1;
    for (uint32_t i = 0; i < config->server_name_count; i++) {
        if (!is_ip_literal(names[i]) && !is_host_name(names[i]))
            return config_refuse(from, (struct place){"server", "names", (int)i}, err,
                                 "\"%s\", wanted a DNS name or an IP address",
                                 shown(names[i]).text);
        snprintf(config->server_names[i], CONFIG_NAME_MAX, "%s", names[i]);
    }
    return OK;
}

bool config_is_public_url(const char *url)
{
    size_t n = strlen(url);
    if (strncmp(url, "http://", 7) != 0 || n < 8 || url[7] == '/' || url[n - 1] == '/')
        return false;
    for (const char *at = url; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}?#", *at) != NULL)
            return false;
    return true;
}

static enum result take_public_url(struct source *from, const struct loaded *loaded,
                                   struct config *config, struct err *err)
{
    const char *name = config->server_names[0];
    bool v6 = strchr(name, ':') != NULL;
    if (loaded->public_url == NULL) {
        int n = snprintf(config->public_url, CONFIG_URL_MAX, v6 ? "http://[%s]:%u" : "http://%s:%u",
                         name, address_port(&config->listen.plain));
        return n < CONFIG_URL_MAX
                   ? OK
                   : config_refuse(from, (struct place){"server", "names", 0}, err,
                                   "too long for the default of public_url: set that");
    }
    if (!config_is_public_url(loaded->public_url))
        return config_refuse(from, (struct place){NULL, "public_url", -1}, err,
                             "\"%s\", wanted http://HOST[:PORT][/PATH] without a slash at its end",
                             shown(loaded->public_url).text);
    snprintf(config->public_url, CONFIG_URL_MAX, "%s", loaded->public_url);
    return OK;
}

static void take_switches(const struct loaded *loaded, struct config *config)
{
    config->sandbox_seccomp = loaded->sandbox.seccomp == NULL || *loaded->sandbox.seccomp == 1;
    config->sandbox_landlock = loaded->sandbox.landlock == NULL || *loaded->sandbox.landlock == 1;
    config->log.format = loaded->log.format != NULL ? (uint32_t)*loaded->log.format : LOG_LOGFMT;
    config->log.to = loaded->log.to != NULL ? (uint32_t)*loaded->log.to : LOG_STDERR;
    config->log.level = loaded->log.level != NULL ? (uint32_t)*loaded->log.level : LEVEL_INFO;
    config->lab = loaded->lab != NULL && *loaded->lab == 1;
}

/* What useradd(8) takes as the beginning of a name. */
static enum result take_users(struct source *from, const struct loaded *loaded,
                              struct config *config, struct err *err)
{
    const struct place place = {NULL, "users", -1};
    const char *text = loaded->users;
    if (text == NULL)
        return OK;
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    if (text[good] != '\0' || text[0] < 'a' || text[0] > 'z')
        return config_refuse(
            from, place, err,
            "seen \"%s\", wanted lower-case letters, digits, _ and -, a letter first",
            shown(text).text);
    snprintf(config->users, sizeof config->users, "%s", text);
    return OK;
}

/* The order matters: later defaults are made of earlier values. */
static enum result take_all(struct source *from, const struct loaded *loaded, struct config *config,
                            struct err *err)
{
    TRY(take_numbers(from, loaded, config, err));
    TRY(take_addresses(from, loaded, config, err));
    TRY(take_paths(from, loaded, config, err));
    TRY(take_names(from, loaded, config, err));
    TRY(take_public_url(from, loaded, config, err));
    TRY(take_users(from, loaded, config, err));
    TRY(config_take_webhooks(from, loaded, config, err));
    take_switches(loaded, config);
    return OK;
}

static enum result find_folder(struct source *from, struct err *err)
{
    char whole[PATH_MAX];
    if (realpath(from->path, whole) == NULL)
        return err_set(err, E_NOT_FOUND, "%s: no such file", from->path);
    snprintf(from->folder, sizeof from->folder, "%s", dirname(whole));
    return OK;
}

enum result config_read(const char *path, struct config *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    TRY(file_read(path, CONFIG_BYTES_MAX, &file, err));

    struct yaml_text text = {path, blob_bytes(&file)};
    CLEANUP(yaml_document_delete) yaml_document_t document = {0};
    CLEANUP(loaded_freep) struct loaded *loaded = NULL;
    TRY(yaml_read_document(text, &document, err));
    TRY(config_load(text, &document, &loaded, err));

    struct source from = {.path = path, .document = &document};
    struct config config;
    memset(&config, 0, sizeof config); /* padding too: it is handed over as bytes */
    TRY(find_folder(&from, err));
    TRY(take_all(&from, loaded, &config, err));
    *ret = config;
    return OK;
}

size_t config_line(const char *path, const char *section, const char *key, int item)
{
    CLEANUP(blob_free) struct blob file = {0};
    CLEANUP(yaml_document_delete) yaml_document_t document = {0};
    if (file_read(path, CONFIG_BYTES_MAX, &file, NULL) != OK)
        return 0;
    struct yaml_text text = {path, blob_bytes(&file)};
    if (yaml_read_document(text, &document, NULL) != OK)
        return 0;
    return yaml_value_line(&document, section, key, item);
}

static bool ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

bool config_is_whole(const struct config_handed *handed)
{
    const struct config *config = &handed->config;
    bool good = ends(handed->err.text, ERR_TEXT_MAX) && ends(config->data, CONFIG_PATH_MAX) &&
                ends(config->public_files, CONFIG_PATH_MAX) &&
                ends(config->passphrase_file, CONFIG_PATH_MAX) &&
                ends(config->public_url, CONFIG_URL_MAX) && ends(config->users, CONFIG_USERS_MAX) &&
                ends(config->listen.local, CONFIG_SOCKET_MAX) &&
                ends(config->listen.device.text, ADDRESS_TEXT_MAX) &&
                ends(config->listen.operators.text, ADDRESS_TEXT_MAX) &&
                ends(config->listen.plain.text, ADDRESS_TEXT_MAX) &&
                config->server_name_count <= CONFIG_NAMES_MAX &&
                config->fronts <= CONFIG_FRONTS_MAX && config->log.format <= LOG_JSON &&
                config->log.to <= LOG_JOURNAL && config->log.level <= LEVEL_ERROR;
    for (uint32_t i = 0; good && i < config->server_name_count; i++)
        good = ends(config->server_names[i], CONFIG_NAME_MAX);
    return good && config_webhooks_are_whole(config);
}
