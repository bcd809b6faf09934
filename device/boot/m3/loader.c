// The boot loader: runs the slot that boot_start() names, or says why none runs.
#include "crypto.h"
#include "device.h"
#include "dice.h"
#include "flash.h"

#include <board.h>

#define VECTOR_TABLE (*(volatile uint32_t *)0xe000ed08) // VTOR, Armv7-M B3.2.5
#define EXIT_REFUSED 5

extern struct boot_report handoff; // by the linker's script: where the application looks

// From its vectors: the stack, and where it begins.
static _Noreturn void run(uint32_t at)
{
    const uint32_t *vectors = (const uint32_t *)(uintptr_t)at;
    VECTOR_TABLE = at;
    __asm__ volatile("msr msp, %0\n\tbx %1" : : "r"(vectors[0]), "r"(vectors[1]));
    __builtin_unreachable();
}

int main(void)
{
    struct boot_device device;
    m3_device(&m3_flash, &m3_crypto, &device);
    boot_start(&device, &handoff);
    enum troth_verdict verdict = m3_dice_start(&device, &handoff);
    board_start_uart();
    if (verdict == TROTH_VALID)
        run(M3_FLASH_BASE + handoff.image_at);
    board_say("refused ");
    board_say(troth_verdict_name(verdict));
    board_say("\n");
    return m3_flash_save() ? EXIT_REFUSED : 1;
}
