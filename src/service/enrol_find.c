/* Who asks: from a credential to a device. Nothing is decided here. */
#include "enrol.h"

#include <base/text.h>
#include <crypto/hash.h>

#include <string.h>

static enum result nobody(enum result result, const char *what, struct bytes value, struct err *err)
{
    if (result == R_NOT_FOUND)
        return err_set(err, E_PROOF, "no device has this %s: \"%s\"", what, err_value(value).text);
    return result;
}

/* credential = kind, then certificate serial, token hash or registered SPKI (design 5, Renewal). */
static void hash_credential(struct enrolment *job, struct bytes value)
{
    uint8_t kind = (uint8_t)job->credential;
    struct bytes parts[] = {bytes_of(&kind, 1), value};
    sha256_parts(parts, 2, job->credential_hash);
}

static enum result find_product(struct service *service, const struct msg_enrol *ask, int64_t *ret,
                                struct err *err)
{
    if (ask->label.n == 0) {
        *ret = 0;
        return OK;
    }
    struct product product = {0};
    TRY(nobody(store_product_named(service->store, ask->label, &product, err), "product",
               ask->label, err));
    *ret = product.id;
    return OK;
}

static enum result by_registered(struct service *service, const struct msg_enrol *ask,
                                 struct enrolment *job, struct device *device, struct err *err)
{
    const uint8_t *spki =
        job->credential == CREDENTIAL_REGISTERED_TLS ? ask->peer_spki : job->spki_hash;
    int64_t product = 0;
    TRY(find_product(service, ask, &product, err));
    hash_credential(job, bytes_of(spki, 32));
    return nobody(store_device_registered(service->store, product, spki, device, err),
                  "registered key", ask->label, err);
}

static bool is_token_usable(const struct token *token, const struct enrolment *job, int64_t now_s)
{
    if (token->state == 2) /* used: only the same key may ask again */
        return token->has_spki && memcmp(token->spki, job->spki_hash, 32) == 0;
    return token->state == 1 && now_s <= token->expires_at_s;
}

static enum result by_token(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                            struct enrolment *job, struct device *device, struct err *err)
{
    uint8_t hash[32];
    struct token token = {0};
    sha256(ask->token, hash);
    hash_credential(job, bytes_of(hash, sizeof hash));
    TRY(nobody(store_token(service->store, hash, &token, err), "token", ask->user, err));
    if (!is_token_usable(&token, job, now_s))
        return err_set(err, E_PROOF, "token %lld is used, ended or expired", (long long)token.id);

    TRY(nobody(store_device(service->store, token.device, device, err), "token", ask->user, err));
    if (!bytes_equal(ask->user, text_bytes(device->serial_number)))
        return err_set(err, E_PROOF, "the token is for another serial number than \"%s\"",
                       err_value(ask->user).text);
    job->token = token.id;
    return OK;
}

static enum result by_anchor(struct service *service, const struct msg_enrol *ask,
                             struct enrolment *job, struct device *device, struct err *err)
{
    struct authority_row anchor = {0};
    TRY(nobody(store_anchor(service->store, ask->peer_anchor, &anchor, err), "anchor", ask->label,
               err));
    job->anchor = anchor.id;
    struct bytes parts[] = {bytes_of(&ask->peer_anchor, sizeof ask->peer_anchor), ask->peer_serial};
    uint8_t both[32];
    sha256_parts(parts, 2, both);
    hash_credential(job, bytes_of(both, sizeof both));
    return nobody(
        store_device_named(service->store, anchor.product, ask->peer_serial_number, device, err),
        "serial number below this anchor", ask->peer_serial_number, err);
}

static enum result by_own_certificate(struct service *service, const struct msg_enrol *ask,
                                      struct enrolment *job, struct certificate *certificate,
                                      struct device *device, struct err *err)
{
    hash_credential(job, ask->peer_serial);
    TRY(nobody(store_certificate_serial(service->store, ask->peer_serial, certificate, err),
               "certificate", ask->peer_serial, err));
    bool same = certificate->issuer == (int64_t)ask->peer_issuer &&
                memcmp(certificate->spki, ask->peer_spki, 32) == 0;
    if (!same)
        return err_set(err, E_PROOF, "certificate %lld has another issuer or key",
                       (long long)certificate->id);
    return nobody(store_device(service->store, certificate->device, device, err), "certificate",
                  ask->peer_serial, err);
}

static enum result by_idevid(struct service *service, const struct msg_enrol *ask,
                             struct enrolment *job, struct device *device, struct err *err)
{
    struct certificate certificate = {0};
    if (ask->peer_anchor != 0)
        return by_anchor(service, ask, job, device, err);
    TRY(by_own_certificate(service, ask, job, &certificate, device, err));
    if (certificate.state != CERT_PENDING && certificate.state != CERT_CURRENT)
        return err_set(err, E_PROOF, "this IDevID is %s",
                       cert_state_word((enum cert_state)certificate.state));
    return OK;
}

/* What the presented LDevID is worth; a use after its successor was proven is a fork. */
static enum result by_ldevid(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                             struct enrolment *job, struct ask *facts, struct device *device,
                             struct err *err)
{
    struct certificate shown = {0};
    TRY(by_own_certificate(service, ask, job, &shown, device, err));
    bool is_ours = shown.state == CERT_PENDING || shown.state == CERT_CURRENT;
    facts->is_certificate_live = is_ours && now_s <= shown.not_after_s;
    facts->is_certificate_replaced = shown.state == CERT_SUPERSEDED || shown.state == CERT_VOIDED;
    job->is_fork =
        certificate_use_is_fork((enum cert_state)shown.state, shown.state_at_s, ask->handshake_s);
    job->predecessor = shown.id;
    return OK;
}

static enum result by_credential(struct service *service, const struct msg_enrol *ask,
                                 int64_t now_s, struct enrolment *job, struct ask *facts,
                                 struct device *device, struct err *err)
{
    switch (job->credential) {
    case CREDENTIAL_TOKEN:
        return by_token(service, ask, now_s, job, device, err);
    case CREDENTIAL_REGISTERED_CSR:
    case CREDENTIAL_REGISTERED_TLS:
        return by_registered(service, ask, job, device, err);
    case CREDENTIAL_IDEVID:
        return by_idevid(service, ask, job, device, err);
    case CREDENTIAL_LDEVID:
        return by_ldevid(service, ask, now_s, job, facts, device, err);
    case CREDENTIAL_NONE:
    case CREDENTIAL_CLAIM:
    case CREDENTIAL_OPERATOR:
    case CREDENTIAL_COUNT:
        break;
    }
    return err_set(err, E_PROOF, "credential %d opens no enrolment", job->credential);
}

enum result enrol_find(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                       struct enrolment *job, struct ask *facts, struct err *err)
{
    struct device device = {0};
    TRY(by_credential(service, ask, now_s, job, facts, &device, err));
    TRY(subject_read(service->store, &device, &job->subject, err));

    const char *product = job->subject.product.name;
    if (ask->label.n != 0 && !bytes_equal(ask->label, text_bytes(product)))
        return err_set(err, E_PROOF, "the device is of product \"%s\", the label says \"%s\"",
                       product, err_value(ask->label).text);
    bool is_other = ask->csr_serial_number.n != 0 &&
                    !bytes_equal(ask->csr_serial_number, text_bytes(device.serial_number));
    if (is_other)
        return err_set(err, E_PROOF, "the request names serial number \"%s\", the device is \"%s\"",
                       err_value(ask->csr_serial_number).text, device.serial_number);
    return OK;
}
