#include "database.h"

static enum result next_policy(struct query *query, struct policy_version *ret, struct err *err)
{
    TRY(query_next(query, err));
    ret->id = query_int(query);
    ret->product = query_int(query);
    ret->version = query_int(query);
    ret->created_s = query_int(query);
    ret->state = (int)query_u32(query);
    (void)query_hash(query, ret->digest, sizeof ret->digest);
    struct bytes body = query_bytes(query);
    if (body.n > sizeof ret->body)
        return err_set(err, E_STORE_CORRUPT, "policy %lld has a body above %d octets",
                       (long long)ret->id, LIMIT_POLICY_BYTES);
    ret->body_n = body.n;
    memcpy(ret->body, body.n > 0 ? body.p : ret->body, body.n);
    return query_row_ok(query, err);
}

static enum result one_policy(struct query *query, struct policy_version *ret, struct err *err)
{
    struct policy_version row;
    TRY(next_policy(query, &row, err));
    *ret = row;
    return OK;
}

enum result store_policy(struct store *store, int64_t product, struct policy_version *ret,
                         struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_POLICY);
    query_put_int(&q, product);
    return one_policy(&q, ret, err);
}

enum result store_policy_until(struct store *store, int64_t product, int64_t until,
                               struct policy_version *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_POLICY_UNTIL);
    query_put_int(&q, product);
    query_put_int(&q, until);
    return one_policy(&q, ret, err);
}

enum result store_policy_version(struct store *store, int64_t product, int64_t version,
                                 struct policy_version *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_POLICY_VERSION);
    query_put_int(&q, product);
    query_put_int(&q, version);
    return one_policy(&q, ret, err);
}

enum result store_policies(struct store *store, const struct filter *filter, bool of_one,
                           policy_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_POLICIES);
    struct policy_version row;
    enum result result;
    query_put_filter(&q, filter);
    query_put_int(&q, of_one);
    query_put_int(&q, filter->product);
    while ((result = next_policy(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- what is in force, kept ---------------------------------------------------------------------
 */

static enum result keep(struct store *store, int64_t product, struct kept_body *to, struct err *err)
{
    struct policy_version row;
    enum result result = store_policy(store, product, &row, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    to->n = result == OK ? row.body_n : 0;
    memcpy(to->body, row.body, to->n);
    return OK;
}

enum result store_policy_bodies(struct store *store, int64_t product, struct policy_bodies *ret,
                                struct err *err)
{
    struct kept_policy *kept = &store->policy;
    bool may_keep = store->mode == STORE_WRITE || store->is_open;
    if (!may_keep || !kept->is_known || kept->product != product) {
        kept->is_known = false;
        TRY(keep(store, 0, &kept->fleet, err));
        kept->own.n = 0;
        if (product != 0)
            TRY(keep(store, product, &kept->own, err));
        kept->product = product;
        kept->is_known = true;
    }
    *ret = (struct policy_bodies){bytes_of(kept->fleet.body, kept->fleet.n),
                                  bytes_of(kept->own.body, kept->own.n)};
    return OK;
}
