// What the emulated board has (QEMU mps2-an385, Cortex-M3): a UART, a timer, and semihosting, whose
// files stand for what a device has beside them. Shared by the examples and the boot loader.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void board_start_uart(void);

// mbedTLS's way: octets done, below 0 when the line is dead.
int board_send(void *ctx, const unsigned char *from, size_t n);
int board_receive(void *ctx, unsigned char *to, size_t n);

// A file of the host as a part of flash. Octets read, 0 when it is not there; true when all was
// written.
size_t board_load(const char *name, uint8_t *to, size_t max);
int board_store(const char *name, const uint8_t *from, size_t n);

// The deepest that the stack has been, in octets.
size_t board_stack_used(void);

// Writes over what calls that are over have left below the caller's stack.
void board_wipe_stack(void);

// Text to the host, and to the UART.
void board_print(const char *text);
void board_say(const char *text);

// The number in decimal, for either; points into `space`.
#define BOARD_DIGITS_N 12
const char *board_digits(char space[BOARD_DIGITS_N], uint32_t number);

// A line of the two.
void board_say_figure(const char *name, uint32_t number);

// What QEMU was told after -semihosting-config ...,arg=; false: nothing that fits.
bool board_command(char *to, size_t max);

// Instructions since board_start_count(), where QEMU runs with -icount shift=6: a timer of 25 MHz
// has 1.6 ticks for each. Up to 2.7 thousand million.
void board_start_count(void);
uint32_t board_count(void);

_Noreturn void board_exit(int status);
