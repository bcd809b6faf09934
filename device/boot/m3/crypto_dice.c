#include "dice.h"

#include <boot/adapters/bearssl_m15.h>

const struct dice_crypto m3_dice_crypto = {dice_bearssl_hmac, dice_bearssl_m15_point,
                                           dice_bearssl_m15_sign, dice_bearssl_seal};
