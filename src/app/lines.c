#include "lines.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <wire/hex.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PIECE_MAX 1024

void lines_put(struct buf *b, const char *format, ...)
{
    char text[PIECE_MAX];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof text)
        buf_fail(b);
    else
        buf_put_bytes(b, bytes_of(text, (size_t)n));
}

struct lines_digest lines_digest_of(struct bytes bytes)
{
    struct lines_digest digest = {""};
    struct buf text = buf_over(digest.text, sizeof digest.text - 1);
    uint8_t hash[SHA256_N];
    sha256(bytes, hash);
    hex_encode(&text, bytes_of(hash, sizeof hash));
    return digest;
}

struct lines_instant lines_instant_of(int64_t at_s)
{
    struct lines_instant to = {"never"};
    time_t at = at_s;
    struct tm tm;
    if (gmtime_r(&at, &tm) != NULL)
        strftime(to.text, sizeof to.text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return to;
}

struct bytes lines_take(struct bytes *rest)
{
    const uint8_t *at = rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
    size_t n = at == NULL ? rest->n : (size_t)(at - rest->p);
    struct bytes line = bytes_of(rest->p, n);
    size_t used = at == NULL ? n : n + 1;
    *rest = bytes_of(rest->p + used, rest->n - used);
    return line;
}

bool lines_begins(struct bytes line, const char *with, struct bytes *ret)
{
    size_t n = strlen(with);
    if (line.n < n || memcmp(line.p, with, n) != 0)
        return false;
    *ret = bytes_of(line.p + n, line.n - n);
    return true;
}
