#include "certificate.h"
#include "root.h"
#include "seal.h"

#include <base/file.h>
#include <base/limits.h>
#include <base/text.h>
#include <client/est.h>
#include <crypto/chain.h>
#include <crypto/chain_gather.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <wire/oid.h>
#include <wire/spread.h>

#include <stdlib.h>

#define FILE_BYTES (LIMIT_CHAIN_CERTIFICATES * LIMIT_CERTIFICATE_BYTES * 2)

/* ---- the request ------------------------------------------------------------------------------
 */

static enum result make_request(const struct state *state, struct key **ret_key,
                                struct blob *ret_csr, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    const struct x509_name_part subject = {oid_common_name, text_bytes(state->name)};
    TRY(key_load(state_file(state, "key.pem").text, NULL, &key, err));
    TRY(csr_make(key, &subject, 1, bytes_of(NULL, 0), ret_csr, err));
    *ret_key = STEAL(key);
    return OK;
}

/* ---- the answer -------------------------------------------------------------------------------
 */

static enum result check_chain(const struct chain_links *links, struct bytes root, int64_t now_s,
                               struct err *err)
{
    CLEANUP(chain_store_freep) struct chain_store *store = NULL;
    const struct chain_trust trust = {.id = 1, .kind = CHAIN_AUTHORITY_ANCHOR, .certificate = root};
    const struct chain_terms terms = {.now_s = now_s};
    struct chain_claim claim;
    TRY(chain_store_new(&store, err));
    TRY(chain_store_add(store, &trust, err));
    TRY(chain_verify(store, links->der, links->n, &terms, &claim, err));
    if (claim.kind != CHAIN_FOREIGN)
        return err_set(err, E_CERTIFICATE, "the certificate's chain does not end at the root");
    return OK;
}

static enum result write_chain(const struct state *state, const struct chain_links *links,
                               struct err *err)
{
    uint8_t *room = malloc(FILE_BYTES);
    CLEANUP(blob_free) struct blob owned = {.p = room, .n = FILE_BYTES};
    if (room == NULL)
        return err_set(err, E_MEMORY, "certificate chain");
    struct buf text = buf_over(room, FILE_BYTES);
    for (size_t i = 0; i < links->n; i++) {
        CLEANUP(blob_free) struct blob pem = {0};
        TRY(pem_write(links->der[i], PEM_CERTIFICATE, &pem, err));
        buf_put_bytes(&text, blob_bytes(&pem));
    }
    if (!buf_ok(&text))
        return err_set(err, E_TOO_LARGE, "the certificate's chain");
    return file_write(state_file(state, "certificate.pem").text, 0644, buf_bytes(&text), err);
}

/* A clock that is a little behind the server's is not what makes a certificate wrong. */
static int64_t judge_at(const struct x509_cert *cert, int64_t now_s)
{
    bool is_ahead = cert->not_before_s > now_s && cert->not_before_s - now_s <= 300;
    return is_ahead ? cert->not_before_s : now_s;
}

static enum result keep(const struct state *state, const struct key *key, struct bytes leaf,
                        struct bytes cacerts, int64_t now_s, struct err *err)
{
    CLEANUP(blob_free) struct blob root = {0};
    struct x509_cert cert;
    const char *why = NULL;
    if (!x509_read_cert(leaf, &cert, &why))
        return err_set(err, E_CERTIFICATE, "the certificate that came: %s", why);
    if (!bytes_equal(cert.spki, key_spki(key)))
        return err_set(err, E_CERTIFICATE,
                       "the certificate that came is for another key than ours");
    TRY(root_read(state, &root, err));
    const struct chain_links links = chain_gather(leaf, cacerts, blob_bytes(&root));
    TRY(check_chain(&links, blob_bytes(&root), judge_at(&cert, now_s), err));
    return write_chain(state, &links, err);
}

enum result certificate_obtain(const struct state *state, struct client *client,
                               const struct certificate_ask *ask, struct bytes cacerts,
                               int64_t now_s, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob csr = {0};
    CLEANUP(blob_free) struct blob leaf = {0};
    struct est_advice advice = {0};
    seal_lock();
    enum result result = make_request(state, &key, &csr, err);
    seal_unlock();
    if (result != OK)
        return result;
    const struct est_enrolment enrolment = {
        .is_renewal = ask->user == NULL,
        .csr = blob_bytes(&csr),
        .user = ask->user,
        .password = ask->password,
    };
    TRY(est_enrol(client, &enrolment, &leaf, &advice, err));
    seal_lock();
    result = keep(state, key, blob_bytes(&leaf), cacerts, now_s, err);
    seal_unlock();
    return result;
}

/* ---- its end ----------------------------------------------------------------------------------
 */

static enum result read_leaf(const struct state *state, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    struct blob all[LIMIT_CHAIN_CERTIFICATES] = {0};
    size_t n = 0;
    struct state_path path = state_file(state, "certificate.pem");
    TRY(file_read(path.text, FILE_BYTES, &text, err));
    seal_lock();
    enum result result =
        pem_read_all(blob_bytes(&text), PEM_CERTIFICATE, LENGTH_OF(all), all, &n, err);
    seal_unlock();
    if (result != OK) {
        err_prefix(err, "%s", path.text);
        return result;
    }
    for (size_t i = 1; i < n; i++)
        blob_free(&all[i]);
    *ret = all[0];
    return OK;
}

enum result certificate_due(const struct state *state, int64_t *ret_s, struct err *err)
{
    CLEANUP(blob_free) struct blob leaf = {0};
    struct x509_cert cert;
    const char *why = NULL;
    TRY(read_leaf(state, &leaf, err));
    if (!x509_read_cert(blob_bytes(&leaf), &cert, &why))
        return err_set(err, E_CERTIFICATE, "certificate.pem: %s", why);
    *ret_s = spread_renewal_s(cert.serial, cert.not_before_s, cert.not_after_s);
    return OK;
}

/* ---- what a start needs -----------------------------------------------------------------------
 */

static enum result read_credentials(const struct state *state, struct key **ret_key,
                                    struct err *err)
{
    CLEANUP(blob_free) struct blob root = {0};
    struct x509_cert cert;
    const char *why = NULL;
    TRY(key_load(state_file(state, "key.pem").text, NULL, ret_key, err));
    TRY(root_read(state, &root, err));
    if (!x509_read_cert(blob_bytes(&root), &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s: %s", state_file(state, "root.pem").text, why);
    return OK;
}

enum result certificate_check(const struct state *state, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob leaf = {0};
    struct state_path path = state_file(state, "certificate.pem");
    struct x509_cert cert;
    const char *why = NULL;
    seal_lock();
    enum result result = read_credentials(state, &key, err);
    seal_unlock();
    if (result != OK)
        return result;
    TRY(read_leaf(state, &leaf, err));
    if (!x509_read_cert(blob_bytes(&leaf), &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s: %s", path.text, why);
    if (!bytes_equal(cert.spki, key_spki(key)))
        return err_set(err, E_CERTIFICATE,
                       "%s is for another key than key.pem; wanted the two of one enrolment",
                       path.text);
    return OK;
}
