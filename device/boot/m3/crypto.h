// What the images of this folder verify with: one file of crypto_*.c is linked.
#pragma once

#include <troth/crypto.h>

extern const struct troth_crypto m3_crypto;
