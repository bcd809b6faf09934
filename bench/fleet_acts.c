/* What happens to one device, each by the verb that does it in core. */
#include "fleet.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <service/finding.h>
#include <service/import.h>
#include <service/prove.h>

#include <stdio.h>
#include <string.h>

struct serial_number serial_number(const struct fleet *fleet, uint32_t unit)
{
    struct serial_number out;
    const struct plan_batch *batch = &fleet->plan.batches[fleet->units[unit].batch];
    snprintf(out.text, sizeof out.text, "%s-%04u", batch->name, unit - batch->first);
    return out;
}

const struct plan_product *product_of(const struct fleet *fleet, uint32_t unit)
{
    const struct plan_batch *batch = &fleet->plan.batches[fleet->units[unit].batch];
    return &fleet->plan.products[batch->product];
}

static void key_hash(struct fleet *fleet, uint32_t key, uint8_t ret[32])
{
    uint8_t spki[FLEET_SPKI_N];
    house_key(&fleet->house, key, spki);
    sha256(bytes_of(spki, sizeof spki), ret);
}

enum result act_products(struct fleet *fleet, struct err *err)
{
    for (uint32_t i = 0; i < fleet->plan.products_n; i++) {
        const struct plan_product *product = &fleet->plan.products[i];
        struct msg_verb_answer answer = {0};
        const struct msg_product_add ask = {
            .name = text_bytes(product->name),
            .least_proof = PROOF_TOKEN,
            .validity_s = product->validity_s,
            .grace_s = product->grace_s,
        };
        TRY(verb_product_add(&fleet->house.service, &fleet->house.who, &ask, fleet->house.now_s,
                             &answer, err));
    }
    return OK;
}

enum result act_import(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct unit *u = &fleet->units[unit];
    const struct plan_batch *batch = &fleet->plan.batches[u->batch];
    const struct plan_product *product = product_of(fleet, unit);
    struct serial_number serial = serial_number(fleet, unit);
    bool is_nobodys = draw_chance(&fleet->plan.draw, 0.003);
    struct plan_owner owner = plan_owner_name(is_nobodys ? 0 : batch->owner);
    struct import_answer answer = {0};
    struct msg_import_row row = {
        .line = unit + 1,
        .product = text_bytes(product->name),
        .serial_number = text_bytes(serial.text),
        .owner = text_bytes(owner.name),
        .batch = text_bytes(batch->name),
        .has_spki = !product->uses_tokens,
    };
    u->registered = ++fleet->keys;
    if (row.has_spki)
        key_hash(fleet, u->registered, row.spki_sha256);
    TRY(import_row(&fleet->house.service, &fleet->house.who, &row, fleet->house.now_s, &answer,
                   err));
    if (answer.did != IMPORT_CREATED)
        return err_set(err, E_BUG, "the import of %s: %s", serial.text, answer.why.text);
    u->device = fleet->house.service.last_id[TABLE_DEVICE];
    fleet->imported++;
    return OK;
}

/* ---- certificates ---- */

static void keep_certificate(struct fleet *fleet, struct unit *u, uint32_t key)
{
    const struct enrolment *job = &fleet->house.job;
    memcpy(u->last_serial, u->serial, sizeof u->serial);
    memcpy(u->serial, job->serial.p, sizeof u->serial);
    u->last_key = u->key;
    u->key = key;
    u->not_before_s = job->grant.not_before_s;
    u->not_after_s = job->grant.not_after_s;
    u->certificate = fleet->house.service.last_id[TABLE_CERTIFICATE];
}

static enum result refuse(struct fleet *fleet, struct err *err)
{
    struct house *house = &fleet->house;
    fleet->refused++;
    if (house->job.next != ENROL_CHECK)
        return OK;
    return enrol_refuse(&house->service, &house->job, house->now_s, err);
}

static enum result enrol(struct fleet *fleet, uint32_t unit, struct msg_enrol *ask, uint32_t key,
                         struct err *err)
{
    struct house *house = &fleet->house;
    uint8_t spki[FLEET_SPKI_N], space[TBS_MAX];
    struct buf der = buf_over(space, sizeof space);
    house_key(house, key, spki);
    ask->spki = bytes_of(spki, sizeof spki);
    ask->label = text_bytes(product_of(fleet, unit)->name);
    enrolment_free(&house->job);
    house->job = (struct enrolment){0};
    TRY(enrol_decide(&house->service, ask, house->now_s, &house->job, err));
    if (house->job.next != ENROL_SIGN)
        return refuse(fleet, err);
    TRY(house_issue(house, &der, err));
    keep_certificate(fleet, &fleet->units[unit], key);
    return OK;
}

enum result act_token(struct fleet *fleet, uint32_t unit, int64_t ttl_s, struct err *err)
{
    struct serial_number serial = serial_number(fleet, unit);
    struct msg_verb_answer answer = {0};
    const struct msg_token_add ask = {
        .product = text_bytes(product_of(fleet, unit)->name),
        .serial_number = text_bytes(serial.text),
        .ttl_s = ttl_s,
    };
    return verb_token_add(&fleet->house.service, &fleet->house.who, &ask, fleet->house.now_s,
                          &answer, err);
}

