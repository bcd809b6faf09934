#include <service/verb.h>

#include "foreign_settle.h"

#include <service/finding.h>

#define PERMIT_TTL_S (7 * 86400)
#define PERMIT_TTL_MAX_S (90 * 86400)

/* What expired gives up its place: the verbs that end what is open end all of it in one entry. */
static enum result make_room(struct service *service, int64_t device, int64_t now_s,
                             struct err *err)
{
    struct permit open[LIMIT_DOORS];
    size_t n = 0, kept = 0;
    TRY(store_open_permits(service->store, device, open, LIMIT_DOORS, &n, err));
    for (size_t i = 0; i < n; i++) {
        bool is_over = open[i].expires_at_s < now_s;
        kept += !is_over;
        if (is_over)
            change_int(act_change(&service->act, TABLE_PERMIT, open[i].id), COL_PERMIT_STATE, 3);
    }
    if (kept == LIMIT_DOORS)
        return err_set(err, E_CONFLICT, "the device has %d open permits already", LIMIT_DOORS);
    return OK;
}

/* The serial goes on with another board: the key that is registered is the old one's. */
static void expect_new_board(struct service *service, const struct device *device,
                             struct change *permit)
{
    change_int(permit, COL_PERMIT_NEW_BOARD, 1);
    if (device->has_registered)
        change_null(service_change_device(service, device), COL_DEVICE_REGISTERED);
}

enum result verb_permit_add(struct service *service, const struct operator_is *who,
                            const struct msg_permit_add *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    uint8_t note[32];
    struct subject subject = {0};
    struct touched_key old_board = {0};
    TRY(verb_allow(who, OPERATE_PERMIT, NULL, err));
    TRY(verb_subject(service, who, ask->product, ask->serial_number, &subject, err));
    if (!device_takes_permit((enum device_state)subject.device.state))
        return err_set(err, E_CONFLICT, "the device is %s; a permit is for a retired one",
                       device_state_word((enum device_state)subject.device.state));
    if (ask->ttl_s < 0 || ask->ttl_s > PERMIT_TTL_MAX_S)
        return err_set(err, E_SYNTAX, "ttl %lld s: 1 to %d is wanted", (long long)ask->ttl_s,
                       PERMIT_TTL_MAX_S);

    if (subject.device.replaced_by != 0)
        return err_set(err, E_REPLACES, "the board of serial number \"%s\" goes on as another one",
                       subject.device.serial_number);

    bool lets_go = ask->new_board != 0 && subject.device.has_registered;
    if (lets_go)
        TRY(touched_key_before(service, subject.device.registered, &old_board, err));
    struct act *act =
        service_act(service, EVENT_PERMIT_ADDED, now_s, who->actor, subject.device.id);
    TRY(make_room(service, subject.device.id, now_s, err));
    TRY(verb_personal(service, ask->note, note, err));
    answer->object = service_next_id(service, TABLE_PERMIT);
    struct change *c = act_change(act, TABLE_PERMIT, answer->object);
    change_int(c, COL_PERMIT_DEVICE, subject.device.id);
    change_int(c, COL_PERMIT_EXPIRES_AT, now_s + (ask->ttl_s != 0 ? ask->ttl_s : PERMIT_TTL_S));
    change_int(c, COL_PERMIT_STATE, 1);
    if (ask->new_board != 0)
        expect_new_board(service, &subject.device, c);
    answer->created = 1;
    TRY(service_record(service, &answer->entry, err));
    TRY(finding_settle(service, subject.device.id, now_s, err));
    return lets_go ? touched_key_settle(service, &old_board, now_s, err) : OK;
}
