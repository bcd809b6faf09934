#include <wire/tpm.h>

#include <wire/x509_write.h>

#define ATTRIBUTES                                                                                 \
    (TPM_FIXED_TPM | TPM_ST_CLEAR | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN |                 \
     TPM_USER_WITH_AUTH | TPM_ADMIN_WITH_POLICY | TPM_NO_DA | TPM_ENCRYPTED_DUPLICATION |          \
     TPM_RESTRICTED | TPM_DECRYPT | TPM_SIGN | TPM_X509_SIGN)
#define RSA_EXPONENT 65537 // what a 0 stands for
#define RSA_MIN_BITS 1024
#define RSA_MAX_BITS 4096
#define FIELD_MAX 48          // octets: P-384
#define RSA_MAX 512           // octets
#define GENERATED 0xff544347u // TPM_GENERATED_VALUE: only a TPM begins so what it signs
#define ATTEST_CERTIFY 0x8017 // TPM_ST_ATTEST_CERTIFY

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        reader_fail(r, rule);
}

// A TPM2B: its size, then so many octets.
static struct bytes read_sized(struct reader *r, size_t max, const char *rule)
{
    size_t n = reader_u16be(r);
    expect(r, n <= max, rule);
    return reader_bytes(r, n);
}

static enum tpm_alg read_hash(struct reader *r)
{
    enum tpm_alg hash = reader_u16be(r);
    expect(r, tpm_digest_n(hash) != 0, "TPMI_ALG_HASH: SHA-256 or SHA-384");
    return hash;
}

size_t tpm_digest_n(enum tpm_alg hash)
{
    if (hash == TPM_SHA256)
        return 32;
    return hash == TPM_SHA384 ? 48 : 0;
}

size_t tpm_field_n(enum tpm_curve curve)
{
    if (curve == TPM_P256)
        return 32;
    return curve == TPM_P384 ? 48 : 0;
}

// ---- public areas ------------------------------------------------------------------------------

// TPMT_SYM_DEF_OBJECT
static uint16_t read_symmetric(struct reader *r)
{
    enum tpm_alg alg = reader_u16be(r);
    if (alg == TPM_NULL)
        return 0;
    expect(r, alg == TPM_AES, "TPMT_SYM_DEF_OBJECT: AES, or no symmetric algorithm");
    uint16_t bits = reader_u16be(r);
    expect(r, bits == 128 || bits == 256, "TPMT_SYM_DEF_OBJECT: AES of 128 or 256 bits");
    expect(r, reader_u16be(r) == TPM_CFB, "TPMT_SYM_DEF_OBJECT: AES in CFB mode");
    return bits;
}

// TPMT_RSA_SCHEME and TPMT_ECC_SCHEME: an algorithm, and its hash if it has
// one. `known` ends with TPM_NULL.
static void read_scheme(struct reader *r, const enum tpm_alg *known, struct tpm_public *ret)
{
    ret->scheme = reader_u16be(r);
    while (*known != TPM_NULL && *known != ret->scheme)
        known++;
    expect(r, *known == ret->scheme, "TPMT_PUBLIC: a scheme of that kind of key");
    if (ret->scheme != TPM_NULL && ret->scheme != TPM_RSAES)
        ret->hash = read_hash(r);
}

static void read_rsa(struct reader *r, struct tpm_public *ret)
{
    static const enum tpm_alg schemes[] = {TPM_RSASSA, TPM_RSAES, TPM_RSAPSS, TPM_OAEP, TPM_NULL};
    ret->aes_bits = read_symmetric(r);
    read_scheme(r, schemes, ret);
    size_t bits = reader_u16be(r);
    expect(r, bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS && bits % 8 == 0,
           "TPMS_RSA_PARMS: RSA of 1024 to 4096 bits");
    ret->exponent = reader_u32be(r);
    if (ret->exponent == 0)
        ret->exponent = RSA_EXPONENT;
    ret->modulus = read_sized(r, bits / 8, "TPM2B_PUBLIC_KEY_RSA: a modulus of its bits");
    expect(r, ret->modulus.n * 8 == bits && (ret->modulus.n == 0 || ret->modulus.p[0] & 0x80),
           "TPM2B_PUBLIC_KEY_RSA: a modulus of its bits");
}

