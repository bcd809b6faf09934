#include "history.h"

#include <registry/about.h>
#include <service/said.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LOOKED_AT_S 900 /* trust/checks/checks.h: LEAVES_LOOK_S */

/* ---- findings and instants --------------------------------------------------------------------
 */

static void differs(const struct history *h, struct subject_key key, int check, const char *what)
{
    fail_msg(
        "history %llu, step %d (%s), %s %lld: TD-%02d %s; run it again with TROTH_HISTORY=%llu",
        (unsigned long long)h->number, h->step, h->did, subject_word((enum subject_kind)key.kind),
        (long long)key.id, check, what, (unsigned long long)h->number);
}

/* What stays open keeps its beginning: when what it was for is gone and something younger is left,
 * when a policy sees an older one, or when of a stranger's certificate somebody learns more. */
static bool began_well(const struct history *h, const struct about *about,
                       const struct finding *open, const struct judged *judged)
{
    bool is_new = open->id > h->findings && open->first == 0;
    bool is_younger = open->began_at_s < judged->began_s;
    bool is_learned = about->key.kind == SUBJECT_FOREIGN;
    if (judged->began_s == 0 || open->began_at_s == judged->began_s)
        return true;
    return !is_new && (is_younger || is_learned || open->recorded_at_s <= h->world->ruled_s);
}

/* A certificate joins a list whose last one had ended, and which nobody made again since: core's
 * look at every list, each minute, finds it. Time alone opens no TD-18 unseen: see compare_next().
 */
static bool is_revived(const struct about *about, int number)
{
    return about->key.kind == SUBJECT_ISSUER && number == CHECK_STATUS_STALE;
}

static void compare_open(const struct history *h, const struct about *about,
                         const struct judged *judged)
{
    int number = judged->check->number;
    const struct finding *open = about_finding(about, number);
    if (open == NULL && is_revived(about, number))
        return;
    if (open == NULL)
        differs(h, about->key, number, "is open when judged anew, and not in the store");
    if (open->severity != (int)judged->severity)
        differs(h, about->key, number, "has another severity when judged anew");
    if (!began_well(h, about, open, judged))
        differs(h, about->key, number, "began at another instant when judged anew");
    if (strcmp(open->owner, about->owner) != 0)
        differs(h, about->key, number, "stands under another owner");
}

static enum result count_list(void *ctx, const struct shard *shard, struct err *err)
{
    (void)err;
    struct subject_key *left = ctx;
    if (shard->issuer == left->id)
        left->kind = 0;
    return OK;
}

/* A publication is of every list that has a certificate still, and judges whose lists they are. */
static bool was_published(const struct history *h, struct subject_key key)
{
    struct fixture *f = h->f;
    if (strcmp(h->did, "publish") != 0)
        return false;
    assert_ok(store_shards(f->store, f->now_s, count_list, &key, &f->err));
    return key.kind == 0;
}

/* When the last certificate below an issuer, or on a list, is gone nobody says so: it is looked at
 * again. */
static bool is_looked_at(const struct history *h, struct subject_key key, int check)
{
    return key.kind == SUBJECT_ISSUER &&
           (check == CHECK_ISSUER_BROKEN || check == CHECK_ISSUER_CLIFF ||
            (check == CHECK_STATUS_STALE && !was_published(h, key)));
}

/* A waiver that lapsed over one of those is owed as long as that one is. */
static bool is_over_one(const struct history *h, const struct about *about,
                        const struct standing *judged, int check)
{
    if (check != CHECK_WAIVER_LAPSED)
        return false;
    for (size_t i = 0; i < about->open_n; i++)
        if (is_looked_at(h, about->key, about->open[i].check) &&
            !standing_has(judged, about->open[i].check))
            return true;
    return false;
}

/* What a brake raised about a product is not judged: it waits for a person. */
static bool is_judged(struct subject_key key, int check)
{
    return (check_find(check)->kinds & 1U << key.kind) != 0;
}

static void compare_next(const struct history *h, struct subject_key key, int64_t judged_s)
{
    int64_t stored_s = 0;
    struct fixture *f = h->f;
    int64_t late_s = key.kind == SUBJECT_ISSUER ? LOOKED_AT_S : 0;
    assert_ok(store_next_instant(f->store, key, &stored_s, &f->err));
    if (judged_s != 0 && (stored_s == 0 || stored_s > judged_s + late_s))
        differs(h, key, 0, "the next instant in the store is late");
}

static void compare(const struct history *h, int kind, int64_t id)
{
    static struct about about;
    struct fixture *f = h->f;
    const struct subject_key key = {kind, id};
    enum result result = about_read(f->store, key, f->now_s, &about, &f->err);
    if (result == R_NOT_FOUND) /* its number was given to an act that was undone */
        return;
    assert_int_equal(result, OK);
    struct standing judged = standing(&about.facts, &about.policy, f->now_s);
    if (judged.failed != 0)
        differs(h, key, __builtin_ctzll(judged.failed), "failed");
    for (size_t i = 0; i < judged.n; i++)
        compare_open(h, &about, &judged.findings[i]);
    for (size_t i = 0; i < about.open_n; i++) {
        int check = about.open[i].check;
        if (about_finding(&about, check) != &about.open[i])
            differs(h, key, check, "is open twice");
        if (!standing_has(&judged, check) && is_judged(key, check) &&
            !is_looked_at(h, key, check) && !is_over_one(h, &about, &judged, check))
            differs(h, key, check, "is in the store, and not open when judged");
    }
    bool is_late = standing_has(&judged, CHECK_STATUS_STALE) &&
                   about_finding(&about, CHECK_STATUS_STALE) == NULL;
    if (!is_late)
        compare_next(h, key, judged.next_s);
}

