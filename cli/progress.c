#include <base/clock.h>
#include <cli/progress.h>

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define QUIET_US 1000000 /* what is done by then needs no sign */
#define EVERY_US 200000

static int64_t begun_us, shown_us;

/* Is a sign of life due? *ret_s: for how long it has been going on. */
static bool is_due(int *ret_s)
{
    int64_t now_us = clock_monotonic_us();
    if (begun_us == 0)
        begun_us = now_us;
    if (now_us - begun_us < QUIET_US || now_us - shown_us < EVERY_US || !isatty(STDERR_FILENO))
        return false;
    shown_us = now_us;
    *ret_s = (int)((now_us - begun_us) / 1000000);
    return true;
}

void progress_show(void *context, uint64_t sent, uint64_t received)
{
    (void)context;
    int seconds = 0;
    if (is_due(&seconds))
        fprintf(stderr, "\r%3d s, sent %.1f MB, received %.1f MB ", seconds, (double)sent / 1e6,
                (double)received / 1e6);
}

void progress_count(const char *what, size_t done, size_t all)
{
    int seconds = 0;
    if (is_due(&seconds))
        fprintf(stderr, "\r%3d s, %zu of %zu %s ", seconds, done, all, what);
}

void progress_clear(void)
{
    if (shown_us != 0)
        fputs("\r\033[K", stderr);
    begun_us = 0;
    shown_us = 0;
}
