/* What standing() says of a device now: the same judgement that its requests meet. */
#include "answer.h"

enum result query_verdict(const struct query *query, const struct subject *subject,
                          uint8_t *ret_verdict, struct err *err)
{
    struct facts facts = {0};
    TRY(subject_facts(query->store, subject, &facts, err));
    *ret_verdict = (uint8_t)standing(&facts, &subject->policy, query->now_s).verdict;
    return OK;
}
