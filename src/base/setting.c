#include <base/setting.h>

#include <base/text.h>
#include <wire/buf.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const formats[] = {"logfmt", "json"};
static const char *const targets[] = {"stderr", "journal"};
static const char *const levels[] = {"debug", "info", "warning", "error"};

#define OF(member) offsetof(struct config, member)
#define RESTART false
#define RELOAD true

/* clang-format off */
static const struct setting settings[] = {
    {NULL, "data", SETTING_TEXT, OF(data), RESTART},
    {NULL, "public", SETTING_TEXT, OF(public_files), RESTART},
    {NULL, "passphrase_file", SETTING_TEXT, OF(passphrase_file), RESTART},
    {"server", "names", SETTING_NAMES, OF(server_names), RELOAD},
    {"listen", "device", SETTING_ADDRESS, OF(listen.device), RESTART},
    {"listen", "operator", SETTING_ADDRESS, OF(listen.operators), RESTART},
    {"listen", "plain", SETTING_ADDRESS, OF(listen.plain), RESTART},
    {"listen", "local", SETTING_TEXT, OF(listen.local), RESTART},
    {NULL, "public_url", SETTING_TEXT, OF(public_url), RESTART},
    {NULL, "users", SETTING_TEXT, OF(users), RESTART},
    {NULL, "fronts", SETTING_NUMBER, OF(fronts), RESTART},
    {"limits", "connections", SETTING_NUMBER, OF(limits.connections), RESTART},
    {"limits", "per_ip", SETTING_NUMBER, OF(limits.per_ip), RESTART},
    {"limits", "idle_s", SETTING_NUMBER, OF(limits.idle_s), RELOAD},
    {"limits", "handshake_ms", SETTING_NUMBER, OF(limits.handshake_ms), RELOAD},
    {"limits", "header_ms", SETTING_NUMBER, OF(limits.header_ms), RELOAD},
    {"limits", "body_ms", SETTING_NUMBER, OF(limits.body_ms), RELOAD},
    {"limits", "request_ms", SETTING_NUMBER, OF(limits.request_ms), RELOAD},
    {"limits", "requests", SETTING_NUMBER, OF(limits.requests), RELOAD},
    {"limits", "product_per_s", SETTING_NUMBER, OF(limits.product_per_s), RELOAD},
    {"limits", "product_burst", SETTING_NUMBER, OF(limits.product_burst), RELOAD},
    {"limits", "address_per_s", SETTING_NUMBER, OF(limits.address_per_s), RELOAD},
    {"limits", "address_burst", SETTING_NUMBER, OF(limits.address_burst), RELOAD},
    {"limits", "ocsp_per_s", SETTING_NUMBER, OF(limits.ocsp_per_s), RELOAD},
    {"limits", "approval_s", SETTING_NUMBER, OF(limits.approval_s), RELOAD},
    {"sandbox", "seccomp", SETTING_ON_OFF, OF(sandbox_seccomp), RESTART},
    {"sandbox", "landlock", SETTING_ON_OFF, OF(sandbox_landlock), RESTART},
    {"log", "format", SETTING_WORD, OF(log.format), RELOAD, formats},
    {"log", "to", SETTING_WORD, OF(log.to), RESTART, targets},
    {"log", "level", SETTING_WORD, OF(log.level), RELOAD, levels},
    {"retention", "answers_s", SETTING_NUMBER, OF(retention.answers_s), RELOAD},
    {"retention", "counters_s", SETTING_NUMBER, OF(retention.counters_s), RELOAD},
    {"retention", "seen_s", SETTING_NUMBER, OF(retention.seen_s), RELOAD},
    {"retention", "checkpoints_s", SETTING_NUMBER, OF(retention.checkpoints_s), RELOAD},
    {"retention", "webhooks_s", SETTING_NUMBER, OF(retention.webhooks_s), RELOAD},
    {NULL, "webhooks", SETTING_WEBHOOKS, OF(webhooks), RELOAD},
    {NULL, "lab", SETTING_YES_NO, OF(lab), RESTART},
};
/* clang-format on */

const struct setting *setting_at(size_t index)
{
    return index < LENGTH_OF(settings) ? &settings[index] : NULL;
}

/* A double-quoted scalar of YAML: what is no printable ASCII is \xNN. */
static void put_quoted(struct buf *to, const char *text)
{
    buf_put_u8(to, '"');
    for (; *text != '\0'; text++) {
        char out[8];
        unsigned char c = (unsigned char)*text;
        bool is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
        snprintf(out, sizeof out, is_plain ? "%c" : "\\x%02x", c);
        buf_put_bytes(to, text_bytes(out));
    }
    buf_put_u8(to, '"');
}

