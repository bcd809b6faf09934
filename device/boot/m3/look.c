// Started in an application's place: says what of the boot loader is left in memory, before
// anything writes there. `ram.bin` is all of the RAM, `place.bin` where the device's secret was.
#include "dice.h"

#include <board.h>

#define RAM ((const uint8_t *)0x20000000)
#define RAM_N 0x40000
#define STACK ((void *)0x21f00000) // beside the flash, so that RAM stays as it is

static void look(void)
{
    bool is_written = board_store("ram.bin", RAM, RAM_N) != 0 &&
                      board_store("place.bin", M3_SECRET, DICE_SECRET_N) != 0;
    board_exit(is_written ? 0 : 1);
}

struct vectors {
    void *stack;
    void (*reset)(void);
};
extern const struct vectors vectors; // the linker's entry
__attribute__((section(".vectors"), used)) const struct vectors vectors = {STACK, look};
