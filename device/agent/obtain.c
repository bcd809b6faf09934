#include <agent/accept.h>
#include <agent/anchor.h>
#include <agent/obtain.h>
#include <agent/request.h>
#include <agent/schedule.h>
#include <base/file.h>
#include <base/limits.h>
#include <client/est.h>
#include <crypto/key.h>
#include <wire/csrattrs.h>

#include <string.h>

/* ---- connections ------------------------------------------------------------------------------
 */

/* Who we are on TLS: at most one of the pairs is set. */
struct presented {
    const char *certificate_file;
    struct bytes certificate_pem;
    const char *key_file;
};

static enum result connect_as(const struct agent *agent, const struct presented *who,
                              struct client **ret, struct err *err)
{
    struct state_path root = state_own_file(agent->state, "root.pem");
    struct client_options options = {
        .server = agent->server,
        .root_file = root.text,
        .certificate_file = who->certificate_file,
        .certificate_pem = who->certificate_pem,
        .key_file = who->key_file,
    };
    return client_open(&options, ret, err);
}

static enum result connect_as_current(const struct agent *agent, struct client **ret,
                                      struct err *err)
{
    struct state_path certificate = state_file(agent->state, STATE_CURRENT, "certificate.pem");
    struct state_path key = state_file(agent->state, STATE_CURRENT, "key.pem");
    struct presented who = {.certificate_file = certificate.text, .key_file = key.text};
    return connect_as(agent, &who, ret, err);
}

/* The connection that carries the proof of a first enrolment. A key that the certificate is to be
 * for, and a token, travel in the request instead. */
static enum result connect_with_proof(const struct agent *agent, struct client **ret,
                                      struct err *err)
{
    CLEANUP(blob_free) struct blob bare = {0};
    struct presented who = {0};
    if (agent->idevid_certificate != NULL) {
        who.certificate_file = agent->idevid_certificate;
        who.key_file = agent->idevid_key;
    } else if (agent->key_file != NULL && !agent->adopts_key) {
        CLEANUP(key_freep) struct key *key = NULL;
        TRY(key_load(agent->key_file, NULL, &key, err));
        TRY(request_bare_certificate(key, &bare, err));
        who.certificate_pem = blob_bytes(&bare);
        who.key_file = agent->key_file;
    }
    return connect_as(agent, &who, ret, err);
}

/* ---- first use --------------------------------------------------------------------------------
 */

bool obtain_is_proven(const struct agent *agent)
{
    return file_exists(state_file(agent->state, STATE_CURRENT, "proven").text);
}

