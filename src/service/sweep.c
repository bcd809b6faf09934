#include <service/sweep.h>

#include <registry/policy.h>
#include <registry/sweep.h>
#include <service/finding.h>
#include <trust/check.h>

#define META_AGAIN "sweep_again"   /* 1: everything once more, when this one is done */
#define META_CATALOGUE "catalogue" /* CATALOGUE_VERSION of the last sweep over everything */

/* A pass judges by the versions of policies up to a row, and whom it finds it tells what became of
 * them since the row of the pass before. */
#define META_POLICY "sweep_policy"
#define META_POLICY_BEFORE "sweep_policy_before"
/* Of these nobody may have shown possession: whatever a policy says later, a person decides. */
#define ONLY_SHOWN (UINT64_C(1) << CHECK_KEY_SHARED | UINT64_C(1) << CHECK_EXPIRED_IN_USE)

#define SWEEP_IDS 20000 /* rows that one step looks at, of whatever product they are */

static enum result read_meta(struct service *service, const char *name, int64_t *ret,
                             struct err *err)
{
    *ret = 0;
    enum result result = store_meta(service->store, name, ret, err);
    return result == R_NOT_FOUND ? OK : result;
}

static enum result put_last_policy(struct service *service, struct err *err)
{
    int64_t last = 0;
    TRY(store_max_id(service->store, TABLE_POLICY, &last, err));
    return store_put_meta(service->store, META_POLICY, last, err);
}

static enum result begin_pass(struct service *service, int64_t product, struct sweep_cursor *ret,
                              struct err *err)
{
    int64_t before = 0;
    *ret = (struct sweep_cursor){.kind = SUBJECT_DEVICE, .product = product};
    TRY(read_meta(service, META_POLICY, &before, err));
    TRY(store_put_meta(service->store, META_POLICY_BEFORE, before, err));
    return put_last_policy(service, err);
}

enum result finding_sweep_begin(struct service *service, int64_t product, struct err *err)
{
    struct sweep_cursor now = {0};
    TRY(sweep_read(service->store, &now, err));
    service->sweep_ms = 0;
    if (now.kind != 0) /* else who asks often enough keeps it from its end */
        return store_put_meta(service->store, META_AGAIN, 1, err);
    TRY(begin_pass(service, product, &now, err));
    return sweep_write(service->store, &now, err);
}

enum result finding_sweep_upgrade(struct service *service, struct err *err)
{
    int64_t judged_by = 0, last = 0;
    TRY(read_meta(service, META_CATALOGUE, &judged_by, err));
    if (judged_by == CATALOGUE_VERSION)
        return OK;
    if (store_meta(service->store, META_POLICY, &last, err) == R_NOT_FOUND)
        TRY(put_last_policy(service, err)); /* what was in force before has had its effect */
    TRY(finding_sweep_begin(service, 0, err));
    return store_put_meta(service->store, META_CATALOGUE, CATALOGUE_VERSION, err);
}

/* The pass is done: what was asked for meanwhile begins. */
static enum result end_pass(struct service *service, struct sweep_cursor *cursor, struct err *err)
{
    int64_t again = 0;
    TRY(read_meta(service, META_AGAIN, &again, err));
    if (again == 0)
        return OK;
    TRY(begin_pass(service, 0, cursor, err));
    return store_put_meta(service->store, META_AGAIN, 0, err);
}

/* What became of the effects of the product that was asked for last. */
struct turned {
    int64_t before, now; /* rows of versions */
    int64_t product;     /* 0 = none was asked for */
    uint64_t checks;
};

static enum result read_turned(struct service *service, struct turned *ret, struct err *err)
{
    *ret = (struct turned){0};
    TRY(read_meta(service, META_POLICY_BEFORE, &ret->before, err));
    return read_meta(service, META_POLICY, &ret->now, err);
}

static enum result turn(struct service *service, int64_t id, struct turned *turned, struct err *err)
{
    struct device device = {0};
    if (turned->before == turned->now)
        return OK;
    TRY(store_device(service->store, id, &device, err));
    if (turned->product == device.product)
        return OK;
    turned->product = device.product;
    TRY(policy_turned(service->store, device.product, turned->before, turned->now, &turned->checks,
                      err));
    turned->checks &= ~ONLY_SHOWN;
    return OK;
}

static enum result judge(struct service *service, int kind, const int64_t *ids, size_t n,
                         int64_t now_s, struct err *err)
{
    struct turned turned;
    TRY(read_turned(service, &turned, err));
    for (size_t i = 0; i < n; i++) {
        const struct subject_key key = {kind, ids[i]};
        if (kind == SUBJECT_DEVICE)
            TRY(turn(service, ids[i], &turned, err));
        TRY(finding_settle_turned(service, key, turned.checks, now_s, err));
    }
    return OK;
}

/* Rows up to `until` were looked at, or as many were judged as may be. */
static enum result step(struct service *service, struct sweep_cursor *cursor, size_t most,
                        int64_t now_s, struct err *err)
{
    size_t n = 0;
    int64_t ids[SWEEP_STEP_MAX], last = 0;
    int kind = (int)cursor->kind;
    const struct id_range range = {sweep_table(kind), cursor->product, cursor->after,
                                   cursor->after + SWEEP_IDS};
    TRY(store_max_id(service->store, range.table, &last, err));
    TRY(store_ids(service->store, &range, ids, most, &n, err));
    cursor->after = n == most ? ids[n - 1] : range.until;
    if (cursor->after >= last)
        sweep_next_kind(cursor);
    return judge(service, kind, ids, n, now_s, err);
}

static enum result step_whole(struct service *service, struct sweep_cursor *cursor, int64_t now_s,
                              struct err *err)
{
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    sweep_next_kind(cursor);
    return finding_settle_about(service, whole, now_s, err);
}

enum result finding_sweep_step(struct service *service, uint32_t limit, int64_t now_s,
                               bool *ret_done, struct err *err)
{
    struct sweep_cursor cursor = {0};
    size_t most = limit < SWEEP_STEP_MAX ? limit : SWEEP_STEP_MAX;
    TRY(sweep_read(service->store, &cursor, err));
    if (cursor.kind <= SUBJECT_NONE || cursor.kind >= SUBJECT_COUNT) {
        service->sweep_ms = INT64_MAX;
        *ret_done = true;
        return OK;
    }
    if (cursor.began_s == 0)
        cursor.began_s = now_s;
    if (cursor.kind == SUBJECT_INSTALLATION)
        TRY(step_whole(service, &cursor, now_s, err));
    else
        TRY(step(service, &cursor, most, now_s, err));
    if (cursor.kind == SUBJECT_NONE)
        TRY(end_pass(service, &cursor, err));
    *ret_done = cursor.kind == SUBJECT_NONE;
    return sweep_write(service->store, &cursor, err);
}
