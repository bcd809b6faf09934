// What is read can be written, and what is written is read as the same wish.
#include "fuzz.h"

#include <wire/csrattrs.h>

static bool is_same(const struct csrattrs *a, const struct csrattrs *b)
{
    return a->key == b->key && a->rsa_bits == b->rsa_bits &&
           a->wants_serial_number == b->wants_serial_number &&
           bytes_equal(a->organizational_unit, b->organizational_unit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csrattrs wish, again;
    const char *why = NULL;
    uint8_t memory[2048];
    struct buf b = buf_over(memory, sizeof(memory));
    if (!csrattrs_read(bytes_of(data, size), &wish, &why)) {
        must(why != NULL);
        return 0;
    }
    csrattrs_write(&b, &wish);
    if (!buf_ok(&b))
        return 0; // a size that is not whole octets, a text too long for a name of ours
    must(csrattrs_read(buf_bytes(&b), &again, &why));
    must(again.has_template && is_same(&wish, &again));
    return 0;
}
