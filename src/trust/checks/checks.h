/* The checks themselves; the table in src/trust/check.c is the only caller. */
#ifndef TRUST_CHECKS_H
#define TRUST_CHECKS_H

#include <trust/check.h>

#define CHECK(number, NAME, name, ...)                                                             \
    struct opinion name(const struct facts *facts, const struct policy *policy, int64_t now_s);
#include <trust/checks.def>
#undef CHECK

#define CHECK(name)                                                                                \
    struct opinion name(const struct facts *facts, const struct policy *policy, int64_t now_s)

#endif
