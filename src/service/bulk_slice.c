/* A verb on many devices, once it began: some at a time. */
#include <service/bulk.h>

#include <service/finding.h>

#include <string.h>

/* Devices of the entry under construction, which is about so many as it has room for. */
struct group {
    struct bulk *bulk;
    struct doing doing;
    size_t n;
    int64_t devices[ACT_CHANGES_MAX];
};

static void begin_entry(struct service *service, const struct group *group)
{
    struct actor actor = {ACTOR_OPERATOR, group->bulk->asker};
    if (group->bulk->asker == 0)
        actor.kind = ACTOR_LOCAL;
    service_act(service, EVENT_BULK_DEVICES, group->doing.now_s, actor, 0);
    change_int(act_change(&service->act, TABLE_BULK, group->bulk->id), COL_BULK_DONE, 0);
}

/* The entry has the sum so far, which a restart goes on from. */
static enum result end_entry(struct service *service, struct group *group, struct err *err)
{
    if (group->n == 0)
        return OK;
    group->bulk->done += (int64_t)group->n;
    service->act.changes[0].n = 0;
    change_int(&service->act.changes[0], COL_BULK_DONE, group->bulk->done);
    TRY(service_record(service, NULL, err));
    for (size_t i = 0; i < group->n; i++)
        TRY(finding_settle(service, group->devices[i], group->doing.now_s, err));
    group->n = 0;
    begin_entry(service, group);
    return OK;
}

/* Adds the device's changes; false, and the act as it was, when they do not fit. */
static enum result add(struct service *service, const struct group *group,
                       const struct subject *subject, bool *ret_fits, struct err *err)
{
    struct msg_verb_answer unused = {0};
    size_t before = service->act.n;
    *ret_fits = false;
    if (before == ACT_CHANGES_MAX) /* a change too many would take the last one's place */
        return OK;
    TRY(device_do(service, subject, &group->doing, &unused, err));
    *ret_fits = !service->act.broken;
    if (*ret_fits)
        return OK;
    service->act.n = before;
    service->act.broken = false;
    return OK;
}

static enum result do_one(struct service *service, struct group *group, int64_t device,
                          struct err *err)
{
    struct device row = {0};
    struct subject subject = {0};
    bool fits = false;
    TRY(store_device(service->store, device, &row, err));
    TRY(subject_read(service->store, &row, &subject, err));
    if (!bulk_changes(group->bulk, &subject))
        return OK; /* somebody did it meanwhile */
    TRY(add(service, group, &subject, &fits, err));
    if (!fits) {
        TRY(end_entry(service, group, err));
        TRY(add(service, group, &subject, &fits, err));
    }
    if (!fits)
        return err_set(err, E_BUG, "device %lld has more to end than an entry takes",
                       (long long)device);
    group->devices[group->n++] = device;
    return OK;
}

static enum result do_members(struct service *service, struct bulk *bulk, int64_t now_s,
                              size_t *ret_n, struct err *err)
{
    struct members members = {.max = BULK_SLICE};
    struct group group = {bulk, {(enum device_verb)bulk->verb, bulk->reason, now_s}, 0, {0}};
    TRY(store_members(service->store, bulk->id, 0, &members, err));
    *ret_n = members.n;
    if (members.n == 0)
        return OK;
    begin_entry(service, &group);
    for (size_t i = 0; i < members.n; i++)
        TRY(do_one(service, &group, members.devices[i], err));
    TRY(end_entry(service, &group, err));
    return store_drop_members(service->store, bulk->id, members.devices[members.n - 1], err);
}

static enum result end(struct service *service, const struct bulk *bulk, enum bulk_state state,
                       int64_t now_s, struct err *err)
{
    static const struct actor core = {ACTOR_CORE, 0};
    struct act *act = service_act(service, EVENT_BULK_ENDED, now_s, core, 0);
    struct change *c = act_change(act, TABLE_BULK, bulk->id);
    change_int(c, COL_BULK_STATE, state);
    change_int(c, COL_BULK_ENDED_AT, now_s);
    return service_record(service, NULL, err);
}

enum result bulk_slice(struct service *service, struct bulk *bulk, int64_t now_s, bool *ret_is_over,
                       struct err *err)
{
    size_t n = 0;
    service->crls_may_wait = true;
    enum result result = do_members(service, bulk, now_s, &n, err);
    service->crls_may_wait = false;
    TRY(result);
    *ret_is_over = n < BULK_SLICE;
    return *ret_is_over ? end(service, bulk, BULK_ENDED, now_s, err) : OK;
}

/* ---- what never began ------------------------------------------------------------------------ */

struct late {
    int64_t before_s;
    size_t n;
    struct bulk rows[16];
};

static enum result keep_late(void *ctx, const struct bulk *bulk, struct err *err)
{
    (void)err;
    struct late *late = ctx;
    if (bulk->created_at_s < late->before_s && late->n < LENGTH_OF(late->rows))
        late->rows[late->n++] = *bulk;
    return OK;
}

enum result bulk_forget(struct service *service, int64_t before_s, int64_t now_s, struct err *err)
{
    struct late late = {.before_s = before_s};
    const struct filter waiting = {.state = BULK_WAITING};
    TRY(store_bulks(service->store, &waiting, keep_late, &late, err));
    for (size_t i = 0; i < late.n; i++) {
        TRY(end(service, &late.rows[i], BULK_DROPPED, now_s, err));
        TRY(store_drop_members(service->store, late.rows[i].id, INT64_MAX, err));
    }
    return OK;
}
