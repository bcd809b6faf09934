/* What a command does, as data: most are one call of the API and one way to print its answer. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include <base/command.h>
#include <cli/session.h>

/* Where an option's value goes in the request. */
enum place {
    PLACE_NONE = 0,
    PLACE_QUERY,
    PLACE_TEXT,   /* body: JSON string */
    PLACE_NUMBER, /* body: JSON integer (durations in seconds) */
    PLACE_WORDS,  /* body: "a,b" as array of strings */
    PLACE_FILE,   /* body: the file's text */
    PLACE_FLAG,   /* body: true */
};

struct field {
    const char *option; /* NULL ends a table */
    enum place place;
    const char *member;
};

struct column {
    const char *title; /* NULL ends a table */
    const char *member;
};

struct plan {
    enum result (*run)(struct session *session, const struct plan *plan, struct err *err);
    const char *path;           /* with {ARGUMENT}: session_expand() */
    const struct field *fields; /* or NULL */
    const struct column *columns;
    const char *done; /* what people are told, session_expand() */
};

/* GET one page after the other; prints a table of `columns`, or a JSON array. */
MUST_USE enum result plan_list(struct session *session, const struct plan *plan, struct err *err);

/* GET one object; prints a line for each of `columns`, or the JSON. */
MUST_USE enum result plan_show(struct session *session, const struct plan *plan, struct err *err);

/* POST; prints `done` and the counts of the outcome that are not 0, or the JSON. */
MUST_USE enum result plan_change(struct session *session, const struct plan *plan, struct err *err);

/* What plan_change prints, of an outcome that is there already. */
MUST_USE enum result plan_tell(struct session *session, const struct plan *plan,
                               const json_t *outcome, struct err *err);

/* The pieces, for commands with a shape of their own. Path and query: the template, the options
 * that go into the query, dry_run. */
MUST_USE enum result plan_path(const struct session *session, const struct plan *plan, char *to,
                               size_t max, struct err *err);
MUST_USE enum result plan_get(struct session *session, const char *path, json_t **ret,
                              struct err *err);
MUST_USE enum result plan_post(struct session *session, const struct plan *plan, json_t **ret,
                               struct err *err);

/* The same as a dry run, whatever the options say; and what that would touch, in a line. */
MUST_USE enum result plan_rehearse(struct session *session, const struct plan *plan, json_t **ret,
                                   struct err *err);
void plan_tell_reach(struct session *session, const json_t *outcome);

/* Walks all pages of a list; `each` is called for every item and returns false to stop. */
typedef bool (*plan_item)(void *context, const json_t *item);
MUST_USE enum result plan_walk(struct session *session, const struct plan *plan, plan_item each,
                               void *context, struct err *err);

/* Rows of every command that changes things. */
#define DRY_RUN                                                                                    \
    {                                                                                              \
        "--dry-run", VALUE_NONE, NULL, false, "change nothing, say what would happen"              \
    }
#define DRY_RUN_FIELD                                                                              \
    {                                                                                              \
        "--dry-run", PLACE_QUERY, "dry_run"                                                        \
    }

#endif
