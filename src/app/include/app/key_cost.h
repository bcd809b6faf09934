/* What signatures of a kind of key cost on this machine, measured at that moment. */
#ifndef APP_KEY_COST_H
#define APP_KEY_COST_H

#include <crypto/key.h>

#include <stdio.h>

struct key_cost_rate {
    int64_t signs_per_s, verifies_per_s;
};

/* Takes about KEY_COST_MS of processor time, beside making the key. One thread. E_KEY. */
#define KEY_COST_MS 200
MUST_USE enum result key_cost_measure(enum key_kind kind, struct key_cost_rate *ret,
                                      struct err *err);

/* Writes to `to` what `kind` costs beside P-256, both measured now. */
MUST_USE enum result key_cost_warn(enum key_kind kind, FILE *to, struct err *err);

#endif
