/* The address of somebody else's server, as the configuration writes it. Plain data.
 *
 * Narrower than RFC 3986, so that no two readers can understand it differently: https, or http to a
 * literal loopback address; a DNS name or an IP literal; no user, no fragment; printable ASCII
 * without what some take for a delimiter. */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <base/err.h>

#include <stdbool.h>
#include <stdint.h>

#define URL_TEXT_MAX 256 /* octets, with the NUL */

struct url {
    bool is_tls;
    bool is_literal;         /* the host is an address, not a name */
    uint16_t port;           /* 443 and 80 where the text has none */
    char host[URL_TEXT_MAX]; /* IPv6 without brackets */
    char base[URL_TEXT_MAX]; /* scheme, host and port as written, without the path */
};

/* E_SYNTAX with the rule; `ret` is then untouched. No name is looked up. */
MUST_USE enum result url_parse(const char *text, struct url *ret, struct err *err);

#endif
