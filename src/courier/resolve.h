/* Private: whom a name means, and whether it may be spoken to. */
#ifndef COURIER_RESOLVE_H
#define COURIER_RESOLVE_H

#include <base/address.h>
#include <base/url.h>

#define RESOLVED_MAX 8

struct resolved {
    size_t n;
    struct address all[RESOLVED_MAX]; /* `text` is "192.0.2.1:443" or "[2001:db8::1]:443" */
};

/* Makes the C library look names up without anything that the sandbox lacks: no library loaded
 * late, no other daemon asked, and at most a few seconds. Call it before. */
void resolve_prepare(void);

/* Every address of the host that may be spoken to, at least one. A name never means this machine
 * itself, its links, or many at once (docs/decisions/webhooks.md). Blocks. E_UNREACHABLE. */
MUST_USE enum result resolve(const struct url *url, struct resolved *ret, struct err *err);

/* May a name mean it? Not unspecified, loopback, link-local, multicast, broadcast, or one of those
 * written as IPv6. */
bool resolve_allows(const struct sockaddr *address);

#endif
