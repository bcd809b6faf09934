// The board's flash: a part of QEMU's PSRAM that keeps flash's rules (an erased block is all ones,
// a write only clears bits). QEMU loads it at power-on; flash_save() writes it back.
#pragma once

#include <boot/flash.h>

#define M3_FLASH_BASE 0x21000000u // what is at 0 of the flash, for the core

extern const struct boot_flash m3_flash;

// To the host's file `flash.bin`; false: it cannot be written.
bool m3_flash_save(void);
