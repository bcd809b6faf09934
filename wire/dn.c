#include <wire/dn.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/utf8.h>
#include <wire/x509_name.h>

#define TEXT_MAX 64 // RFC 5280 appendix A: ub-common-name and its like
#define RDNS_MAX 8

static bool refuse(const char **ret_why, const char *rule)
{
    *ret_why = rule;
    return false;
}

// ---- writing -----------------------------------------------------------------------------------

static bool has_octet(struct bytes text, uint8_t c)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == c)
            return true;
    return false;
}

static bool is_special(uint8_t c)
{
    return has_octet(bytes_text(",+\"\\<>;"), c);
}

static void put_octet(struct buf *b, uint8_t c, bool is_first, bool is_last)
{
    static const char digits[] = "0123456789ABCDEF";
    if (c < 0x20 || c > 0x7e) {
        buf_put_u8(b, '\\');
        buf_put_u8(b, (uint8_t)digits[c >> 4]);
        buf_put_u8(b, (uint8_t)digits[c & 15]);
        return;
    }
    // OpenSSL leaves a # that stands alone as it is.
    bool is_edge = (c == ' ' && (is_first || is_last)) || (c == '#' && is_first && !is_last);
    if (is_edge || is_special(c))
        buf_put_u8(b, '\\');
    buf_put_u8(b, c);
}

static void put_value(struct buf *b, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        put_octet(b, text.p[i], i == 0, i + 1 == text.n);
}

static struct bytes label_of(struct bytes oid)
{
    if (bytes_equal(oid, oid_common_name))
        return bytes_text("CN=");
    if (bytes_equal(oid, oid_organizational_unit))
        return bytes_text("OU=");
    if (bytes_equal(oid, oid_organization))
        return bytes_text("O=");
    if (bytes_equal(oid, oid_country))
        return bytes_text("C=");
    return bytes_equal(oid, oid_serial_number) ? bytes_text("serialNumber=") : bytes_of(NULL, 0);
}

void dn_write(struct buf *b, struct bytes name)
{
    struct x509_attribute attributes[RDNS_MAX];
    struct x509_name_walk walk = x509_name_walk(name);
    size_t n = 0;
    while (n < RDNS_MAX && x509_name_next(&walk, &attributes[n])) {
        if (walk.rdn.left > 0 || label_of(attributes[n].oid).n == 0)
            buf_fail(b);
        n++;
    }
    if (!x509_name_end(&walk))
        buf_fail(b);
    for (size_t i = n; i > 0; i--) {
        buf_put_bytes(b, i < n ? bytes_text(",") : bytes_of(NULL, 0));
        buf_put_bytes(b, label_of(attributes[i - 1].oid));
        put_value(b, attributes[i - 1].text);
    }
}

// ---- reading -----------------------------------------------------------------------------------

static bool take_label(struct reader *r, struct bytes label)
{
    if (!bytes_equal(bytes_slice(bytes_of(r->p, r->left), 0, label.n), label))
        return false;
    (void)reader_bytes(r, label.n);
    return true;
}

static char *take_type(struct reader *r, struct dn *dn)
{
    if (take_label(r, bytes_text("CN=")))
        return dn->common_name;
    if (take_label(r, bytes_text("OU=")))
        return dn->organizational_unit;
    if (take_label(r, bytes_text("O=")))
        return dn->organization;
    return take_label(r, bytes_text("serialNumber=")) ? dn->serial_number : NULL;
}

// One octet of a value, whatever stands for it; fails for what stands for nothing.
static uint8_t take_octet(struct reader *r)
{
    uint8_t c = reader_u8(r), octet = 0;
    if (c != '\\')
        return c;
    if (r->left > 0 && (is_special(r->p[0]) || r->p[0] == ' ' || r->p[0] == '#'))
        return reader_u8(r);
    struct buf b = buf_over(&octet, 1);
    if (!hex_decode(&b, reader_bytes(r, 2)))
        reader_fail(r, "RFC 4514 2.4: \\ stands before a special character or two digits");
    return octet;
}

static struct bytes take_value(struct reader *r, uint8_t space[TEXT_MAX])
{
    struct buf b = buf_over(space, TEXT_MAX);
    while (r->left > 0 && r->p[0] != ',' && r->p[0] != '+')
        buf_put_u8(&b, take_octet(r));
    if (!buf_ok(&b))
        reader_fail(r, "RFC 5280 appendix A: a value has at most 64 octets");
    return buf_bytes(&b);
}

// Was it written as put_value() writes it?
static bool is_as_printed(struct bytes value, struct bytes text)
{
    uint8_t space[3 * TEXT_MAX];
    struct buf b = buf_over(space, sizeof space);
    put_value(&b, value);
    return bytes_equal(buf_bytes(&b), text);
}

static void take_rdn(struct reader *r, struct dn *dn)
{
    uint8_t space[TEXT_MAX];
    char *room = take_type(r, dn);
    if (room == NULL || room[0] != '\0') {
        reader_fail(r, "subject: CN, OU, O and serialNumber, each once");
        return;
    }
    const uint8_t *start = r->p;
    struct bytes value = take_value(r, space);
    if (!reader_ok(r))
        return;
    if (!is_as_printed(value, bytes_of(start, (size_t)(r->p - start))))
        reader_fail(r, "RFC 4514 2.4: a value as OpenSSL prints it");
    if (value.n == 0 || !utf8_is_valid(value) || has_octet(value, 0))
        reader_fail(r, "subject: a value that is UTF-8, neither empty nor with a zero in it");
    if (r->left > 0 && r->p[0] == '+')
        reader_fail(r, "subject: one value in each RDN");
    if (reader_ok(r))
        memcpy(room, value.p, value.n);
}

bool dn_read(struct bytes text, struct dn *ret, const char **ret_why)
{
    struct reader r = reader_of(text);
    struct dn dn;
    memset(&dn, 0, sizeof dn);
    if (text.n == 0 || text.n > DN_MAX)
        return refuse(ret_why, "subject: 1 to 1024 octets");
    take_rdn(&r, &dn);
    while (r.left > 0 && take_label(&r, bytes_text(",")))
        take_rdn(&r, &dn);
    if (!reader_end(&r))
        return refuse(ret_why, r.why);
    *ret = dn;
    return true;
}
