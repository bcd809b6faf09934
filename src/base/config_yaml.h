/* Where things stand in a YAML file. libcyaml reads values into types but is vague about lines; the
 * document of libyaml, which it is built on, knows every line. Private to the configuration. */
#ifndef BASE_CONFIG_YAML_H
#define BASE_CONFIG_YAML_H

#include <base/err.h>

#include <yaml.h>

struct yaml_text {
    const char *path; /* for messages */
    struct bytes bytes;
};

/* Parses the only document of the text. E_CONFIG with FILE:LINE for a syntax error, no document,
 * a second one, or a value with a NUL in it. The caller deletes it: CLEANUP(yaml_document_delete).
 */
MUST_USE enum result yaml_read_document(struct yaml_text text, yaml_document_t *ret,
                                        struct err *err);

/* The line (from 1) of the value of `section.key`, or of `key` at the top when `section` is NULL,
 * or of its item number `item` (from 0) when that is 0 or more. 0 when it is not in the document.
 */
size_t yaml_value_line(yaml_document_t *document, const char *section, const char *key, int item);

struct yaml_position {
    size_t line, column; /* both from 1 */
};

/* The line of the first key named `key` at or behind a position, else the position's own line. */
size_t yaml_key_line_from(yaml_document_t *document, const char *key, struct yaml_position from);

#endif
