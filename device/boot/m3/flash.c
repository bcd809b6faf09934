#include "flash.h"
#include "device.h"

#include <string.h>

static uint8_t *octets_at(uint32_t at)
{
    return (uint8_t *)(uintptr_t)(M3_FLASH_BASE + at);
}

static bool erase(void *context, uint32_t at)
{
    (void)context;
    memset(octets_at(at), BOOT_BLANK, M3_BLOCK_N);
    return true;
}

static bool write(void *context, uint32_t at, const void *octets, uint32_t n)
{
    (void)context;
    const uint8_t *from = octets;
    uint8_t *to = octets_at(at);
    for (uint32_t i = 0; i < n; i++)
        to[i] &= from[i];
    return true;
}

static const uint8_t *map(void *context, uint32_t at, uint32_t n)
{
    (void)context;
    (void)n;
    return octets_at(at);
}

const struct boot_flash m3_flash = {M3_BLOCK_N, M3_UNIT_N, erase, write, map, NULL};
