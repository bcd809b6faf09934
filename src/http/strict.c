#include "strict.h"

#include <wire/utf8.h>

#include <string.h>
#include <strings.h>

/* Each rule is one function and names what it enforces. */
typedef enum result head_rule(const struct strict_head *head, struct err *err);

static enum result broken(struct err *err, const char *rule, struct bytes seen, const char *wanted)
{
    return err_set(err, E_HTTP, "%s: saw \"%s\", want %s", rule, err_value(seen).text, wanted);
}

static bool is_named(const struct strict_header *header, const char *name)
{
    return header->name.n == strlen(name) &&
           strncasecmp((const char *)header->name.p, name, header->name.n) == 0;
}

static struct bytes without_trailing_space(struct bytes value)
{
    while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
        value.n--;
    return value;
}

static size_t count_of(const struct strict_head *head, const char *name, struct bytes *ret_first)
{
    size_t count = 0;
    for (size_t i = head->headers_n; i-- > 0;)
        if (is_named(&head->headers[i], name)) {
            *ret_first = without_trailing_space(head->headers[i].value);
            count++;
        }
    return count;
}

static bool is_http_1_0(const struct strict_head *head)
{
    return bytes_equal(head->version, bytes_text("HTTP/1.0"));
}

static enum result has_known_method(const struct strict_head *head, struct err *err)
{
    static const struct bytes known[] = {
        BYTES_TEXT_INIT("GET"),     BYTES_TEXT_INIT("HEAD"),   BYTES_TEXT_INIT("POST"),
        BYTES_TEXT_INIT("PUT"),     BYTES_TEXT_INIT("DELETE"), BYTES_TEXT_INIT("PATCH"),
        BYTES_TEXT_INIT("OPTIONS"),
    };
    for (size_t i = 0; i < LENGTH_OF(known); i++)
        if (bytes_equal(head->method, known[i]))
            return OK;
    return broken(err, "RFC 9110 9.1, method", head->method, "one that the server knows");
}

static enum result has_known_version(const struct strict_head *head, struct err *err)
{
    if (is_http_1_0(head) || bytes_equal(head->version, bytes_text("HTTP/1.1")))
        return OK;
    return broken(err, "RFC 9112 2.3, version", head->version, "HTTP/1.0 or HTTP/1.1");
}

static enum result has_few_headers(const struct strict_head *head, struct err *err)
{
    if (head->headers_n <= STRICT_HEADERS_MAX)
        return OK;
    return err_set(err, E_HTTP, "header fields: saw %zu, want at most %d", head->headers_n,
                   STRICT_HEADERS_MAX);
}

/* The parser works in place: after each piece that it found come exactly the delimiters of RFC 9112
 * (SP, CRLF, colon) as NULs. Where a NUL, a bare LF, a folded line or a double space was forgiven,
 * the pieces and their delimiters no longer fill the head without a seam. */
static enum result is_seamless(const struct strict_head *head, struct err *err)
{
    const char *rule = "RFC 9112 2.2, 3 and 5.2, a NUL, bare LF, folded line or stray space";
    const char *wanted = "single spaces, CRLF, no NUL, no folding";
    const uint8_t *at = head->whole.p;
    if (head->method.p != at || head->target.p != at + head->method.n + 1)
        return broken(err, rule, head->method, wanted);
    at = head->target.p + head->target.n + 1;
    if (head->version.p != at)
        return broken(err, rule, head->target, wanted);
    at += head->version.n + 2;

    for (size_t i = 0; i < head->headers_n; i++) {
        const struct strict_header *header = &head->headers[i];
        if (header->name.p != at)
            return broken(err, rule, i == 0 ? head->version : header[-1].value, wanted);
        for (at += header->name.n + 1; at < header->value.p && (*at == ' ' || *at == '\t');)
            at++;
        if (header->value.p != at)
            return broken(err, rule, header->name, wanted);
        at += header->value.n + 2;
    }
    if (at + 2 != head->whole.p + head->whole.n)
        return broken(err, rule, bytes_text("end of head"), wanted);
    return OK;
}

