#include <service/said.h>

#include <registry/subject.h>
#include <service/service.h>
#include <trust/standing.h>

/* ---- what an act made wrong ------------------------------------------------------------------ */

static void note(struct said_changed *said, const uint8_t serial[16])
{
    said->count++;
    if (said->n == SAID_CHANGED_MAX)
        said->is_more = true;
    else
        memcpy(said->serials[said->n++], serial, 16);
}

void said_note_certificate(struct service *service, const struct certificate *certificate)
{
    if (service->watch == NULL)
        note(&service->said, certificate->serial);
}

/* A read that fails makes every answer wrong: the turn fails with it, or the next look is right. */
void said_note_device(struct service *service, int64_t device)
{
    struct certificate live[SUBJECT_LIVE_MAX];
    size_t n = 0;
    if (store_live_certificates(service->store, device, live, LENGTH_OF(live), &n, NULL) != OK) {
        service->said.is_more = true;
        service->said.count++;
    }
    for (size_t i = 0; i < n; i++)
        note(&service->said, live[i].serial);
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

static enum result said_of_device(struct service *service, const struct certificate *certificate,
                                  struct ocsp_said *ret, struct err *err)
{
    struct device device = {0};
    TRY(store_device(service->store, certificate->device, &device, err));
    enum device_state state = (enum device_state)device.state;
    if (!device_is_kept_down(state))
        return OK;
    *ret = (struct ocsp_said){.word = OCSP_SAYS_REVOKED, .reason = X509_REASON_HOLD};
    TRY(store_last_of_events(service->store, device.id, EVENT_DEVICE_QUARANTINED,
                             EVENT_DEVICE_FOUND, &ret->revoked_s, err));
    if (ret->revoked_s == 0)
        ret->revoked_s = certificate->not_before_s;
    return OK;
}

enum result said_of(struct service *service, const struct certificate *certificate,
                    struct ocsp_said *ret, struct err *err)
{
    *ret = (struct ocsp_said){.word = OCSP_SAYS_GOOD};
    if (!certificate_is_live((enum cert_state)certificate->state)) {
        *ret = (struct ocsp_said){OCSP_SAYS_REVOKED, (enum x509_reason)certificate->reason,
                                  certificate->state_at_s};
        return OK;
    }
    return certificate->device != 0 ? said_of_device(service, certificate, ret, err) : OK;
}

enum result said_of_serial(struct service *service, uint32_t issuer, struct bytes serial,
                           struct ocsp_said *ret, struct err *err)
{
    struct certificate certificate = {0};
    enum result result = R_NOT_FOUND;
    if (serial.n == SERIAL_N)
        result = store_certificate_serial(service->store, serial, &certificate, err);
    if (result == R_NOT_FOUND || (result == OK && certificate.issuer != issuer)) {
        *ret = (struct ocsp_said){.word = OCSP_SAYS_NEVER};
        return OK;
    }
    TRY(result);
    return said_of(service, &certificate, ret, err);
}
