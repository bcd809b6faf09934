#include <board.h>

#include <string.h>

// ---- CMSDK UART 0 ------------------------------------------------------------------------------

struct uart {
    volatile uint32_t data, state, control, interrupt, divider;
};
#define UART ((struct uart *)0x40004000)
#define SEND_FULL 1U
#define RECEIVE_FULL 2U
#define SILENCE_MAX 200000000U // turns of the waiting loop: some eight seconds, emulated on a PC

void board_start_uart(void)
{
    UART->divider = 16;
    UART->control = 3; // both directions
}

int board_send(void *ctx, const unsigned char *from, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        while (UART->state & SEND_FULL)
            ;
        UART->data = from[i];
    }
    return (int)n;
}

int board_receive(void *ctx, unsigned char *to, size_t n)
{
    (void)ctx;
    uint32_t silence = 0;
    while (!(UART->state & RECEIVE_FULL))
        if (++silence > SILENCE_MAX)
            return -1;
    size_t done = 0;
    while (done < n && (UART->state & RECEIVE_FULL))
        to[done++] = (unsigned char)UART->data;
    return (int)done;
}

void board_say(const char *text)
{
    board_send(NULL, (const unsigned char *)text, strlen(text));
}

const char *board_digits(char space[BOARD_DIGITS_N], uint32_t number)
{
    size_t at = BOARD_DIGITS_N - 1;
    space[at] = '\0';
    do {
        space[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return space + at;
}

void board_say_figure(const char *name, uint32_t number)
{
    char digits[BOARD_DIGITS_N];
    board_say(name);
    board_say(" ");
    board_say(board_digits(digits, number));
    board_say("\n");
}

// ---- CMSDK timer 0 -----------------------------------------------------------------------------

struct timer {
    volatile uint32_t control, value, reload, interrupt;
};
#define TIMER ((struct timer *)0x40000000)

void board_start_count(void)
{
    TIMER->control = 0;
    TIMER->reload = TIMER->value = UINT32_MAX;
    TIMER->control = 1;
}

uint32_t board_count(void)
{
    uint32_t ticks = UINT32_MAX - TIMER->value;
    return ticks / 8 * 5 + ticks % 8 * 5 / 8;
}

// ---- semihosting (Arm IHI 0092) ----------------------------------------------------------------

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE0 = 0x04, SYS_WRITE = 0x05, SYS_READ = 0x06 };
enum { SYS_FLEN = 0x0c, SYS_GET_CMDLINE = 0x15, SYS_EXIT_EXTENDED = 0x20 };
#define OPEN_READ 1  // "rb"
#define OPEN_WRITE 5 // "wb"
#define APPLICATION_EXIT 0x20026

static int semihost(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static int open_file(const char *name, uintptr_t mode)
{
    const uintptr_t arguments[] = {(uintptr_t)name, mode, strlen(name)};
    return semihost(SYS_OPEN, arguments);
}

static void close_file(int file)
{
    const uintptr_t arguments[] = {(uintptr_t)file};
    semihost(SYS_CLOSE, arguments);
}

size_t board_load(const char *name, uint8_t *to, size_t max)
{
    int file = open_file(name, OPEN_READ);
    if (file < 0)
        return 0;
    const uintptr_t which[] = {(uintptr_t)file};
    int size = semihost(SYS_FLEN, which);
    size_t n = size > 0 && (size_t)size <= max ? (size_t)size : 0;
    const uintptr_t arguments[] = {(uintptr_t)file, (uintptr_t)to, n};
    if (n > 0 && semihost(SYS_READ, arguments) != 0)
        n = 0;
    close_file(file);
    return n;
}

int board_store(const char *name, const uint8_t *from, size_t n)
{
    int file = open_file(name, OPEN_WRITE);
    if (file < 0)
        return 0;
    const uintptr_t arguments[] = {(uintptr_t)file, (uintptr_t)from, n};
    int left = semihost(SYS_WRITE, arguments);
    close_file(file);
    return left == 0;
}

void board_print(const char *text)
{
    semihost(SYS_WRITE0, text);
}

bool board_command(char *to, size_t max)
{
    uintptr_t arguments[] = {(uintptr_t)to, max};
    return semihost(SYS_GET_CMDLINE, arguments) == 0;
}

void board_exit(int status)
{
    const uintptr_t arguments[] = {APPLICATION_EXIT, (uintptr_t)status};
    semihost(SYS_EXIT_EXTENDED, arguments);
    for (;;)
        ;
}
