#include <base/url.h>

#include <base/address.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may stand behind scheme and host: RFC 3986 2.2 and 2.3 without '#', '[', ']' and quotes. */
static bool is_path(const char *text)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "-._~:/?@!$&()*+,;=%";
    return *text == '\0' || (*text == '/' && text[strspn(text, good)] == '\0');
}

static const char *after_scheme(const char *text, struct url *url)
{
    url->is_tls = strncmp(text, "https://", 8) == 0;
    if (url->is_tls)
        return text + 8;
    return strncmp(text, "http://", 7) == 0 ? text + 7 : NULL;
}

/* Cuts "host", "host:port", "[host]" and "[host]:port"; NULL when it is none of them. */
static const char *take_host(const char *at, size_t n, struct url *url)
{
    bool is_bracketed = n > 0 && at[0] == '[';
    const char *begin = is_bracketed ? at + 1 : at;
    size_t host_n = strcspn(begin, is_bracketed ? "]" : ":/");
    if (host_n > n || host_n >= sizeof url->host)
        return NULL;
    memcpy(url->host, begin, host_n);
    url->host[host_n] = '\0';
    url->is_literal = is_ip_literal(url->host);
    bool is_v6 = url->is_literal && strchr(url->host, ':') != NULL;
    if (is_bracketed != is_v6 || (!url->is_literal && !is_host_name(url->host)))
        return NULL;
    return begin + host_n + (is_bracketed ? 1 : 0);
}

static bool take_port(const char *at, const char *end, struct url *url)
{
    url->port = url->is_tls ? 443 : 80;
    if (at == end)
        return true;
    size_t digits = strspn(at + 1, "0123456789");
    if (*at != ':' || digits < 1 || digits > 5 || at + 1 + digits != end)
        return false;
    unsigned long port = strtoul(at + 1, NULL, 10);
    url->port = (uint16_t)port;
    return port >= 1 && port <= 65535;
}

static bool is_loopback(const struct url *url)
{
    return url->is_literal && (strncmp(url->host, "127.", 4) == 0 || strcmp(url->host, "::1") == 0);
}

static const char *read_url(const char *text, struct url *url)
{
    const char *host = after_scheme(text, url);
    if (host == NULL)
        return "wanted https://HOST[:PORT][/PATH]";
    size_t n = strcspn(host, "/");
    const char *port = take_host(host, n, url);
    if (port == NULL || port > host + n)
        return "wanted a DNS name, an IPv4 address or an IPv6 address in brackets as the host";
    if (!take_port(port, host + n, url))
        return "wanted a port from 1 to 65535";
    if (!is_path(host + n))
        return "wanted a path of letters, digits and -._~:/?@!$&()*+,;=%, without a fragment";
    if (!url->is_tls && !is_loopback(url))
        return "wanted https; http only to 127.0.0.1 or [::1]";
    snprintf(url->base, sizeof url->base, "%.*s", (int)(host + n - text), text);
    return NULL;
}

enum result url_parse(const char *text, struct url *ret, struct err *err)
{
    struct url url;
    memset(&url, 0, sizeof url);
    const char *why = "wanted at most 255 octets";
    if (strlen(text) < URL_TEXT_MAX)
        why = read_url(text, &url);
    if (why != NULL)
        return err_set(err, E_SYNTAX, "seen \"%s\", %s",
                       err_value(bytes_of(text, strlen(text))).text, why);
    *ret = url;
    return OK;
}
