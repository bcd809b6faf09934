/* What SQLite makes of every statement with a fixed text: none reads a big table from end to end or
 * sorts one, but for those that have to. */
#include "contract.h"

#include "sqlite/database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct statement_text {
    const char *name, *sql;
};

static const struct statement_text statements[] = {
#define STATEMENT(NAME, sql) {#NAME, sql},
#include "sqlite/statements.def"
#undef STATEMENT
};

/* Tables, by name or by what statements call them, of which there are few rows: people, products,
 * authorities, what is under way or kept for a day; and the tallies. */
static const char *const small[] = {
    "product",  "p",        "issuer",       "anchor", "operator",          "o",
    "approval", "crl",      "note",         "meta",   "migration",         "budget",
    "answer",   "untold",   "device_tally", "t",      "certificate_tally", "bulk",
    "line",     "CONSTANT", "policy",       "waiver", "webhook",           "webhook_key",
    "w",
};

/* Those that may, and why. */
static const struct exception {
    const char *name, *why;
} exceptions[] = {
    {"DERS", "the audit reads every certificate"},
    {"FOREIGN_DERS", "likewise"},
    {"TIDY_NOTES", "a slice: the first so many by size"},
    {"PERSONALS", "the audit reads every text"},
    {"DEVICE_GROUPS", "going live counts a product once"},
    {"DROP_STRAY_MEMBERS", "at a start, of what is under way"},
    {"LAST_ENTRY", "one row, from the end"},
    {"OPEN_TOKEN_IDS", "the open ones, along their index"},
    {"OPEN_PERMIT_IDS", "the open ones, along their index"},
    {"DEPENDANTS_OF_ISSUER", "a rehearsal reads all who depend on it, once"},
    {"DEPENDANTS_OF_ANCHOR", "likewise"},
    {"BUSIEST_MINUTE", "a rehearsal: the newest 500,000 entries at most"},
    {"BOUNDARIES_SEEN", "a row for each boundary"},
    {"ISSUER_BOUNDARIES", "likewise"},
    {"DEBT", "the open ones, by the index that has all of it"},
    {"DEBT_BY_PRODUCT", "likewise"},
    {"DEBT_BY_OWNER", "likewise"},
    {"DEBT_BY_CHECK", "likewise"},
    {"DEBT_BY_SEVERITY", "likewise"},
    {"DEBT_BY_DEVICE", "likewise"},
    {"FINDING_AGES", "likewise, for monitors"},
    {"FINDING_CHECKS", "counts the open ones along their index"},
};

static bool is_excepted(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(exceptions); i++)
        if (strcmp(exceptions[i].name, name) == 0)
            return true;
    return false;
}

static bool is_small(const char *table)
{
    for (size_t i = 0; i < LENGTH_OF(small); i++) {
        size_t n = strlen(small[i]);
        if (strncmp(table, small[i], n) == 0 && (table[n] == ' ' || table[n] == '\0'))
            return true;
    }
    return false;
}

/* Of the steps of a plan: does it go along what belongs to one device, or to something small? What
 * it sorts is then little. */
static bool is_of_few(const char *step)
{
    bool searches = strncmp(step, "SEARCH ", 7) == 0;
    return strstr(step, "(device=?") != NULL ||
           (strncmp(step, "SCAN ", 5) == 0 && is_small(step + 5)) ||
           (searches && is_small(step + 7));
}

/* "SCAN table ...", "SEARCH table ...", "USE TEMP B-TREE FOR ...". Sorting by the last term alone
 * sorts what is alike in all others. */
static bool is_fault(const char *step, bool is_of_few)
{
    if (strncmp(step, "SCAN ", 5) == 0)
        return !is_small(step + 5);
    bool sorts_rest = strstr(step, "LAST TERM OF ORDER BY") != NULL;
    return strncmp(step, "USE TEMP B-TREE", 15) == 0 && !is_of_few && !sorts_rest;
}

struct plans {
    char path[64];
    struct store *store;
    unsigned faults;
};

#define STEPS_MAX 64
#define STEP_MAX 256

static size_t explain(struct plans *plans, const struct statement_text *text,
                      char steps[STEPS_MAX][STEP_MAX])
{
    char sql[8192];
    sqlite3_stmt *plan = NULL;
    size_t n = 0;
    snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", text->sql);
    if (sqlite3_prepare_v2(plans->store->db, sql, -1, &plan, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text->name, sqlite3_errmsg(plans->store->db));
    while (sqlite3_step(plan) == SQLITE_ROW) {
        assert_true(n < STEPS_MAX);
        snprintf(steps[n++], STEP_MAX, "%s", (const char *)sqlite3_column_text(plan, 3));
    }
    sqlite3_finalize(plan);
    return n;
}

static void look_at(struct plans *plans, const struct statement_text *text)
{
    static char steps[STEPS_MAX][STEP_MAX];
    size_t n = explain(plans, text, steps);
    bool of_few = false;
    for (size_t i = 0; i < n; i++)
        of_few = of_few || is_of_few(steps[i]);
    for (size_t i = 0; i < n; i++)
        if (is_fault(steps[i], of_few) && !is_excepted(text->name)) {
            print_error("%s: %s\n", text->name, steps[i]);
            plans->faults++;
        }
}

static void no_statement_reads_or_sorts_a_big_table(void **state)
{
    struct plans *plans = *state;
    for (size_t i = 0; i < LENGTH_OF(statements); i++)
        look_at(plans, &statements[i]);
    assert_int_equal(plans->faults, 0);
}

/* The test sees what it looks for. */
static void a_scan_and_a_sort_are_seen(void **state)
{
    static const struct statement_text bad[] = {
        {"SCAN", "SELECT * FROM device WHERE hold = ?"},
        {"SORT", "SELECT * FROM finding WHERE id > ? ORDER BY began_at LIMIT ?"},
    };
    struct plans *plans = *state;
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        look_at(plans, &bad[i]);
    assert_int_equal(plans->faults, LENGTH_OF(bad));
    plans->faults = 0;
}

static void every_exception_is_a_statement(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(exceptions); i++) {
        size_t found = 0;
        for (size_t j = 0; j < LENGTH_OF(statements); j++)
            found += strcmp(exceptions[i].name, statements[j].name) == 0;
        assert_int_equal(found, 1);
    }
}

static int set_up(void **state)
{
    struct err err = {0};
    struct plans *plans = calloc(1, sizeof *plans);
    assert_non_null(plans);
    snprintf(plans->path, sizeof plans->path, "%s", "/tmp/troth-plans-XXXXXX");
    assert_non_null(mkdtemp(plans->path));
    strcat(plans->path, "/troth.db");
    assert_int_equal(store_open(plans->path, STORE_WRITE, &plans->store, &err), OK);
    *state = plans;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const ends[] = {"-wal", "-shm", ".lease", ""};
    struct plans *plans = *state;
    char path[96];
    store_close(plans->store);
    for (size_t i = 0; i < LENGTH_OF(ends); i++) {
        snprintf(path, sizeof path, "%s%s", plans->path, ends[i]);
        unlink(path);
    }
    *strrchr(plans->path, '/') = '\0';
    rmdir(plans->path);
    free(plans);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_statement_reads_or_sorts_a_big_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_scan_and_a_sort_are_seen, set_up, tear_down),
        cmocka_unit_test(every_exception_is_a_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
