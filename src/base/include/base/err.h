/* Why an action failed, for people: a code of the catalogue (base/errors.def) and one line of text.
 *
 * The text names the rule, the value seen and the value wanted; the catalogue adds the meaning and
 * the next step. Caller-owned, fixed size, never allocates. Peers' values are escaped and capped at
 * ERR_VALUE_MAX bytes by err_value(); secrets never enter. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <base/result.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stddef.h>

#define ERR_TEXT_MAX 384
#define ERR_VALUE_MAX 64

enum code {
    E_NONE = 0,
#define ERROR(number, name, kind, http, exit, meaning, next) E_##name = number,
#include <base/errors.def>
#undef ERROR
};

struct err {
    enum code code;
    char text[ERR_TEXT_MAX];
};

/* One row of the catalogue. */
struct error_info {
    enum code code;
    const char *name; /* as the catalogue has it: NAMES_DIFFER */
    enum result kind;
    int http_status; /* RFC 9110 */
    int exit_status; /* design 6 */
    const char *meaning;
    const char *next; /* the next command or step to try */
};

/* Fills `err` (may be NULL) and returns the code's kind, so that `return err_set(...)` reads well.
 */
__attribute__((format(printf, 3, 4))) enum result err_set(struct err *err, enum code code,
                                                          const char *format, ...);

/* Puts "context: " before the text that is there: which file, which line, which device. */
__attribute__((format(printf, 2, 3))) void err_prefix(struct err *err, const char *format, ...);

/* The catalogue's row of `code`; for an unknown code that of E_BUG. Never NULL. */
const struct error_info *error_find(enum code code);

/* Row `index` of the catalogue in number order, or NULL past the end. */
const struct error_info *error_at(size_t index);

/* Finds a row by what a person types: "E2003", "e2003" or "2003"; NULL when there is none. */
const struct error_info *error_parse(const char *text);

/* A peer's bytes as printable ASCII: others as \xNN, cut at ERR_VALUE_MAX with "...". */
struct err_value {
    char text[ERR_VALUE_MAX * 4 + 4];
};
struct err_value err_value(struct bytes value);

#endif
