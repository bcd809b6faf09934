/* What the files of the SQLite back-end share: the handle, statements with scope, errors. */
#ifndef STORE_SQLITE_DATABASE_H
#define STORE_SQLITE_DATABASE_H

#include <store/store.h>

#include <sqlite3.h>
#include <stdint.h>

enum statement {
#define STATEMENT(NAME, sql) STATEMENT_##NAME,
#include "statements.def"
#undef STATEMENT
    STATEMENTS
};

/* An INSERT ... ON CONFLICT of apply.c, by what it sets. */
struct shape {
    enum table table;
    uint32_t columns; /* bit per column number */
    sqlite3_stmt *handle;
};

/* Shards of which nothing will ever be valid again: a later number was given, so they are complete,
 * and their last certificate had ended by `since_s`. Looking one up takes one row after the other;
 * beyond so many, 268 million certificates that ended, it is done. */
#define DEAD_SHARDS_MAX 4096
struct dead_shards {
    int64_t since_s;
    size_t n;
    struct shard shard[DEAD_SHARDS_MAX];
};

/* The policy bodies of the product that was asked for last (store_policy_bodies): dropped by a
 * change of any policy, a rollback, a part that is undone, and a reader's next snapshot. */
struct kept_body {
    size_t n;
    uint8_t body[LIMIT_POLICY_BYTES];
};
struct kept_policy {
    bool is_known;
    int64_t product;
    struct kept_body fleet, own;
};

/* What the transaction has changed in the overview's figures: tally.h. */
#define TALLY_CELLS 32 /* kinds of row that a batch changes; with more, they are written sooner */
struct tally_cell {
    enum table table;
    int64_t group, state, n;
    char owner[LIMIT_NAME + 1];
};
struct tally {
    size_t n;
    struct tally_cell cells[TALLY_CELLS];
};

struct kept_product { /* the row that was asked for last; dropped as a policy is */
    bool is_known;
    struct product row;
};

#define SHAPES_MAX 64 /* kinds of change that verbs make: about thirty */

struct store {
    sqlite3 *db;
    enum store_mode mode;
    bool is_open, must_exit; /* a transaction or snapshot; store_must_exit() */
    int lease;               /* descriptor whose lock is the writer's lease; -1 */
    uint64_t log_pages;
    sqlite3_stmt *prepared[STATEMENTS];
    struct shape shapes[SHAPES_MAX];
    size_t next_shape; /* the place that the next new shape takes */
    struct dead_shards dead;
    struct kept_policy policy;
    struct kept_product product;
    struct tally tally;
    bool in_part;
    struct tally before_part;
};

/* SQLite's last failure as an error, "what: SQLite's words"; notes when the process must exit. */
enum result database_fail(struct store *store, const char *what, struct err *err);

/* A statement without parameters; one of one integer. */
MUST_USE enum result database_exec(struct store *store, const char *sql, struct err *err);
MUST_USE enum result database_number(struct store *store, const char *sql, int64_t *ret,
                                     struct err *err);
/* Opening a writer's database applies what is missing; a reader wants all of them there. */
MUST_USE enum result database_migrate(struct store *store, struct err *err);
MUST_USE enum result database_check_schema(struct store *store, struct err *err);

/* A statement in use: parameters in order from the first, then rows, whose columns are read in
 * order. Failures stick. Reset when its scope ends: CLEANUP(query_end) struct query q = ... */
struct query {
    struct store *store;
    sqlite3_stmt *stmt;
    int rc;
    int parameter, column; /* last bound; next read */
    const char *bad;       /* a column that no writer of ours could have written */
};

struct query query_of(struct store *store, enum statement statement);
void query_end(struct query *query);

void query_put_int(struct query *query, int64_t value);
void query_put_text(struct query *query, struct bytes value);
void query_put_blob(struct query *query, struct bytes value);

/* `after` and `limit`, the first two parameters of every list. */
void query_put_filter(struct query *query, const struct filter *filter);

/* A list that passes over rows (store/list.h): the second parameter is how many it looks at. */
struct walk {
    const struct filter *filter;
    uint32_t looks, fits;
};
void query_put_walk(struct query *query, const struct filter *filter);
/* Counts the row in whose columns were read, but for the last: whether it is one of the list's.
 * True while the walk goes on. */
bool walk_on(struct walk *walk, struct query *query, int64_t id, bool *ret_fits);

/* The next row: OK, or R_NOT_FOUND with `err` untouched at the end. */
MUST_USE enum result query_next(struct query *query, struct err *err);
/* For statements that give no row. */
MUST_USE enum result query_run(struct query *query, struct err *err);

/* NULL reads as 0 or empty. */
int64_t query_int(struct query *query);
uint32_t query_u32(struct query *query);
void query_text(struct query *query, char *to, size_t room);
/* Exactly `n` octets, or NULL, which gives false and zeros. */
bool query_hash(struct query *query, uint8_t *to, size_t n);
struct bytes query_bytes(struct query *query); /* valid until the next row */

/* E_STORE_CORRUPT when a column of the row just read was not what it has to be. */
MUST_USE enum result query_row_ok(const struct query *query, struct err *err);

/* At most `max` rows of one integer. */
MUST_USE enum result query_ids(struct query *query, int64_t *ret, size_t max, size_t *ret_n,
                               struct err *err);

/* Does it give a row? */
MUST_USE enum result query_is_there(struct query *query, bool *ret, struct err *err);

/* One row of one integer, the same for every finder of its kind. */
MUST_USE enum result query_one_int(struct query *query, int64_t *ret, struct err *err);

#endif
