// The device that the boot loader for the emulated board is built for. The host's simulator has it
// too (device/boot/sim/steps.c), so that both do the same steps on the same flash.
//
// Flash is a file of the host that QEMU loads into its PSRAM. Behind what the boot core writes lies
// what a factory put there: vendor, class and device id, and the first key set behind its length
// (32 bits, the lowest octet first).
#pragma once

#include <boot/boot.h>

#define M3_BLOCK_N 4096
#define M3_UNIT_N 8
#define M3_ENVELOPE_N (2 * M3_BLOCK_N)
#define M3_SLOT_N (M3_ENVELOPE_N + 16 * M3_BLOCK_N)
#define M3_STATE_AT (2 * M3_SLOT_N)
#define M3_KEYS_AT (M3_STATE_AT + 2 * M3_BLOCK_N)
#define M3_KEYS_N (2 * M3_BLOCK_N)
#define M3_FACTORY_AT (M3_KEYS_AT + 2 * M3_KEYS_N)
#define M3_FACTORY_N (2 * M3_BLOCK_N)
#define M3_FLASH_N (M3_FACTORY_AT + M3_FACTORY_N)

void m3_device(const struct boot_flash *flash, const struct troth_crypto *crypto,
               struct boot_device *ret);
