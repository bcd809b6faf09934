/* Checkpoints: does the new tree extend the last one that was signed? C2SP tlog-checkpoint. */
#include "session.h"

#include <crypto/hash.h>
#include <wire/merkle.h>

static bool read_proof(struct bytes octets, struct merkle_proof *ret)
{
    if (octets.n % MERKLE_HASH_N != 0 || octets.n / MERKLE_HASH_N > MERKLE_PROOF_MAX)
        return false;
    ret->n = octets.n / MERKLE_HASH_N;
    if (octets.n != 0)
        memcpy(ret->hash, octets.p, octets.n);
    return true;
}

/* RFC 9162 2.1.4.2; nothing to prove from an empty tree on, and memory_check has compared equal
 * ones. */
static enum result check_extends(const struct memory *memory,
                                 const struct msg_sign_checkpoint *message, struct err *err)
{
    struct merkle_proof proof;
    struct merkle_consistency claim = {.old_size = memory->size,
                                       .new_size = message->size,
                                       .old_root = memory->root,
                                       .new_root = message->root};

    if (memory->size == 0 || message->size <= memory->size)
        return OK;
    if (!read_proof(message->proof, &proof) ||
        !merkle_verify_consistency(&sha256_for_merkle, &claim, &proof))
        return err_set(err, E_JOURNAL,
                       "a fork: the ledger of %llu entries does not extend that of %llu",
                       (unsigned long long)message->size, (unsigned long long)memory->size);
    return OK;
}

enum result judge_checkpoint(struct session *session, const struct msg_sign_checkpoint *message,
                             struct job *job, struct err *err)
{
    job->record = (struct record){.kind = RECORD_CHECKPOINT, .size = message->size};
    memcpy(job->record.hash, message->root, sizeof(job->record.hash));
    TRY(session_may_sign(session, err));
    TRY(check_extends(journal_memory(session->journal), message, err));
    return journal_add(session->journal, &job->record, &job->journal, err);
}

static enum result put_signature(struct session *session, enum signer_key which,
                                 enum x509_sig_alg alg, struct buf *note, struct bytes text,
                                 struct err *err)
{
    struct key_signature signature;
    struct note_signer signer = {.origin = bytes_of(session->origin, strlen(session->origin)),
                                 .alg = alg,
                                 .public_key = session->backend->point(session->keys, which)};

    TRY(session->backend->sign(session->keys, which, text, &signature, err));
    note_put_signature(note, &signer, key_signature_bytes(&signature));
    return OK;
}

enum result finish_checkpoint(struct session *session, struct job *job, struct err *err)
{
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof(room));

    note_put_checkpoint(&note, bytes_of(session->origin, strlen(session->origin)), job->record.size,
                        job->record.hash);
    struct bytes text = buf_bytes(&note);
    buf_put_u8(&note, '\n');
    TRY(put_signature(session, SIGNER_KEY_CHECKPOINT_ED25519, X509_SIG_ED25519, &note, text, err));
    TRY(put_signature(session, SIGNER_KEY_CHECKPOINT_ES256, X509_SIG_ECDSA_SHA256, &note, text,
                      err));
    if (!buf_ok(&note))
        return err_set(err, E_BUG, "no room for a checkpoint");
    struct msg_signed_checkpoint answer = {.id = job->id, .note = buf_bytes(&note)};
    return session_send(session, IPC_SIGNED_CHECKPOINT, &answer, -1, err);
}
