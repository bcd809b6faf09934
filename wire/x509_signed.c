#include "x509_parts.h"

#include <wire/oid.h>
#include <wire/x509_write.h>

bool x509_read_unknown_parameters(struct reader *algorithm)
{
    uint8_t tag;
    struct bytes content;
    return algorithm->left == 0 || der_read_value(algorithm, &tag, &content);
}

struct sig_alg_row {
    const struct bytes *oid;
    enum x509_sig_alg alg;
    bool has_null;
};

static const struct sig_alg_row sig_algs[] = {
    {&oid_ecdsa_sha256, X509_SIG_ECDSA_SHA256, false}, // RFC 5758 3.2: parameters absent
    {&oid_ecdsa_sha384, X509_SIG_ECDSA_SHA384, false},
    {&oid_ecdsa_sha512, X509_SIG_ECDSA_SHA512, false},
    {&oid_ed25519, X509_SIG_ED25519, false},      // RFC 8410 3: absent
    {&oid_rsa_sha256, X509_SIG_RSA_SHA256, true}, // RFC 4055 5: NULL
    {&oid_rsa_sha384, X509_SIG_RSA_SHA384, true},
    {&oid_rsa_sha512, X509_SIG_RSA_SHA512, true},
};
enum { SIG_ALGS = sizeof(sig_algs) / sizeof(sig_algs[0]) };

static const struct sig_alg_row *find_sig_alg(struct bytes oid)
{
    for (size_t i = 0; i < SIG_ALGS; i++)
        if (bytes_equal(*sig_algs[i].oid, oid))
            return &sig_algs[i];
    return NULL;
}

static enum x509_sig_alg find_broken(struct bytes oid)
{
    static const struct {
        const struct bytes *oid;
        enum x509_sig_alg alg;
    } rows[] = {
        {&oid_rsa_sha1, X509_SIG_SHA1},   {&oid_rsa_sha1_oiw, X509_SIG_SHA1},
        {&oid_ecdsa_sha1, X509_SIG_SHA1}, {&oid_dsa_sha1, X509_SIG_SHA1},
        {&oid_rsa_md5, X509_SIG_MD5},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (bytes_equal(*rows[i].oid, oid))
            return rows[i].alg;
    return X509_SIG_OTHER;
}

bool x509_read_sig_alg(struct reader *r, enum x509_sig_alg *ret, struct bytes *ret_raw)
{
    const uint8_t *start = r->p;
    struct reader algorithm;
    struct bytes oid;
    der_enter(r, DER_SEQUENCE, &algorithm);
    der_read_oid(&algorithm, &oid);
    const struct sig_alg_row *row = find_sig_alg(oid);
    if (!row)
        x509_read_unknown_parameters(&algorithm);
    else if (row->has_null)
        der_read_null(&algorithm);
    *ret = row ? row->alg : find_broken(oid);
    bool ok = der_leave(r, &algorithm);
    *ret_raw = ok ? bytes_of(start, (size_t)(r->p - start)) : bytes_of(NULL, 0);
    return ok;
}

void x509_write_sig_alg(struct buf *b, enum x509_sig_alg alg)
{
    for (size_t i = 0; i < SIG_ALGS; i++) {
        if (sig_algs[i].alg != alg)
            continue;
        size_t mark = der_begin(b, DER_SEQUENCE);
        der_write_oid(b, *sig_algs[i].oid);
        if (sig_algs[i].has_null)
            der_write_null(b);
        der_end(b, mark);
        return;
    }
    buf_fail(b);
}

enum x509_sig_alg x509_sig_alg_of(enum x509_key_alg key)
{
    static const enum x509_sig_alg algs[] = {
        [X509_KEY_OTHER] = X509_SIG_OTHER,       [X509_KEY_P256] = X509_SIG_ECDSA_SHA256,
        [X509_KEY_P384] = X509_SIG_ECDSA_SHA384, [X509_KEY_ED25519] = X509_SIG_ED25519,
        [X509_KEY_RSA] = X509_SIG_RSA_SHA256,
    };
    return algs[key];
}

bool x509_read_signed(struct reader *r, struct x509_signed *ret)
{
    struct reader outer;
    const uint8_t *start = r->p;
    der_enter(r, DER_SEQUENCE, &outer);
    ret->whole = reader_ok(r) ? bytes_of(start, (size_t)(r->p - start)) : bytes_of(NULL, 0);
    der_read_whole(&outer, DER_SEQUENCE, &ret->info);
    struct reader info = reader_of(ret->info);
    der_enter(&info, DER_SEQUENCE, &ret->inside);
    x509_read_sig_alg(&outer, &ret->sig_alg, &ret->sig_alg_raw);
    der_read_bits(&outer, &ret->signature);
    return der_leave(r, &outer) && reader_end(r);
}

void x509_write_signed(struct buf *b, struct bytes info, enum x509_sig_alg alg,
                       struct bytes signature)
{
    size_t mark = der_begin(b, DER_SEQUENCE);
    buf_put_bytes(b, info);
    x509_write_sig_alg(b, alg);
    der_write_bits(b, signature);
    der_end(b, mark);
}

static bool read_scalar(struct reader *r, size_t n, uint8_t *out)
{
    struct bytes v;
    if (!der_read_unsigned(r, &v))
        return false;
    if (v.n > n || v.p[0] == 0)
        return reader_fail(r, "RFC 3279 2.2.3: r or s is zero or longer than the field");
    memset(out, 0, n - v.n);
    memcpy(out + n - v.n, v.p, v.n);
    return true;
}

bool x509_ecdsa_to_raw(struct bytes der, size_t field_n, uint8_t *ret_raw)
{
    struct reader r = reader_of(der), inner;
    return der_enter(&r, DER_SEQUENCE, &inner) && read_scalar(&inner, field_n, ret_raw) &&
           read_scalar(&inner, field_n, ret_raw + field_n) && der_leave(&r, &inner) &&
           reader_end(&r);
}

void x509_ecdsa_to_der(struct buf *b, struct bytes raw)
{
    if (raw.n == 0 || raw.n % 2 != 0) {
        buf_fail(b);
        return;
    }
    size_t mark = der_begin(b, DER_SEQUENCE);
    der_write_unsigned(b, bytes_slice(raw, 0, raw.n / 2));
    der_write_unsigned(b, bytes_slice(raw, raw.n / 2, raw.n / 2));
    der_end(b, mark);
}
