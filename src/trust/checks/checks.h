/* The checks themselves; the table in src/trust/check.c is the only caller. */
#ifndef TRUST_CHECKS_H
#define TRUST_CHECKS_H

#include <trust/check.h>

#define CHECK(number, NAME, name, ...)                                                             \
    struct opinion name(const struct facts *facts, const struct policy *policy, int64_t now_s);
#include <trust/checks.def>
#undef CHECK

/* When a certificate should have been renewed by, at the latest: from then on it is TD-08. */
int64_t renew_by_s(const struct facts *facts, const struct policy *policy);

/* What a rollover, an end or a list leaves behind is looked at again after so long: nobody says
 * when the last one is gone. */
#define LEAVES_LOOK_S 900
int64_t leaves_next_s(const struct facts *facts, int64_t now_s);

#define PUBLISH_LATE_S 60 /* a CRL follows a change within a second; from here on it is late */

#define CHECK(name)                                                                                \
    struct opinion name(const struct facts *facts, const struct policy *policy, int64_t now_s)

#endif
