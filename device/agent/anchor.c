#include <agent/anchor.h>
#include <base/file.h>
#include <base/limits.h>
#include <base/log.h>
#include <client/est.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <crypto/rollover.h>
#include <wire/hex.h>
#include <wire/pkcs7.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROOT_FILE "root.pem"
#define ORIGIN_FILE "root-was" /* SHA-256 of the provisioned root that root.pem followed */

static bool has_fingerprint(struct bytes der, const uint8_t wanted[SHA256_N])
{
    uint8_t hash[SHA256_N];
    sha256(der, hash);
    return memcmp(hash, wanted, SHA256_N) == 0;
}

static enum result read_fingerprint(const char *text, uint8_t ret[SHA256_N], struct err *err)
{
    struct buf to = buf_over(ret, SHA256_N);
    if (!hex_decode(&to, bytes_of(text, strlen(text))) || to.n != SHA256_N)
        return err_set(err, E_USAGE, "--fingerprint has %zu characters; wanted 64 hex digits",
                       strlen(text));
    return OK;
}

static enum result check_root(struct bytes der, struct err *err)
{
    struct x509_cert root;
    const char *why = NULL;
    if (!x509_read_cert(der, &root, &why))
        return err_set(err, E_CERTIFICATE, "the anchor: %s", why);
    if (!root.is_ca || !bytes_equal(root.subject, root.issuer))
        return err_set(err, E_CERTIFICATE, "the anchor is not a root: wanted a self-issued CA");
    return OK;
}

/* ---- the provisioned root, and one that followed it -------------------------------------------
 */

static enum result write_origin(const struct agent *agent, struct bytes root, struct err *err)
{
    uint8_t hash[SHA256_N], hex[2 * SHA256_N];
    struct buf text = buf_over(hex, sizeof hex);
    struct state_path path = state_own_file(agent->state, ORIGIN_FILE);
    if (file_exists(path.text))
        return OK; /* it followed another before */
    sha256(root, hash);
    hex_encode(&text, bytes_of(hash, sizeof hash));
    return file_write(path.text, 0644, buf_bytes(&text), err);
}

/* Did root.pem follow the root of that fingerprint, on its proof? */
static bool has_followed(const struct agent *agent, const uint8_t provisioned[SHA256_N])
{
    CLEANUP(blob_free) struct blob text = {0};
    uint8_t was[SHA256_N];
    struct buf to = buf_over(was, sizeof was);
    struct err ignored = {0};
    return file_exists(state_own_file(agent->state, ROOT_FILE).text) &&
           file_read(state_own_file(agent->state, ORIGIN_FILE).text, 2 * SHA256_N, &text,
                     &ignored) == OK &&
           hex_decode(&to, blob_bytes(&text)) && to.n == SHA256_N &&
           memcmp(was, provisioned, SHA256_N) == 0;
}

static enum result keep_root(const struct agent *agent, struct bytes der, struct err *err)
{
    TRY(check_root(der, err));
    CLEANUP(blob_free) struct blob pem = {0};
    TRY(pem_write(der, PEM_CERTIFICATE, &pem, err));
    return file_write(state_own_file(agent->state, ROOT_FILE).text, 0644, blob_bytes(&pem), err);
}

static enum result read_root(const char *path, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    TRY(file_read(path, 4 * LIMIT_CERTIFICATE_BYTES, &text, err));
    enum result result = pem_or_der_read(blob_bytes(&text), PEM_CERTIFICATE, ret, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}

/* The certificate of that fingerprint among those that somebody calls /cacerts. */
static enum result fetch_root(const struct agent *agent, const uint8_t wanted[SHA256_N],
                              struct err *err)
{
    struct client_options options = {.server = agent->server, .is_unverified = true};
    CLEANUP(client_closep) struct client *client = NULL;
    CLEANUP(blob_free) struct blob bag = {0};
    TRY(client_open(&options, &client, err));
    TRY(est_get_cacerts(client, NULL, &bag, err));

    struct reader certs;
    struct bytes cert;
    const char *why = NULL;
    if (!pkcs7_read_certs(blob_bytes(&bag), &certs, &why))
        return err_set(err, E_SYNTAX, "/cacerts is no certificate bag: %s", why);
    while (pkcs7_next_cert(&certs, &cert))
        if (has_fingerprint(cert, wanted))
            return keep_root(agent, cert, err);
    return err_set(err, E_TLS, "%s has no certificate with the provisioned fingerprint",
                   agent->server);
}

static enum result pin_by_fingerprint(const struct agent *agent, struct err *err)
{
    uint8_t wanted[SHA256_N];
    TRY(read_fingerprint(agent->fingerprint, wanted, err));
    if (!file_exists(state_own_file(agent->state, ROOT_FILE).text))
        return fetch_root(agent, wanted, err);
    CLEANUP(blob_free) struct blob root = {0};
    TRY(anchor_read(agent, &root, err));
    if (!has_fingerprint(blob_bytes(&root), wanted) && !has_followed(agent, wanted))
        return err_set(err, E_TLS, "%s is pinned and has another fingerprint than --fingerprint",
                       state_own_file(agent->state, ROOT_FILE).text);
    return OK;
}

/* The file may still have the root of the day on which it was made. */
static enum result pin_by_file(const struct agent *agent, struct err *err)
{
    CLEANUP(blob_free) struct blob root = {0};
    uint8_t hash[SHA256_N];
    TRY(read_root(agent->anchor, &root, err));
    sha256(blob_bytes(&root), hash);
    if (has_followed(agent, hash))
        return OK;
    (void)unlink(state_own_file(agent->state, ORIGIN_FILE).text);
    return keep_root(agent, blob_bytes(&root), err);
}

enum result anchor_pin(const struct agent *agent, struct err *err)
{
    if (agent->anchor != NULL)
        return pin_by_file(agent, err);
    if (agent->fingerprint != NULL)
        return pin_by_fingerprint(agent, err);
    if (!file_exists(state_own_file(agent->state, ROOT_FILE).text))
        return err_set(err, E_USAGE,
                       "no anchor is provisioned: nothing proves the server; give --anchor or "
                       "--fingerprint");
    return OK;
}

enum result anchor_read(const struct agent *agent, struct blob *ret, struct err *err)
{
    return read_root(state_own_file(agent->state, ROOT_FILE).text, ret, err);
}

/* ---- one root follows another ------------------------------------------------------------------
 */

static int64_t not_before(int64_t now_s, int64_t known_s)
{
    return now_s > known_s ? now_s : known_s;
}

enum result anchor_follow(const struct agent *agent, struct bytes bag, int64_t now_s,
                          struct err *err)
{
    CLEANUP(blob_free) struct blob old = {0};
    struct bytes root;
    TRY(anchor_read(agent, &old, err));
    now_s = not_before(now_s, state_floor_s(agent->state));
    now_s = not_before(now_s, agent->build_s);
    TRY(rollover_find(bag, blob_bytes(&old), now_s, &root, err));
    if (root.n == 0)
        return OK;
    TRY(write_origin(agent, blob_bytes(&old), err));
    TRY(keep_root(agent, root, err));
    log_event(LEVEL_INFO, "root-followed", {"path", state_own_file(agent->state, ROOT_FILE).text});
    return OK;
}
