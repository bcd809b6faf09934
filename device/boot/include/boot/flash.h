// Flash as the boot core sees it: memory-mapped to read, erased by blocks, written once by units.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_flash {
    uint32_t erase_n; // octets of a block, a power of two
    uint32_t write_n; // octets of a unit, a power of two, at most BOOT_UNIT_MAX
    // Each may be cut by a loss of power, and then has done any part of its work. False: it failed.
    bool (*erase)(void *context, uint32_t at);
    bool (*write)(void *context, uint32_t at, const void *octets, uint32_t n);
    // Where `n` octets from `at` on can be read.
    const uint8_t *(*map)(void *context, uint32_t at, uint32_t n);
    void *context;
};

#define BOOT_UNIT_MAX 256
#define BOOT_BLANK 0xff // an erased octet

// Whole blocks.
struct boot_area {
    uint32_t at, n;
};

bool flash_erase(const struct boot_flash *flash, const struct boot_area *area);

// At `at` of the area, a multiple of the unit, on erased octets; the last unit is filled with
// blanks. What was written is read again.
bool flash_write(const struct boot_flash *flash, const struct boot_area *area, uint32_t at,
                 const void *octets, uint32_t n);

const uint8_t *flash_map(const struct boot_flash *flash, const struct boot_area *area);
bool flash_is_blank(const uint8_t *octets, uint32_t n);

// Four octets, the lowest first.
uint32_t flash_u32(const uint8_t *octets);
