#include "crypto.h"

#include <troth/adapters/bearssl.h>

static const struct troth_algorithm *const algorithms[] = {&troth_bearssl_es256};
const struct troth_crypto m3_crypto = {algorithms, 1, &troth_hash_small, NULL};
