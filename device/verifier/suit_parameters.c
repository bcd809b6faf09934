// Override parameters: the draft's section 8.4.8, and two of our own.
#include "fields.h"
#include "suit.h"

enum kind { ID, DIGEST, NUMBER, OCTETS, TEXT, FORMATS };

// In the order of enum suit_parameter: a row's place is its bit.
struct row {
    int8_t key;
    uint8_t kind, place; // where in the component it lies
};
#define AT(member) offsetof(struct troth_suit_component, member)
static const struct row rows[] = {
    {1, ID, AT(vendor)},
    {2, ID, AT(class_id)},
    {3, DIGEST, AT(digest)},
    {5, NUMBER, AT(slot)},
    {14, NUMBER, AT(size)},
    {18, OCTETS, AT(content)},
    {21, TEXT, AT(uri)},
    {22, NUMBER, AT(source)},
    {24, ID, AT(device)},
    {-1, NUMBER, AT(counter)},
    {-2, FORMATS, AT(oldest_format)},
};
#define ROWS_N (sizeof rows / sizeof rows[0])
_Static_assert(1 << (ROWS_N - 1) == SUIT_FORMAT, "a row for each bit");

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

static void read_octets(struct reader *r, enum kind kind, struct troth_octets *ret)
{
    struct bytes octets = kind == TEXT ? cbor_read_text(r) : cbor_read_bytes(r);
    *ret = (struct troth_octets){octets.p, octets.n};
    if (kind == ID && octets.n != TROTH_SUIT_ID_N)
        reader_fail(r, "an identifier that has not 16 octets");
}

static void read_value(struct reader *r, const struct row *row, struct troth_suit_component *ret)
{
    void *at = (uint8_t *)ret + row->place;
    switch ((enum kind)row->kind) {
    case DIGEST:
        read_wrapped_digest(r, at);
        break;
    case NUMBER:
        *(uint32_t *)at = field_read_u32(r);
        break;
    case FORMATS:
        read_formats(r, ret);
        break;
    case ID:
    case OCTETS:
    case TEXT:
        read_octets(r, row->kind, at);
        break;
    }
}

// The bit of the parameter that was read; 0 for one that is not known or not allowed.
static uint32_t read_parameter(struct reader *r, int32_t key, bool is_shared,
                               struct troth_suit_component *ret)
{
    size_t i = 0;
    while (i < ROWS_N && rows[i].key != key)
        i++;
    if (i == ROWS_N || (key < 0 && !is_shared))
        return 0;
    read_value(r, &rows[i], ret);
    return 1u << i;
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
