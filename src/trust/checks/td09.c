#include "checks.h"

/* Presented after it expired; began when that was seen, ends when a live certificate is there. */
CHECK(td09_expired_in_use)
{
    (void)policy;
    bool has_live = facts->not_after_s > now_s && facts->cert_state == CERT_CURRENT;
    if (facts->expired_used.known == YES && has_live)
        return (struct opinion){.open = NO, .next_s = facts->not_after_s};
    return opinion_since(facts->expired_used);
}
