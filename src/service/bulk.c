/* A verb on many devices, until it begins: what is selected, what it would change, who may. */
#include <service/bulk.h>

#include <base/text.h>
#include <wire/x509_crl.h>

#include <string.h>

/* ---- what is selected ------------------------------------------------------------------------ */

static enum result check_verb(const struct msg_bulk *ask, struct err *err)
{
    if (ask->verb != VERB_RETIRE && ask->verb != VERB_REVOKE)
        return err_set(err, E_SYNTAX, "verb \"%s\": retire and revoke are done in bulk",
                       device_verb_word((enum device_verb)ask->verb));
    if (ask->reason != 0 && ask->verb != VERB_REVOKE)
        return err_set(err, E_SYNTAX, "reason: only revoke takes one");
    bool is_listed = ask->listed != 0;
    bool is_selected = ask->product.n + ask->owner.n + ask->batch.n > 0;
    if (is_listed == is_selected)
        return err_set(err, E_SYNTAX, "seen %s, wanted product, owner or batch, or else a list",
                       is_listed ? "both" : "neither");
    return OK;
}

static enum result find_product(struct service *service, struct bytes name, int64_t *ret,
                                struct err *err)
{
    struct product product = {0};
    *ret = 0;
    if (name.n == 0)
        return OK;
    enum result result = store_product_named(service->store, name, &product, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"", err_value(name).text);
    *ret = product.id;
    return result;
}

enum result bulk_select(struct service *service, const struct operator_is *who,
                        const struct msg_bulk *ask, struct bulk *ret, struct err *err)
{
    struct bulk bulk = {
        .verb = ask->verb,
        .reason = ask->reason,
        .listed = ask->listed != 0,
        .asker = who->row.id,
        .state = BULK_WAITING,
    };
    TRY(check_verb(ask, err));
    TRY(verb_allow(who, OPERATE_DEVICE, NULL, err));
    TRY(find_product(service, ask->product, &bulk.product, err));
    if (!text_copy(ask->owner, bulk.owner, sizeof bulk.owner) ||
        !text_copy(ask->batch, bulk.batch, sizeof bulk.batch))
        return err_set(err, E_SYNTAX, "owner, batch: up to %d octets are wanted", LIMIT_NAME);
    if (bulk.owner[0] != '\0')
        TRY(verb_allow(who, OPERATE_DEVICE, bulk.owner, err));
    if (!bulk.listed && bulk.owner[0] == '\0')
        (void)text_copy(text_bytes(who->row.scope), bulk.owner, sizeof bulk.owner);
    bulk.id = service_next_id(service, TABLE_BULK);
    *ret = bulk;
    return OK;
}

enum result bulk_gather_row(struct service *service, const struct operator_is *who,
                            const struct bulk *bulk, const struct msg_import_row *row,
                            struct err *err)
{
    struct subject subject = {0};
    struct err why = {0};
    enum result result =
        verb_subject(service, who, row->product, row->serial_number, &subject, &why);
    if (result != OK && !result_is_ours(result))
        return err_set(err, E_BULK_LIST, "line %u: %s", row->line, why.text);
    if (result != OK) {
        *err = why;
        return result;
    }
    return store_put_member(service->store, bulk->id, subject.device.id, err);
}

/* ---- what it would change -------------------------------------------------------------------- */

bool bulk_changes(const struct bulk *bulk, const struct subject *subject)
{
    enum device_state state = (enum device_state)subject->device.state;
    if (device_edge(state, (enum device_verb)bulk->verb) == STATE_NONE)
        return false;
    return bulk->verb != VERB_REVOKE || subject->live_n > 0;
}

static void count_in(struct bulk *bulk, struct bulk_count *count, const struct subject *subject)
{
    uint8_t octets[8];
    struct buf id = buf_over(octets, sizeof octets);
    buf_put_u64be(&id, (uint64_t)subject->device.id);
    sha256_add(&count->ids, buf_bytes(&id));
    count->devices[subject->device.state]++;
    for (size_t i = 0; i < subject->live_n; i++) {
        count->pending += subject->live[i].state == CERT_PENDING;
        count->current += subject->live[i].state == CERT_CURRENT;
    }
    bulk->devices++;
    bulk->certificates += (int64_t)subject->live_n;
}

static enum result count_one(struct service *service, struct bulk *bulk, int64_t device,
                             struct bulk_count *count, struct err *err)
{
    struct device row = {0};
    struct subject subject = {0};
    TRY(store_device(service->store, device, &row, err));
    TRY(subject_read(service->store, &row, &subject, err));
    count->after = device;
    if (bulk_changes(bulk, &subject)) {
        count_in(bulk, count, &subject);
        return OK;
    }
    count->unchanged++;
    return store_drop_member(service->store, bulk->id, device, err);
}

enum result bulk_count(struct service *service, struct bulk *bulk, struct bulk_count *count,
                       bool *ret_is_over, struct err *err)
{
    struct members members = {.max = BULK_COUNTED};
    TRY(store_members(service->store, bulk->id, count->after, &members, err));
    for (size_t i = 0; i < members.n; i++)
        TRY(count_one(service, bulk, members.devices[i], count, err));
    *ret_is_over = members.n < BULK_COUNTED;
    if (*ret_is_over)
        sha256_end(&count->ids, bulk->digest);
    return OK;
}

