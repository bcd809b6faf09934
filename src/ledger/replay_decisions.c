#include "replay_decisions.h"

#include "replay_cells.h"

#define IN_FORCE 1 /* of a policy */
#define SUPERSEDED 2
#define STANDS 1 /* of a waiver */
#define ENDED 2
#define ACTOR_OPERATOR 3
#define CHECKS 45
#define LAPSED 37 /* is decided about by another waiver of what lapsed */
#define LONGEST_S (INT64_C(5) * 366 * 86400)

/* TD-07 is low; the others are medium and stay so (a test holds this against the catalogue). */
static const uint8_t one_is_enough[] = {7, 10, 11, 13, 14, 20, 24, 30, 34, 35, 36, 45};

bool replay_waiver_takes_two(int64_t check)
{
    for (size_t i = 0; i < sizeof one_is_enough; i++)
        if (one_is_enough[i] == check)
            return false;
    return true;
}

struct looked {
    const struct replay_rows *rows;
    const struct replay_entry *entry;
    const struct merkle_hash *hash;
};

/* ---- policies ---------------------------------------------------------------------------------
 */

/* The other row of the same product that the entry touches: the version before, or the next. */
static const struct replay_change *find_other(const struct looked *at, int64_t id, int64_t product,
                                              int64_t state)
{
    for (size_t i = 0; i < at->entry->n; i++) {
        const struct replay_change *change = &at->entry->changes[i];
        if (change->table != TABLE_POLICY || change->id == id)
            continue;
        struct bytes row = replay_rows_cells(at->rows, TABLE_POLICY, change->id);
        struct bytes says = row.n > 0 ? row : change->cells;
        if (int_of(says, COL_POLICY_PRODUCT) == product &&
            int_of(change->cells, COL_POLICY_STATE) == state)
            return change;
    }
    return NULL;
}

static const char *check_version(const struct looked *at, const struct replay_change *change)
{
    uint8_t digest[MERKLE_HASH_N];
    struct bytes cells = change->cells, body = octets_of(cells, COL_POLICY_BODY);
    int64_t product = int_of(cells, COL_POLICY_PRODUCT);
    const struct replay_change *before = find_other(at, change->id, product, SUPERSEDED);
    struct bytes old =
        before != NULL ? replay_rows_cells(at->rows, TABLE_POLICY, before->id) : bytes_of(NULL, 0);
    at->hash->sha256(at->hash->ctx, &body, 1, digest);
    if (!bytes_equal(octets_of(cells, COL_POLICY_DIGEST), bytes_of(digest, sizeof digest)))
        return "a policy whose digest is that of its bytes";
    if (int_of(cells, COL_POLICY_STATE) != IN_FORCE ||
        int_of(cells, COL_POLICY_VERSION) != int_of(old, COL_POLICY_VERSION) + 1)
        return "a policy that follows the version before it";
    return NULL;
}

static const char *check_policy(const struct looked *at, const struct replay_change *change)
{
    struct bytes row = replay_rows_cells(at->rows, TABLE_POLICY, change->id);
    struct bytes cells = change->cells;
    if (row.n == 0)
        return check_version(at, change);
    bool is_fixed = true;
    for (int column = COL_POLICY_PRODUCT; column < COL_POLICY_STATE; column++)
        is_fixed = is_fixed && !has(cells, (uint8_t)column);
    bool ends = int_of(row, COL_POLICY_STATE) == IN_FORCE &&
                int_of(cells, COL_POLICY_STATE) == SUPERSEDED &&
                find_other(at, change->id, int_of(row, COL_POLICY_PRODUCT), IN_FORCE) != NULL;
    return is_fixed && ends ? NULL : "a policy that stays as it was until the next version";
}

/* ---- waivers ----------------------------------------------------------------------------------
 */

/* Of an operator with a scope: for devices of that owner alone. */
static bool is_his(const struct looked *at, struct bytes waiver)
{
    if (at->entry->actor_kind != ACTOR_OPERATOR)
        return true;
    struct bytes who = replay_rows_cells(at->rows, TABLE_OPERATOR, at->entry->actor);
    struct bytes scope = text_of(who, COL_OPERATOR_SCOPE);
    return scope.n == 0 || bytes_equal(scope, text_of(waiver, COL_WAIVER_OF_OWNER));
}

