#include "chain_store.h"

#include <crypto/verify.h>
#include <wire/x509_name.h>

#include <stdlib.h>

struct remembered {
    uint8_t hash[SHA256_N];
    struct chain_state state;
};

struct chain_store {
    size_t n;
    struct chain_end ends[LIMIT_AUTHORITIES];
    size_t remembered_n, remembered_next;
    struct remembered remembered[CHAIN_REMEMBERED];
};

enum result chain_store_new(struct chain_store **ret, struct err *err)
{
    struct chain_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return err_set(err, E_MEMORY, "no memory for the authorities");
    *ret = store;
    return OK;
}

void chain_store_free(struct chain_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->n; i++)
        blob_free(&store->ends[i].der);
    free(store);
}

void chain_store_freep(struct chain_store **store)
{
    chain_store_free(*store);
}

static enum result check_trust(const struct chain_trust *trust, struct err *err)
{
    if (trust->kind <= CHAIN_AUTHORITY_NONE || trust->kind >= CHAIN_AUTHORITY_COUNT)
        return err_set(err, E_BUG, "%d is no kind of authority", (int)trust->kind);
    if (trust->product.n > LIMIT_NAME)
        return err_set(err, E_TOO_LARGE, "the product's name is above %d octets", LIMIT_NAME);
    if (trust->certificate.n > LIMIT_CERTIFICATE_BYTES)
        return err_set(err, E_TOO_LARGE, "the certificate is above %d octets",
                       LIMIT_CERTIFICATE_BYTES);
    return OK;
}

static enum result check_authority(const struct x509_cert *cert, struct err *err)
{
    if (!cert->is_ca)
        return err_set(err, E_CERTIFICATE, "RFC 5280 4.2.1.9: an authority must be a CA");
    if ((cert->has & X509_EXT_KEY_USAGE) && !(cert->key_usage & X509_KU_KEY_CERT_SIGN))
        return err_set(err, E_CERTIFICATE, "RFC 5280 4.2.1.3: an authority needs keyCertSign");
    return OK;
}

enum result chain_store_add(struct chain_store *store, const struct chain_trust *trust,
                            struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    const char *why = NULL;

    TRY(check_trust(trust, err));
    if (store->n == LIMIT_AUTHORITIES)
        return err_set(err, E_TOO_LARGE, "more than %d authorities", LIMIT_AUTHORITIES);
    if (blob_copy(trust->certificate, &der) != OK)
        return err_set(err, E_MEMORY, "no memory for an authority");
    if (!x509_read_cert(blob_bytes(&der), &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    TRY(check_authority(&cert, err));

    struct chain_end *end = &store->ends[store->n++];
    *end = (struct chain_end){.id = trust->id, .kind = trust->kind, .der = der, .cert = cert};
    if (trust->product.n != 0)
        memcpy(end->product, trust->product.p, trust->product.n);
    der = (struct blob){0};
    return OK;
}

/* RFC 5280 4.2.1.1: compared only where both are there. */
static bool key_ids_agree(const struct x509_cert *cert, const struct x509_cert *issuer)
{
    return cert->aki.n == 0 || issuer->ski.n == 0 || bytes_equal(cert->aki, issuer->ski);
}

bool chain_is_issued_by(const struct x509_cert *cert, const struct x509_cert *issuer)
{
    return x509_name_equal(cert->issuer, issuer->subject) && key_ids_agree(cert, issuer) &&
           verify_signature(&issuer->key, cert->sig_alg, cert->tbs, cert->signature, NULL) == OK;
}

const struct chain_end *chain_store_issuer(const struct chain_store *store,
                                           const struct x509_cert *cert)
{
    for (size_t i = 0; i < store->n; i++)
        if (chain_is_issued_by(cert, &store->ends[i].cert))
            return &store->ends[i];
    return NULL;
}

void chain_store_remember(struct chain_store *store, const uint8_t hash[SHA256_N],
                          const struct chain_state *state)
{
    struct remembered *to = &store->remembered[store->remembered_next];

    memcpy(to->hash, hash, SHA256_N);
    to->state = *state;
    store->remembered_next = (store->remembered_next + 1) % CHAIN_REMEMBERED;
    if (store->remembered_n < CHAIN_REMEMBERED)
        store->remembered_n++;
}

const struct chain_state *chain_store_recall(const struct chain_store *store,
                                             const uint8_t hash[SHA256_N])
{
    for (size_t i = 0; i < store->remembered_n; i++)
        if (memcmp(store->remembered[i].hash, hash, SHA256_N) == 0)
            return &store->remembered[i].state;
    return NULL;
}