/* ---- the row --------------------------------------------------------------------------------- */

enum result bulk_record(struct service *service, const struct operator_is *who,
                        const struct bulk *bulk, struct bytes note, int64_t now_s, struct err *err)
{
    uint8_t digest[32];
    if (bulk->devices == 0)
        return err_set(err, E_BULK_EMPTY, "%s: seen no device to change, wanted one at least",
                       device_verb_word((enum device_verb)bulk->verb));
    struct act *act = service_act(service, EVENT_BULK_ASKED, now_s, who->actor, 0);
    struct change *c = act_change(act, TABLE_BULK, bulk->id);
    change_int(c, COL_BULK_VERB, bulk->verb);
    change_int(c, COL_BULK_REASON, bulk->reason);
    change_int(c, COL_BULK_PRODUCT, bulk->product);
    change_text(c, COL_BULK_OWNER, text_bytes(bulk->owner));
    change_text(c, COL_BULK_BATCH, text_bytes(bulk->batch));
    change_int(c, COL_BULK_LISTED, bulk->listed);
    change_int(c, COL_BULK_DEVICES, bulk->devices);
    change_int(c, COL_BULK_CERTIFICATES, bulk->certificates);
    change_blob(c, COL_BULK_DIGEST, bytes_of(bulk->digest, sizeof bulk->digest));
    change_int(c, COL_BULK_OPERATOR, bulk->asker);
    change_int(c, COL_BULK_STATE, BULK_WAITING);
    change_int(c, COL_BULK_CREATED_AT, now_s);
    TRY(verb_personal(service, note, digest, err));
    return service_record(service, NULL, err);
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* What one person begins without another is counted by the hour, so that portions are no way round
 * the limit. */
static enum result count_hour(struct service *service, const struct operator_is *who, int64_t add,
                              int64_t now_s, int64_t *ret_sum, struct err *err)
{
    struct counter counter = {"bulk", who->row.person, now_s / 3600};
    return store_count(service->store, &counter, add, ret_sum, err);
}

enum result bulk_takes_two(struct service *service, const struct operator_is *who,
                           const struct bulk *bulk, int64_t now_s, bool *ret, struct err *err)
{
    int64_t begun = 0;
    TRY(count_hour(service, who, 0, now_s, &begun, err));
    *ret = begun + bulk->devices > LIMIT_BULK_ALONE;
    return OK;
}

enum result bulk_message(struct service *service, const struct bulk *bulk, struct product *product,
                         struct msg_bulk_run *ret, struct err *err)
{
    if (bulk->product != 0)
        TRY(store_product(service->store, bulk->product, product, err));
    *ret = (struct msg_bulk_run){
        .bulk = bulk->id,
        .verb = text_bytes(device_verb_word((enum device_verb)bulk->verb)),
        .product = bulk->product != 0 ? text_bytes(product->name) : bytes_of(NULL, 0),
        .owner = text_bytes(bulk->owner),
        .batch = text_bytes(bulk->batch),
        .listed = bulk->listed,
        .reason = (uint8_t)bulk->reason,
        .devices = bulk->devices,
        .certificates = bulk->certificates,
    };
    memcpy(ret->digest, bulk->digest, sizeof ret->digest);
    return OK;
}

static bool is_same(const struct msg_bulk_run *a, const struct msg_bulk_run *b)
{
    return bytes_equal(a->verb, b->verb) && bytes_equal(a->product, b->product) &&
           bytes_equal(a->owner, b->owner) && bytes_equal(a->batch, b->batch) &&
           a->listed == b->listed && a->reason == b->reason && a->devices == b->devices &&
           a->certificates == b->certificates &&
           memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

enum result verb_bulk_run(struct service *service, const struct operator_is *who,
                          const struct msg_bulk_run *ask, int64_t now_s,
                          struct msg_verb_answer *answer, struct err *err)
{
    struct bulk bulk = {0};
    struct product product = {0};
    struct msg_bulk_run recorded = {0};
    bool takes_two = false;
    int64_t sum = 0;
    TRY(verb_allow(who, OPERATE_DEVICE, NULL, err));
    enum result result = store_bulk(service->store, ask->bulk, &bulk, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no bulk %lld", (long long)ask->bulk);
    TRY(result);
    TRY(bulk_message(service, &bulk, &product, &recorded, err));
    if (bulk.state != BULK_WAITING || !is_same(ask, &recorded))
        return err_set(err, E_CONFLICT, "bulk %lld is %s, or is not what was asked for",
                       (long long)bulk.id, bulk_state_word((enum bulk_state)bulk.state));

    TRY(bulk_takes_two(service, who, &bulk, now_s, &takes_two, err));
    enum event event = takes_two ? EVENT_LARGE_BULK_BEGAN : EVENT_BULK_BEGAN;
    if (!takes_two)
        TRY(count_hour(service, who, bulk.devices, now_s, &sum, err));
    struct act *act = service_act(service, event, now_s, who->actor, 0);
    change_int(act_change(act, TABLE_BULK, bulk.id), COL_BULK_STATE, BULK_RUNNING);
    answer->object = bulk.id;
    answer->changed = (uint32_t)bulk.devices;
    answer->certificates = (uint32_t)bulk.certificates;
    return service_record(service, &answer->entry, err);
}
