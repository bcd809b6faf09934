/* One device with what belongs to it: enough to judge it without a second question. */
#include "answer.h"

#define SHOWN_CERTIFICATES 20
#define SHOWN_ENTRIES 50

static enum result last_seen(const struct query *query, int64_t device, int64_t *ret,
                             struct err *err)
{
    enum result result = store_seen(query->store, device, ret, err);
    if (result != R_NOT_FOUND)
        return result;
    *ret = 0;
    return OK;
}

/* The serial number of a device that this one has something to do with; empty for 0. */
static enum result name_other(const struct query *query, int64_t id, struct device *space,
                              struct bytes *ret, struct err *err)
{
    *ret = bytes_of(NULL, 0);
    if (id == 0)
        return OK;
    TRY(store_device(query->store, id, space, err));
    *ret = query_text(space->serial_number);
    return OK;
}

enum result give_device(const struct query *query, const struct subject *subject, struct err *err)
{
    const struct device *device = &subject->device;
    struct device before = {0}, after = {0};
    struct msg_device_row row = {
        .id = query->asked->id,
        .row = device->id,
        .product = query_text(subject->product.name),
        .serial_number = query_text(device->serial_number),
        .owner = query_text(device->owner),
        .batch = query_text(device->batch),
        .state = (uint8_t)device->state,
        .hold = device->hold,
        .proof = (uint8_t)device->proof,
        .findings = (uint32_t)subject->open_n,
        .not_after_s = subject->live_n > 0 ? subject->live[0].not_after_s : 0,
        .renew_at_s = subject->live_n > 0 ? query_renewal_s(&subject->live[0]) : 0,
    };
    TRY(query_verdict(query, subject, &row.verdict, err));
    TRY(last_seen(query, device->id, &row.seen_s, err));
    TRY(name_other(query, device->replaces, &before, &row.replaces, err));
    TRY(name_other(query, device->replaced_by, &after, &row.replaced_by, err));
    return query->give(query->context, IPC_DEVICE_ROW, &row, err);
}

/* The last certificates of a device in a ring: the store lists the oldest first. */
struct newest {
    size_t n;
    struct certificate ring[SHOWN_CERTIFICATES];
};

static enum result remember(void *context, const struct certificate *certificate, struct err *err)
{
    (void)err;
    struct newest *newest = context;
    newest->ring[newest->n++ % SHOWN_CERTIFICATES] = *certificate;
    return OK;
}

static enum result read_certificates(const struct query *query, int64_t device,
                                     struct newest *newest, struct err *err)
{
    struct filter filter = {.limit = LIMIT_PAGE_ROWS, .device = device};
    size_t before;
    do {
        before = newest->n;
        TRY(store_certificates(query->store, &filter, remember, newest, err));
        if (newest->n > 0)
            filter.after = newest->ring[(newest->n - 1) % SHOWN_CERTIFICATES].id;
    } while (newest->n == before + LIMIT_PAGE_ROWS);
    return OK;
}

static enum result give_certificates(const struct query *query, int64_t device, struct err *err)
{
    struct newest newest = {0};
    TRY(read_certificates(query, device, &newest, err));
    for (size_t i = 0; i < newest.n && i < SHOWN_CERTIFICATES; i++) {
        size_t at = (newest.n - 1 - i) % SHOWN_CERTIFICATES;
        TRY(give_certificate(query, &newest.ring[at], bytes_of(NULL, 0), err));
    }
    return OK;
}

static enum result visit_finding(void *context, const struct finding *finding, struct err *err)
{
    return give_finding(context, finding, err);
}

static enum result visit_foreign(void *context, const struct foreign *foreign, struct err *err)
{
    return give_foreign(context, foreign, bytes_of(NULL, 0), err);
}

static enum result visit_entry(void *context, const struct entry *entry, struct err *err)
{
    return give_entry(context, entry, err);
}

enum result query_device(struct query *query, struct err *err)
{
    struct subject subject = {0};
    TRY(query_subject(query, &subject, err));
    int64_t device = subject.device.id;
    TRY(give_device(query, &subject, err));
    TRY(give_certificates(query, device, err));
    struct filter findings = {.limit = LIMIT_PAGE_ROWS, .device = device};
    TRY(store_findings(query->store, &findings, visit_finding, query, err));
    const struct filter others = {.limit = SHOWN_CERTIFICATES, .device = device};
    TRY(store_foreigns(query->store, &others, bytes_of(NULL, 0), visit_foreign, query, err));
    const struct timeline newest = {.device = device, .limit = SHOWN_ENTRIES};
    TRY(store_timeline(query->store, &newest, visit_entry, query, err));
    return give_checklist(query, &subject, err);
}