static bool is_token_octet(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static enum result has_token_names(const struct strict_head *head, struct err *err)
{
    for (size_t i = 0; i < head->headers_n; i++) {
        struct bytes name = head->headers[i].name;
        size_t good = 0;
        while (good < name.n && is_token_octet(name.p[good]))
            good++;
        if (name.n == 0 || good < name.n)
            return broken(err, "RFC 9110 5.1, field name", name, "a token");
    }
    return OK;
}

static enum result has_clean_values(const struct strict_head *head, struct err *err)
{
    for (size_t i = 0; i < head->headers_n; i++) {
        struct bytes value = head->headers[i].value;
        for (size_t k = 0; k < value.n; k++)
            if ((value.p[k] < 0x20 && value.p[k] != '\t') || value.p[k] == 0x7f)
                return broken(err, "RFC 9110 5.5, field value", value, "no control character");
    }
    return OK;
}

/* What appears twice would be read by one side first, by the other side last. */
static enum result has_single_fields(const struct strict_head *head, struct err *err)
{
    static const char *const single[] = {
        "Host",          "Content-Length", "Transfer-Encoding", "Content-Type",
        "Authorization", "Expect",         "Idempotency-Key",   "If-Modified-Since",
    };
    for (size_t i = 0; i < LENGTH_OF(single); i++) {
        struct bytes value = {0};
        if (count_of(head, single[i], &value) > 1)
            return err_set(err, E_HTTP, "RFC 9110 5.3, field %s: saw it more than once, want one",
                           single[i]);
    }
    return OK;
}

static bool is_host_octet(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr("-._~:[]", c) != NULL);
}

static enum result has_host(const struct strict_head *head, struct err *err)
{
    struct bytes host = {0};
    if (count_of(head, "Host", &host) == 0)
        return is_http_1_0(head) ? OK
                                 : err_set(err, E_HTTP, "RFC 9112 3.2, Host: saw none, want one");
    size_t good = 0;
    while (good < host.n && is_host_octet(host.p[good]))
        good++;
    if (good < host.n)
        return broken(err, "RFC 9110 7.2, Host", host, "host and port");
    return OK;
}

static enum result has_one_framing(const struct strict_head *head, struct err *err)
{
    struct bytes coding = {0}, length = {0};
    if (count_of(head, "Transfer-Encoding", &coding) == 0)
        return OK;
    if (count_of(head, "Content-Length", &length) > 0)
        return broken(err, "RFC 9112 6.1, Transfer-Encoding beside Content-Length", coding,
                      "Content-Length only");
    if (is_http_1_0(head))
        return broken(err, "RFC 9112 6.1, Transfer-Encoding in HTTP/1.0", coding, "none");
    if (coding.n != 7 || strncasecmp((const char *)coding.p, "chunked", 7) != 0)
        return broken(err, "RFC 9112 6.1, Transfer-Encoding", coding, "Content-Length only");
    return err_set(err, E_LENGTH,
                   "RFC 9112 6.1: saw \"Transfer-Encoding: chunked\", want Content-Length");
}

static enum result has_plain_length(const struct strict_head *head, struct err *err)
{
    struct bytes length = {0};
    if (count_of(head, "Content-Length", &length) == 0)
        return OK;
    size_t digits = 0;
    while (digits < length.n && length.p[digits] >= '0' && length.p[digits] <= '9')
        digits++;
    if (digits == 0 || digits < length.n || digits > STRICT_LENGTH_DIGITS)
        return broken(err, "RFC 9110 8.6, Content-Length", length, "up to 18 digits");
    return OK;
}

static enum result has_known_expectation(const struct strict_head *head, struct err *err)
{
    struct bytes expect = {0};
    if (count_of(head, "Expect", &expect) == 0)
        return OK;
    if (expect.n == 12 && strncasecmp((const char *)expect.p, "100-continue", 12) == 0)
        return OK;
    return broken(err, "RFC 9110 10.1.1, Expect", expect, "100-continue");
}

/* Up to the query, whose delimiters the parser may have overwritten already. */
static struct bytes path_of(const struct strict_head *head)
{
    size_t n = 0;
    while (n < head->target.n && head->target.p[n] != '?' && head->target.p[n] != '\0')
        n++;
    return bytes_slice(head->target, 0, n);
}

static enum result has_plain_path(const struct strict_head *head, struct err *err)
{
    const char *wanted = "a path of visible ASCII that begins with /";
    struct bytes path = path_of(head);
    if (head->target.n > STRICT_TARGET_MAX)
        return err_set(err, E_HTTP, "RFC 9112 3.2, target: saw %zu octets, want at most %d",
                       head->target.n, STRICT_TARGET_MAX);
    if (path.n == 0 || path.p[0] != '/')
        return broken(err, "RFC 9112 3.2.1, target", path, wanted);
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] <= 0x20 || path.p[i] >= 0x7f || strchr("#\\\"<>^`{|}", path.p[i]))
            return broken(err, "RFC 3986 3.3, target", path, wanted);
    return OK;
}

