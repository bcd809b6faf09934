/* Bindings: who may do what at a service, wherever it is guarded. */
#include <service/verb.h>

#include <base/text.h>
#include <service/boundary.h>
#include <service/finding.h>
#include <trust/boundary_words.h>
#include <wire/pattern.h>

#include <assert.h>
#include <string.h>

static_assert((int)BINDING_PRODUCT == SERVICE_KIND_PRODUCT &&
                  (int)BINDING_OWNER == SERVICE_KIND_OWNER &&
                  (int)BINDING_DEVICE == SERVICE_KIND_DEVICE &&
                  (int)BINDING_KIND_COUNT == SERVICE_KIND_COUNT,
              "rows have the numbers that boundaries are told");
static_assert(1 << BINDING_CONNECT == PATTERN_CONNECT && 1 << BINDING_PUBLISH == PATTERN_PUBLISH &&
                  1 << BINDING_SUBSCRIBE == PATTERN_SUBSCRIBE &&
                  1 << BINDING_REQUEST == PATTERN_REQUEST &&
                  (1 << BINDING_ACTION_COUNT) - 1 == PATTERN_ACTIONS &&
                  LIMIT_PATTERN == PATTERN_MAX && LIMIT_SERVICES == SERVICE_SERVICES_MAX,
              "rows have the bits that boundaries are told");

/* Whose devices, as it will stand in the row. */
struct group {
    enum binding_kind kind;
    int64_t product; /* 0: any */
    struct bytes value;
    struct subject subject; /* of one device */
};

static enum result find_product(struct service *service, struct bytes name, int64_t *ret,
                                struct err *err)
{
    struct product product = {0};
    enum result result = store_product_named(service->store, name, &product, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"", err_value(name).text);
    *ret = product.id;
    return result;
}

static enum result read_device(struct service *service, const struct operator_is *who,
                               const struct msg_binding_add *ask, struct group *to, struct err *err)
{
    if (ask->of_owner.n > 0)
        return err_set(err, E_BINDING_SAYS, "owner: seen beside a device, which has one");
    TRY(verb_subject(service, who, ask->product, ask->serial_number, &to->subject, err));
    to->kind = BINDING_DEVICE;
    to->product = to->subject.product.id;
    to->value = text_bytes(to->subject.device.serial_number);
    return OK;
}

static enum result read_group(struct service *service, const struct operator_is *who,
                              const struct msg_binding_add *ask, struct group *to, struct err *err)
{
    bool names_any = ask->product.n > 0 || ask->of_owner.n > 0;
    if (!names_any || (ask->serial_number.n > 0 && ask->product.n == 0))
        return err_set(err, E_BINDING_SAYS,
                       "whose devices: wanted a product, an owner (of that product's, if both), or "
                       "a product and a serial number");
    if (ask->serial_number.n > 0)
        return read_device(service, who, ask, to, err);
    if (ask->product.n > 0)
        TRY(find_product(service, ask->product, &to->product, err));
    to->kind = ask->of_owner.n > 0 ? BINDING_OWNER : BINDING_PRODUCT;
    if (ask->of_owner.n > 0)
        TRY(verb_name("owner of the devices", ask->of_owner, err));
    to->value = ask->of_owner;
    return OK;
}

static bool has_level(struct bytes pattern, struct bytes level)
{
    for (size_t from = 0, to = 0; from <= pattern.n; from = ++to) {
        while (to < pattern.n && pattern.p[to] != '/')
            to++;
        if (bytes_equal(bytes_slice(pattern, from, to - from), level))
            return true;
    }
    return false;
}

/* By whole levels: "%owner%b" of owner "a" is owner "ab". A serial number is one of its product's,
 * and other owners' devices may have it in another. */
static bool is_own(struct bytes pattern)
{
    return has_level(pattern, bytes_text("%owner%")) ||
           (has_level(pattern, bytes_text("%product%")) &&
            has_level(pattern, bytes_text("%device%")));
}

/* Who sees one owner's devices binds these alone, and to what is theirs: a service has topics and
 * paths of others too. */
static enum result check_side(const struct operator_is *who, const struct msg_binding_add *ask,
                              const struct group *group, struct err *err)
{
    const char *his = who->row.scope;
    bool is_his = group->kind == BINDING_DEVICE ||
                  (group->kind == BINDING_OWNER && bytes_equal(group->value, text_bytes(his)));
    if (his[0] == '\0')
        return OK;
    if (!is_his)
        return err_set(err, E_OPERATOR,
                       "your scope is owner \"%s\", and the binding would be for more; wanted one "
                       "for that owner, or for a device of his",
                       his);
    if ((ask->actions & ~(unsigned)PATTERN_CONNECT) != 0 && !is_own(ask->pattern))
        return err_set(err, E_OPERATOR,
                       "your scope is owner \"%s\", and the pattern names what others have too; "
                       "wanted %%owner%%, or %%product%% and %%device%%, as levels of it",
                       his);
    return OK;
}

static enum result check_what(struct service *service, const struct msg_binding_add *ask,
                              int64_t now_s, struct err *err)
{
    const char *why = NULL;
    bool is_there = false;
    TRY(verb_name("service", ask->service, err));
    TRY(store_has_service(service->store, ask->service, &is_there, err));
    if (!is_there)
        return err_set(err, E_NOT_FOUND, "no boundary has a service \"%s\"",
                       err_value(ask->service).text);
    if (ask->actions == 0 || ask->actions > PATTERN_ACTIONS)
        return err_set(err, E_BINDING_SAYS,
                       "actions: seen none, wanted some of connect, publish, subscribe, request");
    if (!pattern_is_fit(ask->pattern, ask->actions, &why))
        return err_set(err, E_BINDING_SAYS, "pattern \"%s\": %s", err_value(ask->pattern).text,
                       why);
    if (ask->expires_s != 0 && ask->expires_s <= now_s)
        return err_set(err, E_BINDING_SAYS, "expires: seen an instant that is over");
    return OK;
}

