/* The routes: one const table, the only place to register one.
 *
 * A pattern is a path of literal segments and of
 *   {name}     one segment: 1-64 octets of A-Z a-z 0-9 - . _ ~ (others only percent-encoded, and
 *              only on the operators' surfaces)
 *   [/{name}]  the same, or nothing: the parameter is then empty; once a pattern
 *   {name...}  the rest of the path, one or more segments; last
 * Parameters are numbered in the order they stand. HEAD is implied by GET. A literal segment goes
 * before a parameter only by the order of the rows: the first that matches is taken. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "surface.h"

#include <base/err.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTE_PARAMETERS_MAX 3
#define ROUTE_ALLOW_MAX 64 /* room for the value of an Allow header */

struct request;

struct route {
    unsigned surfaces;  /* enum surface, or-ed; 0 matches nothing */
    const char *method; /* GET, POST, PUT or DELETE */
    const char *path;
    enum need need;
    const char *media_type; /* of the body, several with ", " between; NULL: it takes none */
    size_t body_max;        /* octets; 0: no body */
    bool has_text_errors;   /* text/plain instead of problem+json: RFC 7030 4.2.3 */
    void (*handle)(struct request *request);
    bool has_raw_path; /* the parameter is handed over as it came, percent-encoded */
};

/* The table ends with a row without path. */
extern const struct route routes[];

/* What matched; parameters point into the path. */
struct route_match {
    const struct route *route;
    struct bytes parameters[ROUTE_PARAMETERS_MAX];
    char allow[ROUTE_ALLOW_MAX]; /* with E_METHOD: the Allow header; else "" */
};

/* Finds the row. E_NOT_FOUND: no row has the path on this surface. E_METHOD: rows have it, but not
 * with this method; `ret` then has `allow`, and as `route` one of them. Looks at nothing but
 * surface, method and path, which strict.h has checked. */
MUST_USE enum result route_find(const struct route *table, enum surface surface,
                                struct bytes method, struct bytes path, struct route_match *ret,
                                struct err *err);

#endif
