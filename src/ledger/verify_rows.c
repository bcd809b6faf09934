#include "verify_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- one line of the canonical dump taken apart ---- */

/* The next word: up to a space that is not within quotes (a quote within is written \x22). */
static struct bytes next_word(struct bytes *line)
{
    bool is_quoted = false;
    size_t n = 0;
    for (; n < line->n && (is_quoted || line->p[n] != ' '); n++)
        if (line->p[n] == '"')
            is_quoted = !is_quoted;
    struct bytes word = bytes_of(line->p, n);
    size_t used = n < line->n ? n + 1 : n;
    *line = bytes_of(line->p + used, line->n - used);
    return word;
}

/* "column=value" */
struct cell_text {
    struct bytes column;
    struct bytes value;
};

static struct cell_text split(struct bytes word)
{
    const uint8_t *equals = word.n == 0 ? NULL : memchr(word.p, '=', word.n);
    size_t n = equals == NULL ? word.n : (size_t)(equals - word.p);
    return (struct cell_text){bytes_slice(word, 0, n), bytes_slice(word, n + 1, word.n)};
}

static size_t table_rank(struct bytes name)
{
    const struct table_info *table;
    size_t rank = 0;
    for (; (table = table_at(rank)) != NULL; rank++)
        if (bytes_equal(name, bytes_of(table->name, strlen(table->name))))
            break;
    return rank;
}

static int64_t number_of(struct bytes word)
{
    char text[24] = {0};
    memcpy(text, word.p, word.n < sizeof text ? word.n : sizeof text - 1);
    return strtoll(text, NULL, 10);
}

/* Which of two lines comes first in a dump. */
static int compare_places(struct bytes a, struct bytes b)
{
    size_t rank_a = table_rank(next_word(&a)), rank_b = table_rank(next_word(&b));
    if (rank_a != rank_b)
        return rank_a < rank_b ? -1 : 1;
    int64_t id_a = number_of(next_word(&a)), id_b = number_of(next_word(&b));
    return (id_a > id_b) - (id_a < id_b);
}

static enum result fail_whole(const char *what, struct bytes line, struct err *err)
{
    struct bytes table = next_word(&line), id = next_word(&line);
    return err_set(err, E_LEDGER, "%.*s row %.*s %s", (int)table.n, (const char *)table.p,
                   (int)id.n, (const char *)id.p, what);
}

/* Where a column stands in its table; past all others when the line has ended. */
static size_t column_rank(struct bytes table, struct bytes name)
{
    const struct table_info *info = table_at(table_rank(table));
    const struct column_info *column;
    size_t rank = 0;
    for (; info != NULL && (column = column_at(info->table, rank)) != NULL; rank++)
        if (bytes_equal(name, bytes_of(column->name, strlen(column->name))))
            break;
    return rank;
}

/* The first column in which two lines of one row differ; a line leaves out what is NULL. */
static enum result fail_column(struct bytes ledger, struct bytes database, struct err *err)
{
    static const struct bytes nothing = BYTES_TEXT_INIT("nothing");
    struct bytes table = next_word(&ledger), id = next_word(&ledger);
    (void)next_word(&database);
    (void)next_word(&database);
    struct bytes in_ledger, in_database;
    do {
        in_ledger = next_word(&ledger);
        in_database = next_word(&database);
    } while (bytes_equal(in_ledger, in_database) && in_ledger.n > 0);

    struct cell_text a = split(in_ledger), b = split(in_database);
    size_t rank_a = column_rank(table, a.column), rank_b = column_rank(table, b.column);
    struct bytes column = rank_a <= rank_b ? a.column : b.column;
    return err_set(err, E_LEDGER,
                   "%.*s row %.*s, column %.*s: %s in the ledger, %s in the database", (int)table.n,
                   (const char *)table.p, (int)id.n, (const char *)id.p, (int)column.n,
                   (const char *)column.p, err_value(rank_a <= rank_b ? a.value : nothing).text,
                   err_value(rank_b <= rank_a ? b.value : nothing).text);
}

/* ---- the walk ---- */

struct walk {
    struct replay *replay;
    uint64_t n;
};

static enum result compare_line(void *ctx, const char *text, size_t n, struct err *err)
{
    struct walk *walk = ctx;
    struct bytes database = bytes_of(text, n), ledger;
    if (!replay_next_line(walk->replay, &ledger))
        return fail_whole("is in the database and not in the ledger", database, err);
    walk->n++;
    if (bytes_equal(ledger, database))
        return OK;
    int order = compare_places(database, ledger);
    if (order < 0)
        return fail_whole("is in the database and not in the ledger", database, err);
    if (order > 0)
        return fail_whole("is in the ledger and not in the database", ledger, err);
    return fail_column(ledger, database, err);
}

enum result verify_rows(struct store *store, struct replay *replay, uint64_t *ret_n,
                        struct err *err)
{
    struct walk walk = {.replay = replay};
    struct bytes left;
    replay_begin_lines(replay);
    TRY(store_dump(store, compare_line, &walk, err));
    if (replay_next_line(replay, &left))
        return fail_whole("is in the ledger and not in the database", left, err);
    *ret_n = walk.n;
    return OK;
}

/* ---- what the ledger knows by digest ---- */

static enum result check_der(void *ctx, int64_t certificate, struct bytes der, struct err *err)
{
    struct verify_digests *digests = ctx;
    uint8_t digest[MERKLE_HASH_N];
    struct bytes wanted;
    digests->hash->sha256(digests->hash->ctx, &der, 1, digest);
    if (!replay_find(digests->replay, TABLE_CERTIFICATE, certificate,
                     COL_CERTIFICATE_DIGEST % COLUMNS_PER_TABLE, &wanted))
        return err_set(err, E_LEDGER, "certificate_der row %" PRId64 " is of no certificate",
                       certificate);
    if (!bytes_equal(wanted, bytes_of(digest, sizeof digest)))
        return err_set(err, E_LEDGER,
                       "certificate_der row %" PRId64 ": its SHA-256 is not the ledger's",
                       certificate);
    digests->certificates++;
    return OK;
}

static enum result check_text(void *ctx, struct bytes digest, struct bytes salt, struct bytes text,
                              struct err *err)
{
    struct verify_digests *digests = ctx;
    uint8_t wanted[MERKLE_HASH_N];
    struct bytes parts[] = {salt, text};
    digests->hash->sha256(digests->hash->ctx, parts, LENGTH_OF(parts), wanted);
    if (!bytes_equal(digest, bytes_of(wanted, sizeof wanted)))
        return err_set(err, E_LEDGER, "a personal row is not what its digest %s says",
                       err_value(digest).text);
    digests->texts++;
    return OK;
}

/* What was presented somewhere lies under its own digest; rows of foreign certificates have that.
 */
static enum result check_evidence(void *ctx, struct bytes digest, struct bytes der, struct err *err)
{
    const struct verify_digests *digests = ctx;
    uint8_t wanted[MERKLE_HASH_N];
    digests->hash->sha256(digests->hash->ctx, &der, 1, wanted);
    if (!bytes_equal(digest, bytes_of(wanted, sizeof wanted)))
        return err_set(err, E_LEDGER, "a foreign_der row is not what its digest %s says",
                       err_value(digest).text);
    return OK;
}

enum result verify_digests(struct store *store, struct verify_digests *digests, struct err *err)
{
    TRY(store_ders(store, check_der, digests, err));
    TRY(store_foreign_ders(store, check_evidence, digests, err));
    return store_personals(store, check_text, digests, err);
}