/* ---- the same again ----------------------------------------------------------------------------
 */

struct search {
    const struct msg_binding_add *ask;
    const struct group *group;
    int64_t found;
};

static enum result compare(void *context, const struct binding *row, struct err *err)
{
    (void)err;
    struct search *search = context;
    const struct msg_binding_add *ask = search->ask;
    bool is_it = row->kind == (int)search->group->kind && row->product == search->group->product &&
                 bytes_equal(text_bytes(row->value), search->group->value) &&
                 row->actions == ask->actions && row->expires_s == ask->expires_s &&
                 bytes_equal(text_bytes(row->pattern), ask->pattern);
    if (is_it)
        search->found = row->id;
    return OK;
}

static void build(struct service *service, const struct msg_binding_add *ask,
                  const struct group *group, int64_t now_s)
{
    struct change *c = act_change(&service->act, TABLE_BINDING, service->last_id[TABLE_BINDING]);
    change_text(c, COL_BINDING_SERVICE, ask->service);
    change_int(c, COL_BINDING_KIND, group->kind);
    change_int(c, COL_BINDING_PRODUCT, group->product);
    change_text(c, COL_BINDING_VALUE, group->value);
    change_int(c, COL_BINDING_ACTIONS, ask->actions);
    change_text(c, COL_BINDING_PATTERN, ask->pattern);
    change_int(c, COL_BINDING_EXPIRES_AT, ask->expires_s);
    change_int(c, COL_BINDING_STATE, BINDING_IN_USE);
    change_int(c, COL_BINDING_CREATED_AT, now_s);
}

static enum result judge(struct service *service, int64_t binding, int64_t now_s, struct err *err)
{
    const struct subject_key key = {SUBJECT_BINDING, binding};
    return finding_settle_about(service, key, now_s, err);
}

enum result verb_binding_add(struct service *service, const struct operator_is *who,
                             const struct msg_binding_add *ask, int64_t now_s,
                             struct msg_verb_answer *answer, struct err *err)
{
    struct group group = {.kind = BINDING_NONE};
    struct search search = {.ask = ask, .group = &group};
    const struct filter in_force = {.open_only = true, .now_s = now_s};
    TRY(verb_allow(who, OPERATE_BINDING, NULL, err));
    TRY(check_what(service, ask, now_s, err));
    TRY(read_group(service, who, ask, &group, err));
    TRY(check_side(who, ask, &group, err));
    TRY(store_bindings(service->store, &in_force, ask->service, compare, &search, err));
    answer->unchanged = search.found != 0;
    answer->object = search.found;
    if (search.found != 0)
        return OK;

    service_act(service, EVENT_BINDING_ADDED, now_s, who->actor, group.subject.device.id);
    answer->object = service_next_id(service, TABLE_BINDING);
    answer->created = 1;
    build(service, ask, &group, now_s);
    TRY(service_record(service, &answer->entry, err));
    TRY(boundary_check_room(service, ask->service, now_s, err));
    return judge(service, answer->object, now_s, err);
}

/* ---- its end ------------------------------------------------------------------------------------
 */

/* The device of a binding of one; id 0 when it is for more. */
static enum result device_of(struct service *service, const struct binding *row, struct device *ret,
                             struct err *err)
{
    *ret = (struct device){0};
    if (row->kind != BINDING_DEVICE)
        return OK;
    return store_device_named(service->store, row->product, text_bytes(row->value), ret, err);
}

/* One that he could not have made is as good as none. */
static enum result find(struct service *service, const struct operator_is *who, int64_t id,
                        struct binding *ret, struct device *ret_device, struct err *err)
{
    enum result result = store_binding(service->store, id, ret, err);
    if (result == OK)
        TRY(device_of(service, ret, ret_device, err));
    const char *owner = result == OK && ret->kind == BINDING_OWNER ? ret->value : ret_device->owner;
    bool is_there = result == OK && ret->state == BINDING_IN_USE && verb_sees(who, owner);
    if (result == R_NOT_FOUND || (result == OK && !is_there))
        return err_set(err, E_NOT_FOUND, "there is no binding %lld in use", (long long)id);
    return result;
}

enum result verb_binding_remove(struct service *service, const struct operator_is *who,
                                const struct msg_binding_remove *ask, int64_t now_s,
                                struct msg_verb_answer *answer, struct err *err)
{
    struct binding row;
    struct device device = {0};
    uint8_t note[32];
    TRY(verb_allow(who, OPERATE_BINDING, NULL, err));
    TRY(find(service, who, ask->binding, &row, &device, err));
    struct act *act = service_act(service, EVENT_BINDING_REMOVED, now_s, who->actor, device.id);
    TRY(verb_personal(service, ask->note, note, err));
    change_int(act_change(act, TABLE_BINDING, row.id), COL_BINDING_STATE, BINDING_ENDED);
    answer->object = row.id;
    answer->changed = 1;
    TRY(service_record(service, &answer->entry, err));
    return judge(service, row.id, now_s, err);
}
