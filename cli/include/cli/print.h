/* Answers for people: tables and details. What a server sent is shown as printable text only, so
 * that no value moves the cursor or colours the terminal. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <cli/plan.h>

#define PRINT_CELL_MAX 96 /* octets shown of one value in a table */

/* The member as text: strings, integers, yes/no, "-" for null and absent, words of an array joined.
 */
void print_cell(const json_t *object, const char *member, char to[PRINT_CELL_MAX]);

/* Rows come page by page: the widths of the first page hold for the rest, wider cells push. */
struct print_table {
    const struct column *columns;
    bool is_begun;
    int width[16];
};
void print_rows(struct session *session, struct print_table *table, const json_t *rows);

/* A table under a title; nothing when there are no rows. */
void print_part(struct session *session, const char *title, const struct column *columns,
                const json_t *rows);

/* "title  value" lines. */
void print_details(struct session *session, const struct column *columns, const json_t *object);

/* Text of a server that keeps its line feeds: PEM and signed notes. */
void print_lines(struct session *session, const char *text);

/* The certificate of an answer: into --out when that is given, and what was done; else as it is. An
 * answer without one is a dry run's: what would be done. E_IO. */
MUST_USE enum result print_certificate(struct session *session, const json_t *answer,
                                       const char *would, const char *did, struct err *err);

/* ", of product valve, of owner acme": by what an answer was narrowed; nothing for what it was not.
 */
void print_selection(struct session *session, const json_t *answer);

/* The whole value as indented JSON and a line feed. */
void print_json(struct session *session, const json_t *value);

/* `text` with everything but printable characters and valid UTF-8 replaced by '?'. */
void print_clean(const char *text, FILE *to);

#endif
