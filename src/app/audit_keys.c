#include "audit.h"

#include <crypto/verify.h>

#include <base/file.h>
#include <wire/b64.h>
#include <wire/hex.h>

#include <string.h>

/* C2SP signed-note: name+key ID+base64(type || key). Type 0x01 is Ed25519; ours for ES256 is 0xff
 * and the name below (pki/note.h). */
static const struct kind {
    enum x509_sig_alg alg;
    struct bytes type;
    size_t point_n;
} kinds[2] = {
    {X509_SIG_ED25519, BYTES_TEXT_INIT("\x01"), 32},
    {X509_SIG_ECDSA_SHA256, BYTES_TEXT_INIT("\xfftroth-es256"), 65},
};

static struct bytes take_until(struct bytes *rest, char end)
{
    const uint8_t *at = rest->n == 0 ? NULL : memchr(rest->p, end, rest->n);
    size_t n = at == NULL ? rest->n : (size_t)(at - rest->p);
    struct bytes part = bytes_of(rest->p, n);
    size_t used = at == NULL ? n : n + 1;
    *rest = bytes_of(rest->p + used, rest->n - used);
    return part;
}

/* The point of a key of this kind into `room`; false for another type or length. */
static bool read_point(struct bytes text, const struct kind *kind, uint8_t *room, size_t n)
{
    struct buf typed = buf_over(room, n);
    if (!b64_decode(&typed, text) || typed.n != kind->type.n + kind->point_n ||
        memcmp(room, kind->type.p, kind->type.n) != 0)
        return false;
    memmove(room, room + kind->type.n, kind->point_n);
    return true;
}

static bool is_id_right(const struct note_signer *signer, struct bytes text)
{
    uint8_t said[NOTE_KEY_ID_N], id[NOTE_KEY_ID_N];
    struct buf decoded = buf_over(said, sizeof said);
    note_key_id(signer->origin, signer->alg, signer->public_key, id);
    return hex_decode(&decoded, text) && decoded.n == sizeof id && memcmp(said, id, sizeof id) == 0;
}

static bool parse_line(struct bytes line, struct audit_keys *keys, size_t i)
{
    struct bytes origin = take_until(&line, '+'), id = take_until(&line, '+');
    if (!is_note_origin(origin) ||
        !read_point(line, &kinds[i], keys->points[i], sizeof keys->points[i]))
        return false;
    keys->signers[i] = (struct note_signer){
        .origin = origin,
        .alg = kinds[i].alg,
        .public_key = bytes_of(keys->points[i], kinds[i].point_n),
    };
    return is_id_right(&keys->signers[i], id);
}

enum result audit_keys_parse(struct bytes text, struct audit_keys *ret, struct err *err)
{
    if (text.n > sizeof ret->text)
        return err_set(err, E_SYNTAX, "verifier keys of %zu octets, wanted at most %zu", text.n,
                       sizeof ret->text);
    if (text.n > 0)
        memcpy(ret->text, text.p, text.n);
    struct bytes rest = bytes_of(ret->text, text.n);
    for (size_t i = 0; i < LENGTH_OF(kinds); i++)
        if (!parse_line(take_until(&rest, '\n'), ret, i))
            return err_set(err, E_SYNTAX,
                           "line %zu is not a verifier key (NAME+ID+KEY; Ed25519, then ES256)",
                           i + 1);
    if (rest.n != 0 || !bytes_equal(ret->signers[0].origin, ret->signers[1].origin))
        return err_set(err, E_SYNTAX, "wanted are two verifier keys of one log");
    return OK;
}

enum result audit_keys_read(const char *path, struct audit_keys *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    TRY(file_read(path, AUDIT_KEYS_MAX, &text, err));
    enum result result = audit_keys_parse(blob_bytes(&text), ret, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}

static bool check_countersignature(void *ctx, struct bytes message, struct bytes signature)
{
    const struct audit_keys *keys = ctx;
    struct x509_key key = {.alg = X509_KEY_P256, .point = keys->signers[1].public_key};
    return verify_signature(&key, X509_SIG_ECDSA_SHA256, message, signature, NULL) == OK;
}

static bool verify_person(struct bytes spki, struct bytes message, struct bytes signature)
{
    struct x509_key key = {0};
    const char *why = NULL;
    return x509_read_spki(spki, &key, &why) && key.alg == X509_KEY_P256 &&
           verify_signature(&key, X509_SIG_ECDSA_SHA256, message, signature, NULL) == OK;
}

struct countersigner audit_countersigner(const struct audit_keys *keys)
{
    return (struct countersigner){check_countersignature, (void *)(uintptr_t)keys, verify_person};
}

enum result audit_note_check(struct bytes note, const struct audit_keys *keys, const char *name,
                             struct verify_checkpoint *ret, struct err *err)
{
    struct note_checkpoint checkpoint;
    enum result result = note_verify(note, &keys->signers[0], &keys->signers[1], &checkpoint, err);
    if (result != OK) {
        err_prefix(err, "%s", name);
        return result;
    }
    *ret = (struct verify_checkpoint){.name = name, .size = checkpoint.size};
    memcpy(ret->root, checkpoint.root, sizeof ret->root);
    return OK;
}