static bool is_operators(const struct strict_head *head)
{
    return head->surface == SURFACE_OPERATOR || head->surface == SURFACE_LOCAL;
}

/* What follows is base64 of a request (RFC 6960 A.1), which has slashes, one behind the other too,
 * and is no path of ours: proto/ocsp.h reads it. */
static bool is_ocsp(const struct strict_head *head)
{
    static const struct bytes before = BYTES_TEXT_INIT("/ocsp/");
    return head->surface == SURFACE_PLAIN &&
           bytes_equal(bytes_slice(path_of(head), 0, before.n), before);
}

/* Devices' paths need no escapes and no query: one spelling of each, and %00 is nothing special. */
static enum result has_one_spelling(const struct strict_head *head, struct err *err)
{
    if (is_operators(head))
        return OK;
    struct bytes path = path_of(head);
    if (memchr(path.p, '%', path.n) != NULL && !is_ocsp(head))
        return broken(err, "RFC 3986 2.1, path", path, "no percent-encoding here");
    if (path.n < head->target.n)
        return broken(err, "RFC 3986 3.4, query", path, "no query here");
    return OK;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet that an escape stands for, -1 for a broken one. */
static int escaped_octet(const uint8_t *p, size_t left)
{
    if (left < 3 || hex_value(p[1]) < 0 || hex_value(p[2]) < 0)
        return -1;
    return hex_value(p[1]) << 4 | hex_value(p[2]);
}

static enum result has_harmless_escapes(const struct strict_head *head, struct err *err)
{
    struct bytes path = path_of(head);
    for (size_t i = 0; i < path.n && !is_ocsp(head); i++) {
        if (path.p[i] != '%')
            continue;
        int octet = escaped_octet(path.p + i, path.n - i);
        if (octet < 0x20 || octet == 0x7f || octet == '/' || octet == '.' || octet == '%')
            return broken(err, "RFC 3986 2.1 and 7.3, escape in path", path,
                          "%XX of no control character, slash, dot or percent sign");
    }
    return OK;
}

static bool is_dots(struct bytes segment)
{
    return bytes_equal(segment, bytes_text(".")) || bytes_equal(segment, bytes_text(".."));
}

static enum result has_plain_segments(const struct strict_head *head, struct err *err)
{
    struct bytes path = path_of(head);
    size_t begin = 1;
    for (size_t i = 1; i <= path.n && !is_ocsp(head); i++) {
        if (i < path.n && path.p[i] != '/')
            continue;
        struct bytes segment = bytes_slice(path, begin, i - begin);
        if (is_dots(segment) || (segment.n == 0 && i < path.n))
            return broken(err, "RFC 3986 3.3 and 5.2.4, path", path, "no //, no . and no ..");
        begin = i + 1;
    }
    return OK;
}

/* In this order: what comes first makes the later ones safe to read. */
static head_rule *const rules[] = {
    has_few_headers,  has_known_version,    is_seamless,           has_known_method,
    has_token_names,  has_clean_values,     has_single_fields,     has_host,
    has_one_framing,  has_plain_length,     has_known_expectation, has_plain_path,
    has_one_spelling, has_harmless_escapes, has_plain_segments,
};

enum result strict_check(const struct strict_head *head, struct strict_verdict *ret,
                         struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(rules); i++)
        TRY(rules[i](head, err));

    struct strict_verdict verdict = {.path = path_of(head)};
    struct bytes length = {0};
    verdict.has_length = count_of(head, "Content-Length", &length) > 0;
    for (size_t i = 0; i < length.n; i++)
        verdict.length = verdict.length * 10 + (length.p[i] - '0');
    *ret = verdict;
    return OK;
}

bool strict_decode(uint8_t *text, size_t *n)
{
    size_t out = 0;
    for (size_t i = 0; i < *n; i++) {
        int octet = text[i];
        if (octet == '%') {
            octet = escaped_octet(text + i, *n - i);
            i += 2;
        }
        if (octet < 0x20 || octet == 0x7f)
            return false;
        text[out++] = (uint8_t)octet;
    }
    if (!utf8_is_valid(bytes_of(text, out)))
        return false;
    *n = out;
    return true;
}
