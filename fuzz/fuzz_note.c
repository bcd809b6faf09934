// A checkpoint that somebody hands us (pki/note.h). The input is judged as it is, and as the text
// of a note that is signed with the log's own keys: only that may be taken, and only if it is a
// checkpoint.
#include "fuzz.h"

#include <crypto/key.h>
#include <pki/note.h>

#define NOTE_NAME "example.org/log"

// The log's two keys.
static struct key *keys[2];
static struct note_signer signers[2];
static uint8_t room[65536];

static void make_keys(void)
{
    static const enum key_kind kinds[2] = {KEY_ED25519, KEY_P256};

    for (int i = 0; i < 2; i++) {
        must(key_generate(kinds[i], &keys[i], NULL) == OK);
        signers[i] = (struct note_signer){.origin = bytes_text(NOTE_NAME),
                                          .alg = key_sig_alg(keys[i]),
                                          .public_key = key_point(keys[i])};
    }
}

static struct bytes sign(struct bytes text)
{
    struct buf note = buf_over(room, sizeof(room));
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
    struct bytes input = bytes_of(data, size);
    struct note_checkpoint checkpoint;
    uint8_t again_room[256];
    struct buf again = buf_over(again_room, sizeof(again_room));

    if (keys[0] == NULL)
        make_keys();
    must(note_verify(input, &signers[0], &signers[1], &checkpoint, NULL) != OK);
    if (size > 4096 || note_verify(sign(input), &signers[0], &signers[1], &checkpoint, NULL) != OK)
        return 0;
    note_put_checkpoint(&again, signers[0].origin, checkpoint.size, checkpoint.root);
    must(bytes_equal(buf_bytes(&again), input));
    return 0;
}
