#include <service/policy.h>

#include <crypto/hash.h>
#include <registry/policy.h>
#include <service/sweep.h>

/* The product that is meant; id 0 and no name: the fleet. */
static enum result find_product(struct service *service, struct bytes name, struct product *ret,
                                struct err *err)
{
    *ret = (struct product){0};
    if (name.n == 0)
        return OK;
    enum result result = store_product_named(service->store, name, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"", err_value(name).text);
    return result;
}

static enum result read(struct bytes body, struct policy_part *ret, struct err *err)
{
    if (body.n == 0 || !policy_body_read(body, ret))
        return err_set(err, E_POLICY_FILE, "policy: seen %zu octets that are none", body.n);
    return policy_check(ret, err);
}

/* What would be in force if this policy named nothing. */
static enum result read_below(struct service *service, const struct product *product,
                              struct policy *ret, struct err *err)
{
    struct policy_part fleet = {0};
    *ret = policy_normal();
    if (product->id == 0)
        return OK;
    TRY(policy_read_part(service->store, 0, &fleet, err));
    policy_apply(&fleet, ret);
    return OK;
}

static enum result put_words(struct service *service, const struct product *product,
                             const struct policy_part *part, struct bytes *ret, struct err *err)
{
    struct policy_part before = {0};
    struct policy below;
    struct buf words = buf_over(service->policy_words, sizeof service->policy_words);
    TRY(policy_read_part(service->store, product->id, &before, err));
    TRY(read_below(service, product, &below, err));
    policy_put_words(&before, part, &below, &words);
    if (!buf_ok(&words))
        return err_set(err, E_BUG, "a policy of more words than %d octets", LIMIT_POLICY_WORDS);
    *ret = buf_bytes(&words);
    return OK;
}

enum result policy_complete(struct service *service, struct msg_policy_set *ask, struct err *err)
{
    struct product product;
    struct policy_part part;
    TRY(find_product(service, ask->product, &product, err));
    TRY(read(ask->policy, &part, err));
    ask->judged = bytes_of(service->policy_judged, service->policy_judged_n);
    return put_words(service, &product, &part, &ask->words, err);
}

enum result policy_try(struct service *service, const struct msg_policy_set *ask, struct trial *ret,
                       struct err *err)
{
    struct product product;
    struct policy_part part;
    TRY(find_product(service, ask->product, &product, err));
    TRY(read(ask->policy, &part, err));
    return trial_begin(service->store, product.id, &part, ret, err);
}

void policy_tried(struct service *service, const struct trial *trial)
{
    struct buf words = buf_over(service->policy_judged, sizeof service->policy_judged);
    trial_put_words(trial, &words);
    service->policy_judged_n = buf_ok(&words) ? words.n : 0;
}

enum result policy_count_devices(struct service *service, const struct msg_policy_set *ask,
                                 int64_t *ret, struct err *err)
{
    struct product product;
    TRY(find_product(service, ask->product, &product, err));
    return store_count_devices(service->store, product.id, bytes_of(NULL, 0), ret, err);
}

/* What people signed says what it does. */
static enum result check_words(struct service *service, const struct product *product,
                               const struct msg_policy_set *ask, const struct policy_part *part,
                               struct err *err)
{
    struct bytes words;
    if (ask->words.n == 0)
        return OK;
    TRY(put_words(service, product, part, &words, err));
    if (!bytes_equal(words, ask->words))
        return err_set(err, E_CONFLICT,
                       "what the policy would change has changed since it was asked for; ask "
                       "again");
    return OK;
}

static void record(struct service *service, const struct policy_version *before, int64_t product,
                   struct bytes body, const uint8_t digest[32], int64_t now_s)
{
    int64_t id = service_next_id(service, TABLE_POLICY);
    if (before->id != 0)
        change_int(act_change(&service->act, TABLE_POLICY, before->id), COL_POLICY_STATE,
                   POLICY_SUPERSEDED);
    struct change *c = act_change(&service->act, TABLE_POLICY, id);
    change_int(c, COL_POLICY_PRODUCT, product);
    change_int(c, COL_POLICY_VERSION, before->version + 1);
    change_blob(c, COL_POLICY_BODY, body);
    change_blob(c, COL_POLICY_DIGEST, bytes_of(digest, 32));
    change_int(c, COL_POLICY_CREATED_AT, now_s);
    change_int(c, COL_POLICY_STATE, POLICY_IN_FORCE);
}

enum result verb_policy_set(struct service *service, const struct operator_is *who,
                            const struct msg_policy_set *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    uint8_t digest[32];
    struct product product;
    struct policy_part part;
    struct policy_version before = {0};
    struct waivers_cut cut = {.product = &product};
    TRY(verb_allow(who, OPERATE_POLICY, NULL, err));
    TRY(find_product(service, ask->product, &product, err));
    TRY(read(ask->policy, &part, err));
    TRY(check_words(service, &product, ask, &part, err));
    enum result result = store_policy(service->store, product.id, &before, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    answer->object = before.version;
    answer->unchanged = 1;
    if (result == OK && bytes_equal(bytes_of(before.body, before.body_n), ask->policy))
        return OK;

    sha256(ask->policy, digest);
    service_act(service, EVENT_POLICY_SET, now_s, who->actor, 0);
    record(service, &before, product.id, ask->policy, digest, now_s);
    answer->object = before.version + 1;
    answer->unchanged = 0;
    answer->created = 1;
    TRY(service_record(service, &answer->entry, err));
    TRY(waivers_cut(service, who, now_s, &cut, err));
    answer->changed = cut.n;
    return finding_sweep_begin(service, cut.beyond ? 0 : product.id, err);
}
