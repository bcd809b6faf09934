/* Signer's journal against the ledger (design 3, Signer journal): signed without an entry is an
 * orphan and revoked; a ledger that does not begin with what was signed is an older copy, and
 * nothing is signed. */
#include "core.h"

#include <base/log.h>

enum result agree_ask(struct core *core, struct err *err)
{
    int64_t after = 0;
    enum result result = store_meta(core->store, SERVICE_META_JOURNAL, &after, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    struct msg_journal_ask ask = {.after = (uint64_t)after};
    return ipc_send(&core->signer, IPC_JOURNAL_ASK, &ask, -1, err);
}

enum result agree_item(struct core *core, const struct msg_journal_item *item, struct err *err)
{
    TRY(turn_begin(core, err));
    TRY(enrol_orphan(&core->service, item, core->now_s, err));
    core->journal = item->journal;
    return OK;
}

/* By root as well as by length: the orphans make an older copy as long as what was signed. */
static enum result check_signed(struct core *core, const struct msg_journal_end *end,
                                struct err *err)
{
    uint64_t size = ledger_size(core->service.ledger);
    uint8_t root[sizeof end->root];
    if (end->size > size)
        return err_set(err, E_JOURNAL,
                       "the signer signed a checkpoint of %llu entries, the ledger has %llu",
                       (unsigned long long)end->size, (unsigned long long)size);
    if (end->size == 0)
        return OK;
    TRY(ledger_root_at(core->service.ledger, end->size, root, err));
    if (memcmp(root, end->root, sizeof root) != 0)
        return err_set(err, E_JOURNAL,
                       "the signer signed another root at %llu entries: this ledger is not the one "
                       "that was signed",
                       (unsigned long long)end->size);
    return OK;
}

/* The position that core knows is one of this journal's. */
static enum result check_identity(struct core *core, const struct msg_journal_end *end,
                                  struct err *err)
{
    int64_t known = 0;
    enum result result = store_meta(core->store, SERVICE_META_JOURNAL_ID, &known, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    if (known != 0 && known != (int64_t)end->identity)
        return err_set(err, E_JOURNAL,
                       "the signer's journal is another one than the database knows");
    if (known != 0 || end->identity == 0)
        return OK;
    TRY(turn_begin(core, err));
    TRY(store_put_meta(core->store, SERVICE_META_JOURNAL_ID, (int64_t)end->identity, err));
    turn_end(core);
    return OK;
}

enum result agree_end(struct core *core, const struct msg_journal_end *end, struct err *err)
{
    TRY(check_identity(core, end, err));
    TRY(check_signed(core, end, err));
    core->publish.signed_size = end->size;
    if (end->crl_number > core->publish.crl_number)
        core->publish.crl_number = end->crl_number;
    feed_begin(core, end->feed);
    core->is_agreed = true;
    struct msg_journal_agreed agreed = {.size = ledger_size(core->service.ledger)};
    return ipc_send(&core->signer, IPC_JOURNAL_AGREED, &agreed, -1, err);
}
