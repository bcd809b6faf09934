/* A failure as the caller reads it: RFC 9457 problem details, or plain text (RFC 7030 4.2.3). Both
 * are rows of the error catalogue with the message, where the caller may read it. */
#ifndef PROTO_PROBLEM_H
#define PROTO_PROBLEM_H

#include <base/err.h>

#define PROBLEM_MEDIA_TYPE "application/problem+json"

struct problem {
    enum code code;
    const char *detail;     /* rule, value seen, value wanted; NULL: the caller may not read it */
    const char *request_id; /* the operator finds the rest in the log by it */
};

/* JSON members: type (urn:troth:error:E1002), title (the catalogue's meaning), status, code
 * ("E1002"), detail, next, request_id. NULL without memory, or when the detail is not UTF-8;
 * else NUL-terminated and the caller's to free(). */
char *problem_write_json(const struct problem *problem);

/* "E1002: meaning", detail, next step, request id: one line each. As above. */
char *problem_write_text(const struct problem *problem);

#endif
