#include "authorities.h"

#include <base/blob.h>
#include <wire/x509.h>

#include <stdlib.h>

struct authority {
    enum chain_authority kind;
    bool is_link; /* of two roots: no root is its issuer but another */
    struct blob certificate;
};

struct authorities {
    struct chain_store *chains;
    struct authority list[LIMIT_AUTHORITIES];
    uint32_t n;
};

static bool is_self_issued(struct bytes certificate)
{
    struct x509_cert cert;
    const char *why = NULL;
    return x509_read_cert(certificate, &cert, &why) && bytes_equal(cert.subject, cert.issuer);
}

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
    authority->is_link = trust->kind == CHAIN_AUTHORITY_ROOT && !is_self_issued(trust->certificate);
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

struct bytes authorities_link_of(const struct authorities *authorities, struct bytes issuer)
{
    struct x509_cert cert, root;
    const char *why = NULL;
    if (!x509_read_cert(issuer, &cert, &why))
        return (struct bytes){0};
    for (uint32_t i = 0; i < authorities->n; i++) {
        struct bytes der = blob_bytes(&authorities->list[i].certificate);
        if (authorities->list[i].is_link && x509_read_cert(der, &root, &why) &&
            bytes_equal(root.subject, cert.issuer) && bytes_equal(root.ski, cert.aki))
            return der;
    }
    return (struct bytes){0};
}

struct bytes authorities_newest_root(const struct authorities *authorities)
{
    for (uint32_t i = authorities->n; i > 0; i--)
        if (authorities->list[i - 1].kind == CHAIN_AUTHORITY_ROOT &&
            !authorities->list[i - 1].is_link)
            return blob_bytes(&authorities->list[i - 1].certificate);
    return (struct bytes){0};
}

void authorities_chain_hash(const struct authorities *authorities, uint8_t ret[SHA256_N])
{
    struct bytes parts[LIMIT_AUTHORITIES];
    size_t n = authorities_list(authorities, CHAIN_AUTHORITY_ROOT, parts, LENGTH_OF(parts));
    n += authorities_list(authorities, CHAIN_AUTHORITY_OPERATIONS, parts + n, LENGTH_OF(parts) - n);
    sha256_parts(parts, n, ret);
}

static size_t list(const struct authorities *authorities, enum chain_authority kind, bool is_link,
                   struct bytes *ret, size_t max)
{
    size_t n = 0;
    for (uint32_t i = 0; i < authorities->n && n < max; i++)
        if (authorities->list[i].kind == kind && authorities->list[i].is_link == is_link)
            ret[n++] = blob_bytes(&authorities->list[i].certificate);
    return n;
}

size_t authorities_list(const struct authorities *authorities, enum chain_authority kind,
                        struct bytes *ret, size_t max)
{
    size_t n = list(authorities, kind, true, ret, max);
    return n + list(authorities, kind, false, ret + n, max - n);
}
