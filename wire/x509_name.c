#include "x509_parts.h"

#include <wire/oid.h>
#include <wire/utf8.h>

enum { TEXT_MAX = 64 }; // RFC 5280 appendix A: ub-common-name, ub-serial-number and their like

// Letters, digits and  space ' ( ) + , - . / : = ?  as one bit each, by character / 32.
static const uint32_t printable_set[4] = {0, 0xa7fffb81, 0x07fffffe, 0x07fffffe};

static bool is_printable(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c >= 0x80 || !(printable_set[c / 32] >> c % 32 & 1))
            return false;
    }
    return true;
}

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] >= 0x80)
            return false;
    return true;
}

static bool fits(uint8_t tag, struct bytes text)
{
    if (tag == DER_PRINTABLE_STRING)
        return is_printable(text);
    return tag == DER_UTF8_STRING ? utf8_is_valid(text) : is_ascii(text);
}

bool x509_read_text(struct reader *r, uint8_t *ret_tag, struct bytes *ret_text)
{
    if (!der_read_any(r, ret_tag, ret_text))
        return false;
    uint8_t tag = *ret_tag;
    if (tag != DER_PRINTABLE_STRING && tag != DER_UTF8_STRING && tag != DER_IA5_STRING)
        return reader_fail(
            r, "RFC 5280 4.1.2.4: text is not PrintableString, UTF8String or IA5String");
    return fits(tag, *ret_text) ||
           reader_fail(r, "X.680 41: text has a character outside its string type");
}

struct x509_name_walk x509_name_walk(struct bytes name)
{
    struct x509_name_walk walk = {{0}, {0}};
    struct reader whole = reader_of(name);
    der_enter(&whole, DER_SEQUENCE, &walk.rdns);
    if (!reader_end(&whole))
        reader_fail(&walk.rdns, whole.why);
    return walk;
}

static bool read_attribute(struct reader *rdn, struct x509_attribute *ret)
{
    struct reader inner;
    der_enter(rdn, DER_SEQUENCE, &inner);
    der_read_oid(&inner, &ret->oid);
    x509_read_text(&inner, &ret->tag, &ret->text);
    return der_leave(rdn, &inner);
}

bool x509_name_next(struct x509_name_walk *walk, struct x509_attribute *ret)
{
    if (walk->rdn.left == 0) {
        if (walk->rdns.left == 0 || !der_enter(&walk->rdns, DER_SET, &walk->rdn))
            return false;
        if (walk->rdn.left == 0)
            return reader_fail(&walk->rdns, "RFC 5280 4.1.2.4: relative name is empty");
    }
    return read_attribute(&walk->rdn, ret) || reader_fail(&walk->rdns, walk->rdn.why);
}

bool x509_name_end(struct x509_name_walk *walk)
{
    return der_leave(&walk->rdns, &walk->rdn) && reader_end(&walk->rdns);
}

bool x509_read_name(struct reader *r, struct bytes *ret_name)
{
    if (!der_read_whole(r, DER_SEQUENCE, ret_name))
        return false;
    struct x509_name_walk walk = x509_name_walk(*ret_name);
    struct x509_attribute attribute;
    while (x509_name_next(&walk, &attribute))
        continue;
    return x509_name_end(&walk) || reader_fail(r, walk.rdns.why);
}

bool x509_name_find(struct bytes name, struct bytes oid, struct bytes *ret_text)
{
    struct x509_name_walk walk = x509_name_walk(name);
    struct x509_attribute attribute;
    struct bytes text = {0};
    size_t found = 0;
    while (x509_name_next(&walk, &attribute)) {
        if (!bytes_equal(attribute.oid, oid))
            continue;
        text = attribute.text;
        found++;
    }
    if (!x509_name_end(&walk) || found != 1)
        return false;
    *ret_text = text;
    return true;
}

bool x509_name_equal(struct bytes a, struct bytes b)
{
    return bytes_equal(a, b);
}

// serialNumber and country have no other type: RFC 5280 appendix A.
static bool is_printable_only(struct bytes oid)
{
    return bytes_equal(oid, oid_serial_number) || bytes_equal(oid, oid_country);
}

void x509_write_rdn(struct buf *b, const struct x509_name_part *part)
{
    bool printable = is_printable(part->text);
    bool is_fine = printable || (!is_printable_only(part->oid) && utf8_is_valid(part->text));
    if (!is_fine || part->text.n == 0 || part->text.n > TEXT_MAX) {
        buf_fail(b);
        return;
    }
    size_t rdn = der_begin(b, DER_SET);
    size_t attribute = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, part->oid);
    der_write(b, printable ? DER_PRINTABLE_STRING : DER_UTF8_STRING, part->text);
    der_end(b, attribute);
    der_end(b, rdn);
}

void x509_write_name(struct buf *b, const struct x509_name_part *parts, size_t n)
{
    size_t name = der_begin(b, DER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        x509_write_rdn(b, &parts[i]);
    der_end(b, name);
}
