/* The routes: one const table, the only place to register one.
 *
 * A pattern is a path of literal segments and of
 *   {name}     one segment: 1-64 octets of A-Z a-z 0-9 - . _ ~ (other octets only percent-encoded,
 *              and only on the operators' surfaces); "." and ".." never
 *   [/{name}]  the same, or nothing: the parameter is then empty
 *   {name...}  the rest of the path, one or more segments; last
 * Parameters are numbered in the order they stand. HEAD is implied by GET. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "surface.h"

#include <base/err.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTE_PARAMETERS_MAX 3

struct request;

struct route {
    unsigned surfaces;  /* enum surface, or-ed; 0 matches nothing */
    const char *method; /* GET, POST, PUT or DELETE */
    const char *path;
    enum need need;
    const char *media_type; /* of the body; NULL: the route takes none */
    size_t body_max;        /* octets; 0: no body */
    bool has_text_errors;   /* text/plain instead of problem+json: RFC 7030 4.2.3 */
    void (*handle)(struct request *request);
};

extern const struct route routes[];
extern const size_t routes_count;

/* What matched; parameters point into the path. */
struct route_match {
    const struct route *route;
    struct bytes parameters[ROUTE_PARAMETERS_MAX];
};

/* Finds the row. E_NOT_FOUND: no row has the path on this surface. E_METHOD: `ret_allow` (of
 * ROUTE_ALLOW_MAX) is then the value of the Allow header. Looks at nothing but surface, method and
 * path, which strict.h has checked. */
#define ROUTE_ALLOW_MAX 64
MUST_USE enum result route_find(enum surface surface, const char *method, struct bytes path,
                                struct route_match *ret, char ret_allow[ROUTE_ALLOW_MAX],
                                struct err *err);

#endif
