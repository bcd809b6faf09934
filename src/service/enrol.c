#include "enrol.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <pki/ocsp.h>
#include <service/brake.h>
#include <service/finding.h>
#include <service/rate.h>
#include <service/transfer.h>
#include <wire/spread.h>

#include <string.h>

void enrolment_free(struct enrolment *job)
{
    blob_free(&job->der);
}

static void refuse(struct enrolment *job, const struct err *why)
{
    job->next = ENROL_ANSWER;
    job->code = why->code;
    job->why = *why;
}

enum result enrol_repeat(struct service *service, int64_t certificate, struct enrolment *job,
                         struct err *err)
{
    uint8_t space[LIMIT_CERTIFICATE_BYTES];
    struct buf der = buf_over(space, sizeof space);
    TRY(store_der(service->store, certificate, &der, err));
    if (blob_copy(buf_bytes(&der), &job->der) != OK)
        return err_set(err, E_MEMORY, "no memory for a certificate");
    job->next = ENROL_ANSWER;
    job->code = E_NONE;
    return OK;
}

/* Has the same pair an answer that is still good? (design 5, Renewal.) */
static enum result find_repeat(struct service *service, int64_t now_s, struct enrolment *job,
                               struct ask *facts, struct err *err)
{
    struct certificate old = {0};
    if (!job->is_key_known)
        return OK;
    enum result result =
        store_certificate_asked(service->store, job->credential_hash, job->spki_hash, &old, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);

    facts->repeats =
        !service_issuer_has_ended(service, old.issuer) &&
        certificate_repeats((enum cert_state)old.state, old.not_before_s, old.not_after_s, now_s);
    job->earlier = facts->repeats ? old.id : 0;
    return OK;
}

/* Whoever else has a certificate over the key. Those that had this board before are nobody else. */
static enum result find_holder(struct service *service, const struct enrolment *job,
                               struct certificate *ret, struct err *err)
{
    const struct device *me = &job->subject.device;
    if (!job->is_key_known)
        return R_NOT_FOUND;
    TRY(store_certificate_with_key(service->store, job->spki_hash, me->id, ret, err));
    if (me->replaces == 0)
        return OK;
    return store_certificate_beyond_line(service->store, job->spki_hash, me->id, ret, err);
}

/* Is the key somebody else's: another device's, or our own? */
static enum result find_sharer(struct service *service, struct enrolment *job, struct ask *facts,
                               struct err *err)
{
    for (size_t i = 0; i < PKI_ISSUERS; i++)
        if (memcmp(service->issuer_spki[i], job->spki_hash, 32) == 0)
            facts->is_key_elsewhere = true;

    struct certificate other = {0};
    struct device registered = {0};
    int64_t me = job->subject.device.id;
    enum result result = find_holder(service, job, &other, err);
    if (result == OK) {
        facts->is_key_elsewhere = true;
        job->sharer = other.device;
    }
    if (result != OK && result != R_NOT_FOUND)
        return result;

    bool is_mine = job->subject.device.has_registered &&
                   memcmp(job->subject.device.registered, job->spki_hash, 32) == 0;
    if (is_mine || facts->is_key_elsewhere)
        return OK;
    result = store_device_registered(service->store, 0, job->spki_hash, &registered, err);
    if (result == OK && registered.id != me && registered.id != job->subject.device.replaces) {
        facts->is_key_elsewhere = true;
        job->sharer = device_showed_key((enum proof)registered.proof) ? registered.id : 0;
    }
    return result == R_NOT_FOUND ? OK : result;
}

/* A key that was revoked as compromised, or was lost with its device, is nobody's any more. */
static enum result find_compromise(struct service *service, const struct enrolment *job,
                                   struct ask *facts, struct err *err)
{
    struct certificate revoked = {0};
    if (!job->is_key_known)
        return OK;
    enum result result =
        store_certificate_compromised(service->store, job->spki_hash, &revoked, err);
    facts->is_key_compromised = result == OK;
    return result == R_NOT_FOUND ? OK : result;
}

