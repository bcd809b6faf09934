/* Adding an operator: a certificate over his key, and a row that says role and scope. */
#include "enrol.h"

#include <base/text.h>
#include <crypto/hash.h>

/* The local socket only bootstraps: it adds one admin, and only while there is nobody; but whose
 * answer was lost may ask again. */
static enum result check_bootstrap(struct service *service, const struct msg_operator_add *ask,
                                   bool repeats, struct err *err)
{
    int64_t n = 0;
    TRY(store_rows(service->store, TABLE_OPERATOR, &n, err));
    if (n > (repeats ? 1 : 0))
        return err_set(err, E_OPERATOR,
                       "there are %lld operators: the local socket only adds the first",
                       (long long)n);
    if (ask->role != ROLE_ADMIN || ask->scope.n != 0)
        return err_set(err, E_SYNTAX, "the first operator is an admin without a scope");
    return OK;
}

static enum result check(struct service *service, const struct operator_is *who,
                         const struct msg_operator_add *ask, bool repeats, struct err *err)
{
    TRY(verb_name("operator name", ask->name, err));
    if (ask->role == ROLE_NONE || ask->role >= ROLE_COUNT)
        return err_set(err, E_SYNTAX, "role %u: viewer, operator or admin is wanted", ask->role);
    if (ask->scope.n != 0)
        TRY(verb_name("owner scope", ask->scope, err));
    if (who->actor.kind == ACTOR_LOCAL)
        return check_bootstrap(service, ask, repeats, err);
    return verb_allow(who, OPERATE_OPERATOR, NULL, err);
}

/* One key is one holder's, here as everywhere (TD-01). */
enum result operator_check_key(struct service *service, const uint8_t spki[32], struct err *err)
{
    struct certificate other = {0};
    enum result result = store_certificate_with_key(service->store, spki, -1, &other, err);
    if (result == OK)
        return err_set(err, E_KEY_SHARED, "the key is in certificate %lld already",
                       (long long)other.id);
    return result == R_NOT_FOUND ? OK : result;
}

/* Is he asked for as he is already: in use, with this name, role and scope? */
static enum result is_repeat(struct service *service, const struct msg_operator_add *ask,
                             const uint8_t spki[32], bool *ret, struct err *err)
{
    struct operator_row row = {0};
    uint8_t space[LIMIT_NAME];
    struct buf name = buf_over(space, sizeof space);
    *ret = false;
    enum result result = store_operator(service->store, spki, &row, err);
    if (result == OK)
        result = store_personal(service->store, row.name, &name, err);
    if (result == R_NOT_FOUND) /* nobody, or his name was erased */
        return OK;
    TRY(result);
    *ret = row.state == 1 && row.role == ask->role && bytes_equal(buf_bytes(&name), ask->name) &&
           bytes_equal(text_bytes(row.scope), ask->scope);
    return OK;
}

static enum result answer_again(struct service *service, struct enrolment *job, struct err *err)
{
    struct operator_row row = {0};
    struct certificate old = {0};
    TRY(store_operator(service->store, job->spki_hash, &row, err));
    TRY(store_certificate_with_key(service->store, job->spki_hash, -1, &old, err));
    job->operator_id = row.id;
    return enrol_repeat(service, old.id, job, err);
}

static enum result add(struct service *service, const struct msg_operator_add *ask, int64_t now_s,
                       struct enrolment *job, struct err *err)
{
    TRY(operator_check_key(service, job->spki_hash, err));
    bool fits = text_copy(ask->name, job->common_name, sizeof job->common_name) &&
                text_copy(ask->scope, job->operator_scope, sizeof job->operator_scope);
    if (!fits)
        return err_set(err, E_SYNTAX, "name and scope: up to %d octets without NUL", LIMIT_NAME);
    job->operator_id = service_next_id(service, TABLE_OPERATOR);
    job->grant =
        (struct grant){.profile = PKI_OPERATOR, .common_name = text_bytes(job->common_name)};
    return enrol_grant(service, job, OPERATOR_VALIDITY_S, now_s, err);
}

enum result enrol_operator(struct service *service, const struct operator_is *who,
                           const struct msg_operator_add *ask, int64_t now_s, struct enrolment *job,
                           struct err *err)
{
    bool repeats = false;
    job->kind = ENROL_OPERATOR;
    job->operator_by = who->actor;
    job->operator_role = (enum role)ask->role;
    job->spki_n = ask->spki.n;
    memcpy(job->spki, ask->spki.p, ask->spki.n);
    sha256(ask->spki, job->spki_hash);
    TRY(is_repeat(service, ask, job->spki_hash, &repeats, err));
    TRY(check(service, who, ask, repeats, err));
    return repeats ? answer_again(service, job, err) : add(service, ask, now_s, job, err);
}
