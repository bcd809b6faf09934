#include "authorities.h"

#include <base/blob.h>
#include <wire/x509.h>

#include <stdlib.h>

struct authority {
    enum chain_authority kind;
    struct blob certificate;
};

struct authorities {
    struct chain_store *chains;
    struct authority list[LIMIT_AUTHORITIES];
    uint32_t n;
};

enum result authorities_new(struct authorities **ret, struct err *err)
{
    CLEANUP(authorities_freep) struct authorities *authorities = calloc(1, sizeof *authorities);
    if (authorities == NULL)
        return err_set(err, E_MEMORY, "authorities");
    TRY(chain_store_new(&authorities->chains, err));
    *ret = STEAL(authorities);
    return OK;
}

void authorities_freep(struct authorities **owned)
{
    struct authorities *authorities = STEAL(*owned);
    if (authorities == NULL)
        return;
    for (uint32_t i = 0; i < authorities->n; i++)
        blob_free(&authorities->list[i].certificate);
    chain_store_free(authorities->chains);
    free(authorities);
}

enum result authorities_add(struct authorities *authorities, const struct chain_trust *trust,
                            struct err *err)
{
    if (authorities->n == LIMIT_AUTHORITIES)
        return err_set(err, E_TOO_LARGE, "authorities: want at most %d", LIMIT_AUTHORITIES);
    TRY(chain_store_add(authorities->chains, trust, err));
    struct authority *authority = &authorities->list[authorities->n];
    TRY(blob_copy(trust->certificate, &authority->certificate));
    authority->kind = trust->kind;
    authorities->n++;
    return OK;
}

struct chain_store *authorities_chains(struct authorities *authorities)
{
    return authorities->chains;
}

struct bytes authorities_issuer_of(const struct authorities *authorities, enum chain_authority kind,
                                   struct bytes certificate)
{
    struct x509_cert leaf, issuer;
    const char *why = NULL;
    if (!x509_read_cert(certificate, &leaf, &why))
        return (struct bytes){0};
    for (uint32_t i = 0; i < authorities->n; i++) {
        struct bytes der = blob_bytes(&authorities->list[i].certificate);
        if (authorities->list[i].kind == kind && x509_read_cert(der, &issuer, &why) &&
            bytes_equal(issuer.subject, leaf.issuer) && bytes_equal(issuer.ski, leaf.aki))
            return der;
    }
    return (struct bytes){0};
}

size_t authorities_list(const struct authorities *authorities, enum chain_authority kind,
                        struct bytes *ret, size_t max)
{
    size_t n = 0;
    for (uint32_t i = 0; i < authorities->n && n < max; i++)
        if (authorities->list[i].kind == kind)
            ret[n++] = blob_bytes(&authorities->list[i].certificate);
    return n;
}
