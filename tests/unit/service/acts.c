#include "acts.h"

#include <base/text.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <pki/authority.h>
#include <service/issuer.h>
#include <service/policy.h>
#include <service/sweep.h>
#include <service/transfer.h>
#include <trust/policy_body.h>
#include <wire/approval.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- operators and transfers ------------------------------------------------------------------
 */

void add_person(struct fixture *f, enum role role, const char *scope, struct person *ret)
{
    uint8_t tbs_space[TBS_MAX], space[TBS_MAX];
    struct buf tbs = buf_over(tbs_space, sizeof tbs_space), der = buf_over(space, sizeof space);
    bool is_live = false;
    assert_ok(key_generate(KEY_P256, &ret->key, &f->err));
    struct msg_operator_add ask = {.name = bytes_text("somebody"),
                                   .scope = text_bytes(scope),
                                   .role = (uint8_t)role,
                                   .spki = key_spki(ret->key)};
    enrolment_free(&f->job);
    f->job = (struct enrolment){0};
    begin(f);
    assert_ok(enrol_operator(&f->service, &f->admin, &ask, f->now_s, &f->job, &f->err));
    assert_ok(grant_build_tbs(&f->job.grant, &f->service.issuers[f->job.grant.issuer],
                              &f->service.site.pki, &tbs, &f->err));
    assert_ok(sign_into(f->ca[f->job.grant.issuer], buf_bytes(&tbs), &der, &f->err));
    assert_ok(enrol_commit(&f->service, &f->job, buf_bytes(&der), f->now_s, &is_live, &f->err));
    commit(f);
    assert_ok(verb_operator(&f->service, f->job.spki_hash, &ret->who, &f->err));
}

enum result sign_step(struct fixture *f, const struct person *by, int64_t id, uint8_t step)
{
    uint8_t space[sizeof APPROVAL_PREFIX + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof space);
    struct key_signature signature;
    struct transfer_row row;
    struct msg_verb_answer answer = {0};
    assert_ok(store_transfer(f->store, id, &row, &f->err));
    buf_put_bytes(&text, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&text, bytes_of(row.body, row.body_n));
    assert_ok(key_sign(by->key, buf_bytes(&text), &signature, &f->err));
    struct msg_transfer_sign ask = {
        .transfer = id, .step = step, .signature = key_signature_bytes(&signature)};
    begin(f);
    enum result result =
        verb_transfer_sign(&f->service, &by->who, &ask, f->now_s, &answer, &f->err);
    if (result == OK)
        commit(f);
    else
        roll_back(f);
    return result;
}

/* ---- policies and waivers ---------------------------------------------------------------------
 */

struct policy_octets policy_of(struct fixture *f, const char *word, const char *value)
{
    struct policy_part part = {0};
    struct policy_octets body = {0};
    struct buf b = buf_over(body.bytes, sizeof body.bytes);
    if (word != NULL && strncmp(word, "TD-", 3) == 0)
        assert_ok(policy_name_effect(&part, text_bytes(word), text_bytes(value), &f->err));
    else if (word != NULL)
        assert_ok(policy_name_setting(&part, text_bytes(word), text_bytes(value), &f->err));
    policy_body_write(&part, &b);
    body.n = b.n;
    return body;
}

enum result set_policy(struct fixture *f, const struct operator_is *who,
                       const struct msg_policy_set *ask, struct msg_verb_answer *answer)
{
    begin(f);
    enum result result = verb_policy_set(&f->service, who, ask, f->now_s, answer, &f->err);
    if (result == OK)
        commit(f);
    else
        roll_back(f);
    return result;
}

enum result set_one_policy(struct fixture *f, const char *product, const char *word,
                           const char *value)
{
    struct msg_verb_answer answer = {0};
    struct policy_octets body = policy_of(f, word, value);
    const struct msg_policy_set ask = {.product = text_bytes(product),
                                       .policy = bytes_of(body.bytes, body.n)};
    return set_policy(f, &f->admin, &ask, &answer);
}

int sweep(struct fixture *f)
{
    int steps = 0;
    bool is_done = false;
    while (!is_done) {
        begin(f);
        assert_ok(finding_sweep_step(&f->service, 512, f->now_s, &is_done, &f->err));
        commit(f);
        steps++;
        assert_in_range(steps, 1, 1000);
    }
    return steps;
}

enum result add_waiver(struct fixture *f, const struct operator_is *who,
                       const struct msg_waiver_add *ask)
{
    struct msg_verb_answer answer = {0};
    begin(f);
    enum result result = verb_waiver_add(&f->service, who, ask, f->now_s, &answer, &f->err);
    if (result == OK)
        commit(f);
    else
        roll_back(f);
    return result;
}

enum result end_waiver(struct fixture *f, const struct operator_is *who, int64_t id)
{
    struct msg_verb_answer answer = {0};
    const struct msg_waiver_end ask = {.waiver = id, .note = bytes_text("done")};
    begin(f);
    enum result result = verb_waiver_end(&f->service, who, &ask, f->now_s, &answer, &f->err);
    if (result == OK)
        commit(f);
    else
        roll_back(f);
    return result;
}

/* ---- issuers ----------------------------------------------------------------------------------
 */

void make_issuer(struct fixture *f, const char *name, enum pki_issuer_kind kind, uint32_t number,
                 struct made_issuer *ret)
{
    uint8_t tbs_space[TBS_MAX];
    uint8_t serial[AUTHORITY_SERIAL_N] = {0x02, (uint8_t)number};
    struct buf tbs = buf_over(tbs_space, sizeof tbs_space);
    struct buf der = buf_over(ret->space, sizeof ret->space);
    if (f->ca[number] == NULL)
        assert_ok(key_generate(KEY_P256, &f->ca[number], &f->err));
    struct authority authority = {
        .kind = kind,
        .common_name = text_bytes(name),
        .serial = bytes_of(serial, sizeof serial),
        .spki = key_spki(f->ca[number]),
        .not_before_s = f->now_s - 10,
        .not_after_s = f->now_s + 1000 * DAY_S,
    };
    assert_ok(authority_build_tbs(&authority, &f->service.issuers[PKI_ISSUER_ROOT],
                                  text_bytes(f->config.public_url), &tbs, &f->err));
    assert_ok(sign_into(f->ca[PKI_ISSUER_ROOT], buf_bytes(&tbs), &der, &f->err));
    ret->der = buf_bytes(&der);
    sha256(key_spki(f->ca[number]), ret->spki);
}

enum result add_issuer(struct fixture *f, const char *owner, uint32_t number,
                       enum pki_issuer_kind kind, struct bytes certificate)
{
    struct msg_issuer_add ask = {.number = number,
                                 .kind = (uint8_t)kind,
                                 .certificate = certificate,
                                 .owner = text_bytes(owner)};
    struct msg_verb_answer answer = {0};
    begin(f);
    enum result result = verb_issuer_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
    if (result == OK) {
        commit(f);
        assert_ok(service_load_issuers(&f->service, &f->err));
    } else {
        roll_back(f);
    }
    return result;
}

enum result follow_issuer(struct fixture *f, const char *owner, uint32_t number, const char *name)
{
    struct made_issuer made;
    make_issuer(f, name, PKI_ISSUER_LDEVID, number, &made);
    memcpy(f->service.held_spki[number], made.spki, 32);
    return add_issuer(f, owner, number, PKI_ISSUER_LDEVID, made.der);
}
