// What people sign: accepted bytes are what the writer writes from what was read, and every walk
// through them ends without a fault.
#include "fuzz.h"

#include <wire/approval.h>

static void walk_pairs(struct bytes items)
{
    struct reader walk = approval_walk(items);
    struct bytes name;
    struct approval_value value;
    while (approval_next_pair(&walk, &name, &value))
        must(value.type != CBOR_NONE);
    must(reader_end(&walk));
}

static void walk_changes(struct bytes items)
{
    struct reader walk = approval_walk(items);
    struct approval_change change;
    while (approval_next_change(&walk, &change))
        must(change.before.type != CBOR_NONE && change.after.type != CBOR_NONE);
    must(reader_end(&walk));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again_memory[APPROVAL_MAX];
    struct buf again = buf_over(again_memory, sizeof(again_memory));
    struct approval approval;
    const char *why = NULL;
    if (!approval_read(bytes_of(data, size), &approval, &why)) {
        must(why != NULL);
        return 0;
    }
    walk_pairs(approval.parameters);
    walk_changes(approval.changes);
    walk_pairs(approval.counts);
    approval_write(&again, &approval);
    must(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
    return 0;
}
