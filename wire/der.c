#include <wire/der.h>

static bool refuse(struct reader *r, struct bytes *ret, const char *why)
{
    *ret = bytes_of(NULL, 0);
    return reader_fail(r, why);
}

static size_t read_long_length(struct reader *r, uint8_t first)
{
    size_t count = first & 0x7f;
    if (count == 0 || count > 4) {
        reader_fail(r, "X.690 10.1: length is indefinite or has more than four octets");
        return 0;
    }
    struct bytes octets = reader_bytes(r, count);
    size_t n = 0;
    for (size_t i = 0; i < octets.n; i++)
        n = n << 8 | octets.p[i];
    if (octets.n > 0 && (n < 0x80 || octets.p[0] == 0))
        reader_fail(r, "X.690 10.1: length is not minimal");
    return n;
}

bool der_read_any(struct reader *r, uint8_t *ret_tag, struct bytes *ret_content)
{
    *ret_tag = 0;
    *ret_content = bytes_of(NULL, 0);
    if (!reader_ok(r))
        return false;
    if (r->left < 2)
        return reader_fail(r, "X.690: element is missing or cut off");
    uint8_t tag = r->p[0], length = r->p[1];
    r->p += 2;
    r->left -= 2;
    if (tag == 0 || (tag & 0x1f) == 0x1f)
        return reader_fail(r, "X.690 8.1.2: tag is not one octet");
    size_t n = length < 0x80 ? length : read_long_length(r, length);
    if (n > r->left)
        return reader_fail(r, "X.690 8.1.3: element is longer than what holds it");
    if (!reader_ok(r))
        return false;
    *ret_tag = tag;
    *ret_content = reader_bytes(r, n);
    return true;
}

bool der_read(struct reader *r, uint8_t tag, struct bytes *ret_content)
{
    uint8_t seen;
    if (!der_read_any(r, &seen, ret_content))
        return false;
    if (seen != tag)
        return refuse(r, ret_content, "X.690: element is of another type than its place demands");
    return true;
}

bool der_read_whole(struct reader *r, uint8_t tag, struct bytes *ret_whole)
{
    const uint8_t *start = r->p;
    struct bytes content;
    *ret_whole = bytes_of(NULL, 0);
    if (!der_read(r, tag, &content))
        return false;
    *ret_whole = bytes_of(start, (size_t)(r->p - start));
    return true;
}

bool der_is_at(const struct reader *r, uint8_t tag)
{
    return r->left > 0 && r->p[0] == tag;
}

bool der_enter(struct reader *r, uint8_t tag, struct reader *ret_inner)
{
    struct bytes content;
    bool ok = der_read(r, tag, &content);
    *ret_inner = (struct reader){.p = content.p, .left = content.n, .why = r->why};
    return ok;
}

bool der_leave(struct reader *r, struct reader *inner)
{
    return reader_end(inner) || reader_fail(r, inner->why);
}

static const char *integer_error(struct bytes content)
{
    if (content.n == 0)
        return "X.690 8.3.1: INTEGER is empty";
    if (content.n == 1)
        return NULL;
    bool is_padded = (content.p[0] == 0 && content.p[1] < 0x80) ||
                     (content.p[0] == 0xff && content.p[1] >= 0x80);
    return is_padded ? "X.690 8.3.2: INTEGER is not minimal" : NULL;
}

bool der_read_unsigned(struct reader *r, struct bytes *ret_magnitude)
{
    if (!der_read(r, DER_INTEGER, ret_magnitude))
        return false;
    const char *why = integer_error(*ret_magnitude);
    if (!why && ret_magnitude->p[0] >= 0x80)
        why = "INTEGER is negative";
    if (why)
        return refuse(r, ret_magnitude, why);
    if (ret_magnitude->n > 1 && ret_magnitude->p[0] == 0)
        *ret_magnitude = bytes_of(ret_magnitude->p + 1, ret_magnitude->n - 1);
    return true;
}

bool der_read_small(struct reader *r, uint32_t *ret_value)
{
    struct bytes magnitude;
    *ret_value = 0;
    if (!der_read_unsigned(r, &magnitude))
        return false;
    if (magnitude.n > 4)
        return reader_fail(r, "INTEGER is above 32 bits");
    for (size_t i = 0; i < magnitude.n; i++)
        *ret_value = *ret_value << 8 | magnitude.p[i];
    return true;
}

// First octet: how many bits of the last one are unused; those are zero in DER.
static const char *bit_string_error(struct bytes content)
{
    if (content.n == 0 || content.p[0] > 7 || (content.n == 1 && content.p[0] > 0))
        return "X.690 8.6.2: BIT STRING has a wrong count of unused bits";
    uint8_t unused_mask = (uint8_t)((1U << content.p[0]) - 1);
    if (content.n > 1 && (content.p[content.n - 1] & unused_mask) != 0)
        return "X.690 11.2.1: unused bits are not zero";
    return NULL;
}

