#include <boundary/boundary.h>

static const char *const words[BOUNDARY_REASON_COUNT] = {
    [BOUNDARY_REFUSED] = "refused",
    [BOUNDARY_ADMITTED] = "admitted",
    [BOUNDARY_NO_CERTIFICATE] = "no-certificate",
    [BOUNDARY_UNREADABLE] = "unreadable",
    [BOUNDARY_ISSUER] = "issuer",
    [BOUNDARY_SIGNATURE] = "signature",
    [BOUNDARY_PURPOSE] = "purpose",
    [BOUNDARY_EXPIRED] = "expired",
    [BOUNDARY_NOT_YET] = "not-yet",
    [BOUNDARY_UNKNOWN] = "unknown",
    [BOUNDARY_INVALID] = "invalid",
    [BOUNDARY_SUSPENDED] = "suspended",
    [BOUNDARY_SUPERSEDED] = "superseded",
    [BOUNDARY_SERVICE] = "service",
    [BOUNDARY_BINDING] = "binding",
    [BOUNDARY_STALE] = "stale",
    [BOUNDARY_NO_FEED] = "no-feed",
    [BOUNDARY_FORK] = "fork",
    [BOUNDARY_CLIENT_ID] = "client-id",
    [BOUNDARY_TAKEOVER] = "takeover",
};

const char *boundary_reason_word(enum boundary_reason reason)
{
    bool is_known = (unsigned)reason < BOUNDARY_REASON_COUNT && words[reason] != NULL;
    return is_known ? words[reason] : words[BOUNDARY_REFUSED];
}
