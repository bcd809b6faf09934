#include <cli/signing_key.h>

#include <base/file.h>
#include <cli/print.h>
#include <crypto/lms_folder.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <troth/crypto.h>
#include <troth/keyset.h>
#include <wire/der.h>
#include <wire/manifest.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SIGNED_HEAD_MAX 256 /* octets that a Sig_structure has beside its payload */
#define RSA_BITS_MIN 2048
#define RSA_KEY_MAX 600 /* octets, of 4,096 bits */
#define MORE_MAX (LMS_SIGNATURE_MAX + 256)

void signing_key_free(struct signing_key *key)
{
    key_free(key->key);
    secret_free(&key->passphrase);
    *key = (struct signing_key){0};
}

bool signing_read_number(const char **at, uint32_t *ret)
{
    const char *from = *at;
    uint64_t number = 0;
    for (; **at >= '0' && **at <= '9' && number <= UINT32_MAX; (*at)++)
        number = 10 * number + (uint64_t)(**at - '0');
    *ret = (uint32_t)number;
    return *at > from && number <= UINT32_MAX;
}

/* ---- records -------------------------------------------------------------------------------- */

static enum result enter(char path[CLI_PATH_MAX], const char *name, struct err *err)
{
    size_t n = strlen(path), more = strlen(name);
    if (n + 1 + more >= CLI_PATH_MAX)
        return err_set(err, E_USAGE, "the path of $XDG_STATE_HOME is too long");
    path[n] = '/';
    memcpy(path + n + 1, name, more + 1);
    return folder_ensure(path, 0700, err);
}

enum result signing_key_records(char ret[CLI_PATH_MAX], struct err *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const char *from = state != NULL && state[0] == '/' ? state : home;
    if (from == NULL || from[0] != '/' || strlen(from) >= CLI_PATH_MAX)
        return err_set(err, E_USAGE,
                       "neither XDG_STATE_HOME nor HOME says where to keep what was signed");
    memcpy(ret, from, strlen(from) + 1);
    if (from == home) {
        TRY(enter(ret, ".local", err));
        TRY(enter(ret, "state", err));
    }
    TRY(folder_ensure(ret, 0700, err));
    TRY(enter(ret, "troth", err));
    return enter(ret, "lms", err);
}

enum result signing_key_passphrase(const struct session *session, struct secret *ret,
                                   bool *ret_is_there, struct err *err)
{
    const char *path = session_text(session, "--passphrase-file");
    *ret_is_there = path != NULL;
    return path == NULL ? OK : secret_read_file(path, 1024, ret, err);
}

/* ---- which key ------------------------------------------------------------------------------ */

struct kind_row {
    enum key_kind kind;
    enum x509_key_alg public;
    int32_t algorithm;
};
static const struct kind_row kinds[] = {
    {KEY_P256, X509_KEY_P256, TROTH_ES256},
    {KEY_P384, X509_KEY_P384, TROTH_ES384},
    {KEY_ED25519, X509_KEY_ED25519, TROTH_ED25519}, /* not EdDSA: RFC 9864, and MCUboot's */
};

static enum result open_pem(struct signing_key *key, struct err *err)
{
    TRY(key_load(key->path, key->has_passphrase ? &key->passphrase : NULL, &key->key, err));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == key_kind(key->key))
            key->algorithm = kinds[i].algorithm;
    if (key->algorithm == 0)
        return err_set(err, E_KEY, "%s: signed is with p256, p384, ed25519 and LMS here, not %s",
                       key->path, key_kind_name(key_kind(key->key)));
    return OK;
}

enum result signing_key_open(const struct session *session, struct signing_key *ret,
                             struct err *err)
{
    CLEANUP(signing_key_free)
    struct signing_key key = {.path = session_text(session, "--key")};
    TRY(crypto_start(err));
    TRY(signing_key_passphrase(session, &key.passphrase, &key.has_passphrase, err));
    if (lms_folder_is_one(key.path))
        key.algorithm = TROTH_HSS_LMS;
    else
        TRY(open_pem(&key, err));
    *ret = key;
    key = (struct signing_key){0};
    return OK;
}

/* As devices have it: RSAPublicKey (RFC 8017 A.1.1). */
static enum result put_rsa(const char *path, const struct x509_key *key, struct blob *ret,
                           struct err *err)
{
    uint8_t space[RSA_KEY_MAX];
    struct buf b = buf_over(space, sizeof space);
    if (8 * key->modulus.n < RSA_BITS_MIN)
        return err_set(err, E_KEY, "%s: an RSA key of %zu bits, wanted are %d or more", path,
                       8 * key->modulus.n, RSA_BITS_MIN);
    size_t mark = der_begin(&b, DER_SEQUENCE);
    der_write_unsigned(&b, key->modulus);
    der_write_unsigned(&b, key->exponent);
    der_end(&b, mark);
    if (!buf_ok(&b))
        return err_set(err, E_KEY, "%s: an RSA key of more than 4,096 bits", path);
    return blob_copy(buf_bytes(&b), ret);
}

