/* The machine's own measure: one P-256 verification and one signature, by OpenSSL alone, as
 * `openssl speed ecdsap256` does them. Taken in short rows between the pieces of what is measured,
 * so that both see the same machine. */
#ifndef BENCH_CALIBRATION_H
#define BENCH_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

struct calibration {
    struct evp_pkey_ctx_st *signer, *verifier;
    uint8_t digest[32];
    uint64_t pairs;
    int64_t cpu_ns;
};

/* Makes a key; false when OpenSSL fails. Lives as long as the process. */
bool calibration_open(struct calibration *calibration);

/* One row of pairs, counted in CPU time of this thread; false when a signature is bad. */
bool calibration_row(struct calibration *calibration);

/* Microseconds of CPU for a pair; 0 before the first row. */
double calibration_us(const struct calibration *calibration);

#endif
