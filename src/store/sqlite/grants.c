#include "rows.h"

static enum result next_token(struct query *query, struct token *ret, struct err *err)
{
    struct token row;
    TRY(query_next(query, err));
    read_token(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

static enum result next_permit(struct query *query, struct permit *ret, struct err *err)
{
    struct permit row;
    TRY(query_next(query, err));
    read_permit(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

static enum result next_operator_row(struct query *query, struct operator_row *ret, struct err *err)
{
    struct operator_row row;
    TRY(query_next(query, err));
    read_operator(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

static enum result next_authority_row(struct query *query, struct authority_row *ret,
                                      struct err *err)
{
    struct authority_row row;
    TRY(query_next(query, err));
    read_authority(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

/* The first `max` rows. */
static enum result some_tokens(struct query *query, struct token *ret, size_t max, size_t *ret_n,
                               struct err *err)
{
    size_t n = 0;
    enum result result = OK;
    while (n < max && (result = next_token(query, &ret[n], err)) == OK)
        n++;
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret_n = n;
    return OK;
}

/* The first `max` rows. */
static enum result some_permits(struct query *query, struct permit *ret, size_t max, size_t *ret_n,
                                struct err *err)
{
    size_t n = 0;
    enum result result = OK;
    while (n < max && (result = next_permit(query, &ret[n], err)) == OK)
        n++;
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret_n = n;
    return OK;
}

enum result store_open_doors(struct store *store, enum table table, int64_t *ret, size_t max,
                             size_t *ret_n, struct err *err)
{
    CLEANUP(query_end)
    struct query q = query_of(store, table == TABLE_TOKEN ? STATEMENT_OPEN_TOKEN_IDS
                                                          : STATEMENT_OPEN_PERMIT_IDS);
    query_put_int(&q, (int64_t)max);
    return query_ids(&q, ret, max, ret_n, err);
}

/* The first `max` rows. */
static enum result visit_operator_rows(struct query *query, operator_visit visit, void *ctx,
                                       struct err *err)
{
    struct operator_row row;
    enum result result;
    while ((result = next_operator_row(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

static enum result visit_authority_rows(struct query *query, authority_visit visit, void *ctx,
                                        struct err *err)
{
    struct authority_row row;
    enum result result;
    while ((result = next_authority_row(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_token(struct store *store, const uint8_t hash[32], struct token *ret,
                        struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_TOKEN);
    query_put_blob(&q, bytes_of(hash, 32));
    return next_token(&q, ret, err);
}

enum result store_open_tokens(struct store *store, int64_t device, struct token *ret, size_t max,
                              size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPEN_TOKENS);
    query_put_int(&q, device);
    query_put_int(&q, (int64_t)max);
    return some_tokens(&q, ret, max, ret_n, err);
}

enum result store_open_permit(struct store *store, int64_t device, int64_t now_s,
                              struct permit *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPEN_PERMIT);
    query_put_int(&q, device);
    query_put_int(&q, now_s);
    return next_permit(&q, ret, err);
}

enum result store_open_permits(struct store *store, int64_t device, struct permit *ret, size_t max,
                               size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPEN_PERMITS);
    query_put_int(&q, device);
    query_put_int(&q, (int64_t)max);
    return some_permits(&q, ret, max, ret_n, err);
}

enum result store_operator(struct store *store, const uint8_t spki[32], struct operator_row *ret,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPERATOR);
    query_put_blob(&q, bytes_of(spki, 32));
    return next_operator_row(&q, ret, err);
}

enum result store_operators(struct store *store, const struct filter *filter, operator_visit visit,
                            void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPERATORS);
    query_put_filter(&q, filter);
    query_put_int(&q, filter->state);
    return visit_operator_rows(&q, visit, ctx, err);
}

enum result store_issuers(struct store *store, authority_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ISSUERS);
    return visit_authority_rows(&q, visit, ctx, err);
}

enum result store_issuer(struct store *store, int64_t id, struct authority_row *ret,
                         struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ISSUER);
    query_put_int(&q, id);
    return next_authority_row(&q, ret, err);
}

enum result store_issuer_is(struct store *store, int64_t id, struct issuer_is *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ISSUER_IS);
    query_put_int(&q, id);
    enum result result = query_next(&q, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_STORE_CORRUPT, "there is no issuer %lld", (long long)id);
    TRY(result);
    struct issuer_is is = {.state = (int)query_u32(&q)};
    is.kind = (int)query_u32(&q);
    TRY(query_row_ok(&q, err));
    *ret = is;
    return OK;
}

enum result store_anchors(struct store *store, authority_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ANCHORS);
    return visit_authority_rows(&q, visit, ctx, err);
}

enum result store_anchor(struct store *store, int64_t id, struct authority_row *ret,
                         struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ANCHOR);
    query_put_int(&q, id);
    return next_authority_row(&q, ret, err);
}

enum result store_anchor_of(struct store *store, int64_t product, int use, struct bytes certificate,
                            struct authority_row *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ANCHOR_OF);
    query_put_int(&q, product);
    query_put_int(&q, use);
    query_put_blob(&q, certificate);
    return next_authority_row(&q, ret, err);
}
