#include <trust/foreign_words.h>

#include <base/result.h>

static const char *const hashes[SIGNATURE_HASH_COUNT] = {NULL, "sound", "sha1", "md5"};
static const char *const keys[FOREIGN_KEY_COUNT] = {NULL,      "p256", "p384",
                                                    "ed25519", "rsa",  "other"};
static const char *const became_words[SCAN_BECAME_COUNT] = {"refused", "new",  "changed", "known",
                                                            "ours",    "gone", "nothing"};

static const char *const did_words[IMPORT_DID_COUNT] = {"refused", "created", "changed",
                                                        "unchanged"};

const char *import_did_word(enum import_did did)
{
    return did_words[(unsigned)did < IMPORT_DID_COUNT ? did : IMPORT_REFUSED];
}

const char *signature_hash_word(enum signature_hash hash)
{
    return (unsigned)hash < SIGNATURE_HASH_COUNT ? hashes[hash] : NULL;
}

const char *foreign_key_word(enum foreign_key key)
{
    return (unsigned)key < FOREIGN_KEY_COUNT ? keys[key] : NULL;
}

const char *scan_became_word(enum scan_became became)
{
    return became_words[(unsigned)became < SCAN_BECAME_COUNT ? became : SCAN_BECAME_REFUSED];
}

bool scan_shows_nothing(enum scan_outcome outcome)
{
    return outcome == SCAN_NO_CERTIFICATE || outcome == SCAN_NO_TLS || outcome == SCAN_REFUSED;
}
