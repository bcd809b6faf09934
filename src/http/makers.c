#include "makers.h"

#include <base/blob.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <crypto/presented.h>
#include <crypto/verify.h>
#include <trust/words.h>

#include <stdlib.h>

struct maker {
    uint32_t id;
    unsigned use;
    char product[LIMIT_NAME + 1];
    uint8_t thumbprint[SHA256_N];
    struct blob der; /* what `cert` points into */
    struct x509_cert cert;
};

struct makers {
    struct maker list[LIMIT_AUTHORITIES];
    size_t n;
};

enum result makers_new(struct makers **ret, struct err *err)
{
    struct makers *makers = calloc(1, sizeof *makers);
    if (makers == NULL)
        return err_set(err, E_MEMORY, "makers");
    *ret = makers;
    return OK;
}

void makers_freep(struct makers **owned)
{
    struct makers *makers = STEAL(*owned);
    if (makers == NULL)
        return;
    for (size_t i = 0; i < makers->n; i++)
        blob_free(&makers->list[i].der);
    free(makers);
}

static enum result read_maker(const struct maker_in *in, struct maker *ret, struct err *err)
{
    const char *why = NULL;
    *ret = (struct maker){.id = in->id, .use = in->use};
    if (!text_copy(in->product, ret->product, sizeof ret->product))
        return err_set(err, E_TOO_LARGE, "a product's name of %zu octets", in->product.n);
    if (blob_copy(in->certificate, &ret->der) != OK)
        return err_set(err, E_MEMORY, "a maker's certificate");
    if (!x509_read_cert(blob_bytes(&ret->der), &ret->cert, &why)) {
        blob_free(&ret->der);
        return err_set(err, E_CERTIFICATE, "anchor %u: %s", in->id, why);
    }
    sha256(in->certificate, ret->thumbprint);
    return OK;
}

enum result makers_add(struct makers *makers, const struct maker_in *in, struct err *err)
{
    if (makers->n == LIMIT_AUTHORITIES)
        return err_set(err, E_TOO_LARGE, "anchors: want at most %d", LIMIT_AUTHORITIES);
    TRY(read_maker(in, &makers->list[makers->n], err));
    makers->n++;
    return OK;
}

static bool is_for(const struct maker *maker, unsigned use, struct bytes product)
{
    return maker->use == use && bytes_equal(product, text_bytes(maker->product));
}

const struct x509_cert *makers_certificate(const struct makers *makers, int64_t id)
{
    for (size_t i = 0; makers != NULL && i < makers->n; i++)
        if (makers->list[i].id == id)
            return &makers->list[i].cert;
    return NULL;
}

uint32_t makers_issuer(const struct makers *makers, const struct x509_cert *certificate)
{
    for (size_t i = 0; makers != NULL && i < makers->n; i++) {
        const struct maker *maker = &makers->list[i];
        if (maker->use != ANCHOR_MANIFEST && presented_is_issued_by(certificate, &maker->cert))
            return maker->id;
    }
    return 0;
}

/* ---- who signed -------------------------------------------------------------------------------
 */

static bool is_named(const struct maker *maker, const struct manifest_signature *signature)
{
    struct bytes thumbprint = bytes_of(maker->thumbprint, sizeof maker->thumbprint);
    bool same_key = signature->kid.n == 0 || bytes_equal(signature->kid, maker->cert.ski);
    bool same_certificate =
        signature->thumbprint.n == 0 || bytes_equal(signature->thumbprint, thumbprint);
    return same_key && same_certificate;
}

/* ES256 is of P-256 alone (RFC 7518 3.4): it is the key that says it, not the file. */
static enum result check(const struct maker *maker, const struct manifest_signature *signature,
                         struct err *err)
{
    uint8_t octets[80];
    struct buf der = buf_over(octets, sizeof octets);
    struct err why = {0};
    if (maker->cert.key.alg != X509_KEY_P256)
        return err_set(err, E_MANIFEST_ALGORITHM, "seen ES256, but the signer's key is not P-256");
    x509_ecdsa_to_der(&der, signature->signature);
    if (!buf_ok(&der) || verify_signature(&maker->cert.key, X509_SIG_ECDSA_SHA256, signature->input,
                                          buf_bytes(&der), &why) != OK)
        return err_set(err, E_MANIFEST_SIGNER,
                       "the signature does not verify with the key of anchor %u", maker->id);
    return OK;
}

/* Hexadecimal digits of what a file says of its signer. */
struct named {
    char text[17];
};

static struct named named_of(struct bytes octets)
{
    struct named named = {"nothing"};
    for (size_t i = 0; i < octets.n && i < 8; i++)
        snprintf(named.text + 2 * i, 3, "%02x", octets.p[i]);
    return named;
}

enum result makers_check_signature(const struct makers *makers, struct bytes product,
                                   const struct manifest_signature *signature, uint32_t *ret_signer,
                                   struct err *err)
{
    for (size_t i = 0; makers != NULL && i < makers->n; i++) {
        const struct maker *maker = &makers->list[i];
        if (!is_for(maker, ANCHOR_MANIFEST, product) || !is_named(maker, signature))
            continue;
        TRY(check(maker, signature, err));
        *ret_signer = maker->id;
        return OK;
    }
    return err_set(err, E_MANIFEST_SIGNER,
                   "protected: seen x5t#S256 %s..., kid %s..., wanted those of a certificate "
                   "pinned for \"%s\"",
                   named_of(signature->thumbprint).text, named_of(signature->kid).text,
                   err_value(product).text);
}

/* ---- what a device's certificate chains to ----------------------------------------------------
 */

enum result makers_chains(const struct makers *makers, struct bytes product,
                          struct chain_store **ret, struct err *err)
{
    CLEANUP(chain_store_freep) struct chain_store *chains = NULL;
    TRY(chain_store_new(&chains, err));
    for (size_t i = 0; makers != NULL && i < makers->n; i++) {
        const struct maker *maker = &makers->list[i];
        const struct chain_trust trust = {maker->id, CHAIN_AUTHORITY_ANCHOR, product,
                                          blob_bytes(&maker->der)};
        if (is_for(maker, ANCHOR_PROOF, product))
            TRY(chain_store_add(chains, &trust, err));
    }
    *ret = STEAL(chains);
    return OK;
}

enum result maker_check_chain(struct chain_store *chains, const struct manifest_key *key,
                              int64_t now_s, uint32_t *ret_anchor, struct err *err)
{
    struct chain_claim claim = {0};
    struct err why = {0};
    uint8_t spki[SHA256_N];
    const struct chain_terms terms = {.now_s = now_s};
    enum result result = chain_verify(chains, key->chain, key->chain_n, &terms, &claim, &why);
    if (result_is_ours(result))
        return err_set(err, why.code, "%s", why.text);
    if (result != OK)
        return err_set(err, E_MANIFEST_CHAIN, "x5c: %s", why.text);
    if (claim.kind != CHAIN_FOREIGN)
        return err_set(err, E_MANIFEST_CHAIN,
                       "x5c: seen a self-signed certificate, wanted one below an anchor");
    sha256(key->spki, spki);
    if (memcmp(spki, claim.spki_hash, sizeof spki) != 0)
        return err_set(err, E_MANIFEST_CHAIN,
                       "x5c: the first certificate is over another key than x and y "
                       "(RFC 7517 4.7)");
    *ret_anchor = claim.anchor;
    return OK;
}
