/* The operators' API (docs/openapi.yaml): JSON in, JSON out, problems (RFC 9457) as struct err. */
#ifndef CLIENT_API_H
#define CLIENT_API_H

#include <client/http.h>
#include <jansson.h>

#define API_TRIES 4

struct api_call {
    enum client_method method;
    const char *path;    /* "/api/v1/devices?limit=50" */
    const json_t *body;  /* borrowed; NULL: none */
    const char *content; /* with `media`: a body that is not JSON (an import file); borrowed */
    const char *media;
    size_t content_n;
    const char *idempotency_key; /* of a POST; NULL: a random one */
};

/* One call with retries; a POST carries an Idempotency-Key, the same in every try. A status
 * of 2xx is OK and *ret the body (JSON null for an empty one), to be released with json_decref; any
 * other is the error that api_error() makes of it. */
MUST_USE enum result api_send(struct client *client, const struct api_call *call, json_t **ret,
                              struct err *err);

/* What an answer that is not 2xx means: the problem's own code where the catalogue has it, else the
 * code that fits the status; the text is the problem's detail, made printable, with the request id.
 * Never OK. */
MUST_USE enum result api_error(const struct client_answer *answer, struct err *err);

/* `text` with everything but unreserved characters percent-encoded (RFC 3986 2.3), for a path
 * segment or a query value; false when it does not fit into `max` octets. */
bool api_escape(const char *text, char *to, size_t max);

#endif
