/* How a transfer of ownership ends: aborted, and what was issued for it is void; or done by the
 * first use of a new key, with a receipt. */
#include <service/transfer.h>

#include "foreign_settle.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <service/binding_used.h>
#include <wire/receipt.h>
#include <wire/x509_crl.h>

#include <string.h>

/* ---- aborted -----------------------------------------------------------------------------------
 */

/* What was issued after both had signed and is not used yet. Revoked, not voided: who uses it
 * knows nothing of the abort and is no fork. */
static enum result end_pending(struct service *service, const struct transfer_row *row,
                               int64_t now_s, uint32_t *ret_n, struct err *err)
{
    struct certificate live[SUBJECT_LIVE_MAX];
    size_t n = 0;
    TRY(store_live_certificates(service->store, row->device, live, LENGTH_OF(live), &n, err));
    for (size_t i = 0; i < n; i++) {
        if (live[i].state != CERT_PENDING || live[i].id <= row->after)
            continue;
        service_end_certificate(service, &live[i], CERT_REVOKED, X509_REASON_AFFILIATION_CHANGED,
                                now_s);
        (*ret_n)++;
    }
    return OK;
}

enum result transfer_abort(struct service *service, const struct transfer_row *row, int64_t now_s,
                           uint32_t *ret_certificates, struct err *err)
{
    struct device device = {0};
    *ret_certificates = 0;
    change_int(act_change(&service->act, TABLE_TRANSFER, row->id), COL_TRANSFER_STATE,
               TRANSFER_ABORTED);
    if (row->state != TRANSFER_ACCEPTED)
        return OK;
    TRY(store_device(service->store, row->device, &device, err));
    (void)service_change_device(service, &device); /* what the signer has now is an orphan */
    return end_pending(service, row, now_s, ret_certificates, err);
}

