#include <base/rand.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(void *to, size_t n)
{
    uint8_t *at = to;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno != EINTR)
            abort();
        size_t taken = got > 0 ? (size_t)got : 0;
        at += taken;
        n -= taken;
    }
}

uint64_t rand_below(uint64_t below)
{
    if (below < 2)
        return 0;
    /* Values past the last whole multiple would favour the small remainders: drawn again. */
    uint64_t whole = UINT64_MAX - UINT64_MAX % below, value = 0;
    do
        rand_bytes(&value, sizeof value);
    while (value >= whole);
    return value % below;
}
