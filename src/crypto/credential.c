#include <crypto/credential.h>

#include <base/secret.h>
#include <crypto/key.h>

#include "fail.h"
#include "free.h"
#include "key_object.h"
#include "public_key.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#define DIGEST_MAX 48 /* octets: SHA-384 */
#define FIELD_MAX 48  /* octets: P-384 */
#define SPKI_MAX 560  /* octets: RSA-4096 */

/* Labels of the derivations count with their NUL. */
static const struct bytes identity = {(const uint8_t *)"IDENTITY", sizeof "IDENTITY"};
static const struct bytes storage = {(const uint8_t *)"STORAGE", sizeof "STORAGE"};
static const struct bytes integrity = {(const uint8_t *)"INTEGRITY", sizeof "INTEGRITY"};

/* What the endorsement key's owner and we have in common, and what is derived of it. */
struct shared {
    uint8_t p[DIGEST_MAX];
    size_t n;
};

static void shared_wipe(struct shared *shared)
{
    secret_wipe(shared, sizeof *shared);
}

static const EVP_MD *digest_of(enum tpm_alg hash)
{
    return hash == TPM_SHA384 ? EVP_sha384() : EVP_sha256();
}

static bool hash_into(enum tpm_alg hash, struct bytes message, uint8_t *ret)
{
    return EVP_Digest(message.p, message.n, ret, NULL, digest_of(hash), NULL) == 1;
}

enum result credential_name(const struct tpm_public *key, struct tpm_name *ret, struct err *err)
{
    struct tpm_name name = {.n = 2 + tpm_digest_n(key->name_alg)};
    name.p[0] = (uint8_t)(key->name_alg >> 8);
    name.p[1] = (uint8_t)key->name_alg;
    if (!hash_into(key->name_alg, key->area, name.p + 2))
        return fail_openssl(err, E_KEY, "a Name could not be worked out");
    *ret = name;
    return OK;
}

/* ---- derivations, all of one block: no key here is longer than a digest
 * --------------------------
 */

/* KDFa (part 1, 11.4.10.2): HMAC(counter || label || context || bits), the leftmost bits. */
static bool derive_a(enum tpm_alg hash, const struct shared *from, struct bytes label,
                     struct bytes context, struct shared *ret)
{
    uint8_t memory[4 + sizeof "INTEGRITY" + TPM_NAME_MAX + 4];
    struct buf message = buf_over(memory, sizeof memory);
    uint8_t block[EVP_MAX_MD_SIZE];
    buf_put_u32be(&message, 1);
    buf_put_bytes(&message, label);
    buf_put_bytes(&message, context);
    buf_put_u32be(&message, (uint32_t)ret->n * 8);
    if (!buf_ok(&message) ||
        HMAC(digest_of(hash), from->p, (int)from->n, memory, message.n, block, NULL) == NULL)
        return false;
    memcpy(ret->p, block, ret->n);
    secret_wipe(block, sizeof block);
    return true;
}

/* KDFe (part 1, 11.4.10.3): H(counter || Z || label || x of ours || x of theirs). */
static bool derive_e(enum tpm_alg hash, struct bytes z, struct bytes ours, struct bytes theirs,
                     struct shared *ret)
{
    uint8_t memory[4 + sizeof "IDENTITY" + 3 * FIELD_MAX];
    struct buf message = buf_over(memory, sizeof memory);
    buf_put_u32be(&message, 1);
    buf_put_bytes(&message, z);
    buf_put_bytes(&message, identity);
    buf_put_bytes(&message, ours);
    buf_put_bytes(&message, theirs);
    ret->n = tpm_digest_n(hash);
    bool is_done = buf_ok(&message) && hash_into(hash, buf_bytes(&message), ret->p);
    secret_wipe(memory, sizeof memory);
    return is_done;
}

/* ---- the seed, to the endorsement key ----------------------------------------------------------
 */

static bool has_oaep(EVP_PKEY_CTX *ctx, const EVP_MD *digest)
{
    uint8_t *label = OPENSSL_memdup(identity.p, identity.n);
    if (label == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, digest) != 1 ||
        EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)identity.n) != 1) {
        OPENSSL_free(label);
        return false;
    }
    return true; /* the context has the label */
}

/* A random one, by RSAES-OAEP. */
static bool seed_by_rsa(const struct tpm_public *ek, EVP_PKEY *key, struct shared *ret_seed,
                        struct buf *b)
{
    CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    uint8_t encrypted[TPM_PUBLIC_MAX];
    size_t n = sizeof encrypted;
    ret_seed->n = tpm_digest_n(ek->name_alg);
    if (ctx == NULL || RAND_priv_bytes(ret_seed->p, (int)ret_seed->n) != 1 ||
        !has_oaep(ctx, digest_of(ek->name_alg)) ||
        EVP_PKEY_encrypt(ctx, encrypted, &n, ret_seed->p, ret_seed->n) != 1)
        return false;
    buf_put_u16be(b, (uint16_t)n);
    buf_put_bytes(b, bytes_of(encrypted, n));
    return true;
}

static bool agree(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t ret_z[FIELD_MAX])
{
    CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
    size_t n = FIELD_MAX;
    return ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
           EVP_PKEY_derive_set_peer(ctx, theirs) == 1 && EVP_PKEY_derive(ctx, ret_z, &n) == 1;
}