static void read_ecc(struct reader *r, struct tpm_public *ret)
{
    static const enum tpm_alg schemes[] = {TPM_ECDSA, TPM_ECDH, TPM_NULL};
    ret->aes_bits = read_symmetric(r);
    read_scheme(r, schemes, ret);
    ret->curve = reader_u16be(r);
    size_t n = tpm_field_n(ret->curve);
    expect(r, n != 0, "TPM_ECC_CURVE: P-256 or P-384");
    expect(r, reader_u16be(r) == TPM_NULL, "TPMS_ECC_PARMS: no key derivation scheme");
    ret->x = read_sized(r, n, "TPMS_ECC_POINT: a coordinate of the curve's size");
    ret->y = read_sized(r, n, "TPMS_ECC_POINT: a coordinate of the curve's size");
    expect(r, ret->x.n != 0 && ret->y.n != 0, "TPMS_ECC_POINT: a point has coordinates");
}

static void read_area(struct reader *r, struct tpm_public *ret)
{
    ret->type = reader_u16be(r);
    expect(r, ret->type == TPM_RSA || ret->type == TPM_ECC, "TPMT_PUBLIC: an RSA or ECC key");
    ret->name_alg = read_hash(r);
    ret->attributes = reader_u32be(r);
    expect(r, (ret->attributes & ~(uint32_t)ATTRIBUTES) == 0,
           "TPMA_OBJECT: reserved attributes are zero");
    ret->policy = read_sized(r, tpm_digest_n(ret->name_alg),
                             "TPMT_PUBLIC: a policy of the size of its digest");
    expect(r, ret->policy.n == 0 || ret->policy.n == tpm_digest_n(ret->name_alg),
           "TPMT_PUBLIC: a policy of the size of its digest");
    if (ret->type == TPM_RSA)
        read_rsa(r, ret);
    else
        read_ecc(r, ret);
}

bool tpm_read_public(struct bytes octets, struct tpm_public *ret, const char **ret_why)
{
    struct reader r = reader_of(octets);
    struct tpm_public key = {0};
    expect(&r, octets.n <= TPM_PUBLIC_MAX, "TPM2B_PUBLIC: longer than 1024 octets");
    key.area = read_sized(&r, TPM_PUBLIC_MAX, "TPM2B_PUBLIC: longer than 1024 octets");
    struct reader area = reader_of(key.area);
    if (reader_ok(&r)) {
        read_area(&area, &key);
        if (!reader_end(&area))
            reader_fail(&r, area.why);
    }
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = key;
    return true;
}

static void put_coordinate(struct buf *b, struct bytes value, size_t n)
{
    if (value.n > n) {
        buf_fail(b);
        return;
    }
    buf_put_zeros(b, n - value.n);
    buf_put_bytes(b, value);
}

void tpm_write_point(struct buf *b, const struct tpm_public *key)
{
    size_t n = tpm_field_n(key->curve);
    buf_put_u8(b, 4);
    put_coordinate(b, key->x, n);
    put_coordinate(b, key->y, n);
}

void tpm_write_spki(struct buf *b, const struct tpm_public *key)
{
    uint8_t point_memory[TPM_POINT_MAX], exponent_memory[4];
    struct buf point = buf_over(point_memory, sizeof point_memory);
    struct buf exponent = buf_over(exponent_memory, sizeof exponent_memory);
    struct x509_key fields = {.alg = X509_KEY_RSA, .modulus = key->modulus};
    if (key->type == TPM_ECC) {
        tpm_write_point(&point, key);
        fields.alg = key->curve == TPM_P256 ? X509_KEY_P256 : X509_KEY_P384;
        fields.point = buf_bytes(&point);
    } else {
        buf_put_u32be(&exponent, key->exponent);
        fields.exponent = buf_bytes(&exponent);
    }
    x509_write_spki(b, &fields);
}

