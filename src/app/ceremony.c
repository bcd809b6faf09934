#include "ceremony.h"

#include "lines.h"

#include <wire/oid.h>
#include <wire/x509.h>
#include <wire/x509_name.h>

/* As `openssl pkey -pubout -outform DER | sha256sum` and `openssl x509 -fingerprint -sha256` see
 * it. */
static void put_certificate(struct buf *b, struct bytes der)
{
    struct x509_cert cert;
    struct bytes name = bytes_text("(no common name)");
    const char *why = NULL;
    if (!x509_read_cert(der, &cert, &why)) {
        buf_fail(b);
        return;
    }
    (void)!x509_name_find(cert.subject, oid_common_name, &name);
    lines_put(b, "  subject      %s\n", err_value(name).text);
    lines_put(b, "  certificate  sha256:%s\n", lines_digest_of(der).text);
    lines_put(b, "  valid        %s to %s\n", lines_instant_of(cert.not_before_s).text,
              lines_instant_of(cert.not_after_s).text);
}

static void put_key(struct buf *b, const struct ceremony_key *key)
{
    lines_put(b, "\nkey %s\n", key->name);
    lines_put(b, "  algorithm    %s\n", key_kind_name(key->kind));
    lines_put(b, "  public key   sha256:%s\n", lines_digest_of(key->spki).text);
    lines_put(b, "  private key  %s\n", key->place);
    lines_put(b, "               PKCS #8, PBES2 with scrypt (N %llu) and AES-256-CBC\n",
              (unsigned long long)key_cost_n(key->cost));
    if (key->certificate.n > 0)
        put_certificate(b, key->certificate);
}

/* For the print: the file itself stays as it is, its digest hangs on it. */
static void put_witnesses(struct buf *b)
{
    lines_put(b, "\npresent (sign the print, beside the digest of this file that was read out)\n");
    for (int i = 0; i < 2; i++)
        lines_put(b, "\n  name ______________________  signature ______________________\n");
}

void ceremony_write(struct buf *b, const struct ceremony *ceremony)
{
    lines_put(b, "Troth key ceremony, record 1\n\n");
    lines_put(b, "installation  %s\n", ceremony->origin);
    lines_put(b, "made          %s\n", lines_instant_of(ceremony->made_s).text);
    lines_put(b, "by            trothd %s\n", TROTH_VERSION);
    lines_put(b, "how           %s\n", ceremony->how);
    for (size_t i = 0; i < ceremony->n; i++)
        put_key(b, &ceremony->keys[i]);
    put_witnesses(b);
}

void ceremony_write_accepted(struct buf *b, int64_t at_s, const struct ceremony_certificate *list,
                             size_t n)
{
    lines_put(b, "\ncertificates accepted %s by trothd %s\n", lines_instant_of(at_s).text,
              TROTH_VERSION);
    for (size_t i = 0; i < n; i++) {
        lines_put(b, "\ncertificate %s\n", list[i].name);
        put_certificate(b, list[i].der);
    }
    put_witnesses(b);
}
