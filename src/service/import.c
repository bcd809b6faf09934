#include <service/import.h>

#include <base/text.h>
#include <pki/grant.h>
#include <trust/words.h>

#include <string.h>

/* What stays the same about a known device, whatever a file says. */
static enum result check_known(const struct operator_is *who, const struct device *device,
                               const struct msg_import_row *row, struct err *why)
{
    if (!verb_sees(who, device->owner))
        return err_set(why, E_CONFLICT, "serial number \"%s\" is taken", device->serial_number);
    if (device_is_tombstone((enum device_state)device->state))
        return err_set(why, E_GONE, "serial number \"%s\" is retired: only a permit lets it enrol",
                       device->serial_number);
    bool same_key = !row->has_spki || (device->has_registered &&
                                       memcmp(device->registered, row->spki_sha256, 32) == 0);
    if (!same_key)
        return err_set(
            why, E_CONFLICT, "serial number \"%s\" is known with %s", device->serial_number,
            device->has_registered ? "another key" : "no key; a key cannot be added later");
    if (row->owner.n != 0 && !bytes_equal(row->owner, text_bytes(device->owner)))
        return err_set(why, E_CONFLICT, "serial number \"%s\" belongs to owner \"%s\"",
                       device->serial_number, device->owner);
    return OK;
}

/* A key is one device's: a second one with it is refused and quarantines nobody. */
static enum result check_key(struct service *service, const struct operator_is *who,
                             const struct msg_import_row *row, struct err *why)
{
    struct device other = {0};
    struct certificate certificate = {0};
    if (!row->has_spki)
        return OK;
    enum result result = store_device_registered(service->store, 0, row->spki_sha256, &other, why);
    if (result == OK && !verb_sees(who, other.owner))
        return err_set(why, E_KEY_SHARED, "the key is registered for another device");
    if (result == OK)
        return err_set(why, E_KEY_SHARED, "the key is registered for serial number \"%s\"",
                       other.serial_number);
    if (result != R_NOT_FOUND)
        return result;
    result = store_certificate_with_key(service->store, row->spki_sha256, 0, &certificate, why);
    if (result == OK)
        return err_set(why, E_KEY_SHARED, "the key is in a certificate of another holder");
    return result == R_NOT_FOUND ? OK : result;
}

/* What the desk says of a manifest is held against the rows: a certificate that is pinned for this
 * product, and an anchor of it. */
static enum result check_anchor(struct service *service, const struct product *product, uint32_t id,
                                enum anchor_use use, struct err *why)
{
    struct authority_row anchor = {0};
    if (id == 0)
        return OK;
    enum result result = store_anchor(service->store, id, &anchor, why);
    bool fits = result == OK && anchor.product == product->id && anchor.use == (int)use;
    if (result_is_ours(result) || fits)
        return result;
    return err_set(why, use == ANCHOR_MANIFEST ? E_MANIFEST_SIGNER : E_MANIFEST_CHAIN,
                   "anchor %u is none for %s of \"%s\"", id, anchor_use_word(use), product->name);
}

static enum result create(struct service *service, const struct operator_is *who,
                          const struct product *product, const struct msg_import_row *row,
                          int64_t now_s, struct err *err)
{
    int64_t id = service_next_id(service, TABLE_DEVICE);
    struct act *act = service_act(service, EVENT_DEVICE_IMPORTED, now_s, who->actor, id);
    struct change *c = act_change(act, TABLE_DEVICE, id);
    change_int(c, COL_DEVICE_PRODUCT, product->id);
    change_text(c, COL_DEVICE_SERIAL_NUMBER, row->serial_number);
    change_text(c, COL_DEVICE_OWNER, row->owner);
    change_text(c, COL_DEVICE_BATCH, row->batch);
    change_int(c, COL_DEVICE_STATE, STATE_EXPECTED);
    change_int(c, COL_DEVICE_HOLD, row->hold);
    if (row->has_spki)
        change_blob(c, COL_DEVICE_REGISTERED, bytes_of(row->spki_sha256, 32));
    change_int(c, COL_DEVICE_PROOF, PROOF_NONE);
    change_int(c, COL_DEVICE_QUARANTINE, 0);
    change_int(c, COL_DEVICE_VERSION, 1);
    change_int(c, COL_DEVICE_IDEVID_ANCHOR, row->anchor);
    return service_record(service, NULL, err);
}

