#include <service/finding.h>
#include <service/verb.h>

/* Of a finding that evidence closes nobody says that it is over. */
static enum result check_kind(const struct finding *finding, struct err *err)
{
    if (finding->closed_at_s != 0)
        return err_set(err, E_CONFLICT, "finding %lld is closed already", (long long)finding->id);
    if (finding_waits_for_person((enum subject_kind)finding->kind, finding->check))
        return OK;
    if (finding->kind == SUBJECT_INSTALLATION)
        return err_set(err, E_CONFLICT,
                       "finding %lld is about the installation: it closes at a start without its "
                       "condition",
                       (long long)finding->id);
    return err_set(err, E_CONFLICT,
                   "finding %lld is about %s %s: it closes when its condition ends; see `troth "
                   "device show`",
                   (long long)finding->id, finding->kind == SUBJECT_ISSUER ? "an" : "a",
                   subject_word((enum subject_kind)finding->kind));
}

enum result verb_finding_close(struct service *service, const struct operator_is *who,
                               const struct msg_finding_close *ask, int64_t now_s,
                               struct msg_verb_answer *answer, struct err *err)
{
    uint8_t note[32];
    struct finding finding = {0};
    TRY(verb_allow(who, OPERATE_PRODUCT, NULL, err));
    enum result result = store_finding(service->store, ask->finding, &finding, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no finding %lld", (long long)ask->finding);
    TRY(result);
    TRY(check_kind(&finding, err));

    struct act *act = service_act(service, EVENT_FINDING_ANSWERED, now_s, who->actor, 0);
    TRY(verb_personal(service, ask->note, note, err));
    struct change *c = act_change(act, TABLE_FINDING, finding.id);
    change_int(c, COL_FINDING_CLOSED_AT, now_s);
    change_int(c, COL_FINDING_CLOSED_BY, CLOSING_PERSON);
    answer->object = finding.id;
    answer->findings = 1;
    return service_record(service, &answer->entry, err);
}
