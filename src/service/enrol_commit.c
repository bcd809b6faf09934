/* What an enrolment leaves behind: rows and one entry, in the batch's transaction. */
#include "enrol.h"
#include "foreign_settle.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <service/finding.h>

#include <string.h>

static const struct actor core = {ACTOR_CORE, 0};

static struct actor asker(const struct enrolment *job)
{
    if (job->kind == ENROL_DEVICE)
        return (struct actor){ACTOR_DEVICE, job->subject.device.id};
    if (job->kind == ENROL_OPERATOR)
        return job->operator_by;
    return core;
}

/* A certificate row. `device` 0 = nobody's. */
static int64_t add_certificate(struct service *service, const struct certificate *row,
                               struct bytes digest)
{
    int64_t id = service_next_id(service, TABLE_CERTIFICATE);
    struct change *c = act_change(&service->act, TABLE_CERTIFICATE, id);
    change_int(c, COL_CERTIFICATE_DEVICE, row->device);
    change_int(c, COL_CERTIFICATE_ISSUER, row->issuer);
    change_blob(c, COL_CERTIFICATE_SERIAL, bytes_of(row->serial, sizeof row->serial));
    change_blob(c, COL_CERTIFICATE_SPKI, bytes_of(row->spki, sizeof row->spki));
    change_int(c, COL_CERTIFICATE_PROFILE, row->profile);
    change_int(c, COL_CERTIFICATE_NOT_BEFORE, row->not_before_s);
    change_int(c, COL_CERTIFICATE_NOT_AFTER, row->not_after_s);
    change_int(c, COL_CERTIFICATE_CLASS, row->class);
    change_int(c, COL_CERTIFICATE_NUMBER, row->number);
    change_blob(c, COL_CERTIFICATE_DIGEST, digest);
    change_int(c, COL_CERTIFICATE_PREDECESSOR, row->predecessor);
    change_blob(c, COL_CERTIFICATE_CREDENTIAL, bytes_of(row->credential, sizeof row->credential));
    change_int(c, COL_CERTIFICATE_STATE, row->state);
    change_int(c, COL_CERTIFICATE_STATE_AT, row->state_at_s);
    change_int(c, COL_CERTIFICATE_REASON, row->reason);
    change_int(c, COL_CERTIFICATE_ANEW, row->anew);
    change_int(c, COL_CERTIFICATE_PROVEN_AT, row->proven_at_s);
    change_int(c, COL_CERTIFICATE_PROOF, row->proof);
    bool is_first = row->number % SERIAL_PART_SIZE == 0; /* its CRLDP leads to a CRL from now on */
    if (row->state == CERT_ORPHAN || is_first) {
        struct crl_shard shard = {(uint32_t)row->issuer, (uint8_t)row->class,
                                  serial_part(row->number)};
        service_mark_shard(service, shard, row->state_at_s);
    }
    return id;
}

static struct certificate row_of(const struct enrolment *job, enum cert_state state, int64_t now_s)
{
    struct certificate row = {
        .device = job->subject.device.id,
        .issuer = job->grant.issuer,
        .profile = job->grant.profile,
        .not_before_s = job->grant.not_before_s,
        .not_after_s = job->grant.not_after_s,
        .class = job->parts.expiry_class,
        .number = job->parts.number,
        .predecessor = job->predecessor,
        .state = state,
        .state_at_s = now_s,
        .anew = job->answer.is_anew,
        .proof = job->answer.proof,
    };
    memcpy(row.serial, job->serial.p, sizeof row.serial);
    memcpy(row.spki, job->spki_hash, sizeof row.spki);
    memcpy(row.credential, job->credential_hash, sizeof row.credential);
    return row;
}

/* A pending certificate over another key is voided; out of quarantine nothing old stays alive. */
static void end_older(struct service *service, const struct enrolment *job, int64_t now_s)
{
    for (size_t i = 0; i < job->subject.live_n; i++) {
        const struct certificate *old = &job->subject.live[i];
        if (job->answer.ends_quarantine)
            service_end_certificate(service, old, CERT_REVOKED, X509_REASON_KEY_COMPROMISE, now_s);
        else if (old->state == CERT_PENDING)
            service_end_certificate(service, old, CERT_VOIDED, X509_REASON_SUPERSEDED, now_s);
    }
}

