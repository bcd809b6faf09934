/* An operator who lost his key gets a certificate over another one by an act of others, and his old
 * keys end with it (docs/decisions/operator-recovery.md). */
#include "enrol.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <ipc/params.h>
#include <pki/root_approval.h>
#include <service/approval.h>
#include <service/recover.h>
#include <wire/x509_crl.h>

#include <stdio.h>

#define ENOUGH 2    /* persons */
#define ROWS_MAX 32 /* of one person, in use or ended */
#define IN_USE 1
#define ENDED 2

/* ---- who is meant -----------------------------------------------------------------------------
 */

struct gathered {
    struct operator_row rows[ROWS_MAX];
    size_t n;
};

static enum result gather(struct service *service, int64_t person, struct gathered *ret,
                          struct err *err)
{
    return store_operator_rows(service->store, person, ret->rows, ROWS_MAX, &ret->n, err);
}

static bool approves(const struct gathered *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->rows[i].is_approver)
            return true;
    return false;
}

static bool is_in_use(const struct gathered *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->rows[i].state == IN_USE)
            return true;
    return false;
}

/* By any row of his. In use, or still with the right to approve. Whoever stands at the server with
 * the root's key may name one who ended too: there may be nobody else. */
static enum result find(struct service *service, const struct operator_is *who, int64_t id,
                        struct operator_row *ret, struct gathered *ret_all, struct err *err)
{
    enum result result = store_operator_row(service->store, id, ret, err);
    if (result == OK)
        TRY(gather(service, ret->person, ret_all, err));
    bool is_there =
        result == OK && (is_in_use(ret_all) || approves(ret_all) || who->actor.kind == ACTOR_LOCAL);
    if (result == R_NOT_FOUND || (result == OK && !is_there))
        return err_set(err, E_NOT_FOUND,
                       "there is no operator %lld in use; who was removed is added anew",
                       (long long)id);
    return result;
}

