#include <service/verb.h>

#include <service/finding.h>
#include <wire/x509_crl.h>

static bool is_reason(int reason)
{
    return reason >= X509_REASON_UNSPECIFIED && reason <= X509_REASON_PRIVILEGE_WITHDRAWN &&
           reason != X509_REASON_HOLD && reason != 7; /* RFC 5280 5.3.1: 7 is not used */
}

static enum result owner_of(struct service *service, const struct certificate *certificate,
                            struct device *ret, struct err *err)
{
    if (certificate->device == 0)
        return OK;
    return store_device(service->store, certificate->device, ret, err);
}

enum result verb_cert_revoke(struct service *service, const struct operator_is *who,
                             const struct msg_cert_revoke *ask, int64_t now_s,
                             struct msg_verb_answer *answer, struct err *err)
{
    uint8_t note[32];
    struct certificate certificate = {0};
    struct device device = {0};
    if (!is_reason(ask->reason))
        return err_set(err, E_SYNTAX, "reason %u: RFC 5280 5.3.1 has 0 to 5 and 9 for this",
                       ask->reason);
    enum result result = store_certificate_serial(service->store, ask->serial, &certificate, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "no certificate has this serial number");
    TRY(result);
    TRY(owner_of(service, &certificate, &device, err));
    TRY(verb_allow(who, OPERATE_DEVICE, device.owner, err));
    if (!certificate_is_live((enum cert_state)certificate.state))
        return err_set(err, E_CONFLICT, "the certificate is %s already",
                       cert_state_word((enum cert_state)certificate.state));

    service_act(service, EVENT_CERTIFICATE_REVOKED, now_s, who->actor, certificate.device);
    TRY(verb_personal(service, ask->note, note, err));
    service_end_certificate(service, &certificate, CERT_REVOKED, ask->reason, now_s);
    if (certificate.device != 0)
        service_change_device(service, &device);
    TRY(service_record(service, &answer->entry, err));
    answer->object = certificate.id;
    answer->certificates = answer->changed = 1;
    return certificate.device != 0 ? finding_settle(service, device.id, now_s, err) : OK;
}
