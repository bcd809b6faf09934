// What opens as sealed for a device whose secret is zeroes, at floor 3, is what it seals itself.
#include "fuzz.h"

#include <boot/adapters/bearssl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dice dice = {.floor = 3};
    static uint8_t text[4096], again[4096];
    struct buf b = buf_over(text, sizeof text), sealed = buf_over(again, sizeof again);
    if (size > sizeof again ||
        dice_unseal(&dice_bearssl, &dice, (struct troth_octets){data, size}, &b) != TROTH_VALID)
        return 0;
    must(size >= DICE_SEALED_EXTRA && b.n == size - DICE_SEALED_EXTRA && data[4] <= 3);
    if (data[4] == 3) {
        must(dice_seal(&dice_bearssl, &dice, (struct troth_octets){text, b.n}, &sealed));
        must(sealed.n == size && memcmp(again, data, size) == 0);
    }
    return 0;
}
