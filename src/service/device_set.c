/* The verbs on one device. What each of them ends is a row of the table below; where it leads is
 * trust's (device_edge). Each is one entry. */
#include <service/bulk.h>

#include <base/text.h>
#include <service/finding.h>
#include <service/transfer.h>
#include <wire/x509_crl.h>

struct outcome {
    enum event event;
    bool ends_certificates;
    bool ends_doors; /* open tokens, permits and transfer */
    int reason;      /* RFC 5280 5.3.1 of certificates, unless the operator named one */
    int quarantine;  /* the column's new value; -1 = as it was */
    int hold;        /* likewise */
    bool forgets_bad_key;
};

static const struct outcome outcomes[VERB_COUNT] = {
    [VERB_ADMIT] = {.event = EVENT_DEVICE_ADMITTED, .quarantine = -1, .hold = 0},
    [VERB_HOLD] = {.event = EVENT_DEVICE_HELD, .quarantine = -1, .hold = 1},
    [VERB_QUARANTINE] = {.event = EVENT_DEVICE_QUARANTINED, .quarantine = 2, .hold = -1},
    [VERB_READMIT] = {.event = EVENT_DEVICE_READMITTED,
                      .quarantine = 0,
                      .hold = -1,
                      .forgets_bad_key = true},
    [VERB_REVOKE] =
        {
            .event = EVENT_DEVICE_REVOKED,
            .ends_certificates = true,
            .reason = X509_REASON_UNSPECIFIED,
            .quarantine = -1,
            .hold = -1,
        },
    [VERB_RETIRE] =
        {
            .event = EVENT_DEVICE_RETIRED,
            .ends_certificates = true,
            .ends_doors = true,
            .reason = X509_REASON_CESSATION,
            .quarantine = 0,
            .hold = 0,
            .forgets_bad_key = true,
        },
    [VERB_LOST] =
        {
            .event = EVENT_DEVICE_LOST,
            .ends_certificates = true,
            .ends_doors = true,
            .reason = X509_REASON_PRIVILEGE_WITHDRAWN,
            .quarantine = -1,
            .hold = -1,
        },
    [VERB_FOUND] = {.event = EVENT_DEVICE_FOUND, .quarantine = 2, .hold = -1},
};

static void end_certificates(struct service *service, const struct subject *subject, int reason,
                             int64_t now_s, struct msg_verb_answer *answer)
{
    for (size_t i = 0; i < subject->live_n; i++)
        service_end_certificate(service, &subject->live[i], CERT_REVOKED, reason, now_s);
    answer->certificates = (uint32_t)subject->live_n;
}

static void change_device(struct service *service, const struct subject *subject,
                          enum device_state to, const struct outcome *outcome)
{
    struct change *c = service_change_device(service, &subject->device);
    change_int(c, COL_DEVICE_STATE, to);
    if (outcome->quarantine >= 0)
        change_int(c, COL_DEVICE_QUARANTINE, outcome->quarantine);
    if (outcome->hold >= 0)
        change_int(c, COL_DEVICE_HOLD, outcome->hold);
    if (outcome->forgets_bad_key)
        change_null(c, COL_DEVICE_BAD_KEY);
}

/* readmit leads as far as the device's certificates ever came, also those that ended since. */
static enum result find_readmission(struct service *service, const struct subject *subject,
                                    enum device_state *ret, struct err *err)
{
    int64_t proven = 0;
    TRY(store_count_proven(service->store, subject->device.id, &proven, err));
    *ret = device_after_readmit(proven > 0, subject->live_n > 0);
    return OK;
}

static enum result find_edge(struct service *service, const struct subject *subject,
                             enum device_verb verb, enum device_state *ret, struct err *err)
{
    enum device_state from = (enum device_state)subject->device.state;
    enum device_state to = device_edge(from, verb);
    if (to == STATE_NONE)
        return err_set(err, E_CONFLICT, "device \"%s\" is %s: \"%s\" does not apply",
                       subject->device.serial_number, device_state_word(from),
                       device_verb_word(verb));
    if (verb == VERB_READMIT)
        return find_readmission(service, subject, ret, err);
    *ret = to;
    return OK;
}

enum result device_do(struct service *service, const struct subject *subject,
                      const struct doing *doing, struct msg_verb_answer *answer, struct err *err)
{
    enum device_state to = STATE_NONE;
    const struct outcome *outcome = &outcomes[doing->verb];
    TRY(find_edge(service, subject, doing->verb, &to, err));
    if (outcome->ends_certificates)
        end_certificates(service, subject, doing->reason != 0 ? doing->reason : outcome->reason,
                         doing->now_s, answer);
    if (outcome->ends_doors) {
        TRY(doors_end(service, subject->device.id, answer, err));
        TRY(transfer_end(service, subject->device.id, err));
    }
    change_device(service, subject, to, outcome);
    answer->state = text_bytes(device_state_word(to));
    return OK;
}

enum result verb_device_set(struct service *service, const struct operator_is *who,
                            const struct msg_device_set *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    uint8_t note[32];
    struct subject subject = {0};
    enum device_verb verb = ask->verb < VERB_COUNT ? (enum device_verb)ask->verb : VERB_NONE;
    const struct doing doing = {verb, ask->reason, now_s};
    TRY(verb_allow(who, OPERATE_DEVICE, NULL, err));
    TRY(verb_subject(service, who, ask->product, ask->serial_number, &subject, err));

    service_act(service, outcomes[verb].event, now_s, who->actor, subject.device.id);
    TRY(verb_personal(service, ask->note, note, err));
    TRY(device_do(service, &subject, &doing, answer, err));
    TRY(service_record(service, &answer->entry, err));
    answer->object = subject.device.id;
    answer->changed = 1;
    return finding_settle(service, subject.device.id, now_s, err);
}
