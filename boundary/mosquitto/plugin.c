/* What mosquitto calls, in its one thread. The feed has threads of its own, in the library, and
 * changes nothing here: sessions are ended from TICK alone, since the broker's own tables have no
 * lock. */
#include <base/blob.h>
#include <base/clock.h>
#include <base/text.h>
#include <broker/sessions.h>
#include <broker/settings.h>
#include <crypto/object.h>
#include <crypto/start.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct plugin {
    mosquitto_plugin_id_t *id;
    struct broker_settings settings;
    struct boundary *boundary;
    struct sessions *sessions;
    pthread_mutex_t lock; /* of `alarm`, which the library's threads leave */
    bool has_alarm;
    struct err alarm;
};

/* ---- the log --------------------------------------------------------------------------------- */

static void log_failure(const char *what, const struct err *err)
{
    const struct error_info *info = error_find(err->code);
    mosquitto_log_printf(MOSQ_LOG_ERR, "troth: %s: E%d %s: %s", what, (int)info->code, info->name,
                         err->text);
}

static void log_refusal(const char *name, const struct boundary_identity *identity,
                        enum boundary_reason reason)
{
    mosquitto_log_printf(
        MOSQ_LOG_NOTICE, "troth: client %s of device %s/%s refused: %s",
        err_value(text_bytes(name)).text, err_value(text_bytes(identity->product)).text,
        err_value(text_bytes(identity->device)).text, boundary_reason_word(reason));
}

static void take_alarm(void *context, const struct err *why)
{
    struct plugin *plugin = context;
    pthread_mutex_lock(&plugin->lock);
    plugin->alarm = *why;
    plugin->has_alarm = true;
    pthread_mutex_unlock(&plugin->lock);
}

static void log_alarm(struct plugin *plugin)
{
    struct err alarm = {0};
    pthread_mutex_lock(&plugin->lock);
    bool has_alarm = plugin->has_alarm;
    alarm = plugin->alarm;
    plugin->has_alarm = false;
    pthread_mutex_unlock(&plugin->lock);
    if (has_alarm)
        log_failure("feed", &alarm);
}

/* ---- who connects ---------------------------------------------------------------------------- */

static enum boundary_reason identify(struct plugin *plugin, const struct mosquitto *client,
                                     struct boundary_identity *ret)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct err err = {0};
    if (object_take_certificate(mosquitto_client_certificate(client), &der, &err) != OK)
        return BOUNDARY_NO_CERTIFICATE;
    return boundary_verify_der(plugin->boundary, blob_bytes(&der), clock_now_s(), ret);
}

static enum boundary_reason admit(struct plugin *plugin, const char *name,
                                  const struct boundary_identity *identity)
{
    const char *product = plugin->settings.product;
    if (product[0] != '\0' && strcmp(product, identity->product) != 0)
        return BOUNDARY_BINDING;
    if (!session_name_fits(name, identity, product))
        return BOUNDARY_CLIENT_ID;
    return boundary_decide(plugin->boundary, identity, text_bytes(plugin->settings.service),
                           BOUNDARY_CONNECT, bytes_of(NULL, 0));
}

static int refuse(struct plugin *plugin, const char *name, const struct boundary_identity *identity,
                  enum boundary_reason reason)
{
    log_refusal(name, identity, reason);
    if (identity->device[0] != '\0') /* who was never verified is not reported */
        boundary_report(plugin->boundary, &(struct boundary_event){
                                              .kind = BOUNDARY_REPORT_REFUSED,
                                              .identity = identity,
                                              .service = text_bytes(plugin->settings.service),
                                              .reason = reason,
                                          });
    return MOSQ_ERR_AUTH;
}

static int on_connect(int event, void *data, void *context)
{
    (void)event;
    struct plugin *plugin = context;
    const struct mosquitto_evt_basic_auth *asked = data;
    struct boundary_identity identity = {0};
    struct err err = {0};
    const char *name = mosquitto_client_id(asked->client);
    if (name == NULL)
        return MOSQ_ERR_AUTH;
    enum boundary_reason reason = identify(plugin, asked->client, &identity);
    if (reason == BOUNDARY_ADMITTED)
        reason = admit(plugin, name, &identity);
    if (reason != BOUNDARY_ADMITTED)
        return refuse(plugin, name, &identity, reason);
    if (sessions_open(plugin->sessions, asked->client, name, &identity, &err) == OK)
        return MOSQ_ERR_SUCCESS;
    log_failure("session", &err);
    return MOSQ_ERR_AUTH;
}

/* ---- what they do ---------------------------------------------------------------------------- */

