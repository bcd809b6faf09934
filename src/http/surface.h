/* Who can reach a route, and what his connection must have shown. Zero refuses. */
#ifndef HTTP_SURFACE_H
#define HTTP_SURFACE_H

/* Where a request came in; a route names one or more of them. */
enum surface {
    SURFACE_NONE = 0,
    SURFACE_DEVICE = 1 << 0,   /* mutual TLS, device port */
    SURFACE_PLAIN = 1 << 1,    /* HTTP: public objects */
    SURFACE_OPERATOR = 1 << 2, /* mutual TLS, operator port */
    SURFACE_LOCAL = 1 << 3,    /* unix socket: bootstrap of the first operator */
};

/* A client certificate that does not verify reaches no handler, whatever the route needs. */
enum need {
    NEED_NOBODY_PASSES = 0, /* a row that forgot to say */
    NEED_ANYBODY,           /* with or without a client certificate */
    NEED_OPERATOR,          /* a verified operator certificate, or the local socket */
    NEED_BOUNDARY,          /* a verified certificate of a boundary in use */
};

#endif
