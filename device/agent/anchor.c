#include <agent/anchor.h>
#include <base/file.h>
#include <base/limits.h>
#include <client/est.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <wire/hex.h>
#include <wire/pkcs7.h>

#include <stdio.h>
#include <string.h>

#define ROOT_FILE "root.pem"

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
    if (!has_fingerprint(blob_bytes(&root), wanted))
        return err_set(err, E_TLS, "%s is pinned and has another fingerprint than --fingerprint",
                       state_own_file(agent->state, ROOT_FILE).text);
    return OK;
}

enum result anchor_pin(const struct agent *agent, struct err *err)
{
    if (agent->anchor != NULL) {
        CLEANUP(blob_free) struct blob root = {0};
        TRY(read_root(agent->anchor, &root, err));
        return keep_root(agent, blob_bytes(&root), err);
    }
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