enum result obtain_prove(const struct agent *agent, struct err *err)
{
    if (obtain_is_proven(agent))
        return OK;
    CLEANUP(client_closep) struct client *client = NULL;
    CLEANUP(blob_free) struct blob bag = {0};
    TRY(connect_as_current(agent, &client, err));
    TRY(est_get_cacerts(client, agent->product, &bag, err));
    return file_write(state_file(agent->state, STATE_CURRENT, "proven").text, 0600,
                      bytes_of(NULL, 0), err);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

/* What becomes of next when the server said no: a request that can never be granted is forgotten.
 */
static enum result forget_if_hopeless(const struct agent *agent, enum result result,
                                      const struct err *why)
{
    static const enum code hopeless[] = {
        E_CSR,        E_SYNTAX,       E_TOO_LARGE,   E_KEY_WEAK, E_KEY_KIND,
        E_KEY_SHARED, E_NAMES_DIFFER, E_CERTIFICATE, E_NEW_KEY,  E_TRANSFER_KEY,
    };
    struct err ignored = {0};
    for (size_t i = 0; i < LENGTH_OF(hopeless); i++)
        if (why->code == hopeless[i] && state_drop_next(agent->state, &ignored) != OK)
            return result;
    return result;
}

static enum result next_spki(const struct agent *agent, struct key **ret, struct err *err)
{
    return key_load(state_file(agent->state, STATE_NEXT, "key.pem").text, NULL, ret, err);
}

/* Verifies what came for next and keeps it there. */
static enum result take(const struct agent *agent, struct bytes cacerts, struct bytes certificate,
                        int64_t renew_at_s, int64_t now_s, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob root = {0}, pem = {0};
    TRY(next_spki(agent, &key, err));
    TRY(anchor_read(agent, &root, err));
    struct acceptance terms = {
        .root = blob_bytes(&root),
        .cacerts = cacerts,
        .spki = key_spki(key),
        .now_s = now_s,
        .floor_s = state_floor_s(agent->state),
        .build_s = agent->build_s,
    };
    TRY(accept_certificate(&terms, certificate, &pem, err));
    return state_keep_certificate(agent->state, blob_bytes(&pem), renew_at_s, err);
}

/* Sends next's request over `client`, unless its certificate is here already. */
static enum result ask(const struct agent *agent, struct client *client,
                       struct est_enrolment *enrolment, int64_t now_s, uint32_t *ret_retry_after_s,
                       struct err *err)
{
    if (file_exists(state_file(agent->state, STATE_NEXT, "certificate.pem").text))
        return OK;
    CLEANUP(blob_free) struct blob csr = {0}, cacerts = {0}, certificate = {0};
    TRY(file_read(state_file(agent->state, STATE_NEXT, "request.der").text, LIMIT_CSR_BYTES, &csr,
                  err));
    TRY(est_get_cacerts(client, agent->product, &cacerts, err));
    TRY(anchor_follow(agent, blob_bytes(&cacerts), now_s, err));
    enrolment->label = agent->product;
    enrolment->csr = blob_bytes(&csr);
    struct err why = {0};
    struct est_advice advice = {0};
    enum result result = est_enrol(client, enrolment, &certificate, &advice, &why);
    if (advice.retry_after_s > 0)
        *ret_retry_after_s = advice.retry_after_s;
    if (result == OK)
        result = take(agent, blob_bytes(&cacerts), blob_bytes(&certificate), advice.renew_at_s,
                      now_s, &why);
    if (result == OK)
        return OK;
    (void)err_set(err, why.code, "%s", why.text);
    return forget_if_hopeless(agent, result, &why);
}

enum result obtain_current(const struct agent *agent, struct blob *ret_der, struct x509_cert *ret,
                           struct err *err)
{
    struct state_path path = state_file(agent->state, STATE_CURRENT, "certificate.pem");
    if (!file_exists(path.text))
        return err_set(err, E_NOT_FOUND, "%s: this device has no certificate yet; enrol first",
                       agent->state->folder);
    CLEANUP(blob_free) struct blob der = {0};
    TRY(request_read_leaf(path.text, &der, err));
    const char *why = NULL;
    if (!x509_read_cert(blob_bytes(&der), ret, &why))
        return err_set(err, E_CERTIFICATE, "%s: %s", path.text, why);
    *ret_der = der;
    der = (struct blob){0};
    return OK;
}

/* next becomes current, the floor rises, and the server sees the new certificate. */
static enum result begin_use(const struct agent *agent, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    TRY(state_switch(agent->state, err));
    TRY(obtain_current(agent, &der, &cert, err));
    TRY(state_raise_floor(agent->state, cert.not_before_s, err));
    TRY(obtain_prove(agent, err));
    state_sweep(agent->state);
    return OK;
}

/* Either way the connection that asked ends before the new certificate begins its own. */
static enum result ask_by_proof(const struct agent *agent, int64_t now_s,
                                uint32_t *ret_retry_after_s, struct err *err)
{
    CLEANUP(secret_free) struct secret token = {0};
    CLEANUP(client_closep) struct client *client = NULL;
    struct est_enrolment enrolment = {0};
    if (agent->token_file != NULL) {
        TRY(secret_read_file(agent->token_file, LIMIT_TOKEN, &token, err));
        enrolment.user = agent->serial;
        enrolment.password = (const char *)token.p;
    }
    TRY(connect_with_proof(agent, &client, err));
    return ask(agent, client, &enrolment, now_s, ret_retry_after_s, err);
}

static enum result ask_by_current(const struct agent *agent, int64_t now_s,
                                  uint32_t *ret_retry_after_s, struct err *err)
{
    CLEANUP(client_closep) struct client *client = NULL;
    struct est_enrolment enrolment = {.is_renewal = true};
    TRY(connect_as_current(agent, &client, err));
    return ask(agent, client, &enrolment, now_s, ret_retry_after_s, err);
}

static enum key_kind kind_of(const struct csrattrs *wish)
{
    switch (wish->key) {
    case X509_KEY_P384:
        return KEY_P384;
    case X509_KEY_ED25519:
        return KEY_ED25519;
    case X509_KEY_RSA:
        return wish->rsa_bits > 3072                          ? KEY_RSA_4096
               : wish->rsa_bits > 2048 || wish->rsa_bits == 0 ? KEY_RSA_3072
                                                              : KEY_RSA_2048;
    case X509_KEY_P256:
    case X509_KEY_OTHER:
        break;
    }
    return KEY_P256;
}

/* Which key the server wants, where nobody here said it and there is none to be like: asked of the
 * pinned server, without a proof. */
static enum result learn_key_kind(struct agent *agent, struct err *err)
{
    if (agent->key_kind != KEY_NONE || agent->adopts_key || state_has(agent->state, STATE_NEXT) ||
        state_has(agent->state, STATE_CURRENT))
        return OK;
    CLEANUP(client_closep) struct client *client = NULL;
    CLEANUP(blob_free) struct blob der = {0};
    struct csrattrs wish = {0};
    const char *why = NULL;
    TRY(connect_as(agent, &(struct presented){0}, &client, err));
    TRY(est_get_csrattrs(client, agent->product, &der, err));
    if (der.n > 0 && !csrattrs_read(blob_bytes(&der), &wish, &why))
        return err_set(err, E_SYNTAX, "csrattrs of the server: %s", why);
    agent->key_kind = kind_of(&wish);
    return OK;
}

enum result obtain_first(const struct agent *agent, int64_t now_s, uint32_t *ret_retry_after_s,
                         struct err *err)
{
    struct agent told = *agent;
    TRY(anchor_pin(agent, err));
    TRY(learn_key_kind(&told, err));
    TRY(request_first(&told, err));
    TRY(ask_by_proof(agent, now_s, ret_retry_after_s, err));
    return begin_use(agent, err);
}

enum result obtain_renewal(const struct agent *agent, int64_t now_s, uint32_t *ret_retry_after_s,
                           struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    TRY(obtain_current(agent, &der, &cert, err));
    TRY(anchor_pin(agent, err));
    TRY(request_renewal(agent, err));
    TRY(ask_by_current(agent, now_s, ret_retry_after_s, err));
    return begin_use(agent, err);
}

int64_t obtain_due_s(const struct agent *agent, const struct x509_cert *cert)
{
    return schedule_due_s(cert, state_renew_at_s(agent->state));
}
