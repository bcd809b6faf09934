#include <ledger/verify.h>

#include "verify_rows.h"
#include "verify_tiles.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct verify {
    struct store *store;
    struct replay *replay;
    const struct verify_checkpoint *checkpoints;
    size_t n;
    struct verify_tiles tiles;
};

static void verify_freep(struct verify **verify)
{
    if (*verify != NULL)
        replay_free((*verify)->replay);
    free(*verify);
    *verify = NULL;
}

/* What the entry says of itself stands beside it in columns, by which it is found. */
static enum result check_columns(const struct entry *row, const struct replayed *entry,
                                 struct err *err)
{
    const struct {
        const char *name;
        int64_t wanted, seen;
    } columns[] = {
        {"at", entry->at_s, row->at_s},
        {"event", entry->event, row->event},
        {"device", entry->device, row->device},
    };
    for (size_t i = 0; i < LENGTH_OF(columns); i++)
        if (columns[i].wanted != columns[i].seen)
            return err_set(err, E_LEDGER,
                           "entry row %" PRIu64 ", column %s: %" PRId64 " in the ledger, %" PRId64
                           " in the database",
                           row->seq, columns[i].name, columns[i].wanted, columns[i].seen);
    return OK;
}

/* The log must have been at this size what each checkpoint of this size says. */
static enum result check_checkpoints(const struct verify *verify, struct err *err)
{
    uint64_t size = replay_size(verify->replay);
    uint8_t root[MERKLE_HASH_N];
    for (size_t i = 0; i < verify->n; i++) {
        const struct verify_checkpoint *checkpoint = &verify->checkpoints[i];
        if (checkpoint->size != size)
            continue;
        replay_root(verify->replay, root);
        if (memcmp(root, checkpoint->root, sizeof root) != 0)
            return err_set(err, E_LEDGER,
                           "the first %" PRIu64 " entries are not those of %s: a fork, or an "
                           "entry from %" PRIu64 " on was changed",
                           size, checkpoint->name, size - size % VERIFY_TILE);
    }
    return OK;
}

static enum result check_entry(void *ctx, const struct entry *row, struct err *err)
{
    struct verify *verify = ctx;
    struct replayed entry;
    uint64_t wanted = replay_size(verify->replay);
    if (row->seq != wanted)
        return err_set(err, E_LEDGER, "entry %" PRIu64 " is missing", wanted);
    TRY(replay_add(verify->replay, row->body, &entry, err));
    TRY(check_columns(row, &entry, err));
    TRY(verify_tiles_leaf(&verify->tiles, entry.leaf, err));
    return check_checkpoints(verify, err);
}

static enum result check_entries(struct verify *verify, struct err *err)
{
    TRY(check_checkpoints(verify, err)); /* of the empty log */
    TRY(store_entries(verify->store, 0, UINT64_MAX, check_entry, verify, err));
    uint64_t size = replay_size(verify->replay);
    for (size_t i = 0; i < verify->n; i++)
        if (verify->checkpoints[i].size > size)
            return err_set(err, E_LEDGER,
                           "%" PRIu64 " entries, %s has %" PRIu64 ": the last ones are missing",
                           size, verify->checkpoints[i].name, verify->checkpoints[i].size);
    return verify_tiles_end(&verify->tiles, err);
}

static enum result check_all(struct verify *verify, struct verified *ret, struct err *err)
{
    struct verify_digests digests = {.hash = verify->tiles.hash, .replay = verify->replay};
    struct verified verified = {0};
    TRY(store_check(verify->store, err));
    TRY(check_entries(verify, err));
    TRY(verify_rows(verify->store, verify->replay, &verified.rows, err));
    TRY(verify_digests(verify->store, &digests, err));
    verified.entries = replay_size(verify->replay);
    verified.certificates = digests.certificates;
    verified.texts = digests.texts;
    replay_root(verify->replay, verified.root);
    *ret = verified;
    return OK;
}

enum result ledger_verify(struct store *store, const struct merkle_hash *hash,
                          const struct verify_wanted *wanted, struct verified *ret, struct err *err)
{
    CLEANUP(verify_freep) struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        return err_set(err, E_MEMORY, "no memory for the audit");
    verify->store = store;
    verify->checkpoints = wanted->checkpoints;
    verify->n = wanted->n;
    verify->tiles.store = store;
    verify->tiles.hash = hash;
    TRY(replay_new(hash, &verify->replay, err));
    replay_trust(verify->replay, &wanted->signer);
    TRY(store_snapshot_begin(store, err));
    enum result result = check_all(verify, ret, err);
    store_snapshot_end(store);
    return result;
}
