/* Our issuers, and the foreign anchors that we accept. */
#include "answer.h"

#include <base/text.h>
#include <trust/words.h>
#include <wire/oid.h>
#include <wire/x509.h>
#include <wire/x509_name.h>

#include <string.h>

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

/* What its certificate says: an anchor's row has no end of its own. */
static void read_certificate(struct msg_issuer_row *row)
{
    struct x509_cert cert = {0};
    const char *why = NULL;
    if (!x509_read_cert(row->certificate, &cert, &why))
        return; /* the audit names it */
    row->not_after_s = cert.not_after_s;
    if (!x509_name_find(cert.subject, oid_common_name, &row->name) || row->name.n > LIMIT_NAME)
        row->name = bytes_of(NULL, 0);
}

void query_authority_name(const struct authority_row *authority, char to[LIMIT_NAME + 1])
{
    struct msg_issuer_row row = {.certificate = bytes_of(authority->certificate, authority->n)};
    read_certificate(&row);
    if (!text_copy(row.name, to, LIMIT_NAME + 1))
        to[0] = '\0';
}

static struct msg_issuer_row begin_row(const struct query *query,
                                       const struct authority_row *authority)
{
    struct msg_issuer_row row = {
        .id = query->asked->id,
        .row = authority->id,
        .kind = (uint8_t)authority->kind,
        .use = authority->kind == AUTHORITY_ANCHOR ? (uint8_t)authority->use : ANCHOR_USE_COUNT,
        .owner = query_text(authority->owner),
        .state = (uint8_t)authority->state,
        .not_after_s = authority->not_after_s,
        .certificate = bytes_of(authority->certificate, authority->n),
    };
    memcpy(row.spki, authority->spki, sizeof row.spki);
    read_certificate(&row);
    return row;
}

/* ---- issuers ----------------------------------------------------------------------------------
 */

/* What a root has beside its certificate; empty where it has none. */
struct link {
    uint8_t space[LIMIT_CERTIFICATE_BYTES];
    struct bytes der;
};

static enum result read_link(const struct query *query, int64_t issuer, enum column column,
                             struct link *ret, struct err *err)
{
    struct buf room = buf_over(ret->space, sizeof ret->space);
    struct cell cell = {0};
    TRY(store_cell(query->store, column, issuer, &room, &cell, err));
    ret->der = cell.type == TYPE_BLOB ? cell.bytes : bytes_of(NULL, 0);
    return OK;
}

static enum result count_needs(const struct query *query, struct msg_issuer_row *row,
                               struct err *err)
{
    struct issuer_needs needs = {0};
    struct counted counted = {.issuer = row->row};
    struct bytes scope = query_scope(query);
    TRY(store_counts(query->store, "issuer", scope, note_count, &counted, err));
    if (counted.n > 0) /* else nothing of it lives, and nobody's rows need to be read */
        TRY(store_issuer_needs(query->store, row->row, scope, query->now_s, &needs, err));
    row->certificates = counted.n;
    row->devices = needs.devices;
    row->operators = needs.operators;
    row->boundaries = needs.boundaries;
    return OK;
}

/* Another owner's is none to who has a scope. */
static bool is_seen(const struct query *query, const struct authority_row *issuer)
{
    struct bytes scope = query_scope(query);
    return scope.n == 0 || issuer->owner[0] == '\0' ||
           bytes_equal(scope, query_text(issuer->owner));
}

static enum result give_issuer(struct query *query, const struct authority_row *issuer,
                               struct err *err)
{
    struct msg_issuer_row row = begin_row(query, issuer);
    struct link new_with_old, old_with_new;
    TRY(read_link(query, issuer->id, COL_ISSUER_NEW_WITH_OLD, &new_with_old, err));
    TRY(read_link(query, issuer->id, COL_ISSUER_OLD_WITH_NEW, &old_with_new, err));
    TRY(count_needs(query, &row, err));
    bool is_root = issuer->kind == AUTHORITY_ROOT;
    row.root = is_root ? 0 : issuer->root != 0 ? issuer->root : AUTHORITY_ROOT;
    row.new_with_old = new_with_old.der;
    row.old_with_new = old_with_new.der;
    return query->give(query->context, IPC_ISSUER_ROW, &row, err);
}

static enum result visit_issuer(void *context, const struct authority_row *issuer, struct err *err)
{
    return is_seen(context, issuer) ? give_issuer(context, issuer, err) : OK;
}

enum result query_issuer(const struct query *query, int64_t number, struct authority_row *ret,
                         struct err *err)
{
    enum result result = store_issuer(query->store, number, ret, err);
    if (result == R_NOT_FOUND || (result == OK && !is_seen(query, ret)))
        return err_set(err, E_NOT_FOUND, "there is no issuer %lld", (long long)number);
    return result;
}

static enum result give_one(struct query *query, int64_t number, struct err *err)
{
    struct authority_row issuer = {0};
    TRY(query_issuer(query, number, &issuer, err));
    return give_issuer(query, &issuer, err);
}

enum result query_issuers(struct query *query, struct err *err)
{
    if (query->asked->number != 0)
        return give_one(query, query->asked->number, err);
    return store_issuers(query->store, visit_issuer, query, err);
}

/* ---- anchors ----------------------------------------------------------------------------------
 */

static enum result visit_anchor(void *context, const struct authority_row *anchor, struct err *err)
{
    struct query *query = context;
    struct product product = {0};
    struct msg_issuer_row row = begin_row(query, anchor);
    TRY(store_product(query->store, anchor->product, &product, err));
    row.kind = AUTHORITY_ANCHOR;
    row.product = query_text(product.name);
    return query->give(query->context, IPC_ISSUER_ROW, &row, err);
}

enum result query_anchors(struct query *query, struct err *err)
{
    return store_anchors(query->store, visit_anchor, query, err);
}
