#include "session.h"

#include <base/file.h>
#include <crypto/hash.h>
#include <crypto/start.h>
#include <ipc/role.h>
#include <signer/signer.h>
#include <wire/x509.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM SESSION_PATH_ROOM

static enum result path_in(const struct config *config, const char *name, char ret[PATH_ROOM],
                           struct err *err)
{
    int n = snprintf(ret, PATH_ROOM, "%s/" ROLE_FOLDER_SIGNER "%s%s", config->data,
                     *name != '\0' ? "/" : "", name);
    return n > 0 && n < PATH_ROOM ? OK : err_set(err, E_CONFIG, "the path of data is too long");
}

static enum result open_keys(struct session *session, struct err *err)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    char folder[PATH_ROOM];

    TRY(path_in(session->config, "", folder, err));
    TRY(secret_read_passphrase(session->config->passphrase_file, SIGNER_CREDENTIAL, &passphrase,
                               err));
    return session->backend->open(folder, &passphrase, &session->keys, err);
}

const struct pki_issuer *issuer_find(const struct session *session, uint32_t number)
{
    if (number >= PKI_ISSUERS || session->issuers[number].certificate.n == 0)
        return NULL;
    return &session->issuers[number].issuer;
}

/* The first issuers' keys have names of their own. */
enum signer_key issuer_signs_with(uint32_t number)
{
    static const enum signer_key first[PKI_ISSUER_COUNT] = {
        [PKI_ISSUER_NONE] = SIGNER_KEY_COUNT,
        [PKI_ISSUER_ROOT] = SIGNER_KEY_COUNT,
        [PKI_ISSUER_IDEVID] = SIGNER_KEY_IDEVID,
        [PKI_ISSUER_LDEVID] = SIGNER_KEY_LDEVID,
        [PKI_ISSUER_OPERATIONS] = SIGNER_KEY_OPERATIONS,
    };
    return number < PKI_ISSUER_COUNT ? first[number] : SIGNER_KEY_ISSUER(number);
}

static enum result open_issuer(struct session *session, enum pki_issuer_kind kind, uint32_t number,
                               struct err *err)
{
    struct issuing *issuing = &session->issuers[number];
    char name[sizeof(struct signer_name) + 4], path[PATH_ROOM];
    struct x509_cert cert;
    const char *why = NULL;