enum result transfer_end(struct service *service, int64_t device, struct err *err)
{
    struct transfer_row open;
    enum result result = store_open_transfer(service->store, device, &open, err);
    if (result == OK)
        change_int(act_change(&service->act, TABLE_TRANSFER, open.id), COL_TRANSFER_STATE,
                   TRANSFER_ABORTED);
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- under way ---------------------------------------------------------------------------------
 */

enum result transfer_find_accepted(struct service *service, int64_t device,
                                   struct transfer_row *ret, struct err *err)
{
    enum result result = store_open_transfer(service->store, device, ret, err);
    if (result == R_NOT_FOUND || (result == OK && ret->state != TRANSFER_ACCEPTED)) {
        ret->id = 0;
        return OK;
    }
    return result;
}

/* A key that was never certified for the device before both sides had signed. */
static enum result is_new_key(struct service *service, const struct transfer_row *row,
                              const struct certificate *proven, bool *ret, struct err *err)
{
    bool had_it = true;
    TRY(store_had_key(service->store, row->device, proven->spki, row->after, &had_it, err));
    *ret = proven->id > row->after && !had_it;
    return OK;
}

/* ---- the receipt -------------------------------------------------------------------------------
 */

struct made_receipt {
    struct receipt receipt; /* its bytes point into what follows */
    struct product product;
    struct certificate before, after;
    uint8_t body_hash[32];
    uint8_t cells[6][128]; /* keys, signatures, digests */
};

static enum result read_cell(struct service *service, enum column column, int64_t row,
                             struct bytes *ret, uint8_t space[128], struct err *err)
{
    struct buf room = buf_over(space, 128);
    struct cell cell = {0};
    TRY(store_cell(service->store, column, row, &room, &cell, err));
    *ret = cell.bytes;
    return OK;
}

static enum result fill_sides(struct service *service, const struct transfer_row *row,
                              struct made_receipt *made, struct err *err)
{
    struct receipt_side *released = &made->receipt.released, *accepted = &made->receipt.accepted;
    released->operator_row = row->releaser;
    released->at_s = row->released_s;
    accepted->operator_row = row->accepter;
    accepted->at_s = row->accepted_s;
    TRY(read_cell(service, COL_TRANSFER_RELEASE_KEY, row->id, &released->key, made->cells[0], err));
    TRY(read_cell(service, COL_TRANSFER_RELEASE_SIGNATURE, row->id, &released->signature,
                  made->cells[1], err));
    TRY(read_cell(service, COL_TRANSFER_ACCEPT_KEY, row->id, &accepted->key, made->cells[2], err));
    return read_cell(service, COL_TRANSFER_ACCEPT_SIGNATURE, row->id, &accepted->signature,
                     made->cells[3], err);
}

static enum result fill_certificate(struct service *service, const struct certificate *row,
                                    struct receipt_certificate *ret, uint8_t space[128],
                                    struct err *err)
{
    ret->row = row->id;
    ret->serial = bytes_of(row->serial, sizeof row->serial);
    return read_cell(service, COL_CERTIFICATE_DIGEST, row->id, &ret->digest, space, err);
}

static enum result fill_certificates(struct service *service, const struct transfer_row *row,
                                     struct made_receipt *made, struct err *err)
{
    TRY(fill_certificate(service, &made->after, &made->receipt.after, made->cells[5], err));
    enum result result =
        store_last_used(service->store, row->device, row->after, &made->before, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    return fill_certificate(service, &made->before, &made->receipt.before, made->cells[4], err);
}

static enum result make_receipt(struct service *service, const struct transfer_row *row,
                                const struct device *device, struct made_receipt *made,
                                struct err *err)
{
    struct receipt *receipt = &made->receipt;
    TRY(store_product(service->store, device->product, &made->product, err));
    sha256(bytes_of(row->body, row->body_n), made->body_hash);
    receipt->transfer = (uint64_t)row->id;
    receipt->device = device->id;
    receipt->product = text_bytes(made->product.name);
    receipt->serial_number = text_bytes(device->serial_number);
    receipt->from = text_bytes(row->from);
    receipt->to = text_bytes(row->to);
    receipt->body_hash = bytes_of(made->body_hash, sizeof made->body_hash);
    TRY(fill_sides(service, row, made, err));
    return fill_certificates(service, row, made, err);
}

/* ---- done --------------------------------------------------------------------------------------
 */

static enum result record_done(struct service *service, const struct transfer_row *row,
                               const struct made_receipt *made, const struct device *device,
                               int64_t now_s, struct err *err)
{
    uint8_t space[RECEIPT_MAX];
    struct buf octets = buf_over(space, sizeof space);
    receipt_write(&octets, &made->receipt);
    if (!buf_ok(&octets))
        return err_set(err, E_BUG, "a receipt above %d octets", RECEIPT_MAX);
    struct act *act = service_act(service, EVENT_TRANSFER_RECEIPT, now_s,
                                  (struct actor){ACTOR_DEVICE, device->id}, device->id);
    change_text(service_change_device(service, device), COL_DEVICE_OWNER, text_bytes(row->to));
    struct change *c = act_change(act, TABLE_TRANSFER, row->id);
    change_int(c, COL_TRANSFER_STATE, TRANSFER_DONE);
    change_blob(c, COL_TRANSFER_RECEIPT, buf_bytes(&octets));
    TRY(doors_end(service, device->id, &(struct msg_verb_answer){0}, err));
    return service_record(service, NULL, err);
}

enum result transfer_settle(struct service *service, const struct certificate *proven,
                            int64_t now_s, struct err *err)
{
    struct transfer_row row;
    struct device device = {0};
    struct made_receipt made = {.after = *proven};
    bool is_new = false;
    TRY(transfer_find_accepted(service, proven->device, &row, err));
    if (row.id == 0)
        return OK;
    TRY(is_new_key(service, &row, proven, &is_new, err));
    if (!is_new)
        return OK;
    TRY(store_device(service->store, row.device, &device, err));
    TRY(make_receipt(service, &row, &device, &made, err));
    made.receipt.done_s = now_s;
    TRY(record_done(service, &row, &made, &device, now_s, err));
    TRY(foreign_settle_device(service, device.id, now_s, err));
    return binding_settle_device(service, device.id, now_s, err);
}
