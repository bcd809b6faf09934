#include <service/prove.h>

#include <service/boundary.h>
#include <service/brake.h>
#include <service/finding.h>
#include <service/transfer.h>

#include <string.h>

/* The successor is proven: it becomes current and everything before it is superseded. */
static enum result prove(struct service *service, const struct subject *subject,
                         const struct certificate *certificate, int64_t now_s, struct err *err)
{
    const struct device *device = &subject->device;
    struct act *act = service_act(service, EVENT_CERTIFICATE_PROVEN, now_s,
                                  (struct actor){ACTOR_DEVICE, device->id}, device->id);
    struct change *c = act_change(act, TABLE_CERTIFICATE, certificate->id);
    change_int(c, COL_CERTIFICATE_STATE, CERT_CURRENT);
    change_int(c, COL_CERTIFICATE_STATE_AT, now_s);
    change_int(c, COL_CERTIFICATE_PROVEN_AT, now_s);
    for (size_t i = 0; i < subject->live_n; i++)
        if (subject->live[i].id != certificate->id)
            service_end_certificate(service, &subject->live[i], CERT_SUPERSEDED,
                                    X509_REASON_SUPERSEDED, now_s);
    c = service_change_device(service, device);
    enum device_state after = device_after_proof((enum device_state)device->state);
    if ((int)after != device->state)
        change_int(c, COL_DEVICE_STATE, after);
    TRY(service_record(service, NULL, err));
    TRY(store_put_seen(service->store, device->id, certificate->id, now_s, err));
    TRY(transfer_settle(service, certificate, now_s, err));
    return finding_settle(service, device->id, now_s, err);
}

/* Is this contact to be written down? What is written is never older than a device is usually
 * silent, or who comes that often would be called silent (TD-35). */
static enum result is_news(struct service *service, int64_t number, int64_t ago_s, bool *ret,
                           struct err *err)
{
    struct device device = {0};
    struct subject subject = {0};
    *ret = ago_s >= PROVE_SEEN_EVERY_S;
    if (*ret || ago_s < PROVE_SEEN_LEAST_S)
        return OK;
    TRY(store_device(service->store, number, &device, err));
    TRY(subject_read(service->store, &device, &subject, err));
    *ret = ago_s >= subject.policy.contact_every_s;
    return OK;
}

static bool is_open_on(const struct finding *open, size_t n, int check)
{
    for (size_t i = 0; i < n; i++)
        if (open[i].check == check)
            return true;
    return false;
}

/* Who is heard is silent no more. */
static enum result end_silence(struct service *service, int64_t device, int64_t now_s,
                               struct err *err)
{
    size_t n = 0;
    struct finding open[SUBJECT_OPEN_MAX];
    TRY(store_open_findings(service->store, device, open, SUBJECT_OPEN_MAX, &n, err));
    return is_open_on(open, n, CHECK_SILENT) ? finding_settle(service, device, now_s, err) : OK;
}

