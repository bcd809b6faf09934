#include <service/verb.h>

#include <pki/grant.h>
#include <pki/keyquality.h>
#include <service/sweep.h>

#define PRODUCT_PROOFS_ALL (1U << PROOF_TOKEN | 1U << PROOF_REGISTERED | 1U << PROOF_IDEVID)
#define PRODUCT_VALIDITY_S (INT64_C(90) * 86400)
#define PRODUCT_VALIDITY_MIN_S 60
#define PRODUCT_ENROLS_A_YEAR 4

static enum result check_grace(int64_t grace_s, struct err *err)
{
    if (grace_s < 0 || grace_s > LIMIT_GRACE_S)
        return err_set(err, E_SYNTAX, "grace %lld s: 0 (never) to %d is wanted", (long long)grace_s,
                       LIMIT_GRACE_S);
    return OK;
}

static enum result check_claims(int64_t claims, struct err *err)
{
    if (claims < 0 || claims > LIMIT_CLAIMS_AN_HOUR)
        return err_set(err, E_SYNTAX, "claims an hour %lld: 0 (the default) to %d is wanted",
                       (long long)claims, LIMIT_CLAIMS_AN_HOUR);
    return OK;
}

static enum result check_keys(uint32_t keys, struct err *err)
{
    if ((keys & ~profile_find(PKI_LDEVID)->keys) != 0)
        return err_set(err, E_SYNTAX, "keys %#x: p256, p384, ed25519 and rsa can be accepted",
                       keys);
    return OK;
}

static enum result check(const struct msg_product_add *ask, struct err *err)
{
    TRY(verb_name("product name", ask->name, err));
    if (ask->hw_type.n != 0 && !is_hw_type(ask->hw_type))
        return err_set(err, E_SYNTAX, "hardware type \"%s\": an object identifier is wanted",
                       err_value(ask->hw_type).text);
    if ((ask->proofs & ~PRODUCT_PROOFS_ALL) != 0)
        return err_set(err, E_SYNTAX,
                       "proofs %#x: token, registered-key and idevid can be accepted", ask->proofs);
    if (ask->least_proof >= PROOF_COUNT)
        return err_set(err, E_SYNTAX, "least proof %u: 0 to %d is wanted", ask->least_proof,
                       PROOF_COUNT - 1);
    if (ask->validity_s != 0 && ask->validity_s < PRODUCT_VALIDITY_MIN_S)
        return err_set(err, E_SYNTAX, "validity %lld s: %d or more is wanted",
                       (long long)ask->validity_s, PRODUCT_VALIDITY_MIN_S);
    TRY(check_claims(ask->claims_an_hour, err));
    TRY(check_keys(ask->keys, err));
    return check_grace(ask->grace_s, err);
}

static enum result check_free(struct service *service, struct bytes name, struct err *err)
{
    struct product there = {0};
    enum result result = store_product_named(service->store, name, &there, err);
    if (result == OK)
        return err_set(err, E_CONFLICT, "product \"%s\" exists", there.name);
    return result == R_NOT_FOUND ? OK : result;
}

enum result verb_product_add(struct service *service, const struct operator_is *who,
                             const struct msg_product_add *ask, int64_t now_s,
                             struct msg_verb_answer *answer, struct err *err)
{
    TRY(verb_allow(who, OPERATE_PRODUCT, NULL, err));
    TRY(check(ask, err));
    TRY(check_free(service, ask->name, err));

    struct act *act = service_act(service, EVENT_PRODUCT_ADDED, now_s, who->actor, 0);
    answer->object = service_next_id(service, TABLE_PRODUCT);
    struct change *c = act_change(act, TABLE_PRODUCT, answer->object);
    change_text(c, COL_PRODUCT_NAME, ask->name);
    change_text(c, COL_PRODUCT_HW_TYPE, ask->hw_type);
    change_int(c, COL_PRODUCT_PROOFS, ask->proofs != 0 ? ask->proofs : PRODUCT_PROOFS_ALL);
    change_int(c, COL_PRODUCT_LEAST_PROOF, ask->least_proof);
    change_int(c, COL_PRODUCT_VALIDITY_S,
               ask->validity_s != 0 ? ask->validity_s : PRODUCT_VALIDITY_S);
    change_int(c, COL_PRODUCT_ENROLS_A_YEAR,
               ask->enrols_a_year != 0 ? ask->enrols_a_year : PRODUCT_ENROLS_A_YEAR);
    change_int(c, COL_PRODUCT_GRACE_S, ask->grace_s);
    change_int(c, COL_PRODUCT_CLAIMS_AN_HOUR, ask->claims_an_hour);
    change_int(c, COL_PRODUCT_KEYS, ask->keys != 0 ? ask->keys : KEYS_P256);
    answer->created = 1;
    return service_record(service, &answer->entry, err);
}

/* What is below 0 was not asked for. */
static void set(struct change *c, enum column column, int64_t wanted, int64_t is)
{
    if (wanted >= 0 && wanted != is)
        change_int(c, column, wanted);
}

enum result verb_product_set(struct service *service, const struct operator_is *who,
                             const struct msg_product_set *ask, int64_t now_s,
                             struct msg_verb_answer *answer, struct err *err)
{
    struct product product = {0};
    TRY(verb_allow(who, OPERATE_PRODUCT, NULL, err));
    enum result result = store_product_named(service->store, ask->product, &product, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"",
                       err_value(ask->product).text);
    TRY(result);
    answer->object = product.id;
    answer->unchanged = 1;
    if (ask->grace_s >= 0)
        TRY(check_grace(ask->grace_s, err));
    if (ask->claims_an_hour >= 0)
        TRY(check_claims(ask->claims_an_hour, err));
    TRY(check_keys(ask->keys, err));
    struct act *act = service_act(service, EVENT_PRODUCT_CHANGED, now_s, who->actor, 0);
    struct change *c = act_change(act, TABLE_PRODUCT, product.id);
    set(c, COL_PRODUCT_GRACE_S, ask->grace_s, product.grace_s);
    set(c, COL_PRODUCT_CLAIMS_AN_HOUR, ask->claims_an_hour, product.claims_an_hour);
    set(c, COL_PRODUCT_KEYS, ask->keys != 0 ? (int64_t)ask->keys : -1, product_keys(&product));
    if (c->n == 0)
        return OK;
    answer->unchanged = 0;
    answer->changed = 1;
    TRY(service_record(service, &answer->entry, err));
    bool is_judged_by = ask->grace_s >= 0 && ask->grace_s != product.grace_s;
    return is_judged_by ? finding_sweep_begin(service, product.id, err) : OK;
}