static int on_access(int event, void *data, void *context)
{
    (void)event;
    struct plugin *plugin = context;
    const struct mosquitto_evt_acl_check *asked = data;
    if (asked->access == MOSQ_ACL_UNSUBSCRIBE)
        return MOSQ_ERR_SUCCESS;
    enum boundary_action action =
        asked->access == MOSQ_ACL_WRITE ? BOUNDARY_PUBLISH : BOUNDARY_SUBSCRIBE;
    enum boundary_reason reason =
        sessions_decide(plugin->sessions, asked->client, action, text_bytes(asked->topic));
    return reason == BOUNDARY_ADMITTED ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
}

static int on_message(int event, void *data, void *context)
{
    (void)event;
    struct plugin *plugin = context;
    const struct mosquitto_evt_message *sent = data;
    sessions_sent(plugin->sessions, sent->client);
    return MOSQ_ERR_SUCCESS;
}

static int on_disconnect(int event, void *data, void *context)
{
    (void)event;
    struct plugin *plugin = context;
    const struct mosquitto_evt_disconnect *gone = data;
    sessions_closed(plugin->sessions, gone->client);
    return MOSQ_ERR_SUCCESS;
}

static void kick(const char *name)
{
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "troth: client %s is admitted no more",
                         err_value(text_bytes(name)).text);
    (void)mosquitto_kick_client_by_clientid(name, false);
}

static int on_tick(int event, void *data, void *context)
{
    (void)event, (void)data;
    struct plugin *plugin = context;
    log_alarm(plugin);
    sessions_look(plugin->sessions, clock_monotonic_us() / 1000);
    return MOSQ_ERR_SUCCESS;
}

/* ---- begin and end --------------------------------------------------------------------------- */

static const struct {
    int event;
    MOSQ_FUNC_generic_callback call;
} callbacks[] = {
    {MOSQ_EVT_BASIC_AUTH, on_connect}, {MOSQ_EVT_ACL_CHECK, on_access},
    {MOSQ_EVT_MESSAGE, on_message},    {MOSQ_EVT_DISCONNECT, on_disconnect},
    {MOSQ_EVT_TICK, on_tick},
};

static enum result read_options(struct plugin *plugin, const struct mosquitto_opt *options, int n,
                                struct err *err)
{
    for (int i = 0; i < n; i++)
        TRY(broker_option(&plugin->settings, options[i].key, options[i].value, err));
    TRY(broker_settings_check(&plugin->settings, err));
    return broker_config_check_files(&plugin->settings, err);
}

static enum result begin(struct plugin *plugin, const struct mosquitto_opt *options, int n,
                         struct err *err)
{
    const struct boundary_settings settings = {plugin->settings.state, take_alarm, plugin};
    TRY(read_options(plugin, options, n, err));
    TRY(crypto_start(err));
    TRY(boundary_open(&settings, &plugin->boundary, err));
    TRY(sessions_new(plugin->boundary, text_bytes(plugin->settings.service), kick,
                     &plugin->sessions, err));
    for (size_t i = 0; i < LENGTH_OF(callbacks); i++)
        if (mosquitto_callback_register(plugin->id, callbacks[i].event, callbacks[i].call, NULL,
                                        plugin) != MOSQ_ERR_SUCCESS)
            return err_set(err, E_CONFLICT, "the broker does not take callback %d",
                           callbacks[i].event);
    return boundary_start(plugin->boundary, err);
}

static void end(struct plugin *plugin)
{
    for (size_t i = 0; i < LENGTH_OF(callbacks); i++)
        (void)mosquitto_callback_unregister(plugin->id, callbacks[i].event, callbacks[i].call,
                                            NULL);
    sessions_free(plugin->sessions);
    boundary_close(plugin->boundary);
    pthread_mutex_destroy(&plugin->lock);
    free(plugin);
}

int mosquitto_plugin_version(int n, const int *versions)
{
    for (int i = 0; i < n; i++)
        if (versions[i] == MOSQ_PLUGIN_VERSION)
            return MOSQ_PLUGIN_VERSION;
    return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **user, struct mosquitto_opt *options,
                          int n)
{
    struct err err = {0};
    struct plugin *plugin = calloc(1, sizeof *plugin);
    if (plugin == NULL)
        return MOSQ_ERR_NOMEM;
    plugin->id = id;
    pthread_mutex_init(&plugin->lock, NULL);
    if (begin(plugin, options, n, &err) != OK) {
        log_failure("the broker does not start", &err);
        end(plugin);
        return MOSQ_ERR_INVAL;
    }
    *user = plugin;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options, int n)
{
    (void)options, (void)n;
    end(user);
    return MOSQ_ERR_SUCCESS;
}
