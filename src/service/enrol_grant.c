/* From an answer to a grant: what the signer is asked to sign. */
#include "enrol.h"

#include <base/rand.h>
#include <base/text.h>
#include <crypto/hash.h>

#include <string.h>

enum result enrol_may_issue(const struct service *service, struct err *err)
{
    if (service->stops_issuing)
        return err_set(err, E_BUSY, "the disk is full: issuing stops, revocation goes on");
    return clock_guard_check(&service->clock, err);
}

static enum result make_serial(struct service *service, struct enrolment *job, struct err *err)
{
    uint8_t random[SERIAL_RANDOM_N];
    job->parts.expiry_class = serial_class(job->grant.not_after_s);
    TRY(service_next_number(service, job->grant.issuer, job->parts.expiry_class, &job->parts.number,
                            err));
    rand_bytes(random, sizeof random);
    job->serial = serial_make(random, job->parts);
    job->grant.serial = bytes_of(job->serial.p, sizeof job->serial.p);
    return OK;
}

/* A device has its owner's issuer, where he has one. */
static const struct pki_issuer *find_issuer(const struct service *service,
                                            const struct enrolment *job, enum pki_issuer_kind kind)
{
    if (job->by_issuer != 0)
        return &service->issuers[job->by_issuer];
    uint32_t own = service_owners_issuer(service, kind, job->grant.owner);
    return &service->issuers[own != 0 ? own : service->issuing[kind]];
}

enum result enrol_grant(struct service *service, struct enrolment *job, int64_t wanted_s,
                        int64_t now_s, struct err *err)
{
    struct grant *grant = &job->grant;
    const struct profile *profile = profile_find(grant->profile);
    const struct pki_issuer *issuer = find_issuer(service, job, profile->issuer);
    if (issuer->id == 0)
        return err_set(err, E_CONFLICT, "there is no %s issuer", issuer_name(profile->issuer));

    grant->issuer = issuer->id;
    grant->spki = bytes_of(job->spki, job->spki_n);
    grant->not_before_s = now_s;
    grant->not_after_s = grant_not_after(grant->profile, issuer, now_s, wanted_s);
    TRY(make_serial(service, job, err));

    uint8_t space[TBS_MAX];
    struct buf tbs = buf_over(space, sizeof space);
    const struct site *site = job->is_next_site ? &service->next_site : &service->site;
    TRY(grant_build_tbs(grant, issuer, &site->pki, &tbs, err));
    sha256(buf_bytes(&tbs), job->tbs_hash);
    job->next = ENROL_SIGN;
    return OK;
}

struct msg_sign enrol_sign_message(const struct enrolment *job, uint64_t id, struct bytes csr)
{
    const struct grant *grant = &job->grant;
    struct msg_sign message = {
        .id = id,
        .profile = (uint8_t)grant->profile,
        .issuer = grant->issuer,
        .product = grant->product,
        .owner = grant->owner,
        .hw_type = grant->hw_type,
        .serial_number = grant->serial_number,
        .common_name = grant->common_name,
        .serial = grant->serial,
        .not_before_s = grant->not_before_s,
        .not_after_s = grant->not_after_s,
        .csr = csr,
    };
    profile_digest(grant->profile, message.profile_digest);
    memcpy(message.tbs_hash, job->tbs_hash, sizeof message.tbs_hash);
    return message;
}
