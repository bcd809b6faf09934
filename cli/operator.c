/* Who I am to which server: the first operator, others, and the profile. */
#include <base/file.h>
#include <cli/actions.h>
#include <cli/approval.h>
#include <cli/identity.h>
#include <cli/print.h>
#include <cli/profile.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <wire/hex.h>
#include <wire/oid.h>

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SERVER "https://localhost:8444"
#define KEY_HEX (2 * SHA256_N)

static enum result put_text(char *to, size_t max, const char *folder, const char *name,
                            const char *end, struct err *err)
{
    int n = snprintf(to, max, "%s/%s%s", folder, name, end);
    return n > 0 && (size_t)n < max ? OK : err_set(err, E_USAGE, "the path is too long");
}

/* ---- login ------------------------------------------------------------------------------------
 */

/* The profile may be read from any folder later: paths become absolute now. */
static enum result take_path(const struct session *session, const char *option, char *to,
                             struct err *err)
{
    const char *path = session_text(session, option);
    char *real = realpath(path, NULL);
    if (real == NULL)
        return err_set(err, E_NOT_FOUND, "%s: there is no file '%.200s'", option, path);
    int n = snprintf(to, CLI_PATH_MAX, "%s", real);
    free(real);
    return n > 0 && n < CLI_PATH_MAX ? OK : err_set(err, E_USAGE, "%s is too long", option);
}

/* Asks the server who we are: a profile that does not work is not written. */
static enum result greet(struct session *session, const struct profile *profile, struct err *err)
{
    TRY(profile_open(profile, &session->client, err));
    json_auto_t *status = NULL;
    TRY(plan_get(session, "/api/v1/status", &status, err));
    const json_t *who = json_object_get(status, "operator");
    char name[PRINT_CELL_MAX], role[PRINT_CELL_MAX];
    print_cell(who, "name", name);
    print_cell(who, "role", role);
    if (session->is_json) {
        print_json(session, who);
        return OK;
    }
    fputs("logged in as ", session->out);
    print_clean(name, session->out);
    fputs(", ", session->out);
    print_clean(role, session->out);
    fprintf(session->out, ", at %s\n", profile->server);
    return OK;
}

enum result action_login(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    struct profile profile = {0};
    const char *server = session_text(session, "--server");
    snprintf(profile.server, sizeof profile.server, "%s", server != NULL ? server : DEFAULT_SERVER);
    TRY(take_path(session, "--certificate", profile.certificate, err));
    TRY(take_path(session, "--key", profile.key, err));
    TRY(take_path(session, "--root", profile.root, err));
    TRY(greet(session, &profile, err));
    return profile_write(&profile, err);
}

/* ---- bootstrap --------------------------------------------------------------------------------
 */

enum result identity_key(const char *path, struct key **ret, struct err *err)
{
    if (file_exists(path))
        return key_load(path, NULL, ret, err);
    CLEANUP(key_freep) struct key *key = NULL;
    TRY(key_generate(KEY_P256, &key, err));
    TRY(key_store(key, NULL, KEY_COST_ONLINE, path, err));
    *ret = STEAL(key);
    return OK;
}

enum result identity_request(struct key *key, const char *name, struct blob *ret_pem,
                             struct err *err)
{
    struct x509_name_part subject = {.oid = oid_common_name, .text = bytes_of(name, strlen(name))};
    CLEANUP(blob_free) struct blob csr = {0};
    TRY(csr_make(key, &subject, 1, bytes_of(NULL, 0), &csr, err));
    return pem_write(blob_bytes(&csr), PEM_CSR, ret_pem, err);
}

/* The same key asks under the same Idempotency-Key. */
static void idempotency_of(const struct key *key, char to[KEY_HEX + 1])
{
    uint8_t hash[SHA256_N];
    sha256(key_spki(key), hash);
    struct buf text = buf_over(to, KEY_HEX);
    hex_encode(&text, bytes_of(hash, sizeof hash));
    to[KEY_HEX] = '\0';
}

