#include <registry/measure.h>

#include <wire/receipt.h>
#include <wire/spread.h>

#include <string.h>

/* ---- a device ---------------------------------------------------------------------------------
 */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void measure_rows(const struct subject *subject, struct facts *facts)
{
    if (subject->live_n == 0)
        return;
    const struct certificate *newest = &subject->live[0];
    facts->renew_at_s = spread_renewal_s(bytes_of(newest->serial, sizeof newest->serial),
                                         newest->not_before_s, newest->not_after_s);
    bool has_owner = subject->device.owner[0] != '\0';
    facts->no_owner =
        has_owner ? (struct since){.known = NO} : (struct since){YES, facts->enrolled_at_s};
    facts->heard_at_s = newest->not_before_s; /* who got one was heard */
}

static enum result measure_key(struct store *store, const struct subject *subject,
                               struct facts *facts, struct err *err)
{
    int64_t n = 0;
    TRY(store_key_held(store, subject->device.id, subject->live[0].spki, &n, &facts->key_since_s,
                       err));
    facts->key_renewals = n - 1;
    return OK;
}

enum result measure_first(struct store *store, const struct subject *subject, struct facts *facts,
                          struct err *err)
{
    bool is_owed =
        facts->no_owner.known == YES || (int64_t)facts->proof < subject->policy.least_proof;
    if (!is_owed)
        return OK;
    TRY(store_first_issued(store, subject->device.id, &facts->enrolled_at_s, err));
    if (facts->no_owner.known == YES)
        facts->no_owner.at_s = facts->enrolled_at_s;
    return OK;
}

/* A certificate of before both had signed that is alive although the device moved. */
static bool has_old_one(const struct subject *subject, const struct transfer_row *row)
{
    for (size_t i = 0; i < subject->live_n; i++)
        if (subject->live[i].id <= row->after)
            return true;
    return false;
}

/* When it moved, by its receipt; 0 where there is none. */
static enum result read_moved(struct store *store, const struct transfer_row *row, int64_t *ret,
                              struct err *err)
{
    uint8_t space[RECEIPT_MAX];
    struct buf room = buf_over(space, sizeof space);
    struct cell cell = {0};
    struct receipt receipt = {0};
    const char *why = NULL;
    TRY(store_cell(store, COL_TRANSFER_RECEIPT, row->id, &room, &cell, err));
    if (cell.type == TYPE_BLOB && !receipt_read(cell.bytes, &receipt, &why))
        return err_set(err, E_STORE_CORRUPT, "transfer %lld: %s", (long long)row->id, why);
    *ret = receipt.done_s;
    return OK;
}

#define LEFT_LOOK 64 /* certificates of other CAs of one device */

/* Of another CA, which nobody here can end, and from before it moved. Where only a list of that CA
 * named it, nobody knows since when it is good. */
static enum result note_left(void *context, const struct foreign *foreign, struct err *err)
{
    (void)err;
    struct facts *facts = context;
    bool is_of_before = foreign->is_read && foreign->not_before_s < facts->moved_s;
    if (foreign->state == FOREIGN_VALID && is_of_before)
        facts->left_until_s = later(facts->left_until_s, foreign->not_after_s);
    return OK;
}

static enum result measure_left(struct store *store, const struct subject *subject,
                                const struct transfer_row *row, struct facts *facts,
                                struct err *err)
{
    const struct filter of_device = {.limit = LEFT_LOOK, .device = subject->device.id};
    TRY(read_moved(store, row, &facts->moved_s, err));
    if (has_old_one(subject, row))
        facts->transfer_unfinished = (struct since){YES, facts->moved_s};
    if (facts->moved_s == 0)
        return OK;
    return store_foreigns(store, &of_device, bytes_of(NULL, 0), note_left, facts, err);
}

/* The last transfer that both sides signed. One that was accepted before that was written down is
 * counted from when it was asked for. */
