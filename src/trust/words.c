#include <trust/bulk.h>
#include <trust/words.h>

#include <base/result.h>

#include <stddef.h>
#include <string.h>

static const char *const device_states[STATE_COUNT] = {
    "none", "expected", "enrolled", "active", "quarantined", "lost", "retired",
};

static const char *const device_verbs[VERB_COUNT] = {
    "none", "admit", "hold", "quarantine", "readmit", "revoke", "retire", "lost", "found",
};

static const char *const proofs[PROOF_COUNT] = {
    "none", "claim", "token", "registered-key", "idevid", "hardware", "attested",
};

static const char *const cert_states[CERT_STATE_COUNT] = {
    "none", "pending", "current", "superseded", "voided", "revoked", "orphan",
};

static const char *const verdicts[VERDICT_COUNT] = {"refused", "quarantined", "grace", "trusted"};

static const char *const authorities[AUTHORITY_COUNT] = {
    "none", "root", "idevid", "ldevid", "operations", "anchor",
};

static const char *const issuer_states[ISSUER_STATE_COUNT] = {"none", "current", "retired",
                                                              "retiring"};

static const char *const roles[ROLE_COUNT] = {"none", "viewer", "operator", "admin"};

static const char *const profiles[PROFILE_COUNT] = {
    "none", "idevid", "ldevid", "tls-server", "boundary", "operator", "ocsp",
};

static const char *const key_algorithms[KEY_ALG_COUNT] = {"p256", "p384", "ed25519", "rsa"};

static const char *const anchor_uses[ANCHOR_USE_COUNT] = {"proof", "manifest", "inventory"};

static const char *const foreign_states[FOREIGN_STATE_COUNT] = {"none", "valid", "revoked",
                                                                "expired"};

static const char *const approval_states[] = {"none",      "open",    "executed",
                                              "withdrawn", "expired", "stale"};

static const char *const transfer_states[TRANSFER_STATE_COUNT] = {
    "none", "asked", "released", "accepted", "done", "aborted", "expired",
};

static const char *const bulk_states[] = {"none", "waiting", "running", "ended", "dropped"};

static const char *word_at(const char *const *words, size_t count, size_t index)
{
    return words[index < count ? index : 0];
}

const char *device_state_word(enum device_state state)
{
    return word_at(device_states, LENGTH_OF(device_states), state);
}

const char *device_verb_word(enum device_verb verb)
{
    return word_at(device_verbs, LENGTH_OF(device_verbs), verb);
}

const char *proof_word(enum proof proof)
{
    return word_at(proofs, LENGTH_OF(proofs), proof);
}

const char *authority_word(enum authority_kind kind)
{
    return word_at(authorities, LENGTH_OF(authorities), kind);
}

const char *issuer_state_word(enum issuer_state state)
{
    return word_at(issuer_states, LENGTH_OF(issuer_states), state);
}

const char *cert_state_word(enum cert_state state)
{
    return word_at(cert_states, LENGTH_OF(cert_states), state);
}

const char *verdict_word(enum verdict verdict)
{
    return word_at(verdicts, LENGTH_OF(verdicts), verdict);
}

const char *role_word(enum role role)
{
    return word_at(roles, LENGTH_OF(roles), role);
}

const char *profile_word(enum profile_id profile)
{
    return word_at(profiles, LENGTH_OF(profiles), profile);
}

const char *foreign_state_word(enum foreign_state state)
{
    return word_at(foreign_states, LENGTH_OF(foreign_states), state);
}

const char *anchor_use_word(enum anchor_use use)
{
    return (size_t)use < LENGTH_OF(anchor_uses) ? anchor_uses[use] : NULL;
}

const char *key_algorithm_word(enum key_algorithm algorithm)
{
    return (unsigned)algorithm < KEY_ALG_COUNT ? key_algorithms[algorithm] : NULL;
}

const char *approval_state_word(enum approval_state state)
{
    return word_at(approval_states, LENGTH_OF(approval_states), state);
}

const char *transfer_state_word(enum transfer_state state)
{
    return word_at(transfer_states, LENGTH_OF(transfer_states), state);
}

const char *bulk_state_word(enum bulk_state state)
{
    return word_at(bulk_states, LENGTH_OF(bulk_states), state);
}
