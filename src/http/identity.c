#include "identity.h"
#include "connection.h"

#include <base/secret.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include <stdlib.h>
#include <string.h>

/* One certificate in use, or kept for handshakes that began with it: GnuTLS borrows the pointers
 * for as long as a handshake lasts. */
struct certified {
    gnutls_pcert_st chain[3]; /* struct identity_chain */
    unsigned n;
    int64_t drop_ms;
    struct certified *older;
};

struct identity {
    gnutls_privkey_t key;
    uint8_t csr[512], spki[128];
    size_t csr_n, spki_n;
    struct certified *current;  /* newest first */
    struct certified *prepared; /* NULL: none; with the instant below once it is current */
    int64_t renew_s, prepared_renew_s;
};

static void certified_free(struct certified *certified)
{
    for (unsigned i = 0; i < certified->n; i++)
        gnutls_pcert_deinit(&certified->chain[i]);
    free(certified);
}

static void certified_freep(struct certified **owned)
{
    if (*owned != NULL)
        certified_free(STEAL(*owned));
}

static void free_from(struct certified *certified)
{
    while (certified != NULL) {
        struct certified *older = certified->older;
        certified_free(certified);
        certified = older;
    }
}

/* ---- key and request ------------------------------------------------------------------------- */

static void pubkey_freep(gnutls_pubkey_t *key)
{
    if (*key != NULL)
        gnutls_pubkey_deinit(*key);
}

static void datum_free(gnutls_datum_t *datum)
{
    gnutls_free(datum->data);
}

static enum result library_failed(struct err *err, const char *what, int code)
{
    return err_set(err, E_KEY, "%s: %s", what, gnutls_strerror(code));
}

/* 04 || x || y. */
static enum result export_point(gnutls_privkey_t key, uint8_t ret[X509_P256_POINT_N],
                                struct err *err)
{
    CLEANUP(pubkey_freep) gnutls_pubkey_t pubkey = NULL;
    CLEANUP(datum_free) gnutls_datum_t x = {0};
    CLEANUP(datum_free) gnutls_datum_t y = {0};
    gnutls_ecc_curve_t curve;
    int code = gnutls_pubkey_init(&pubkey);
    if (code == 0)
        code = gnutls_pubkey_import_privkey(pubkey, key, 0, 0);
    if (code == 0)
        code = gnutls_pubkey_export_ecc_raw2(pubkey, &curve, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ);
    if (code < 0)
        return library_failed(err, "TLS public key", code);
    if (x.size > 32 || y.size > 32)
        return err_set(err, E_KEY, "TLS public key: a coordinate of %u octets", x.size);
    memset(ret, 0, X509_P256_POINT_N);
    ret[0] = 4;
    memcpy(ret + 33 - x.size, x.data, x.size);
    memcpy(ret + 65 - y.size, y.data, y.size);
    return OK;
}

static enum result write_request(struct identity *identity, struct err *err)
{
    uint8_t point[X509_P256_POINT_N], memory[256];
    TRY(export_point(identity->key, point, err));
    struct buf spki = buf_over(identity->spki, sizeof identity->spki);
    x509_write_spki(
        &spki, &(struct x509_key){.alg = X509_KEY_P256, .point = bytes_of(point, sizeof point)});
    const struct x509_name_part name = {oid_common_name, bytes_text("Troth listener")};
    const struct x509_csr_fields fields = {&name, 1, buf_bytes(&spki), {0}};
    struct buf info = buf_over(memory, sizeof memory);
    x509_write_csr_info(&info, &fields);

    CLEANUP(datum_free) gnutls_datum_t signature = {0};
    gnutls_datum_t signed_part = {memory, (unsigned)info.n};
    int code = gnutls_privkey_sign_data2(identity->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &signed_part,
                                         &signature);
    if (code < 0)
        return library_failed(err, "TLS key", code);
    struct buf csr = buf_over(identity->csr, sizeof identity->csr);
    x509_write_signed(&csr, buf_bytes(&info), X509_SIG_ECDSA_SHA256,
                      bytes_of(signature.data, signature.size));
    if (!buf_ok(&csr) || !buf_ok(&spki))
        return err_set(err, E_BUG, "TLS certification request");
    identity->csr_n = csr.n;
    identity->spki_n = spki.n;
    return OK;
}