    snprintf(name, sizeof(name), "%s.cer", signer_issuer_name(kind, number).text);
    TRY(path_in(session->config, name, path, err));
    TRY(file_read(path, LIMIT_CERTIFICATE_BYTES, &issuing->certificate, err));
    TRY(pki_issuer_read(number, kind, blob_bytes(&issuing->certificate), &issuing->issuer, err));
    if (!x509_read_cert(blob_bytes(&issuing->certificate), &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s: %s", path, why);
    if (!bytes_equal(cert.spki, session->backend->spki(session->keys, issuer_signs_with(number))))
        return err_set(err, E_KEY, "%s is not for the key beside it", path);
    sha256(cert.spki, issuing->spki);
    return OK;
}

static enum result open_later_issuers(struct session *session, enum pki_issuer_kind kind,
                                      struct err *err)
{
    char folder[PATH_ROOM];

    TRY(path_in(session->config, "", folder, err));
    for (uint32_t number = PKI_ISSUER_COUNT; number < PKI_ISSUERS; number++)
        if (signer_has_issuer(folder, kind, number))
            TRY(open_issuer(session, kind, number, err));
    return OK;
}

/* Whose key may approve a recovery: the first root, and those that were accepted since. */
static enum result open_roots(struct session *session, struct err *err)
{
    for (uint32_t number = PKI_ISSUER_ROOT; number < PKI_ISSUERS; number++) {
        char name[sizeof(struct signer_name) + 4], path[PATH_ROOM];
        snprintf(name, sizeof(name), "%s.cer", signer_issuer_name(PKI_ISSUER_ROOT, number).text);
        TRY(path_in(session->config, name, path, err));
        bool is_roots = number == PKI_ISSUER_ROOT || number >= PKI_ISSUER_COUNT;
        if (is_roots && file_exists(path))
            TRY(file_read(path, LIMIT_CERTIFICATE_BYTES, &session->roots[number], err));
    }
    return OK;
}

static enum result open_origin(struct session *session, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    char path[PATH_ROOM];

    TRY(path_in(session->config, "origin", path, err));
    TRY(file_read(path, ORIGIN_MAX + 1, &file, err));
    struct bytes origin = blob_bytes(&file);
    if (origin.n != 0 && origin.p[origin.n - 1] == '\n')
        origin.n--;
    if (!is_note_origin(origin))
        return err_set(err, E_SYNTAX, "%s: not the name of a log (C2SP signed-note)", path);
    memcpy(session->origin, origin.p, origin.n);
    return OK;
}

static void fill_site(struct site *site, const struct config *config)
{
    for (uint32_t i = 0; i < config->server_name_count; i++)
        site->names[i] = bytes_of(config->server_names[i], strlen(config->server_names[i]));
    site->pki = (struct pki_site){.url = bytes_of(config->public_url, strlen(config->public_url)),
                                  .names = site->names,
                                  .names_n = config->server_name_count};
}

/* ---- a reload: core may ask by the former or by the next names from `prepare` to `finish` ---- */

static enum result prepare(void *owner, const struct config *next, struct err *err)
{
    (void)err;
    struct session *session = owner;
    fill_site(&session->other_site, next);
    return OK;
}

static void commit(void *owner, const struct config *now)
{
    struct session *session = owner;
    session->other_site = session->site;
    session->other_site.pki.names = session->other_site.names;
    fill_site(&session->site, now);
}

static void forget_other(void *owner)
{
    struct session *session = owner;
    session->other_site = (struct site){0};
}

const struct reload_hooks session_reload_hooks = {prepare, commit, forget_other, forget_other};

/* ---- begin and end --------------------------------------------------------------------------- */

static enum result open_files(struct session *session, struct err *err)
{
    TRY(open_keys(session, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++) {
        TRY(open_issuer(session, kind, kind, err));
        TRY(open_later_issuers(session, kind, err));
    }
    TRY(open_roots(session, err));
    return open_origin(session, err);
}

enum result session_open_files(struct session *session, const struct config *config,
                               struct err *err)
{
    *session = (struct session){
        .config = config, .reload.up.fd = -1, .core.fd = -1, .backend = &signer_backend_file};
    return open_files(session, err);
}

bool session_has_journal(const struct session *session)
{
    char path[PATH_ROOM];
    return path_in(session->config, SESSION_JOURNAL, path, NULL) == OK && file_exists(path);
}

enum result session_path(const struct session *session, const char *name,
                         char ret[SESSION_PATH_ROOM], struct err *err)
{
    return path_in(session->config, name, ret, err);
}

enum result session_open_journal(struct session *session, const char *name, struct err *err)
{
    char path[PATH_ROOM];

    TRY(path_in(session->config, name, path, err));
    return journal_open(path, &session->journal, err);
}

enum result signer_check(const struct config *config, struct err *err)
{
    struct session session;
    enum result result = session_open_files(&session, config, err);
    session_close(&session);
    return result;
}

static enum result open_webhook_key(struct session *session, struct err *err)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    char folder[PATH_ROOM];

    TRY(path_in(session->config, "", folder, err));
    TRY(secret_read_passphrase(session->config->passphrase_file, SIGNER_CREDENTIAL, &passphrase,
                               err));
    return session->backend->open_webhook(session->keys, folder, &passphrase, err);
}

enum result session_open(struct session *session, const struct config *config, int core_fd,
                         struct err *err)
{
    TRY(crypto_start(err));
    TRY(session_open_files(session, config, err));
    TRY(open_webhook_key(session, err));
    TRY(ipc_open(&session->core, IPC_SIGNER, IPC_CORE, core_fd, err));
    fill_site(&session->site, config);
    session->jobs = calloc(JOBS_MAX, sizeof(*session->jobs));
    if (session->jobs == NULL)
        return err_set(err, E_MEMORY, "no memory for a batch");
    TRY(session_open_journal(session, SESSION_JOURNAL, err));
    session->feed_floor = session->feed_last = journal_memory(session->journal)->feed;
    return OK;
}

void session_close(struct session *session)
{
    ipc_close(&session->core);
    session->backend->close(session->keys);
    for (size_t i = 0; i < PKI_ISSUERS; i++)
        blob_free(&session->issuers[i].certificate);
    for (size_t i = 0; i < PKI_ISSUERS; i++)
        blob_free(&session->roots[i]);
    delegates_free(session);
    journal_close(session->journal);
    free(session->jobs);
}

/* Until core has room again, or one of the two is gone. */
static enum result wait_for_core(struct session *session, struct err *err)
{
    struct pollfd fds[] = {{.fd = session->core.fd, .events = POLLOUT},
                           {.fd = session->reload.up.fd}};

    if (poll(fds, LENGTH_OF(fds), -1) < 0 && errno != EINTR)
        return err_set(err, E_IO, "poll: %s", strerror(errno));
    if (fds[1].revents & POLLHUP)
        return err_set(err, E_UNREACHABLE, "the supervisor is gone");
    return OK;
}

enum result session_send(struct session *session, enum ipc_type type, const void *message, int fd,
                         struct err *err)
{
    for (;;) {
        enum result result = ipc_send(&session->core, type, message, fd, err);
        if (result != R_BUSY)
            return result;
        TRY(wait_for_core(session, err));
    }
}

enum result session_post(struct session *session, enum ipc_type type, const void *message,
                         struct err *err)
{
    enum result result;
    while ((result = ipc_post(&session->core, type, message, err)) == R_BUSY)
        TRY(wait_for_core(session, err));
    return result;
}

enum result session_flush(struct session *session, struct err *err)
{
    enum result result;
    while ((result = ipc_flush(&session->core, err)) == R_BUSY)
        TRY(wait_for_core(session, err));
    return result;
}

enum result session_may_sign(const struct session *session, struct err *err)
{
    if (session->has_agreed)
        return OK;
    return err_set(err, E_JOURNAL,
                   session->is_core_ahead
                       ? "core remembers more signatures than the signer's journal has"
                       : "the signer's journal and the ledger have not been compared");
}