static enum result read_permit(struct service *service, int64_t now_s, struct enrolment *job,
                               struct ask *facts, struct err *err)
{
    if (!device_is_tombstone(facts->state))
        return OK;
    struct permit permit = {0};
    enum result result =
        store_open_permit(service->store, job->subject.device.id, now_s, &permit, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    facts->has_permit = true;
    job->permit = permit.id;
    if (!permit.new_board)
        return OK;
    return store_device_showed(service->store, job->subject.device.id, job->credential_hash,
                               &facts->is_old_board, err);
}

/* A key that the device had before is no new key: only what is new ends a quarantine, or renews
 * what has expired. */
static void read_new_key(const struct enrolment *job, struct ask *facts)
{
    const struct device *device = &job->subject.device;
    facts->is_new_key_bad = job->is_key_known || (device->has_bad_key &&
                                                  memcmp(device->bad_key, job->spki_hash, 32) == 0);
}

/* Whatever it was revoked for after the backup, lists drop who has expired: nobody knows any more.
 */
static bool ended_before_restore(const struct service *service, const struct enrolment *job)
{
    for (size_t i = 0; i < job->subject.live_n; i++)
        if (job->subject.live[i].id == job->predecessor)
            return job->subject.live[i].not_after_s < service->restored_at_s;
    return false;
}

static void read_grace(const struct service *service, int64_t now_s, const struct enrolment *job,
                       struct ask *facts)
{
    facts->is_in_grace = subject_is_in_grace(&job->subject, job->predecessor, now_s) &&
                         !ended_before_restore(service, job);
    if (facts->is_in_grace)
        read_new_key(job, facts);
}

/* A device on its way to another owner gets its certificate as his, over a key that is new. */
static enum result read_transfer(struct service *service, struct enrolment *job, struct ask *facts,
                                 struct err *err)
{
    struct transfer_row row;
    TRY(transfer_find_accepted(service, job->subject.device.id, &row, err));
    if (row.id == 0)
        return OK;
    facts->is_moving = true;
    memcpy(job->next_owner, row.to, sizeof job->next_owner);
    return store_had_key(service->store, row.device, job->spki_hash, row.after,
                         &facts->is_key_of_before, err);
}

static void read_quarantine(const struct msg_enrol *ask, const struct enrolment *job,
                            struct ask *facts)
{
    const struct device *device = &job->subject.device;
    if (facts->state != STATE_QUARANTINED)
        return;
    facts->is_quarantine_automatic = device->quarantine == 1;
    facts->is_proof_key_bad =
        device->has_bad_key && memcmp(device->bad_key, ask->peer_spki, 32) == 0;
    read_new_key(job, facts);
}

static enum result read_facts(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                              struct enrolment *job, struct ask *facts, struct err *err)
{
    const struct subject *subject = &job->subject;
    facts->state = (enum device_state)subject->device.state;
    facts->hold = subject->device.hold;
    facts->product_proofs = subject->product.proofs;
    facts->enrols_a_year = subject->product.enrols_a_year;
    if (facts->state == STATE_ACTIVE && facts->operation == OPERATION_ENROL)
        TRY(store_count_anew(service->store, subject->device.id, now_s - INT64_C(365) * 86400,
                             &facts->enrols_this_year, err));
    TRY(store_key_is_known(service->store, job->spki_hash, &job->is_key_known, err));
    TRY(find_repeat(service, now_s, job, facts, err));
    TRY(read_permit(service, now_s, job, facts, err));
    read_quarantine(ask, job, facts);
    read_grace(service, now_s, job, facts);
    TRY(read_transfer(service, job, facts, err));
    TRY(enrol_read_refusing(service, job, now_s, &facts->refusing, err));
    TRY(find_compromise(service, job, facts, err));
    return find_sharer(service, job, facts, err);
}

#define HOUR_SPREAD_S 600 /* not all come back in the first second of the next hour */

/* One more of what has a budget of the product and hour. Above it a finding waits for a person, and
 * the caller for the next hour. */
static enum result spend(struct service *service, const struct brake *brake, const char *what,
                         int64_t now_s, struct enrolment *job, struct err *err)
{
    const struct product *product = &job->subject.product;
    bool is_free = false;
    TRY(brake_count(service, brake, product->id, now_s, &is_free, err));
    if (is_free)
        return OK;
    TRY(finding_raise(service, product->id, CHECK_OUTSIDE_PROFILE, now_s, err));
    struct bytes who = bytes_of(job->credential_hash, sizeof job->credential_hash);
    job->retry_after_s = (uint32_t)(3600 - now_s % 3600) + spread_below(who, HOUR_SPREAD_S);
    return err_set(err, E_BUDGET, "product \"%s\": %s in this hour", product->name, what);
}

/* Renewals outside the device's window have a budget per product and hour (design 3). Of one that
 * goes to another owner two people said that it rekeys: its window is open. */
static enum result check_window(struct service *service, int64_t now_s, struct enrolment *job,
                                struct err *err)
{
    const struct subject *subject = &job->subject;
    bool is_moving = job->next_owner[0] != '\0';
    if (job->operation != OPERATION_REENROL || subject->live_n == 0 || is_moving)
        return OK;
    const struct certificate *newest = &subject->live[0];
    int64_t life_s = newest->not_after_s - newest->not_before_s;
    if (now_s >= newest->not_before_s + life_s / 100 * subject->policy.renew_from_percent)
        return OK;

