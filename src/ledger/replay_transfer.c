#include "replay_transfer.h"

#include "replay_cells.h"
#include "replay_receipt.h"

#include <wire/approval.h>

#define KIND "transfer_release"
#define ACTOR_OPERATOR 3
#define IN_USE 1

enum { ASKED = 1, RELEASED, ACCEPTED, DONE, ABORTED };

/* What one rule looks at. */
struct looked {
    const struct replay_rows *rows;
    const struct replay_entry *entry;
    const struct merkle_hash *hash;
    const struct countersigner *signer;
};

/* ---- what is signed ----------------------------------------------------------------------------
 */

static bool is_text(const struct approval_value *value, struct bytes text)
{
    return value->type == CBOR_TEXT && bytes_equal(value->bytes, text);
}

/* One change: this device's owner, from the one to the other. */
static bool says_change(struct bytes changes, struct bytes row)
{
    struct reader walk = approval_walk(changes);
    struct approval_change change, more;
    return approval_next_change(&walk, &change) && !approval_next_change(&walk, &more) &&
           bytes_equal(change.table, bytes_text("device")) &&
           change.row == int_of(row, COL_TRANSFER_DEVICE) &&
           bytes_equal(change.column, bytes_text("owner")) &&
           is_text(&change.before, text_of(row, COL_TRANSFER_FROM_OWNER)) &&
           is_text(&change.after, text_of(row, COL_TRANSFER_TO_OWNER));
}

static const char *check_body(struct bytes row, int64_t id)
{
    struct approval approval;
    const char *why = NULL;
    if (!approval_read(octets_of(row, COL_TRANSFER_BODY), &approval, &why))
        return why;
    bool fits = bytes_equal(approval.kind, bytes_text(KIND)) && approval.number == (uint64_t)id &&
                approval.expires_s == int_of(row, COL_TRANSFER_EXPIRES_AT) &&
                says_change(approval.changes, row);
    return fits ? NULL : "a transfer whose bytes say what its row does";
}

/* ---- who signs ---------------------------------------------------------------------------------
 */

struct signing {
    uint8_t person, key, signature, at; /* columns */
    uint8_t owner;                      /* of the side */
};
static const struct signing release = {COL_TRANSFER_RELEASER, COL_TRANSFER_RELEASE_KEY,
                                       COL_TRANSFER_RELEASE_SIGNATURE, COL_TRANSFER_RELEASED_AT,
                                       COL_TRANSFER_FROM_OWNER};
static const struct signing acceptance = {COL_TRANSFER_ACCEPTER, COL_TRANSFER_ACCEPT_KEY,
                                          COL_TRANSFER_ACCEPT_SIGNATURE, COL_TRANSFER_ACCEPTED_AT,
                                          COL_TRANSFER_TO_OWNER};

static int64_t person_of(const struct looked *at, int64_t operator)
{
    int64_t person =
        int_of(replay_rows_cells(at->rows, TABLE_OPERATOR, operator), COL_OPERATOR_PERSON);
    return person != 0 ? person : operator;
}

static bool is_signed(const struct looked *at, struct bytes body, struct bytes key,
                      struct bytes signature)
{
    uint8_t space[sizeof APPROVAL_PREFIX + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof space);
    buf_put_bytes(&text, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&text, body);
    if (!buf_ok(&text) || signature.n == 0)
        return false;
    return at->signer->verify == NULL || at->signer->verify(key, buf_bytes(&text), signature);
}

/* The signature stands there by him who has the key, is in use, and has that side's scope or none.
 */
static const char *check_signing(const struct looked *at, struct bytes row, struct bytes cells,
                                 const struct signing *by)
{
    uint8_t digest[MERKLE_HASH_N];
    int64_t id = int_of(cells, by->person);
    struct bytes key = octets_of(cells, by->key);
    struct bytes operator= replay_rows_cells(at->rows, TABLE_OPERATOR, id);
    struct bytes scope = text_of(operator, COL_OPERATOR_SCOPE);
    at->hash->sha256(at->hash->ctx, &key, 1, digest);
    if (at->entry->actor_kind != ACTOR_OPERATOR || at->entry->actor != id ||
        int_of(operator, COL_OPERATOR_STATE) != IN_USE ||
        !bytes_equal(octets_of(operator, COL_OPERATOR_SPKI), bytes_of(digest, sizeof digest)))
        return "a transfer that an operator in use signs with his own key";
    if (scope.n != 0 && !bytes_equal(scope, text_of(row, by->owner)))
        return "a transfer that each side's own people sign";
    if (int_of(cells, by->at) > at->entry->at_s)
        return "a transfer that is signed when its entry says";
    if (at->entry->at_s > int_of(row, COL_TRANSFER_EXPIRES_AT))
        return "a transfer that had not expired";
    if (!is_signed(at, octets_of(row, COL_TRANSFER_BODY), key, octets_of(cells, by->signature)))
        return "a transfer whose signature is over its bytes";
    return NULL;
}

static const char *check_acceptance(const struct looked *at, struct bytes row, struct bytes cells)
{
    int64_t releaser = int_of(row, COL_TRANSFER_RELEASER);
    if (person_of(at, releaser) == person_of(at, int_of(cells, COL_TRANSFER_ACCEPTER)))
        return "a transfer that two persons sign";
    return check_signing(at, row, cells, &acceptance);
}

