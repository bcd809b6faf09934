#include <service/stand.h>

#include <base/text.h>
#include <trust/standing.h>

/* An enrolment that a permit let in, which ends a tombstone. */
static bool uses_permit(const struct act *act)
{
    for (size_t i = 0; i < act->n; i++)
        if (act->changes[i].table == TABLE_PERMIT)
            return act->event == EVENT_CERTIFICATE_ISSUED;
    return false;
}

static bool is_of_interest(const struct act *act, const struct change *change)
{
    const struct cell *state = change_cell(change, COL_DEVICE_STATE);
    const struct cell *hold = change_cell(change, COL_DEVICE_HOLD);
    if (change->table != TABLE_DEVICE)
        return false;
    if (act->event == EVENT_DEVICE_IMPORTED || act->event == EVENT_DEVICE_REPLACED)
        return hold != NULL && hold->number != 0;
    return hold != NULL || change_cell(change, COL_DEVICE_QUARANTINE) != NULL ||
           (state != NULL && device_is_kept_down((enum device_state)state->number)) ||
           uses_permit(act);
}

enum result stand_note(struct service *service, uint64_t entry, struct err *err)
{
    const struct act *act = &service->act;
    for (size_t i = 0; i < act->n; i++)
        if (is_of_interest(act, &act->changes[i]))
            TRY(store_put_untold(service->store, act->changes[i].id, entry, err));
    return OK;
}

static enum result append(struct service *service, int64_t id, struct record_writer *to,
                          struct err *err)
{
    struct device device = {0};
    struct product product = {0};
    TRY(store_device(service->store, id, &device, err));
    TRY(store_product(service->store, device.product, &product, err));
    struct msg_device_stand stand = {
        .product = text_bytes(product.name),
        .serial_number = text_bytes(device.serial_number),
        .state = (uint8_t)device.state,
        .quarantine = (uint8_t)device.quarantine,
        .hold = device.hold,
    };
    return record_append(to, IPC_DEVICE_STAND, &stand, err);
}

enum result stand_collect(struct service *service, int *ret_fd, int64_t *ret_last, struct err *err)
{
    CLEANUP(record_abandon) struct record_writer to = {.fd = -1};
    int64_t ids[REMEMBER_DEVICES_MAX];
    size_t n = 0;
    TRY(store_untold(service->store, ids, LENGTH_OF(ids), &n, err));
    *ret_last = 0;
    if (n == 0)
        return OK;
    TRY(record_begin(STAND_BYTES_MAX, &to, err));
    for (size_t i = 0; i < n; i++)
        TRY(append(service, ids[i], &to, err));
    TRY(record_seal(&to, ret_fd, err));
    *ret_last = ids[n - 1];
    return OK;
}
