#include <registry/waiver_most.h>

#include <base/text.h>
#include <registry/policy.h>
#include <trust/check.h>

#include <stdio.h>

struct look {
    struct store *store;
    const struct waiver_scope *scope;
    struct waiver_most most;
};

static bool is_in_products(const struct waiver_scope *scope)
{
    const struct check *check = check_find(scope->check);
    return check != NULL && (check->kinds & (KIND_DEVICE | KIND_FOREIGN | KIND_PRODUCT)) != 0;
}

/* Does what covers any product cover this one? */
static enum result covers(struct store *store, const struct waiver_scope *scope, int64_t product,
                          bool *ret, struct err *err)
{
    int64_t devices = 0;
    *ret = true;
    if (scope->of_owner[0] == '\0')
        return OK;
    TRY(store_count_devices(store, product, text_bytes(scope->of_owner), &devices, err));
    *ret = devices > 0;
    return OK;
}

enum result waiver_is_bound(struct store *store, const struct waiver_scope *scope, int64_t product,
                            bool *ret, struct err *err)
{
    *ret = scope->product == product || product == 0;
    if (*ret || scope->product != 0 || !is_in_products(scope))
        return OK;
    return covers(store, scope, product, ret, err);
}

static enum result take_stricter(struct look *look, const struct product *product, struct err *err)
{
    struct policy policy;
    TRY(policy_read(look->store, product, &policy, err));
    if (look->most.most_s != 0 && policy.waiver_most_s >= look->most.most_s)
        return OK;
    look->most.most_s = policy.waiver_most_s;
    snprintf(look->most.product, sizeof look->most.product, "%s",
             product != NULL ? product->name : "");
    return OK;
}

static enum result visit(void *context, const struct product *product, struct err *err)
{
    struct look *look = context;
    bool is_covered = false;
    TRY(covers(look->store, look->scope, product->id, &is_covered, err));
    return is_covered ? take_stricter(look, product, err) : OK;
}

enum result waiver_most_read(struct store *store, const struct waiver_scope *scope,
                             struct waiver_most *ret, struct err *err)
{
    const struct filter all = {.limit = UINT32_MAX};
    struct look look = {.store = store, .scope = scope};
    struct product product = {0};
    if (scope->product != 0) {
        TRY(store_product(store, scope->product, &product, err));
        TRY(take_stricter(&look, &product, err));
    } else {
        TRY(take_stricter(&look, NULL, err));
        if (is_in_products(scope))
            TRY(store_products(store, &all, visit, &look, err));
    }
    *ret = look.most;
    return OK;
}
