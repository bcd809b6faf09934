#include <ledger/replay.h>

#include "replay_decisions.h"
#include "replay_people.h"
#include "replay_rows.h"
#include "replay_transfer.h"

#include <wire/cbor.h>

#include <inttypes.h>
#include <stdlib.h>

struct replay {
    const struct merkle_hash *hash;
    struct merkle_frontier frontier;
    int64_t last_at_s;
    struct replay_rows rows;
    struct countersigner signer;
    int64_t last_operator;
    struct replay_entry entry; /* the one in hand; too large for a stack */
};

enum result replay_new(const struct merkle_hash *hash, struct replay **ret, struct err *err)
{
    CLEANUP(replay_freep) struct replay *replay = calloc(1, sizeof *replay);
    if (replay == NULL || replay_rows_begin(&replay->rows) != OK)
        return err_set(err, E_MEMORY, "no memory for replay");
    replay->hash = hash;
    *ret = STEAL(replay);
    return OK;
}

void replay_free(struct replay *replay)
{
    if (replay == NULL)
        return;
    replay_rows_free(&replay->rows);
    free(replay);
}

void replay_freep(struct replay **replay)
{
    replay_free(*replay);
    *replay = NULL;
}

static enum result fail(const struct replay *replay, const char *why, struct err *err)
{
    return err_set(err, E_LEDGER, "entry %" PRIu64 ": %s", replay->frontier.size, why);
}

static enum result apply(struct replay *replay, struct err *err)
{
    const struct replay_entry *entry = &replay->entry;
    for (size_t i = 0; i < entry->n; i++)
        if (replay_rows_apply(&replay->rows, &entry->changes[i]) != OK)
            return err_set(err, E_MEMORY, "no memory for the rows of %" PRIu64 " entries",
                           replay->frontier.size);
    return OK;
}

enum result replay_add(struct replay *replay, struct bytes body, struct replayed *ret,
                       struct err *err)
{
    struct replay_entry *entry = &replay->entry;
    struct replayed replayed;
    const char *why = NULL;
    if (!replay_decode(body, entry, &why))
        return fail(replay, why, err);
    if (replay->frontier.size > 0 && entry->at_s < replay->last_at_s)
        return fail(replay, "its time is before that of the entry before it", err);
    why = replay_check_people(&replay->rows, entry, replay->hash, &replay->signer,
                              replay->last_operator);
    if (why == NULL)
        why = replay_check_transfer(&replay->rows, entry, replay->hash, &replay->signer);
    if (why == NULL)
        why = replay_check_decisions(&replay->rows, entry, replay->hash);
    if (why != NULL)
        return fail(replay, why, err);
    TRY(apply(replay, err));
    int64_t last = replay_last_operator(entry);
    replay->last_operator = last > replay->last_operator ? last : replay->last_operator;
    replayed = (struct replayed){(int)entry->event, entry->at_s, entry->device, {0}};
    merkle_leaf(replay->hash, body, replayed.leaf);
    merkle_append(&replay->frontier, replay->hash, replayed.leaf);
    replay->last_at_s = entry->at_s;
    if (ret != NULL)
        *ret = replayed;
    return OK;
}

void replay_trust(struct replay *replay, const struct countersigner *signer)
{
    replay->signer = *signer;
}

uint64_t replay_size(const struct replay *replay)
{
    return replay->frontier.size;
}

void replay_root(const struct replay *replay, uint8_t ret[MERKLE_HASH_N])
{
    merkle_root(&replay->frontier, replay->hash, ret);
}

void replay_begin_lines(struct replay *replay)
{
    replay_rows_sort(&replay->rows);
}

bool replay_next_line(struct replay *replay, struct bytes *ret)
{
    return replay_rows_line(&replay->rows, ret);
}

bool replay_find(const struct replay *replay, int table, int64_t id, int column, struct bytes *ret)
{
    struct reader cells = reader_of(replay_rows_cells(&replay->rows, (uint64_t)table, id));
    while (cells.left > 0) {
        if (reader_u8(&cells) != column) {
            cbor_skip(&cells);
            continue;
        }
        enum cbor_type type = cbor_peek(&cells);
        *ret = type == CBOR_TEXT ? cbor_read_text(&cells) : cbor_read_bytes(&cells);
        return reader_ok(&cells);
    }
    return false;
}
