/* What a scan is to look at, as people write it. */
#include <base/address.h>
#include <base/file.h>
#include <base/text.h>
#include <cli/scan.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (16 << 20)

static enum result refuse(struct bytes text, struct err *err)
{
    return err_set(err, E_TARGET,
                   "seen \"%s\", wanted HOST:PORT, [IPv6]:PORT, HOST or ADDRESS/BITS",
                   err_value(text).text);
}

/* 1 to 65535; 0 for what is no port. */
static uint16_t read_port(struct bytes text)
{
    unsigned long value = 0;
    if (text.n == 0 || text.n > 5)
        return 0;
    for (size_t i = 0; i < text.n; i++) {
        if (!isdigit(text.p[i]))
            return 0;
        value = value * 10 + (unsigned long)(text.p[i] - '0');
    }
    return value <= UINT16_MAX ? (uint16_t)value : 0;
}

enum result scan_ports(struct scan_targets *targets, const char *text, struct err *err)
{
    targets->ports_n = 0;
    for (;;) {
        size_t n = strcspn(text, ",");
        uint16_t port = read_port(bytes_of(text, n));
        if (port == 0 || targets->ports_n == SCAN_PORTS_MAX)
            return err_set(err, E_USAGE, "--port: seen \"%s\", wanted at most %d of 1-65535",
                           err_value(bytes_of(text, n)).text, SCAN_PORTS_MAX);
        targets->ports[targets->ports_n++] = port;
        if (text[n] == '\0')
            return OK;
        text += n + 1;
    }
}

static enum result push(struct scan_targets *targets, const char *host, uint16_t port,
                        struct err *err)
{
    if (targets->n == SCAN_TARGETS_MAX)
        return err_set(err, E_TOO_LARGE, "more than %d targets; scan them in parts",
                       SCAN_TARGETS_MAX);
    if (targets->n % 1024 == 0) {
        struct scan_target *list =
            reallocarray(targets->list, targets->n + 1024, sizeof *targets->list);
        if (list == NULL)
            return err_set(err, E_MEMORY, "no memory for %zu targets", targets->n + 1024);
        targets->list = list;
    }
    struct scan_target *target = &targets->list[targets->n++];
    (void)snprintf(target->host, sizeof target->host, "%s", host);
    target->port = port;
    return OK;
}

static enum result push_all_ports(struct scan_targets *targets, const char *host, struct err *err)
{
    for (size_t i = 0; i < targets->ports_n; i++)
        TRY(push(targets, host, targets->ports[i], err));
    return OK;
}

/* ---- networks ------------------------------------------------------------------------------- */

struct network {
    int family;
    size_t n;      /* octets of an address */
    uint8_t p[16]; /* the address at hand */
    unsigned bits; /* of the prefix */
};

static bool read_network(const char *address, struct bytes bits, struct network *ret)
{
    struct network network = {.family = AF_INET, .n = 4};
    if (inet_pton(AF_INET, address, network.p) != 1) {
        network.family = AF_INET6;
        network.n = 16;
        if (inet_pton(AF_INET6, address, network.p) != 1)
            return false;
    }
    bool is_zero = bytes_equal(bits, bytes_text("0"));
    network.bits = read_port(bits);
    if ((network.bits == 0 && !is_zero) || network.bits > network.n * 8)
        return false;
    *ret = network;
    return true;
}

