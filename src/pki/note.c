#include <pki/note.h>

#include <crypto/hash.h>
#include <crypto/verify.h>
#include <wire/b64.h>
#include <wire/hex.h>

#include "name.h"

#define TYPE_ED25519 0x01
#define TYPE_OTHER 0xff
#define ES256_NAME "troth-es256"
#define ES256_RAW_N 64
#define EM_DASH "\xe2\x80\x94"
#define LINE_SIGNATURE_MAX (NOTE_KEY_ID_N + ES256_RAW_N)

bool is_note_origin(struct bytes text)
{
    if (text.n == 0 || text.n > ORIGIN_MAX)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] > '~' || text.p[i] == '+')
            return false;
    return true;
}

void note_put_checkpoint(struct buf *b, struct bytes origin, uint64_t size, const uint8_t root[32])
{
    if (!is_note_origin(origin))
        buf_fail(b);
    buf_put_bytes(b, origin);
    buf_put_u8(b, '\n');
    put_decimal(b, size);
    buf_put_u8(b, '\n');
    b64_encode(b, bytes_of(root, 32));
    buf_put_u8(b, '\n');
}

/* Signature type and public key, as key ID and verifier key have them. */
static void put_typed_key(struct buf *b, enum x509_sig_alg alg, struct bytes public_key)
{
    if (alg == X509_SIG_ED25519) {
        buf_put_u8(b, TYPE_ED25519);
    } else {
        buf_put_u8(b, TYPE_OTHER);
        buf_put_bytes(b, bytes_text(ES256_NAME));
    }
    buf_put_bytes(b, public_key);
}

void note_key_id(struct bytes origin, enum x509_sig_alg alg, struct bytes public_key,
                 uint8_t ret[NOTE_KEY_ID_N])
{
    uint8_t room[128], digest[SHA256_N];
    struct buf typed = buf_over(room, sizeof(room));

    put_typed_key(&typed, alg, public_key);
    sha256_parts((const struct bytes[]){origin, bytes_text("\n"), buf_bytes(&typed)}, 3, digest);
    memcpy(ret, digest, NOTE_KEY_ID_N);
}

void note_put_signature(struct buf *b, const struct note_signer *signer, struct bytes signature)
{
    uint8_t line[LINE_SIGNATURE_MAX];

    note_key_id(signer->origin, signer->alg, signer->public_key, line);
    if (signer->alg == X509_SIG_ED25519 && signature.n == ES256_RAW_N)
        memcpy(line + NOTE_KEY_ID_N, signature.p, signature.n);
    else if (signer->alg != X509_SIG_ECDSA_SHA256 ||
             !x509_ecdsa_to_raw(signature, ES256_RAW_N / 2, line + NOTE_KEY_ID_N))
        buf_fail(b);
    buf_put_bytes(b, bytes_text(EM_DASH " "));
    buf_put_bytes(b, signer->origin);
    buf_put_u8(b, ' ');
    b64_encode(b, bytes_of(line, sizeof(line)));
    buf_put_u8(b, '\n');
}

void note_put_vkey(struct buf *b, const struct note_signer *signer)
{
    uint8_t key_id[NOTE_KEY_ID_N], room[128];
    struct buf typed = buf_over(room, sizeof(room));

    note_key_id(signer->origin, signer->alg, signer->public_key, key_id);
    put_typed_key(&typed, signer->alg, signer->public_key);
    buf_put_bytes(b, signer->origin);
    buf_put_u8(b, '+');
    hex_encode(b, bytes_of(key_id, sizeof(key_id)));
    buf_put_u8(b, '+');
    b64_encode(b, buf_bytes(&typed));
    buf_put_u8(b, '\n');
}

/* ---- reading ------------------------------------------------------------------------------------
 */

/* Up to the next line feed, which is passed over; false at the end. */
static bool next_line(struct bytes *rest, struct bytes *ret)
{
    const uint8_t *end = rest->n != 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    if (end == NULL)
        return false;
    size_t n = (size_t)(end - rest->p);
    *ret = bytes_of(rest->p, n);
    *rest = bytes_of(end + 1, rest->n - n - 1);
    return true;
}

