/* The end of an issuer: nobody needs it any more, or two people say so. */
#include <service/finding.h>
#include <service/issuer.h>

#define ENOUGH 2 /* persons */

/* An owner's may end while it issues: the fleet's goes on for his devices. */
static enum result find(const struct service *service, uint32_t number, struct err *err)
{
    if (number >= PKI_ISSUERS || service->issuers[number].id == 0)
        return err_set(err, E_NOT_FOUND, "there is no issuer %u", number);
    if (service->issuer_state[number] == ISSUER_ENDED)
        return err_set(err, E_CONFLICT, "issuer %u is retired", number);
    if (service->issuer_state[number] == ISSUER_CURRENT && service->issuer_owner[number][0] == '\0')
        return err_set(err, E_ISSUER_IN_USE, "issuer %u is the current %s", number,
                       authority_word((enum authority_kind)service->issuers[number].kind));
    return OK;
}

struct below {
    uint32_t root;
    int64_t found; /* an issuer below it that did not end; 0 = none */
};

static enum result look_below(void *ctx, const struct authority_row *row, struct err *err)
{
    (void)err;
    struct below *below = ctx;
    int64_t root = row->root != 0 ? row->root : PKI_ISSUER_ROOT;
    bool is_below = row->kind != AUTHORITY_ROOT && root == below->root;
    if (is_below && row->state != ISSUER_ENDED && below->found == 0)
        below->found = row->id;
    return OK;
}

/* A root goes last: whoever needs it needs an issuer below it. */
static enum result check_below(struct service *service, uint32_t number, struct err *err)
{
    struct below below = {.root = number};
    if (service->issuers[number].kind != PKI_ISSUER_ROOT)
        return OK;
    TRY(store_issuers(service->store, look_below, &below, err));
    if (below.found != 0)
        return err_set(err, E_ROLLOVER, "issuer %lld is below root %u and not retired",
                       (long long)below.found, number);
    return OK;
}

static enum result check_needs(struct service *service, uint32_t number, int64_t now_s,
                               struct err *err)
{
    struct issuer_needs needs = {0};
    TRY(store_issuer_needs(service->store, number, bytes_of(NULL, 0), now_s, &needs, err));
    if (needs.devices + needs.operators + needs.boundaries > 0)
        return err_set(err, E_ISSUER_NEEDED,
                       "%lld devices and %lld operators and %lld boundaries still have "
                       "certificates of issuer %u only",
                       (long long)needs.devices, (long long)needs.operators,
                       (long long)needs.boundaries, number);
    return OK;
}

static void end(struct service *service, const struct operator_is *who, enum event event,
                uint32_t number, int64_t now_s, struct msg_verb_answer *answer)
{
    struct act *act = service_act(service, event, now_s, who->actor, 0);
    change_int(act_change(act, TABLE_ISSUER, number), COL_ISSUER_STATE, ISSUER_ENDED);
    answer->object = number;
    answer->changed = 1;
}

enum result verb_issuer_retire(struct service *service, const struct operator_is *who,
                               const struct msg_issuer_retire *ask, int64_t now_s,
                               struct msg_verb_answer *answer, struct err *err)
{
    TRY(verb_allow(who, OPERATE_ISSUER, NULL, err));
    TRY(find(service, ask->number, err));
    TRY(check_below(service, ask->number, err));
    TRY(check_needs(service, ask->number, now_s, err));
    end(service, who, EVENT_ISSUER_RETIRED, ask->number, now_s, answer);
    TRY(service_record(service, &answer->entry, err));
    return finding_issuers_changed(service, now_s, err);
}

enum result verb_issuer_force(struct service *service, const struct operator_is *who,
                              const struct msg_issuer_force *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    TRY(verb_allow(who, OPERATE_ISSUER, NULL, err));
    TRY(find(service, ask->number, err));
    TRY(check_below(service, ask->number, err));
    if (service->approvers < ENOUGH)
        return err_set(err, E_ISSUER_FORCE, "%lld approvers, wanted are %d",
                       (long long)service->approvers, ENOUGH);
    end(service, who, EVENT_ISSUER_FORCED, ask->number, now_s, answer);
    TRY(service_record(service, &answer->entry, err));
    return finding_issuers_changed(service, now_s, err);
}
