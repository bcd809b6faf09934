/* What `troth verify` verifies with. */
#include "verify_parts.h"

#include <troth/adapters/openssl.h>
#include <troth/adapters/openssl_more.h>

static const struct troth_algorithm *const algorithms[] = {
    &troth_openssl_es256, &troth_openssl_esp256,  &troth_openssl_es384, &troth_openssl_esp384,
    &troth_openssl_eddsa, &troth_openssl_ed25519, &troth_openssl_ps256, &troth_hss_lms,
};

const struct troth_crypto verify_crypto = {
    algorithms,
    sizeof algorithms / sizeof algorithms[0],
    &troth_openssl_sha256,
    troth_openssl_wide,
};