static enum result enrol_by_token(struct fleet *fleet, uint32_t unit, struct err *err)
{
    char token[LIMIT_TOKEN];
    struct serial_number serial = serial_number(fleet, unit);
    struct msg_verb_answer answer = {0};
    const struct msg_token_add add = {
        .product = text_bytes(product_of(fleet, unit)->name),
        .serial_number = text_bytes(serial.text),
    };
    TRY(verb_token_add(&fleet->house.service, &fleet->house.who, &add, fleet->house.now_s, &answer,
                       err));
    struct buf text = buf_over(token, sizeof token);
    buf_put_bytes(&text, answer.secret);
    struct msg_enrol ask = {
        .operation = OPERATION_ENROL,
        .credential = CREDENTIAL_TOKEN,
        .user = text_bytes(serial.text),
        .token = buf_bytes(&text),
    };
    return enrol(fleet, unit, &ask, fleet->units[unit].registered, err);
}

enum result act_enrol(struct fleet *fleet, uint32_t unit, struct err *err)
{
    if (product_of(fleet, unit)->uses_tokens)
        return enrol_by_token(fleet, unit, err);
    struct msg_enrol ask = {
        .operation = OPERATION_ENROL,
        .credential = CREDENTIAL_REGISTERED_CSR,
    };
    return enrol(fleet, unit, &ask, fleet->units[unit].registered, err);
}

enum result act_enrol_anew(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct msg_enrol ask = {
        .operation = OPERATION_ENROL,
        .credential = CREDENTIAL_REGISTERED_TLS,
    };
    key_hash(fleet, fleet->units[unit].registered, ask.peer_spki);
    return enrol(fleet, unit, &ask, ++fleet->keys, err);
}

enum result act_renew(struct fleet *fleet, uint32_t unit, struct err *err)
{
    const struct unit *u = &fleet->units[unit];
    uint8_t serial[16];
    memcpy(serial, u->serial, sizeof serial);
    struct msg_enrol ask = {
        .operation = OPERATION_REENROL,
        .credential = CREDENTIAL_LDEVID,
        .peer_issuer = PKI_ISSUER_LDEVID,
        .peer_serial = bytes_of(serial, sizeof serial),
        .names_equal = 1,
        .handshake_s = fleet->house.now_s,
    };
    key_hash(fleet, u->key, ask.peer_spki);
    return enrol(fleet, unit, &ask, ++fleet->keys, err);
}

enum result act_use(struct fleet *fleet, uint32_t unit, bool is_last, struct err *err)
{
    const struct unit *u = &fleet->units[unit];
    int64_t lost = 0;
    struct msg_sighting sighting = {
        .peer_issuer = PKI_ISSUER_LDEVID,
        .peer_serial = bytes_of(is_last ? u->last_serial : u->serial, 16),
        .handshake_s = fleet->house.now_s,
    };
    key_hash(fleet, is_last ? u->last_key : u->key, sighting.peer_spki);
    return prove_sighting(&fleet->house.service, &sighting, fleet->house.now_s, &lost, err);
}

/* ---- people ---- */

enum result act_set(struct fleet *fleet, uint32_t unit, enum device_verb verb, struct err *err)
{
    struct serial_number serial = serial_number(fleet, unit);
    struct msg_verb_answer answer = {0};
    const struct msg_device_set ask = {
        .verb = (uint8_t)verb,
        .product = text_bytes(product_of(fleet, unit)->name),
        .serial_number = text_bytes(serial.text),
    };
    return verb_device_set(&fleet->house.service, &fleet->house.who, &ask, fleet->house.now_s,
                           &answer, err);
}

enum result act_state(struct fleet *fleet, uint32_t unit, enum device_state *ret, struct err *err)
{
    struct device device = {0};
    TRY(store_device(fleet->house.store, fleet->units[unit].device, &device, err));
    *ret = (enum device_state)device.state;
    return OK;
}

enum result act_strike(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct service *service = &fleet->house.service;
    int64_t now_s = fleet->house.now_s;
    struct device device = {0};
    TRY(store_device(fleet->house.store, fleet->units[unit].device, &device, err));
    service_act(service, EVENT_DEVICE_RETIRED, now_s, fleet->house.who.actor, device.id);
    change_int(service_change_device(service, &device), COL_DEVICE_STATE, STATE_RETIRED);
    TRY(service_record(service, NULL, err));
    return finding_settle(service, device.id, now_s, err);
}

enum result act_revoke(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct msg_verb_answer answer = {0};
    const struct msg_cert_revoke ask = {.serial = bytes_of(fleet->units[unit].serial, 16)};
    return verb_cert_revoke(&fleet->house.service, &fleet->house.who, &ask, fleet->house.now_s,
                            &answer, err);
}

enum result act_seen(struct fleet *fleet, uint32_t unit, int64_t until_s, struct err *err)
{
    const struct unit *u = &fleet->units[unit];
    return store_put_seen(fleet->house.store, u->device, u->certificate, until_s, err);
}
