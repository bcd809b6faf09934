#include <service/import.h>

#include "foreign_settle.h"

#include <base/text.h>
#include <pki/grant.h>
#include <trust/words.h>

#include <string.h>

/* A new board for a retired serial number, which a permit waits for: its key is registered. */
static bool brings_new_board(const struct device *device, const struct msg_import_row *row,
                             const struct permit *permit)
{
    return device_is_tombstone((enum device_state)device->state) && permit->new_board &&
           !device->has_registered && row->has_spki;
}

static enum result check_link(struct service *service, const struct device *device,
                              const struct msg_import_row *row, struct err *why)
{
    struct device before = {0};
    if (row->replaces.n == 0)
        return OK;
    if (device->replaces != 0)
        TRY(store_device(service->store, device->replaces, &before, why));
    if (!bytes_equal(row->replaces, text_bytes(before.serial_number)))
        return err_set(why, E_REPLACES, "serial number \"%s\" is known and replaces \"%s\"",
                       device->serial_number, before.serial_number);
    return OK;
}

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

/* Whose board a new serial number goes on with; `ret` stays zero when the line names none. It must
 * be retired already: that ends its certificates, and is a decision of its own. */
static enum result find_predecessor(struct service *service, const struct operator_is *who,
                                    int64_t product, const struct msg_import_row *row,
                                    struct device *ret, struct err *why)
{
    struct device old = {0};
    if (row->replaces.n == 0)
        return OK;
    enum result result = store_device_named(service->store, product, row->replaces, &old, why);
    if (result == R_NOT_FOUND || (result == OK && !verb_sees(who, old.owner)))
        return subject_missing(row->replaces, why);
    TRY(result);
    if (!device_is_tombstone((enum device_state)old.state))
        return err_set(why, E_REPLACES, "replaces: \"%s\" is %s, wanted one that is retired",
                       old.serial_number, device_state_word((enum device_state)old.state));
    if (old.replaced_by != 0)
        return err_set(why, E_REPLACES, "replaces: \"%s\" is replaced already", old.serial_number);
    if (!bytes_equal(row->owner, text_bytes(old.owner)))
        return err_set(why, E_REPLACES, "replaces: \"%s\" belongs to owner \"%s\"",
                       old.serial_number, old.owner);
    *ret = old;
    return OK;
}

/* A key is one device's: a second one with it is refused and quarantines nobody. Those that had
 * the board before (`old` and whom that one replaced) are no second one. */
