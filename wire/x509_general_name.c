#include "x509_parts.h"

#include <wire/oid.h>

// GeneralName alternatives by context number: RFC 5280 4.2.1.6.
enum { OTHER_NAME = DER_CONTEXT_CONSTRUCTED(0), IP = DER_CONTEXT(7) };

struct kind_row {
    uint8_t tag;
    enum x509_general_name_kind kind;
    bool is_text; // IA5String
    bool is_written;
};

static const struct kind_row kinds[] = {
    {DER_CONTEXT(1), X509_GN_EMAIL, true, true},
    {DER_CONTEXT(2), X509_GN_DNS, true, true},
    {DER_CONTEXT(6), X509_GN_URI, true, true},
    {IP, X509_GN_IP, false, true},
    {DER_CONTEXT_CONSTRUCTED(4), X509_GN_DIRECTORY, false, false},
    {DER_CONTEXT_CONSTRUCTED(3), X509_GN_OTHER, false, false}, // x400Address
    {DER_CONTEXT_CONSTRUCTED(5), X509_GN_OTHER, false, false}, // ediPartyName
    {DER_CONTEXT(8), X509_GN_OTHER, false, false},             // registeredID
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const struct kind_row *find_kind(uint8_t tag)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].tag == tag)
            return &kinds[i];
    return NULL;
}

static bool is_ascii_text(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == 0 || text.p[i] >= 0x80)
            return false;
    return text.n > 0;
}

static bool fits_kind(enum x509_general_name_kind kind, struct bytes value)
{
    if (kind == X509_GN_IP)
        return value.n == 4 || value.n == 16;
    return is_ascii_text(value);
}

// HardwareModuleName ::= SEQUENCE { hwType OID, hwSerialNum OCTET STRING }
static void read_hardware_module(struct reader *value, struct x509_general_name *ret)
{
    struct reader inner;
    ret->kind = X509_GN_HARDWARE_MODULE;
    der_enter(value, DER_SEQUENCE, &inner);
    der_read_oid(&inner, &ret->oid);
    der_read(&inner, DER_OCTET_STRING, &ret->value);
    der_leave(value, &inner);
}

static void read_unknown_value(struct reader *value, struct x509_general_name *ret)
{
    uint8_t tag;
    struct bytes content;
    struct bytes whole = bytes_of(value->p, value->left);
    ret->kind = X509_GN_OTHER_NAME;
    if (der_read_value(value, &tag, &content))
        ret->value = whole;
}

// OtherName ::= SEQUENCE { type-id OID, value [0] EXPLICIT ANY }
static bool read_other_name(struct reader *walk, struct x509_general_name *ret)
{
    struct reader name, value;
    der_enter(walk, OTHER_NAME, &name);
    der_read_oid(&name, &ret->oid);
    der_enter(&name, DER_CONTEXT_CONSTRUCTED(0), &value);
    if (bytes_equal(ret->oid, oid_hardware_module_name))
        read_hardware_module(&value, ret);
    else
        read_unknown_value(&value, ret);
    der_leave(&name, &value);
    return der_leave(walk, &name);
}

static bool read_directory(struct reader *walk, struct bytes content, struct bytes *ret_name)
{
    struct reader inner = reader_of(content);
    x509_read_name(&inner, ret_name);
    return reader_end(&inner) || reader_fail(walk, inner.why);
}

bool x509_general_name_next(struct reader *walk, struct x509_general_name *ret)
{
    uint8_t tag;
    *ret = (struct x509_general_name){.kind = X509_GN_OTHER};
    if (walk->left == 0)
        return false;
    if (der_is_at(walk, OTHER_NAME))
        return read_other_name(walk, ret);
    if (!der_read_any(walk, &tag, &ret->value))
        return false;
    const struct kind_row *row = find_kind(tag);
    if (!row)
        return reader_fail(walk, "RFC 5280 4.2.1.6: no such kind of general name");
    ret->kind = row->kind;
    if (row->kind == X509_GN_DIRECTORY)
        return read_directory(walk, ret->value, &ret->value);
    if ((row->is_text || row->tag == IP) && !fits_kind(row->kind, ret->value))
        return reader_fail(walk, "RFC 5280 4.2.1.6: name is empty, not ASCII or no IP address");
    return true;
}

struct reader x509_general_names(struct bytes names)
{
    struct reader whole = reader_of(names), walk;
    der_enter(&whole, DER_SEQUENCE, &walk);
    if (!reader_end(&whole))
        reader_fail(&walk, whole.why);
    else if (walk.left == 0)
        reader_fail(&walk, "RFC 5280 4.2.1.6: list of general names is empty");
    return walk;
}

bool x509_check_general_names(struct reader *r, struct bytes names)
{
    struct reader walk = x509_general_names(names);
    struct x509_general_name name;
    while (x509_general_name_next(&walk, &name))
        continue;
    return reader_end(&walk) || reader_fail(r, walk.why);
}

static void write_hardware_module(struct buf *b, const struct x509_general_name *name)
{
    size_t other = der_begin(b, OTHER_NAME);
    der_write_oid(b, oid_hardware_module_name);
    size_t value = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t module = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, name->oid);
    der_write(b, DER_OCTET_STRING, name->value);
    der_end(b, module);
    der_end(b, value);
    der_end(b, other);
}

static void write_general_name(struct buf *b, const struct x509_general_name *name)
{
    if (name->kind == X509_GN_HARDWARE_MODULE) {
        write_hardware_module(b, name);
        return;
    }
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind_row *row = &kinds[i];
        if (row->kind == name->kind && row->is_written && fits_kind(row->kind, name->value)) {
            der_write(b, row->tag, name->value);
            return;
        }
    }
    buf_fail(b);
}

void x509_write_general_names(struct buf *b, const struct x509_general_name *names, size_t n)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        write_general_name(b, &names[i]);
    if (n == 0)
        buf_fail(b);
    der_end(b, mark);
}
