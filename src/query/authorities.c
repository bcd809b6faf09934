/* Our issuers, and the foreign anchors that we accept. */
#include "answer.h"

#include <trust/words.h>
#include <wire/x509.h>

struct counted {
    int64_t issuer, n;
};

static enum result note_count(void *context, int64_t key, int64_t n, struct err *err)
{
    (void)err;
    struct counted *counted = context;
    if (key == counted->issuer)
        counted->n = n;
    return OK;
}

static enum result give_authority(const struct query *query, const struct authority_row *authority,
                                  struct bytes product, int64_t certificates, struct err *err)
{
    struct msg_issuer_row row = {
        .id = query->asked->id,
        .row = authority->id,
        .kind = (uint8_t)authority->kind,
        .use = authority->kind == AUTHORITY_ANCHOR ? (uint8_t)authority->use : ANCHOR_USE_COUNT,
        .product = product,
        .not_after_s = authority->not_after_s,
        .certificates = certificates,
        .certificate = bytes_of(authority->certificate, authority->n),
    };
    return query->give(query->context, IPC_ISSUER_ROW, &row, err);
}

static enum result visit_issuer(void *context, const struct authority_row *issuer, struct err *err)
{
    struct query *query = context;
    struct counted counted = {.issuer = issuer->id};
    TRY(store_counts(query->store, "issuer", query_scope(query), note_count, &counted, err));
    return give_authority(query, issuer, bytes_of(NULL, 0), counted.n, err);
}

/* An anchor's row has no end of its own: its certificate has. */
static enum result read_end(struct authority_row *row, struct err *err)
{
    struct x509_cert certificate = {0};
    const char *why = NULL;
    if (!x509_read_cert(bytes_of(row->certificate, row->n), &certificate, &why))
        return err_set(err, E_STORE_CORRUPT, "anchor %lld: %s", (long long)row->id, why);
    row->not_after_s = certificate.not_after_s;
    return OK;
}

static enum result visit_anchor(void *context, const struct authority_row *anchor, struct err *err)
{
    struct query *query = context;
    struct product product = {0};
    TRY(store_product(query->store, anchor->product, &product, err));
    struct authority_row row = *anchor;
    row.kind = AUTHORITY_ANCHOR;
    TRY(read_end(&row, err));
    return give_authority(query, &row, query_text(product.name), 0, err);
}

enum result query_issuers(struct query *query, struct err *err)
{
    return store_issuers(query->store, visit_issuer, query, err);
}

enum result query_anchors(struct query *query, struct err *err)
{
    return store_anchors(query->store, visit_anchor, query, err);
}
