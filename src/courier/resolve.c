#include "resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For each server of resolv.conf; a reload waits ten seconds for every process. */
#define RESOLVER_OPTIONS "timeout:1 attempts:2"

void resolve_prepare(void)
{
    struct addrinfo *found = NULL;
    (void)__nss_configure_lookup("hosts", "files dns"); /* both are in the C library */
    setenv("RES_OPTIONS", RESOLVER_OPTIONS, 1);
    if (getaddrinfo("localhost", "1", NULL, &found) == 0) /* whatever is made at the first use */
        freeaddrinfo(found);
}

static bool allows_v4(uint32_t address)
{
    uint32_t first = address >> 24;
    bool is_link_local = address >> 16 == 0xa9fe; /* 169.254/16: metadata of cloud machines too */
    return first != 0 && first != 127 && first < 224 && !is_link_local;
}

static bool allows_v6(const struct in6_addr *address)
{
    const uint8_t *octet = address->s6_addr;
    uint32_t low = (uint32_t)octet[12] << 24 | (uint32_t)octet[13] << 16 |
                   (uint32_t)octet[14] << 8 | octet[15];
    if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address))
        return allows_v4(low);
    return !IN6_IS_ADDR_UNSPECIFIED(address) && !IN6_IS_ADDR_LOOPBACK(address) &&
           !IN6_IS_ADDR_LINKLOCAL(address) && !IN6_IS_ADDR_MULTICAST(address);
}

bool resolve_allows(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return allows_v4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    return address->sa_family == AF_INET6 &&
           allows_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static void add(struct resolved *to, const struct addrinfo *info)
{
    struct address *address = &to->all[to->n++];
    *address = (struct address){.n = info->ai_addrlen};
    memcpy(&address->sa, info->ai_addr, info->ai_addrlen);
    address_name(address);
}

/* What the configuration writes as an address is meant. */
static void add_allowed(struct resolved *to, const struct addrinfo *found, bool is_literal)
{
    for (; found != NULL && to->n < RESOLVED_MAX; found = found->ai_next)
        if (is_literal || resolve_allows(found->ai_addr))
            add(to, found);
}

enum result resolve(const struct url *url, struct resolved *ret, struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags =
                                       AI_NUMERICSERV | (url->is_literal ? AI_NUMERICHOST : 0)};
    struct addrinfo *found = NULL;
    struct resolved resolved = {0};
    char port[8];
    snprintf(port, sizeof port, "%u", url->port);
    int bad = getaddrinfo(url->host, port, &hints, &found);
    if (bad != 0)
        return err_set(err, E_UNREACHABLE, "%s: %s", url->host, gai_strerror(bad));
    add_allowed(&resolved, found, url->is_literal);
    freeaddrinfo(found);
    if (resolved.n == 0)
        return err_set(err, E_UNREACHABLE,
                       "%s: means this machine, its link or many at once; a name must not",
                       url->host);
    *ret = resolved;
    return OK;
}
