/* Writing JSON (RFC 8259) where no library of it may be used. What is read is read by jansson. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <wire/buf.h>

#include <stdint.h>

/* A string with its quotes. Text that is UTF-8 stands as it is; of any other each octet above 0x7e
 * is \u00NN. A full buffer shows in buf_ok(). */
void json_put_text(struct buf *to, struct bytes text);

/* Members of an object, each with a comma before it unless it is the first, which the caller says
 * by writing '{' last. `name` needs no escape. An instant of 0 is null. */
void json_member_text(struct buf *to, const char *name, struct bytes text);
void json_member_number(struct buf *to, const char *name, int64_t value);
void json_member_instant(struct buf *to, const char *name, int64_t at_s); /* RFC 3339, UTC */
void json_member_object(struct buf *to, const char *name);                /* up to its '{' */

#endif
