#include <service/finding.h>

#include <base/text.h>
#include <registry/about.h>
#include <registry/measure.h>
#include <service/brake.h>

#include <string.h>

static const struct actor core = {ACTOR_CORE, 0};

static int64_t device_of(struct subject_key key)
{
    return key.kind == SUBJECT_DEVICE ? key.id : 0;
}

/* What stands in the row of a finding that opens. */
struct opening {
    const struct about *about;
    int check;
    enum severity severity;
    int64_t began_s; /* 0 = now */
    int64_t first;
    int64_t certificate; /* 0 = its subject as a whole */
    const uint8_t *key;  /* SPKI hash that is the evidence; NULL = none */
};

/* The key in question stays with the device until its finding is over. One that is quarantined by
 * another keeps that: it is what it has to prove itself without. */
static enum result keep_bad_key(struct service *service, const struct opening *opening,
                                struct err *err)
{
    struct device device = {0};
    if (opening->key == NULL)
        return OK;
    TRY(store_device(service->store, opening->about->key.id, &device, err));
    if (device.has_bad_key && device.state == STATE_QUARANTINED)
        return OK;
    struct change *c = service_change_device(service, &device);
    change_blob(c, COL_DEVICE_BAD_KEY, bytes_of(opening->key, 32));
    return OK;
}

static enum result record_open(struct service *service, const struct opening *opening,
                               int64_t now_s, struct err *err)
{
    const struct about *about = opening->about;
    bool is_device = about->key.kind == SUBJECT_DEVICE;
    service_act(service, EVENT_FINDING_OPENED, now_s, core, device_of(about->key));
    struct change *c =
        act_change(&service->act, TABLE_FINDING, service_next_id(service, TABLE_FINDING));
    change_int(c, COL_FINDING_CHECK, opening->check);
    if (is_device)
        change_int(c, COL_FINDING_DEVICE, about->key.id);
    if (opening->certificate != 0)
        change_int(c, COL_FINDING_CERTIFICATE, opening->certificate);
    change_int(c, COL_FINDING_BEGAN_AT, opening->began_s == 0 ? now_s : opening->began_s);
    change_int(c, COL_FINDING_RECORDED_AT, now_s);
    change_int(c, COL_FINDING_PRODUCT, about->product);
    if (!is_device) {
        change_int(c, COL_FINDING_KIND, about->key.kind);
        change_int(c, COL_FINDING_SUBJECT, about->key.id);
    }
    change_int(c, COL_FINDING_SEVERITY, opening->severity);
    change_text(c, COL_FINDING_OWNER, text_bytes(about->owner));
    if (opening->first != 0)
        change_int(c, COL_FINDING_FIRST, opening->first);
    TRY(keep_bad_key(service, opening, err));
    return service_record(service, NULL, err);
}

/* A finding that is not open; one of before is its first interval. */
static enum result open_finding(struct service *service, struct opening opening, int64_t now_s,
                                struct err *err)
{
    TRY(store_first_finding(service->store, opening.about->key, opening.check, &opening.first,
                            err));
    return record_open(service, &opening, now_s, err);
}

static enum result close_finding(struct service *service, const struct finding *finding,
                                 enum closing closing, int64_t now_s, struct err *err)
{
    const struct subject_key key = {finding->kind, finding->subject};
    service_act(service, EVENT_FINDING_CLOSED, now_s, core, device_of(key));
    struct change *c = act_change(&service->act, TABLE_FINDING, finding->id);
    change_int(c, COL_FINDING_CLOSED_AT, now_s);
    change_int(c, COL_FINDING_CLOSED_BY, closing);
    return service_record(service, NULL, err);
}

/* ---- what somebody raised ---------------------------------------------------------------------
 */

static enum result raise(struct service *service, struct subject_key key, int number,
                         enum severity severity, int64_t now_s, struct err *err)
{
    struct about about = {0};
    TRY(about_read(service->store, key, now_s, &about, err));
    if (about_finding(&about, number) != NULL)
        return OK;
    const struct opening opening = {.about = &about, .check = number, .severity = severity};
    return open_finding(service, opening, now_s, err);
}

static struct subject_key product_or_whole(int64_t product)
{
    return (struct subject_key){product != 0 ? SUBJECT_PRODUCT : SUBJECT_INSTALLATION, product};
}