static void put_names(struct buf *to, const struct config *config)
{
    buf_put_u8(to, '[');
    for (uint32_t i = 0; i < config->server_name_count; i++) {
        buf_put_bytes(to, text_bytes(i > 0 ? ", " : ""));
        put_quoted(to, config->server_names[i]);
    }
    buf_put_u8(to, ']');
}

static void put_number(struct buf *to, const void *at, const char *const *words)
{
    char text[16];
    uint32_t value;
    memcpy(&value, at, sizeof value);
    snprintf(text, sizeof text, "%u", value);
    buf_put_bytes(to, text_bytes(words != NULL ? words[value] : text));
}

static void put_switch(struct buf *to, const void *at, const char *yes, const char *no)
{
    buf_put_bytes(to, text_bytes(*(const bool *)at ? yes : no));
}

static void put_text(struct buf *to, const char *text)
{
    buf_put_bytes(to, text_bytes(text));
}

static void put_events(struct buf *to, uint32_t events)
{
    static const char *const words[] = {"opened", "closed", "answered"}; /* enum webhook_event */
    bool any = false;
    for (size_t i = 0; i < LENGTH_OF(words); i++)
        if ((events & 1U << i) != 0) {
            put_text(to, any ? ", " : "");
            put_text(to, words[i]);
            any = true;
        }
}

static void put_webhook(struct buf *to, const struct config_webhook *one)
{
    static const char *const severities[] = {"", "low", "medium", "high", "critical"};
    char number[16];
    snprintf(number, sizeof number, "%u", one->timeout_ms);
    put_text(to, "{name: ");
    put_quoted(to, one->name);
    put_text(to, ", url: ");
    put_quoted(to, one->url);
    if (one->ca_file[0] != '\0') {
        put_text(to, ", ca_file: ");
        put_quoted(to, one->ca_file);
    }
    if (one->owner[0] != '\0') {
        put_text(to, ", owner: ");
        put_quoted(to, one->owner);
    }
    put_text(to, ", events: [");
    put_events(to, one->events);
    put_text(to, "], severity: ");
    put_text(to, severities[one->severity]);
    put_text(to, ", timeout_ms: ");
    put_text(to, number);
    put_text(to, "}");
}

static void put_webhooks(struct buf *to, const struct config *config)
{
    put_text(to, "[");
    for (uint32_t i = 0; i < config->webhook_count; i++) {
        put_text(to, i > 0 ? ", " : "");
        put_webhook(to, &config->webhooks[i]);
    }
    put_text(to, "]");
}

static void put_value(const struct setting *setting, const struct config *config, struct buf *to)
{
    const char *at = (const char *)config + setting->offset;
    switch (setting->kind) {
    case SETTING_NUMBER:
    case SETTING_WORD:
        put_number(to, at, setting->words);
        break;
    case SETTING_TEXT:
        if (*at != '\0')
            put_quoted(to, at);
        break;
    case SETTING_ADDRESS:
        put_quoted(to, ((const struct address *)(const void *)at)->text);
        break;
    case SETTING_ON_OFF:
        put_switch(to, at, "on", "off");
        break;
    case SETTING_YES_NO:
        put_switch(to, at, "yes", "no");
        break;
    case SETTING_NAMES:
        put_names(to, config);
        break;
    case SETTING_WEBHOOKS:
        put_webhooks(to, config);
        break;
    }
}

void setting_write(const struct setting *setting, const struct config *config,
                   char ret[SETTING_VALUE_MAX])
{
    struct buf to = buf_over(ret, SETTING_VALUE_MAX - 1);
    put_value(setting, config, &to);
    ret[to.n] = '\0';
}

struct setting_name setting_name(const struct setting *setting)
{
    struct setting_name name;
    snprintf(name.text, sizeof name.text, "%s%s%s",
             setting->section != NULL ? setting->section : "", setting->section != NULL ? "." : "",
             setting->key);
    return name;
}

enum result settings_allow_reload(const struct config *now, const struct config *next,
                                  struct err *err)
{
    char seen[SETTING_VALUE_MAX], wanted[SETTING_VALUE_MAX];
    for (size_t i = 0; i < LENGTH_OF(settings); i++) {
        setting_write(&settings[i], now, seen);
        setting_write(&settings[i], next, wanted);
        if (!settings[i].is_reloaded && strcmp(seen, wanted) != 0)
            return err_set(err, E_RELOAD, "%s: running with %.120s, the file wants %.120s",
                           setting_name(&settings[i]).text, seen, wanted);
    }
    return OK;
}
