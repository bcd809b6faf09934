#include <service/verb.h>

enum result verb_clock_accept(struct service *service, const struct operator_is *who,
                              const struct msg_clock_accept *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    TRY(verb_allow(who, OPERATE_CLOCK, NULL, err));
    service_act(service, EVENT_CLOCK_ACCEPTED, now_s, who->actor, 0);
    TRY(service_record(service, &answer->entry, err));
    if (!ask->dry_run && service->watch == NULL) /* a rehearsal is undone, and this could not be */
        clock_guard_accept(&service->clock);
    answer->changed = 1;
    return OK;
}
