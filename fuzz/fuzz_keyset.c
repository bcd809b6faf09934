// Key sets, as they are and signed. What is read is written again to the same octets.
#include "signed_object.h"

static void read_again(const struct troth_keyset *set, struct bytes wanted)
{
    static uint8_t space[ROOM];
    struct buf b = buf_over(space, sizeof space);
    struct manifest_key keys[TROTH_KEYS_MAX];
    struct manifest_keyset written = {.sequence = set->sequence, .floor = set->floor, .keys = keys};
    written.n = set->n;
    memcpy(written.wanted, set->wanted, sizeof written.wanted);
    for (size_t i = 0; i < set->n; i++)
        keys[i] =
            (struct manifest_key){set->keys[i].number, set->keys[i].algorithm, set->keys[i].uses,
                                  bytes_of(set->keys[i].octets.p, set->keys[i].octets.n)};
    manifest_write_keyset(&b, &written);
    must(buf_ok(&b) && bytes_equal(buf_bytes(&b), wanted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t space[ROOM];
    uint8_t signature_space[256];
    struct troth_keyset set;
    struct troth_fault fault;
    struct bytes content = bytes_of(data, size);
    if (size > ROOM / 2)
        return 0;
    (void)troth_keyset_read(octets_of(content), 3, &set, &fault);
    must(fault.offset <= size);
    must(troth_keyset_follow(&signer_crypto, &signer_set, octets_of(content), &set, &fault) !=
         TROTH_VALID);

    struct buf signature = buf_over(signature_space, sizeof signature_space);
    struct buf whole = buf_over(space, sizeof space);
    put_signature(&signature, content, bytes_text(TROTH_KEYSET_TYPE));
    const struct bytes one = buf_bytes(&signature);
    manifest_write_signed_keyset(&whole, content, &one, 1);
    must(buf_ok(&signature) && buf_ok(&whole));
    const struct troth_octets object = {whole.p, whole.n};
    enum troth_verdict verdict =
        troth_keyset_follow(&signer_crypto, &signer_set, object, &set, &fault);
    must(fault.offset <= whole.n);
    if (verdict != TROTH_VALID)
        return 0;
    must(set.sequence > 1 && set.floor >= 1 && set.n > 0 && set.n <= TROTH_KEYS_MAX);
    read_again(&set, content);
    must(troth_keyset_read(object, 0, &set, &fault) == TROTH_VALID);
    return 0;
}
