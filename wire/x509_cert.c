#include "x509_parts.h"

#include <wire/x509_write.h>

static bool read_version(struct reader *tbs)
{
    struct reader inner;
    uint32_t version;
    if (reader_ok(tbs) && !der_is_at(tbs, DER_CONTEXT_CONSTRUCTED(0)))
        return reader_fail(tbs, "RFC 5280 4.1.2.1: version is not v3");
    der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &inner);
    der_read_small(&inner, &version);
    if (!der_leave(tbs, &inner))
        return false;
    return version == 2 || reader_fail(tbs, "RFC 5280 4.1.2.1: version is not v3");
}

bool x509_read_serial(struct reader *r, struct bytes *ret_serial)
{
    if (!reader_ok(r))
        return false;
    if (!der_read_unsigned(r, ret_serial)) {
        r->why = "RFC 5280 4.1.2.2: serial number is negative or no INTEGER";
        return false;
    }
    if (ret_serial->p[0] == 0)
        return reader_fail(r, "RFC 5280 4.1.2.2: serial number is zero");
    // The INTEGER has a sign octet more where the highest bit is set.
    if (ret_serial->n + (ret_serial->p[0] >> 7) > X509_SERIAL_MAX)
        return reader_fail(r, "RFC 5280 4.1.2.2: serial number is longer than 20 octets");
    return true;
}

static bool read_validity(struct reader *tbs, struct x509_cert *cert)
{
    struct reader inner;
    der_enter(tbs, DER_SEQUENCE, &inner);
    der_read_time(&inner, &cert->not_before_s);
    der_read_time(&inner, &cert->not_after_s);
    return der_leave(tbs, &inner);
}

static bool read_names(struct reader *tbs, struct x509_cert *cert)
{
    struct bytes empty = bytes_text("\x30\x00");
    x509_read_name(tbs, &cert->issuer);
    if (bytes_equal(cert->issuer, empty))
        return reader_fail(tbs, "RFC 5280 4.1.2.4: issuer is empty");
    return read_validity(tbs, cert) && x509_read_name(tbs, &cert->subject);
}

static bool read_tbs(const struct x509_signed *outer, struct reader *tbs, struct x509_cert *cert)
{
    enum x509_sig_alg alg;
    struct bytes raw;
    read_version(tbs);
    x509_read_serial(tbs, &cert->serial);
    x509_read_sig_alg(tbs, &alg, &raw);
    if (!bytes_equal(raw, outer->sig_alg_raw))
        return reader_fail(tbs, "RFC 5280 4.1.1.2: signature algorithms differ inside and outside");
    return read_names(tbs, cert) && x509_read_key(tbs, &cert->key, &cert->spki) &&
           x509_read_cert_extensions(tbs, cert) && reader_end(tbs);
}

bool x509_read_cert(struct bytes der, struct x509_cert *ret, const char **ret_why)
{
    struct reader r = reader_of(der);
    struct x509_signed outer;
    struct x509_cert cert = {.path_len = -1};
    if (!x509_read_signed(&r, &outer) || !read_tbs(&outer, &outer.inside, &cert)) {
        *ret_why = r.why ? r.why : outer.inside.why;
        return false;
    }
    cert.whole = outer.whole;
    cert.tbs = outer.info;
    cert.sig_alg = outer.sig_alg;
    cert.signature = outer.signature;
    *ret = cert;
    return true;
}

static void write_validity(struct buf *b, const struct x509_tbs_fields *tbs)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    der_write_time(b, tbs->not_before_s);
    der_write_time(b, tbs->not_after_s);
    der_end(b, mark);
}

void x509_write_tbs(struct buf *b, const struct x509_tbs_fields *tbs)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    size_t version = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    der_write_small(b, 2);
    der_end(b, version);
    der_write_unsigned(b, tbs->serial);
    x509_write_sig_alg(b, tbs->sig_alg);
    buf_put_bytes(b, tbs->issuer);
    write_validity(b, tbs);
    buf_put_bytes(b, tbs->subject);
    buf_put_bytes(b, tbs->spki);
    if (tbs->extensions_n > 0) {
        size_t extensions = der_begin(b, DER_CONTEXT_CONSTRUCTED(3));
        x509_write_extensions(b, tbs->extensions, tbs->extensions_n);
        der_end(b, extensions);
    }
    der_end(b, mark);
}