bool der_read_bits(struct reader *r, struct bytes *ret_bits)
{
    if (!der_read(r, DER_BIT_STRING, ret_bits))
        return false;
    if (ret_bits->n == 0 || ret_bits->p[0] != 0)
        return refuse(r, ret_bits, "BIT STRING is empty or has unused bits");
    *ret_bits = bytes_of(ret_bits->p + 1, ret_bits->n - 1);
    return true;
}

static uint16_t reverse_bits(uint8_t octet)
{
    uint16_t bits = 0;
    for (unsigned i = 0; i < 8; i++)
        bits = (uint16_t)(bits | (octet >> (7 - i) & 1) << i);
    return bits;
}

bool der_read_named_bits(struct reader *r, uint8_t tag, uint16_t *ret_bits)
{
    struct bytes content;
    *ret_bits = 0;
    if (!der_read(r, tag, &content))
        return false;
    const char *why = bit_string_error(content);
    if (why || content.n > 3)
        return reader_fail(r, why ? why : "BIT STRING has more than 16 named bits");
    if (content.n > 1 && (content.p[content.n - 1] >> content.p[0] & 1) == 0)
        return reader_fail(r, "X.690 11.2.2: named bits end in zeros");
    for (size_t i = content.n; i-- > 1;)
        *ret_bits = (uint16_t)(*ret_bits << 8 | reverse_bits(content.p[i]));
    return true;
}

static const char *oid_error(struct bytes content)
{
    bool is_whole = content.n > 0 && content.p[content.n - 1] < 0x80;
    bool starts_arc = true;
    for (size_t i = 0; is_whole && i < content.n; i++) {
        is_whole = !(starts_arc && content.p[i] == 0x80);
        starts_arc = content.p[i] < 0x80;
    }
    return is_whole ? NULL : "X.690 8.19: OBJECT IDENTIFIER is empty, cut off or padded";
}

bool der_read_oid(struct reader *r, struct bytes *ret_oid)
{
    if (!der_read(r, DER_OID, ret_oid))
        return false;
    const char *why = oid_error(*ret_oid);
    return why ? refuse(r, ret_oid, why) : true;
}

bool der_expect_oid(struct reader *r, struct bytes oid, const char *why)
{
    struct bytes seen;
    if (!der_read(r, DER_OID, &seen))
        return false;
    return bytes_equal(seen, oid) || reader_fail(r, why);
}

bool der_read_null(struct reader *r)
{
    struct bytes content;
    if (!der_read(r, DER_NULL, &content))
        return false;
    return content.n == 0 || reader_fail(r, "X.690 8.8.2: NULL has content");
}

bool der_read_default_false(struct reader *r, uint8_t tag, bool *ret_value)
{
    struct bytes content;
    *ret_value = false;
    if (!reader_ok(r))
        return false;
    if (!der_is_at(r, tag))
        return true;
    if (!der_read(r, tag, &content))
        return false;
    if (content.n != 1 || content.p[0] != 0xff)
        return reader_fail(r, "X.690 11.1, 11.5: BOOLEAN is neither TRUE as FF nor absent");
    *ret_value = true;
    return true;
}

static const char *boolean_error(struct bytes content)
{
    bool is_strict = content.n == 1 && (content.p[0] == 0 || content.p[0] == 0xff);
    return is_strict ? NULL : "X.690 11.1: BOOLEAN is neither 00 nor FF";
}

static const char *null_error(struct bytes content)
{
    return content.n == 0 ? NULL : "X.690 8.8.2: NULL has content";
}

// Universal types by tag. Strings without an entry in `check` may hold anything.
struct universal {
    bool is_known;
    const char *(*check)(struct bytes content);
};
static const struct universal universal_types[0x20] = {
    [DER_BOOLEAN] = {true, boolean_error},
    [DER_INTEGER] = {true, integer_error},
    [DER_BIT_STRING] = {true, bit_string_error},
    [DER_OCTET_STRING] = {true, NULL},
    [DER_NULL] = {true, null_error},
    [DER_OID] = {true, oid_error},
    [DER_ENUMERATED] = {true, integer_error},
    [DER_UTF8_STRING] = {true, NULL},
    [DER_PRINTABLE_STRING] = {true, NULL},
    [DER_IA5_STRING] = {true, NULL},
    [DER_UTC_TIME] = {true, NULL},
    [DER_GENERALIZED_TIME] = {true, NULL},
};

bool der_read_value(struct reader *r, uint8_t *ret_tag, struct bytes *ret_content)
{
    if (!der_read_any(r, ret_tag, ret_content))
        return false;
    bool is_universal_primitive = *ret_tag < 0x20;
    if (!is_universal_primitive) {
        bool is_fine = *ret_tag >= 0x40 || *ret_tag == DER_SEQUENCE || *ret_tag == DER_SET;
        return is_fine || refuse(r, ret_content, "X.690 10.2: string type is constructed");
    }
    const struct universal *type = &universal_types[*ret_tag];
    if (!type->is_known)
        return refuse(r, ret_content, "X.690: universal type that no value here uses");
    const char *why = type->check ? type->check(*ret_content) : NULL;
    return why ? refuse(r, ret_content, why) : true;
}
