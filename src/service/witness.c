#include <service/witness.h>

#include <base/text.h>
#include <registry/about.h>
#include <registry/holders.h>
#include <service/binding_used.h>
#include <service/brake.h>
#include <service/finding.h>
#include <service/prove.h>
#include <store/sessions.h>

#include <string.h>

static const struct brake brake_word = {"boundary-word", 10, INT64_MAX};

/* One item about one certificate of a device of ours. */
struct told {
    struct service *service;
    const struct witness *by;
    struct certificate certificate;
    int64_t now_s;
    struct watches *watches; /* whom others have to watch */
    int64_t *lost;           /* as prove_use() */
};

/* ---- how far a boundary is believed ---------------------------------------------------------- */

static enum result is_open(const struct told *told, struct subject_key key, int check, bool *ret,
                           struct err *err)
{
    struct about about = {0};
    TRY(about_read(told->service->store, key, told->now_s, &about, err));
    *ret = about_finding(&about, check) != NULL;
    return OK;
}

/* May its word have the effect of this check? What was raised waits until a person answered it;
 * what is open on the device already takes nothing from what may be said in this hour. */
static enum result may_act(const struct told *told, int check, bool *ret, struct err *err)
{
    const struct subject_key device = {SUBJECT_DEVICE, told->certificate.device};
    const struct subject_key witness = {SUBJECT_BOUNDARY, told->by->boundary};
    bool is_known = false, is_waiting = false;
    TRY(is_open(told, device, check, &is_known, err));
    TRY(is_open(told, witness, check, &is_waiting, err));
    *ret = is_known && !is_waiting;
    if (is_known || is_waiting)
        return OK;
    TRY(brake_count(told->service, &brake_word, told->by->boundary, told->now_s, ret, err));
    return *ret ? OK : finding_raise_about(told->service, witness, check, told->now_s, err);
}

