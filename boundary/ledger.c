#include "ledger.h"

#include <string.h>

void ledger_init(struct ledger *ledger, const struct troth_checkpoint *held)
{
    pthread_mutex_init(&ledger->lock, NULL);
    ledger->held = *held;
}

void ledger_free(struct ledger *ledger)
{
    pthread_mutex_destroy(&ledger->lock);
}

struct troth_checkpoint ledger_held(struct ledger *ledger)
{
    pthread_mutex_lock(&ledger->lock);
    struct troth_checkpoint held = ledger->held;
    pthread_mutex_unlock(&ledger->lock);
    return held;
}

static enum result refuse_fork(const struct troth_checkpoint *held, uint64_t size, struct err *err)
{
    return err_set(err, E_LEDGER,
                   "the ledger is forked: what the server signed for %llu entries does not go on "
                   "from the %llu that are held",
                   (unsigned long long)size, (unsigned long long)held->size);
}

enum result ledger_check(struct ledger *ledger, uint64_t size, struct bytes root, struct err *err)
{
    struct troth_checkpoint held = ledger_held(ledger);
    bool is_same = bytes_equal(root, bytes_of(held.root, sizeof held.root));
    return held.size != 0 && size == held.size && !is_same ? refuse_fork(&held, size, err) : OK;
}

enum result ledger_read(const struct seal_key *key, struct bytes note, struct troth_checkpoint *ret,
                        struct err *err)
{
    const struct troth_log log = {key->name, strlen(key->name), key->point, &troth_es256};
    struct troth_fault fault;
    enum troth_verdict verdict = troth_checkpoint_verify(&log, note.p, note.n, ret, &fault);
    if (verdict == TROTH_VALID)
        return OK;
    return err_set(
        err, verdict == TROTH_MALFORMED ? E_SYNTAX : E_SIGNATURE,
        "the checkpoint is none of the ledger %s by its pinned key (octet %zu, verdict %d)",
        key->name, fault.offset, (int)verdict);
}

enum result ledger_follow(struct ledger *ledger, const struct troth_checkpoint *later,
                          const struct troth_proof *proof, struct err *err)
{
    static const struct troth_proof none;
    struct troth_checkpoint held = ledger_held(ledger);
    if (later->size < held.size)
        return err_set(err, E_CONFLICT, "a checkpoint of %llu entries; %llu are known",
                       (unsigned long long)later->size, (unsigned long long)held.size);
    const struct troth_proof *path = later->size > held.size ? proof : &none;
    if (held.size != 0 && troth_checkpoint_follows(&held, later, path) != TROTH_VALID)
        return refuse_fork(&held, later->size, err);
    pthread_mutex_lock(&ledger->lock);
    ledger->held = *later;
    pthread_mutex_unlock(&ledger->lock);
    return OK;
}