static void compare_kind(const struct history *h, int kind, enum table table, int64_t after)
{
    int64_t last = kind == SUBJECT_ISSUER ? PKI_ISSUERS - 1 : h->f->service.last_id[table];
    for (int64_t id = after + 1; id <= last; id++)
        if (kind != SUBJECT_ISSUER || h->f->service.issuers[id].id != 0)
            compare(h, kind, id);
}

static void compare_whole(const struct history *h, int64_t foreign_after)
{
    compare(h, SUBJECT_INSTALLATION, 0);
    compare_kind(h, SUBJECT_PRODUCT, TABLE_PRODUCT, 0);
    compare_kind(h, SUBJECT_ISSUER, TABLE_ISSUER, 0);
    compare_kind(h, SUBJECT_FOREIGN, TABLE_FOREIGN, foreign_after);
}

void compare_fleet(struct history *h)
{
    mark_lists(h->f); /* as core's timer does within the second */
    begin(h->f);      /* one snapshot for all looks */
    for (size_t i = 0; i < DEVICES; i++)
        if (h->holders[i].n != 0)
            compare(h, SUBJECT_DEVICE, device_row(h->f, h->holders[i].n).id);
    compare_whole(h, h->foreign);
    roll_back(h->f);
}

#define SAID_LOOKS 32

void compare_said(struct history *h)
{
    struct fixture *f = h->f;
    int64_t last = f->service.last_id[TABLE_CERTIFICATE];
    for (int64_t id = last; id > 0 && id > last - SAID_LOOKS; id--) {
        struct certificate row;
        struct ocsp_said kept = {0}, now = {0};
        assert_ok(store_certificate(f->store, id, &row, &f->err));
        struct bytes serial = bytes_of(row.serial, sizeof row.serial);
        assert_ok(said_recall(&f->service, (uint32_t)row.issuer, serial, &kept, &f->err));
        assert_ok(said_of_serial(&f->service, (uint32_t)row.issuer, serial, &now, &f->err));
        if (kept.word != now.word || kept.reason != now.reason || kept.revoked_s != now.revoked_s)
            fail_msg("history %llu, step %d (%s), certificate %lld: said is %d %d %lld, the row %d "
                     "%d %lld; run it again with TROTH_HISTORY=%llu",
                     (unsigned long long)h->number, h->step, h->did, (long long)id, (int)kept.word,
                     (int)kept.reason, (long long)kept.revoked_s, (int)now.word, (int)now.reason,
                     (long long)now.revoked_s, (unsigned long long)h->number);
    }
}

/* ---- tallies ----------------------------------------------------------------------------------
 */

/* A row of each side that the other one has not. */
#define DIFFERENCE(tally, counted)                                                                 \
    "SELECT count(*) FROM (SELECT * FROM (SELECT * FROM " tally " WHERE n <> 0 EXCEPT " counted    \
    ") UNION ALL SELECT * FROM (" counted " EXCEPT SELECT * FROM " tally "))"

static const char *const differences[TALLIES] = {
    DIFFERENCE("device_tally", "SELECT ifnull(product, 0), ifnull(owner, ''), ifnull(state, 0), "
                               "count(*) FROM device GROUP BY 1, 2, 3"),
    DIFFERENCE("certificate_tally",
               "SELECT ifnull(d.owner, ''), ifnull(c.issuer, 0), ifnull(c.state, 0), count(*) FROM "
               "certificate c LEFT JOIN device d ON d.id = c.device GROUP BY 1, 2, 3"),
};

void world_open(struct world *world)
{
    char path[96];
    snprintf(path, sizeof path, "%s/troth.db", world->f->folder);
    assert_int_equal(sqlite3_open_v2(path, &world->database, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < TALLIES; i++)
        assert_int_equal(
            sqlite3_prepare_v2(world->database, differences[i], -1, &world->tallies[i], NULL),
            SQLITE_OK);
}

void world_close(struct world *world)
{
    for (size_t i = 0; i < TALLIES; i++)
        sqlite3_finalize(world->tallies[i]);
    sqlite3_close(world->database);
}

static void compare_tallies(const struct history *h)
{
    for (size_t i = 0; i < TALLIES; i++) {
        sqlite3_stmt *query = h->world->tallies[i];
        assert_int_equal(sqlite3_step(query), SQLITE_ROW);
        int64_t n = sqlite3_column_int64(query, 0);
        sqlite3_reset(query);
        if (n != 0)
            fail_msg("history %llu: tally %zu is not the recount; run it again with "
                     "TROTH_HISTORY=%llu",
                     (unsigned long long)h->number, i, (unsigned long long)h->number);
    }
}

void compare_all(struct history *h)
{
    mark_lists(h->f);
    begin(h->f);
    compare_kind(h, SUBJECT_DEVICE, TABLE_DEVICE, 0);
    compare_whole(h, 0);
    roll_back(h->f);
    compare_tallies(h);
}
