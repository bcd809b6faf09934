// Override parameters: the draft's section 8.4.8, and two of our own.
#include "fields.h"
#include "suit.h"

enum {
    PARAMETER_VENDOR = 1,
    PARAMETER_CLASS = 2,
    PARAMETER_DIGEST = 3,
    PARAMETER_SLOT = 5,
    PARAMETER_SIZE = 14,
    PARAMETER_CONTENT = 18,
    PARAMETER_URI = 21,
    PARAMETER_SOURCE = 22,
    PARAMETER_DEVICE = 24,
    PARAMETER_COUNTER = -1,
    PARAMETER_FORMAT = -2,
};

static struct troth_octets read_id(struct reader *r)
{
    struct troth_octets id = field_read_octets(r);
    if (id.n != TROTH_SUIT_ID_N)
        reader_fail(r, "an identifier that has not 16 octets");
    return id;
}

// A SUIT_Digest in a byte string.
static void read_wrapped_digest(struct reader *r, uint8_t ret[TROTH_HASH_N])
{
    struct reader inner = reader_of(cbor_read_bytes(r));
    suit_read_digest(&inner, ret);
    if (!reader_end(&inner))
        reader_fail(r, "a digest that is not SHA-256");
}

static void read_formats(struct reader *r, struct troth_suit_component *ret)
{
    size_t n = cbor_read_array(r);
    ret->oldest_format = field_read_u32(r);
    ret->newest_format = field_read_u32(r);
    if (n != 2 || ret->oldest_format > ret->newest_format)
        reader_fail(r, "data formats that are not [oldest, newest]");
}

// The bit of the parameter that was read; 0 for one that is not known or not allowed.
static uint32_t read_parameter(struct reader *r, int32_t key, bool is_shared,
                               struct troth_suit_component *ret)
{
    switch (key) {
    case PARAMETER_VENDOR:
        ret->vendor = read_id(r);
        return SUIT_VENDOR;
    case PARAMETER_CLASS:
        ret->class_id = read_id(r);
        return SUIT_CLASS;
    case PARAMETER_DEVICE:
        ret->device = read_id(r);
        return SUIT_DEVICE;
    case PARAMETER_DIGEST:
        read_wrapped_digest(r, ret->digest);
        return SUIT_DIGEST;
    case PARAMETER_SLOT:
        ret->slot = field_read_u32(r);
        return SUIT_SLOT;
    case PARAMETER_SIZE:
        ret->size = field_read_u32(r);
        return SUIT_SIZE;
    case PARAMETER_CONTENT:
        ret->content = field_read_octets(r);
        return SUIT_CONTENT;
    case PARAMETER_URI: {
        struct bytes uri = cbor_read_text(r);
        ret->uri = (struct troth_octets){uri.p, uri.n};
        return SUIT_URI;
    }
    case PARAMETER_SOURCE:
        ret->source = field_read_u32(r);
        return SUIT_SOURCE;
    case PARAMETER_COUNTER:
        ret->counter = field_read_u32(r);
        return is_shared ? SUIT_COUNTER : 0;
    case PARAMETER_FORMAT:
        read_formats(r, ret);
        return is_shared ? SUIT_FORMAT : 0;
    default:
        return 0;
    }
}

// {parameter: value, ...} into one component, over what it has.
static enum troth_verdict override_one(struct troth_suit *suit, struct reader *r, bool is_shared,
                                       uint32_t i)
{
    struct troth_suit_component *ret = &suit->components[i];
    struct cbor_map map = cbor_read_map(r);
    int32_t key;
    while (field_next(&map, r, &key)) {
        suit->at = r->p;
        uint32_t bit = read_parameter(r, key, is_shared, ret);
        if (bit == 0)
            return TROTH_UNKNOWN_PARAMETER;
        ret->has |= bit;
        if ((bit & (SUIT_DIGEST | SUIT_SIZE)) != 0)
            suit->matched &= ~(1u << i); // it was another one
    }
    return reader_ok(r) ? TROTH_VALID : TROTH_MALFORMED;
}

enum troth_verdict suit_override(struct troth_suit *suit, struct reader *r, bool is_shared)
{
    struct reader start = *r;
    for (uint32_t i = 0; i < suit->n; i++) {
        if ((suit->chosen >> i & 1) == 0)
            continue;
        *r = start;
        enum troth_verdict verdict = override_one(suit, r, is_shared, i);
        if (verdict != TROTH_VALID)
            return verdict;
    }
    return TROTH_VALID;
}
