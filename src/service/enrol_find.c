/* Who asks: from a credential to a device. Nothing is decided here. */
#include "enrol.h"

#include <base/text.h>
#include <crypto/hash.h>

#include <stdio.h>
#include <string.h>

static enum result nobody(enum result result, const char *what, struct bytes value, struct err *err)
{
    if (result == R_NOT_FOUND)
        return err_set(err, E_PROOF, "no device has this %s: \"%s\"", what, err_value(value).text);
    return result;
}

void enrol_hash_credential(struct enrolment *job, struct bytes value)
{
    uint8_t kind = (uint8_t)job->credential;
    struct bytes parts[] = {bytes_of(&kind, 1), value};
    sha256_parts(parts, 2, job->credential_hash);
}

/* One search: what is asked, and where the answer goes. */
struct search {
    struct store *store;
    const struct msg_enrol *ask;
    int64_t now_s;
    struct enrolment *job;
    struct ask *facts;
    struct device *device;
};

static enum result find_product(const struct search *search, int64_t *ret, struct err *err)
{
    struct bytes label = search->ask->label;
    if (label.n == 0) {
        *ret = 0;
        return OK;
    }
    struct product product = {0};
    TRY(nobody(store_product_named(search->store, label, &product, err), "product", label, err));
    *ret = product.id;
    return OK;
}

static enum result by_registered(const struct search *search, struct err *err)
{
    const uint8_t *spki = search->job->credential == CREDENTIAL_REGISTERED_TLS
                              ? search->ask->peer_spki
                              : search->job->spki_hash;
    int64_t product = 0;
    TRY(find_product(search, &product, err));
    enrol_hash_credential(search->job, bytes_of(spki, 32));
    return nobody(store_device_registered(search->store, product, spki, search->device, err),
                  "registered key", search->ask->label, err);
}

/* What a client sent as the name may be its token, in the wrong place: a name is told when a device
 * of the product has it, and otherwise its length. */
struct told_name {
    char text[sizeof(struct err_value) + 40];
};

static struct told_name name_to_tell(const struct search *search, int64_t product)
{
    struct bytes user = search->ask->user;
    struct device named = {0};
    struct told_name told;
    struct err unused = {0};
    if (store_device_named(search->store, product, user, &named, &unused) == OK)
        snprintf(told.text, sizeof told.text, "\"%s\"", err_value(user).text);
    else
        snprintf(told.text, sizeof told.text, "%zu octets that name no device", user.n);
    return told;
}

static enum result no_device_has_token(enum result result, const struct search *search,
                                       struct err *err)
{
    struct product product = {0};
    struct err unused = {0};
    if (result != R_NOT_FOUND)
        return result;
    if (store_product_named(search->store, search->ask->label, &product, &unused) != OK)
        product.id = 0; /* without a label it is any product's: nobody's name is known */
    return err_set(err, E_PROOF, "no device has this token; the name beside it: %s",
                   name_to_tell(search, product.id).text);
}

static bool is_token_usable(const struct token *token, const struct enrolment *job, int64_t now_s)
{
    if (token->state == 2) /* used: only the same key may ask again */
        return token->has_spki && memcmp(token->spki, job->spki_hash, 32) == 0;
    return token->state == 1 && now_s <= token->expires_at_s;
}

static enum result by_token(const struct search *search, struct err *err)
{
    uint8_t hash[32];
    struct token token = {0};
    sha256(search->ask->token, hash);
    enrol_hash_credential(search->job, bytes_of(hash, sizeof hash));
    TRY(no_device_has_token(store_token(search->store, hash, &token, err), search, err));
    if (!is_token_usable(&token, search->job, search->now_s))
        return err_set(err, E_PROOF, "token %lld is used, ended or expired", (long long)token.id);

    TRY(no_device_has_token(store_device(search->store, token.device, search->device, err), search,
                            err));
    if (!bytes_equal(search->ask->user, text_bytes(search->device->serial_number)))
        return err_set(err, E_PROOF, "the token is for another serial number than %s",
                       name_to_tell(search, search->device->product).text);
    search->job->token = token.id;
    search->facts->is_token_used = token.state == 2;
    return OK;
}

/* By the serial number that the certificate names; a maker that names none of ours has registered
 * this very key, with a chain to this anchor. */
static enum result below_anchor(const struct search *search, const struct authority_row *anchor,
                                struct err *err)
{
    const struct msg_enrol *ask = search->ask;
    enum result result = store_device_named(search->store, anchor->product, ask->peer_serial_number,
                                            search->device, err);
    if (result != R_NOT_FOUND)
        return result;
    TRY(store_device_registered(search->store, anchor->product, ask->peer_spki, search->device,
                                err));
    return search->device->idevid_anchor == anchor->id ? OK : R_NOT_FOUND;
}

/* One root may be the anchor of several products: the front names the oldest, the label says which
 * is meant. */
