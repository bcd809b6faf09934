/* A key export, written. */
#include "key_export.h"

#include "init_files.h"
#include "lines.h"

#include <base/file.h>
#include <base/limits.h>
#include <crypto/pem.h>
#include <service/bootstrap.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <string.h>
#include <unistd.h>

/* One export in the making: what is there, open. */
struct writing {
    const struct key_export_order *order;
    struct blob origin, record;
    struct key *keys[SIGNER_KEY_COUNT];
};

static void writing_free(struct writing *writing)
{
    blob_free(&writing->origin);
    blob_free(&writing->record);
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        key_free(writing->keys[i]);
}

static enum result read_installation(struct writing *writing, struct err *err)
{
    const char *data = writing->order->config->data;
    struct init_path record = init_path("%s/ca/" CEREMONY_FILE, data);
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++) {
        struct init_path path =
            init_path("%s/signer/%s.pem", data, signer_key_name((enum signer_key)i));
        TRY(key_load(path.text, writing->order->online, &writing->keys[i], err));
    }
    TRY(file_read(init_path("%s/signer/origin", data).text, 256, &writing->origin, err));
    if (file_exists(record.text))
        TRY(file_read(record.text, CEREMONY_MAX, &writing->record, err));
    return OK;
}

static void put_head(const struct writing *writing, struct buf *b)
{
    struct bytes rest = blob_bytes(&writing->record);
    lines_put(b, KEY_EXPORT_TITLE "\n");
    lines_put(b, "installation %.*s\n", (int)writing->origin.n, (const char *)writing->origin.p);
    lines_put(b, "made %s by trothd %s\n", lines_instant_of(writing->order->now_s).text,
              TROTH_VERSION);
    lines_put(b, "record %s%s\n", rest.n > 0 ? "sha256:" : "none",
              rest.n > 0 ? lines_digest_of(rest).text : "");
    while (rest.n > 0) {
        struct bytes line = lines_take(&rest);
        lines_put(b, "| %.*s\n", (int)line.n, (const char *)line.p);
    }
}

static enum result put_certificate(const struct writing *writing, enum pki_issuer_kind kind,
                                   struct buf *b, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    CLEANUP(blob_free) struct blob pem = {0};
    const char *name = issuer_name(kind);
    struct init_path path = init_path("%s/ca/%s.cer", writing->order->config->data, name);
    TRY(file_read(path.text, LIMIT_CERTIFICATE_BYTES, &der, err));
    TRY(pem_write(blob_bytes(&der), PEM_CERTIFICATE, &pem, err));
    lines_put(b, "certificate %s\n", name);
    buf_put_bytes(b, blob_bytes(&pem));
    return OK;
}

static enum result put_key(const struct writing *writing, enum signer_key which, struct buf *b,
                           struct err *err)
{
    CLEANUP(secret_free) struct secret pem = {0};
    TRY(key_write(writing->keys[which], writing->order->passphrase, KEY_COST_OFFLINE, &pem, err));
    lines_put(b, "key %s\n", signer_key_name(which));
    buf_put_bytes(b, secret_bytes(&pem));
    return OK;
}

/* An issuer that followed, and its key. */
static enum result put_later(const struct writing *writing, enum pki_issuer_kind kind,
                             uint32_t number, struct buf *b, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(secret_free) struct secret key_pem = {0};
    CLEANUP(blob_free) struct blob der = {0};
    CLEANUP(blob_free) struct blob pem = {0};
    struct signer_name name = signer_issuer_name(kind, number);
    const char *data = writing->order->config->data;
    TRY(key_load(init_path("%s/signer/%s.pem", data, name.text).text, writing->order->online, &key,
                 err));
    TRY(file_read(init_path("%s/signer/%s.cer", data, name.text).text, LIMIT_CERTIFICATE_BYTES,
                  &der, err));
    TRY(pem_write(blob_bytes(&der), PEM_CERTIFICATE, &pem, err));
    TRY(key_write(key, writing->order->passphrase, KEY_COST_OFFLINE, &key_pem, err));
    lines_put(b, "issuer %s\n", name.text);
    buf_put_bytes(b, blob_bytes(&pem));
    lines_put(b, "key %s\n", name.text);
    buf_put_bytes(b, secret_bytes(&key_pem));
    return OK;
}

static enum result put_all_later(const struct writing *writing, struct buf *b, struct err *err)
{
    struct init_path folder = init_path("%s/signer", writing->order->config->data);
    for (uint32_t number = PKI_ISSUER_COUNT; number < PKI_ISSUERS; number++)
        for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
            if (signer_has_issuer(folder.text, kind, number))
                TRY(put_later(writing, kind, number, b, err));
    return OK;
}

static enum result put_signature(const struct writing *writing, struct buf *b, struct err *err)
{
    static uint8_t room[sizeof KEY_EXPORT_PREFIX + KEY_EXPORT_MAX];
    struct buf text = buf_over(room, sizeof room);
    struct key_signature signature;
    buf_put_bytes(&text, bytes_text(KEY_EXPORT_PREFIX));
    buf_put_bytes(&text, buf_bytes(b));
    TRY(key_sign(writing->keys[SIGNER_KEY_CHECKPOINT_ED25519], buf_bytes(&text), &signature, err));
    lines_put(b, "signature ");
    b64_encode(b, key_signature_bytes(&signature));
    lines_put(b, "\n");
    lines_put(b, "sha256 %s\n", lines_digest_of(buf_bytes(b)).text);
    return buf_ok(b) ? OK : err_set(err, E_BUG, "no room for the keys");
}

/* What was written opens, and is what is here: now, not in the hour of need. */
static enum result read_back(const struct key_export_order *order, struct err *err)
{
    CLEANUP(key_set_free) struct key_set set = {0};
    bool is_there = false;
    TRY(key_export_open(order->path, order->passphrase, &set, err));
    return key_set_compare(&set, order->config, &is_there, err);
}

enum result key_export_write(const struct key_export_order *order, struct err *err)
{
    CLEANUP(writing_free) struct writing writing = {.order = order};
    static uint8_t room[KEY_EXPORT_MAX];
    struct buf text = buf_over(room, sizeof room);
    TRY(read_installation(&writing, err));
    put_head(&writing, &text);
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(put_certificate(&writing, kind, &text, err));
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        TRY(put_key(&writing, (enum signer_key)i, &text, err));
    TRY(put_all_later(&writing, &text, err));
    TRY(put_signature(&writing, &text, err));
    TRY(file_create(order->path, 0600, buf_bytes(&text), err));
    enum result result = read_back(order, err);
    if (result != OK)
        (void)unlink(order->path);
    return result;
}