static enum result check_key(struct service *service, const struct operator_is *who,
                             const struct msg_import_row *row, const struct device *old,
                             struct err *why)
{
    struct device other = {0};
    struct certificate certificate = {0};
    if (!row->has_spki)
        return OK;
    enum result result = store_device_registered(service->store, 0, row->spki_sha256, &other, why);
    if (result == OK && other.id == old->id)
        result = R_NOT_FOUND;
    if (result == OK && !verb_sees(who, other.owner))
        return err_set(why, E_KEY_SHARED, "the key is registered for another device");
    if (result == OK)
        return err_set(why, E_KEY_SHARED, "the key is registered for serial number \"%s\"",
                       other.serial_number);
    if (result != R_NOT_FOUND)
        return result;
    result =
        store_certificate_beyond_line(service->store, row->spki_sha256, old->id, &certificate, why);
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

/* A line as it came in: who asks, what for, and whose board it goes on with (id 0: nobody's). */
struct arrival {
    const struct operator_is *who;
    const struct product *product;
    const struct msg_import_row *row;
    struct device old;
};

/* Both ends of the link; a key that moved with the board is registered for the new one alone. */
static void link_boards(struct service *service, const struct arrival *arrival, int64_t id,
                        struct change *device)
{
    const struct device *old = &arrival->old;
    const struct msg_import_row *row = arrival->row;
    bool moves = old->has_registered &&
                 (!row->has_spki || memcmp(old->registered, row->spki_sha256, 32) == 0);
    if (moves && !row->has_spki)
        change_blob(device, COL_DEVICE_REGISTERED, bytes_of(old->registered, 32));
    change_int(device, COL_DEVICE_REPLACES, old->id);
    struct change *c = service_change_device(service, old);
    if (moves)
        change_null(c, COL_DEVICE_REGISTERED);
    change_int(c, COL_DEVICE_REPLACED_BY, id);
}

static enum result create(struct service *service, const struct arrival *arrival, int64_t now_s,
                          struct err *err)
{
    const struct msg_import_row *row = arrival->row;
    const struct device *old = &arrival->old;
    struct touched_key board = {0}; /* whose it was, and may be no more */
    if (old->has_registered)
        TRY(touched_key_before(service, old->registered, &board, err));
    int64_t id = service_next_id(service, TABLE_DEVICE);
    enum event event = arrival->old.id != 0 ? EVENT_DEVICE_REPLACED : EVENT_DEVICE_IMPORTED;
    struct act *act = service_act(service, event, now_s, arrival->who->actor, id);
    struct change *c = act_change(act, TABLE_DEVICE, id);
    change_int(c, COL_DEVICE_PRODUCT, arrival->product->id);
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
    change_int(c, COL_DEVICE_IDEVID_ANCHOR,
               row->anchor != 0 ? row->anchor : arrival->old.idevid_anchor);
    if (old->id != 0)
        link_boards(service, arrival, id, c);
    TRY(service_record(service, NULL, err));
    if (old->has_registered)
        TRY(touched_key_settle(service, &board, now_s, err));
    return row->has_spki ? taken_key_settle(service, row->spki_sha256, now_s, err) : OK;
}

static enum result register_board(struct service *service, const struct operator_is *who,
                                  const struct device *device, const struct msg_import_row *row,
                                  int64_t now_s, struct err *err)
{
    service_act(service, EVENT_DEVICE_IMPORTED, now_s, who->actor, device->id);
    struct change *c = service_change_device(service, device);
    change_blob(c, COL_DEVICE_REGISTERED, bytes_of(row->spki_sha256, 32));
    TRY(service_record(service, NULL, err));
    return taken_key_settle(service, row->spki_sha256, now_s, err);
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

static enum result judge_known(struct service *service, const struct operator_is *who,
                               const struct device *device, const struct msg_import_row *row,
                               int64_t now_s, struct import_answer *answer)
{
    struct err *why = &answer->why;
    const struct device nobody = {0};
    struct permit permit = {0};
    if (verb_sees(who, device->owner) && device_is_tombstone((enum device_state)device->state)) {
        enum result result = store_open_permit(service->store, device->id, now_s, &permit, why);
        if (result != OK && result != R_NOT_FOUND)
            return result;
    }
    if (brings_new_board(device, row, &permit)) {
        TRY(check_key(service, who, row, &nobody, why));
        answer->did = IMPORT_CHANGED;
        return register_board(service, who, device, row, now_s, why);
    }
    TRY(check_known(who, device, row, why));
    TRY(check_link(service, device, row, why));
    return correct(service, who, device, row, now_s, answer);
}

static enum result judge(struct service *service, const struct operator_is *who,
                         const struct msg_import_row *row, int64_t now_s,
                         struct import_answer *answer)
{
    struct err *why = &answer->why;
    struct product product = {0};
    struct device device = {0};
    struct arrival arrival = {who, &product, row, {0}};
    TRY(check_row(who, row, why));
    TRY(find_product(service, row->product, &product, why));
    TRY(check_anchor(service, &product, row->signer, ANCHOR_MANIFEST, why));
    TRY(check_anchor(service, &product, row->anchor, ANCHOR_PROOF, why));
    enum result result =
        store_device_named(service->store, product.id, row->serial_number, &device, why);
    if (result == OK)
        return judge_known(service, who, &device, row, now_s, answer);
    if (result != R_NOT_FOUND)
        return result;
    TRY(find_predecessor(service, who, product.id, row, &arrival.old, why));
    TRY(check_key(service, who, row, &arrival.old, why));
    TRY(create(service, &arrival, now_s, why));
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
