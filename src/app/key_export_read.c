/* A key export, read: lines first, then keys. */
#include "key_export.h"

#include "lines.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/pem.h>
#include <crypto/verify.h>
#include <service/bootstrap.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <stdio.h>
#include <string.h>

#define TRAILER_N (7 + 64 + 1) /* "sha256 ", digits, line feed */
#define HEAD_MAX 64

/* ---- lines ----------------------------------------------------------------------------------- */

static enum result wrong(const char *wanted, struct bytes line, struct err *err)
{
    return err_set(err, E_EXPORT, "a line is \"%s\", wanted \"%s\"", err_value(line).text, wanted);
}

static enum result take_line(struct bytes *rest, const char *begins, struct bytes *ret,
                             struct err *err)
{
    struct bytes line = lines_take(rest);
    return lines_begins(line, begins, ret) ? OK : wrong(begins, line, err);
}

static enum result check_digest(struct bytes text, struct bytes *ret_before, struct err *err)
{
    struct bytes said = {0};
    if (text.n <= TRAILER_N || text.p[text.n - 1] != '\n')
        return err_set(err, E_EXPORT, "the file ends before its last line");
    struct bytes before = bytes_slice(text, 0, text.n - TRAILER_N);
    struct bytes trailer = bytes_slice(text, before.n, TRAILER_N);
    TRY(take_line(&trailer, "sha256 ", &said, err));
    struct lines_digest digest = lines_digest_of(before);
    if (before.p[before.n - 1] != '\n' || !bytes_equal(said, text_bytes(digest.text)))
        return err_set(err, E_EXPORT, "its lines have SHA-256 %s, its last line says %s",
                       digest.text, err_value(said).text);
    *ret_before = before;
    return OK;
}

static bool is_next_part(struct bytes rest)
{
    struct bytes unused;
    return lines_begins(rest, "certificate ", &unused) || lines_begins(rest, "key ", &unused) ||
           lines_begins(rest, "issuer ", &unused) || lines_begins(rest, "signature ", &unused);
}

/* "certificate root" and the lines up to the next such one. */
static enum result take_part(struct bytes *rest, const char *kind, const char *name,
                             struct bytes *ret, struct err *err)
{
    char head[HEAD_MAX];
    struct bytes line = lines_take(rest);
    snprintf(head, sizeof head, "%s %s", kind, name);
    if (!bytes_equal(line, text_bytes(head)))
        return wrong(head, line, err);
    const uint8_t *start = rest->p;
    while (rest->n > 0 && !is_next_part(*rest))
        (void)lines_take(rest);
    *ret = bytes_of(start, (size_t)(rest->p - start));
    return OK;
}

static enum result take_record(struct bytes *rest, struct key_export *ret, struct err *err)
{
    struct bytes said = {0}, line = {0};
    TRY(take_line(rest, "record ", &said, err));
    const uint8_t *start = rest->p;
    while (rest->n > 0 && lines_begins(*rest, "| ", &line))
        (void)lines_take(rest);
    ret->record = bytes_of(start, (size_t)(rest->p - start));
    ret->record_digest = bytes_of(NULL, 0);
    bool is_said = lines_begins(said, "sha256:", &ret->record_digest);
    if (is_said != (ret->record.n > 0) || (!is_said && !bytes_equal(said, bytes_text("none"))))
        return wrong("record sha256:... and its lines, or record none", said, err);
    return OK;
}

/* The issuer that a name such as "ldevid-5" means; false for none that may follow. */
static bool find_later(struct bytes name, uint32_t least, struct key_later *ret)
{
    for (uint32_t number = least; number < PKI_ISSUERS; number++)
        for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
            if (bytes_equal(name, text_bytes(signer_issuer_name(kind, number).text))) {
                *ret = (struct key_later){.kind = kind, .number = number};
                return true;
            }
    return false;
}

