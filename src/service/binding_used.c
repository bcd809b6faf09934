#include <service/binding_used.h>

#include <base/text.h>
#include <service/finding.h>
#include <store/binding_used.h>
#include <store/boundaries.h>

enum result binding_used(struct service *service, const struct binding_use *use, int64_t now_s,
                         struct err *err)
{
    struct device device = {0};
    struct binding_ids unused = {.n = BINDING_IDS_MAX};
    TRY(store_device(service->store, use->device, &device, err));
    const struct binding_user user = {
        .service = use->service,
        .product = device.product,
        .owner = text_bytes(device.owner),
        .serial_number = text_bytes(device.serial_number),
    };
    while (unused.n == BINDING_IDS_MAX) { /* what was written down is not found again */
        TRY(store_bindings_unused(service->store, &user, use->at_s - BINDING_USED_EVERY_S, &unused,
                                  err));
        for (size_t i = 0; i < unused.n; i++) {
            const struct subject_key key = {SUBJECT_BINDING, unused.id[i]};
            TRY(store_put_binding_used(service->store, unused.id[i], use->at_s, err));
            TRY(finding_settle_about(service, key, now_s, err));
        }
    }
    return OK;
}

enum result binding_settle_device(struct service *service, int64_t id, int64_t now_s,
                                  struct err *err)
{
    struct device device = {0};
    struct binding_page page = {.n = LENGTH_OF(page.ids)};
    int64_t after = 0;
    TRY(store_device(service->store, id, &device, err));
    while (page.n == LENGTH_OF(page.ids)) {
        TRY(store_bindings_of_device(service->store, &device, after, &page, err));
        for (size_t i = 0; i < page.n; i++) {
            const struct subject_key key = {SUBJECT_BINDING, page.ids[i]};
            TRY(finding_settle_about(service, key, now_s, err));
            after = page.ids[i];
        }
    }
    return OK;
}