enum result finding_raise(struct service *service, int64_t product, int number, int64_t now_s,
                          struct err *err)
{
    enum severity severity = check_find(number)->severity;
    return raise(service, product_or_whole(product), number, severity, now_s, err);
}

enum result finding_raise_about(struct service *service, struct subject_key key, int number,
                                int64_t now_s, struct err *err)
{
    return raise(service, key, number, SEVERITY_CRITICAL, now_s, err);
}

/* ---- quarantine -------------------------------------------------------------------------------
 */

static enum result quarantine(struct service *service, const struct device *device, bool is_free,
                              int64_t now_s, struct err *err)
{
    enum event event = is_free ? EVENT_DEVICE_QUARANTINED : EVENT_BRAKE_HELD;
    service_act(service, event, now_s, core, device->id);
    struct change *c = service_change_device(service, device);
    if (is_free) {
        change_int(c, COL_DEVICE_STATE, STATE_QUARANTINED);
        change_int(c, COL_DEVICE_QUARANTINE, 1);
    }
    return service_record(service, NULL, err);
}

/* Did the brake hold this check's quarantines, and nobody answered yet? */
static enum result is_held(struct service *service, int64_t product, int check, int64_t now_s,
                           bool *ret, struct err *err)
{
    struct about about = {0};
    TRY(about_read(service->store, product_or_whole(product), now_s, &about, err));
    *ret = about_finding(&about, check) != NULL;
    return OK;
}

/* The effect of a finding that just opened on a device. */
static enum result take_effect(struct service *service, const struct about *about, int number,
                               int64_t now_s, struct err *err)
{
    struct device device = {0};
    if (about->policy.effect[number] != EFFECT_QUARANTINE || about->key.kind != SUBJECT_DEVICE)
        return OK;
    TRY(store_device(service->store, about->key.id, &device, err));
    enum device_state to = device_edge((enum device_state)device.state, VERB_QUARANTINE);
    if (to == STATE_NONE || device.state == STATE_QUARANTINED)
        return OK;
    bool is_free = false, is_waiting = false;
    TRY(is_held(service, device.product, number, now_s, &is_waiting, err));
    if (!is_waiting) /* a new hour is no answer */
        TRY(brake_count(service, &brake_quarantine, device.product, now_s, &is_free, err));
    if (!is_free)
        TRY(raise(service, product_or_whole(device.product), number, SEVERITY_CRITICAL, now_s,
                  err));
    return quarantine(service, &device, is_free, now_s, err);
}

/* Opens the finding unless it is open already, or its device is a tombstone, which owes nothing;
 * *ret_is_new says whether it did. */
static enum result open_once(struct service *service, const struct about *about,
                             const struct evidence *evidence, int64_t now_s, bool *ret_is_new,
                             struct err *err)
{
    bool is_tombstone = device_is_tombstone(about->facts.state);
    *ret_is_new = about_finding(about, evidence->check) == NULL && !is_tombstone;
    const struct opening opening = {
        .about = about,
        .check = evidence->check,
        .severity = check_find(evidence->check)->severity,
        .certificate = evidence->certificate,
        .key = evidence->key,
    };
    return *ret_is_new ? open_finding(service, opening, now_s, err) : OK;
}

/* ---- settling ---------------------------------------------------------------------------------
 */

static enum result note_failed(struct service *service, const struct standing *judged,
                               int64_t now_s, struct err *err)
{
    for (int number = 1; judged->failed != 0 && number <= CHECK_MAX; number++) {
        if (!standing_failed(judged, number))
            continue;
        struct about about = {.key = {SUBJECT_CHECK, number}};
        TRY(store_open_findings_about(service->store, about.key, about.open, ABOUT_OPEN_MAX,
                                      &about.open_n, err));
        const struct opening opening = {
            .about = &about, .check = number, .severity = SEVERITY_CRITICAL};
        if (about.open_n == 0)
            TRY(open_finding(service, opening, now_s, err));
    }
    return OK;
}

/* Is this row what would be recorded now? Its beginning stays what it was. */
static bool is_same(const struct about *about, const struct finding *open,
                    const struct judged *judged)
{
    int severity = open->severity != 0 ? open->severity : (int)judged->check->severity;
    return severity == (int)judged->severity && strcmp(open->owner, about->owner) == 0;
}

