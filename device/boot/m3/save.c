#include "device.h"
#include "flash.h"

#include <board.h>

bool m3_flash_save(void)
{
    return board_store("flash.bin", (const uint8_t *)(uintptr_t)M3_FLASH_BASE, M3_FLASH_N) != 0;
}
