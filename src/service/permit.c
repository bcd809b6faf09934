#include <service/verb.h>

#include <service/finding.h>

#define PERMIT_TTL_S (7 * 86400)
#define PERMIT_TTL_MAX_S (90 * 86400)

enum result verb_permit_add(struct service *service, const struct operator_is *who,
                            const struct msg_permit_add *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    uint8_t note[32];
    struct subject subject = {0};
    TRY(subject_find(service->store, ask->product, ask->serial_number, &subject, err));
    TRY(verb_allow(who, OPERATE_PERMIT, subject.device.owner, err));
    if (!device_takes_permit((enum device_state)subject.device.state))
        return err_set(err, E_CONFLICT, "the device is %s; a permit is for a retired one",
                       device_state_word((enum device_state)subject.device.state));
    if (ask->ttl_s < 0 || ask->ttl_s > PERMIT_TTL_MAX_S)
        return err_set(err, E_SYNTAX, "ttl %lld s: 1 to %d is wanted", (long long)ask->ttl_s,
                       PERMIT_TTL_MAX_S);

    struct act *act =
        service_act(service, EVENT_PERMIT_ADDED, now_s, who->actor, subject.device.id);
    TRY(verb_personal(service, ask->note, note, err));
    answer->object = service_next_id(service, TABLE_PERMIT);
    struct change *c = act_change(act, TABLE_PERMIT, answer->object);
    change_int(c, COL_PERMIT_DEVICE, subject.device.id);
    change_int(c, COL_PERMIT_EXPIRES_AT, now_s + (ask->ttl_s != 0 ? ask->ttl_s : PERMIT_TTL_S));
    change_int(c, COL_PERMIT_STATE, 1);
    answer->created = 1;
    TRY(service_record(service, &answer->entry, err));
    return finding_settle(service, subject.device.id, now_s, err);
}
