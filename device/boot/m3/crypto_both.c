#include "crypto.h"

static const struct troth_algorithm *const algorithms[] = {&troth_es256, &troth_hss_lms};
const struct troth_crypto m3_crypto = {algorithms, 2, &troth_hash_small, NULL};
