#include "seal.h"

#include <base/blob.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <crypto/verify.h>
#include <wire/b64.h>
#include <wire/hex.h>

#include <pthread.h>
#include <stdlib.h>

#define KEY_ID_N 4
#define ES256_TYPE                                                                                 \
    "\xff"                                                                                         \
    "troth-es256" /* C2SP signed-note: types from 0xff on are named */
#define TYPE_N (sizeof ES256_TYPE - 1)

static pthread_mutex_t crypto_mutex = PTHREAD_MUTEX_INITIALIZER;

void seal_lock(void)
{
    pthread_mutex_lock(&crypto_mutex);
}

void seal_unlock(void)
{
    pthread_mutex_unlock(&crypto_mutex);
}

/* ---- the key ----------------------------------------------------------------------------------
 */

static enum result refuse_key(struct err *err, const char *wanted)
{
    return err_set(err, E_USAGE, "the ledger's key: wanted NAME+ID+KEY, %s", wanted);
}

/* Up to the next plus, which is passed over. */
static bool take_part(struct bytes *rest, struct bytes *ret)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '+')
        n++;
    if (n == 0 || n == rest->n)
        return false;
    *ret = bytes_of(rest->p, n);
    *rest = bytes_slice(*rest, n + 1, rest->n);
    return true;
}

static bool is_point(const uint8_t *point)
{
    struct x509_key key = {.alg = X509_KEY_P256, .point = bytes_of(point, TROTH_POINT_N)};
    seal_lock();
    bool is = is_usable_key(&key);
    seal_unlock();
    return is;
}

enum result seal_read_key(struct bytes text, struct seal_key *ret, struct err *err)
{
    struct bytes name, id;
    struct seal_key key = {0};
    uint8_t octets[TYPE_N + TROTH_POINT_N + 2], id_octets[KEY_ID_N], digest[SHA256_N];
    struct buf decoded = buf_over(octets, sizeof octets), wanted = buf_over(id_octets, KEY_ID_N);
    if (!take_part(&text, &name) || !take_part(&text, &id) ||
        !text_copy(name, key.name, sizeof key.name))
        return refuse_key(err, "as `trothd init` prints it");
    if (!hex_decode(&wanted, id) || wanted.n != KEY_ID_N)
        return refuse_key(err, "an id of 8 hexadecimal digits");
    if (!b64_decode(&decoded, text) || decoded.n != TYPE_N + TROTH_POINT_N ||
        memcmp(octets, ES256_TYPE, TYPE_N) != 0)
        return refuse_key(err, "a key of type troth-es256, not the Ed25519 one");
    const struct bytes parts[] = {name, bytes_text("\n"), buf_bytes(&decoded)};
    sha256_parts(parts, LENGTH_OF(parts), digest);
    if (memcmp(digest, id_octets, KEY_ID_N) != 0)
        return refuse_key(err, "whose id is that of name and key: a character was lost");
    memcpy(key.point, octets + TYPE_N, TROTH_POINT_N);
    if (!is_point(key.point))
        return refuse_key(err, "a point of P-256");
    *ret = key;
    return OK;
}

/* ---- what it signed ---------------------------------------------------------------------------
 */

static enum result write_signed(const struct cose_sign1 *message, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.n = COSE_SIGNED_HEAD_MAX + message->payload.n};
    room.p = malloc(room.n);
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "%zu signed octets", message->payload.n);
    struct buf b = buf_over(room.p, room.n);
    cose_signed_head(&b, message);
    buf_put_bytes(&b, message->payload);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "no room for what was signed");
    room.n = b.n;
    *ret = room;
    room.p = NULL;
    return OK;
}

static enum result check(const struct seal_key *key, struct bytes octets, struct bytes raw,
                         struct err *err)
{
    uint8_t der[80];
    struct buf signature = buf_over(der, sizeof der);
    struct x509_key log = {.alg = X509_KEY_P256, .point = bytes_of(key->point, TROTH_POINT_N)};
    x509_ecdsa_to_der(&signature, raw);
    if (!buf_ok(&signature))
        return err_set(err, E_SIGNATURE, "what came is not signed by the ledger's key");
    seal_lock();
    enum result result =
        verify_signature(&log, X509_SIG_ECDSA_SHA256, octets, buf_bytes(&signature), err);
    seal_unlock();
    if (result != OK)
        err_prefix(err, "what came is not signed by the ledger's key");
    return result;
}

enum result seal_open(const struct seal_key *key, struct bytes octets, struct cose_sign1 *ret,
                      struct err *err)
{
    CLEANUP(blob_free) struct blob whole = {0};
    struct cose_sign1 message;
    const char *why = NULL;
    if (!cose_sign1_read(octets, &message, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    TRY(write_signed(&message, &whole, err));
    TRY(check(key, blob_bytes(&whole), message.signature, err));
    *ret = message;
    return OK;
}
