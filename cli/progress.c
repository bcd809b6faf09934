#include <base/clock.h>
#include <cli/progress.h>

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define QUIET_US 1000000 /* what is done by then needs no sign */
#define EVERY_US 200000

static int64_t begun_us, shown_us;

void progress_show(void *context, uint64_t sent, uint64_t received)
{
    (void)context;
    int64_t now_us = clock_monotonic_us();
    if (begun_us == 0)
        begun_us = now_us;
    bool is_due = now_us - begun_us >= QUIET_US && now_us - shown_us >= EVERY_US;
    if (!is_due || !isatty(STDERR_FILENO))
        return;
    shown_us = now_us;
    fprintf(stderr, "\r%3d s, sent %.1f MB, received %.1f MB ",
            (int)((now_us - begun_us) / 1000000), (double)sent / 1e6, (double)received / 1e6);
}

void progress_clear(void)
{
    if (shown_us != 0)
        fputs("\r\033[K", stderr);
    begun_us = 0;
    shown_us = 0;
}
