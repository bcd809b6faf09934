#include "calibration.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <time.h>

#define PAIRS_IN_ROW 8 /* the first pays for cold caches, the others do not */

static int64_t thread_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool calibration_open(struct calibration *calibration)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    *calibration = (struct calibration){.digest = {1}};
    if (key == NULL)
        return false;
    calibration->signer = EVP_PKEY_CTX_new(key, NULL);
    calibration->verifier = EVP_PKEY_CTX_new(key, NULL);
    return EVP_PKEY_sign_init(calibration->signer) == 1 &&
           EVP_PKEY_verify_init(calibration->verifier) == 1;
}

static bool pair(struct calibration *calibration)
{
    uint8_t signature[80];
    size_t n = sizeof signature;
    calibration->digest[0]++;
    return EVP_PKEY_sign(calibration->signer, signature, &n, calibration->digest,
                         sizeof calibration->digest) == 1 &&
           EVP_PKEY_verify(calibration->verifier, signature, n, calibration->digest,
                           sizeof calibration->digest) == 1;
}

bool calibration_row(struct calibration *calibration)
{
    bool good = pair(calibration); /* not counted: it finds the caches as others left them */
    int64_t begun = thread_cpu_ns();
    for (int i = 1; i < PAIRS_IN_ROW; i++)
        good = pair(calibration) && good;
    calibration->cpu_ns += thread_cpu_ns() - begun;
    calibration->pairs += PAIRS_IN_ROW - 1;
    return good;
}

double calibration_us(const struct calibration *calibration)
{
    return calibration->pairs == 0
               ? 0
               : (double)calibration->cpu_ns / (double)calibration->pairs / 1000.0;
}
