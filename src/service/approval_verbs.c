/* What people do with a request: sign it, withdraw it; and who may. */
#include <service/approval.h>

#include <base/text.h>
#include <crypto/verify.h>
#include <service/recover.h>

#include <string.h>

static enum result find(struct service *service, int64_t id, int64_t now_s,
                        struct approval_row *ret, struct err *err)
{
    enum result result = store_approval(service->store, id, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no approval %lld", (long long)id);
    TRY(result);
    if (ret->state != APPROVAL_OPEN)
        return err_set(err, E_CONFLICT, "approval %lld is %s", (long long)id,
                       approval_state_word((enum approval_state)ret->state));
    if (now_s > ret->expires_s)
        return err_set(err, E_CONFLICT, "approval %lld expired %lld s ago", (long long)id,
                       (long long)(now_s - ret->expires_s));
    return OK;
}

/* His key, from the certificate that he got for it. */
static enum result read_key(struct service *service, const struct operator_row *row,
                            struct buf *der, struct x509_cert *ret, struct err *err)
{
    struct certificate certificate = {0};
    const char *why = NULL;
    TRY(store_certificate_with_key(service->store, row->spki, -1, &certificate, err));
    TRY(store_der(service->store, certificate.id, der, err));
    if (!x509_read_cert(buf_bytes(der), ret, &why))
        return err_set(err, E_STORE_CORRUPT, "certificate %lld: %s", (long long)certificate.id,
                       why);
    return OK;
}

enum result approval_check_signature(struct service *service, const struct operator_is *who,
                                     struct bytes body, struct bytes signature,
                                     struct signer_key *ret, struct err *err)
{
    uint8_t space[sizeof APPROVAL_PREFIX + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof space);
    struct buf der = buf_over(ret->der, sizeof ret->der);
    struct x509_cert cert;
    TRY(read_key(service, &who->row, &der, &cert, err));
    buf_put_bytes(&text, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&text, body);
    if (cert.key.alg != X509_KEY_P256)
        return err_set(err, E_APPROVAL, "approvals are signed by P-256 keys (ES256)");
    ret->spki = cert.spki;
    return verify_signature(&cert.key, X509_SIG_ECDSA_SHA256, buf_bytes(&text), signature, err);
}

static enum result has_signed(struct service *service, int64_t approval, int64_t signer, bool *ret,
                              struct err *err)
{
    struct signature_row rows[APPROVAL_SIGNERS_MAX];
    size_t n = 0;
    TRY(store_signatures(service->store, approval, rows, LENGTH_OF(rows), &n, err));
    *ret = false;
    for (size_t i = 0; i < n; i++)
        *ret = *ret || rows[i].signer == signer;
    if (!*ret && n == LENGTH_OF(rows))
        return err_set(err, E_CONFLICT, "approval %lld has %d signatures already",
                       (long long)approval, APPROVAL_SIGNERS_MAX);
    return OK;
}

/* An approver; who asks for it, as a part of asking; and whoever becomes the first approver. Not
 * who is to be recovered: his key is lost, whoever has it. */
static enum result may_sign(const struct service *service, const struct operator_is *who,
                            const struct approval_row *row, struct err *err)
{
    int64_t person = 0;
    if (recover_is_kind(row))
        TRY(recover_person(row, &person, err));
    if (person != 0 && person == who->row.person)
        return err_set(err, E_RECOVERY, "this is your own recovery: others sign it");
    if (who->row.is_approver || row->requester == who->row.id ||
        (service->approvers == 0 && who->row.id != 0))
        return OK;
    return err_set(err, E_OPERATOR, "you are no approver: `troth operator list` shows who is");
}

/* As part of an act that says who brought it. */
static void add_signature(struct service *service, int64_t approval, int64_t signer,
                          struct bytes signature)
{
    int64_t id = service_next_id(service, TABLE_SIGNATURE);
    struct change *c = act_change(&service->act, TABLE_SIGNATURE, id);
    change_int(c, COL_SIGNATURE_APPROVAL, approval);
    change_int(c, COL_SIGNATURE_OPERATOR, signer);
    change_blob(c, COL_SIGNATURE_SIGNATURE, signature);
}

enum result verb_approval_sign(struct service *service, const struct operator_is *who,
                               const struct msg_approval_sign *ask, int64_t now_s,
                               struct msg_verb_answer *answer, struct err *err)
{
    struct approval_row row;
    struct signer_key key;
    bool is_again = false;
    TRY(verb_allow(who, OPERATE_READ, NULL, err));
    TRY(find(service, ask->approval, now_s, &row, err));
    TRY(may_sign(service, who, &row, err));
    TRY(approval_check_signature(service, who, bytes_of(row.body, row.body_n), ask->signature, &key,
                                 err));
    TRY(has_signed(service, row.id, who->row.id, &is_again, err));
    answer->object = row.id;
    answer->unchanged = is_again;
    if (is_again)
        return OK;
    service_act(service, EVENT_APPROVAL_SIGNED, now_s, who->actor, 0);
    add_signature(service, row.id, who->row.id, ask->signature);
    answer->created = 1;
    return service_record(service, &answer->entry, err);
}

/* Whoever brings it: what counts is whose it is. The local socket brings it for what was asked
 * there. */
enum result verb_approval_root(struct service *service, const struct operator_is *who,
                               const struct msg_approval_root *ask, int64_t now_s,
                               struct msg_verb_answer *answer, struct err *err)
{
    struct approval_row row;
    bool is_again = false;
    if (who->actor.kind != ACTOR_LOCAL)
        TRY(verb_allow(who, OPERATE_READ, NULL, err));
    TRY(find(service, ask->approval, now_s, &row, err));
    if (who->actor.kind == ACTOR_LOCAL && row.requester != 0)
        return err_set(err, E_OPERATOR, "approval %lld was not asked for at the local socket",
                       (long long)row.id);
    TRY(recover_check_root(service, &row, ask->signature, err));
    TRY(has_signed(service, row.id, 0, &is_again, err));
    answer->object = row.id;
    answer->unchanged = is_again;
    if (is_again)
        return OK;
    service_act(service, EVENT_APPROVAL_SIGNED, now_s, who->actor, 0);
    add_signature(service, row.id, 0, ask->signature);
    answer->created = 1;
    return service_record(service, &answer->entry, err);
}

enum result verb_approval_withdraw(struct service *service, const struct operator_is *who,
                                   const struct msg_approval_withdraw *ask, int64_t now_s,
                                   struct msg_verb_answer *answer, struct err *err)
{
    struct approval_row row;
    TRY(verb_allow(who, OPERATE_READ, NULL, err));
    TRY(find(service, ask->approval, now_s, &row, err));
    if (row.requester != who->row.id && !who->row.is_approver)
        return err_set(err, E_OPERATOR, "only who asked for it or an approver may withdraw it");
    struct act *act = service_act(service, EVENT_APPROVAL_WITHDRAWN, now_s, who->actor, 0);
    change_int(act_change(act, TABLE_APPROVAL, row.id), COL_APPROVAL_STATE, APPROVAL_WITHDRAWN);
    answer->object = row.id;
    answer->changed = 1;
    return service_record(service, &answer->entry, err);
}

enum result approval_complete(struct service *service, struct msg_approver_set *ask,
                              struct err *err)
{
    struct operator_row row = {0};
    struct x509_cert cert;
    struct buf der = buf_over(service->approver_der, sizeof service->approver_der);
    struct buf name = buf_over(service->approver_name, sizeof service->approver_name);
    enum result result = store_operator_row(service->store, ask->operator, & row, err);
    if (result == R_NOT_FOUND || (result == OK && row.state != 1 && ask->on == 1))
        return err_set(err, E_NOT_FOUND, "there is no operator %lld in use",
                       (long long)ask->operator);
    TRY(result);
    TRY(read_key(service, &row, &der, &cert, err));
    result = store_personal(service->store, row.name, &name, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    ask->person = row.person;
    ask->name = buf_bytes(&name);
    ask->spki = cert.spki;
    return OK;
}

enum result verb_approver_set(struct service *service, const struct operator_is *who,
                              const struct msg_approver_set *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    struct operator_row row = {0};
    TRY(verb_allow(who, OPERATE_OPERATOR, NULL, err));
    TRY(store_operator_row(service->store, ask->operator, & row, err));
    if (row.is_approver == (ask->on == 1))
        return err_set(err, E_CONFLICT, "operator %lld is %s already", (long long)row.id,
                       row.is_approver ? "an approver" : "no approver");
    if (ask->on == 1 && row.scope[0] != '\0') /* he reads no request, and would sign for others */
        return err_set(err, E_CONFLICT,
                       "operator %lld has owner scope \"%s\", wanted one without: `troth operator "
                       "role` takes it away",
                       (long long)row.id, row.scope);
    struct act *act = service_act(service, EVENT_APPROVER_SET, now_s, who->actor, 0);
    change_int(act_change(act, TABLE_OPERATOR, row.id), COL_OPERATOR_APPROVER, ask->on == 1);
    answer->object = row.id;
    answer->changed = 1;
    TRY(service_record(service, &answer->entry, err));
    return approval_count(service, err);
}