static bool read_size(struct bytes line, uint64_t *ret)
{
    uint8_t room[20];
    struct buf again = buf_over(room, sizeof(room));
    uint64_t size = 0;

    for (size_t i = 0; i < line.n && line.p[i] >= '0' && line.p[i] <= '9'; i++)
        size = size * 10 + (uint64_t)(line.p[i] - '0');
    put_decimal(&again, size); /* and so: no sign, no leading zero, no overflow, no rest */
    *ret = size;
    return bytes_equal(buf_bytes(&again), line);
}

/* The body of a note, up to and with the line feed before the empty line. */
static bool read_body(struct bytes *rest, struct bytes origin, struct note_checkpoint *ret)
{
    struct bytes line;
    struct buf root = buf_over(ret->root, sizeof(ret->root));

    return next_line(rest, &line) && bytes_equal(line, origin) && next_line(rest, &line) &&
           read_size(line, &ret->size) && next_line(rest, &line) && b64_decode(&root, line) &&
           root.n == sizeof(ret->root);
}

/* "DASH NAME BASE64" of this signer: the octets behind the key ID. */
static bool read_signature(struct bytes line, const struct note_signer *signer,
                           uint8_t ret[ES256_RAW_N])
{
    uint8_t before_room[ORIGIN_MAX + 8], octets[LINE_SIGNATURE_MAX], key_id[NOTE_KEY_ID_N];
    struct buf before = buf_over(before_room, sizeof(before_room));
    struct buf decoded = buf_over(octets, sizeof(octets));

    buf_put_bytes(&before, bytes_text(EM_DASH " "));
    buf_put_bytes(&before, signer->origin);
    buf_put_u8(&before, ' ');
    note_key_id(signer->origin, signer->alg, signer->public_key, key_id);
    if (!bytes_equal(bytes_slice(line, 0, before.n), buf_bytes(&before)) ||
        !b64_decode(&decoded, bytes_slice(line, before.n, line.n)) || decoded.n != sizeof(octets) ||
        memcmp(octets, key_id, sizeof(key_id)) != 0)
        return false;
    memcpy(ret, octets + NOTE_KEY_ID_N, ES256_RAW_N);
    return true;
}

static enum result verify_line(struct bytes line, const struct note_signer *signer,
                               struct bytes body, struct err *err)
{
    uint8_t raw[ES256_RAW_N], der_room[80];
    struct buf der = buf_over(der_room, sizeof(der_room));
    bool is_ed25519 = signer->alg == X509_SIG_ED25519;
    struct x509_key key = {.alg = is_ed25519 ? X509_KEY_ED25519 : X509_KEY_P256,
                           .point = signer->public_key};

    if (!read_signature(line, signer, raw))
        return err_set(err, E_SYNTAX, "C2SP signed-note: not a signature line of this log's key");
    if (is_ed25519)
        return verify_signature(&key, signer->alg, body, bytes_of(raw, sizeof(raw)), err);
    x509_ecdsa_to_der(&der, bytes_of(raw, sizeof(raw)));
    return verify_signature(&key, signer->alg, body, buf_bytes(&der), err);
}

enum result note_verify(struct bytes note, const struct note_signer *ed25519,
                        const struct note_signer *es256, struct note_checkpoint *ret,
                        struct err *err)
{
    struct bytes rest = note, empty, first, second;
    struct note_checkpoint checkpoint;

    if (!read_body(&rest, ed25519->origin, &checkpoint))
        return err_set(err, E_SYNTAX, "C2SP tlog-checkpoint: not a checkpoint of this log");
    struct bytes body = bytes_of(note.p, note.n - rest.n);
    if (!next_line(&rest, &empty) || empty.n != 0 || !next_line(&rest, &first) ||
        !next_line(&rest, &second) || rest.n != 0)
        return err_set(err, E_SYNTAX, "C2SP signed-note: wanted are two signature lines");
    TRY(verify_line(first, ed25519, body, err));
    TRY(verify_line(second, es256, body, err));
    *ret = checkpoint;
    return OK;
}
