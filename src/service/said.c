#include <service/said.h>

#include <pki/serial.h>
#include <registry/subject.h>
#include <service/service.h>
#include <trust/standing.h>

#include <stdlib.h>

/* ---- what was said ----------------------------------------------------------------------------
 */

void said_kept_free(struct said_kept **kept)
{
    free(*kept);
    *kept = NULL;
}

/* Numbers of one class rise by one: neighbours have places of their own. */
static struct said_kept *place_of(struct said_changed *said, struct bytes serial)
{
    struct serial_parts parts;
    if (said->kept == NULL || !serial_split(serial, &parts))
        return NULL;
    return &said->kept[(parts.number + parts.expiry_class * 61U) % SAID_KEPT];
}

static bool is_kept(const struct said_kept *kept, struct bytes serial)
{
    return kept != NULL && kept->issuer != 0 &&
           bytes_equal(bytes_of(kept->serial, sizeof kept->serial), serial);
}

/* ---- what an act made wrong ------------------------------------------------------------------ */

static void note(struct said_changed *said, const uint8_t serial[16])
{
    struct bytes changed = bytes_of(serial, SERIAL_N);
    struct said_kept *kept = place_of(said, changed);
    if (is_kept(kept, changed))
        kept->issuer = 0;
    said->count++;
    if (said->n == SAID_CHANGED_MAX)
        said->is_more = true;
    else
        memcpy(said->serials[said->n++], serial, 16);
}

static void note_all(struct said_changed *said)
{
    said_kept_free(&said->kept);
    said->is_more = true;
    said->count++;
}

void said_note_certificate(struct service *service, const struct certificate *certificate)
{
    if (service->watch == NULL)
        note(&service->said, certificate->serial);
}

/* ---- who is on hold, or was ------------------------------------------------------------------ */

void said_released_free(struct said_released *released)
{
    free(released->list);
    *released = (struct said_released){0};
}

static struct said_freed *find_freed(struct said_released *released, const uint8_t serial[16])
{
    for (size_t i = 0; i < released->n; i++)
        if (memcmp(released->list[i].serial, serial, 16) == 0)
            return &released->list[i];
    return NULL;
}

static void note_freed(struct said_released *released, const struct certificate *certificate,
                       int64_t at_s)
{
    struct said_freed *freed = find_freed(released, certificate->serial);
    if (released->list == NULL)
        released->list = calloc(SAID_RELEASED_MAX, sizeof *released->list);
    if (freed == NULL && released->list != NULL && released->n < SAID_RELEASED_MAX)
        freed = &released->list[released->n++];
    if (freed == NULL) {
        released->is_lost = true;
        return;
    }
    *freed = (struct said_freed){.issuer = (uint32_t)certificate->issuer, .at_s = at_s};
    memcpy(freed->serial, certificate->serial, sizeof freed->serial);
}

/* Its hold begins or ends: answers are wrong, and its list says something else. */
static void note_held(struct service *service, const struct certificate *certificate, int64_t at_s)
{
    struct crl_shard shard = {0};
    struct bytes serial = bytes_of(certificate->serial, sizeof certificate->serial);
    note(&service->said, certificate->serial);
    note_freed(&service->released, certificate, at_s);
    if (crl_shard_of((uint32_t)certificate->issuer, serial, &shard))
        service_mark_shard(service, shard, at_s);
}

/* A read or write that fails makes every answer wrong: the turn fails with it, or the next look is
 * right. */
void said_note_device(struct service *service, int64_t device)
{
    struct certificate live[SUBJECT_LIVE_MAX];
    int64_t at_s = service->act.at_s;
    size_t n = 0;
    if (store_live_certificates(service->store, device, live, LENGTH_OF(live), &n, NULL) != OK ||
        store_put_meta(service->store, SERVICE_META_HELD, at_s, NULL) != OK) {
        note_all(&service->said);
        service->released.is_lost = true;
    }
    for (size_t i = 0; i < n; i++)
        note_held(service, &live[i], at_s);
}

void said_note(struct service *service)
{
    const struct act *act = &service->act;
    for (size_t i = 0; i < act->n; i++) {
        const struct change *change = &act->changes[i];
        const struct cell *state = change_cell(change, COL_DEVICE_STATE);
        if (change->table == TABLE_DEVICE && state != NULL &&
            device_is_kept_down((enum device_state)state->number))
            said_note_device(service, change->id);
    }
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* Its device keeps it down: since the entry that did. */
static enum result said_of_held(struct service *service, const struct certificate_said *row,
                                struct ocsp_said *ret, struct err *err)
{
    *ret = (struct ocsp_said){.word = OCSP_SAYS_REVOKED, .reason = X509_REASON_HOLD};
    TRY(store_last_of_events(service->store, row->device, EVENT_DEVICE_QUARANTINED,
                             EVENT_DEVICE_FOUND, &ret->revoked_s, err));
    if (ret->revoked_s == 0)
        ret->revoked_s = row->not_before_s;
    return OK;
}

static enum result said_of_row(struct service *service, const struct certificate_said *row,
                               struct ocsp_said *ret, struct err *err)
{
    *ret = (struct ocsp_said){.word = OCSP_SAYS_GOOD};
    if (!certificate_is_live((enum cert_state)row->state))
        *ret =
            (struct ocsp_said){OCSP_SAYS_REVOKED, (enum x509_reason)row->reason, row->state_at_s};
    else if (device_is_kept_down((enum device_state)row->device_state))
        return said_of_held(service, row, ret, err);
    return OK;
}

enum result said_of(struct service *service, const struct certificate *certificate,
                    struct ocsp_said *ret, struct err *err)
{
    struct device device = {0};
    if (certificate->device != 0 && certificate_is_live((enum cert_state)certificate->state))
        TRY(store_device(service->store, certificate->device, &device, err));
    const struct certificate_said row = {
        .state = certificate->state,
        .state_at_s = certificate->state_at_s,
        .reason = certificate->reason,
        .not_before_s = certificate->not_before_s,
        .device = certificate->device,
        .device_state = device.state,
    };
    return said_of_row(service, &row, ret, err);
}

enum result said_of_serial(struct service *service, uint32_t issuer, struct bytes serial,
                           struct ocsp_said *ret, struct err *err)
{
    struct certificate_said row;
    enum result result = store_certificate_said(service->store, issuer, serial, &row, err);
    if (result == R_NOT_FOUND) {
        *ret = (struct ocsp_said){.word = OCSP_SAYS_NEVER};
        return OK;
    }
    TRY(result);
    return said_of_row(service, &row, ret, err);
}

enum result said_recall(struct service *service, uint32_t issuer, struct bytes serial,
                        struct ocsp_said *ret, struct err *err)
{
    struct said_changed *said = &service->said;
    if (said->kept == NULL)
        said->kept = calloc(SAID_KEPT, sizeof *said->kept);
    struct said_kept *kept = place_of(said, serial);
    if (is_kept(kept, serial) && kept->issuer == issuer) {
        *ret = kept->said;
        return OK;
    }
    TRY(said_of_serial(service, issuer, serial, ret, err));
    if (kept == NULL || ret->word == OCSP_SAYS_NEVER)
        return OK;
    *kept = (struct said_kept){.issuer = issuer, .said = *ret};
    memcpy(kept->serial, serial.p, sizeof kept->serial);
    return OK;
}
