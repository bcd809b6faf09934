// A checkpoint as a device reads it (troth/verify.h): as it is, and signed by the log's own key as
// the server signs. What the device takes, the server's reader takes for the same numbers.
#include "signed_note.h"

#include <troth/verify.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct troth_checkpoint got;
    struct note_checkpoint wanted;
    if (keys[0] == NULL)
        make_keys();
    const struct troth_log log = {NOTE_NAME, sizeof NOTE_NAME - 1, signers[1].public_key.p,
                                  &troth_es256};
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
