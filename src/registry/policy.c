#include <registry/policy.h>

static enum result read_part(struct bytes body, int64_t product, struct policy_part *ret,
                             struct err *err)
{
    if (policy_body_read(body, ret))
        return OK;
    return err_set(err, E_STORE_CORRUPT, "the policy of product %lld (0: the fleet's) is none",
                   (long long)product);
}

enum result policy_read_part(struct store *store, int64_t product, struct policy_part *ret,
                             struct err *err)
{
    struct policy_bodies bodies = {0};
    TRY(store_policy_bodies(store, product, &bodies, err));
    return read_part(product == 0 ? bodies.fleet : bodies.own, product, ret, err);
}

static enum result apply(struct bytes body, int64_t product, struct policy *to, struct err *err)
{
    struct policy_part part;
    if (body.n == 0)
        return OK;
    TRY(read_part(body, product, &part, err));
    policy_apply(&part, to);
    return OK;
}

enum result policy_read(struct store *store, const struct product *product, struct policy *ret,
                        struct err *err)
{
    struct policy policy = policy_normal();
    struct policy_bodies bodies = {0};
    int64_t id = product != NULL ? product->id : 0;
    TRY(store_policy_bodies(store, id, &bodies, err));
    TRY(apply(bodies.fleet, 0, &policy, err));
    TRY(apply(bodies.own, id, &policy, err));
    if (product != NULL) {
        policy.least_proof = product->least_proof;
        policy.grace_s = product->grace_s;
    }
    *ret = policy;
    return OK;
}

/* ---- what it was ------------------------------------------------------------------------------
 */

static enum result apply_until(struct store *store, int64_t product, int64_t until,
                               struct policy *to, struct err *err)
{
    struct policy_version row;
    enum result result = store_policy_until(store, product, until, &row, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    return apply(bytes_of(row.body, row.body_n), product, to, err);
}

static enum result quarantining(struct store *store, int64_t product, int64_t until, uint64_t *ret,
                                struct err *err)
{
    struct policy policy = policy_normal();
    TRY(apply_until(store, 0, until, &policy, err));
    if (product != 0)
        TRY(apply_until(store, product, until, &policy, err));
    *ret = 0;
    for (int number = 1; number <= CHECK_MAX; number++)
        if (policy.effect[number] == EFFECT_QUARANTINE)
            *ret |= UINT64_C(1) << number;
    return OK;
}

enum result policy_turned(struct store *store, int64_t product, int64_t before, int64_t now,
                          uint64_t *ret, struct err *err)
{
    uint64_t was = 0, is = 0;
    TRY(quarantining(store, product, before, &was, err));
    TRY(quarantining(store, product, now, &is, err));
    *ret = is & ~was;
    return OK;
}