enum result recover_complete(struct service *service, const struct operator_is *who,
                             struct msg_operator_recover *ask, struct err *err)
{
    struct operator_row row = {0};
    struct gathered all;
    struct buf name = buf_over(service->approver_name, sizeof service->approver_name);
    TRY(find(service, who, ask->operator_id, &row, &all, err));
    enum result result = store_personal(service->store, row.name, &name, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    ask->person = row.person;
    ask->approver = approves(&all);
    ask->name = buf_bytes(&name);
    return OK;
}

bool recover_waits(const struct service *service, const struct operator_is *who,
                   const struct msg_operator_recover *ask)
{
    return who->actor.kind == ACTOR_LOCAL || ask->approver == 1 || service->approvers >= ENOUGH;
}

/* ---- the certificate ---------------------------------------------------------------------------
 */

static enum result check(const struct operator_is *who, const struct operator_row *row,
                         const struct msg_operator_recover *ask, struct err *err)
{
    struct x509_key key = {0};
    const char *why = "another kind";
    if (who->actor.kind != ACTOR_LOCAL)
        TRY(verb_allow(who, OPERATE_OPERATOR, NULL, err));
    if (who->row.person == row->person)
        return err_set(err, E_RECOVERY,
                       "nobody recovers himself: another admin does, or the root's key");
    bool is_p256 = x509_read_spki(ask->spki, &key, &why) && key.alg == X509_KEY_P256;
    if (ask->approver == 1 && !is_p256)
        return err_set(err, E_APPROVAL, "an approver's key is on P-256 (ES256); this one: %s", why);
    return OK;
}

/* His row already: whose answer was lost, or who comes for what people approved meanwhile. */
static enum result find_repeat(struct service *service, const struct operator_row *row,
                               const uint8_t spki[32], int64_t *ret_certificate, struct err *err)
{
    struct operator_row his = {0};
    struct certificate certificate = {0};
    *ret_certificate = 0;
    enum result result = store_operator(service->store, spki, &his, err);
    if (result == R_NOT_FOUND || (result == OK && (his.person != row->person || his.state != 1)))
        return OK;
    TRY(result);
    TRY(store_certificate_with_key(service->store, spki, -1, &certificate, err));
    *ret_certificate = certificate.id;
    return OK;
}

static enum result take_person(struct service *service, const struct operator_row *row,
                               const struct msg_operator_recover *ask, struct enrolment *job,
                               struct err *err)
{
    job->operator_role = (enum role)row->role;
    job->operator_person = row->person;
    job->operator_approves = ask->approver == 1;
    job->operator_from = row->id;
    memcpy(job->operator_name, row->name, sizeof job->operator_name);
    snprintf(job->operator_scope, sizeof job->operator_scope, "%s", row->scope);
    if (ask->name.n == 0) /* erased */
        snprintf(job->common_name, sizeof job->common_name, "operator-%lld", (long long)row->id);
    else if (!text_copy(ask->name, job->common_name, sizeof job->common_name))
        return err_set(err, E_BUG, "a name above %d octets", LIMIT_NAME);
    job->grant =
        (struct grant){.profile = PKI_OPERATOR, .common_name = text_bytes(job->common_name)};
    job->operator_id = service_next_id(service, TABLE_OPERATOR);
    return OK;
}

enum result enrol_operator_recover(struct service *service, const struct operator_is *who,
                                   const struct msg_operator_recover *ask, int64_t now_s,
                                   struct enrolment *job, struct err *err)
{
    struct operator_row row = {0};
    struct gathered all;
    int64_t certificate = 0;
    job->kind = ENROL_OPERATOR;
    job->operator_recovers = true;
    job->operator_by = who->actor;
    job->spki_n = ask->spki.n;
    memcpy(job->spki, ask->spki.p, ask->spki.n);
    sha256(ask->spki, job->spki_hash);
    TRY(find(service, who, ask->operator_id, &row, &all, err));
    TRY(check(who, &row, ask, err));
    TRY(find_repeat(service, &row, job->spki_hash, &certificate, err));
    if (certificate != 0)
        return enrol_repeat(service, certificate, job, err);
    TRY(operator_check_key(service, job->spki_hash, err));
    TRY(take_person(service, &row, ask, job, err));
    return enrol_grant(service, job, OPERATOR_VALIDITY_S, now_s, err);
}

/* ---- what the entry changes --------------------------------------------------------------------
 */

/* Lost may be stolen: the key is never certified again. */
static enum result end_row(struct service *service, const struct operator_row *row, int64_t now_s,
                           struct err *err)
{
    struct certificate certificate = {0};
    if (row->state != IN_USE && !row->is_approver)
        return OK;
    struct change *c = act_change(&service->act, TABLE_OPERATOR, row->id);
    change_int(c, COL_OPERATOR_STATE, ENDED);
    if (row->is_approver)
        change_int(c, COL_OPERATOR_APPROVER, 0);
    enum result result =
        store_certificate_with_key(service->store, row->spki, -1, &certificate, err);
    if (result == OK && certificate_is_live((enum cert_state)certificate.state))
        service_end_certificate(service, &certificate, CERT_REVOKED, X509_REASON_KEY_COMPROMISE,
                                now_s);
    return result == R_NOT_FOUND ? OK : result;
}

enum result operator_recovered(struct service *service, const struct enrolment *job, int64_t now_s,
                               struct err *err)
{
    struct gathered all;
    TRY(gather(service, job->operator_person, &all, err));
    for (size_t i = 0; i < all.n; i++)
        TRY(end_row(service, &all.rows[i], now_s, err));
    struct change *c = act_change(&service->act, TABLE_OPERATOR, job->operator_id);
    change_blob(c, COL_OPERATOR_NAME, bytes_of(job->operator_name, 32));
    change_blob(c, COL_OPERATOR_SPKI, bytes_of(job->spki_hash, 32));
    change_int(c, COL_OPERATOR_ROLE, job->operator_role);
    change_text(c, COL_OPERATOR_SCOPE, text_bytes(job->operator_scope));
    change_int(c, COL_OPERATOR_STATE, IN_USE);
    change_int(c, COL_OPERATOR_PERSON, job->operator_person);
    if (job->operator_approves)
        change_int(c, COL_OPERATOR_APPROVER, 1);
    return OK;
}

/* He is as he was when it was decided: in the same rows, with the same rights. */
enum result operator_may_recover(struct service *service, const struct enrolment *job, bool *ret,
                                 struct err *err)
{
    struct operator_row row = {0};
    struct gathered all;
    TRY(store_operator_row(service->store, job->operator_from, &row, err));
    TRY(gather(service, row.person, &all, err));
    *ret = row.role == (int)job->operator_role &&
           bytes_equal(text_bytes(row.scope), text_bytes(job->operator_scope)) &&
           approves(&all) == job->operator_approves && all.n < ROWS_MAX;
    return OK;
}

/* ---- who carries it ----------------------------------------------------------------------------
 */

bool recover_is_kind(const struct approval_row *row)
{
    return strcmp(row->kind, ipc_name(IPC_OPERATOR_RECOVER)) == 0;
}

enum result recover_person(const struct approval_row *row, int64_t *ret, struct err *err)
{
    struct approval body;
    struct ipc_message message;
    const char *why = NULL;
    if (!approval_read(bytes_of(row->body, row->body_n), &body, &why))
        return err_set(err, E_STORE_CORRUPT, "approval %lld: %s", (long long)row->id, why);
    TRY(ipc_read_params(IPC_OPERATOR_RECOVER, body.parameters, &message, err));
    *ret = message.operator_recover.person;
    return OK;
}

bool recover_is_ready(const struct service *service, const struct approval_row *row, size_t others,
                      bool has_root)
{
    size_t wanted = service->approvers >= ENOUGH ? ENOUGH : 1;
    return row->requester == 0 ? has_root : others + has_root >= wanted;
}

enum result recover_check_root(struct service *service, const struct approval_row *row,
                               struct bytes signature, struct err *err)
{
    if (!recover_is_kind(row))
        return err_set(err, E_RECOVERY, "the root's key approves a recovery, and no %s", row->kind);
    return root_check_approval(blob_bytes(&service->issuer_der[service->issuing[PKI_ISSUER_ROOT]]),
                               bytes_of(row->body, row->body_n), signature, err);
}
