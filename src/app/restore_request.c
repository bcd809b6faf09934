/* What people sign before a backup is gone on from (design 5, Two people): on their own machines,
 * by `troth approval sign --file`. */
#include "restore.h"

#include "lines.h"

#include <base/file.h>
#include <base/text.h>
#include <wire/b64.h>
#include <wire/hex.h>

#include <string.h>

#define SIGNATURES_MAX 4096
#define SIGNATURE_MAX 80

static void put_number(struct buf *b, const char *name, uint64_t value)
{
    cbor_write_array(b, 2);
    cbor_write_text(b, text_bytes(name));
    cbor_write_uint(b, value);
}

static void put_octets(struct buf *b, const char *name, struct bytes value)
{
    cbor_write_array(b, 2);
    cbor_write_text(b, text_bytes(name));
    cbor_write_bytes(b, value);
}

/* Names as `troth approval sign` shows them. */
static void put_parameters(struct buf *b, const struct restore *restore,
                           const struct restore_lists *lists)
{
    const struct signer_facts *facts = &restore->facts;
    cbor_write_array(b, 12);
    put_number(b, "backup_entries", restore->verified.entries);
    put_octets(b, "backup_root", bytes_of(restore->verified.root, 32));
    put_number(b, "signed_entries", facts->size);
    put_octets(b, "signed_root", bytes_of(facts->root, 32));
    put_number(b, "in_place_entries", restore->in_place_size);
    put_octets(b, "in_place_root", bytes_of(restore->in_place_root, 32));
    put_number(b, "journal_is_lost", restore->journal_is_lost);
    put_number(b, "journal_records", facts->position);
    put_number(b, "certificates_since", facts->newer);
    put_number(b, "crls_current", lists->current);
    put_number(b, "crls_older", lists->older);
    put_number(b, "crls_missing", lists->missing);
}

enum result restore_request_make(const struct restore *restore, const struct restore_lists *lists,
                                 struct restore_request *ret, struct err *err)
{
    uint8_t room[1024];
    struct buf parameters = buf_over(room, sizeof room);
    struct buf body = buf_over(ret->body, sizeof ret->body);
    put_parameters(&parameters, restore, lists);
    const struct approval approval = {
        .kind = bytes_text("restore"),
        .number = restore->facts.position,
        .created_s = restore->now_s,
        .expires_s = restore->now_s + restore->config->limits.approval_s,
        .parameters = buf_bytes(&parameters),
        .changes = bytes_text("\x80"),
        .counts = bytes_text("\x80"),
    };
    approval_write(&body, &approval);
    if (!buf_ok(&parameters) || !buf_ok(&body))
        return err_set(err, E_BUG, "no room for the request");
    ret->body_n = body.n;
    ret->signatures_n = 0;
    return OK;
}

/* SHA-256 of the key in hexadecimal, a space, the signature in base64; as the signer takes it. */
static bool read_signature(struct bytes line, struct buf *out)
{
    uint8_t room[SIGNATURE_MAX];
    struct buf signature = buf_over(room, sizeof room);
    if (line.n < 66 || line.p[64] != ' ' || !hex_decode(out, bytes_slice(line, 0, 64)) ||
        !b64_decode(&signature, bytes_slice(line, 65, line.n)))
        return false;
    buf_put_u8(out, (uint8_t)signature.n);
    buf_put_bytes(out, buf_bytes(&signature));
    return buf_ok(out);
}

static enum result read_signatures(const char *path, struct restore_request *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    struct buf out = buf_over(ret->signatures, sizeof ret->signatures);
    TRY(file_read(path, SIGNATURES_MAX, &file, err));
    struct bytes rest = blob_bytes(&file);
    for (int i = 1; rest.n != 0; i++)
        if (!read_signature(lines_take(&rest), &out))
            return err_set(err, E_SYNTAX,
                           "%s:%d: wanted is a line of `troth approval sign --file --out`", path,
                           i);
    ret->signatures_n = out.n;
    return OK;
}

enum result restore_request_read(const char *path, const char *signatures,
                                 const struct restore_request *now, struct restore_request *ret,
                                 struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    struct approval asked, wanted;
    const char *why = NULL;
    TRY(file_read(path, sizeof ret->body, &file, err));
    if (!approval_read(blob_bytes(&file), &asked, &why))
        return err_set(err, E_SYNTAX, "%s: %s", path, why);
    if (!approval_read(bytes_of(now->body, now->body_n), &wanted, &why))
        return err_set(err, E_BUG, "%s", why);
    if (!bytes_equal(asked.kind, wanted.kind) || !bytes_equal(asked.parameters, wanted.parameters))
        return err_set(
            err, E_CONFLICT,
            "%s: what the restore would do is not what was asked for; have a new request "
            "written and signed",
            path);
    memcpy(ret->body, file.p, file.n);
    ret->body_n = file.n;
    return read_signatures(signatures, ret, err);
}
