/* A person's role and scope; his end; and the end of the keys that a new one replaced. */
#include <service/verb.h>

#include <base/text.h>
#include <wire/x509_crl.h>

#define KEYS_MAX 8 /* of one person in use at once; a renewal makes it two */
#define IN_USE 1
#define ENDED 2

struct keys {
    struct operator_row rows[KEYS_MAX];
    size_t n;
};

static enum result find(struct service *service, int64_t id, struct operator_row *ret,
                        struct keys *ret_keys, struct err *err)
{
    enum result result = store_operator_row(service->store, id, ret, err);
    if (result == R_NOT_FOUND || (result == OK && ret->state != IN_USE))
        return err_set(err, E_NOT_FOUND, "there is no operator %lld in use", (long long)id);
    TRY(result);
    return store_operator_keys(service->store, ret->person, ret_keys->rows, KEYS_MAX, &ret_keys->n,
                               err);
}

static void set_row(struct service *service, const struct msg_operator_set *ask,
                    const struct operator_row *row)
{
    bool has_role = ask->role != ROLE_NONE && (int)ask->role != row->role;
    bool has_scope = ask->set_scope != 0 && !bytes_equal(ask->scope, text_bytes(row->scope));
    if (!has_role && !has_scope)
        return;
    struct change *c = act_change(&service->act, TABLE_OPERATOR, row->id);
    if (has_role)
        change_int(c, COL_OPERATOR_ROLE, ask->role);
    if (has_scope)
        change_text(c, COL_OPERATOR_SCOPE, ask->scope);
}

/* Nobody changes his own: so somebody who may add operators remains. */
static enum result check(const struct operator_is *who, const struct operator_row *row,
                         const struct msg_operator_set *ask, struct err *err)
{
    if (ask->role >= ROLE_COUNT)
        return err_set(err, E_SYNTAX, "role %u: viewer, operator or admin is wanted", ask->role);
    if (ask->scope.n != 0)
        TRY(verb_name("owner scope", ask->scope, err));
    if (ask->scope.n != 0 && row->is_approver)
        return err_set(err, E_CONFLICT,
                       "operator %lld is an approver, who has no owner scope: `troth operator "
                       "approver` takes that away first",
                       (long long)row->id);
    if (row->person == who->row.person)
        return err_set(err, E_CONFLICT,
                       "these are your own role and scope: another admin sets them");
    return OK;
}

enum result verb_operator_set(struct service *service, const struct operator_is *who,
                              const struct msg_operator_set *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    struct operator_row row = {0};
    struct keys keys = {0};
    TRY(verb_allow(who, OPERATE_OPERATOR, NULL, err));
    TRY(find(service, ask->operator_id, &row, &keys, err));
    TRY(check(who, &row, ask, err));
    struct act *act = service_act(service, EVENT_OPERATOR_CHANGED, now_s, who->actor, 0);
    for (size_t i = 0; i < keys.n; i++)
        set_row(service, ask, &keys.rows[i]);
    answer->object = row.id;
    answer->changed = act->n > 0;
    answer->unchanged = act->n == 0;
    return act->n == 0 ? OK : service_record(service, &answer->entry, err);
}

/* The key is an operator's no more, and its certificate is on the CRL. */
static enum result end_key(struct service *service, const struct operator_row *row,
                           enum cert_state state, int64_t now_s, struct err *err)
{
    static const int reasons[CERT_STATE_COUNT] = {
        [CERT_SUPERSEDED] = X509_REASON_SUPERSEDED,
        [CERT_REVOKED] = X509_REASON_PRIVILEGE_WITHDRAWN,
    };
    struct certificate certificate = {0};
    change_int(act_change(&service->act, TABLE_OPERATOR, row->id), COL_OPERATOR_STATE, ENDED);
    enum result result =
        store_certificate_with_key(service->store, row->spki, -1, &certificate, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    if (certificate_is_live((enum cert_state)certificate.state))
        service_end_certificate(service, &certificate, state, reasons[state], now_s);
    return OK;
}

enum result verb_operator_remove(struct service *service, const struct operator_is *who,
                                 const struct msg_operator_remove *ask, int64_t now_s,
                                 struct msg_verb_answer *answer, struct err *err)
{
    struct operator_row row = {0};
    struct keys keys = {0};
    TRY(verb_allow(who, OPERATE_OPERATOR, NULL, err));
    TRY(find(service, ask->operator_id, &row, &keys, err));
    if (row.person == who->row.person)
        return err_set(err, E_CONFLICT, "nobody removes himself: another admin does");
    for (size_t i = 0; i < keys.n; i++)
        if (keys.rows[i].is_approver)
            return err_set(err, E_APPROVAL,
                           "operator %lld approves: two people end that first, by `troth operator "
                           "approver %lld off`",
                           (long long)row.id, (long long)keys.rows[i].id);
    service_act(service, EVENT_OPERATOR_REMOVED, now_s, who->actor, 0);
    for (size_t i = 0; i < keys.n; i++)
        TRY(end_key(service, &keys.rows[i], CERT_REVOKED, now_s, err));
    answer->object = row.id;
    answer->changed = 1;
    answer->certificates = (uint32_t)keys.n;
    return service_record(service, &answer->entry, err);
}

/* Asked for over a connection of the new key: that it works is what ends the older ones. */
enum result verb_operator_settle(struct service *service, const struct operator_is *who,
                                 const struct msg_operator_settle *ask, int64_t now_s,
                                 struct msg_verb_answer *answer, struct err *err)
{
    struct operator_row row = {0};
    struct keys keys = {0};
    (void)ask;
    TRY(verb_allow(who, OPERATE_READ, NULL, err));
    TRY(find(service, who->row.id, &row, &keys, err));
    struct act *act = service_act(service, EVENT_OPERATOR_SETTLED, now_s, who->actor, 0);
    for (size_t i = 0; i < keys.n; i++)
        if (keys.rows[i].id < row.id)
            TRY(end_key(service, &keys.rows[i], CERT_SUPERSEDED, now_s, err));
    answer->object = row.id;
    answer->unchanged = act->n == 0;
    answer->changed = act->n > 0;
    return act->n == 0 ? OK : service_record(service, &answer->entry, err);
}