enum result identity_new(struct identity **ret, struct err *err)
{
    CLEANUP(identity_freep) struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL)
        return err_set(err, E_MEMORY, "TLS key");
    int code = gnutls_privkey_init(&identity->key);
    if (code == 0)
        code = gnutls_privkey_generate(identity->key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (code < 0)
        return library_failed(err, "TLS key", code);
    TRY(write_request(identity, err));
    *ret = STEAL(identity);
    return OK;
}

void identity_freep(struct identity **owned)
{
    struct identity *identity = STEAL(*owned);
    if (identity == NULL)
        return;
    free_from(identity->current);
    identity_abandon(identity);
    gnutls_privkey_deinit(identity->key); /* GnuTLS wipes private parameters */
    free(identity);
}

struct bytes identity_csr(const struct identity *identity)
{
    return bytes_of(identity->csr, identity->csr_n);
}

struct bytes identity_spki(const struct identity *identity)
{
    return bytes_of(identity->spki, identity->spki_n);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static enum result add_certificate(struct certified *certified, struct bytes der, struct err *err)
{
    gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der.p, (unsigned)der.n};
    int code = gnutls_pcert_import_x509_raw(&certified->chain[certified->n], &datum,
                                            GNUTLS_X509_FMT_DER, 0);
    if (code < 0)
        return err_set(err, E_CERTIFICATE, "TLS certificate: %s", gnutls_strerror(code));
    certified->n++;
    return OK;
}

enum result identity_prepare(struct identity *identity, const struct identity_chain *chain,
                             struct err *err)
{
    struct x509_cert cert;
    const char *why = NULL;
    if (!x509_read_cert(chain->certificate, &cert, &why))
        return err_set(err, E_CERTIFICATE, "TLS certificate: %s", why);
    if (!bytes_equal(cert.spki, identity_spki(identity)))
        return err_set(err, E_CERTIFICATE, "TLS certificate: saw another key, want ours");

    CLEANUP(certified_freep) struct certified *certified = calloc(1, sizeof *certified);
    if (certified == NULL)
        return err_set(err, E_MEMORY, "TLS certificate");
    TRY(add_certificate(certified, chain->certificate, err));
    if (chain->issuer.n > 0)
        TRY(add_certificate(certified, chain->issuer, err));
    if (chain->link.n > 0)
        TRY(add_certificate(certified, chain->link, err));
    identity_abandon(identity);
    identity->prepared = STEAL(certified);
    identity->prepared_renew_s = cert.not_before_s + (cert.not_after_s - cert.not_before_s) / 2;
    return OK;
}

bool identity_commit(struct identity *identity, int64_t drop_ms)
{
    if (identity->prepared == NULL)
        return false;
    if (identity->current != NULL)
        identity->current->drop_ms = drop_ms;
    identity->prepared->older = identity->current;
    identity->current = STEAL(identity->prepared);
    identity->renew_s = identity->prepared_renew_s;
    return true;
}

void identity_abandon(struct identity *identity)
{
    certified_freep(&identity->prepared);
}

bool identity_has_certificate(const struct identity *identity)
{
    return identity->current != NULL;
}

int64_t identity_renew_s(const struct identity *identity)
{
    return identity->renew_s;
}

void identity_drop_old(struct identity *identity, int64_t now_ms)
{
    if (identity->current == NULL)
        return;
    struct certified **at = &identity->current->older;
    while (*at != NULL && (*at)->drop_ms > now_ms)
        at = &(*at)->older;
    free_from(STEAL(*at)); /* what is older was to be dropped sooner */
}

/* NOLINTNEXTLINE(readability-function-size): the signature is GnuTLS's */
int identity_retrieve(gnutls_session_t session, const gnutls_datum_t *names, int names_n,
                      const gnutls_pk_algorithm_t *algorithms, int algorithms_n,
                      gnutls_pcert_st **ret_certificates, unsigned *ret_n,
                      gnutls_privkey_t *ret_key)
{
    (void)names;
    (void)names_n;
    (void)algorithms;
    (void)algorithms_n;
    /* libmicrohttpd makes its connection the session's pointer. */
    const struct connection *connection = connection_of(gnutls_session_get_ptr(session));
    const struct identity *identity = connection == NULL ? NULL : connection->hub->identity;
    if (identity == NULL || identity->current == NULL)
        return -1;
    *ret_certificates = identity->current->chain;
    *ret_n = identity->current->n;
    *ret_key = identity->key;
    return 0;
}