/* ---- a row's way -------------------------------------------------------------------------------
 */

/* What both sides signed about stays as it was. */
static bool is_fixed(struct bytes cells)
{
    for (int column = COL_TRANSFER_DEVICE; column <= COL_TRANSFER_BODY; column++)
        if (column != COL_TRANSFER_STATE && has(cells, (uint8_t)column))
            return false;
    return true;
}

static bool has_signing(struct bytes cells, const struct signing *by)
{
    return has(cells, by->person) || has(cells, by->key) || has(cells, by->signature) ||
           has(cells, by->at);
}

static bool gives_device(const struct replay_entry *entry, struct bytes row)
{
    for (size_t i = 0; i < entry->n; i++)
        if (entry->changes[i].table == TABLE_DEVICE &&
            entry->changes[i].id == int_of(row, COL_TRANSFER_DEVICE) &&
            bytes_equal(text_of(entry->changes[i].cells, COL_DEVICE_OWNER),
                        text_of(row, COL_TRANSFER_TO_OWNER)))
            return true;
    return false;
}

static const char *check_step(const struct looked *at, struct bytes row,
                              const struct replay_change *change)
{
    struct bytes cells = change->cells;
    int64_t from = int_of(row, COL_TRANSFER_STATE), to = int_of(cells, COL_TRANSFER_STATE);
    if (!is_fixed(cells) || (to != RELEASED && has_signing(cells, &release)) ||
        (to != ACCEPTED &&
         (has_signing(cells, &acceptance) || has(cells, COL_TRANSFER_AFTER_CERTIFICATE))) ||
        (to != DONE && has(cells, COL_TRANSFER_RECEIPT)))
        return "a transfer that stays what was signed";
    if (from == ASKED && to == RELEASED)
        return check_signing(at, row, cells, &release);
    if (from == RELEASED && to == ACCEPTED)
        return check_acceptance(at, row, cells);
    if (from == ACCEPTED && to == DONE && gives_device(at->entry, row))
        return replay_check_receipt(at->rows, at->entry, change, at->hash);
    bool ends = from < DONE && to == ABORTED;
    return ends ? NULL : "a transfer that goes its way: asked, released, accepted, done";
}

static const char *check_transfer(const struct looked *at, const struct replay_change *change)
{
    struct bytes row = replay_rows_cells(at->rows, TABLE_TRANSFER, change->id);
    if (row.n > 0)
        return check_step(at, row, change);
    if (int_of(change->cells, COL_TRANSFER_STATE) != ASKED ||
        has_signing(change->cells, &release) || has_signing(change->cells, &acceptance) ||
        has(change->cells, COL_TRANSFER_AFTER_CERTIFICATE) ||
        has(change->cells, COL_TRANSFER_RECEIPT))
        return "a transfer that begins without a signature";
    return check_body(change->cells, change->id);
}

/* ---- the owner ---------------------------------------------------------------------------------
 */

/* The transfer that ends with this entry and speaks of that device. */
static bool is_carried(const struct looked *at, int64_t device, struct bytes from, struct bytes to)
{
    for (size_t i = 0; i < at->entry->n; i++) {
        const struct replay_change *change = &at->entry->changes[i];
        if (change->table != TABLE_TRANSFER || int_of(change->cells, COL_TRANSFER_STATE) != DONE)
            continue;
        struct bytes row = replay_rows_cells(at->rows, TABLE_TRANSFER, change->id);
        if (int_of(row, COL_TRANSFER_DEVICE) == device &&
            int_of(row, COL_TRANSFER_STATE) == ACCEPTED &&
            bytes_equal(text_of(row, COL_TRANSFER_FROM_OWNER), from) &&
            bytes_equal(text_of(row, COL_TRANSFER_TO_OWNER), to))
            return true;
    }
    return false;
}

static const char *check_owner(const struct looked *at, const struct replay_change *change)
{
    if (!has(change->cells, COL_DEVICE_OWNER))
        return NULL;
    struct bytes row = replay_rows_cells(at->rows, TABLE_DEVICE, change->id);
    bool holds = row.n == 0 || is_carried(at, change->id, text_of(row, COL_DEVICE_OWNER),
                                          text_of(change->cells, COL_DEVICE_OWNER));
    return holds ? NULL : "another owner by a transfer that both sides signed";
}

/* An entry by that name gives a device to somebody. */
static const char *check_event(const struct replay_entry *entry)
{
    bool is_there = entry->event != EVENT_TRANSFER_RECEIPT;
    for (size_t i = 0; i < entry->n; i++)
        is_there = is_there || (entry->changes[i].table == TABLE_TRANSFER &&
                                has(entry->changes[i].cells, COL_TRANSFER_RECEIPT));
    return is_there ? NULL : "a receipt in a receipt's entry";
}

const char *replay_check_transfer(const struct replay_rows *rows, const struct replay_entry *entry,
                                  const struct merkle_hash *hash,
                                  const struct countersigner *signer)
{
    const struct looked at = {rows, entry, hash, signer};
    const char *why = check_event(entry);
    for (size_t i = 0; i < entry->n && why == NULL; i++) {
        const struct replay_change *change = &entry->changes[i];
        if (change->table == TABLE_TRANSFER)
            why = check_transfer(&at, change);
        else if (change->table == TABLE_DEVICE)
            why = check_owner(&at, change);
    }
    return why;
}
