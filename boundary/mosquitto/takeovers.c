#include <broker/takeovers.h>

#include <string.h>

bool takeovers_add(struct takeovers *takeovers, bool had_sent, int64_t now_ms)
{
    if (!had_sent) {
        *takeovers = (struct takeovers){0};
        return false;
    }
    memmove(takeovers->at_ms + 1, takeovers->at_ms, sizeof takeovers->at_ms[0] * (TAKEOVERS - 1));
    takeovers->at_ms[0] = now_ms;
    int64_t first_ms = takeovers->at_ms[TAKEOVERS - 1];
    if (first_ms == 0 || now_ms - first_ms > TAKEOVERS_WITHIN_MS)
        return false;
    *takeovers = (struct takeovers){0};
    return true;
}