static enum result see(struct service *service, const struct certificate *certificate,
                       int64_t seen_s, int64_t now_s, struct err *err)
{
    int64_t last_s = 0;
    bool is_new = true;
    enum result result = store_seen(service->store, certificate->device, &last_s, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    if (result == OK)
        TRY(is_news(service, certificate->device, seen_s - last_s, &is_new, err));
    if (!is_new)
        return OK;
    TRY(store_put_seen(service->store, certificate->device, certificate->id, seen_s, err));
    return end_silence(service, certificate->device, now_s, err);
}

/* An expired certificate proves nothing to anybody but that somebody still has its key: TD-09. One
 * that an active device got and never came to use is its newest from then on, if it has grace: it
 * renews, and whoever renews with it must not find it voided. */
static enum result see_late(struct service *service, const struct certificate *certificate,
                            int64_t now_s, struct err *err)
{
    struct device device = {0};
    struct subject subject = {0};
    const struct evidence late = {.check = CHECK_EXPIRED_IN_USE, .certificate = certificate->id};
    TRY(finding_report(service, certificate->device, &late, now_s, err));
    TRY(see(service, certificate, now_s, now_s, err));
    TRY(store_device(service->store, certificate->device, &device, err));
    if (certificate->state != CERT_PENDING || device.state != STATE_ACTIVE)
        return OK;
    TRY(subject_read(service->store, &device, &subject, err));
    if (!subject_is_in_grace(&subject, certificate->id, now_s))
        return OK;
    return prove(service, &subject, certificate, now_s, err);
}

/* A lost device that turns up: once an hour its timeline says so. Nothing else changes, as whoever
 * has it is not known. */
static enum result see_lost(struct service *service, const struct certificate *certificate,
                            int64_t now_s, int64_t *ret_lost, struct err *err)
{
    int64_t n = 0;
    struct counter counter = {"lost-seen", certificate->device, now_s / 3600};
    TRY(store_count(service->store, &counter, 1, &n, err));
    if (n > 1)
        return OK;
    const struct actor device = {ACTOR_DEVICE, certificate->device};
    service_act(service, EVENT_LOST_DEVICE_SEEN, now_s, device, certificate->device);
    TRY(service_record(service, NULL, err));
    *ret_lost = certificate->device;
    return store_put_seen(service->store, certificate->device, certificate->id, now_s, err);
}

/* What has ended opens nothing; of a lost device it is news. */
static enum result see_ended(struct service *service, const struct certificate *certificate,
                             int64_t now_s, int64_t *ret_lost, struct err *err)
{
    struct device device = {0};
    TRY(store_device(service->store, certificate->device, &device, err));
    if (device.state != STATE_LOST)
        return OK;
    return see_lost(service, certificate, now_s, ret_lost, err);
}

/* TD-02: two holders of one identity. */
static enum result see_fork(struct service *service, const struct certificate *certificate,
                            bool may_act, int64_t now_s, struct err *err)
{
    const struct evidence fork = {CHECK_CLONE, certificate->spki, certificate->id};
    return may_act ? finding_report(service, certificate->device, &fork, now_s, err)
                   : finding_note(service, certificate->device, &fork, now_s, err);
}

static enum result see_pending(struct service *service, const struct certificate *certificate,
                               int64_t now_s, struct err *err)
{
    struct device device = {0};
    struct subject subject = {0};
    TRY(store_device(service->store, certificate->device, &device, err));
    if (!device_can_prove((enum device_state)device.state))
        return OK;
    TRY(subject_read(service->store, &device, &subject, err));
    return prove(service, &subject, certificate, now_s, err);
}

bool prove_is_fork(const struct certificate *certificate, int64_t handshake_s)
{
    return certificate_use_is_fork((enum cert_state)certificate->state, certificate->state_at_s,
                                   handshake_s);
}

enum result prove_use(struct service *service, const struct use *use, int64_t now_s,
                      int64_t *ret_lost, struct err *err)
{
    const struct certificate *certificate = use->certificate;
    enum cert_state state = (enum cert_state)certificate->state;
    *ret_lost = 0;
    if (certificate->device == 0 || service_issuer_has_ended(service, certificate->issuer))
        return OK;
    if (!certificate_is_live(state))
        TRY(see_ended(service, certificate, now_s, ret_lost, err));

    if (prove_is_fork(certificate, use->handshake_s))
        return see_fork(service, certificate, use->may_act, now_s, err);
    if (certificate_use_is_late(state, certificate->not_after_s, use->seen_s))
        return see_late(service, certificate, now_s, err);
    if (state == CERT_CURRENT)
        return see(service, certificate, use->seen_s, now_s, err);
    return state == CERT_PENDING ? see_pending(service, certificate, now_s, err) : OK;
}

static bool is_new_boundary(const struct service *service, const struct certificate *certificate)
{
    return certificate->profile == PKI_BOUNDARY && certificate->state == CERT_PENDING &&
           !service_issuer_has_ended(service, certificate->issuer);
}

enum result prove_sighting(struct service *service, const struct msg_sighting *sighting,
                           int64_t now_s, int64_t *ret_lost, struct err *err)
{
    struct certificate certificate = {0};
    TRY(store_certificate_serial(service->store, sighting->peer_serial, &certificate, err));
    bool same = certificate.issuer == (int64_t)sighting->peer_issuer &&
                memcmp(certificate.spki, sighting->peer_spki, 32) == 0;
    const struct use use = {&certificate, sighting->handshake_s, now_s, true};
    *ret_lost = 0;
    if (!same)
        return OK;
    if (is_new_boundary(service, &certificate))
        return boundary_prove(service, &certificate, now_s, err);
    return prove_use(service, &use, now_s, ret_lost, err);
}

enum result prove_by_person(struct service *service, const struct msg_desk_sighting *sighting,
                            int64_t now_s, struct err *err)
{
    struct certificate shown = {0};
    struct device device = {0};
    struct finding open[SUBJECT_OPEN_MAX];
    size_t n = 0;
    bool is_free = false;
    TRY(store_certificate_serial(service->store, sighting->peer_serial, &shown, err));
    bool is_same = shown.issuer == (int64_t)sighting->peer_issuer &&
                   memcmp(shown.spki, sighting->peer_spki, 32) == 0;
    if (!is_same || shown.device == 0 || !certificate_is_live((enum cert_state)shown.state))
        return OK;
    TRY(store_open_findings(service->store, shown.device, open, SUBJECT_OPEN_MAX, &n, err));
    if (is_open_on(open, n, CHECK_USED_BY_PERSON))
        return OK;
    TRY(store_device(service->store, shown.device, &device, err));
    TRY(brake_count(service, &brake_by_person, device.product, now_s, &is_free, err));
    const struct evidence seen = {.check = CHECK_USED_BY_PERSON, .certificate = shown.id};
    return is_free ? finding_report(service, shown.device, &seen, now_s, err) : OK;
}
