/* JSON as text, for this room's writers. */
#ifndef PROTO_JSON_H
#define PROTO_JSON_H

#include <stddef.h>

struct json_t; /* jansson's */

/* Compact, NUL-terminated, from malloc(); `ret_n` (may be NULL) without the NUL. NULL without
 * memory: json_dumps() would pass over a name for which its buffer could not grow, and give the
 * rest (2.14). */
char *json_to_text(const struct json_t *json, size_t *ret_n);

#endif
