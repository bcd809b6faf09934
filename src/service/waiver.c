/* A waiver: somebody answers for findings of a check until a day. It marks them and changes none.
 */
#include <service/verb.h>

#include <registry/policy.h>
#include <registry/waiver_most.h>
#include <service/finding.h>
#include <service/policy.h>
#include <service/sweep.h>

#include <base/text.h>

#include <stdlib.h>
#include <string.h>

/* What it covers, as it will stand in the row. */
struct scope {
    struct product product; /* id 0: any */
    int64_t device;         /* 0: any */
    struct bytes of_owner;  /* empty: any */
    struct subject subject; /* of the device */
    uint8_t reason[32];     /* the act has it by reference */
    int check;
};

/* The time that the next entry will have: replay holds the row to it. */
static int64_t entry_at_s(const struct service *service, int64_t now_s)
{
    int64_t last_s = ledger_last_at_s(service->ledger);
    return now_s > last_s ? now_s : last_s;
}

/* ---- what it covers ---------------------------------------------------------------------------
 */

static enum result find_product(struct service *service, struct bytes name, struct product *ret,
                                struct err *err)
{
    enum result result = store_product_named(service->store, name, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"", err_value(name).text);
    return result;
}

/* Of a device's it is its owner's finding alone, also when it gets another owner. */
static enum result read_device(struct service *service, const struct operator_is *who,
                               const struct msg_waiver_add *ask, struct scope *to, struct err *err)
{
    if (ask->of_owner.n > 0)
        return err_set(err, E_WAIVER, "owner: seen beside a device, which has one");
    TRY(verb_subject(service, who, ask->product, ask->serial_number, &to->subject, err));
    to->product = to->subject.product;
    to->device = to->subject.device.id;
    to->of_owner = text_bytes(to->subject.device.owner);
    return OK;
}

static enum result read_scope(struct service *service, const struct operator_is *who,
                              const struct msg_waiver_add *ask, struct scope *to, struct err *err)
{
    bool names_any = ask->product.n > 0 || ask->of_owner.n > 0;
    if (names_any == (ask->fleet != 0) || (ask->serial_number.n > 0 && ask->product.n == 0))
        return err_set(err, E_WAIVER,
                       "what it covers: wanted a product, a product and a serial number, the "
                       "owner of devices, or the fleet");
    if (ask->serial_number.n > 0)
        return read_device(service, who, ask, to, err);
    if (ask->product.n > 0)
        TRY(find_product(service, ask->product, &to->product, err));
    if (ask->of_owner.n > 0)
        TRY(verb_name("owner of the devices", ask->of_owner, err));
    to->of_owner = ask->of_owner;
    return OK;
}

/* Who sees one owner's devices answers for these alone. */
static enum result check_side(const struct operator_is *who, const struct scope *scope,
                              struct err *err)
{
    const char *his = who->row.scope;
    if (his[0] == '\0' || bytes_equal(scope->of_owner, text_bytes(his)))
        return OK;
    return err_set(err, E_OPERATOR,
                   "your scope is owner \"%s\", and the waiver would cover more; wanted one for "
                   "devices of that owner",
                   his);
}

static enum result check_kinds(const struct check *check, const struct scope *scope,
                               struct err *err)
{
    bool has_owner = (check->kinds & (KIND_DEVICE | KIND_FOREIGN)) != 0;
    bool has_product = has_owner || (check->kinds & KIND_PRODUCT) != 0;
    if ((scope->of_owner.n == 0 && scope->device == 0) || has_owner) {
        if (scope->product.id == 0 || has_product)
            return OK;
    }
    return err_set(err, E_WAIVER, "TD-%02d is about no device%s; wanted a waiver for the %s",
                   check->number, has_product ? "" : " and no product",
                   has_product ? "product, or the fleet" : "fleet");
}

/* ---- the rest of it ---------------------------------------------------------------------------
 */

static enum result find_check(int number, bool is_granted, const struct check **ret,
                              struct err *err)
{
    *ret = check_find(number);
    if (*ret == NULL)
        return err_set(err, E_WAIVER, "check: seen %d, wanted one of TD-01 to TD-%02d", number,
                       CHECK_MAX);
    if (number == CHECK_WAIVER_LAPSED)
        return err_set(err, E_NOT_WAIVED,
                       "TD-%02d says that a waiver has expired: decide about the finding that it "
                       "covered",
                       number);
    if ((check_most_severe(*ret) > SEVERITY_MEDIUM) != is_granted)
        return err_set(err, E_APPROVAL, "TD-%02d is %s at most: its waiver takes %s", number,
                       severity_word(check_most_severe(*ret)),
                       is_granted ? "one person" : "two people");
    return OK;
}

