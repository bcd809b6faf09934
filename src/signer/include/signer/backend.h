/* Where private keys live: a struct of functions, one file of them a kind. Here: encrypted files.
 */
#ifndef SIGNER_BACKEND_H
#define SIGNER_BACKEND_H

#include <base/secret.h>
#include <crypto/key.h>
#include <pki/profile.h>

/* The systemd credential that holds the passphrase when the configuration names no file. */
#define SIGNER_CREDENTIAL "troth-passphrase"

/* Every key of an online server as `trothd init` made it. Issuers that follow the first of their
 * kind have keys beside these: SIGNER_KEY_ISSUER of their number. */
enum signer_key {
    SIGNER_KEY_IDEVID,
    SIGNER_KEY_LDEVID,
    SIGNER_KEY_OPERATIONS,
    SIGNER_KEY_CHECKPOINT_ED25519,
    SIGNER_KEY_CHECKPOINT_ES256,
    SIGNER_KEY_COUNT
};
#define SIGNER_KEYS (SIGNER_KEY_COUNT + PKI_ISSUERS)
/* Signs webhooks and nothing else. Made by the first start that finds none, and in no export: who
 * loses it makes another one, and tells the receivers (docs/decisions/webhooks.md). */
#define SIGNER_KEY_WEBHOOK ((enum signer_key)SIGNER_KEYS)
#define SIGNER_WEBHOOK_NAME "webhook-ed25519"
#define SIGNER_KEY_ISSUER(number) ((enum signer_key)(SIGNER_KEY_COUNT + (number)))

/* Its name, which is its file's name before ".pem"; and its kind, KEY_NONE where `trothd init`
 * chose it (issuers). */
const char *signer_key_name(enum signer_key which);
enum key_kind signer_key_kind(enum signer_key which);

/* What the files of an issuer's key and certificate are called before ".pem" and ".cer": its kind,
 * and for one that follows the first of its kind "KIND-NUMBER". */
struct signer_name {
    char text[32];
};
struct signer_name signer_issuer_name(enum pki_issuer_kind kind, uint32_t number);

/* Is the certificate of this later issuer in the folder? Before it came, the key counts for
 * nothing.
 */
bool signer_has_issuer(const char *folder, enum pki_issuer_kind kind, uint32_t number);

struct signer_keys; /* each back-end has its own */

struct signer_backend {
    const char *name;
    /* Opens all keys, before the sandbox. `folder` is the signer's. The caller owns `ret`. E_KEY.
     */
    enum result (*open)(const char *folder, const struct secret *passphrase,
                        struct signer_keys **ret, struct err *err);
    void (*close)(struct signer_keys *keys); /* NULL is fine */
    /* Opens SIGNER_KEY_WEBHOOK beside them, and makes it where there is none. E_KEY. */
    enum result (*open_webhook)(struct signer_keys *keys, const char *folder,
                                const struct secret *passphrase, struct err *err);
    /* As key_sign. */
    enum result (*sign)(struct signer_keys *keys, enum signer_key which, struct bytes message,
                        struct key_signature *ret, struct err *err);
    /* As key_point and key_spki; valid while the keys are open. */
    struct bytes (*point)(const struct signer_keys *keys, enum signer_key which);
    struct bytes (*spki)(const struct signer_keys *keys, enum signer_key which);
};

/* PKCS #8 files under one passphrase. They protect against everybody but root on this host. */
extern const struct signer_backend signer_backend_file;

#endif