static enum result report(const struct told *told, int check, struct err *err)
{
    const struct evidence evidence = {check, told->certificate.spki, told->certificate.id};
    bool is_believed = false;
    TRY(may_act(told, check, &is_believed, err));
    return is_believed
               ? finding_report(told->service, told->certificate.device, &evidence, told->now_s,
                                err)
               : finding_note(told->service, told->certificate.device, &evidence, told->now_s, err);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static enum result find_session(const struct told *told, struct session_row *ret, bool *ret_is_open,
                                struct err *err)
{
    enum result result =
        store_session(told->service->store, told->by->boundary, told->certificate.id, ret, err);
    *ret_is_open = result == OK && ret->is_open;
    return result == R_NOT_FOUND ? OK : result;
}

static enum result put_open(const struct told *told, int64_t opened_ms, struct err *err)
{
    struct session_row row = {
        .boundary = told->by->boundary,
        .certificate = told->certificate.id,
        .device = told->certificate.device,
        .opened_ms = opened_ms,
        .heard_ms = told->by->at_ms,
        .is_open = true,
    };
    if (!text_copy(told->by->item->service, row.service, sizeof row.service))
        return err_set(err, E_SYNTAX, "a service of %zu octets", told->by->item->service.n);
    return store_put_session(told->service->store, &row, err);
}

static enum result note_used(const struct told *told, struct bytes at_service, struct err *err)
{
    const struct binding_use use = {told->certificate.device, at_service, told->by->at_ms / 1000};
    return binding_used(told->service, &use, told->now_s, err);
}

/* It is over: what was owed for it may be too. */
static enum result end_session(const struct told *told, struct err *err)
{
    struct session_row row = {0};
    bool was_open = false;
    TRY(find_session(told, &row, &was_open, err));
    if (!was_open)
        return OK;
    row.is_open = false;
    row.heard_ms = told->by->at_ms;
    TRY(store_put_session(told->service->store, &row, err));
    TRY(note_used(told, text_bytes(row.service), err)); /* until now */
    return finding_settle(told->service, told->certificate.device, told->now_s, err);
}

/* Who is refused because of what he asked for may be there under another name or path; whose
 * certificate is refused is not. */
static bool ends_all(enum boundary_reason reason)
{
    return reason != BOUNDARY_CLIENT_ID && reason != BOUNDARY_BINDING &&
           reason != BOUNDARY_SERVICE && reason != BOUNDARY_TAKEOVER;
}

/* When what it stands on ended; 0 = it has not, or nobody knows when. */
static enum result ended_at(const struct told *told, int64_t *ret_s, struct err *err)
{
    struct device device = {0};
    *ret_s = 0;
    if (!certificate_is_live((enum cert_state)told->certificate.state)) {
        *ret_s = told->certificate.state_at_s;
        return OK;
    }
    TRY(store_device(told->service->store, told->certificate.device, &device, err));
    if (device_is_kept_down((enum device_state)device.state))
        return store_kept_down_at(told->service->store, device.id, ret_s, err);
    return OK;
}

/* TD-15: admitted although that had ended. It stays so until the boundary says that it is over. */
static enum result note_admitted(const struct told *told, struct err *err)
{
    const struct evidence late = {.check = CHECK_REVOKED_IN_USE,
                                  .certificate = told->certificate.id};
    struct session_row row = {0};
    int64_t ended_s = 0;
    bool was_open = false;
    TRY(ended_at(told, &ended_s, err));
    if (ended_s == 0 || told->by->at_ms / 1000 <= ended_s + WITNESS_LATE_S)
        return OK;
    TRY(find_session(told, &row, &was_open, err));
    TRY(put_open(told, was_open ? row.opened_ms : told->by->at_ms, err));
    return finding_note(told->service, told->certificate.device, &late, told->now_s, err);
}

/* ---- one identity at two boundaries (TD-02) -------------------------------------------------- */

struct others {
    const struct told *told;
    int64_t opened_ms; /* when the session in question was */
    bool has_newer;
};

static bool is_elsewhere(const struct told *told, const struct session_row *row)
{
    return row->boundary != told->by->boundary &&
           bytes_equal(text_bytes(row->service), told->by->item->service);
}

static enum result watch(void *ctx, const struct session_row *row, struct err *err)
{
    const struct told *told = ctx;
    struct watches *watches = told->watches;
    struct certificate certificate = {0};
    if (watches->n == LENGTH_OF(watches->watched) || !is_elsewhere(told, row))
        return OK;
    TRY(store_certificate(told->service->store, row->certificate, &certificate, err));
    struct watched *watched = &watches->watched[watches->n++];
    watched->boundary = row->boundary;
    watched->issuer = (uint32_t)certificate.issuer;
    memcpy(watched->serial, certificate.serial, sizeof watched->serial);
    return OK;
}

static enum result open_session(struct told *told, struct err *err)
{
    TRY(put_open(told, told->by->at_ms, err));
    return store_open_sessions(told->service->store, told->certificate.device, watch, told, err);
}

static enum result compare(void *ctx, const struct session_row *row, struct err *err)
{
    struct others *others = ctx;
    (void)err;
    others->has_newer |= is_elsewhere(others->told, row) && row->opened_ms > others->opened_ms;
    return OK;
}

/* An older session sent: who authenticated later elsewhere, and is still there, is another holder.
 * A device that roams leaves the older one silent. */
static enum result take_active(const struct told *told, struct err *err)
{
    struct session_row row = {0};
    bool is_known = false;
    TRY(find_session(told, &row, &is_known, err));
    struct others others = {told, row.opened_ms, false};
    if (is_known)
        TRY(store_open_sessions(told->service->store, told->certificate.device, compare, &others,
                                err));
    return others.has_newer ? report(told, CHECK_CLONE, err) : OK;
}

/* Two holders at one broker; or one whose network fails often: a policy says which is meant. */
static enum result take_takeovers(const struct told *told, struct err *err)
{
    struct about about = {0};
    const struct subject_key key = {SUBJECT_DEVICE, told->certificate.device};
    const struct evidence clone = {CHECK_CLONE, told->certificate.spki, told->certificate.id};
    TRY(about_read(told->service->store, key, told->now_s, &about, err));
    if (about.policy.takeovers != 0)
        return report(told, CHECK_CLONE, err);
    return finding_note(told->service, key.id, &clone, told->now_s, err);
}

/* ---- uses ------------------------------------------------------------------------------------ */

/* TD-01: a key that somebody else has too was used just now. */
static enum result take_key(const struct told *told, struct err *err)
{
    struct since shared = {.known = NO};
    TRY(holders_shared(told->service->store, told->certificate.spki, &shared, err));
    return shared.known == YES ? report(told, CHECK_KEY_SHARED, err) : OK;
}

static enum result take_use(const struct told *told, struct err *err)
{
    int64_t at_s = told->by->at_ms / 1000;
    struct use use = {&told->certificate, at_s, at_s, false};
    if (prove_is_fork(&told->certificate, use.handshake_s))
        TRY(may_act(told, CHECK_CLONE, &use.may_act, err));
    TRY(prove_use(told->service, &use, told->now_s, told->lost, err));
    return take_key(told, err);
}

static enum result take(struct told *told, struct err *err)
{
    switch (told->by->item->kind) {
    case BOUNDARY_REPORT_ADMITTED:
        TRY(note_used(told, told->by->item->service, err));
        TRY(note_admitted(told, err));
        return take_use(told, err);
    case BOUNDARY_REPORT_REFUSED:
        if (ends_all(told->by->item->reason))
            TRY(end_session(told, err));
        return take_use(told, err);
    case BOUNDARY_REPORT_OPENED:
        TRY(note_used(told, told->by->item->service, err));
        TRY(note_admitted(told, err));
        TRY(open_session(told, err));
        return take_use(told, err);
    case BOUNDARY_REPORT_ACTIVE:
        TRY(note_admitted(told, err));
        return take_active(told, err);
    case BOUNDARY_REPORT_CLOSED:
    case BOUNDARY_REPORT_CUT:
        return end_session(told, err);
    case BOUNDARY_REPORT_TAKEOVERS:
        return take_takeovers(told, err);
    case BOUNDARY_REPORT_FORK:
    case BOUNDARY_REPORT_STARTED:
    case BOUNDARY_REPORT_NONE:
    case BOUNDARY_REPORT_KIND_COUNT:
        break;
    }
    return OK;
}

/* Below an issuer of ours, and not in the ledger or there with another key: somebody else has that
 * issuer's key. */
static enum result take_unknown(const struct told *told, struct err *err)
{
    return finding_raise(told->service, 0, CHECK_NOT_IN_INVENTORY, told->now_s, err);
}

static enum result take_item(struct told *told, struct err *err)
{
    const struct boundary_report_item *item = told->by->item;
    struct certificate *certificate = &told->certificate;
    enum result result =
        store_certificate_serial(told->service->store, item->serial, certificate, err);
    if (result == R_NOT_FOUND)
        return take_unknown(told, err);
    TRY(result);
    bool is_its_key =
        item->spki_hash.n == 0 || bytes_equal(item->spki_hash, bytes_of(certificate->spki, 32));
    if (certificate->issuer != (int64_t)item->issuer || !is_its_key)
        return take_unknown(told, err);
    return certificate->device != 0 ? take(told, err) : OK; /* a person's or server's: not ours */
}

int64_t witness_at_ms(int64_t now_ms, int64_t report_ms, int64_t item_ms)
{
    int64_t ago_ms = report_ms > item_ms ? report_ms - item_ms : 0;
    return ago_ms < now_ms ? now_ms - ago_ms : 0;
}

enum result witness_take(struct service *service, const struct witness *witness, int64_t now_s,
                         struct watches *ret_watches, int64_t *ret_lost, struct err *err)
{
    struct told told = {service, witness, {0}, now_s, ret_watches, ret_lost};
    *ret_lost = 0;
    ret_watches->n = 0;
    if (witness->item->kind == BOUNDARY_REPORT_STARTED)
        return store_end_sessions(service->store, witness->boundary, witness->at_ms, err);
    if (witness->item->kind == BOUNDARY_REPORT_FORK)
        return finding_raise(service, 0, CHECK_LEDGER_GAP, now_s, err);
    return take_item(&told, err);
}