static void change_for_issue(struct service *service, const struct enrolment *job)
{
    const struct device *device = &job->subject.device;
    struct change *c = service_change_device(service, device);
    int after = device_after_issue((enum device_state)device->state);
    if (after != device->state)
        change_int(c, COL_DEVICE_STATE, after);
    if (job->answer.proof != PROOF_NONE && (int)job->answer.proof != device->proof)
        change_int(c, COL_DEVICE_PROOF, job->answer.proof);
    if (job->anchor != 0 && job->anchor != device->idevid_anchor)
        change_int(c, COL_DEVICE_IDEVID_ANCHOR, job->anchor);
    if (job->answer.ends_quarantine) {
        change_int(c, COL_DEVICE_QUARANTINE, 0);
        change_null(c, COL_DEVICE_BAD_KEY);
    }
}

static void use_up(struct service *service, const struct enrolment *job)
{
    if (job->token != 0) {
        struct change *c = act_change(&service->act, TABLE_TOKEN, job->token);
        change_int(c, COL_TOKEN_STATE, 2);
        change_blob(c, COL_TOKEN_SPKI, bytes_of(job->spki_hash, 32));
    }
    if (job->answer.uses_permit) {
        struct change *c = act_change(&service->act, TABLE_PERMIT, job->permit);
        change_int(c, COL_PERMIT_STATE, 2);
    }
}

/* The name is a person's: it enters by digest, which lies in `name` until the act was recorded. */
static enum result add_operator(struct service *service, const struct enrolment *job,
                                uint8_t name[32], struct err *err)
{
    TRY(verb_personal(service, text_bytes(job->common_name), name, err));
    struct change *c = act_change(&service->act, TABLE_OPERATOR, job->operator_id);
    change_blob(c, COL_OPERATOR_NAME, bytes_of(name, 32));
    change_blob(c, COL_OPERATOR_SPKI, bytes_of(job->spki_hash, 32));
    change_int(c, COL_OPERATOR_ROLE, job->operator_role);
    change_text(c, COL_OPERATOR_SCOPE, text_bytes(job->operator_scope));
    change_int(c, COL_OPERATOR_STATE, 1);
    return OK;
}

/* Two who bootstrap at the same instant were both decided on while there was nobody. */
static enum result is_still_first(struct service *service, const struct enrolment *job, bool *ret,
                                  struct err *err)
{
    int64_t n = 0;
    if (job->operator_by.kind == ACTOR_LOCAL)
        TRY(store_rows(service->store, TABLE_OPERATOR, &n, err));
    *ret = n == 0;
    return OK;
}

/* Whoever was removed while the signer worked is not renewed. */
static enum result is_still_in_use(struct service *service, const struct enrolment *job, bool *ret,
                                   struct err *err)
{
    struct operator_row row = {0};
    TRY(store_operator_row(service->store, job->operator_from, &row, err));
    *ret = row.state == 1;
    return OK;
}

static enum result is_unchanged(struct service *service, const struct enrolment *job, bool *ret,
                                struct err *err)
{
    *ret = !service_issuer_has_ended(service, job->grant.issuer);
    if (!*ret) /* retired while the signer worked: nobody would take it */
        return OK;
    if (job->operator_recovers)
        return operator_may_recover(service, job, ret, err);
    if (job->operator_person != 0)
        return is_still_in_use(service, job, ret, err);
    if (job->kind == ENROL_OPERATOR)
        return is_still_first(service, job, ret, err);
    if (job->kind == ENROL_BOUNDARY)
        return enrol_boundary_stands(service, job, ret, err);
    if (job->kind != ENROL_DEVICE)
        return OK;
    int64_t version = 0;
    TRY(store_device_version(service->store, job->subject.device.id, &version, err));
    *ret = version == job->subject.device.version;
    return OK;
}

/* What renewed under grace is TD-09 until the new certificate is used, also when the connection is
 * older than the expiry and nobody saw the old one late. */
static enum result settle(struct service *service, const struct enrolment *job,
                          const struct certificate *issued, int64_t now_s, struct err *err)
{
    if (!job->answer.is_under_grace)
        return finding_settle_issued(service, &job->subject, issued, !job->is_key_known, now_s,
                                     err);
    const struct evidence late = {.check = CHECK_EXPIRED_IN_USE};
    TRY(finding_note(service, job->subject.device.id, &late, now_s, err));
    return finding_settle(service, job->subject.device.id, now_s, err);
}