/* By a key of this moment: its point is what the TPM gets (a TPMS_ECC_POINT). */
static bool seed_by_ecc(const struct tpm_public *ek, EVP_PKEY *key, struct shared *ret_seed,
                        struct buf *b)
{
    CLEANUP(key_freep) struct key *ours = NULL;
    uint8_t z[FIELD_MAX], point_memory[TPM_POINT_MAX];
    struct buf theirs = buf_over(point_memory, sizeof point_memory);
    size_t n = tpm_field_n(ek->curve);
    if (key_generate(ek->curve == TPM_P256 ? KEY_P256 : KEY_P384, &ours, NULL) != OK ||
        !agree(key_object(ours), key, z))
        return false;
    tpm_write_point(&theirs, ek);
    struct bytes x = bytes_slice(key_point(ours), 1, n), y = bytes_slice(key_point(ours), 1 + n, n);
    buf_put_u16be(b, (uint16_t)(2 * (2 + n)));
    buf_put_u16be(b, (uint16_t)n);
    buf_put_bytes(b, x);
    buf_put_u16be(b, (uint16_t)n);
    buf_put_bytes(b, y);
    bool is_done =
        derive_e(ek->name_alg, bytes_of(z, n), x, bytes_slice(buf_bytes(&theirs), 1, n), ret_seed);
    secret_wipe(z, sizeof z);
    return is_done;
}

/* ---- the secret, by what is derived of the seed -------------------------------------------------
 */

/* AES in CFB mode from a vector of zeros. */
static bool encrypt(const struct shared *key, struct bytes plain, uint8_t *ret)
{
    static const uint8_t zeros[16];
    CLEANUP(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *cipher = key->n == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
    int n = 0;
    return ctx != NULL && EVP_EncryptInit_ex2(ctx, cipher, key->p, zeros, NULL) == 1 &&
           EVP_EncryptUpdate(ctx, ret, &n, plain.p, (int)plain.n) == 1 && (size_t)n == plain.n;
}

static bool seal(const struct tpm_public *ek, const struct shared *seed, struct bytes name,
                 struct bytes secret, struct buf *b)
{
    CLEANUP(shared_wipe) struct shared aes = {.n = ek->aes_bits / 8u};
    CLEANUP(shared_wipe) struct shared mac_key = {.n = tpm_digest_n(ek->name_alg)};
    uint8_t memory[2 + CREDENTIAL_SECRET_MAX + TPM_NAME_MAX], mac[EVP_MAX_MD_SIZE];
    struct buf message = buf_over(memory, sizeof memory);
    buf_put_u16be(&message, (uint16_t)secret.n);
    buf_put_bytes(&message, secret);
    size_t identity_n = message.n;
    buf_put_bytes(&message, name);
    bool is_done = derive_a(ek->name_alg, seed, storage, name, &aes) &&
                   derive_a(ek->name_alg, seed, integrity, bytes_of(NULL, 0), &mac_key) &&
                   encrypt(&aes, bytes_of(memory, identity_n), memory) &&
                   HMAC(digest_of(ek->name_alg), mac_key.p, (int)mac_key.n, memory, message.n, mac,
                        NULL) != NULL;
    buf_put_u16be(b, (uint16_t)(2 + mac_key.n + identity_n));
    buf_put_u16be(b, (uint16_t)mac_key.n);
    buf_put_bytes(b, bytes_of(mac, is_done ? mac_key.n : 0));
    buf_put_bytes(b, bytes_of(memory, is_done ? identity_n : 0));
    secret_wipe(memory, sizeof memory);
    return is_done;
}

static EVP_PKEY *object_of(const struct tpm_public *ek)
{
    uint8_t memory[SPKI_MAX];
    struct buf spki = buf_over(memory, sizeof memory);
    struct x509_key key;
    const char *why;
    tpm_write_spki(&spki, ek);
    return x509_read_spki(buf_bytes(&spki), &key, &why) ? public_key_make(&key) : NULL;
}

enum result credential_make(const struct tpm_public *ek, const struct tpm_name *name,
                            struct bytes secret, struct credential *ret, struct err *err)
{
    struct credential made;
    struct buf blob = buf_over(made.blob, sizeof made.blob);
    struct buf encrypted = buf_over(made.seed, sizeof made.seed);
    CLEANUP(shared_wipe) struct shared seed = {0};
    if (secret.n == 0 || secret.n > CREDENTIAL_SECRET_MAX || name->n > sizeof name->p)
        return err_set(err, E_BUG, "a secret of %zu octets for a Name of %zu", secret.n, name->n);
    if (ek->aes_bits == 0)
        return err_set(
            err, E_TPM,
            "the endorsement key names no symmetric algorithm, wanted is AES in CFB mode: "
            "nothing can be sealed to it");
    CLEANUP(pkey_freep) EVP_PKEY *key = object_of(ek);
    if (key == NULL)
        return fail_openssl(err, E_TPM, "the endorsement key cannot be used");
    bool has_seed = ek->type == TPM_RSA ? seed_by_rsa(ek, key, &seed, &encrypted)
                                        : seed_by_ecc(ek, key, &seed, &encrypted);
    if (!has_seed || !seal(ek, &seed, tpm_name_bytes(name), secret, &blob) || !buf_ok(&blob) ||
        !buf_ok(&encrypted))
        return fail_openssl(err, E_KEY, "the secret could not be sealed");
    made.blob_n = blob.n;
    made.seed_n = encrypted.n;
    *ret = made;
    return OK;
}
