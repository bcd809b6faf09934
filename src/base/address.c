#include <base/address.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE "address: wanted IPv4:PORT or [IPv6]:PORT, seen \"%s\""

/* Cuts "host:port" and "[host]:port" in place; NULL when the text is neither. */
static char *split_port(char *text, const char **ret_host)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL)
        return NULL;
    *colon = '\0';
    size_t n = strlen(text);
    bool bracketed = n > 2 && text[0] == '[' && text[n - 1] == ']';
    if (bracketed)
        text[n - 1] = '\0';
    else if (strchr(text, ':') != NULL)
        return NULL;
    *ret_host = bracketed ? text + 1 : text;
    return colon + 1;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 5 && text[digits] == '\0' && strtoul(text, NULL, 10) <= 65535;
}

enum result address_parse(const char *text, struct address *ret, struct err *err)
{
    struct address address = {.n = 0};
    char copy[ADDRESS_TEXT_MAX];
    const char *host = NULL;
    if (strlen(text) >= sizeof copy)
        return err_set(err, E_SYNTAX, "address: %zu bytes, wanted at most %zu", strlen(text),
                       sizeof copy - 1);
    snprintf(copy, sizeof copy, "%s", text);
    const char *port = split_port(copy, &host);
    if (port == NULL || !is_port(port))
        return err_set(err, E_SYNTAX, RULE, text);

    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (!is_ip_literal(host) || getaddrinfo(host, port, &hints, &found) != 0)
        return err_set(err, E_SYNTAX, RULE, text);
    memcpy(&address.sa, found->ai_addr, found->ai_addrlen);
    address.n = found->ai_addrlen;
    freeaddrinfo(found);
    snprintf(address.text, sizeof address.text, "%s", text);
    *ret = address;
    return OK;
}

uint16_t address_port(const struct address *address)
{
    if (address->sa.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->sa)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address->sa)->sin_port);
}

bool is_ip_literal(const char *text)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static bool is_label(const char *text, size_t n)
{
    if (n < 1 || n > 63 || text[0] == '-' || text[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '-')
            return false;
    return true;
}

bool is_host_name(const char *text)
{
    for (;;) {
        size_t n = strcspn(text, ".");
        if (!is_label(text, n))
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

void address_name(struct address *address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    int family = address->sa.ss_family;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->sa;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->sa;
    if (family != AF_INET && family != AF_INET6) {
        snprintf(address->text, sizeof address->text, "%s", family == AF_UNIX ? "local" : "?");
        return;
    }
    bool is_v6 = family == AF_INET6;
    inet_ntop(family, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, host,
              sizeof host);
    snprintf(address->text, sizeof address->text, is_v6 ? "[%s]:%u" : "%s:%u", host,
             address_port(address));
}
