// The few rules of HTTP/1.1 (RFC 9112) that an EST client needs, strict: one answer, whole in
// memory.
#pragma once

#include <wire/bytes.h>

struct http_answer {
    int status;
    uint32_t retry_after_s; // 0 = not said
    size_t head_n;          // octets before the body
    size_t body_n;          // Content-Length, 0 when there is none
};

enum http_read { HTTP_BROKEN = 0, HTTP_MORE, HTTP_WHOLE };

// Reads what has arrived so far. HTTP_MORE: not all is there yet. HTTP_BROKEN: it breaks a rule,
// which *ret_why names. A status line, then fields that each end with CR LF; Content-Length at most
// once and only digits; Transfer-Encoding is refused, as is an answer of more than `most` octets.
enum http_read http_read_answer(struct bytes arrived, size_t most, struct http_answer *ret,
                                const char **ret_why);