static enum event event_of(const struct enrolment *job, bool live)
{
    if (!live)
        return EVENT_CERTIFICATE_ORPHANED;
    if (job->operator_recovers)
        return EVENT_OPERATOR_RECOVERED;
    if (job->operator_person != 0)
        return EVENT_OPERATOR_RENEWED;
    if (job->kind == ENROL_OPERATOR)
        return EVENT_OPERATOR_ADDED;
    if (job->kind == ENROL_BOUNDARY)
        return job->predecessor != 0 ? EVENT_BOUNDARY_RENEWED : EVENT_BOUNDARY_ENROLLED;
    return job->answer.is_under_grace ? EVENT_GRACE_RENEWED : EVENT_CERTIFICATE_ISSUED;
}

/* What proves itself by its first use here is pending until then. */
static enum cert_state state_of(const struct enrolment *job, bool live)
{
    bool waits = job->kind == ENROL_DEVICE || job->kind == ENROL_BOUNDARY;
    return !live ? CERT_ORPHAN : waits ? CERT_PENDING : CERT_CURRENT;
}

/* A new one, a renewed one, or one who lost his key. */
static enum result record_operator(struct service *service, const struct enrolment *job,
                                   uint8_t name[32], int64_t now_s, struct err *err)
{
    if (job->operator_recovers)
        return operator_recovered(service, job, now_s, err);
    if (job->operator_person != 0)
        return operator_renewed(service, job, now_s, err);
    return add_operator(service, job, name, err);
}

enum result enrol_commit(struct service *service, const struct enrolment *job,
                         struct bytes certificate, int64_t now_s, bool *ret_is_live,
                         struct err *err)
{
    bool live = false;
    TRY(is_unchanged(service, job, &live, err));
    bool is_device = job->kind == ENROL_DEVICE;
    enum event event = event_of(job, live);
    enum cert_state state = state_of(job, live);

    uint8_t digest[32];
    sha256(certificate, digest);
    service_act(service, event, now_s, asker(job), job->subject.device.id);
    struct certificate row = row_of(job, state, now_s);
    int64_t id = add_certificate(service, &row, bytes_of(digest, sizeof digest));
    uint8_t name[32];
    if (live && job->kind == ENROL_OPERATOR)
        TRY(record_operator(service, job, name, now_s, err));
    if (live && job->kind == ENROL_BOUNDARY)
        TRY(enrol_boundary_record(service, job, now_s, err));
    if (live)
        service->used = job->approval;
    if (live && is_device) {
        end_older(service, job, now_s);
        change_for_issue(service, job);
        use_up(service, job);
    }
    TRY(service_record(service, NULL, err));
    TRY(store_put_der(service->store, id, certificate, err));
    if (live && is_device) {
        TRY(settle(service, job, &row, now_s, err));
        TRY(taken_key_settle(service, row.spki, now_s, err));
    }
    *ret_is_live = live;
    return OK;
}

enum result enrol_orphan(struct service *service, const struct msg_journal_item *item,
                         int64_t now_s, struct err *err)
{
    struct certificate row = {0};
    struct serial_parts parts = {0};
    enum result result = store_certificate_serial(service->store, item->serial, &row, err);
    if (result != R_NOT_FOUND)
        return result;
    if (!serial_split(item->serial, &parts))
        return err_set(err, E_JOURNAL, "journal record %llu has a serial that is not ours",
                       (unsigned long long)item->journal);

    row = (struct certificate){
        .issuer = item->issuer,
        .profile = item->profile,
        .not_before_s = now_s,
        .not_after_s = item->not_after_s,
        .class = parts.expiry_class,
        .number = parts.number,
        .state = CERT_ORPHAN,
        .state_at_s = now_s,
    };
    memcpy(row.serial, item->serial.p, sizeof row.serial);
    service_act(service, EVENT_CERTIFICATE_ORPHANED, now_s, core, 0);
    add_certificate(service, &row, bytes_of(item->tbs_hash, sizeof item->tbs_hash));
    return service_record(service, NULL, err);
}
