#include <service/verb.h>

#include <service/boundary.h>
#include <service/finding.h>
#include <wire/x509_crl.h>

#include <string.h>

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

/* None of ours has it. One of another CA's is on record, and nothing here revokes that. */
static enum result refuse(struct service *service, const struct operator_is *who,
                          struct bytes serial, struct err *err)
{
    struct foreign foreign = {0};
    struct device device = {0};
    enum result result = store_foreign_numbered(service->store, serial, &foreign, err);
    if (result == OK && foreign.device != 0)
        TRY(store_device(service->store, foreign.device, &device, err));
    if (result_is_ours(result))
        return result;
    if (result != OK || !verb_sees(who, device.owner))
        return err_set(err, E_NOT_FOUND, "no certificate has this serial number");
    return err_set(err, E_FOREIGN_REVOKE,
                   "foreign certificate %lld has this serial number; its issuer, %s, revokes it",
                   (long long)foreign.id,
                   foreign.anchor != 0 ? "whose anchor is on record" : "which is not on record");
}

/* A certificate of another owner's device is as good as none to who has a scope. */
static enum result find(struct service *service, const struct operator_is *who, struct bytes serial,
                        struct certificate *ret, struct device *ret_device, struct err *err)
{
    enum result result = store_certificate_serial(service->store, serial, ret, err);
    if (result == OK)
        TRY(owner_of(service, ret, ret_device, err));
    if (result == R_NOT_FOUND || (result == OK && !verb_sees(who, ret_device->owner)))
        return refuse(service, who, serial, err);
    return result;
}

/* What is no device's is a listener's or an operator's: for who may add them. Nobody revokes his
 * own, so that somebody who may add operators remains. */
static enum result check_holder(const struct operator_is *who,
                                const struct certificate *certificate, struct err *err)
{
    if (certificate->device != 0)
        return OK;
    TRY(verb_allow(who, OPERATE_OPERATOR, NULL, err));
    if (memcmp(certificate->spki, who->row.spki, 32) == 0)
        return err_set(err, E_CONFLICT, "this is your own certificate: another admin revokes it");
    return OK;
}

/* Role and scope come from the row, by key: it ends with the certificate. */
static enum result end_operator(struct service *service, const struct certificate *certificate,
                                struct err *err)
{
    struct operator_row row = {0};
    TRY(store_operator(service->store, certificate->spki, &row, err));
    change_int(act_change(&service->act, TABLE_OPERATOR, row.id), COL_OPERATOR_STATE, 2);
    return OK;
}

/* Boundaries are known by their key: it ends with each of its certificates. */
static enum result end_boundary(struct service *service, const struct certificate *certificate,
                                int64_t now_s, struct msg_verb_answer *answer,
                                int64_t *ret_boundary, struct err *err)
{
    struct boundary row;
    enum result result = store_boundary_key(service->store, certificate->spki, &row, err);
    if (result == R_NOT_FOUND) /* it has another one since */
        return OK;
    TRY(result);
    *ret_boundary = row.id;
    return boundary_end(service, &row, certificate->id, now_s, &answer->certificates, err);
}

enum result verb_cert_revoke(struct service *service, const struct operator_is *who,
                             const struct msg_cert_revoke *ask, int64_t now_s,
                             struct msg_verb_answer *answer, struct err *err)
{
    uint8_t note[32];
    int64_t boundary = 0;
    struct certificate certificate = {0};
    struct device device = {0};
    if (!is_reason(ask->reason))
        return err_set(err, E_SYNTAX, "reason %u: RFC 5280 5.3.1 has 0 to 5 and 9 for this",
                       ask->reason);
    TRY(verb_allow(who, OPERATE_DEVICE, NULL, err));
    TRY(find(service, who, ask->serial, &certificate, &device, err));
    TRY(check_holder(who, &certificate, err));
    if (!certificate_is_live((enum cert_state)certificate.state))
        return err_set(err, E_CONFLICT, "the certificate is %s already",
                       cert_state_word((enum cert_state)certificate.state));

    service_act(service, EVENT_CERTIFICATE_REVOKED, now_s, who->actor, certificate.device);
    TRY(verb_personal(service, ask->note, note, err));
    service_end_certificate(service, &certificate, CERT_REVOKED, ask->reason, now_s);
    if (certificate.profile == PKI_OPERATOR)
        TRY(end_operator(service, &certificate, err));
    if (certificate.profile == PKI_BOUNDARY)
        TRY(end_boundary(service, &certificate, now_s, answer, &boundary, err));
    if (certificate.device != 0)
        service_change_device(service, &device);
    TRY(service_record(service, &answer->entry, err));
    answer->object = certificate.id;
    answer->certificates++;
    answer->changed = 1;
    if (boundary != 0)
        TRY(boundary_judge(service, boundary, now_s, err));
    return certificate.device != 0 ? finding_settle(service, device.id, now_s, err) : OK;
}
