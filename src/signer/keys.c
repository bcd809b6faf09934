/* Which keys there are, whatever holds them. */
#include <signer/backend.h>

#include <base/file.h>

#include <stdio.h>

#define PATH_ROOM 768

static const struct {
    const char *name;
    enum key_kind kind;
} rows[SIGNER_KEY_COUNT] = {
    [SIGNER_KEY_IDEVID] = {"idevid", KEY_NONE},
    [SIGNER_KEY_LDEVID] = {"ldevid", KEY_NONE},
    [SIGNER_KEY_OPERATIONS] = {"operations", KEY_NONE},
    [SIGNER_KEY_CHECKPOINT_ED25519] = {"checkpoint-ed25519", KEY_ED25519},
    [SIGNER_KEY_CHECKPOINT_ES256] = {"checkpoint-es256", KEY_P256},
};

const char *signer_key_name(enum signer_key which)
{
    return rows[which].name;
}

enum key_kind signer_key_kind(enum signer_key which)
{
    return rows[which].kind;
}

struct signer_name signer_issuer_name(enum pki_issuer_kind kind, uint32_t number)
{
    struct signer_name name;

    if (number < PKI_ISSUER_COUNT)
        snprintf(name.text, sizeof(name.text), "%s", issuer_name(kind));
    else
        snprintf(name.text, sizeof(name.text), "%s-%u", issuer_name(kind), number);
    return name;
}

bool signer_has_issuer(const char *folder, enum pki_issuer_kind kind, uint32_t number)
{
    char path[PATH_ROOM];
    int n =
        snprintf(path, sizeof(path), "%s/%s.cer", folder, signer_issuer_name(kind, number).text);

    return n > 0 && (size_t)n < sizeof(path) && file_exists(path);
}