static enum result settle_open(struct service *service, const struct about *about,
                               const struct judged *judged, uint64_t turned, int64_t now_s,
                               struct err *err)
{
    const struct finding *open = about_finding(about, judged->check->number);
    struct opening opening = {.about = about,
                              .check = judged->check->number,
                              .severity = judged->severity,
                              .began_s = judged->began_s};
    if (open == NULL) {
        TRY(open_finding(service, opening, now_s, err));
        return take_effect(service, about, opening.check, now_s, err);
    }
    if (!is_same(about, open, judged)) {
        opening.began_s = open->began_at_s;
        opening.first = open->first != 0 ? open->first : open->id;
        opening.certificate = open->certificate;
        TRY(close_finding(service, open, CLOSING_CHANGED, now_s, err));
        TRY(record_open(service, &opening, now_s, err));
    }
    bool is_turned = (turned >> opening.check & 1) != 0;
    return is_turned ? take_effect(service, about, opening.check, now_s, err) : OK;
}

/* Is it for standing() to say whether this is still open? What a brake raised about a product, of
 * a check about devices, waits for a person. */
static bool is_judged(const struct about *about, const struct finding *open)
{
    const struct check *check = check_find(open->check);
    return check != NULL && (check->kinds & 1U << about->key.kind) != 0;
}

/* The difference between what is judged and what is stored. */
static enum result settle(struct service *service, const struct about *about, uint64_t turned,
                          int64_t now_s, struct err *err)
{
    struct standing judged = standing(&about->facts, &about->policy, now_s);
    for (size_t i = 0; i < judged.n; i++)
        TRY(settle_open(service, about, &judged.findings[i], turned, now_s, err));
    for (size_t i = 0; i < about->open_n; i++) {
        const struct finding *open = &about->open[i];
        if (is_judged(about, open) && !standing_has(&judged, open->check) &&
            !standing_failed(&judged, open->check))
            TRY(close_finding(service, open, CLOSING_EVIDENCE, now_s, err));
    }
    TRY(note_failed(service, &judged, now_s, err));
    return store_put_next_instant(service->store, about->key, judged.next_s, err);
}

enum result finding_settle_turned(struct service *service, struct subject_key key, uint64_t turned,
                                  int64_t now_s, struct err *err)
{
    struct about about = {0};
    enum result result = about_read(service->store, key, now_s, &about, err);
    if (result == R_NOT_FOUND)
        return store_put_next_instant(service->store, key, 0, err);
    TRY(result);
    return settle(service, &about, turned, now_s, err);
}

enum result finding_settle_about(struct service *service, struct subject_key key, int64_t now_s,
                                 struct err *err)
{
    return finding_settle_turned(service, key, 0, now_s, err);
}

enum result finding_settle(struct service *service, int64_t device, int64_t now_s, struct err *err)
{
    const struct subject_key key = {SUBJECT_DEVICE, device};
    return finding_settle_about(service, key, now_s, err);
}

/* ---- what somebody saw ------------------------------------------------------------------------
 */

/* A waiver may cover it and end: that is an instant too. */
enum result finding_note(struct service *service, int64_t device, const struct evidence *evidence,
                         int64_t now_s, struct err *err)
{
    struct about about = {0};
    bool is_new = false;
    const struct subject_key key = {SUBJECT_DEVICE, device};
    TRY(about_read(service->store, key, now_s, &about, err));
    TRY(open_once(service, &about, evidence, now_s, &is_new, err));
    return is_new ? finding_settle(service, device, now_s, err) : OK;
}

enum result finding_report(struct service *service, int64_t device, const struct evidence *evidence,
                           int64_t now_s, struct err *err)
{
    struct about about = {0};
    bool is_new = false, is_waiting = false;
    const struct subject_key who = {SUBJECT_DEVICE, device};
    TRY(about_read(service->store, who, now_s, &about, err));
    TRY(open_once(service, &about, evidence, now_s, &is_new, err));
    if (!is_new) /* what was only noted before is proven now */
        TRY(is_held(service, about.product, evidence->check, now_s, &is_waiting, err));
    if (!is_waiting)
        TRY(take_effect(service, &about, evidence->check, now_s, err));
    return is_new ? finding_settle(service, device, now_s, err) : OK;
}

/* ---- what was issued --------------------------------------------------------------------------
 */

/* The subject as it is with its new certificate, which is pending: the newest. Of findings it has
 * none yet. */
