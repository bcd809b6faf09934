// A checkpoint as a device reads it (troth/verify.h): as it is, and signed by the log's own key as
// the server signs. What the device takes, the server's reader takes for the same numbers.
#include "fuzz.h"

#include <crypto/hash.h>
#include <crypto/key.h>
#include <pki/note.h>
#include <troth/verify.h>

#define NAME "example.org/log"

static struct key *keys[2];
static struct note_signer signers[2];
static uint8_t room[65536];

static void make_keys(void)
{
    static const enum key_kind kinds[2] = {KEY_ED25519, KEY_P256};
    for (int i = 0; i < 2; i++) {
        must(key_generate(kinds[i], &keys[i], NULL) == OK);
        signers[i] = (struct note_signer){.origin = bytes_text(NAME),
                                          .alg = key_sig_alg(keys[i]),
                                          .public_key = key_point(keys[i])};
    }
}

static struct bytes sign(struct bytes text)
{
    struct buf note = buf_over(room, sizeof room);
    struct key_signature signature;
    buf_put_bytes(&note, text);
    buf_put_u8(&note, '\n');
    for (int i = 0; i < 2; i++) {
        must(key_sign(keys[i], text, &signature, NULL) == OK);
        note_put_signature(&note, &signers[i], key_signature_bytes(&signature));
    }
    return buf_bytes(&note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct troth_checkpoint got;
    struct note_checkpoint wanted;
    if (keys[0] == NULL)
        make_keys();
    const struct troth_log log = {NAME, sizeof NAME - 1, signers[1].public_key.p};
    must(troth_checkpoint_verify(&log, data, size, &got) != TROTH_VALID);
    if (size > 1024)
        return 0;
    struct bytes note = sign(bytes_of(data, size));
    if (note_verify(note, &signers[0], &signers[1], &wanted, NULL) != OK)
        return 0;
    must(troth_checkpoint_verify(&log, note.p, note.n, &got) == TROTH_VALID);
    must(got.size == wanted.size && memcmp(got.root, wanted.root, sizeof got.root) == 0);
    return 0;
}
