// Elements that are accepted are written again as they were, and so are the values in them.
#include "fuzz.h"

#include <wire/der.h>
#include <wire/x509.h>

static uint8_t memory[1 << 16];

static struct buf fresh(void)
{
    return buf_over(memory, sizeof(memory));
}

static void check_integer(struct bytes whole)
{
    struct reader r = reader_of(whole);
    struct buf b = fresh();
    struct bytes magnitude;
    if (!der_read_unsigned(&r, &magnitude))
        return;
    der_write_unsigned(&b, magnitude);
    must(bytes_equal(buf_bytes(&b), whole));
}

static void check_bits(struct bytes whole)
{
    struct reader r = reader_of(whole), named = reader_of(whole);
    struct buf b = fresh(), named_again;
    struct bytes bits;
    uint16_t flags;
    if (der_read_bits(&r, &bits)) {
        der_write_bits(&b, bits);
        must(bytes_equal(buf_bytes(&b), whole));
    }
    if (!der_read_named_bits(&named, DER_BIT_STRING, &flags))
        return;
    named_again = fresh();
    der_write_named_bits(&named_again, DER_BIT_STRING, flags);
    must(bytes_equal(buf_bytes(&named_again), whole));
}

static void check_time(struct bytes whole)
{
    struct reader r = reader_of(whole);
    struct buf b = fresh();
    int64_t at_s;
    if (!der_read_time(&r, &at_s))
        return;
    der_write_time(&b, at_s);
    must(bytes_equal(buf_bytes(&b), whole));
}

static void check_ecdsa(struct bytes whole)
{
    uint8_t raw[64];
    struct buf b = fresh();
    if (!x509_ecdsa_to_raw(whole, 32, raw))
        return;
    x509_ecdsa_to_der(&b, bytes_of(raw, sizeof(raw)));
    must(bytes_equal(buf_bytes(&b), whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    uint8_t tag;
    struct bytes content;
    if (size > sizeof(memory) - 16)
        return 0;
    while (r.left > 0) {
        const uint8_t *start = r.p;
        if (!der_read_value(&r, &tag, &content)) {
            must(!reader_ok(&r) && !reader_end(&r));
            break;
        }
        struct bytes whole = bytes_of(start, (size_t)(r.p - start));
        struct buf b = fresh();
        der_write(&b, tag, content);
        must(bytes_equal(buf_bytes(&b), whole));
        check_integer(whole);
        check_bits(whole);
        check_time(whole);
        check_ecdsa(whole);
        if (tag == DER_SEQUENCE) // go down instead of on
            r = reader_of(content);
    }
    return 0;
}
