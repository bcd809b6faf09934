/* Every enum that the interface shows, as words. */
#include "api_words.h"

#include <trust/boundary_words.h>
#include <trust/bulk.h>
#include <trust/check.h>
#include <trust/debt.h>
#include <trust/foreign_words.h>
#include <trust/words.h>

#include <stdio.h>

static const char *state_at(unsigned value)
{
    return device_state_word((enum device_state)value);
}

static const char *cert_state_at(unsigned value)
{
    return cert_state_word((enum cert_state)value);
}

static const char *verb_at(unsigned value)
{
    return device_verb_word((enum device_verb)value);
}

static const char *proof_at(unsigned value)
{
    return proof_word((enum proof)value);
}

static const char *verdict_at(unsigned value)
{
    return verdict_word((enum verdict)value);
}

static const char *role_at(unsigned value)
{
    return role_word((enum role)value);
}

static const char *profile_at(unsigned value)
{
    return profile_word((enum profile_id)value);
}

static const char *key_algorithm_at(unsigned value)
{
    return key_algorithm_word((enum key_algorithm)value);
}

static const char *authority_at(unsigned value)
{
    return authority_word((enum authority_kind)value);
}

static const char *issuer_state_at(unsigned value)
{
    return issuer_state_word((enum issuer_state)value);
}

static const char *debt_by_at(unsigned value)
{
    return debt_by_word((enum debt_by)value);
}

/* RFC 5280 5.3.1; 6 and 8 are no reasons to revoke for good, 7 does not exist. */
static const char *reason_at(unsigned value)
{
    static const char *const words[] = {
        "unspecified",
        "key-compromise",
        "ca-compromise",
        "affiliation-changed",
        "superseded",
        "cessation-of-operation",
        NULL,
        NULL,
        NULL,
        "privilege-withdrawn",
        "aa-compromise",
    };
    return value < LENGTH_OF(words) ? words[value] : NULL;
}

const struct api_words words_device_state = {1, STATE_COUNT, state_at};
const struct api_words words_cert_state = {1, CERT_STATE_COUNT, cert_state_at};
const struct api_words words_debt_by = {1, DEBT_BY_COUNT, debt_by_at};
const struct api_words words_device_verb = {1, VERB_COUNT, verb_at};
const struct api_words words_issuer_state = {1, ISSUER_STATE_COUNT, issuer_state_at};
const struct api_words words_proof = {1, PROOF_COUNT, proof_at};
const struct api_words words_verdict = {0, VERDICT_COUNT, verdict_at};
static const char *approval_state_at(unsigned value)
{
    return approval_state_word((enum approval_state)value);
}

const struct api_words words_approval_state = {1, APPROVAL_STATE_COUNT, approval_state_at};
static const char *transfer_state_at(unsigned value)
{
    return transfer_state_word((enum transfer_state)value);
}

const struct api_words words_transfer_state = {1, TRANSFER_STATE_COUNT, transfer_state_at};

static const char *backup_at(unsigned value)
{
    return value == BACKUP_MADE ? "made" : "drilled";
}

const struct api_words words_backup = {BACKUP_MADE, BACKUP_COUNT, backup_at};

/* Steps of a transfer that are signed, by the state that they lead to. */
static const char *transfer_step_at(unsigned value)
{
    return value == TRANSFER_RELEASED ? "release" : "accept";
}

const struct api_words words_transfer_step = {TRANSFER_RELEASED, TRANSFER_ACCEPTED + 1,
                                              transfer_step_at};

/* As a waiver_row has it. */
static const char *waiver_state_at(unsigned value)
{
    static const char *const words[] = {"stands", "ended", "expired"};
    return words[value - 1];
}

const struct api_words words_waiver_state = {1, 4, waiver_state_at};

static const char *boundary_state_at(unsigned value)
{
    return boundary_state_word((enum boundary_state)value);
}

static const char *binding_kind_at(unsigned value)
{
    return binding_kind_word((enum binding_kind)value);
}

static const char *binding_action_at(unsigned value)
{
    return binding_action_word((enum binding_action)value);
}

const struct api_words words_boundary_state = {1, BOUNDARY_STATE_COUNT, boundary_state_at};
const struct api_words words_binding_kind = {1, BINDING_KIND_COUNT, binding_kind_at};
const struct api_words words_binding_action = {0, BINDING_ACTION_COUNT, binding_action_at};

static const char *bulk_state_at(unsigned value)
{
    return bulk_state_word((enum bulk_state)value);
}

const struct api_words words_bulk_state = {1, BULK_STATE_COUNT, bulk_state_at};
const struct api_words words_role = {1, ROLE_COUNT, role_at};
const struct api_words words_profile = {1, PROFILE_COUNT, profile_at};
const struct api_words words_key_algorithm = {0, KEY_ALG_COUNT, key_algorithm_at};
const struct api_words words_authority = {1, AUTHORITY_COUNT, authority_at};
static const char *foreign_state_at(unsigned value)
{
    return foreign_state_word((enum foreign_state)value);
}

/* Another CA may have suspended one, or have taken it off its CRL. */
static const char *foreign_reason_at(unsigned value)
{
    if (value == 6)
        return "certificate-hold";
    return value == 8 ? "remove-from-crl" : reason_at(value);
}

static const char *foreign_key_at(unsigned value)
{
    return foreign_key_word((enum foreign_key)value);
}

static const char *signature_at(unsigned value)
{
    return signature_hash_word((enum signature_hash)value);
}

static const char *became_at(unsigned value)
{
    return scan_became_word((enum scan_became)value);
}

static const char *import_did_at(unsigned value)
{
    return import_did_word((enum import_did)value);
}

const struct api_words words_import_did = {0, IMPORT_DID_COUNT, import_did_at};
const struct api_words words_foreign_key = {1, FOREIGN_KEY_COUNT, foreign_key_at};
const struct api_words words_signature = {1, SIGNATURE_HASH_COUNT, signature_at};
const struct api_words words_became = {0, SCAN_BECAME_COUNT, became_at};
const struct api_words words_foreign_state = {1, FOREIGN_STATE_COUNT, foreign_state_at};
const struct api_words words_foreign_reason = {0, 11, foreign_reason_at};

static const char *anchor_use_at(unsigned value)
{
    return anchor_use_word((enum anchor_use)value);
}

const struct api_words words_anchor_use = {0, ANCHOR_USE_COUNT, anchor_use_at};
const struct api_words words_reason = {0, 11, reason_at};

static const char *check_at_number(unsigned value)
{
    static char word[8];
    if (check_find((int)value) == NULL)
        return NULL;
    snprintf(word, sizeof word, "TD-%02u", value);
    return word;
}

static const char *severity_at(unsigned value)
{
    return severity_word((enum severity)value);
}

const struct api_words words_check = {1, CHECK_MAX + 1, check_at_number};
const struct api_words words_severity = {SEVERITY_LOW, SEVERITY_CRITICAL + 1, severity_at};