static enum result check_time(struct service *service, const struct scope *scope, int64_t expires_s,
                              int64_t now_s, struct err *err)
{
    struct waiver_most most = {0};
    char of_owner[LIMIT_NAME + 1] = "";
    if (expires_s <= now_s)
        return err_set(err, E_WAIVER, "until: seen an instant that is over, or none");
    (void)text_copy(scope->of_owner, of_owner, sizeof of_owner);
    const struct waiver_scope covers = {scope->check, scope->product.id, of_owner};
    TRY(waiver_most_read(service->store, &covers, &most, err));
    if (expires_s - now_s <= most.most_s)
        return OK;
    return err_set(
        err, E_WAIVER_LONG,
        "until: seen %lld days from now, wanted at most %lld, as the policy of %s%s says",
        (long long)((expires_s - now_s + DAY_S - 1) / DAY_S), (long long)(most.most_s / DAY_S),
        most.product[0] != '\0' ? "product " : "the fleet", most.product);
}

static bool is_blank(struct bytes text)
{
    size_t n = 0;
    while (n < text.n && text.p[n] == ' ')
        n++;
    return n == text.n;
}

static enum result check_text(const struct msg_waiver_add *ask, struct err *err)
{
    TRY(verb_name("owner who answers for it", ask->answers, err));
    if (is_blank(ask->reason))
        return err_set(err, E_WAIVER, "reason: seen none, wanted why this is let be");
    return OK;
}

static enum result build(struct service *service, const struct operator_is *who,
                         const struct msg_waiver_add *ask, struct scope *scope, int64_t now_s,
                         struct err *err)
{
    int64_t id = service_next_id(service, TABLE_WAIVER);
    TRY(verb_personal(service, ask->reason, scope->reason, err));
    struct change *c = act_change(&service->act, TABLE_WAIVER, id);
    change_int(c, COL_WAIVER_CHECK, ask->check);
    change_int(c, COL_WAIVER_PRODUCT, scope->product.id);
    change_int(c, COL_WAIVER_DEVICE, scope->device);
    change_text(c, COL_WAIVER_OF_OWNER, scope->of_owner);
    change_text(c, COL_WAIVER_ANSWERS, ask->answers);
    change_blob(c, COL_WAIVER_REASON, bytes_of(scope->reason, sizeof scope->reason));
    change_int(c, COL_WAIVER_CREATED_AT, entry_at_s(service, now_s));
    change_int(c, COL_WAIVER_EXPIRES_AT, ask->expires_s);
    change_int(c, COL_WAIVER_ASKED_BY, who->row.id);
    change_int(c, COL_WAIVER_STATE, WAIVER_STANDS);
    return OK;
}

/* Its end is one of the instants at which what it covers is judged. */
static enum result judge(struct service *service, int64_t device, int64_t product, int64_t now_s,
                         struct err *err)
{
    if (device != 0)
        return finding_settle(service, device, now_s, err);
    return finding_sweep_begin(service, product, err);
}

/* What is asked for, by which of the two messages. */
struct asked {
    const struct msg_waiver_add *ask;
    bool is_granted;
};

static enum result add(struct service *service, const struct operator_is *who, struct asked asked,
                       int64_t now_s, struct msg_verb_answer *answer, struct err *err)
{
    const struct msg_waiver_add *ask = asked.ask;
    bool is_granted = asked.is_granted;
    struct scope scope = {.check = ask->check};
    const struct check *check = NULL;
    TRY(verb_allow(who, is_granted ? OPERATE_GRANT : OPERATE_WAIVER, NULL, err));
    TRY(find_check(ask->check, is_granted, &check, err));
    TRY(read_scope(service, who, ask, &scope, err));
    TRY(check_side(who, &scope, err));
    TRY(check_kinds(check, &scope, err));
    TRY(check_text(ask, err));
    TRY(check_time(service, &scope, ask->expires_s, entry_at_s(service, now_s), err));

    service_act(service, is_granted ? EVENT_WAIVER_GRANTED : EVENT_WAIVER_ADDED, now_s, who->actor,
                scope.device);
    TRY(build(service, who, ask, &scope, now_s, err));
    answer->object = service->last_id[TABLE_WAIVER];
    answer->created = 1;
    TRY(service_record(service, &answer->entry, err));
    return judge(service, scope.device, scope.product.id, now_s, err);
}

enum result verb_waiver_add(struct service *service, const struct operator_is *who,
                            const struct msg_waiver_add *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    return add(service, who, (struct asked){ask, false}, now_s, answer, err);
}

enum result verb_waiver_grant(struct service *service, const struct operator_is *who,
                              const struct msg_waiver_grant *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    const struct msg_waiver_add same = {
        .check = ask->check,
        .product = ask->product,
        .serial_number = ask->serial_number,
        .of_owner = ask->of_owner,
        .fleet = ask->fleet,
        .answers = ask->answers,
        .reason = ask->reason,
        .expires_s = ask->expires_s,
    };
    return add(service, who, (struct asked){&same, true}, now_s, answer, err);
}

/* ---- its end ----------------------------------------------------------------------------------
 */

/* One that he could not have made is as good as none, unless it covers his devices as others'. */
static enum result find(struct service *service, const struct operator_is *who, int64_t id,
                        struct waiver *ret, struct err *err)
{
    enum result result = store_waiver(service->store, id, ret, err);
    bool is_anothers = result == OK && ret->of_owner[0] != '\0' && !verb_sees(who, ret->of_owner);
    if (result == R_NOT_FOUND || is_anothers)
        return err_set(err, E_NOT_FOUND, "there is no waiver %lld", (long long)id);
    TRY(result);
    if (!verb_sees(who, ret->of_owner))
        return err_set(err, E_OPERATOR, "waiver %lld covers more than owner \"%s\"", (long long)id,
                       who->row.scope);
    return OK;
}

