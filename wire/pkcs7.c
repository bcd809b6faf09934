#include <wire/oid.h>
#include <wire/pkcs7.h>

void pkcs7_write_certs(struct buf *b, const struct bytes *certs, size_t n)
{
    size_t content_info = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, oid_pkcs7_signed_data);
    size_t explicit = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t signed_data = der_begin(b, DER_SEQUENCE);
    der_write_small(b, 1);
    der_write(b, DER_SET, bytes_of(NULL, 0)); // digestAlgorithms
    size_t content = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, oid_pkcs7_data);
    der_end(b, content);
    size_t list = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    for (size_t i = 0; i < n; i++)
        buf_put_bytes(b, certs[i]);
    if (n == 0)
        buf_fail(b);
    der_end(b, list);
    der_write(b, DER_SET, bytes_of(NULL, 0)); // signerInfos
    der_end(b, signed_data);
    der_end(b, explicit);
    der_end(b, content_info);
}

static void read_empty_set(struct reader *r, const char *why)
{
    struct bytes content;
    if (der_read(r, DER_SET, &content) && content.n > 0)
        reader_fail(r, why);
}

static void read_content_type(struct reader *r)
{
    struct reader content;
    der_enter(r, DER_SEQUENCE, &content);
    der_expect_oid(&content, oid_pkcs7_data,
                   "RFC 5652 5.2: content of a certificate bag is not data");
    der_leave(r, &content);
}

// The certificates, each one an element; the reader returned stands before the first.
static struct reader read_list(struct reader *r)
{
    struct reader list, walk;
    struct bytes cert;
    der_enter(r, DER_CONTEXT_CONSTRUCTED(0), &list);
    walk = list;
    do
        der_read(&list, DER_SEQUENCE, &cert);
    while (list.left > 0);
    der_leave(r, &list);
    return walk;
}

static struct reader read_signed_data(struct reader *r)
{
    struct reader inner, certs;
    uint32_t version;
    der_enter(r, DER_SEQUENCE, &inner);
    der_read_small(&inner, &version);
    if (version != 1)
        reader_fail(&inner, "RFC 5652 5.1: version of a certificate bag is not 1");
    read_empty_set(&inner, "RFC 7030 4.1.3: certificate bag has digest algorithms");
    read_content_type(&inner);
    certs = read_list(&inner);
    if (der_is_at(&inner, DER_CONTEXT_CONSTRUCTED(1)))
        reader_fail(&inner, "RFC 7030 4.1.3: certificate bag has CRLs");
    read_empty_set(&inner, "RFC 7030 4.1.3: certificate bag has signers");
    der_leave(r, &inner);
    return certs;
}

bool pkcs7_read_certs(struct bytes der, struct reader *ret_certs, const char **ret_why)
{
    struct reader r = reader_of(der), content_info, explicit;
    der_enter(&r, DER_SEQUENCE, &content_info);
    der_expect_oid(&content_info, oid_pkcs7_signed_data, "RFC 5652 5.1: not SignedData");
    der_enter(&content_info, DER_CONTEXT_CONSTRUCTED(0), &explicit);
    struct reader certs = read_signed_data(&explicit);
    der_leave(&content_info, &explicit);
    der_leave(&r, &content_info);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret_certs = certs;
    return true;
}

bool pkcs7_next_cert(struct reader *certs, struct bytes *ret_cert)
{
    *ret_cert = bytes_of(NULL, 0);
    return certs->left > 0 && der_read_whole(certs, DER_SEQUENCE, ret_cert);
}