/* Batch and hold of a device that is still expected may be corrected. */
static enum result correct(struct service *service, const struct operator_is *who,
                           const struct device *device, const struct msg_import_row *row,
                           int64_t now_s, struct import_answer *answer)
{
    bool same = (row->batch.n == 0 || bytes_equal(row->batch, text_bytes(device->batch))) &&
                (row->hold != 0) == device->hold;
    answer->did = IMPORT_UNCHANGED;
    if (same || !device_takes_correction((enum device_state)device->state))
        return OK;

    service_act(service, EVENT_DEVICE_IMPORTED, now_s, who->actor, device->id);
    struct change *c = service_change_device(service, device);
    if (row->batch.n != 0)
        change_text(c, COL_DEVICE_BATCH, row->batch);
    change_int(c, COL_DEVICE_HOLD, row->hold);
    answer->did = IMPORT_CHANGED;
    return service_record(service, NULL, &answer->why);
}

static enum result check_row(const struct operator_is *who, const struct msg_import_row *row,
                             struct err *why)
{
    char owner[LIMIT_NAME + 1];
    if (!is_serial_number(row->serial_number))
        return err_set(
            why, E_SYNTAX,
            "serial number \"%s\": 1 to %d octets of PrintableString are wanted (RFC 5280 A.1)",
            err_value(row->serial_number).text, LIMIT_SERIAL_NUMBER);
    if (!text_copy(row->owner, owner, sizeof owner))
        return err_set(why, E_SYNTAX, "owner \"%s\": up to %d octets are wanted",
                       err_value(row->owner).text, LIMIT_NAME);
    return verb_allow(who, OPERATE_DEVICE, owner, why);
}

static enum result find_product(struct service *service, struct bytes name, struct product *ret,
                                struct err *why)
{
    enum result result = store_product_named(service->store, name, ret, why);
    if (result == R_NOT_FOUND)
        return err_set(why, E_NOT_FOUND, "there is no product \"%s\"", err_value(name).text);
    return result;
}

static enum result judge(struct service *service, const struct operator_is *who,
                         const struct msg_import_row *row, int64_t now_s,
                         struct import_answer *answer)
{
    struct err *why = &answer->why;
    struct product product = {0};
    struct device device = {0};
    TRY(check_row(who, row, why));
    TRY(find_product(service, row->product, &product, why));
    TRY(check_anchor(service, &product, row->signer, ANCHOR_MANIFEST, why));
    TRY(check_anchor(service, &product, row->anchor, ANCHOR_PROOF, why));
    enum result result =
        store_device_named(service->store, product.id, row->serial_number, &device, why);
    if (result == OK) {
        TRY(check_known(who, &device, row, why));
        return correct(service, who, &device, row, now_s, answer);
    }
    if (result != R_NOT_FOUND)
        return result;
    TRY(check_key(service, who, row, why));
    TRY(create(service, who, &product, row, now_s, why));
    answer->did = IMPORT_CREATED;
    return OK;
}

enum result import_row(struct service *service, const struct operator_is *who,
                       const struct msg_import_row *row, int64_t now_s,
                       struct import_answer *ret_answer, struct err *err)
{
    struct import_answer answer = {.did = IMPORT_REFUSED};
    enum result result = judge(service, who, row, now_s, &answer);
    if (result_is_ours(result)) {
        *err = answer.why;
        return result;
    }
    if (result != OK)
        answer.did = IMPORT_REFUSED;
    *ret_answer = answer;
    return OK;
}
