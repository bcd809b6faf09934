#include "x509_parts.h"

#include <wire/oid.h>
#include <wire/x509_write.h>

static bool read_extension(struct reader *list, struct x509_extension *ret)
{
    struct reader inner;
    der_enter(list, DER_SEQUENCE, &inner);
    der_read_oid(&inner, &ret->oid);
    der_read_default_false(&inner, DER_BOOLEAN, &ret->critical);
    der_read(&inner, DER_OCTET_STRING, &ret->value);
    return der_leave(list, &inner);
}

struct reader x509_extensions(struct bytes extensions)
{
    struct reader whole = reader_of(extensions), walk;
    der_enter(&whole, DER_SEQUENCE, &walk);
    if (!reader_end(&whole))
        reader_fail(&walk, whole.why);
    return walk;
}

bool x509_extension_next(struct reader *walk, struct x509_extension *ret)
{
    *ret = (struct x509_extension){0};
    return walk->left > 0 && read_extension(walk, ret);
}

static bool is_among(struct bytes oid, const struct bytes *seen, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes_equal(oid, seen[i]))
            return true;
    return false;
}

bool x509_each_extension(struct reader *list, struct x509_extension_sink *sink)
{
    struct bytes seen[X509_EXTENSIONS_MAX];
    struct x509_extension extension;
    if (list->left == 0)
        return reader_fail(list, "RFC 5280 4.1.2.9: list of extensions is empty");
    for (size_t n = 0; x509_extension_next(list, &extension); n++) {
        if (n == X509_EXTENSIONS_MAX)
            return reader_fail(list, "more extensions than we read in one list");
        if (is_among(extension.oid, seen, n))
            return reader_fail(list, "RFC 5280 4.2: extension occurs twice");
        seen[n] = extension.oid;
        if (!sink->take(sink, list, &extension))
            return false;
    }
    return reader_ok(list);
}

// Where the point has no full name or no URI in it, the URI is empty: that is no failure.
bool x509_read_point_name(struct reader *point, struct bytes *ret_uri)
{
    struct reader name, full;
    struct x509_general_name found;
    *ret_uri = bytes_of(NULL, 0);
    if (!der_is_at(point, DER_CONTEXT_CONSTRUCTED(0)))
        return reader_ok(point);
    der_enter(point, DER_CONTEXT_CONSTRUCTED(0), &name);
    if (!der_is_at(&name, DER_CONTEXT_CONSTRUCTED(0)))
        return reader_ok(point);
    der_enter(&name, DER_CONTEXT_CONSTRUCTED(0), &full);
    while (x509_general_name_next(&full, &found))
        if (found.kind == X509_GN_URI && bytes_is_empty(*ret_uri))
            *ret_uri = found.value;
    der_leave(&name, &full);
    return der_leave(point, &name);
}

bool x509_crldp_uri(struct bytes crldp, struct bytes *ret_uri)
{
    struct reader whole = reader_of(crldp), points, point;
    struct bytes uri = {0};
    der_enter(&whole, DER_SEQUENCE, &points);
    while (points.left > 0 && bytes_is_empty(uri)) {
        der_enter(&points, DER_SEQUENCE, &point);
        x509_read_point_name(&point, &uri);
    }
    if (bytes_is_empty(uri))
        return false;
    *ret_uri = uri;
    return true;
}

bool x509_aia_uri(struct bytes aia, struct bytes method, struct bytes *ret_uri)
{
    struct reader whole = reader_of(aia), list, one;
    struct x509_general_name at;
    struct bytes oid;
    der_enter(&whole, DER_SEQUENCE, &list);
    while (list.left > 0) {
        der_enter(&list, DER_SEQUENCE, &one);
        der_read_oid(&one, &oid);
        bool is_there = x509_general_name_next(&one, &at) && at.kind == X509_GN_URI;
        if (is_there && bytes_equal(oid, method)) {
            *ret_uri = at.value;
            return true;
        }
    }
    return false;
}

void x509_write_extensions(struct buf *b, const struct x509_extension *list, size_t n)
{
    if (n == 0)
        buf_fail(b);
    size_t all = der_begin(b, DER_SEQUENCE);
    for (size_t i = 0; i < n; i++) {
        size_t one = der_begin(b, DER_SEQUENCE);
        der_write_oid(b, list[i].oid);
        if (list[i].critical)
            der_write_true(b, DER_BOOLEAN);
        der_write(b, DER_OCTET_STRING, list[i].value);
        der_end(b, one);
    }
    der_end(b, all);
}

void x509_write_basic_constraints(struct buf *b, bool is_ca, int path_len)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    if (is_ca)
        der_write_true(b, DER_BOOLEAN);
    if (path_len >= 0 && is_ca)
        der_write_small(b, (uint32_t)path_len);
    else if (path_len >= 0)
        buf_fail(b);
    der_end(b, mark);
}

void x509_write_key_usage(struct buf *b, uint16_t bits)
{
    if (bits == 0)
        buf_fail(b);
    der_write_named_bits(b, DER_BIT_STRING, bits);
}

void x509_write_eku(struct buf *b, const struct bytes *oids, size_t n)
{
    if (n == 0)
        buf_fail(b);
    size_t mark = der_begin(b, DER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        der_write_oid(b, oids[i]);
    der_end(b, mark);
}

void x509_write_ski(struct buf *b, struct bytes key_id)
{
    der_write(b, DER_OCTET_STRING, key_id);
}

void x509_write_aki(struct buf *b, struct bytes key_id)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    der_write(b, DER_CONTEXT(0), key_id);
    der_end(b, mark);
}

// DistributionPointName [0] with fullName [0] of one URI.
void x509_write_point_name(struct buf *b, struct bytes uri)
{
    if (bytes_is_empty(uri))
        buf_fail(b);
    size_t name = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t full = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    der_write(b, DER_CONTEXT(6), uri);
    der_end(b, full);
    der_end(b, name);
}

void x509_write_crldp(struct buf *b, struct bytes uri)
{
    size_t points = der_begin(b, DER_SEQUENCE);
    size_t point = der_begin(b, DER_SEQUENCE);
    x509_write_point_name(b, uri);
    der_end(b, point);
    der_end(b, points);
}

static void write_access(struct buf *b, struct bytes method, struct bytes uri)
{
    if (bytes_is_empty(uri))
        return;
    size_t mark = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, method);
    der_write(b, DER_CONTEXT(6), uri);
    der_end(b, mark);
}

void x509_write_aia(struct buf *b, struct bytes ca_issuers_uri, struct bytes ocsp_uri)
{
    if (bytes_is_empty(ca_issuers_uri) && bytes_is_empty(ocsp_uri))
        buf_fail(b);
    size_t mark = der_begin(b, DER_SEQUENCE);
    write_access(b, oid_ad_ocsp, ocsp_uri);
    write_access(b, oid_ad_ca_issuers, ca_issuers_uri);
    der_end(b, mark);
}