static enum result find_anchor(const struct search *search, struct authority_row *ret,
                               struct err *err)
{
    struct authority_row named = {0};
    int64_t product = 0;
    TRY(nobody(store_anchor(search->store, search->ask->peer_anchor, &named, err), "anchor",
               search->ask->label, err));
    *ret = named;
    TRY(find_product(search, &product, err));
    if (product == 0 || product == named.product)
        return OK;
    enum result result = store_anchor_of(search->store, product, named.use,
                                         bytes_of(named.certificate, named.n), ret, err);
    return result == R_NOT_FOUND ? OK : result;
}

#define LINE_MAX 16 /* serial numbers that one board had, one after the other */

/* An IDevID names the serial number that the board was made with; whoever has the board now is
 * meant, when people linked the two. */
static enum result follow_board(const struct search *search, struct err *err)
{
    struct device *device = search->device;
    for (int i = 0; i < LINE_MAX && device->replaced_by != 0 &&
                    device_is_tombstone((enum device_state)device->state);
         i++)
        TRY(store_device(search->store, device->replaced_by, device, err));
    return OK;
}

static enum result by_anchor(const struct search *search, struct err *err)
{
    struct authority_row anchor = {0};
    TRY(find_anchor(search, &anchor, err));
    if (anchor.use != ANCHOR_PROOF)
        return err_set(err, E_PROOF, "anchor %lld proves no device", (long long)anchor.id);
    search->job->anchor = anchor.id;
    struct bytes parts[] = {bytes_of(&search->ask->peer_anchor, sizeof search->ask->peer_anchor),
                            search->ask->peer_serial};
    uint8_t both[32];
    sha256_parts(parts, 2, both);
    enrol_hash_credential(search->job, bytes_of(both, sizeof both));
    TRY(nobody(below_anchor(search, &anchor, err), "serial number below this anchor",
               search->ask->peer_serial_number, err));
    return follow_board(search, err);
}

/* Whose chain was verified before its issuer was retired is on a connection that is older. */
static enum result check_issuer(struct store *store, int64_t issuer, struct err *err)
{
    struct issuer_is is = {0};
    TRY(store_issuer_is(store, issuer, &is, err));
    if (is.state == ISSUER_ENDED)
        return err_set(err, E_PROOF, "issuer %lld was retired", (long long)issuer);
    return OK;
}

static enum result by_own_certificate(const struct search *search, struct certificate *certificate,
                                      struct err *err)
{
    enrol_hash_credential(search->job, search->ask->peer_serial);
    TRY(nobody(store_certificate_serial(search->store, search->ask->peer_serial, certificate, err),
               "certificate", search->ask->peer_serial, err));
    bool same = certificate->issuer == (int64_t)search->ask->peer_issuer &&
                memcmp(certificate->spki, search->ask->peer_spki, 32) == 0;
    if (!same)
        return err_set(err, E_PROOF, "certificate %lld has another issuer or key",
                       (long long)certificate->id);
    TRY(check_issuer(search->store, certificate->issuer, err));
    return nobody(store_device(search->store, certificate->device, search->device, err),
                  "certificate", search->ask->peer_serial, err);
}

static enum result by_idevid(const struct search *search, struct err *err)
{
    struct certificate certificate = {0};
    if (search->ask->peer_anchor != 0)
        return by_anchor(search, err);
    TRY(by_own_certificate(search, &certificate, err));
    if (certificate.profile != PROFILE_IDEVID)
        return err_set(err, E_PROOF, "certificate %lld is no IDevID", (long long)certificate.id);
    if (!certificate_is_live((enum cert_state)certificate.state))
        return err_set(err, E_PROOF, "this IDevID is %s",
                       cert_state_word((enum cert_state)certificate.state));
    return OK;
}

/* What the presented LDevID is worth; a use after its successor was proven is a fork. */
static enum result by_ldevid(const struct search *search, struct err *err)
{
    struct certificate shown = {0};
    TRY(by_own_certificate(search, &shown, err));
    enum cert_state state = (enum cert_state)shown.state;
    search->facts->is_certificate_live = certificate_is_live(state);
    search->facts->is_certificate_expired = search->now_s > shown.not_after_s;
    search->facts->is_certificate_replaced = certificate_is_replaced(state);
    search->job->is_fork =
        certificate_use_is_fork(state, shown.state_at_s, search->ask->handshake_s);
    search->job->predecessor = shown.id;
    return OK;
}

static enum result by_credential(const struct search *search, struct err *err)
{
    switch (search->job->credential) {
    case CREDENTIAL_TOKEN:
        return by_token(search, err);
    case CREDENTIAL_REGISTERED_CSR:
    case CREDENTIAL_REGISTERED_TLS:
        return by_registered(search, err);
    case CREDENTIAL_IDEVID:
        return by_idevid(search, err);
    case CREDENTIAL_LDEVID:
        return by_ldevid(search, err);
    case CREDENTIAL_NONE:
    case CREDENTIAL_CLAIM:
    case CREDENTIAL_OPERATOR:
    case CREDENTIAL_COUNT:
        break;
    }
    return err_set(err, E_PROOF, "credential %d opens no enrolment", search->job->credential);
}

enum result enrol_find(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                       struct enrolment *job, struct ask *facts, struct err *err)
{
    struct device device = {0};
    const struct search search = {service->store, ask, now_s, job, facts, &device};
    TRY(by_credential(&search, err));
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
