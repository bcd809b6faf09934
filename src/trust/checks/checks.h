/* The checks themselves; the table in src/trust/check.c is the only caller. */
#ifndef TRUST_CHECKS_H
#define TRUST_CHECKS_H

#include <trust/check.h>

#define CHECK(name)                                                                                \
    struct opinion name(const struct facts *facts, const struct policy *policy, int64_t now_s)

CHECK(td01_key_shared);
CHECK(td02_clone);
CHECK(td03_shared_credential);
CHECK(td04_bootstrap_alive);
CHECK(td06_proof_too_weak);
CHECK(td08_renewal_deferred);
CHECK(td09_expired_in_use);
CHECK(td12_weak_key);
CHECK(td14_superseded_alive);
CHECK(td17_zombie);

#endif
