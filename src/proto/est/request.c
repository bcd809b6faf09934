#include <proto/est.h>

#include <wire/b64.h>
#include <wire/oid.h>
#include <wire/pkcs7.h>
#include <wire/x509_name.h>

static struct bytes find_san(struct bytes extensions)
{
    struct reader walk = x509_extensions(extensions);
    struct x509_extension extension;
    while (x509_extension_next(&walk, &extension))
        if (bytes_equal(extension.oid, oid_subject_alt_name))
            return extension.value;
    return (struct bytes){0};
}

enum result est_read_request(struct bytes body, struct buf *space, struct est_request *ret,
                             struct err *err)
{
    if (body.n > LIMIT_BODY_BYTES)
        return err_set(err, E_TOO_LARGE, "body: saw %zu octets, want at most %d", body.n,
                       LIMIT_BODY_BYTES);
    size_t before = space->n;
    if (!b64_decode_lenient(space, body))
        return err_set(err, E_SYNTAX,
                       "RFC 8951 3.1: saw \"%s\", want base64 (RFC 4648 4) of at most %d octets",
                       err_value(body).text, LIMIT_CSR_BYTES);
    struct bytes der = bytes_slice(buf_bytes(space), before, space->n);
    if (der.n > LIMIT_CSR_BYTES)
        return err_set(err, E_TOO_LARGE, "certification request: saw %zu octets, want at most %d",
                       der.n, LIMIT_CSR_BYTES);
    struct x509_csr csr;
    const char *why = NULL;
    if (!x509_read_csr(der, &csr, &why))
        return err_set(err, E_CSR, "%s: wanted a certification request (RFC 2986)", why);
    if (csr.spki.n > LIMIT_SPKI_BYTES)
        return err_set(err, E_CSR, "public key: saw %zu octets, want at most %d", csr.spki.n,
                       LIMIT_SPKI_BYTES);

    struct est_request request = {
        .csr = der,
        .spki = csr.spki,
        .subject = csr.subject,
        .san = csr.extensions.n > 0 ? find_san(csr.extensions) : (struct bytes){0},
    };
    struct bytes number = {0};
    if (x509_name_find(csr.subject, oid_serial_number, &number) && number.n <= LIMIT_SERIAL_NUMBER)
        request.serial_number = number;
    *ret = request;
    return OK;
}

bool est_keeps_names(const struct est_request *request, struct bytes certificate)
{
    struct x509_cert cert;
    const char *why = NULL;
    if (!x509_read_cert(certificate, &cert, &why))
        return false;
    return x509_name_equal(request->subject, cert.subject) && bytes_equal(request->san, cert.san);
}

void est_write_certs(struct buf *out, struct buf *space, const struct bytes *certs, size_t n)
{
    size_t before = space->n;
    pkcs7_write_certs(space, certs, n);
    if (!buf_ok(space)) {
        buf_fail(out);
        return;
    }
    b64_encode(out, bytes_slice(buf_bytes(space), before, space->n));
}

void est_write_csrattrs(struct buf *out, struct buf *space, const struct csrattrs *wish)
{
    size_t before = space->n;
    csrattrs_write(space, wish);
    if (!buf_ok(space)) {
        buf_fail(out);
        return;
    }
    b64_encode(out, bytes_slice(buf_bytes(space), before, space->n));
}
