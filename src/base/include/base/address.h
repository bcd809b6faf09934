/* A socket address as the configuration writes it: "127.0.0.1:8443", "[::1]:8443". Plain data. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <base/err.h>

#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 64

struct address {
    struct sockaddr_storage sa;
    socklen_t n;                 /* bytes of `sa` that count; 0: no address */
    char text[ADDRESS_TEXT_MAX]; /* as written */
};

/* Reads a literal IPv4 or bracketed IPv6 address with a port 0-65535 (0: the system picks one). No
 * name is looked up. E_SYNTAX. */
MUST_USE enum result address_parse(const char *text, struct address *ret, struct err *err);

/* Fills `text` from the socket address: as the configuration writes it, "local" for a unix socket,
 * "?" for what is neither. */
void address_name(struct address *address);

/* The port, in host order. */
uint16_t address_port(const struct address *address);

/* Is `text` a literal IPv4 or IPv6 address (without port)? */
bool is_ip_literal(const char *text);

/* Is it a host name (RFC 1123 2.1): letters, digits and hyphens; no wildcard, no dot at the end? */
bool is_host_name(const char *text);

#endif
