/* How every check stands over a scope. */
#include "checks.h"

#include <registry/about.h>
#include <store/boundaries.h>

#include <string.h>

int64_t check_open(const struct check_state *state)
{
    return state->sums.open - state->sums.waived;
}

bool checks_has(const struct checks *checks, const struct check *check)
{
    return (checks->kinds & check->kinds) != 0;
}

enum known check_known(const struct checks *checks, int number)
{
    if (checks->at[number].sums.open > 0)
        return YES;
    uint64_t sound = checks->measured & ~checks->failed;
    return (sound >> number & 1) != 0 ? NO : UNMEASURED;
}

/* A check that failed is owed by nobody's product or owner, and holds nowhere until a person
 * answered for it. */
static enum result read_failed(const struct query *query, struct checks *ret, struct err *err)
{
    struct finding row;
    size_t n = 0;
    for (int number = 1; number <= CHECK_MAX; number++) {
        const struct subject_key key = {SUBJECT_CHECK, number};
        TRY(store_open_findings_about(query->store, key, &row, 1, &n, err));
        ret->failed |= (uint64_t)(n > 0) << number;
    }
    return OK;
}

/* ---- who measures it --------------------------------------------------------------------------
 */

struct look {
    const struct query *query;
    struct checks *checks;
    int64_t product; /* 0 = of any */
    struct about about;
};

/* What is not there, or of a kind that nobody reads yet, measures nothing. */
static enum result judge(struct look *look, enum subject_kind kind, int64_t id, struct err *err)
{
    struct subject_key key = {kind, id};
    enum result result = about_read(look->query->store, key, look->query->now_s, &look->about, err);
    if (result != OK)
        return result == R_NOT_FOUND ? OK : result;
    struct standing judged = standing(&look->about.facts, &look->about.policy, look->query->now_s);
    look->checks->measured |= judged.measured;
    look->checks->judged++;
    return OK;
}

static enum result judge_device(void *context, const struct device *device, struct err *err)
{
    return judge(context, SUBJECT_DEVICE, device->id, err);
}

static enum result judge_foreign(void *context, const struct foreign *foreign, struct err *err)
{
    return judge(context, SUBJECT_FOREIGN, foreign->id, err);
}

static enum result judge_issuer(void *context, const struct authority_row *issuer, struct err *err)
{
    return judge(context, SUBJECT_ISSUER, issuer->id, err);
}

static enum result judge_boundary(void *context, const struct boundary *boundary, struct err *err)
{
    return judge(context, SUBJECT_BOUNDARY, boundary->id, err);
}

static enum result judge_binding(void *context, const struct binding *binding, struct err *err)
{
    const struct look *look = context;
    bool is_meant = look->product == 0 || binding->product == look->product;
    return is_meant ? judge(context, SUBJECT_BINDING, binding->id, err) : OK;
}

static enum result judge_product(void *context, const struct product *product, struct err *err)
{
    return judge(context, SUBJECT_PRODUCT, product->id, err);
}

/* The oldest and the newest of them. */
static enum result look_at_devices(struct look *look, int64_t product, struct err *err)
{
    struct filter filter = {
        .limit = CHECKS_LOOK / 2, .product = product, .owner = query_owner(look->query)};
    int64_t last = 0;
    TRY(store_devices(look->query->store, &filter, judge_device, look, err));
    TRY(store_max_id(look->query->store, TABLE_DEVICE, &last, err));
    if (last <= CHECKS_LOOK / 2)
        return OK;
    filter.after = last - CHECKS_LOOK / 2;
    return store_devices(look->query->store, &filter, judge_device, look, err);
}

static enum result look_at_all(struct look *look, struct err *err)
{
    struct store *store = look->query->store;
    int64_t product = look->product;
    const struct filter few = {
        .limit = CHECKS_LOOK, .product = product, .owner = query_owner(look->query)};
    TRY(look_at_devices(look, product, err));
    const struct filter in_use = {
        .limit = CHECKS_LOOK, .owner = few.owner, .open_only = true, .now_s = look->query->now_s};
    TRY(store_foreigns(store, &few, bytes_of(NULL, 0), judge_foreign, look, err));
    TRY(store_bindings(store, &in_use, bytes_of(NULL, 0), judge_binding, look, err));
    if (query_owner(look->query).n > 0)
        return OK;
    if (product != 0)
        return judge(look, SUBJECT_PRODUCT, product, err);
    TRY(store_products(store, &few, judge_product, look, err));
    TRY(store_issuers(store, judge_issuer, look, err));
    TRY(store_boundaries(store, &in_use, judge_boundary, look, err));
    return judge(look, SUBJECT_INSTALLATION, 0, err);
}

