#include <crypto/start.h>

#include "fail.h"
#include "p256.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

enum result crypto_start(struct err *err)
{
    uint8_t seed[1];

    /* Its configuration file is read here or never. */
    if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
        return fail_openssl(err, E_KEY, "OpenSSL does not start");
    if (RAND_bytes(seed, sizeof(seed)) != 1 || RAND_priv_bytes(seed, sizeof(seed)) != 1)
        return fail_openssl(err, E_KEY, "OpenSSL has no random numbers");
    return p256_start(err);
}
