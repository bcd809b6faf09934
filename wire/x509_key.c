#include "x509_parts.h"

#include <wire/oid.h>
#include <wire/x509_write.h>

// What may follow the OID of an algorithm.
enum parameters { ABSENT, NULL_VALUE, CURVE };

static bool take_point(struct reader *r, struct bytes bits, struct x509_key *key)
{
    size_t n = key->alg == X509_KEY_P256 ? X509_P256_POINT_N : X509_P384_POINT_N;
    key->point = bits;
    return (bits.n == n && bits.p[0] == 4) ||
           reader_fail(r, "RFC 5480 2.2: point is not 04 || x || y of its curve");
}

static bool take_ed25519(struct reader *r, struct bytes bits, struct x509_key *key)
{
    key->point = bits;
    return bits.n == X509_ED25519_N || reader_fail(r, "RFC 8410 4: Ed25519 key is not 32 octets");
}

static bool take_rsa(struct reader *r, struct bytes bits, struct x509_key *key)
{
    struct reader outer = reader_of(bits), inner;
    der_enter(&outer, DER_SEQUENCE, &inner);
    der_read_unsigned(&inner, &key->modulus);
    der_read_unsigned(&inner, &key->exponent);
    der_leave(&outer, &inner);
    return reader_end(&outer) || reader_fail(r, outer.why);
}

static bool take_other(struct reader *r, struct bytes bits, struct x509_key *key)
{
    (void)bits;
    (void)key;
    return reader_ok(r);
}

struct key_row {
    enum x509_key_alg alg;
    const struct bytes *oid;
    enum parameters parameters;
    const struct bytes *curve;
    bool (*take)(struct reader *r, struct bytes bits, struct x509_key *key);
};

static const struct key_row key_rows[] = {
    {X509_KEY_P256, &oid_ec_public_key, CURVE, &oid_prime256v1, take_point},
    {X509_KEY_P384, &oid_ec_public_key, CURVE, &oid_secp384r1, take_point},
    {X509_KEY_ED25519, &oid_ed25519, ABSENT, NULL, take_ed25519},
    {X509_KEY_RSA, &oid_rsa_encryption, NULL_VALUE, NULL, take_rsa}, // RFC 3279 2.3.1
};
enum { KEY_ROWS = sizeof(key_rows) / sizeof(key_rows[0]) };

// The row of an algorithm; an EC key of another curve has none. Reads the parameters.
static const struct key_row *read_key_alg(struct reader *algorithm)
{
    struct bytes oid, curve = {0};
    der_read_oid(algorithm, &oid);
    if (bytes_equal(oid, oid_ec_public_key) && der_is_at(algorithm, DER_OID))
        der_read_oid(algorithm, &curve);
    for (size_t i = 0; i < KEY_ROWS; i++) {
        const struct key_row *row = &key_rows[i];
        if (!bytes_equal(*row->oid, oid) || (row->curve && !bytes_equal(*row->curve, curve)))
            continue;
        if (row->parameters == NULL_VALUE)
            der_read_null(algorithm);
        return row;
    }
    if (bytes_is_empty(curve))
        x509_read_unknown_parameters(algorithm);
    return NULL;
}

bool x509_read_key_alg(struct reader *r, enum x509_key_alg *ret)
{
    struct reader algorithm;
    der_enter(r, DER_SEQUENCE, &algorithm);
    const struct key_row *row = read_key_alg(&algorithm);
    *ret = row ? row->alg : X509_KEY_OTHER;
    return der_leave(r, &algorithm);
}

bool x509_read_key(struct reader *r, struct x509_key *ret_key, struct bytes *ret_spki)
{
    static const struct key_row other = {.alg = X509_KEY_OTHER, .take = take_other};
    struct reader spki, algorithm, outer;
    struct bytes bits;
    der_read_whole(r, DER_SEQUENCE, ret_spki);
    outer = (struct reader){.p = ret_spki->p, .left = ret_spki->n, .why = r->why};
    der_enter(&outer, DER_SEQUENCE, &spki);
    der_enter(&spki, DER_SEQUENCE, &algorithm);
    const struct key_row *row = read_key_alg(&algorithm);
    der_leave(&spki, &algorithm);
    der_read_bits(&spki, &bits);
    if (!der_leave(&outer, &spki))
        return reader_fail(r, outer.why);
    if (!row)
        row = &other;
    *ret_key = (struct x509_key){.alg = row->alg};
    return row->take(r, bits, ret_key);
}

bool x509_read_spki(struct bytes der, struct x509_key *ret, const char **ret_why)
{
    struct reader r = reader_of(der);
    struct x509_key key;
    struct bytes spki;
    x509_read_key(&r, &key, &spki);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = key;
    return true;
}

static bool is_writable(const struct x509_key *key)
{
    switch (key->alg) {
    case X509_KEY_P256:
        return key->point.n == X509_P256_POINT_N && key->point.p[0] == 4;
    case X509_KEY_P384:
        return key->point.n == X509_P384_POINT_N && key->point.p[0] == 4;
    case X509_KEY_ED25519:
        return key->point.n == X509_ED25519_N;
    case X509_KEY_RSA:
        return key->modulus.n != 0 && key->exponent.n != 0;
    case X509_KEY_OTHER:
        break;
    }
    return false;
}

void x509_write_key_alg(struct buf *b, enum x509_key_alg alg)
{
    const struct key_row *row = key_rows;
    while (row < key_rows + KEY_ROWS && row->alg != alg)
        row++;
    if (row == key_rows + KEY_ROWS) {
        buf_fail(b);
        return;
    }
    size_t algorithm = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, *row->oid);
    if (row->parameters == CURVE)
        der_write_oid(b, *row->curve);
    if (row->parameters == NULL_VALUE)
        der_write_null(b);
    der_end(b, algorithm);
}

void x509_write_rsa_key(struct buf *b, struct bytes modulus, struct bytes exponent)
{
    size_t bits = der_begin(b, DER_BIT_STRING);
    buf_put_u8(b, 0);
    size_t sequence = der_begin(b, DER_SEQUENCE);
    der_write_unsigned(b, modulus);
    der_write_unsigned(b, exponent);
    der_end(b, sequence);
    der_end(b, bits);
}

void x509_write_spki(struct buf *b, const struct x509_key *key)
{
    if (!is_writable(key)) {
        buf_fail(b);
        return;
    }
    size_t spki = der_begin(b, DER_SEQUENCE);
    x509_write_key_alg(b, key->alg);
    if (key->alg == X509_KEY_RSA)
        x509_write_rsa_key(b, key->modulus, key->exponent);
    else
        der_write_bits(b, key->point);
    der_end(b, spki);
}
