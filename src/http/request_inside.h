/* A request from the inside: for exchange.c, which runs it, and for what makes its reply. */
#ifndef HTTP_REQUEST_INSIDE_H
#define HTTP_REQUEST_INSIDE_H

#include "connection.h"
#include "request.h"

#include <base/limits.h>

#include <microhttpd.h>

#define REQUEST_BODY_KEPT 16384 /* octets of body space that the next request finds ready */

enum request_stage {
    STAGE_FREE = 0,
    STAGE_HEAD,    /* judged, or its body is coming */
    STAGE_HANDLER, /* the handler runs */
    STAGE_WAIT,
    STAGE_REPLIED, /* `response` is there; queued when libmicrohttpd asks next */
};

struct request {
    struct request_view view;
    struct hub *hub;
    struct connection *connection;
    enum request_stage stage;
    uint64_t length; /* Content-Length */
    uint8_t *body;   /* owned; body_n of body_max octets are there */
    size_t body_n, body_max;
    bool must_close;
    uint32_t retry_after_s;        /* of a refusal; 0: as is usual for its code */
    struct MHD_Response *response; /* owned until queued */
    unsigned status;
    uint64_t response_n;
    void *context;
    void (*context_free)(void *);
    struct request *next_free;
    char id[REQUEST_ID_N + 1];
    char allow[ROUTE_ALLOW_MAX];
    uint8_t decoded[ROUTE_PARAMETERS_MAX][LIMIT_NAME * 3];
};

/* A new request of the connection; NULL without memory. Ends with request_end(). */
struct request *request_begin(struct connection *connection);
void request_end(struct request *request);

/* Appends to the body. E_MEMORY. */
MUST_USE enum result request_take(struct request *request, const void *p, size_t n,
                                  struct err *err);

/* A waiting request whose time is over. */
void request_expire(struct request *request);

/* Ends every waiting request with E_BUSY: before the doors close. */
void request_end_waiting(struct hub *hub);

/* Frees all; nothing may be under way. */
void request_table_free(struct request_table *table);

/* Sets the finished response, which is handed over, and resumes a waiting connection. */
void request_set_response(struct request *request, unsigned status, struct MHD_Response *response,
                          uint64_t n);

#endif