static enum result measure_transfer(struct store *store, const struct subject *subject,
                                    struct facts *facts, struct err *err)
{
    struct transfer_row row;
    facts->transfer_unfinished.known = NO;
    facts->transfer_accepted.known = NO;
    enum result result = store_signed_transfer(store, subject->device.id, &row, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    if (row.state == TRANSFER_ACCEPTED)
        facts->transfer_accepted =
            (struct since){YES, row.accepted_s != 0 ? row.accepted_s : row.created_s};
    if (row.state == TRANSFER_ACCEPTED)
        return OK;
    return measure_left(store, subject, &row, facts, err);
}

enum result measure_device(struct store *store, const struct subject *subject, struct facts *facts,
                           struct err *err)
{
    int64_t seen_s = 0;
    TRY(measure_transfer(store, subject, facts, err));
    if (subject->live_n == 0)
        return OK;
    enum result result = store_seen(store, subject->device.id, &seen_s, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    facts->heard_at_s = later(facts->heard_at_s, seen_s);
    TRY(measure_key(store, subject, facts, err));
    return measure_first(store, subject, facts, err);
}

/* ---- an issuer --------------------------------------------------------------------------------
 */

struct below {
    int64_t root;
    int64_t until_s;
};

static enum result look_below(void *ctx, const struct authority_row *row, struct err *err)
{
    (void)err;
    struct below *below = ctx;
    int64_t root = row->root != 0 ? row->root : AUTHORITY_ROOT; /* the first one's row */
    if (row->kind != AUTHORITY_ROOT && root == below->root && row->state != ISSUER_ENDED)
        below->until_s = later(below->until_s, row->not_after_s);
    return OK;
}

/* One that is current is not asked: what it issues ends with it. */
static enum result measure_leaves(struct store *store, const struct authority_row *issuer,
                                  int64_t now_s, struct facts *facts, struct err *err)
{
    struct below below = {.root = issuer->id};
    if (issuer->state == ISSUER_CURRENT)
        return OK;
    if (issuer->kind != AUTHORITY_ROOT)
        return store_leaves_until(store, issuer->id, now_s, &facts->leaves_until_s, err);
    TRY(store_issuers(store, look_below, &below, err));
    facts->leaves_until_s = below.until_s;
    return OK;
}

static int64_t sooner(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

struct crls {
    struct store *store;
    int64_t issuer;
    struct facts *facts;
};

/* Since when its list lacks something, 0 = it does not; a list that was never made lacks all there
 * is. */
static enum result find_missing(struct store *store, const struct shard *shard, int64_t this_s,
                                int64_t *ret, struct err *err)
{
    TRY(store_first_end(store, shard, this_s, ret, err));
    if (this_s != 0 || *ret != 0)
        return OK;
    enum result result = store_shard_began(store, shard, ret, err);
    return result == R_NOT_FOUND ? OK : result; /* marked, and what was to be in it undone */
}

enum result measure_shard(struct store *store, const struct shard *shard, struct facts *facts,
                          struct err *err)
{
    struct crl_row last = {0};
    int64_t missing_s = 0;
    enum result result = store_crl(store, shard, &last, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    TRY(find_missing(store, shard, last.this_s, &missing_s, err));
    if (last.this_s != 0)
        facts->crl_half_s =
            sooner(facts->crl_half_s, last.this_s + (last.next_s - last.this_s) / 2);
    int64_t since_s = sooner(facts->crl_missing.at_s, missing_s);
    facts->crl_missing = (struct since){since_s != 0 ? YES : NO, since_s};
    return OK;
}

static enum result measure_crl(void *ctx, const struct shard *shard, struct err *err)
{
    struct crls *crls = ctx;
    if (shard->issuer != crls->issuer)
        return OK;
    return measure_shard(crls->store, shard, crls->facts, err);
}

enum result measure_issuer(struct store *store, int64_t issuer, int64_t now_s, struct facts *facts,
                           struct err *err)
{
    struct authority_row row = {0};
    struct crls crls = {store, issuer, facts};
    TRY(store_issuer(store, issuer, &row, err));
    facts->issuer_state = (enum issuer_state)row.state;
    facts->not_after_s = row.not_after_s;
    TRY(measure_leaves(store, &row, now_s, facts, err));
    return store_shards(store, now_s, measure_crl, &crls, err);
}

/* ---- the installation -------------------------------------------------------------------------
 */

/* R_NOT_FOUND: no start said so. */
static enum result read_meta(struct store *store, const char *name, bool *ret_is_known,
                             int64_t *ret, struct err *err)
{
    enum result result = store_meta(store, name, ret, err);
    *ret_is_known = result == OK;
    return result == R_NOT_FOUND ? OK : result;
}

enum result measure_installation(struct store *store, struct facts *facts, struct err *err)
{
    bool is_known = false;
    int64_t value = 0;
    TRY(read_meta(store, MEASURE_META_CUSTODY, &is_known, &value, err));
    facts->custody_known = is_known ? YES : UNMEASURED;
    facts->custody = (enum custody)value;
    TRY(read_meta(store, MEASURE_META_AGREED, &is_known, &value, err));
    facts->ledger_gap.known = is_known ? NO : UNMEASURED;
    value = 0;
    TRY(read_meta(store, MEASURE_META_SANDBOX, &is_known, &value, err));
    if (is_known)
        facts->sandbox_refused = (struct since){value != 0 ? YES : NO, value};
    TRY(store_backup_at(store, BACKUP_MADE, &facts->backup_at_s, err));
    return store_backup_at(store, BACKUP_DRILLED, &facts->drill_at_s, err);
}
