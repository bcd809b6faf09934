#include "encode.h"
#include "tree.h"

#include <base/rand.h>

#include <stdlib.h>

enum result ledger_open(struct store *store, const struct merkle_hash *hash,
                        struct ledger **ret_ledger, struct err *err)
{
    CLEANUP(ledger_closep) struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL)
        return err_set(err, E_MEMORY, "no memory for the ledger");
    ledger->store = store;
    ledger->hash = hash;
    TRY(tree_load(ledger, &ledger->committed, err));
    tree_copy(&ledger->pending, &ledger->committed);
    *ret_ledger = STEAL(ledger);
    return OK;
}

void ledger_close(struct ledger *ledger)
{
    free(ledger);
}

void ledger_closep(struct ledger **ledger)
{
    ledger_close(*ledger);
    *ledger = NULL;
}

static enum result check_act(const struct act *act, struct err *err)
{
    bool has_digest = act->personal.n == 0 || act->personal.n == 32;
    if (act->broken || event_is_none(act->event) || act->actor.kind == ACTOR_NONE || !has_digest)
        return err_set(err, E_BUG, "act %d with %zu changes cannot become an entry",
                       (int)act->event, act->n);
    return OK;
}

static enum result apply_changes(struct ledger *ledger, const struct act *act, struct err *err)
{
    for (size_t i = 0; i < act->n; i++)
        TRY(store_apply(ledger->store, &act->changes[i], err));
    return OK;
}

/* Whom an entry changes beside the device that it is about has it in his timeline too. */
static enum result note_others(struct ledger *ledger, const struct act *act, uint64_t seq,
                               struct err *err)
{
    for (size_t i = 0; i < act->n; i++)
        if (act->changes[i].table == TABLE_DEVICE && act->changes[i].id != act->device)
            TRY(store_put_entry_touches(ledger->store, seq, act->changes[i].id, err));
    return OK;
}

/* The same time twice is fine, an earlier one is not: entries are in the order of their times. */
static int64_t entry_time(const struct tree *tree, const struct act *act)
{
    return act->at_s > tree->last_at_s ? act->at_s : tree->last_at_s;
}

enum result ledger_append(struct ledger *ledger, const struct act *act, uint64_t *ret_seq,
                          struct err *err)
{
    struct tree *tree = &ledger->pending;
    struct buf body = buf_over(ledger->entry, sizeof ledger->entry);
    uint8_t salt[ENTRY_SALT_N], leaf[MERKLE_HASH_N];
    int64_t at_s = entry_time(tree, act);

    TRY(check_act(act, err));
    TRY(apply_changes(ledger, act, err));
    rand_bytes(salt, sizeof salt);
    encode_entry(&body, act, at_s, salt);
    if (!buf_ok(&body))
        return err_set(err, E_TOO_LARGE, "an entry above %d octets", LIMIT_ENTRY_BYTES);

    struct entry entry = {
        .seq = tree->frontier.size,
        .at_s = at_s,
        .event = (int)act->event,
        .device = act->device,
        .body = buf_bytes(&body),
    };
    TRY(store_append_entry(ledger->store, &entry, err));
    TRY(note_others(ledger, act, entry.seq, err));
    merkle_leaf(ledger->hash, entry.body, leaf);
    TRY(tree_append(ledger, tree, leaf, err));
    tree->last_at_s = at_s;
    if (ret_seq != NULL)
        *ret_seq = entry.seq;
    return OK;
}

void ledger_committed(struct ledger *ledger)
{
    tree_copy(&ledger->committed, &ledger->pending);
}

void ledger_rolled_back(struct ledger *ledger)
{
    tree_copy(&ledger->pending, &ledger->committed);
}

void ledger_part_begun(struct ledger *ledger)
{
    tree_copy(&ledger->before_part, &ledger->pending);
}

void ledger_part_undone(struct ledger *ledger)
{
    tree_copy(&ledger->pending, &ledger->before_part);
}

uint64_t ledger_size(const struct ledger *ledger)
{
    return ledger->committed.frontier.size;
}

int64_t ledger_last_at_s(const struct ledger *ledger)
{
    return ledger->committed.last_at_s;
}

void ledger_root(const struct ledger *ledger, uint8_t ret_root[32])
{
    merkle_root(&ledger->committed.frontier, ledger->hash, ret_root);
}
