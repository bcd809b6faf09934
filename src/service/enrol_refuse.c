/* A refusal that its device's timeline keeps, and the findings that come with it. */
#include "enrol.h"

#include <service/finding.h>

#define REFUSALS_AN_HOUR                                                                           \
    10 /* entries of one device: a loop of requests must not fill the ledger                       \
        */

static enum result note_refusal(struct service *service, const struct enrolment *job, int64_t now_s,
                                struct err *err)
{
    int64_t device = job->subject.device.id, n = 0;
    struct counter counter = {"refusal", device, now_s / 3600};
    TRY(store_count(service->store, &counter, 1, &n, err));
    if (n > REFUSALS_AN_HOUR)
        return OK;
    struct act *act = service_act(service, EVENT_REQUEST_REFUSED, now_s,
                                  (struct actor){ACTOR_DEVICE, device}, device);
    act->note = job->code;
    return service_record(service, NULL, err);
}

/* TD-01 has two subjects: who asked, and who has the key already. A request can be somebody else's,
 * sent once more: only a connection that the key itself has authenticated shows a second holder,
 * and costs the first one its standing (design 5, Automatic quarantine). */
static enum result report_shared(struct service *service, const struct enrolment *job,
                                 int64_t now_s, struct err *err)
{
    const struct evidence shared = {.check = CHECK_KEY_SHARED, .key = job->spki_hash};
    TRY(finding_report(service, job->subject.device.id, &shared, now_s, err));
    if (job->sharer == 0)
        return OK;
    if (!job->is_key_on_tls)
        return finding_note(service, job->sharer, &shared, now_s, err);
    return finding_report(service, job->sharer, &shared, now_s, err);
}

enum result enrol_refuse(struct service *service, const struct enrolment *job, int64_t now_s,
                         struct err *err)
{
    TRY(note_refusal(service, job, now_s, err));
    if (job->code == E_KEY_SHARED)
        return report_shared(service, job, now_s, err);
    if (!job->is_fork)
        return OK;
    struct certificate shown = {0};
    TRY(store_certificate(service->store, job->predecessor, &shown, err));
    const struct evidence fork = {CHECK_CLONE, shown.spki, shown.id};
    return finding_report(service, job->subject.device.id, &fork, now_s, err);
}