/* An expired one is not ended: what it leaves open is decided anew. */
static enum result check_open(const struct waiver *waiver, int64_t now_s, struct err *err)
{
    if (waiver->state == WAIVER_STANDS && waiver->expires_s > now_s)
        return OK;
    return err_set(err, E_WAIVER_ENDED, "waiver %lld %s already", (long long)waiver->id,
                   waiver->state == WAIVER_STANDS ? "has expired" : "was ended");
}

enum result verb_waiver_end(struct service *service, const struct operator_is *who,
                            const struct msg_waiver_end *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    uint8_t note[32];
    struct waiver waiver;
    TRY(verb_allow(who, OPERATE_WAIVER, NULL, err));
    TRY(find(service, who, ask->waiver, &waiver, err));
    TRY(check_open(&waiver, entry_at_s(service, now_s), err));
    service_act(service, EVENT_WAIVER_ENDED, now_s, who->actor, waiver.device);
    TRY(verb_personal(service, ask->note, note, err));
    struct change *c = act_change(&service->act, TABLE_WAIVER, waiver.id);
    change_int(c, COL_WAIVER_STATE, WAIVER_ENDED);
    change_int(c, COL_WAIVER_ENDED_AT, entry_at_s(service, now_s));
    change_int(c, COL_WAIVER_ENDED_BY, who->row.id);
    answer->object = waiver.id;
    answer->changed = 1;
    TRY(service_record(service, &answer->entry, err));
    return judge(service, waiver.device, waiver.product, now_s, err);
}

/* ---- what a stricter policy no longer allows ---------------------------------------------------
 */

#define CUT_PAGE 64

struct page {
    size_t n;
    struct waiver rows[CUT_PAGE];
};

static enum result keep(void *context, const struct waiver *waiver, struct err *err)
{
    (void)err;
    struct page *page = context;
    page->rows[page->n++] = *waiver;
    return OK;
}

/* Until then, or it ends now: what was waived before stays so. */
static enum result shorten(struct service *service, const struct operator_is *who,
                           const struct waiver *waiver, int64_t until_s, int64_t now_s,
                           struct err *err)
{
    int64_t at_s = entry_at_s(service, now_s);
    service_act(service, EVENT_WAIVER_SHORTENED, now_s, who->actor, waiver->device);
    struct change *c = act_change(&service->act, TABLE_WAIVER, waiver->id);
    if (until_s > at_s) {
        change_int(c, COL_WAIVER_EXPIRES_AT, until_s);
    } else {
        change_int(c, COL_WAIVER_STATE, WAIVER_ENDED);
        change_int(c, COL_WAIVER_ENDED_AT, at_s);
        change_int(c, COL_WAIVER_ENDED_BY, who->row.id);
    }
    return service_record(service, NULL, err);
}

static enum result cut(struct service *service, const struct operator_is *who,
                       const struct waiver *waiver, int64_t now_s, struct waivers_cut *ret,
                       struct err *err)
{
    const struct waiver_scope covers = {waiver->check, waiver->product, waiver->of_owner};
    struct waiver_most most = {.most_s = ret->most_s};
    bool is_bound = false;
    TRY(waiver_is_bound(service->store, &covers, ret->product->id, &is_bound, err));
    if (!is_bound)
        return OK;
    if (waiver->product != 0) /* it may have a nearer word than the fleet's */
        TRY(waiver_most_read(service->store, &covers, &most, err));
    if (waiver->expires_s - waiver->created_s <= most.most_s)
        return OK;
    ret->n++;
    ret->beyond = ret->beyond || waiver->product != ret->product->id;
    return shorten(service, who, waiver, waiver->created_s + most.most_s, now_s, err);
}

enum result waivers_cut(struct service *service, const struct operator_is *who, int64_t now_s,
                        struct waivers_cut *ret, struct err *err)
{
    struct filter stand = {.open_only = true, .limit = CUT_PAGE};
    struct policy policy;
    TRY(policy_read(service->store, ret->product->id != 0 ? ret->product : NULL, &policy, err));
    ret->most_s = policy.waiver_most_s;
    struct page *page = calloc(1, sizeof *page);
    enum result result = page != NULL ? OK : err_set(err, E_MEMORY, "no memory for waivers");
    bool is_full = result == OK;
    stand.now_s = entry_at_s(service, now_s);
    while (result == OK && is_full) {
        page->n = 0;
        result = store_waivers(service->store, &stand, keep, page, err);
        for (size_t i = 0; i < page->n && result == OK; i++)
            result = cut(service, who, &page->rows[i], now_s, ret, err);
        is_full = page->n == CUT_PAGE;
        stand.after = page->n > 0 ? page->rows[page->n - 1].id : 0;
    }
    free(page);
    return result;
}
