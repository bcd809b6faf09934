#include <service/sweep.h>

#include <registry/sweep.h>
#include <service/finding.h>
#include <trust/check.h>

#define META_AGAIN "sweep_again"   /* 1: everything once more, when this one is done */
#define META_CATALOGUE "catalogue" /* CATALOGUE_VERSION of the last sweep over everything */

#define SWEEP_IDS 20000 /* rows that one step looks at, of whatever product they are */

static enum result read_meta(struct service *service, const char *name, int64_t *ret,
                             struct err *err)
{
    *ret = 0;
    enum result result = store_meta(service->store, name, ret, err);
    return result == R_NOT_FOUND ? OK : result;
}

enum result finding_sweep_begin(struct service *service, int64_t product, struct err *err)
{
    struct sweep_cursor now = {0};
    TRY(sweep_read(service->store, &now, err));
    service->sweep_ms = 0;
    if (now.kind != 0) /* else who asks often enough keeps it from its end */
        return store_put_meta(service->store, META_AGAIN, 1, err);
    const struct sweep_cursor from = {.kind = SUBJECT_DEVICE, .product = product};
    return sweep_write(service->store, &from, err);
}

enum result finding_sweep_upgrade(struct service *service, struct err *err)
{
    int64_t judged_by = 0;
    TRY(read_meta(service, META_CATALOGUE, &judged_by, err));
    if (judged_by == CATALOGUE_VERSION)
        return OK;
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
    *cursor = (struct sweep_cursor){.kind = SUBJECT_DEVICE};
    return store_put_meta(service->store, META_AGAIN, 0, err);
}

static enum result judge(struct service *service, int kind, const int64_t *ids, size_t n,
                         int64_t now_s, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct subject_key key = {kind, ids[i]};
        TRY(finding_settle_about(service, key, now_s, err));
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
    if (cursor.kind <= SUBJECT_NONE || cursor.kind >= SUBJECT_CHECK) {
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
