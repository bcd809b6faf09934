/* The people of the fleet: two operators, and the devices that they give from owner to owner. */
#include "fleet.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <wire/approval.h>

#include <stdio.h>
#include <string.h>

static const char *const names[FLEET_PEOPLE] = {"alice", "bob"};

static enum result know(struct fleet *fleet, struct person *person, struct err *err)
{
    uint8_t spki[32];
    sha256(key_spki(person->key), spki);
    return verb_operator(&fleet->house.service, spki, &person->is, err);
}

static enum result write_pem(const char *path, struct bytes der, struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};
    TRY(pem_write(der, PEM_CERTIFICATE, &pem, err));
    return file_write(path, 0644, blob_bytes(&pem), err);
}

/* Beside DATA; the key is written once. */
static enum result write_login(const struct fleet *fleet, struct bytes certificate, struct err *err)
{
    char folder[CONFIG_PATH_MAX + 16], path[CONFIG_PATH_MAX + 48];
    CLEANUP(secret_free) struct secret pem = {0};
    const struct house *house = &fleet->house;
    snprintf(folder, sizeof folder, "%s/operator", house->config.data);
    TRY(folder_ensure(folder, 0700, err));
    snprintf(path, sizeof path, "%s/certificate.pem", folder);
    TRY(write_pem(path, certificate, err));
    snprintf(path, sizeof path, "%s/key.pem", folder);
    TRY(key_write(fleet->people[0].key, NULL, KEY_COST_ONLINE, &pem, err));
    return file_write(path, 0600, secret_bytes(&pem), err);
}

/* Of the enrolment in hand. */
static enum result certify(struct fleet *fleet, struct person *person, struct err *err)
{
    uint8_t space[TBS_MAX];
    struct buf der = buf_over(space, sizeof space);
    TRY(house_issue(&fleet->house, &der, err));
    TRY(know(fleet, person, err));
    return person == &fleet->people[0] ? write_login(fleet, buf_bytes(&der), err) : OK;
}

static struct enrolment *new_job(struct fleet *fleet)
{
    enrolment_free(&fleet->house.job);
    fleet->house.job = (struct enrolment){0};
    return &fleet->house.job;
}

enum result people_begin(struct fleet *fleet, struct err *err)
{
    struct house *house = &fleet->house;
    for (size_t i = 0; i < FLEET_PEOPLE; i++) {
        struct person *person = &fleet->people[i];
        TRY(key_generate(KEY_P256, &person->key, err));
        const struct msg_operator_add ask = {
            .name = text_bytes(names[i]), .role = ROLE_ADMIN, .spki = key_spki(person->key)};
        struct enrolment *job = new_job(fleet);
        TRY(enrol_operator(&house->service, &house->who, &ask, house->now_s, job, err));
        TRY(certify(fleet, person, err));
        house->who = fleet->people[0].is;
    }
    return OK;
}

enum result people_renew(struct fleet *fleet, struct err *err)
{
    struct house *house = &fleet->house;
    for (size_t i = 0; i < FLEET_PEOPLE; i++) {
        struct person *person = &fleet->people[i];
        const struct msg_operator_renew ask = {.spki = key_spki(person->key)};
        struct enrolment *job = new_job(fleet);
        TRY(enrol_operator_renew(&house->service, &person->is, &ask, house->now_s, job, err));
        TRY(certify(fleet, person, err));
        house->who = fleet->people[0].is;
    }
    return OK;
}

void people_free(struct fleet *fleet)
{
    for (size_t i = 0; i < FLEET_PEOPLE; i++)
        key_freep(&fleet->people[i].key);
}

/* ---- from owner to owner ---- */

static enum result sign(struct fleet *fleet, size_t who, const struct transfer_row *row,
                        enum transfer_state step, struct err *err)
{
    uint8_t space[APPROVAL_MAX + sizeof APPROVAL_PREFIX];
    struct buf signed_bytes = buf_over(space, sizeof space);
    struct key_signature signature = {.n = 0};
    struct msg_verb_answer answer = {0};
    buf_put_bytes(&signed_bytes, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&signed_bytes, bytes_of(row->body, row->body_n));
    TRY(key_sign(fleet->people[who].key, buf_bytes(&signed_bytes), &signature, err));
    const struct msg_transfer_sign ask = {
        .transfer = row->id, .step = (uint8_t)step, .signature = key_signature_bytes(&signature)};
    return verb_transfer_sign(&fleet->house.service, &fleet->people[who].is, &ask,
                              fleet->house.now_s, &answer, err);
}

static enum result may_go(struct fleet *fleet, uint32_t unit, const char *to, bool *ret,
                          struct err *err)
{
    struct device device = {0};
    struct transfer_row open;
    int64_t row = fleet->units[unit].device;
    TRY(store_device(fleet->house.store, row, &device, err));
    enum result result = store_open_transfer(fleet->house.store, row, &open, err);
    *ret = result == R_NOT_FOUND && strcmp(device.owner, to) != 0;
    return result == R_NOT_FOUND ? OK : result;
}

enum result act_release(struct fleet *fleet, uint32_t unit, uint32_t owner, bool *ret_is_released,
                        struct err *err)
{
    struct house *house = &fleet->house;
    struct serial_number serial = serial_number(fleet, unit);
    struct plan_owner to = plan_owner_name(owner);
    struct msg_verb_answer answer = {0};
    struct transfer_row row;
    const struct msg_transfer_release ask = {
        .product = text_bytes(product_of(fleet, unit)->name),
        .serial_number = text_bytes(serial.text),
        .to_owner = text_bytes(to.name),
    };
    TRY(may_go(fleet, unit, to.name, ret_is_released, err));
    if (!*ret_is_released)
        return OK;
    TRY(verb_transfer_release(&house->service, &fleet->people[0].is, &ask, house->now_s, &answer,
                              err));
    TRY(store_transfer(house->store, answer.object, &row, err));
    return sign(fleet, 0, &row, TRANSFER_RELEASED, err);
}

enum result act_accept(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct transfer_row row;
    TRY(store_open_transfer(fleet->house.store, fleet->units[unit].device, &row, err));
    return sign(fleet, 1, &row, TRANSFER_ACCEPTED, err);
}
