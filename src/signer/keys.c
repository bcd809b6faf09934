/* Which keys there are, whatever holds them. */
#include <signer/backend.h>

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
