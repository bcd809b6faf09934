/* The private number of an EC key, out and in. */
#include <crypto/key.h>

#include "fail.h"
#include "free.h"
#include "key_object.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>

static const struct curve {
    enum key_kind kind;
    int nid;
    int n; /* octets of the number */
} curves[] = {{KEY_P256, NID_X9_62_prime256v1, 32}, {KEY_P384, NID_secp384r1, 48}};

static enum result curve_of(enum key_kind kind, const struct curve **ret, struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(curves); i++)
        if (curves[i].kind == kind) {
            *ret = &curves[i];
            return OK;
        }
    return err_set(err, E_KEY, "a key of kind %s has no number, wanted p256 or p384",
                   kind == KEY_NONE ? "none" : key_kind_name(kind));
}

enum result key_number(const struct key *key, struct secret *ret, struct err *err)
{
    CLEANUP(bignum_freep) BIGNUM *number = NULL;
    const struct curve *curve = NULL;
    TRY(curve_of(key_kind(key), &curve, err));
    if (EVP_PKEY_get_bn_param(key_object(key), OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1)
        return fail_openssl(err, E_KEY, "the key's number cannot be read");
    TRY(secret_new((size_t)curve->n, ret, err));
    if (BN_bn2binpad(number, ret->p, curve->n) == curve->n)
        return OK;
    secret_free(ret);
    return fail_openssl(err, E_KEY, "the key's number is too long");
}

/* number * G, uncompressed. False for a number that is none of the curve's. */
static bool write_point(const EC_GROUP *group, const BIGNUM *number, uint8_t *to, size_t n)
{
    EC_POINT *point = EC_POINT_new(group);
    bool done = point != NULL && !BN_is_zero(number) &&
                BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
                EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
                EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, to, n, NULL) == n;
    EC_POINT_free(point);
    return done;
}

static bool find_point(const struct curve *curve, const BIGNUM *number, uint8_t *to)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curve->nid);
    bool done = group != NULL && write_point(group, number, to, 1 + 2 * (size_t)curve->n);
    EC_GROUP_free(group);
    return done;
}

/* The number in the machine's order of octets, as OpenSSL wants it, in memory that is wiped. */
static EVP_PKEY *make_object(const struct curve *curve, const BIGNUM *number, uint8_t *point,
                             struct secret *native)
{
    CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char *group = (char *)(uintptr_t)OBJ_nid2sn(curve->nid);
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * (size_t)curve->n),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native->p, native->n),
        OSSL_PARAM_construct_end(),
    };
    if (ctx == NULL || BN_bn2nativepad(number, native->p, curve->n) != curve->n ||
        EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
        return NULL;
    return pkey;
}

enum result key_of_number(enum key_kind kind, struct bytes number, struct key **ret,
                          struct err *err)
{
    CLEANUP(bignum_freep) BIGNUM *value = NULL;
    CLEANUP(secret_free) struct secret native = {0};
    uint8_t point[X509_P384_POINT_N];
    const struct curve *curve = NULL;
    TRY(curve_of(kind, &curve, err));
    if (number.n != (size_t)curve->n)
        return err_set(err, E_KEY, "a number of %zu octets, wanted %d", number.n, curve->n);
    TRY(secret_new(number.n, &native, err));
    value = BN_bin2bn(number.p, curve->n, NULL);
    if (value != NULL)
        BN_set_flags(value, BN_FLG_CONSTTIME);
    if (value == NULL || !find_point(curve, value, point))
        return fail_openssl(err, E_KEY, "the number is none of a key on this curve");
    EVP_PKEY *pkey = make_object(curve, value, point, &native);
    if (pkey == NULL)
        return fail_openssl(err, E_KEY, "no key could be made of the number");
    return key_adopt(pkey, ret, err);
}
