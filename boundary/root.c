#include "root.h"
#include "seal.h"

#include <base/file.h>
#include <base/limits.h>
#include <base/text.h>
#include <client/est.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <crypto/rollover.h>
#include <wire/hex.h>
#include <wire/pkcs7.h>
#include <wire/x509.h>

#define ROOT_FILE "root.pem"

static enum result keep(const struct state *state, struct bytes der, struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};
    struct x509_cert root;
    const char *why = NULL;
    if (!x509_read_cert(der, &root, &why))
        return err_set(err, E_CERTIFICATE, "the root: %s", why);
    if (!root.is_ca || !bytes_equal(root.subject, root.issuer))
        return err_set(err, E_CERTIFICATE, "that is no root: wanted a self-issued CA");
    TRY(pem_write(der, PEM_CERTIFICATE, &pem, err));
    return file_write(state_file(state, ROOT_FILE).text, 0644, blob_bytes(&pem), err);
}

enum result root_read(const struct state *state, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    struct state_path path = state_file(state, ROOT_FILE);
    TRY(file_read(path.text, 4 * LIMIT_CERTIFICATE_BYTES, &text, err));
    enum result result = pem_read(blob_bytes(&text), PEM_CERTIFICATE, ret, err);
    if (result != OK)
        err_prefix(err, "%s", path.text);
    return result;
}

static bool has_hash(struct bytes der, const uint8_t wanted[SHA256_N])
{
    uint8_t hash[SHA256_N];
    sha256(der, hash);
    return memcmp(hash, wanted, SHA256_N) == 0;
}

static enum result fetch(const struct state *state, const uint8_t wanted[SHA256_N], struct err *err)
{
    const struct client_options options = {.server = state->server, .is_unverified = true};
    CLEANUP(client_closep) struct client *client = NULL;
    CLEANUP(blob_free) struct blob bag = {0};
    struct reader certs;
    struct bytes cert;
    const char *why = NULL;
    TRY(client_open(&options, &client, err));
    TRY(est_get_cacerts(client, NULL, &bag, err));
    if (!pkcs7_read_certs(blob_bytes(&bag), &certs, &why))
        return err_set(err, E_SYNTAX, "/cacerts is no certificate bag: %s", why);
    while (pkcs7_next_cert(&certs, &cert))
        if (has_hash(cert, wanted))
            return keep(state, cert, err);
    return err_set(err, E_TLS, "%s has no certificate with that fingerprint", state->server);
}

enum result root_pin(const struct state *state, const char *fingerprint, struct err *err)
{
    CLEANUP(blob_free) struct blob root = {0};
    uint8_t wanted[SHA256_N];
    struct buf hash = buf_over(wanted, sizeof wanted);
    if (!hex_decode(&hash, text_bytes(fingerprint)) || hash.n != SHA256_N)
        return err_set(err, E_USAGE, "--root-sha256 has %zu characters; wanted 64 hex digits",
                       strlen(fingerprint));
    if (!file_exists(state_file(state, ROOT_FILE).text))
        return fetch(state, wanted, err);
    TRY(root_read(state, &root, err));
    if (!has_hash(blob_bytes(&root), wanted))
        return err_set(err, E_TLS, "%s is pinned and has another fingerprint than --root-sha256",
                       state_file(state, ROOT_FILE).text);
    return OK;
}

/* ---- following --------------------------------------------------------------------------------
 */

static enum result follow(const struct state *state, struct bytes bag, int64_t now_s,
                          bool *ret_followed, struct err *err)
{
    CLEANUP(blob_free) struct blob old = {0};
    struct bytes root;
    TRY(root_read(state, &old, err));
    TRY(rollover_find(bag, blob_bytes(&old), now_s, &root, err));
    *ret_followed = root.n > 0;
    return *ret_followed ? keep(state, root, err) : OK;
}

enum result root_follow(const struct state *state, struct bytes bag, int64_t now_s,
                        bool *ret_followed, struct err *err)
{
    seal_lock();
    enum result result = follow(state, bag, now_s, ret_followed, err);
    seal_unlock();
    return result;
}
