#include "routes.h"

#include <base/limits.h>

#include <stdio.h>
#include <string.h>

/* A path or a pattern, walked by segments. */
struct walk {
    const char *p, *end;
};

static bool is_name_octet(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-._~%", c) != NULL);
}

static bool is_parameter(struct bytes segment)
{
    for (size_t i = 0; i < segment.n; i++)
        if (!is_name_octet((char)segment.p[i]))
            return false;
    return segment.n > 0 && segment.n <= (size_t)LIMIT_NAME * 3; /* each octet may be escaped */
}

/* The next segment, without its slash; false at the end. */
static bool next_segment(struct walk *walk, struct bytes *ret)
{
    if (walk->p == walk->end || *walk->p != '/')
        return false;
    const char *begin = walk->p + 1;
    const char *slash = memchr(begin, '/', (size_t)(walk->end - begin));
    walk->p = slash == NULL ? walk->end : slash;
    *ret = bytes_of(begin, (size_t)(walk->p - begin));
    return true;
}

enum part { PART_END = 0, PART_LITERAL, PART_ONE, PART_PERHAPS, PART_REST };

/* The next part of a pattern. Optional parts are written "[/{name}]", others "/name", "/{name}". */
static enum part next_part(struct walk *pattern, struct bytes *ret)
{
    enum part part = PART_ONE;
    if (pattern->p < pattern->end && *pattern->p == '[') {
        const char *close = memchr(pattern->p, ']', (size_t)(pattern->end - pattern->p));
        pattern->p = close + 1;
        return PART_PERHAPS;
    }
    if (pattern->p == pattern->end)
        return PART_END;
    const char *begin = pattern->p + 1;
    size_t n = strcspn(begin, "/[");
    *ret = bytes_of(begin, n);
    pattern->p = begin + n;
    if (n == 0 || begin[0] != '{')
        part = PART_LITERAL;
    else if (n > 5 && memcmp(begin + n - 4, "...}", 4) == 0)
        part = PART_REST;
    return part;
}

struct parameters {
    struct bytes at[ROUTE_PARAMETERS_MAX];
    size_t n;
};

static bool take_parameter(struct parameters *parameters, struct bytes value)
{
    if (parameters->n == ROUTE_PARAMETERS_MAX)
        return false;
    parameters->at[parameters->n++] = value;
    return true;
}

/* Both from here to their ends. `skips` says whether an optional part is left out. */
static bool does_match(struct walk pattern, struct walk path, bool skips, struct parameters *ret)
{
    for (;;) {
        struct bytes want = {0}, segment = {0};
        enum part part = next_part(&pattern, &want);
        if (part == PART_END)
            return path.p == path.end;
        if (part == PART_PERHAPS && skips) {
            if (!take_parameter(ret, (struct bytes){0}))
                return false;
            continue;
        }
        const char *before = path.p;
        if (!next_segment(&path, &segment))
            return false;
        if (part == PART_LITERAL && !bytes_equal(want, segment))
            return false;
        if (part == PART_REST)
            return segment.n > 0 &&
                   take_parameter(ret, bytes_of(before + 1, (size_t)(path.end - before - 1)));
        if (part != PART_LITERAL && !(is_parameter(segment) && take_parameter(ret, segment)))
            return false;
    }
}

static bool route_matches(const struct route *route, struct bytes path, struct parameters *ret)
{
    struct walk pattern = {route->path, route->path + strlen(route->path)};
    struct walk walk = {(const char *)path.p, (const char *)path.p + path.n};
    *ret = (struct parameters){0};
    if (does_match(pattern, walk, true, ret))
        return true;
    *ret = (struct parameters){0};
    return strchr(route->path, '[') != NULL && does_match(pattern, walk, false, ret);
}

static bool method_matches(const struct route *route, struct bytes method)
{
    struct bytes own = bytes_of(route->method, strlen(route->method));
    return bytes_equal(own, method) ||
           (bytes_equal(own, bytes_text("GET")) && bytes_equal(method, bytes_text("HEAD")));
}

static void allow_add(struct route_match *match, const char *method)
{
    size_t used = strlen(match->allow);
    const char *also = strcmp(method, "GET") == 0 ? ", HEAD" : "";
    snprintf(match->allow + used, sizeof match->allow - used, "%s%s%s", used > 0 ? ", " : "",
             method, also);
}

enum result route_find(const struct route *table, enum surface surface, struct bytes method,
                       struct bytes path, struct route_match *ret, struct err *err)
{
    struct route_match match = {0};
    for (const struct route *route = table; route->path != NULL; route++) {
        struct parameters parameters;
        if ((route->surfaces & surface) == 0 || !route_matches(route, path, &parameters))
            continue;
        match.route = route;
        if (!method_matches(route, method)) {
            allow_add(&match, route->method);
            continue;
        }
        match.allow[0] = '\0';
        memcpy(match.parameters, parameters.at, sizeof match.parameters);
        *ret = match;
        return OK;
    }
    if (match.route == NULL)
        return err_set(err, E_NOT_FOUND, "there is nothing at \"%s\", wanted a path of this port",
                       err_value(path).text);
    *ret = match;
    return err_set(err, E_METHOD, "RFC 9110 15.5.6, method: saw \"%s\", want %s",
                   err_value(method).text, match.allow);
}
