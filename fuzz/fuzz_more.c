// What is read as signed is written again with a signature more, and then read as the same and that
// one.
#include "fuzz.h"

#include <wire/manifest.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[65536];
    struct buf b = buf_over(memory, sizeof memory);
    struct manifest_signed object, more;
    const char *why = NULL;
    if (size > sizeof memory - 64 || !manifest_read_signed(bytes_of(data, size), &object, &why))
        return 0;
    manifest_write_more(&b, &object, bytes_text("one more"));
    must(buf_ok(&b) == (object.n < MANIFEST_SIGNERS_MAX));
    if (!buf_ok(&b))
        return 0;
    must(manifest_read_signed(buf_bytes(&b), &more, &why));
    must(more.is_envelope == object.is_envelope && more.n == object.n + 1);
    must(bytes_equal(more.payload, object.payload) && bytes_equal(more.rest, object.rest));
    must(more.members == object.members);
    must(
        bytes_equal(bytes_slice(more.signed_parts, 0, object.signed_parts.n), object.signed_parts));
    return 0;
}
