/* trothd audit checkpoint, trothd audit proof. */
#include "audit.h"

#include <app/modes.h>
#include <ledger/ledger.h>
#include <wire/hex.h>

#include <inttypes.h>

struct proof {
    uint64_t index;
    struct verify_checkpoint checkpoint;
    uint8_t leaf[32];
    struct merkle_proof path;
};

static enum result read_note(const struct audit *audit, struct buf *note,
                             struct verify_checkpoint *ret, struct err *err)
{
    uint64_t size = 0;
    enum result result = store_last_note(audit->store, &size, note, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "no checkpoint was signed yet: let the server run");
    TRY(result);
    return audit_note_check(buf_bytes(note), &audit->keys, "the stored checkpoint", ret, err);
}

static enum result checkpoint(const struct arguments *arguments, struct audit *audit,
                              struct err *err)
{
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof room);
    struct verify_checkpoint unused;
    TRY(audit_open(arguments, audit, err));
    TRY(read_note(audit, &note, &unused, err));
    fwrite(note.p, 1, note.n, stdout);
    return OK;
}

int mode_audit_checkpoint(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(checkpoint(arguments, &audit, &err), &err);
}

static enum result take_leaf(void *ctx, const struct entry *entry, struct err *err)
{
    (void)err;
    struct proof *proof = ctx;
    merkle_leaf(&sha256_for_merkle, entry->body, proof->leaf);
    return OK;
}

static enum result make_proof(struct audit *audit, void *ctx, struct err *err)
{
    struct proof *proof = ctx;
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof room);
    struct buf path = buf_over(proof->path.hash, sizeof proof->path.hash);
    CLEANUP(ledger_closep) struct ledger *ledger = NULL;
    TRY(read_note(audit, &note, &proof->checkpoint, err));
    if (proof->index >= proof->checkpoint.size)
        return err_set(err, E_NOT_FOUND, "the newest checkpoint has %" PRIu64 " entries",
                       proof->checkpoint.size);
    TRY(ledger_open(audit->store, &sha256_for_merkle, &ledger, err));
    TRY(ledger_prove_inclusion(ledger, proof->index, proof->checkpoint.size, &path, err));
    proof->path.n = path.n / MERKLE_HASH_N;
    TRY(store_entries(audit->store, proof->index, 1, take_leaf, proof, err));
    struct merkle_inclusion claim = {proof->index, proof->checkpoint.size, proof->leaf,
                                     proof->checkpoint.root};
    if (!merkle_verify_inclusion(&sha256_for_merkle, &claim, &proof->path))
        return err_set(err, E_LEDGER, "entry %" PRIu64 " is not in the tree that was signed",
                       proof->index);
    return OK;
}

static void print_hash(const char *before, const uint8_t hash[32])
{
    char hex[64];
    struct buf out = buf_over(hex, sizeof hex);
    hex_encode(&out, bytes_of(hash, 32));
    printf("%s\"%.64s\"", before, hex);
}

static void print_proof(const struct proof *proof)
{
    printf("{\"index\":%" PRIu64 ",\"size\":%" PRIu64, proof->index, proof->checkpoint.size);
    print_hash(",\"leaf\":", proof->leaf);
    print_hash(",\"root\":", proof->checkpoint.root);
    printf(",\"proof\":[");
    for (size_t i = 0; i < proof->path.n; i++)
        print_hash(i == 0 ? "" : ",", proof->path.hash[i]);
    printf("]}\n");
}

static enum result prove(const struct arguments *arguments, struct audit *audit, struct err *err)
{
    struct proof proof = {.index = (uint64_t)argument_number(arguments, "ENTRY", 0)};
    TRY(audit_open(arguments, audit, err));
    TRY(audit_in_snapshot(audit, make_proof, &proof, err));
    print_proof(&proof);
    return OK;
}

int mode_audit_proof(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(prove(arguments, &audit, &err), &err);
}
