#include "x509_parts.h"

#include <wire/csrattrs.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

// SEQUENCE OF SET OF SingleAttributeTemplate: an attribute without a value is the client's to fill.
static void write_subject(struct buf *b, const struct csrattrs *wish)
{
    size_t name = der_begin(b, DER_SEQUENCE);
    if (!bytes_is_empty(wish->organizational_unit))
        x509_write_rdn(
            b, &(struct x509_name_part){oid_organizational_unit, wish->organizational_unit});
    if (wish->wants_serial_number) {
        size_t rdn = der_begin(b, DER_SET);
        size_t attribute = der_begin(b, DER_SEQUENCE);
        der_write_oid(b, oid_serial_number);
        der_end(b, attribute);
        der_end(b, rdn);
    }
    der_end(b, name);
}

// A modulus of that size which is nobody's.
static void write_placeholder(struct buf *b, uint32_t bits)
{
    static const uint8_t exponent[] = {1, 0, 1};
    uint8_t modulus[CSRATTRS_RSA_BITS_MAX / 8] = {0x80};
    if (bits % 8 != 0 || bits > CSRATTRS_RSA_BITS_MAX) {
        buf_fail(b);
        return;
    }
    x509_write_rsa_key(b, bytes_of(modulus, bits / 8), bytes_of(exponent, sizeof(exponent)));
}

static void write_template(struct buf *b, const struct csrattrs *wish)
{
    size_t info = der_begin(b, DER_SEQUENCE);
    der_write_small(b, 0);
    if (wish->wants_serial_number || !bytes_is_empty(wish->organizational_unit))
        write_subject(b, wish);
    if (wish->key != X509_KEY_OTHER) {
        size_t key = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
        x509_write_key_alg(b, wish->key);
        if (wish->rsa_bits != 0)
            write_placeholder(b, wish->rsa_bits);
        der_end(b, key);
    }
    der_write(b, DER_CONTEXT_CONSTRUCTED(1), bytes_of(NULL, 0));
    der_end(b, info);
}

// Attribute with one value at most, which the caller writes: ends with attribute_end.
struct attribute_marks {
    size_t attribute, values;
};

static struct attribute_marks attribute_begin(struct buf *b, struct bytes oid)
{
    struct attribute_marks marks = {.attribute = der_begin(b, DER_SEQUENCE)};
    der_write_oid(b, oid);
    marks.values = der_begin(b, DER_SET);
    return marks;
}

static void attribute_end(struct buf *b, struct attribute_marks marks)
{
    der_end(b, marks.values);
    der_end(b, marks.attribute);
}

// RFC 9908 3.2: ecPublicKey with its curve, rsaEncryption with its size.
static void write_key_type(struct buf *b, const struct csrattrs *wish)
{
    bool is_rsa = wish->key == X509_KEY_RSA;
    struct attribute_marks marks =
        attribute_begin(b, is_rsa ? oid_rsa_encryption : oid_ec_public_key);
    if (wish->key == X509_KEY_P256)
        der_write_oid(b, oid_prime256v1);
    else if (wish->key == X509_KEY_P384)
        der_write_oid(b, oid_secp384r1);
    else if (wish->rsa_bits != 0)
        der_write_small(b, wish->rsa_bits);
    attribute_end(b, marks);
}

static void write_plain(struct buf *b, const struct csrattrs *wish)
{
    switch (wish->key) {
    case X509_KEY_P256:
        write_key_type(b, wish);
        der_write_oid(b, oid_ecdsa_sha256);
        return;
    case X509_KEY_P384:
        write_key_type(b, wish);
        der_write_oid(b, oid_ecdsa_sha384);
        return;
    case X509_KEY_RSA:
        write_key_type(b, wish);
        der_write_oid(b, oid_rsa_sha256);
        return;
    case X509_KEY_ED25519:
        der_write_oid(b, oid_ed25519); // names key and signature alike: RFC 8410 3
        return;
    case X509_KEY_OTHER:
        return;
    }
}

void csrattrs_write(struct buf *b, const struct csrattrs *wish)
{
    if (wish->rsa_bits != 0 && wish->key != X509_KEY_RSA) {
        buf_fail(b);
        return;
    }
    size_t list = der_begin(b, DER_SEQUENCE);
    struct attribute_marks marks = attribute_begin(b, oid_request_template);
    write_template(b, wish);
    attribute_end(b, marks);
    write_plain(b, wish);
    der_end(b, list);
}
