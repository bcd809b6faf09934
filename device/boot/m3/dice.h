// Measured boot on the board, or none: dice_start.c, dice_act.c and crypto_dice.c are linked, or
// dice_none.c.
//
// The device's secret is a file that QEMU puts into memory at power-on: what the boot loader took
// from there nobody reads again until the next one.
#pragma once

#include <boot/dice.h>

#define M3_SECRET ((uint8_t *)0x21b00000)

extern const struct dice_crypto m3_dice_crypto;

// In the boot loader, with what it will start: leaves the struct dice where the application looks,
// and of what is secret nothing else in memory. Not TROTH_VALID: nothing is to be started.
enum troth_verdict m3_dice_start(const struct boot_device *device,
                                 const struct boot_report *report);

// In the application: what it does at a word that is none of its own.
enum troth_verdict m3_dice_act(const char *command);
