/* Who I am to the server: whoami, logout, and a new certificate before the present one ends. */
#include <base/clock.h>
#include <base/file.h>
#include <cli/actions.h>
#include <cli/identity.h>
#include <cli/print.h>
#include <cli/profile.h>
#include <cli/root.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <wire/hex.h>
#include <wire/x509.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400
#define SOON_S (30 * DAY_S)

/* ---- the end of a certificate ---------------------------------------------------------------- */

enum result identity_not_after(const struct profile *profile, int64_t *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0}, der = {0};
    struct x509_cert cert;
    const char *why = NULL;
    TRY(file_read(profile->certificate, CLI_FILE_MAX, &pem, err));
    TRY(pem_read(blob_bytes(&pem), PEM_CERTIFICATE, &der, err));
    if (!x509_read_cert(blob_bytes(&der), &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s: %s", profile->certificate, why);
    *ret = cert.not_after_s;
    return OK;
}

static void print_date(FILE *to, int64_t at_s)
{
    char text[32] = "?";
    struct tm tm;
    time_t at = at_s;
    if (gmtime_r(&at, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    fputs(text, to);
}

void identity_warn(const struct profile *profile)
{
    struct err err = {0};
    int64_t not_after_s = 0, now_s = clock_now_s();
    if (identity_not_after(profile, &not_after_s, &err) != OK || not_after_s - now_s > SOON_S)
        return;
    fputs(not_after_s > now_s ? "warning: your certificate ends "
                              : "warning: your certificate ended ",
          stderr);
    print_date(stderr, not_after_s);
    fputs(not_after_s > now_s ? "; renew it: troth operator renew\n"
                              : "; another admin has to add you anew\n",
          stderr);
}

/* ---- whoami, logout -------------------------------------------------------------------------- */

static void print_member(struct session *session, const char *title, const json_t *who,
                         const char *member)
{
    char text[PRINT_CELL_MAX];
    print_cell(who, member, text);
    fprintf(session->out, "%-12s", title);
    print_clean(text[0] != '\0' ? text : "-", session->out);
    fputc('\n', session->out);
}

enum result action_whoami(struct session *session, const struct plan *plan, struct err *err)
{
    struct profile profile;
    int64_t not_after_s = 0;
    json_auto_t *status = NULL;
    TRY(profile_read(&profile, err));
    TRY(identity_not_after(&profile, &not_after_s, err));
    TRY(plan_get(session, plan->path, &status, err));
    json_t *who = json_object_get(status, "operator");
    if (session->is_json) {
        json_object_set_new(who, "server", json_string(profile.server));
        json_object_set_new(who, "certificate_ends_s", json_integer(not_after_s));
        print_json(session, who);
        return OK;
    }
    print_member(session, "operator", who, "name");
    print_member(session, "role", who, "role");
    print_member(session, "scope", who, "scope");
    fprintf(session->out, "%-12s%s\n%-12s", "server", profile.server, "until");
    print_date(session->out, not_after_s);
    fputc('\n', session->out);
    return OK;
}

enum result action_logout(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    TRY(profile_remove(err));
    if (!session->is_json)
        fputs("logged out; key and certificate stay where they are\n", session->out);
    return OK;
}

/* ---- renew ----------------------------------------------------------------------------------- */

static enum result ask_renewal(struct session *session, struct key *key, json_t **ret,
                               struct err *err)
{
    CLEANUP(blob_free) struct blob csr = {0};
    TRY(identity_request(key, "renewal", &csr, err));
    json_auto_t *body = json_pack("{s:s%}", "csr", csr.p, csr.n);
    struct api_call call = {
        .method = CLIENT_POST, .path = "/api/v1/operators/me/renew", .body = body};
    return session_send(session, &call, ret, err);
}

static enum result keep_certificate(const json_t *answer, const char *path, struct err *err)
{
    const char *pem = json_string_value(json_object_get(answer, "certificate"));
    if (pem == NULL)
        return err_set(err, E_UNREACHABLE,
                       "the answer has no 'certificate'; is this a Troth server?");
    return file_write(path, 0644, bytes_of(pem, strlen(pem)), err);
}

static enum result renew_same(struct session *session, const struct profile *old, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    json_auto_t *answer = NULL;
    struct profile now = *old, *profile = &now;
    TRY(key_load(profile->key, NULL, &key, err));
    TRY(ask_renewal(session, key, &answer, err));
    TRY(keep_certificate(answer, profile->certificate, err));
    TRY(root_follow(session, answer, profile, err));
    TRY(profile_write(profile, err));
    if (!session->is_json)
        fprintf(session->out, "renewed over the same key: %s\n", profile->certificate);
    return OK;
}

/* Files named by the key, so that none is ever written over. */
static enum result name_files(const struct key *key, const char *folder, struct profile *to,
                              struct err *err)
{
    uint8_t hash[SHA256_N];
    char hex[17] = "";
    sha256(key_spki(key), hash);
    struct buf text = buf_over(hex, sizeof hex - 1);
    hex_encode(&text, bytes_of(hash, 8));
    int n = snprintf(to->key, sizeof to->key, "%s/%s.key", folder, hex);
    int m = snprintf(to->certificate, sizeof to->certificate, "%s/%s.pem", folder, hex);
    bool fits = n > 0 && m > 0 && (size_t)n < sizeof to->key && (size_t)m < sizeof to->certificate;
    return fits ? OK : err_set(err, E_USAGE, "the path is too long");
}

/* The first use of the new key ends the old one. */
static enum result settle(struct session *session, const struct profile *profile, struct err *err)
{
    json_auto_t *answer = NULL, *body = json_object();
    struct api_call call = {
        .method = CLIENT_POST, .path = "/api/v1/operators/me/settle", .body = body};
    session_end(session);
    TRY(profile_open(profile, &session->client, err));
    return session_send(session, &call, &answer, err);
}

static enum result renew_rekeyed(struct session *session, const struct profile *old,
                                 struct err *err)
{
    char folder[CLI_PATH_MAX], path[CLI_PATH_MAX];
    CLEANUP(key_freep) struct key *key = NULL;
    json_auto_t *answer = NULL;
    struct profile new = *old;
    TRY(profile_folder(folder, sizeof folder, err));
    int n = snprintf(path, sizeof path, "%s/renewal.key", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, E_USAGE, "the path is too long");
    TRY(identity_key(path, &key, err));
    TRY(ask_renewal(session, key, &answer, err));
    TRY(name_files(key, folder, &new, err));
    TRY(keep_certificate(answer, new.certificate, err));
    TRY(root_follow(session, answer, &new, err));
    if (rename(path, new.key) != 0)
        return err_set(err, E_IO, "%s: %s", new.key, strerror(errno));
    TRY(folder_sync(folder, err));
    TRY(profile_write(&new, err));
    TRY(settle(session, &new, err));
    if (!session->is_json)
        fprintf(session->out,
                "renewed over a new key: %s\nthe old one is no operator's any more: %s\n", new.key,
                old->key);
    return OK;
}

enum result action_operator_renew(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    struct profile profile;
    TRY(crypto_start(err));
    TRY(profile_read(&profile, err));
    if (session_text(session, "--same-key") != NULL)
        return renew_same(session, &profile, err);
    enum result result = renew_rekeyed(session, &profile, err);
    if (result == OK || err->code != E_APPROVAL)
        return result;
    *err = (struct err){0}; /* an approver keeps his key: another one takes two people */
    return renew_same(session, &profile, err);
}