static bool is_by(const struct looked *at, int64_t operator)
{
    return at->entry->actor_kind != ACTOR_OPERATOR || at->entry->actor == operator;
}

/* A device's is its owner's finding. */
static bool fits_device(const struct looked *at, struct bytes waiver)
{
    int64_t id = int_of(waiver, COL_WAIVER_DEVICE);
    struct bytes device = replay_rows_cells(at->rows, TABLE_DEVICE, id);
    return id == 0 ||
           (bytes_equal(text_of(waiver, COL_WAIVER_OF_OWNER), text_of(device, COL_DEVICE_OWNER)) &&
            int_of(waiver, COL_WAIVER_PRODUCT) == int_of(device, COL_DEVICE_PRODUCT));
}

static const char *check_made(const struct looked *at, struct bytes cells)
{
    int64_t check = int_of(cells, COL_WAIVER_CHECK);
    int64_t made_s = int_of(cells, COL_WAIVER_CREATED_AT);
    int64_t until_s = int_of(cells, COL_WAIVER_EXPIRES_AT);
    if (check < 1 || check > CHECKS || check == LAPSED)
        return "a waiver of a check";
    if (made_s != at->entry->at_s || until_s <= made_s || until_s - made_s > LONGEST_S)
        return "a waiver from the time of its entry to an end";
    if (int_of(cells, COL_WAIVER_STATE) != STANDS || has(cells, COL_WAIVER_ENDED_AT) ||
        has(cells, COL_WAIVER_ENDED_BY))
        return "a waiver that begins in force";
    if (!is_his(at, cells) || !fits_device(at, cells) ||
        !is_by(at, int_of(cells, COL_WAIVER_ASKED_BY)))
        return "a waiver by who may answer for what it covers";
    return NULL;
}

/* A policy that became stricter leaves it less time, and nothing else of it changes. */
static const char *check_sooner(const struct looked *at, struct bytes row, struct bytes cells)
{
    int64_t until_s = int_of(cells, COL_WAIVER_EXPIRES_AT);
    for (int column = COL_WAIVER_CHECK; column <= COL_WAIVER_ENDED_BY; column++)
        if (column != COL_WAIVER_EXPIRES_AT && has(cells, (uint8_t)column))
            return "a waiver that stays what was decided";
    if (int_of(row, COL_WAIVER_STATE) != STANDS || until_s <= at->entry->at_s ||
        until_s >= int_of(row, COL_WAIVER_EXPIRES_AT))
        return "a waiver whose end only comes sooner, and not before its entry";
    return is_his(at, row) ? NULL
                           : "a waiver that is shortened by who may answer for what it covers";
}

static const char *check_waiver(const struct looked *at, const struct replay_change *change)
{
    struct bytes row = replay_rows_cells(at->rows, TABLE_WAIVER, change->id);
    struct bytes cells = change->cells;
    if (row.n == 0)
        return check_made(at, cells);
    if (has(cells, COL_WAIVER_EXPIRES_AT))
        return check_sooner(at, row, cells);
    for (int column = COL_WAIVER_CHECK; column < COL_WAIVER_STATE; column++)
        if (has(cells, (uint8_t)column))
            return "a waiver that stays what was decided";
    bool ends = int_of(row, COL_WAIVER_STATE) == STANDS &&
                int_of(cells, COL_WAIVER_STATE) == ENDED &&
                int_of(cells, COL_WAIVER_ENDED_AT) == at->entry->at_s &&
                at->entry->at_s < int_of(row, COL_WAIVER_EXPIRES_AT);
    if (!ends)
        return "a waiver that ends once, before it has expired";
    if (!is_his(at, row) || !is_by(at, int_of(cells, COL_WAIVER_ENDED_BY)))
        return "a waiver that is ended by who may answer for what it covers";
    return NULL;
}

const char *replay_check_decisions(const struct replay_rows *rows, const struct replay_entry *entry,
                                   const struct merkle_hash *hash)
{
    const struct looked at = {rows, entry, hash};
    const char *why = NULL;
    for (size_t i = 0; i < entry->n && why == NULL; i++) {
        if (entry->changes[i].table == TABLE_POLICY)
            why = check_policy(&at, &entry->changes[i]);
        else if (entry->changes[i].table == TABLE_WAIVER)
            why = check_waiver(&at, &entry->changes[i]);
    }
    return why;
}