/* Kinds of subjects that the asker sees in this scope. */
static uint64_t kinds_of(const struct query *query, const struct checks_scope *scope)
{
    if (scope->device != NULL)
        return KIND_DEVICE;
    if (query_owner(query).n > 0)
        return KIND_DEVICE | KIND_FOREIGN | KIND_BINDING;
    if (scope->product != 0)
        return KIND_DEVICE | KIND_FOREIGN | KIND_BINDING | KIND_PRODUCT;
    return KIND_DEVICE | KIND_FOREIGN | KIND_PRODUCT | KIND_INSTALLATION | KIND_ISSUER |
           KIND_BOUNDARY | KIND_BINDING;
}

/* ---- what is open ------------------------------------------------------------------------------
 */

static enum result take_group(void *context, const struct debt_group *group, struct err *err)
{
    (void)err;
    struct checks *checks = context;
    if (group->key > 0 && group->key <= CHECK_MAX)
        checks->at[group->key].sums = *group;
    return OK;
}

static enum severity severity_of(const struct finding *finding)
{
    const struct check *check = check_find(finding->check);
    return finding->severity != 0 || check == NULL ? (enum severity)finding->severity
                                                   : check->severity;
}

static enum result is_waived(const struct query *query, int64_t finding, bool *ret, struct err *err)
{
    struct waiver waiver = {0};
    enum result result = store_waiver_of(query->store, finding, query->now_s, &waiver, err);
    *ret = result == OK;
    return result == R_NOT_FOUND ? OK : result;
}

static enum result add_finding(const struct query *query, struct checks *checks,
                               const struct finding *finding, struct err *err)
{
    struct check_state *state = &checks->at[finding->check];
    const struct debt_sum sum = {severity_of(finding), 1, finding->began_at_s, 0};
    bool waived = false;
    TRY(is_waived(query, finding->id, &waived, err));
    state->sums.open++;
    TRY(debt_add_open(&state->sums.owed_s, &sum, query->now_s, err));
    TRY(debt_add_open(&checks->total.owed_s, &sum, query->now_s, err));
    checks->total.open++;
    if (!waived) {
        state->sums.own[sum.severity]++;
        return OK;
    }
    state->sums.waived++;
    checks->total.waived++;
    TRY(debt_add_open(&state->sums.waived_s, &sum, query->now_s, err));
    return debt_add_open(&checks->total.waived_s, &sum, query->now_s, err);
}

static enum result add_device(const struct query *query, const struct subject *device,
                              struct checks *checks, struct err *err)
{
    for (size_t i = 0; i < device->open_n; i++)
        if (device->open[i].check > 0 && device->open[i].check <= CHECK_MAX)
            TRY(add_finding(query, checks, &device->open[i], err));
    return OK;
}

/* ---- the oldest --------------------------------------------------------------------------------
 */

static enum result note(void *context, const struct finding *finding, struct err *err)
{
    (void)err;
    struct check_state *state = context;
    state->oldest = *finding;
    return OK;
}

static enum result look_for_oldest(const struct query *query, const struct checks_scope *scope,
                                   int number, struct check_state *state, struct err *err)
{
    const struct filter filter = {
        .limit = 1,
        .product = scope->product,
        .device = scope->device != NULL ? scope->device->device.id : 0,
        .owner = query_owner(query),
        .open_only = true,
        .check = number,
    };
    return store_findings(query->store, &filter, note, state, err);
}

static enum result look_for_all(const struct query *query, const struct checks_scope *scope,
                                struct checks *checks, struct err *err)
{
    for (int number = 1; number <= CHECK_MAX; number++)
        if (checks->at[number].sums.open > 0)
            TRY(look_for_oldest(query, scope, number, &checks->at[number], err));
    return OK;
}

enum result checks_read(const struct query *query, const struct checks_scope *scope,
                        struct checks *ret, struct err *err)
{
    struct look look = {.query = query, .checks = ret, .product = scope->product};
    const struct debt_filter filter = {
        .by = DEBT_BY_CHECK,
        .at_s = query->now_s,
        .product = scope->product,
        .owner = query_owner(query),
    };
    *ret = (struct checks){.kinds = kinds_of(query, scope)};
    TRY(read_failed(query, ret, err));
    if (scope->device != NULL) {
        TRY(judge(&look, SUBJECT_DEVICE, scope->device->device.id, err));
        TRY(add_device(query, scope->device, ret, err));
    } else {
        TRY(look_at_all(&look, err));
        TRY(tally(query, &filter, take_group, ret, &ret->total, err));
    }
    return look_for_all(query, scope, ret, err);
}
