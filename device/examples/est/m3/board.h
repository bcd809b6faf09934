// What the emulated board has (QEMU mps2-an385, Cortex-M3): a UART that is the line to the server,
// and semihosting, which stands for the device's flash.
#pragma once

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

void board_print(const char *text);
_Noreturn void board_exit(int status);