static void clear_host_part(struct network *network)
{
    for (size_t bit = network->bits; bit < network->n * 8; bit++)
        network->p[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
}

static void step(struct network *network)
{
    for (size_t i = network->n; i > 0 && ++network->p[i - 1] == 0; i--)
        continue;
}

static enum result add_network(struct scan_targets *targets, const char *address, struct bytes bits,
                               struct bytes whole, struct err *err)
{
    struct network network;
    char text[INET6_ADDRSTRLEN];
    if (!read_network(address, bits, &network))
        return refuse(whole, err);
    size_t host_bits = network.n * 8 - network.bits;
    if (host_bits > 16)
        return err_set(err, E_TOO_LARGE, "\"%s\": wanted a network of at most %d addresses",
                       err_value(whole).text, 1 << 16);
    clear_host_part(&network);
    for (uint32_t left = 1U << host_bits; left > 0; left--, step(&network)) {
        (void)inet_ntop(network.family, network.p, text, sizeof text);
        TRY(push_all_ports(targets, text, err));
    }
    return OK;
}

/* ---- one target ----------------------------------------------------------------------------- */

/* Letters, digits, "-", "." and "_": a name as resolvers take it; or a literal address. */
static bool is_host(const char *host)
{
    if (is_ip_literal(host))
        return true;
    for (const char *p = host; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("-._", *p) == NULL)
            return false;
    return host[0] != '\0' && host[0] != '-';
}

/* Addresses in the one form that inet_ntop() gives them, names in lower case. */
static void make_plain(char *host)
{
    struct in6_addr six;
    if (inet_pton(AF_INET6, host, &six) == 1) {
        (void)inet_ntop(AF_INET6, &six, host, SCAN_HOST_MAX);
        return;
    }
    for (char *p = host; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
}

/* Splits "HOST:PORT" and "[IPv6]:PORT"; *ret_port stays empty where there is none. */
static bool split(struct bytes text, char host[SCAN_HOST_MAX], struct bytes *ret_port)
{
    const uint8_t *colon = text.n == 0 ? NULL : memrchr(text.p, ':', text.n);
    const uint8_t *first = text.n == 0 ? NULL : memchr(text.p, ':', text.n);
    size_t n = text.n;
    *ret_port = bytes_of(NULL, 0);
    if (text.n > 2 && text.p[0] == '[') {
        const uint8_t *end = memchr(text.p, ']', text.n);
        if (end == NULL || (end + 1 < text.p + text.n && end[1] != ':'))
            return false;
        n = (size_t)(end - text.p) + 1;
        if (n < text.n)
            *ret_port = bytes_slice(text, n + 1, text.n);
        return text_copy(bytes_slice(text, 1, n - 2), host, SCAN_HOST_MAX) &&
               strchr(host, ':') != NULL && (n == text.n || ret_port->n > 0);
    }
    if (colon != NULL && colon == first) { /* more than one: an address without a port */
        n = (size_t)(colon - text.p);
        *ret_port = bytes_slice(text, n + 1, text.n);
        if (ret_port->n == 0)
            return false;
    }
    return text_copy(bytes_slice(text, 0, n), host, SCAN_HOST_MAX);
}

enum result scan_add(struct scan_targets *targets, struct bytes text, struct err *err)
{
    char host[SCAN_HOST_MAX];
    struct bytes port = {0};
    const uint8_t *slash = text.n == 0 ? NULL : memchr(text.p, '/', text.n);
    if (slash != NULL) {
        size_t n = (size_t)(slash - text.p);
        if (!text_copy(bytes_slice(text, 0, n), host, sizeof host))
            return refuse(text, err);
        return add_network(targets, host, bytes_slice(text, n + 1, text.n), text, err);
    }
    if (!split(text, host, &port) || !is_host(host) || (port.n > 0 && read_port(port) == 0))
        return refuse(text, err);
    make_plain(host);
    return port.n > 0 ? push(targets, host, read_port(port), err)
                      : push_all_ports(targets, host, err);
}

/* ---- files ---------------------------------------------------------------------------------- */

static struct bytes trim(struct bytes line)
{
    const uint8_t *remark = line.n == 0 ? NULL : memchr(line.p, '#', line.n);
    if (remark != NULL)
        line.n = (size_t)(remark - line.p);
    while (line.n > 0 && isspace(line.p[0]))
        line = bytes_slice(line, 1, line.n);
    while (line.n > 0 && isspace(line.p[line.n - 1]))
        line.n--;
    return line;
}

enum result scan_add_file(struct scan_targets *targets, const char *path, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    TRY(file_read(path, FILE_MAX, &file, err));
    struct bytes rest = blob_bytes(&file);
    for (unsigned number = 1; rest.n > 0; number++) {
        const uint8_t *end = memchr(rest.p, '\n', rest.n);
        size_t n = end == NULL ? rest.n : (size_t)(end - rest.p) + 1;
        struct bytes line = trim(bytes_slice(rest, 0, n));
        struct err why = {0};
        if (line.n > 0 && scan_add(targets, line, &why) != OK)
            return err_set(err, why.code, "%s, line %u: %s", path, number, why.text);
        rest = bytes_slice(rest, n, rest.n);
    }
    return OK;
}

void scan_targets_free(struct scan_targets *targets)
{
    free(targets->list);
    *targets = (struct scan_targets){0};
}

void scan_place(const struct scan_target *target, char to[SCAN_PLACE_MAX])
{
    bool is_six = strchr(target->host, ':') != NULL;
    (void)snprintf(to, SCAN_PLACE_MAX, is_six ? "[%s]:%u" : "%s:%u", target->host, target->port);
}
