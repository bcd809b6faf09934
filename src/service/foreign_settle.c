#include "foreign_settle.h"

#include <registry/holders.h>
#include <registry/subject.h>
#include <service/finding.h>

#include <string.h>

#define PAGE 64

struct page {
    size_t n;
    int64_t ids[PAGE];
};

static enum result keep(void *context, const struct foreign *foreign, struct err *err)
{
    (void)err;
    struct page *page = context;
    page->ids[page->n++] = foreign->id;
    return OK;
}

static enum result has_moved(struct service *service, int64_t device, bool *ret, struct err *err)
{
    struct transfer_row row;
    enum result result = store_signed_transfer(service->store, device, &row, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret = result == OK;
    return OK;
}

/* Of a device that is gone, or came to another owner, it is a credential that is left, or that has
 * ended now (TD-17, TD-43). */
enum result foreign_settle_former(struct service *service, int64_t id, int64_t now_s,
                                  struct err *err)
{
    struct device device = {0};
    if (id == 0)
        return OK;
    TRY(store_device(service->store, id, &device, err));
    bool is_former = device.state == STATE_RETIRED || device.state == STATE_LOST;
    if (!is_former)
        TRY(has_moved(service, id, &is_former, err));
    return is_former ? finding_settle(service, id, now_s, err) : OK;
}

static enum result settle_holder(struct service *service, int64_t foreign, int64_t now_s,
                                 struct err *err)
{
    struct foreign row = {0};
    enum result result = store_foreign_id(service->store, foreign, &row, err);
    if (result != OK)
        return result == R_NOT_FOUND ? OK : result;
    return foreign_settle_former(service, row.device, now_s, err);
}

enum result foreign_settle(struct service *service, int64_t foreign, int64_t now_s, struct err *err)
{
    const struct subject_key key = {SUBJECT_FOREIGN, foreign};
    TRY(finding_settle_about(service, key, now_s, err));
    return settle_holder(service, foreign, now_s, err);
}

enum result foreign_settle_device(struct service *service, int64_t device, int64_t now_s,
                                  struct err *err)
{
    struct filter filter = {.limit = PAGE, .device = device};
    struct page page;
    do {
        page.n = 0;
        TRY(store_foreigns(service->store, &filter, bytes_of(NULL, 0), keep, &page, err));
        for (size_t i = 0; i < page.n; i++)
            TRY(foreign_settle(service, page.ids[i], now_s, err));
        filter.after = page.n > 0 ? page.ids[page.n - 1] : 0;
    } while (page.n == PAGE);
    return OK;
}

enum result touched_key_before(struct service *service, const uint8_t spki[32],
                               struct touched_key *ret, struct err *err)
{
    struct since shared = {0};
    TRY(holders_shared(service->store, spki, &shared, err));
    memcpy(ret->spki, spki, sizeof ret->spki);
    ret->was_shared = shared.known == YES;
    return store_foreign_key_since(service->store, spki, &ret->since_s, err);
}

static enum result settle_foreign(struct service *service, const struct touched_key *key,
                                  int64_t now_s, struct err *err)
{
    struct filter filter = {.limit = PAGE};
    struct page page;
    do {
        page.n = 0;
        TRY(store_foreigns_with_key(service->store, key->spki, &filter, keep, &page, err));
        for (size_t i = 0; i < page.n; i++)
            TRY(foreign_settle(service, page.ids[i], now_s, err));
        filter.after = page.n > 0 ? page.ids[page.n - 1] : 0;
    } while (page.n == PAGE);
    return OK;
}

/* Is the key the device's still? One that only an ended certificate of it had is not. */
static enum result has_key(struct service *service, int64_t id, const uint8_t spki[32], bool *ret,
                           struct err *err)
{
    struct device device = {0};
    struct certificate live[SUBJECT_LIVE_MAX];
    size_t n = 0;
    TRY(store_device(service->store, id, &device, err));
    TRY(store_live_certificates(service->store, id, live, SUBJECT_LIVE_MAX, &n, err));
    *ret = device.has_registered && memcmp(device.registered, spki, 32) == 0;
    for (size_t i = 0; i < n; i++)
        *ret = *ret || memcmp(live[i].spki, spki, 32) == 0;
    return OK;
}

/* Whoever scanned says so: nobody is quarantined for it (design 5). */
static enum result settle_device(struct service *service, const struct touched_key *key,
                                 bool is_shared, int64_t now_s, struct err *err)
{
    const struct evidence shared = {.check = CHECK_KEY_SHARED};
    int64_t device = 0;
    bool has_it = false;
    TRY(holders_device(service->store, key->spki, &device, err));
    if (device == 0)
        return OK;
    TRY(has_key(service, device, key->spki, &has_it, err));
    return is_shared && has_it ? finding_note(service, device, &shared, now_s, err)
                               : finding_settle(service, device, now_s, err);
}

enum result touched_key_settle(struct service *service, const struct touched_key *key,
                               int64_t now_s, struct err *err)
{
    struct since shared = {0};
    int64_t since_s = 0;
    TRY(holders_shared(service->store, key->spki, &shared, err));
    TRY(store_foreign_key_since(service->store, key->spki, &since_s, err));
    bool is_shared = shared.known == YES;
    if (is_shared == key->was_shared && since_s == key->since_s)
        return OK;
    TRY(settle_foreign(service, key, now_s, err));
    return settle_device(service, key, is_shared, now_s, err);
}

/* Most keys are in no foreign certificate: one look at an index. */
enum result taken_key_settle(struct service *service, const uint8_t spki[32], int64_t now_s,
                             struct err *err)
{
    const struct filter first = {.limit = 1};
    struct page page = {0};
    struct touched_key key = {.was_shared = false};
    TRY(store_foreigns_with_key(service->store, spki, &first, keep, &page, err));
    if (page.n == 0)
        return OK;
    memcpy(key.spki, spki, sizeof key.spki);
    TRY(store_foreign_key_since(service->store, spki, &key.since_s, err));
    return touched_key_settle(service, &key, now_s, err);
}
