#include <signer/backend.h>

#include <base/file.h>

#include <stdio.h>
#include <stdlib.h>

#define PATH_ROOM 768

struct signer_keys {
    struct key *key[SIGNER_KEYS + 1]; /* NULL: there is none */
};

static void keys_close(struct signer_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < LENGTH_OF(keys->key); i++)
        key_free(keys->key[i]);
    free(keys);
}

static void keys_closep(struct signer_keys **keys)
{
    keys_close(*keys);
}

static enum result key_open(const char *folder, const char *name, const struct secret *passphrase,
                            struct key **ret, struct err *err)
{
    char path[PATH_ROOM];

    int n = snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(err, E_KEY, "the path of key %s is too long", name);
    return key_load(path, passphrase, ret, err);
}

static enum result key_open_first(const char *folder, enum signer_key which,
                                  const struct secret *passphrase, struct key **ret,
                                  struct err *err)
{
    enum key_kind wanted = signer_key_kind(which);

    TRY(key_open(folder, signer_key_name(which), passphrase, ret, err));
    if (wanted != KEY_NONE && key_kind(*ret) != wanted)
        return err_set(err, E_KEY, "%s/%s.pem: the key is of another kind", folder,
                       signer_key_name(which));
    return OK;
}

/* Of the issuers that follow the first ones. */
static enum result key_open_later(const char *folder, uint32_t number,
                                  const struct secret *passphrase, struct key **ret,
                                  struct err *err)
{
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++) {
        struct signer_name name = signer_issuer_name(kind, number);
        if (!signer_has_issuer(folder, kind, number))
            continue;
        if (*ret != NULL)
            return err_set(err, E_KEY, "%s/%s.cer: another issuer has the number %u too", folder,
                           name.text, number);
        TRY(key_open(folder, name.text, passphrase, ret, err));
    }
    return OK;
}

static enum result keys_open(const char *folder, const struct secret *passphrase,
                             struct signer_keys **ret, struct err *err)
{
    CLEANUP(keys_closep) struct signer_keys *keys = calloc(1, sizeof(*keys));

    if (keys == NULL)
        return err_set(err, E_MEMORY, "no memory for keys");
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        TRY(key_open_first(folder, (enum signer_key)i, passphrase, &keys->key[i], err));
    for (uint32_t number = PKI_ISSUER_COUNT; number < PKI_ISSUERS; number++)
        TRY(key_open_later(folder, number, passphrase, &keys->key[SIGNER_KEY_ISSUER(number)], err));
    *ret = STEAL(keys);
    return OK;
}

static enum result make_webhook_key(const char *path, const struct secret *passphrase,
                                    struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;

    TRY(key_generate(KEY_ED25519, &key, err));
    return key_store(key, passphrase, KEY_COST_ONLINE, path, err);
}

static enum result keys_open_webhook(struct signer_keys *keys, const char *folder,
                                     const struct secret *passphrase, struct err *err)
{
    struct key **key = &keys->key[SIGNER_KEY_WEBHOOK];
    char path[PATH_ROOM];

    int n = snprintf(path, sizeof(path), "%s/" SIGNER_WEBHOOK_NAME ".pem", folder);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(err, E_KEY, "the path of the webhooks' key is too long");
    if (!file_exists(path))
        TRY(make_webhook_key(path, passphrase, err));
    TRY(key_load(path, passphrase, key, err));
    if (key_kind(*key) != KEY_ED25519)
        return err_set(err, E_KEY, "%s: the key is of another kind", path);
    return OK;
}

static enum result keys_sign(struct signer_keys *keys, enum signer_key which, struct bytes message,
                             struct key_signature *ret, struct err *err)
{
    return key_sign(keys->key[which], message, ret, err);
}

static struct bytes keys_point(const struct signer_keys *keys, enum signer_key which)
{
    return key_point(keys->key[which]);
}

static struct bytes keys_spki(const struct signer_keys *keys, enum signer_key which)
{
    return key_spki(keys->key[which]);
}

const struct signer_backend signer_backend_file = {
    .name = "file",
    .open = keys_open,
    .close = keys_close,
    .open_webhook = keys_open_webhook,
    .sign = keys_sign,
    .point = keys_point,
    .spki = keys_spki,
};