enum result signing_key_public(const char *path, int32_t *ret_algorithm, struct blob *ret,
                               struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0}, der = {0};
    struct x509_key key;
    const char *why = NULL;
    if (lms_folder_is_one(path)) {
        *ret_algorithm = TROTH_HSS_LMS;
        return lms_folder_public(path, ret, err);
    }
    TRY(session_read(path, &file, err));
    TRY(pem_or_der_read(blob_bytes(&file), PEM_PUBLIC_KEY, &der, err));
    if (!x509_read_spki(blob_bytes(&der), &key, &why))
        return err_set(err, E_KEY, "%s: %s", path, why);
    if (key.alg == X509_KEY_RSA) {
        *ret_algorithm = TROTH_PS256;
        return put_rsa(path, &key, ret, err);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].public != key.alg)
            continue;
        *ret_algorithm = kinds[i].algorithm;
        return blob_copy(key.point, ret);
    }
    return err_set(err, E_KEY, "%s: devices verify p256, p384, ed25519, rsa and LMS", path);
}

/* ---- signing -------------------------------------------------------------------------------- */

static enum result sign_lms(const struct signing_key *key, struct bytes message, struct blob *ret,
                            struct err *err)
{
    CLEANUP(lms_signer_freep) struct lms_signer *signer = NULL;
    char records[CLI_PATH_MAX];
    TRY(signing_key_records(records, err));
    TRY(lms_signer_open(key->path, records, key->has_passphrase ? &key->passphrase : NULL, 1,
                        &signer, err));
    return lms_signer_sign(signer, message, ret, err);
}

static enum result sign_pem(const struct signing_key *key, struct bytes message, struct blob *ret,
                            struct err *err)
{
    struct key_signature signature;
    uint8_t raw[96];
    TRY(key_sign(key->key, message, &signature, err));
    if (key->algorithm == TROTH_ED25519)
        return blob_copy(key_signature_bytes(&signature), ret);
    size_t half = key->algorithm == TROTH_ES256 ? 32 : 48;
    if (!x509_ecdsa_to_raw(key_signature_bytes(&signature), half, raw))
        return err_set(err, E_BUG, "a signature that is none");
    return blob_copy(bytes_of(raw, 2 * half), ret);
}

static enum result put_signature(const struct manifest_signer *signer, struct bytes signature,
                                 struct blob *ret, struct err *err)
{
    uint8_t *space = malloc(signature.n + SIGNED_HEAD_MAX);
    CLEANUP(blob_free) struct blob made = {space, 0};
    struct buf b = buf_over(space, signature.n + SIGNED_HEAD_MAX);
    if (space == NULL)
        return err_set(err, E_MEMORY, "no room for a signature");
    manifest_write_signature(&b, signer, signature);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "a signature does not fit");
    made.n = b.n;
    *ret = made;
    made = (struct blob){0};
    return OK;
}

enum result signing_key_sign(const struct signing_key *key, struct bytes type, struct bytes payload,
                             struct blob *ret, struct err *err)
{
    const struct manifest_signer signer = {key->algorithm, type};
    uint8_t *space = malloc(payload.n + SIGNED_HEAD_MAX);
    CLEANUP(blob_free) struct blob whole = {space, 0}, signature = {0};
    struct buf b = buf_over(space, payload.n + SIGNED_HEAD_MAX);
    if (space == NULL)
        return err_set(err, E_MEMORY, "no room for what is signed");
    manifest_write_signed(&b, &signer, payload);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "what is signed does not fit");
    if (key->key == NULL)
        TRY(sign_lms(key, buf_bytes(&b), &signature, err));
    else
        TRY(sign_pem(key, buf_bytes(&b), &signature, err));
    return put_signature(&signer, blob_bytes(&signature), ret, err);
}

enum result signing_key_put(struct session *session, struct bytes octets, size_t signatures,
                            struct err *err)
{
    const char *path = session_text(session, "--out");
    TRY(file_write(path, 0644, octets, err));
    if (session->is_json) {
        json_auto_t *done = json_pack("{s:s, s:I, s:I}", "file", path, "octets",
                                      (json_int_t)octets.n, "signatures", (json_int_t)signatures);
        print_json(session, done);
        return OK;
    }
    fprintf(session->out, "%s: %zu octets, %zu signature%s\n", path, octets.n, signatures,
            signatures == 1 ? "" : "s");
    return OK;
}

enum result signing_key_append(struct session *session, struct bytes object, bool is_envelope,
                               struct err *err)
{
    CLEANUP(signing_key_free) struct signing_key key = {0};
    CLEANUP(blob_free) struct blob signature = {0}, out = {0};
    struct manifest_signed read;
    const char *why = NULL;
    if (!manifest_read_signed(object, &read, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    if (read.is_envelope != is_envelope)
        return err_set(err, E_SYNTAX, is_envelope ? "this is no envelope" : "this is no key set");
    if (read.n >= MANIFEST_SIGNERS_MAX)
        return err_set(err, E_TOO_LARGE, "it has %zu signatures, devices take %d", read.n,
                       MANIFEST_SIGNERS_MAX);
    TRY(signing_key_open(session, &key, err));
    struct bytes type = is_envelope ? bytes_of(NULL, 0) : bytes_text(TROTH_KEYSET_TYPE);
    TRY(signing_key_sign(&key, type, read.payload, &signature, err));
    out.p = malloc(object.n + MORE_MAX);
    if (out.p == NULL)
        return err_set(err, E_MEMORY, "no room for what is signed");
    struct buf b = buf_over(out.p, object.n + MORE_MAX);
    manifest_write_more(&b, &read, blob_bytes(&signature));
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "what is signed does not fit");
    return signing_key_put(session, buf_bytes(&b), read.n + 1, err);
}
