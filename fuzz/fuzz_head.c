// The head of a request, read by a parser that forgives what libmicrohttpd forgives and left in its
// buffer as that one leaves it. What the strict check then lets pass, a reader that knows nothing
// but the grammar of RFC 9112 reads in the same way, from the octets as they came.
#include "fuzz.h"

#include "routes.h"
#include "strict.h"

#define HEAD_MAX 4096

// ---- the forgiving parser --------------------------------------------------------------------

struct lines {
    uint8_t *p, *end;
    size_t n; // octets of the last line
};

// The next line, ended by LF or CRLF, both overwritten; NULL when none is whole.
static char *next_line(struct lines *lines)
{
    uint8_t *begin = lines->p;
    uint8_t *lf = begin == lines->end ? NULL : memchr(begin, '\n', (size_t)(lines->end - begin));
    if (lf == NULL)
        return NULL;
    lines->p = lf + 1;
    *lf = '\0';
    lines->n = (size_t)(lf - begin);
    if (lf > begin && lf[-1] == '\r')
        begin[--lines->n] = '\0';
    return (char *)begin;
}

static bool parse_request_line(char *line, struct strict_head *head)
{
    char *space = strchr(line, ' '), *last = strrchr(line, ' ');
    if (space == NULL || last == space)
        return false;
    *space = *last = '\0';
    char *target = space + 1 + strspn(space + 1, " ");
    head->method = bytes_of(line, strlen(line));
    head->target = bytes_of(target, strlen(target));
    head->version = bytes_of(last + 1, strlen(last + 1));
    return true;
}

static bool parse_field(char *line, struct strict_head *head)
{
    static const char elsewhere[] = "folded";
    if ((*line == ' ' || *line == '\t') && head->headers_n > 0) {
        head->headers[head->headers_n - 1].name = bytes_of(elsewhere, sizeof elsewhere - 1);
        return true;
    }
    char *colon = strchr(line, ':');
    if (colon == NULL || head->headers_n == STRICT_HEADERS_MAX)
        return false;
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    head->headers[head->headers_n++] =
        (struct strict_header){bytes_of(line, strlen(line)), bytes_of(value, strlen(value))};
    return true;
}

static bool forgive(uint8_t *data, size_t n, struct strict_head *ret)
{
    struct lines lines = {data, data + n, 0};
    char *line = next_line(&lines);
    if (line == NULL || strlen(line) != lines.n || !parse_request_line(line, ret))
        return false; // libmicrohttpd compares the version with what is left of the line
    while ((line = next_line(&lines)) != NULL) {
        if (*line == '\0') {
            ret->whole = bytes_of(data, (size_t)(lines.p - data));
            return true;
        }
        if (!parse_field(line, ret))
            return false;
    }
    return false;
}

// ---- the grammar -----------------------------------------------------------------------------

// `n` octets of CRLFs, or of what looks like them when the parser has overwritten them (strict.h).
static void must_be_ends_of_lines(struct bytes raw, size_t n)
{
    must(raw.n >= n && raw.p[n - 1] == '\n');
    for (size_t i = 0; i < n; i++)
        must(raw.p[i] == '\r' || raw.p[i] == '\n' || raw.p[i] == '\0');
}

// Takes the octets up to `end` off the input; they must be the same as `same`.
static void take(struct bytes *raw, const char *end, struct bytes same)
{
    size_t end_n = strlen(end);
    must(raw->n >= same.n + end_n);
    must(bytes_equal(bytes_slice(*raw, 0, same.n), same));
    must(memchr(same.p, '\r', same.n) == NULL && memchr(same.p, '\n', same.n) == NULL);
    must(memcmp(raw->p + same.n, end, end_n) == 0);
    *raw = bytes_slice(*raw, same.n + end_n, raw->n);
}

static void must_follow_the_grammar(struct bytes raw, const struct strict_head *head)
{
    take(&raw, " ", head->method);
    take(&raw, " ", head->target);
    take(&raw, "\r\n", head->version);
    for (size_t i = 0; i < head->headers_n; i++) {
        take(&raw, ":", head->headers[i].name);
        while (raw.n > 0 && (*raw.p == ' ' || *raw.p == '\t'))
            raw = bytes_slice(raw, 1, raw.n);
        take(&raw, "", head->headers[i].value);
        must_be_ends_of_lines(raw, i + 1 < head->headers_n ? 2 : 4);
        raw = bytes_slice(raw, 2, raw.n);
    }
    must_be_ends_of_lines(raw, 2);
}

static void must_stay_inside(struct bytes path, const struct route_match *match)
{
    for (size_t i = 0; i < ROUTE_PARAMETERS_MAX; i++) {
        struct bytes part = match->parameters[i];
        must(part.n == 0 || (part.p >= path.p && part.p + part.n <= path.p + path.n));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum surface surfaces[] = {SURFACE_DEVICE, SURFACE_PLAIN, SURFACE_OPERATOR};
    static uint8_t memory[HEAD_MAX];
    struct strict_head head = {0};
    struct strict_verdict verdict;
    struct route_match match = {0};
    if (size < 1 || size > HEAD_MAX)
        return 0;
    head.surface = surfaces[data[0] % 3];
    struct bytes raw = bytes_of(data + 1, size - 1);
    memcpy(memory, raw.p, raw.n);
    if (!forgive(memory, raw.n, &head) || strict_check(&head, &verdict, NULL) != OK)
        return 0;
    must_follow_the_grammar(raw, &head);
    must(verdict.path.n > 0 && verdict.path.p[0] == '/');
    if (route_find(routes, head.surface, head.method, verdict.path, &match, NULL) == OK)
        must_stay_inside(verdict.path, &match);
    return 0;
}
