// A checkpoint that somebody hands us (pki/note.h). The input is judged as it is, and as the text
// of a note that is signed with the log's own keys: only that may be taken, and only if it is a
// checkpoint.
#include "signed_note.h"

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
