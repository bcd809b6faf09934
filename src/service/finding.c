#include <service/finding.h>

#include <service/brake.h>

#include <string.h>

static const struct actor core = {ACTOR_CORE, 0};

/* What a finding is about: a device, a whole product (device 0), or the installation (both 0). */
struct about {
    int64_t device;
    int64_t product;
};

static enum result record_open(struct service *service, struct about about, int number,
                               int64_t began_s, int64_t now_s, struct err *err)
{
    service_act(service, EVENT_FINDING_OPENED, now_s, core, about.device);
    struct change *c =
        act_change(&service->act, TABLE_FINDING, service_next_id(service, TABLE_FINDING));
    change_int(c, COL_FINDING_CHECK, number);
    change_int(c, COL_FINDING_DEVICE, about.device);
    change_int(c, COL_FINDING_CERTIFICATE, 0);
    change_int(c, COL_FINDING_BEGAN_AT, began_s == 0 || began_s > now_s ? now_s : began_s);
    change_int(c, COL_FINDING_RECORDED_AT, now_s);
    change_int(c, COL_FINDING_CLOSED_AT, 0);
    change_int(c, COL_FINDING_PRODUCT, about.product);
    return service_record(service, NULL, err);
}

static enum result open_finding(struct service *service, const struct device *device, int number,
                                int64_t began_s, int64_t now_s, struct err *err)
{
    struct about about = {device->id, device->product};
    return record_open(service, about, number, began_s, now_s, err);
}

static enum result close_finding(struct service *service, const struct finding *finding,
                                 int64_t now_s, struct err *err)
{
    service_act(service, EVENT_FINDING_CLOSED, now_s, core, finding->device);
    struct change *c = act_change(&service->act, TABLE_FINDING, finding->id);
    change_int(c, COL_FINDING_CLOSED_AT, now_s);
    return service_record(service, NULL, err);
}

enum result finding_raise(struct service *service, int64_t product, int number, int64_t now_s,
                          struct err *err)
{
    struct finding open = {0};
    enum result result = store_finding_about(service->store, product, number, &open, err);
    if (result != R_NOT_FOUND)
        return result;
    return record_open(service, (struct about){0, product}, number, now_s, now_s, err);
}

enum result finding_lower(struct service *service, int64_t product, int number, int64_t now_s,
                          struct err *err)
{
    struct finding open = {0};
    enum result result = store_finding_about(service->store, product, number, &open, err);
    if (result != OK)
        return result == R_NOT_FOUND ? OK : result;
    return close_finding(service, &open, now_s, err);
}

/* The difference between what is judged and what is stored. */
static enum result settle(struct service *service, const struct subject *subject,
                          const struct standing *judged, int64_t now_s, struct err *err)
{
    for (size_t i = 0; i < judged->n; i++)
        if (subject_finding(subject, judged->findings[i].check->number) == NULL)
            TRY(open_finding(service, &subject->device, judged->findings[i].check->number,
                             judged->findings[i].began_s, now_s, err));
    for (size_t i = 0; i < subject->open_n; i++)
        if (!standing_has(judged, subject->open[i].check))
            TRY(close_finding(service, &subject->open[i], now_s, err));
    return store_put_next_instant(service->store, subject->device.id, judged->next_s, err);
}

enum result finding_settle(struct service *service, int64_t device, int64_t now_s, struct err *err)
{
    struct device row = {0};
    struct subject subject = {0};
    struct facts facts = {0};
    TRY(store_device(service->store, device, &row, err));
    TRY(subject_read(service->store, &row, &subject, err));
    TRY(subject_facts(service->store, &subject, &facts, err));
    struct policy policy = subject_policy(&subject);
    struct standing judged = standing(&facts, &policy, now_s);
    return settle(service, &subject, &judged, now_s, err);
}

enum result finding_settle_issued(struct service *service, const struct subject *before,
                                  const struct certificate *issued, int64_t now_s, struct err *err)
{
    bool is_plain = before->open_n == 0 && issued->proof >= before->product.least_proof &&
                    issued->proof > PROOF_CLAIM;
    if (!is_plain)
        return finding_settle(service, before->device.id, now_s, err);

    struct policy policy = subject_policy(before);
    int64_t life_s = issued->not_after_s - issued->not_before_s;
    int64_t next_s = issued->not_before_s + life_s / 100 * policy.renew_by_percent;
    return store_put_next_instant(service->store, before->device.id, next_s, err);
}

static enum result quarantine(struct service *service, const struct device *device,
                              const uint8_t key[32], bool is_free, int64_t now_s, struct err *err)
{
    enum event event = is_free ? EVENT_DEVICE_QUARANTINED : EVENT_BRAKE_HELD;
    service_act(service, event, now_s, core, device->id);
    struct change *c = service_change_device(service, device);
    change_blob(c, COL_DEVICE_BAD_KEY, bytes_of(key, 32));
    if (is_free) {
        change_int(c, COL_DEVICE_STATE, STATE_QUARANTINED);
        change_int(c, COL_DEVICE_QUARANTINE, 1);
    }
    return service_record(service, NULL, err);
}

/* Opens the finding unless it is open already; *ret_is_new says which. */
static enum result open_once(struct service *service, const struct device *device, int number,
                             int64_t now_s, bool *ret_is_new, struct err *err)
{
    struct subject subject = {0};
    TRY(subject_read(service->store, device, &subject, err));
    *ret_is_new = subject_finding(&subject, number) == NULL;
    return *ret_is_new ? open_finding(service, device, number, now_s, now_s, err) : OK;
}

enum result finding_note(struct service *service, int64_t device, int number, int64_t now_s,
                         struct err *err)
{
    struct device row = {0};
    bool is_new = false;
    TRY(store_device(service->store, device, &row, err));
    return open_once(service, &row, number, now_s, &is_new, err);
}

enum result finding_report(struct service *service, int64_t device, int number,
                           const uint8_t key[32], int64_t now_s, struct err *err)
{
    struct device row = {0};
    bool is_new = false;
    TRY(store_device(service->store, device, &row, err));
    TRY(open_once(service, &row, number, now_s, &is_new, err));
    bool quarantines = check_find(number)->effect == EFFECT_QUARANTINE &&
                       device_edge((enum device_state)row.state, VERB_QUARANTINE) != STATE_NONE;
    if (!is_new || !quarantines || row.state == STATE_QUARANTINED)
        return OK;
    bool is_free = false;
    TRY(brake_count(service, &brake_quarantine, row.product, now_s, &is_free, err));
    if (!is_free)
        TRY(finding_raise(service, row.product, number, now_s, err));
    return quarantine(service, &row, key, is_free, now_s, err);
}

struct due {
    uint32_t n;
    int64_t devices[256];
};

static enum result keep_due(void *ctx, int64_t device, struct err *err)
{
    (void)err;
    struct due *due = ctx;
    due->devices[due->n++] = device;
    return OK;
}

enum result finding_settle_due(struct service *service, int64_t now_s, uint32_t limit,
                               uint32_t *ret_n, struct err *err)
{
    struct due due = {0};
    uint32_t most = limit < LENGTH_OF(due.devices) ? limit : (uint32_t)LENGTH_OF(due.devices);
    TRY(store_due(service->store, now_s, most, keep_due, &due, err));
    for (uint32_t i = 0; i < due.n; i++)
        TRY(finding_settle(service, due.devices[i], now_s, err));
    *ret_n = due.n;
    return OK;
}
