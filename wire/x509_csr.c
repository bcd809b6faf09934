#include "x509_parts.h"

#include <wire/oid.h>
#include <wire/x509_write.h>

static bool accept_any(struct x509_extension_sink *sink, struct reader *r,
                       const struct x509_extension *extension)
{
    (void)sink;
    (void)r;
    (void)extension;
    return true;
}

static void read_extension_request(struct reader *values, struct x509_csr *csr)
{
    struct x509_extension_sink sink = {accept_any};
    if (!bytes_is_empty(csr->extensions))
        reader_fail(values, "RFC 2985 5.4.2: extensionRequest occurs twice");
    if (!der_read_whole(values, DER_SEQUENCE, &csr->extensions))
        return;
    struct reader list = x509_extensions(csr->extensions);
    if (!x509_each_extension(&list, &sink))
        reader_fail(values, list.why);
}

static void read_challenge(struct reader *values, struct x509_csr *csr)
{
    uint8_t tag;
    if (csr->has_challenge)
        reader_fail(values, "RFC 2985 5.4.1: challengePassword occurs twice");
    csr->has_challenge = x509_read_text(values, &tag, &csr->challenge);
}

// Attributes that we do not know may have any number of values.
static void read_unknown_values(struct reader *values)
{
    uint8_t tag;
    struct bytes content;
    do
        der_read_value(values, &tag, &content);
    while (values->left > 0);
}

static bool read_attribute(struct reader *list, struct x509_csr *csr)
{
    struct reader inner, values;
    struct bytes oid;
    der_enter(list, DER_SEQUENCE, &inner);
    der_read_oid(&inner, &oid);
    der_enter(&inner, DER_SET, &values);
    if (bytes_equal(oid, oid_extension_request))
        read_extension_request(&values, csr);
    else if (bytes_equal(oid, oid_challenge_password))
        read_challenge(&values, csr);
    else
        read_unknown_values(&values);
    der_leave(&inner, &values);
    return der_leave(list, &inner);
}

static bool read_attributes(struct reader *info, struct x509_csr *csr)
{
    struct reader list;
    if (!der_enter(info, DER_CONTEXT_CONSTRUCTED(0), &list))
        return false;
    csr->attributes = bytes_of(list.p, list.left);
    while (list.left > 0)
        read_attribute(&list, csr);
    return der_leave(info, &list);
}

static bool read_info(struct reader *info, struct x509_csr *csr)
{
    uint32_t version;
    der_read_small(info, &version);
    if (version != 0)
        return reader_fail(info, "RFC 2986 4.1: version is not v1");
    return x509_read_name(info, &csr->subject) && x509_read_key(info, &csr->key, &csr->spki) &&
           read_attributes(info, csr) && reader_end(info);
}

bool x509_read_csr(struct bytes der, struct x509_csr *ret, const char **ret_why)
{
    struct reader r = reader_of(der);
    struct x509_signed outer;
    struct x509_csr csr = {0};
    if (!x509_read_signed(&r, &outer) || !read_info(&outer.inside, &csr)) {
        *ret_why = r.why ? r.why : outer.inside.why;
        return false;
    }
    csr.whole = outer.whole;
    csr.info = outer.info;
    csr.sig_alg = outer.sig_alg;
    csr.signature = outer.signature;
    *ret = csr;
    return true;
}

void x509_write_csr_info(struct buf *b, const struct x509_csr_fields *csr)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    der_write_small(b, 0);
    x509_write_name(b, csr->subject, csr->subject_n);
    buf_put_bytes(b, csr->spki);
    der_write(b, DER_CONTEXT_CONSTRUCTED(0), csr->attributes);
    der_end(b, mark);
}

void x509_write_extension_request(struct buf *b, struct bytes extensions)
{
    size_t attribute = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, oid_extension_request);
    der_write(b, DER_SET, extensions);
    der_end(b, attribute);
}
