#include <agent/accept.h>
#include <crypto/chain.h>
#include <crypto/chain_gather.h>
#include <crypto/pem.h>

#include <stdlib.h>
#include <string.h>

#define CLOCK_BEHIND_S 300     /* our clock behind the issuer's */
#define BUILD_BACKDATE_S 86400 /* issuers backdate; a build may be minutes old */

static enum result check_times(const struct acceptance *terms, const struct x509_cert *cert,
                               struct err *err)
{
    if (cert->not_before_s < terms->floor_s)
        return err_set(err, E_CERTIFICATE,
                       "the certificate begins at %lld, before the one accepted earlier (%lld): an "
                       "old one sent again",
                       (long long)cert->not_before_s, (long long)terms->floor_s);
    if (cert->not_before_s + BUILD_BACKDATE_S < terms->build_s)
        return err_set(err, E_CERTIFICATE,
                       "the certificate begins at %lld, before this program was built (%lld)",
                       (long long)cert->not_before_s, (long long)terms->build_s);
    return OK;
}

/* The clock, but never before what is known to have passed; and a little forgiving. */
static int64_t judge_at(const struct acceptance *terms, const struct x509_cert *cert)
{
    int64_t now_s = terms->now_s;
    if (now_s < terms->floor_s)
        now_s = terms->floor_s;
    if (now_s < terms->build_s)
        now_s = terms->build_s;
    bool is_ahead = cert->not_before_s > now_s && cert->not_before_s - now_s <= CLOCK_BEHIND_S;
    return is_ahead ? cert->not_before_s : now_s;
}

static enum result check_chain(const struct acceptance *terms, const struct x509_cert *cert,
                               const struct chain_links *chain, struct err *err)
{
    CLEANUP(chain_store_freep) struct chain_store *store = NULL;
    struct chain_trust trust = {
        .id = 1,
        .kind = CHAIN_AUTHORITY_ANCHOR,
        .certificate = terms->root,
    };
    struct chain_terms at = {.now_s = judge_at(terms, cert)};
    struct chain_claim claim;
    TRY(chain_store_new(&store, err));
    TRY(chain_store_add(store, &trust, err));
    TRY(chain_verify(store, chain->der, chain->n, &at, &claim, err));
    if (claim.kind != CHAIN_FOREIGN)
        return err_set(err, E_CERTIFICATE, "the certificate's chain does not end at the anchor");
    return OK;
}

static enum result write_chain(const struct chain_links *chain, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob all = {0};
    for (size_t i = 0; i < chain->n; i++) {
        CLEANUP(blob_free) struct blob pem = {0};
        TRY(pem_write(chain->der[i], PEM_CERTIFICATE, &pem, err));
        uint8_t *grown = realloc(all.p, all.n + pem.n);
        if (grown == NULL)
            return err_set(err, E_MEMORY, "certificate chain");
        memcpy(grown + all.n, pem.p, pem.n);
        all = (struct blob){grown, all.n + pem.n};
    }
    *ret = all;
    all = (struct blob){0};
    return OK;
}

enum result accept_certificate(const struct acceptance *terms, struct bytes certificate,
                               struct blob *ret_pem, struct err *err)
{
    struct x509_cert cert;
    const char *why = NULL;
    if (!x509_read_cert(certificate, &cert, &why))
        return err_set(err, E_CERTIFICATE, "the certificate that came: %s", why);
    if (!bytes_equal(cert.spki, terms->spki))
        return err_set(err, E_CERTIFICATE,
                       "the certificate that came is for another key than ours");
    TRY(check_times(terms, &cert, err));
    struct chain_links chain = chain_gather(certificate, terms->cacerts, terms->root);
    TRY(check_chain(terms, &cert, &chain, err));
    return write_chain(&chain, ret_pem, err);
}