    return spend(service, &brake_early, "renewals outside their window", now_s, job, err);
}

/* So have enrolments that rest on the front's word: the chain, or the key on TLS, is a claim unless
 * the signer finds that very key's signature on the request (design 3). */
static enum result check_claim(struct service *service, int64_t now_s, struct enrolment *job,
                               struct err *err)
{
    bool is_claim = job->credential == CREDENTIAL_IDEVID ||
                    (job->credential == CREDENTIAL_REGISTERED_TLS && !job->is_key_on_tls);
    if (!is_claim)
        return OK;
    struct brake brake = brake_claims(&job->subject.product);
    return spend(service, &brake, "enrolments by a key on TLS", now_s, job, err);
}

/* Another key voids a pending certificate, but not without end. */
static enum result check_voids(struct service *service, int64_t now_s, struct enrolment *job,
                               struct err *err)
{
    const struct subject *subject = &job->subject;
    if (subject->live_n == 0 || subject->live[0].state != CERT_PENDING)
        return OK;
    int64_t voids = 0;
    TRY(store_count_voided(service->store, subject->device.id, now_s - 86400, &voids, err));
    if (voids >= ENROL_VOIDS_A_DAY)
        return err_set(err, E_BUDGET, "%lld pending certificates voided in a day, %d are allowed",
                       (long long)voids, ENROL_VOIDS_A_DAY);
    return OK;
}

static enum result check_names(const struct msg_enrol *ask, const struct enrolment *job,
                               struct err *err)
{
    if (job->operation != OPERATION_REENROL || ask->names_equal == 1)
        return OK;
    return err_set(
        err, E_NAMES_DIFFER,
        "RFC 7030 4.2.2: subject or subjectAltName differ from the current certificate's");
}

/* The rest of the way to a grant, once authorise() said yes. */
static enum result go_on(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                         struct enrolment *job, struct err *err)
{
    if (job->earlier != 0)
        return enrol_repeat(service, job->earlier, job, err);
    TRY(enrol_check_product(job, err));
    TRY(check_names(ask, job, err));
    TRY(check_voids(service, now_s, job, err));
    TRY(rate_take(service, &job->subject, bytes_of(job->credential_hash, 32), now_s,
                  &job->retry_after_s, err));
    TRY(check_window(service, now_s, job, err));
    TRY(check_claim(service, now_s, job, err));