// ---- what it attests ---------------------------------------------------------------------------

// A Name of an object: its algorithm, and a digest of that.
static struct bytes read_name(struct reader *r)
{
    static const char rule[] = "TPM2B_NAME: a Name is SHA-256 or SHA-384, and its digest";
    struct bytes name = read_sized(r, TPM_NAME_MAX, rule);
    struct reader parts = reader_of(name);
    size_t digest_n = tpm_digest_n(reader_u16be(&parts));
    expect(r, digest_n != 0 && parts.left == digest_n, rule);
    return name;
}

static void read_clock(struct reader *r, struct tpm_certified *ret)
{
    ret->clock_ms = reader_u64be(r);
    ret->resets = reader_u32be(r);
    ret->restarts = reader_u32be(r);
    uint8_t is_safe = reader_u8(r);
    expect(r, is_safe <= 1, "TPMS_CLOCK_INFO: safe is 0 or 1");
    ret->is_safe = is_safe == 1;
}

bool tpm_read_certified(struct bytes octets, struct tpm_certified *ret, const char **ret_why)
{
    struct reader r = reader_of(octets);
    struct tpm_certified certified = {0};
    expect(&r, octets.n <= TPM_ATTEST_MAX, "TPMS_ATTEST: longer than 512 octets");
    expect(&r, reader_u32be(&r) == GENERATED,
           "TPMS_ATTEST: no TPM wrote this: it does not begin with ff544347");
    expect(&r, reader_u16be(&r) == ATTEST_CERTIFY,
           "TPMS_ATTEST: it attests something else than a key (8017)");
    certified.signer = read_name(&r);
    certified.extra = read_sized(&r, TPM_DATA_MAX, "TPM2B_DATA: at most 66 octets");
    read_clock(&r, &certified);
    certified.firmware = reader_u64be(&r);
    certified.name = read_name(&r);
    certified.qualified_name = read_name(&r);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = certified;
    return true;
}

// ---- signatures --------------------------------------------------------------------------------

static void read_values(struct reader *r, struct tpm_signature *ret)
{
    static const char rule[] = "TPMS_SIGNATURE_ECDSA: r and s of 1 to 48 octets";
    if (ret->scheme == TPM_RSASSA) {
        ret->rsa = read_sized(r, RSA_MAX, "TPMS_SIGNATURE_RSASSA: 1 to 512 octets");
        expect(r, ret->rsa.n != 0, "TPMS_SIGNATURE_RSASSA: 1 to 512 octets");
        return;
    }
    ret->r = read_sized(r, FIELD_MAX, rule);
    ret->s = read_sized(r, FIELD_MAX, rule);
    expect(r, ret->r.n != 0 && ret->s.n != 0, rule);
}

bool tpm_read_signature(struct bytes octets, struct tpm_signature *ret, const char **ret_why)
{
    struct reader r = reader_of(octets);
    struct tpm_signature signature = {.scheme = reader_u16be(&r)};
    expect(&r, signature.scheme == TPM_ECDSA || signature.scheme == TPM_RSASSA,
           "TPMT_SIGNATURE: a signature by ECDSA or RSASSA");
    signature.hash = read_hash(&r);
    read_values(&r, &signature);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = signature;
    return true;
}

void tpm_write_signature(struct buf *b, const struct tpm_signature *signature)
{
    if (signature->scheme == TPM_RSASSA) {
        buf_put_bytes(b, signature->rsa);
        return;
    }
    size_t sequence = der_begin(b, DER_SEQUENCE);
    der_write_unsigned(b, signature->r);
    der_write_unsigned(b, signature->s);
    der_end(b, sequence);
}
