/* The receivers of events: each is checked whole, and brings the certificates it is verified by. */
#include "config_source.h"

#include <base/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_EVENTS (WEBHOOK_OPENED | WEBHOOK_CLOSED | WEBHOOK_ANSWERED)
#define TIMEOUT_MS 10000
#define TIMEOUT_LEAST_MS 100
#define TIMEOUT_MOST_MS 60000

static struct place at(unsigned item)
{
    return (struct place){NULL, "webhooks", (int)item};
}

static enum result take_name(struct source *from, unsigned item, const char *name,
                             struct config *config, struct err *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (name == NULL)
        return config_refuse(from, at(item), err, "wanted a name: letters, digits, hyphens");
    if (name[strspn(name, good)] != '\0')
        return config_refuse(from, at(item), err,
                             "name: seen \"%s\", wanted lower-case letters, digits and hyphens",
                             err_value(bytes_of(name, strlen(name))).text);
    for (unsigned i = 0; i < item; i++)
        if (strcmp(config->webhooks[i].name, name) == 0)
            return config_refuse(from, at(item), err, "name: \"%s\" is another one's", name);
    snprintf(config->webhooks[item].name, CONFIG_WEBHOOK_NAME_MAX, "%s", name);
    return OK;
}

/* A reload reads it in a process that sees no other folder (app/sandbox.c). */
static enum result check_folder(struct source *from, unsigned item, const char *path,
                                struct err *err)
{
    char whole[PATH_MAX];
    size_t n = strlen(from->folder);
    if (realpath(path, whole) == NULL)
        return config_refuse(from, at(item), err, "ca_file: %s: no such file", path);
    if (strncmp(whole, from->folder, n) != 0 || whole[n] != '/')
        return config_refuse(from, at(item), err,
                             "ca_file: %s lies in another folder than the configuration, or below "
                             "another: wanted beside it, or below its folder",
                             path);
    return OK;
}

static enum result read_ca(struct source *from, unsigned item, struct config_webhook *to,
                           struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    struct err why = {0};
    TRY(check_folder(from, item, to->ca_file, err));
    if (file_read(to->ca_file, CONFIG_CA_MAX - 1, &file, &why) != OK)
        return config_refuse(from, at(item), err, "ca_file: %s", why.text);
    if (memchr(file.p, '\0', file.n) != NULL)
        return config_refuse(from, at(item), err, "ca_file: %s is no PEM", to->ca_file);
    memcpy(to->ca, file.p, file.n);
    if (strstr(to->ca, "-----BEGIN CERTIFICATE-----") == NULL)
        return config_refuse(from, at(item), err, "ca_file: %s has no certificate in PEM",
                             to->ca_file);
    return OK;
}

static enum result take_ca(struct source *from, unsigned item, const char *given, bool is_tls,
                           struct config_webhook *to, struct err *err)
{
    const struct path_row row = {at(item), given, "", "/", to->ca_file, CONFIG_PATH_MAX};
    if (given == NULL && is_tls)
        return config_refuse(
            from, at(item), err,
            "wanted ca_file: the certificates (PEM) that the receiver's must chain "
            "to; no others are trusted");
    if (given == NULL)
        return OK;
    TRY(config_take_path(from, &row, err));
    return read_ca(from, item, to, err);
}

static enum result take_url(struct source *from, unsigned item, const struct loaded_webhook *given,
                            struct config_webhook *to, struct err *err)
{
    struct url url;
    struct err why = {0};
    if (given->url == NULL)
        return config_refuse(from, at(item), err, "wanted url: https://HOST[:PORT][/PATH]");
    if (url_parse(given->url, &url, &why) != OK)
        return config_refuse(from, at(item), err, "url: %s", why.text);
    snprintf(to->url, sizeof to->url, "%s", given->url);
    return take_ca(from, item, given->ca_file, url.is_tls, to, err);
}

/* As an import takes it. No row is looked for: its first device may be yet to come. */
static enum result take_owner(struct source *from, unsigned item, const char *owner,
                              struct config_webhook *to, struct err *err)
{
    bool is_good = owner != NULL && owner[0] != '\0';
    for (const char *c = owner; is_good && *c != '\0'; c++)
        is_good = *c >= ' ' && *c <= '~';
    if (owner != NULL && !is_good)
        return config_refuse(from, at(item), err, "owner: seen \"%s\", wanted printable ASCII",
                             err_value(bytes_of(owner, strlen(owner))).text);
    snprintf(to->owner, sizeof to->owner, "%s", owner != NULL ? owner : "");
    return OK;
}

static enum result take_one(struct source *from, unsigned item, const struct loaded_webhook *given,
                            struct config *config, struct err *err)
{
    struct config_webhook *to = &config->webhooks[item];
    TRY(take_name(from, item, given->name, config, err));
    TRY(take_url(from, item, given, to, err));
    TRY(take_owner(from, item, given->owner, to, err));
    to->events = given->events != NULL ? *given->events : ALL_EVENTS;
    to->severity = given->severity != NULL ? (uint32_t)*given->severity : 1;
    to->timeout_ms = given->timeout_ms != NULL ? *given->timeout_ms : TIMEOUT_MS;
    if (to->events == 0)
        return config_refuse(from, at(item), err, "events: wanted opened, closed or answered");
    if (to->timeout_ms < TIMEOUT_LEAST_MS || to->timeout_ms > TIMEOUT_MOST_MS)
        return config_refuse(from, at(item), err, "timeout_ms: %u is out of range, wanted %d to %d",
                             to->timeout_ms, TIMEOUT_LEAST_MS, TIMEOUT_MOST_MS);
    return OK;
}

enum result config_take_webhooks(struct source *from, const struct loaded *loaded,
                                 struct config *config, struct err *err)
{
    for (unsigned i = 0; i < loaded->webhooks_count; i++)
        TRY(take_one(from, i, &loaded->webhooks[i], config, err));
    config->webhook_count = loaded->webhooks_count;
    return OK;
}

static bool ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

bool config_webhooks_are_whole(const struct config *config)
{
    bool good = config->webhook_count <= CONFIG_WEBHOOKS_MAX;
    for (uint32_t i = 0; good && i < config->webhook_count; i++) {
        const struct config_webhook *one = &config->webhooks[i];
        good = ends(one->name, sizeof one->name) && ends(one->url, sizeof one->url) &&
               ends(one->ca_file, sizeof one->ca_file) && ends(one->ca, sizeof one->ca) &&
               ends(one->owner, sizeof one->owner) && one->events <= ALL_EVENTS &&
               one->severity >= 1 && one->severity <= 4;
    }
    return good;
}
