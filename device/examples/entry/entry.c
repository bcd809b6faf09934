// Is this entry in the ledger that a checkpoint signs? An example of <troth/verify.h> for hosts; a
// device has the same calls and its own way to the octets.
//
// entry-example NAME KEY CHECKPOINT INDEX ENTRY PROOF
//   NAME    of the log: the first line of its checkpoints
//   KEY, CHECKPOINT, ENTRY, PROOF: files; the key as 65 octets, the proof as 32 octets a hash
#include <troth/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    size_t n;
    uint8_t octets[65536];
};

static int read_file(const char *path, struct file *ret)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return 0;
    ret->n = fread(ret->octets, 1, sizeof ret->octets, stream);
    int is_whole = feof(stream) && !ferror(stream);
    return fclose(stream) == 0 && is_whole;
}

static int say(enum troth_verdict verdict)
{
    printf("%s (%d)\n", verdict == TROTH_VALID ? "valid" : "refused", (int)verdict);
    return verdict == TROTH_VALID ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct file key, note, entry, hashes;
    struct troth_checkpoint checkpoint;
    struct troth_fault fault;
    if (argc != 7 || !read_file(argv[2], &key) || !read_file(argv[3], &note) ||
        !read_file(argv[5], &entry) || !read_file(argv[6], &hashes) || key.n != TROTH_POINT_N) {
        fprintf(stderr, "usage: entry-example NAME KEY CHECKPOINT INDEX ENTRY PROOF\n");
        return 2;
    }
    const struct troth_log log = {argv[1], strlen(argv[1]), key.octets, &troth_es256};
    enum troth_verdict verdict =
        troth_checkpoint_verify(&log, note.octets, note.n, &checkpoint, &fault);
    if (verdict != TROTH_VALID)
        return say(verdict);
    const struct troth_proof proof = {hashes.octets, hashes.n / TROTH_HASH_N};
    return say(troth_entry_verify(&checkpoint, strtoull(argv[4], NULL, 10), entry.octets, entry.n,
                                  &proof));
}
