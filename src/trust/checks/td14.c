#include "checks.h"

#define PUBLISH_LATE_S 60 /* a CRL follows a change within a second; from here on it is late */

/* The old certificate is not on any published CRL although its successor was proven. Only who looks
 * again hears that the CRL has come. */
CHECK(td14_superseded_alive)
{
    (void)policy;
    struct since alive = facts->replaced_alive;
    if (alive.known != YES)
        return opinion_since(alive);
    bool is_late = now_s >= alive.at_s + PUBLISH_LATE_S;
    return (struct opinion){
        .open = is_late ? YES : NO,
        .began_s = is_late ? alive.at_s : 0,
        .next_s = is_late ? now_s + PUBLISH_LATE_S : alive.at_s + PUBLISH_LATE_S,
    };
}
