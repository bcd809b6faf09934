// Reset: data to RAM, zeros, main.
#include <board.h>

#include <string.h>

extern uint8_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[];
extern uint8_t stack_bottom[], stack_top[];
int main(void);

#define PAINT 0xa5
#define IN_USE 256 // by reset() itself

// From the far end of what was painted.
size_t board_stack_used(void)
{
    const uint8_t *at = stack_bottom;
    while (*at == PAINT)
        at++;
    return (size_t)(stack_top - at);
}

__attribute__((noinline)) void board_wipe_stack(void)
{
    uint8_t *end;
    __asm__ volatile("mov %0, sp" : "=r"(end));
    for (volatile uint8_t *at = stack_bottom; at < end; at++)
        *at = PAINT;
}

static void reset(void)
{
    memset(stack_bottom, PAINT, (size_t)(stack_top - stack_bottom) - IN_USE);
    memcpy(data_begin, data_from, (size_t)(data_end - data_begin));
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
    board_exit(main());
}

static void fault(void)
{
    board_print("fault\n");
    board_exit(70);
}

struct vectors {
    void *stack;
    void (*reset)(void);
    void (*faults[14])(void);
};
extern const struct vectors vectors; // the linker's entry
__attribute__((section(".vectors"), used))
const struct vectors vectors = {stack_top, reset, {fault, fault, fault, fault, fault}};
