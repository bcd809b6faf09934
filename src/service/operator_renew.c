/* One more certificate for who asks: over a new key, which replaces the old one when it is first
 * used, or over the key that he has. */
#include "enrol.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <wire/x509_crl.h>

#include <stdio.h>

#define KEYS_MAX 8

/* An approver's keys are those of the signer's list, which two people change. */
static enum result check_new_key(struct service *service, const struct operator_is *who,
                                 const uint8_t spki[32], struct err *err)
{
    if (who->row.is_approver)
        return err_set(err, E_APPROVAL,
                       "another key of an approver takes two people: renew with the key that you "
                       "have");
    return operator_check_key(service, spki, err);
}

static enum result read_name(struct service *service, const struct operator_row *row, char *to,
                             size_t max, struct err *err)
{
    uint8_t space[LIMIT_NAME];
    struct buf name = buf_over(space, sizeof space);
    enum result result = store_personal(service->store, row->name, &name, err);
    if (result == R_NOT_FOUND) { /* erased */
        snprintf(to, max, "operator-%lld", (long long)row->id);
        return OK;
    }
    TRY(result);
    return text_copy(buf_bytes(&name), to, max) ? OK
                                                : err_set(err, E_BUG, "a name above 64 octets");
}

/* The same new key again, whose answer was lost. */
static enum result find_repeat(struct service *service, const struct operator_is *who,
                               const uint8_t spki[32], int64_t *ret_certificate, struct err *err)
{
    struct operator_row row = {0};
    struct certificate certificate = {0};
    *ret_certificate = 0;
    enum result result = store_operator(service->store, spki, &row, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    if (row.person != who->row.person || row.id == who->row.id || row.state != 1)
        return OK;
    TRY(store_certificate_with_key(service->store, spki, -1, &certificate, err));
    *ret_certificate = certificate.id;
    return OK;
}

static void take_person(struct enrolment *job, const struct operator_is *who)
{
    job->operator_role = (enum role)who->row.role;
    job->operator_person = who->row.person;
    memcpy(job->operator_name, who->row.name, sizeof job->operator_name);
    snprintf(job->operator_scope, sizeof job->operator_scope, "%s", who->row.scope);
    job->grant =
        (struct grant){.profile = PKI_OPERATOR, .common_name = text_bytes(job->common_name)};
}

enum result enrol_operator_renew(struct service *service, const struct operator_is *who,
                                 const struct msg_operator_renew *ask, int64_t now_s,
                                 struct enrolment *job, struct err *err)
{
    int64_t certificate = 0;
    job->kind = ENROL_OPERATOR;
    job->operator_by = who->actor;
    job->spki_n = ask->spki.n;
    memcpy(job->spki, ask->spki.p, ask->spki.n);
    sha256(ask->spki, job->spki_hash);
    if (who->actor.kind != ACTOR_OPERATOR)
        return err_set(err, E_OPERATOR, "the local socket renews nobody");
    TRY(verb_allow(who, OPERATE_READ, NULL, err));
    TRY(find_repeat(service, who, job->spki_hash, &certificate, err));
    if (certificate != 0)
        return enrol_repeat(service, certificate, job, err);
    bool is_same = memcmp(job->spki_hash, who->row.spki, 32) == 0;
    if (!is_same)
        TRY(check_new_key(service, who, job->spki_hash, err));
    TRY(read_name(service, &who->row, job->common_name, sizeof job->common_name, err));
    take_person(job, who);
    job->operator_id = is_same ? who->row.id : service_next_id(service, TABLE_OPERATOR);
    job->operator_from = who->row.id;
    return enrol_grant(service, job, OPERATOR_VALIDITY_S, now_s, err);
}

/* A new key that was never used gives way to the next: its owner lost it. */
static enum result end_unused(struct service *service, const struct enrolment *job, int64_t now_s,
                              struct err *err)
{
    struct operator_row keys[KEYS_MAX];
    struct certificate certificate = {0};
    size_t n = 0;
    TRY(store_operator_keys(service->store, job->operator_person, keys, KEYS_MAX, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (keys[i].id <= job->operator_from)
            continue;
        change_int(act_change(&service->act, TABLE_OPERATOR, keys[i].id), COL_OPERATOR_STATE, 2);
        TRY(store_certificate_with_key(service->store, keys[i].spki, -1, &certificate, err));
        service_end_certificate(service, &certificate, CERT_VOIDED, X509_REASON_SUPERSEDED, now_s);
    }
    return OK;
}

enum result operator_renewed(struct service *service, const struct enrolment *job, int64_t now_s,
                             struct err *err)
{
    struct certificate old = {0};
    if (job->operator_id == job->operator_from) { /* the same key: one certificate at a time */
        TRY(store_certificate_with_key(service->store, job->spki_hash, -1, &old, err));
        if (certificate_is_live((enum cert_state)old.state))
            service_end_certificate(service, &old, CERT_SUPERSEDED, X509_REASON_SUPERSEDED, now_s);
        return OK;
    }
    TRY(end_unused(service, job, now_s, err));
    struct change *c = act_change(&service->act, TABLE_OPERATOR, job->operator_id);
    change_blob(c, COL_OPERATOR_NAME, bytes_of(job->operator_name, 32));
    change_blob(c, COL_OPERATOR_SPKI, bytes_of(job->spki_hash, 32));
    change_int(c, COL_OPERATOR_ROLE, job->operator_role);
    change_text(c, COL_OPERATOR_SCOPE, text_bytes(job->operator_scope));
    change_int(c, COL_OPERATOR_STATE, 1);
    change_int(c, COL_OPERATOR_PERSON, job->operator_person);
    return OK;
}
