/* Does an open finding refuse the request? (design 2, effects) */
#include "enrol.h"

#include <trust/standing.h>

/* Nothing but what the catalogue itself refuses, which no time opens? */
static bool is_normal(const struct policy *policy)
{
    const struct policy normal = policy_normal();
    for (int number = 1; number <= CHECK_MAX; number++)
        if (policy->effect[number] == EFFECT_REFUSE && normal.effect[number] != EFFECT_REFUSE)
            return false;
    return true;
}

static int refusing_row(const struct subject *subject, const struct policy *policy)
{
    for (size_t i = 0; i < subject->open_n; i++)
        if (policy->effect[subject->open[i].check] == EFFECT_REFUSE)
            return subject->open[i].check;
    return 0;
}

/* An enrolment is judged by the proof that it brings: what is demanded ends a proof too weak. */
static void as_asked(const struct enrolment *job, int64_t now_s, struct facts *facts)
{
    if (job->operation == OPERATION_ENROL)
        facts->proof = credential_proof(job->credential);
    if (facts->enrolled_at_s == 0)
        facts->enrolled_at_s = now_s;
}

enum result enrol_read_refusing(struct service *service, const struct enrolment *job, int64_t now_s,
                                int *ret, struct err *err)
{
    struct facts facts = {0};
    int row = refusing_row(&job->subject, &job->subject.policy);
    *ret = 0;
    if (row == 0 && is_normal(&job->subject.policy))
        return OK;
    TRY(subject_facts(service->store, &job->subject, &facts, err));
    as_asked(job, now_s, &facts);
    struct standing judged = standing(&facts, &job->subject.policy, now_s);
    *ret = standing_refusing(&judged, &job->subject.policy);
    if (row != 0 && standing_failed(&judged, row)) /* what it said before still stands */
        *ret = row;
    return OK;
}
