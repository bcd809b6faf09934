/* JSON of the operators' interface to C structs and back, by tables: one api_shape says which
 * member of a JSON object is which member of a struct. docs/openapi.yaml is the contract of the
 * shapes.
 *
 * Pure: nothing is looked up, nothing is kept between calls, any thread. */
#ifndef PROTO_API_H
#define PROTO_API_H

#include <base/blob.h>
#include <base/err.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seeds the hash of JSON objects (not 0), so that nobody can choose colliding names. Once, before
 * the sandbox: the library would open /dev/urandom for it at the first object. */
void api_start(size_t seed);

/* How a member stands in JSON and in the struct. */
enum api_kind {
    API_NONE = 0,
    API_TEXT,           /* string: struct bytes */
    API_LINES,          /* the same, and may have line breaks (PEM) */
    API_NUMBER,         /* integer: uint8_t, uint32_t, int64_t or uint64_t by `size` */
    API_NUMBER_OR_NULL, /* the same, null below 0; written only */
    API_FLAG,           /* true, false: uint8_t */
    API_WORD,           /* string of `words`: uint8_t; written null when that has no word */
    API_WORDS,          /* array of such strings: uint32_t, bit 1 << value */
    API_PAIRS,          /* object of texts: struct api_pairs; read only */
    API_TIME,           /* RFC 3339 in UTC: int64_t seconds; written only */
    API_TIME_OR_NULL,   /* the same, null for 0; written only */
    API_HEX,            /* lower-case hexadecimal: struct bytes; written only */
    API_HASH,           /* the same: uint8_t[32]; written only */
    API_BASE64,         /* struct bytes; written only */
};

/* The words of an enum: values first .. count - 1 can be read unless their word is NULL; `word`
 * gives any value's. */
struct api_words {
    unsigned first, count;
    const char *(*word)(unsigned value);
};

struct api_field {
    const char *name; /* of the JSON member */
    enum api_kind kind;
    size_t offset, size;
    bool required;    /* when read */
    int64_t min, max; /* when read: of a number, or octets of a text, also of each in an object */
    const struct api_words *words;
};

struct api_shape {
    const struct api_field *fields;
    size_t n;
};

/* One row of a table of fields. */
#define API_FIELD(json, type, member, KIND, ...)                                                   \
    {                                                                                              \
        .name = (json), .kind = (KIND), .offset = offsetof(type, member),                          \
        .size = sizeof(((type *)NULL)->member), __VA_ARGS__                                        \
    }
#define API_SHAPE(table) ((struct api_shape){(table), LENGTH_OF(table)})

/* ---- reading -------------------------------------------------------------------------------- */

/* What the read texts point into. */
struct api_body;
void api_body_freep(struct api_body **body);

/* Reads one JSON object (RFC 8259) strictly: a member that the shape lacks or that comes twice,
 * another type, a text or number out of range, control characters in text and a missing required
 * member are E_SYNTAX with the member's name, the value seen and the one wanted. An empty `json`
 * is an object without members. Optional members that are absent leave `into` as it is; after a
 * failure `into` is worthless. Texts in it live until `*ret_owner`, the caller's, is freed. */
MUST_USE enum result api_read(struct bytes json, struct api_shape shape, void *into,
                              struct api_body **ret_owner, struct err *err);

/* An object whose members are texts, each without control characters; NULL: it was not there. Lives
 * as long as the body. */
struct api_pairs {
    const void *object;
};
/* Each member in the order of the JSON, until `take` fails; its result. */
typedef enum result (*api_take_pair)(void *context, struct bytes name, struct bytes text,
                                     struct err *err);
MUST_USE enum result api_pairs_walk(struct api_pairs pairs, api_take_pair take, void *context,
                                    struct err *err);

/* One word out of a query: 0 and E_SYNTAX with the words wanted when it is none of them. */
MUST_USE enum result api_read_word(const char *name, struct bytes text,
                                   const struct api_words *words, uint8_t *ret, struct err *err);

/* A decimal number out of a query. E_SYNTAX. */
MUST_USE enum result api_read_number(const char *name, struct bytes text, int64_t min, int64_t max,
                                     int64_t *ret, struct err *err);

/* An instant out of a query: a day (YYYY-MM-DD: its first second, or with `ends` the first one
 * behind it) or RFC 3339 in UTC without a fraction. E_SYNTAX. */
MUST_USE enum result api_read_time(const char *name, struct bytes text, bool ends, int64_t *ret_s,
                                   struct err *err);

/* ---- writing -------------------------------------------------------------------------------- */

/* A JSON object that grows. A failure (no memory) sticks and shows in api_doc_write(). */
struct api_doc;
struct api_doc *api_doc_new(void); /* the caller's; NULL without memory */
void api_doc_free(struct api_doc *doc);
void api_doc_freep(struct api_doc **doc);

/* The members of `object` into the member `section`, an object; NULL: into the document itself. */
void api_put(struct api_doc *doc, const char *section, struct api_shape shape, const void *object);

/* One more element of the array `list`; api_list() alone makes an empty one. */
void api_add(struct api_doc *doc, const char *list, struct api_shape shape, const void *object);
void api_list(struct api_doc *doc, const char *list);
void api_add_text(struct api_doc *doc, const char *list, struct bytes text);

/* Single members; `section` NULL: of the document itself. Bytes that are not UTF-8 are written
 * escaped (err_value). */
void api_put_text(struct api_doc *doc, const char *section, const char *name, struct bytes text);
void api_put_number(struct api_doc *doc, const char *section, const char *name, int64_t number);
void api_put_flag(struct api_doc *doc, const char *name, bool flag);
void api_put_time(struct api_doc *doc, const char *section, const char *name, int64_t at_s);
void api_put_hex(struct api_doc *doc, const char *section, const char *name, struct bytes octets);
void api_section(struct api_doc *doc, const char *section);

/* One more element of the array `list`: a document of its own, taken over also on failure. */
void api_add_doc(struct api_doc *doc, const char *list, struct api_doc *item);

/* `next`, the cursor of a list: a string, null for 0. */
void api_put_next(struct api_doc *doc, int64_t next);

/* Compact UTF-8 without a line end; the caller owns `ret`. E_MEMORY. */
MUST_USE enum result api_doc_write(const struct api_doc *doc, struct blob *ret, struct err *err);

#endif