static enum result ask_bootstrap(const struct session *session, const char *name,
                                 const struct key *key, const struct blob *csr, json_t **ret,
                                 struct err *err)
{
    const char *socket = session_text(session, "--socket");
    struct client_options options = {.socket = socket};
    CLEANUP(client_closep) struct client *client = NULL;
    TRY(client_open(&options, &client, err));
    char idempotency[KEY_HEX + 1];
    idempotency_of(key, idempotency);
    json_auto_t *body = json_pack("{s:s, s:s%}", "name", name, "csr", csr->p, csr->n);
    if (body == NULL)
        return err_set(err, E_SYNTAX, "the name is not UTF-8");
    struct api_call call = {
        .method = CLIENT_POST,
        .path = "/api/v1/bootstrap",
        .body = body,
        .idempotency_key = idempotency,
    };
    return api_send(client, &call, ret, err);
}

/* Writes a PEM text of the answer. */
static enum result keep(const json_t *answer, const char *member, const char *path, struct err *err)
{
    const char *pem = json_string_value(json_object_get(answer, member));
    if (pem == NULL)
        return err_set(err, E_UNREACHABLE, "the answer has no '%s'; is this a Troth server?",
                       member);
    return file_write(path, 0644, bytes_of(pem, strlen(pem)), err);
}

enum result action_bootstrap(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    const char *name = session_text(session, "NAME"), *server = session_text(session, "--server");
    if (strchr(name, '/') != NULL || name[0] == '.')
        return err_set(err, E_USAGE, "NAME is '%.64s'; wanted one that can name a file", name);
    struct profile profile = {0};
    char folder[CLI_PATH_MAX];
    TRY(profile_folder(folder, sizeof folder, err));
    TRY(put_text(profile.key, sizeof profile.key, folder, name, ".key", err));
    TRY(put_text(profile.certificate, sizeof profile.certificate, folder, name, ".pem", err));
    TRY(put_text(profile.root, sizeof profile.root, folder, "root", ".pem", err));
    snprintf(profile.server, sizeof profile.server, "%s", server != NULL ? server : DEFAULT_SERVER);

    TRY(crypto_start(err));
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob csr = {0};
    TRY(identity_key(profile.key, &key, err));
    TRY(identity_request(key, name, &csr, err));
    json_auto_t *answer = NULL;
    TRY(ask_bootstrap(session, name, key, &csr, &answer, err));
    TRY(keep(answer, "certificate", profile.certificate, err));
    TRY(keep(answer, "root", profile.root, err));
    TRY(profile_write(&profile, err));
    return greet(session, &profile, err);
}

/* ---- a new person -----------------------------------------------------------------------------
 */

enum result action_operator_request(struct session *session, const struct plan *plan,
                                    struct err *err)
{
    (void)plan;
    const char *name = session_text(session, "NAME"), *out = session_text(session, "--out");
    char folder[CLI_PATH_MAX], path[CLI_PATH_MAX];
    if (strchr(name, '/') != NULL || name[0] == '.')
        return err_set(err, E_USAGE, "NAME is '%.64s'; wanted one that can name a file", name);
    TRY(profile_folder(folder, sizeof folder, err));
    TRY(put_text(path, sizeof path, folder, name, ".key", err));
    TRY(crypto_start(err));
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob csr = {0};
    TRY(identity_key(path, &key, err));
    TRY(identity_request(key, name, &csr, err));
    if (out == NULL) {
        fwrite(csr.p, 1, csr.n, session->out);
        return OK;
    }
    TRY(file_write(out, 0644, blob_bytes(&csr), err));
    if (!session->is_json)
        fprintf(session->out, "request in %s; its key stays in %s\n", out, path);
    return OK;
}

/* ---- others -----------------------------------------------------------------------------------
 */

enum result action_operator_add(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *outcome = NULL;
    TRY(plan_post(session, plan, &outcome, err));
    if (approval_is_asked(outcome))
        return approval_tell(session, outcome, err);
    return print_certificate(session, outcome, "would do: add the operator", "operator added", err);
}