static void with_issued(const struct subject *before, const struct certificate *issued,
                        struct subject *after)
{
    after->device = before->device;
    after->product = before->product;
    after->policy = before->policy;
    after->live[0] = *issued;
    after->live_n = 1;
    for (size_t i = 0; i < before->live_n && after->live_n < SUBJECT_LIVE_MAX; i++)
        if (before->live[i].state == CERT_CURRENT)
            after->live[after->live_n++] = before->live[i];
    after->open_n = 0;
    if (issued->proof != PROOF_NONE)
        after->device.proof = issued->proof;
    after->device.state = (int)device_after_issue((enum device_state)before->device.state);
}

/* The first findings of a device about which there never was one. */
static enum result open_first(struct service *service, const struct subject *after,
                              const struct standing *judged, int64_t now_s, struct err *err)
{
    struct about about = {
        .key = {SUBJECT_DEVICE, after->device.id},
        .product = after->device.product,
        .policy = after->policy,
    };
    memcpy(about.owner, after->device.owner, sizeof about.owner);
    for (size_t i = 0; i < judged->n; i++) {
        const struct judged *one = &judged->findings[i];
        const struct opening opening = {.about = &about,
                                        .check = one->check->number,
                                        .severity = one->severity,
                                        .began_s = one->began_s};
        TRY(record_open(service, &opening, now_s, err));
        TRY(take_effect(service, &about, opening.check, now_s, err));
    }
    return OK;
}

/* Is more to be read than rows say: has something to be closed, compared, or counted from before,
 * or may it be waived? */
static enum result must_read(struct service *service, int64_t device, const struct standing *judged,
                             bool *ret, struct err *err)
{
    bool has_waivers = service->last_id[TABLE_WAIVER] != 0;
    *ret = judged->failed != 0 || (judged->n > 0 && has_waivers);
    if (*ret || judged->n == 0)
        return OK;
    return store_was_found(service->store, device, ret, err);
}

#define LOOK_S 86400

/* Its first use judges it anew and gives it an instant of its own. Until then all of an hour share
 * one, so that the index grows at its end and not a page for each. What only rows beyond the
 * subject's know has the instant that it had: sooner is never wrong. */
static int64_t look_at_s(const struct standing *judged, int64_t now_s)
{
    int64_t together_s = (now_s / 3600 + 1) * 3600 + LOOK_S;
    return judged->next_s < together_s ? judged->next_s : together_s;
}

enum result finding_settle_issued(struct service *service, const struct subject *before,
                                  const struct certificate *issued, bool is_new_key, int64_t now_s,
                                  struct err *err)
{
    const struct subject_key key = {SUBJECT_DEVICE, before->device.id};
    struct subject after; /* its findings, which it has not got, stay unset */
    struct facts facts;
    bool is_more = false;
    if (before->open_n > 0 || before->device.state == STATE_QUARANTINED || !is_new_key)
        return finding_settle(service, key.id, now_s, err);
    with_issued(before, issued, &after);
    subject_facts_of_rows(&after, &facts);
    TRY(measure_first(service->store, &after, &facts, err));
    struct standing judged = standing(&facts, &after.policy, now_s);
    TRY(must_read(service, key.id, &judged, &is_more, err));
    if (is_more)
        return finding_settle(service, key.id, now_s, err);
    if (judged.n > 0)
        TRY(open_first(service, &after, &judged, now_s, err));
    return store_put_sooner_instant(service->store, key, look_at_s(&judged, now_s), err);
}

struct due {
    uint32_t n;
    struct subject_key about[256];
};

static enum result keep_due(void *ctx, struct subject_key about, struct err *err)
{
    (void)err;
    struct due *due = ctx;
    due->about[due->n++] = about;
    return OK;
}

enum result finding_settle_due(struct service *service, int64_t now_s, uint32_t limit,
                               uint32_t *ret_n, struct err *err)
{
    struct due due = {0};
    uint32_t most = limit < LENGTH_OF(due.about) ? limit : (uint32_t)LENGTH_OF(due.about);
    TRY(store_due(service->store, now_s, most, keep_due, &due, err));
    for (uint32_t i = 0; i < due.n; i++)
        TRY(finding_settle_about(service, due.about[i], now_s, err));
    *ret_n = due.n;
    return OK;
}