    const struct subject *subject = &job->subject;
    bool is_moving = job->next_owner[0] != '\0';
    job->grant = (struct grant){
        .profile = PKI_LDEVID,
        .product = text_bytes(subject->product.name),
        .owner = text_bytes(is_moving ? job->next_owner : subject->device.owner),
        .hw_type = text_bytes(subject->product.hw_type),
        .serial_number = text_bytes(subject->device.serial_number),
    };
    return enrol_grant(service, job, subject->product.validity_s, now_s, err);
}

/* Does this refusal change what is known of a device? Then its CSR must prove possession first. */
static bool concerns_device(const struct enrolment *job)
{
    if (job->code == E_BUSY || job->kind != ENROL_DEVICE)
        return false;
    return job->code == E_KEY_SHARED || job->code == E_KEY_KIND || job->is_fork ||
           (job->is_proven && job->subject.device.id != 0);
}

/* What was wanted, and of whom. */
static enum result say_refused(const struct enrolment *job, const struct ask *facts,
                               struct err *err)
{
    const struct device *device = &job->subject.device;
    if (job->answer.code == E_FINDING)
        return err_set(
            err, E_FINDING,
            "finding TD-%02d \"%s\" of device \"%s\" of product \"%s\" is open: wanted %s",
            facts->refusing, check_find(facts->refusing)->title, device->serial_number,
            job->subject.product.name, job->answer.wanted);
    return err_set(err, job->answer.code,
                   "%s by %s of device \"%s\" of product \"%s\", which is %s: wanted %s",
                   operation_word(facts->operation), credential_word(facts->credential),
                   device->serial_number, job->subject.product.name,
                   device_state_word(facts->state), job->answer.wanted);
}

static enum result decide(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                          struct enrolment *job, struct err *err)
{
    struct ask facts = {.operation = job->operation, .credential = job->credential};
    TRY(enrol_check_key(ask, job, err));
    TRY(enrol_may_issue(service, err));
    TRY(enrol_find(service, ask, now_s, job, &facts, err));
    TRY(read_facts(service, ask, now_s, job, &facts, err));

    job->answer = authorise(&facts);
    job->is_proven = job->answer.is_proven;
    if (job->answer.decision == DECISION_ISSUE)
        return go_on(service, ask, now_s, job, err);
    job->retry_after_s = job->answer.decision == DECISION_WAIT ? ENROL_RETRY_S : 0;
    return say_refused(job, &facts, err);
}

enum result enrol_decide(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                         struct enrolment *job, struct err *err)
{
    struct err why = {0};
    bool is_boundary = false;
    job->operation = (enum operation)ask->operation;
    job->credential = (enum credential)ask->credential;
    job->spki_n = ask->spki.n;
    memcpy(job->spki, ask->spki.p, ask->spki.n);
    sha256(ask->spki, job->spki_hash);
    job->is_key_on_tls = memcmp(ask->peer_spki, job->spki_hash, 32) == 0;

    TRY(enrol_find_boundary(service, ask, job, &is_boundary, err));
    job->kind = is_boundary ? ENROL_BOUNDARY : ENROL_DEVICE;
    enum result result = is_boundary ? enrol_decide_boundary(service, ask, now_s, job, &why)
                                     : decide(service, ask, now_s, job, &why);
    if (result == OK)
        return OK;
    if (result_is_ours(result)) {
        *err = why;
        return result;
    }
    refuse(job, &why);
    if (concerns_device(job))
        job->next = ENROL_CHECK;
    return OK;
}

enum result enrol_server(struct service *service, struct bytes spki, int64_t now_s,
                         struct enrolment *job, struct err *err)
{
    job->kind = ENROL_SERVER;
    if (job->is_next_site && service->next_site.pki.names_n == 0)
        return err_set(err, E_CONFLICT, "no reload is being prepared");
    job->spki_n = spki.n;
    memcpy(job->spki, spki.p, spki.n);
    sha256(spki, job->spki_hash);
    job->grant = (struct grant){.profile = PKI_TLS_SERVER};
    return enrol_grant(service, job, ENROL_SERVER_VALIDITY_S, now_s, err);
}

enum result enrol_responder(struct service *service, uint32_t issuer, struct bytes spki,
                            int64_t now_s, struct enrolment *job, struct err *err)
{
    job->kind = ENROL_RESPONDER;
    if (issuer == 0 || issuer >= PKI_ISSUERS || service->issuers[issuer].id == 0)
        return err_set(err, E_CONFLICT, "there is no issuer %u", issuer);
    job->by_issuer = issuer;
    job->spki_n = spki.n;
    memcpy(job->spki, spki.p, spki.n);
    sha256(spki, job->spki_hash);
    job->grant = (struct grant){.profile = PKI_OCSP, .common_name = bytes_text("OCSP")};
    return enrol_grant(service, job, OCSP_DELEGATE_S, now_s, err);
}
