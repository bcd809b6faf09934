#include "http.h"

#include <string.h>

#define DIGITS_MAX 9

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

// The octets up to the next CR LF, and *rest behind it; false when there is none.
static bool take_line(struct bytes *rest, struct bytes *ret)
{
    for (size_t i = 0; i + 1 < rest->n; i++)
        if (rest->p[i] == '\r' && rest->p[i + 1] == '\n') {
            *ret = bytes_of(rest->p, i);
            *rest = bytes_of(rest->p + i + 2, rest->n - i - 2);
            return true;
        }
    return false;
}

static bool read_number(struct bytes text, uint32_t *ret)
{
    uint32_t number = 0;
    if (text.n == 0 || text.n > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            return false;
        number = number * 10 + (uint32_t)(text.p[i] - '0');
    }
    *ret = number;
    return true;
}

static bool read_status(struct bytes line, int *ret)
{
    static const char version[] = "HTTP/1.1 ";
    size_t n = sizeof version - 1;
    uint32_t status = 0;
    if (line.n < n + 3 || memcmp(line.p, version, n) != 0)
        return false;
    if (line.n > n + 3 && line.p[n + 3] != ' ')
        return false;
    if (!read_number(bytes_of(line.p + n, 3), &status) || status < 100)
        return false;
    *ret = (int)status;
    return true;
}

// Is it the field `name` (lower case)? Then *ret_value is its value without spaces around.
static bool is_field(struct bytes line, const char *name, struct bytes *ret_value)
{
    size_t n = strlen(name);
    if (line.n <= n || line.p[n] != ':')
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(line.p[i]) != (uint8_t)name[i])
            return false;
    struct bytes value = bytes_of(line.p + n + 1, line.n - n - 1);
    while (value.n > 0 && value.p[0] == ' ')
        value = bytes_of(value.p + 1, value.n - 1);
    while (value.n > 0 && value.p[value.n - 1] == ' ')
        value.n--;
    *ret_value = value;
    return true;
}

// One field. `has_length` is what was seen before of it.
static const char *read_field(struct bytes line, struct http_answer *answer, bool *has_length)
{
    struct bytes value;
    uint32_t number = 0;
    if (is_field(line, "transfer-encoding", &value))
        return "RFC 9112 6.1: Transfer-Encoding; wanted Content-Length";
    if (is_field(line, "content-length", &value)) {
        if (*has_length || !read_number(value, &number))
            return "RFC 9112 6.3: Content-Length twice, or not a number";
        *has_length = true;
        answer->body_n = number;
    }
    if (is_field(line, "retry-after", &value) && read_number(value, &number))
        answer->retry_after_s = number;
    return NULL;
}

static enum http_read broken(const char **ret_why, const char *why)
{
    *ret_why = why;
    return HTTP_BROKEN;
}

static enum http_read too_long_or_more(size_t arrived, size_t most, const char **ret_why)
{
    return arrived >= most ? broken(ret_why, "the answer is longer than the device takes")
                           : HTTP_MORE;
}

enum http_read http_read_answer(struct bytes arrived, size_t most, struct http_answer *ret,
                                const char **ret_why)
{
    struct http_answer answer = {0};
    struct bytes rest = arrived, line;
    bool has_length = false;
    if (!take_line(&rest, &line))
        return too_long_or_more(arrived.n, most, ret_why);
    if (!read_status(line, &answer.status))
        return broken(ret_why, "RFC 9112 4: no status line of HTTP/1.1");
    for (;;) {
        if (!take_line(&rest, &line))
            return too_long_or_more(arrived.n, most, ret_why);
        if (line.n == 0)
            break;
        const char *why = read_field(line, &answer, &has_length);
        if (why != NULL)
            return broken(ret_why, why);
    }
    answer.head_n = arrived.n - rest.n;
    if (answer.body_n > most - answer.head_n)
        return broken(ret_why, "the answer is longer than the device takes");
    if (rest.n < answer.body_n)
        return HTTP_MORE;
    *ret = answer;
    return HTTP_WHOLE;
}
