#include "ledger.h"

#include <wire/cbor.h>

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
    const struct troth_log log = {key->name, strlen(key->name), key->point};
    enum troth_verdict verdict = troth_checkpoint_verify(&log, note.p, note.n, ret);
    if (verdict == TROTH_VALID)
        return OK;
    return err_set(err, verdict == TROTH_MALFORMED ? E_SYNTAX : E_SIGNATURE,
                   "the checkpoint is none of the ledger %s by its pinned key (verdict %d)",
                   key->name, (int)verdict);
}

/* The hashes one behind the other. */
static enum result read_proof(struct bytes proof, uint8_t hashes[TROTH_PROOF_MAX * TROTH_HASH_N],
                              size_t *ret_n, struct err *err)
{
    struct reader r = reader_of(proof);
    bool is_one = cbor_read_array(&r) == 1;
    size_t n = cbor_read_array(&r);
    if (!is_one || n > TROTH_PROOF_MAX)
        reader_fail(&r, "proof: an array of one array of at most 64 hashes");
    for (size_t i = 0; i < n && reader_ok(&r); i++) {
        struct bytes hash = cbor_read_bytes(&r);
        if (hash.n != TROTH_HASH_N)
            reader_fail(&r, "proof: a hash of 32 octets");
        else
            memcpy(hashes + i * TROTH_HASH_N, hash.p, TROTH_HASH_N);
    }
    if (!reader_end(&r))
        return err_set(err, E_SYNTAX, "%s", r.why);
    *ret_n = n;
    return OK;
}

enum result ledger_follow(struct ledger *ledger, const struct troth_checkpoint *later,
                          struct bytes proof, struct err *err)
{
    uint8_t hashes[TROTH_PROOF_MAX * TROTH_HASH_N];
    struct troth_proof path = {.hashes = hashes};
    struct troth_checkpoint held = ledger_held(ledger);
    if (later->size < held.size)
        return err_set(err, E_CONFLICT, "a checkpoint of %llu entries; %llu are known",
                       (unsigned long long)later->size, (unsigned long long)held.size);
    if (held.size != 0 && later->size > held.size)
        TRY(read_proof(proof, hashes, &path.n, err));
    if (held.size != 0 && troth_checkpoint_follows(&held, later, &path) != TROTH_VALID)
        return refuse_fork(&held, later->size, err);
    pthread_mutex_lock(&ledger->lock);
    ledger->held = *later;
    pthread_mutex_unlock(&ledger->lock);
    return OK;
}
