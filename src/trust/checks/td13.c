#include "checks.h"

/* Accepted or presented before its time, or the clock of its holder is off. What was seen before
 * its time stays so until that has come. */
CHECK(td13_clock)
{
    (void)policy;
    bool is_early = facts->kind == SUBJECT_FOREIGN && facts->clock.known == YES;
    if (!is_early)
        return opinion_since(facts->clock);
    if (now_s >= facts->not_before_s)
        return (struct opinion){.open = NO};
    return (struct opinion){
        .open = YES, .began_s = facts->clock.at_s, .next_s = facts->not_before_s};
}