/* Issuers that followed, each behind those of lower numbers. */
static enum result take_later(struct bytes *rest, struct key_export *to, struct err *err)
{
    uint32_t least = PKI_ISSUER_COUNT;
    struct bytes name = {0};
    while (lines_begins(*rest, "issuer ", &name)) {
        struct key_later *later = &to->later[to->later_n];
        struct bytes line = lines_take(rest);
        (void)lines_begins(line, "issuer ", &name);
        if (!find_later(name, least, later))
            return wrong("issuer KIND-NUMBER, by rising numbers", line, err);
        const uint8_t *start = rest->p;
        while (rest->n > 0 && !is_next_part(*rest))
            (void)lines_take(rest);
        later->certificate = bytes_of(start, (size_t)(rest->p - start));
        TRY(take_part(rest, "key", signer_issuer_name(later->kind, later->number).text, &later->key,
                      err));
        least = later->number + 1;
        to->later_n++;
    }
    return OK;
}

enum result key_export_parse(struct bytes text, struct key_export *ret, struct err *err)
{
    struct key_export file = {0};
    struct bytes rest = {0}, unused = {0};
    if (text.n > KEY_EXPORT_MAX)
        return err_set(err, E_EXPORT, "%zu octets, wanted at most %d", text.n, KEY_EXPORT_MAX);
    TRY(check_digest(text, &rest, err));
    const uint8_t *start = rest.p;
    struct bytes title = lines_take(&rest);
    if (!bytes_equal(title, bytes_text(KEY_EXPORT_TITLE)))
        return wrong(KEY_EXPORT_TITLE, title, err);
    TRY(take_line(&rest, "installation ", &file.origin, err));
    TRY(take_line(&rest, "made ", &unused, err));
    TRY(take_record(&rest, &file, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(take_part(&rest, "certificate", issuer_name(kind), &file.certificates[kind], err));
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        TRY(take_part(&rest, "key", signer_key_name((enum signer_key)i), &file.keys[i], err));
    TRY(take_later(&rest, &file, err));
    file.signed_part = bytes_of(start, (size_t)(rest.p - start));
    TRY(take_line(&rest, "signature ", &file.signature, err));
    if (rest.n > 0)
        return wrong("the signature as the last but one", lines_take(&rest), err);
    *ret = file;
    return OK;
}

/* ---- what the lines hold --------------------------------------------------------------------- */

void key_set_free(struct key_set *set)
{
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        key_free(set->keys[i]);
    for (size_t i = 0; i < PKI_ISSUER_COUNT; i++)
        blob_free(&set->certificates[i]);
    for (size_t i = 0; i < KEY_LATER_MAX; i++) {
        key_free(set->later_keys[i]);
        blob_free(&set->later_certificates[i]);
    }
    blob_free(&set->record);
    blob_free(&set->text);
}

/* The record without its margin. */
static enum result unfold_record(struct key_set *set, struct err *err)
{
    uint8_t room[CEREMONY_MAX];
    struct buf text = buf_over(room, sizeof room);
    struct bytes rest = set->file.record, line = {0};
    while (lines_begins(lines_take(&rest), "| ", &line)) {
        buf_put_bytes(&text, line);
        buf_put_u8(&text, '\n');
    }
    if (!buf_ok(&text))
        return err_set(err, E_EXPORT, "its record has more than %d octets", CEREMONY_MAX);
    struct lines_digest digest = lines_digest_of(buf_bytes(&text));
    if (text.n > 0 && !bytes_equal(set->file.record_digest, text_bytes(digest.text)))
        return err_set(err, E_EXPORT, "its record has SHA-256 %s, the line above says %s",
                       digest.text, err_value(set->file.record_digest).text);
    return blob_copy(buf_bytes(&text), &set->record) == OK ? OK : err_set(err, E_MEMORY, "record");
}

static enum result open_keys(struct key_set *set, const struct secret *passphrase, struct err *err)
{
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++) {
        const char *name = signer_key_name((enum signer_key)i);
        enum key_kind wanted = signer_key_kind((enum signer_key)i);
        struct err why = {0};
        if (key_read(set->file.keys[i], passphrase, &set->keys[i], &why) != OK)
            return err_set(err, E_EXPORT_PASSPHRASE, "key %s: %s", name, why.text);
        if (wanted != KEY_NONE && key_kind(set->keys[i]) != wanted)
            return err_set(err, E_EXPORT, "key %s is of another kind than %s", name,
                           key_kind_name(wanted));
    }
    return OK;
}

static enum result check_signature(const struct key_set *set, struct err *err)
{
    uint8_t signature_room[128];
    static uint8_t room[sizeof KEY_EXPORT_PREFIX + KEY_EXPORT_MAX];
    struct buf text = buf_over(room, sizeof room);
    struct buf signature = buf_over(signature_room, sizeof signature_room);
    const struct key *key = set->keys[SIGNER_KEY_CHECKPOINT_ED25519];
    const struct x509_key public_half = {.alg = X509_KEY_ED25519, .point = key_point(key)};
    struct err why = {0};
    buf_put_bytes(&text, bytes_text(KEY_EXPORT_PREFIX));
    buf_put_bytes(&text, set->file.signed_part);
    if (!b64_decode(&signature, set->file.signature) ||
        verify_signature(&public_half, X509_SIG_ED25519, buf_bytes(&text), buf_bytes(&signature),
                         &why) != OK)
        return err_set(err, E_EXPORT,
                       "its signature is not that of its log's key: somebody changed it and wrote "
                       "a new digest");
    return OK;
}

static const struct key *issuer_key(const struct key_set *set, enum pki_issuer_kind kind)
{
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        if (strcmp(signer_key_name((enum signer_key)i), issuer_name(kind)) == 0)
            return set->keys[i];
    return NULL;
}

/* With a NULL key, as the root's is elsewhere, whatever it is for. */
static enum result open_certificate(struct bytes pem, const char *name, const struct key *key,
                                    struct blob *ret, struct err *err)
{
    struct x509_cert cert;
    struct err unread = {0};
    const char *why = NULL;
    if (pem_read(pem, PEM_CERTIFICATE, ret, &unread) != OK)
        return err_set(err, E_EXPORT, "certificate %s: %s", name, unread.text);
    if (!x509_read_cert(blob_bytes(ret), &cert, &why))
        return err_set(err, E_EXPORT, "certificate %s: %s", name, why);
    if (key != NULL && !bytes_equal(key_spki(key), cert.spki))
        return err_set(err, E_EXPORT, "key %s is not the one of its certificate", name);
    return OK;
}

static enum result open_later(struct key_set *set, size_t i, const struct secret *passphrase,
                              struct err *err)
{
    const struct key_later *later = &set->file.later[i];
    struct signer_name name = signer_issuer_name(later->kind, later->number);
    struct err why = {0};
    if (key_read(later->key, passphrase, &set->later_keys[i], &why) != OK)
        return err_set(err, E_EXPORT_PASSPHRASE, "key %s: %s", name.text, why.text);
    return open_certificate(later->certificate, name.text, set->later_keys[i],
                            &set->later_certificates[i], err);
}

static enum result open_all(struct key_set *set, const struct secret *passphrase, struct err *err)
{
    TRY(key_export_parse(blob_bytes(&set->text), &set->file, err));
    TRY(unfold_record(set, err));
    TRY(open_keys(set, passphrase, err));
    TRY(check_signature(set, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(open_certificate(set->file.certificates[kind], issuer_name(kind), issuer_key(set, kind),
                             &set->certificates[kind], err));
    for (size_t i = 0; i < set->file.later_n; i++)
        TRY(open_later(set, i, passphrase, err));
    return OK;
}

enum result key_export_open(const char *path, const struct secret *passphrase, struct key_set *ret,
                            struct err *err)
{
    TRY(file_read(path, KEY_EXPORT_MAX, &ret->text, err));
    enum result result = open_all(ret, passphrase, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}
