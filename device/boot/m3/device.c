#include "device.h"

enum { FACTORY_VENDOR = 0, FACTORY_CLASS = 16, FACTORY_DEVICE = 32, FACTORY_KEYS = 48 };
#define SIZE_N 4

static const uint8_t component[] = {0x81, 0x41, 0x00}; // [h'00']

static struct troth_octets keys_of(const uint8_t *factory)
{
    const uint8_t *size = factory + FACTORY_KEYS;
    uint32_t n = (uint32_t)size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 |
                 (uint32_t)size[3] << 24;
    if (n > M3_FACTORY_N - FACTORY_KEYS - SIZE_N)
        n = 0; // no factory was here: there is no key set, and nothing starts
    return (struct troth_octets){size + SIZE_N, n};
}

void m3_device(const struct boot_flash *flash, const struct troth_crypto *crypto,
               struct boot_device *ret)
{
    const uint8_t *factory = flash->map(flash->context, M3_FACTORY_AT, M3_FACTORY_N);
    *ret = (struct boot_device){
        .flash = flash,
        .layout =
            {
                .slots = {{0, M3_SLOT_N}, {M3_SLOT_N, M3_SLOT_N}},
                .envelope_n = M3_ENVELOPE_N,
                .state = {M3_STATE_AT, 2 * M3_BLOCK_N},
                .keys = {{M3_KEYS_AT, M3_KEYS_N}, {M3_KEYS_AT + M3_KEYS_N, M3_KEYS_N}},
            },
        .vendor = factory + FACTORY_VENDOR,
        .class_id = factory + FACTORY_CLASS,
        .device = factory + FACTORY_DEVICE,
        .component = {component, sizeof component},
        .crypto = crypto,
        .keys = keys_of(factory),
    };
}
