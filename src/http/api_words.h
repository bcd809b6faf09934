/* The words of the operators' interface: those of trust/words.h as tables that can be read. */
#ifndef HTTP_API_WORDS_H
#define HTTP_API_WORDS_H

#include <proto/api.h>

extern const struct api_words words_device_state, words_cert_state, words_device_verb,
    words_approval_state, words_transfer_state, words_transfer_step, words_waiver_state,
    words_boundary_state, words_binding_kind, words_binding_action, words_bulk_state, words_proof,
    words_verdict, words_role, words_profile, words_key_algorithm, words_authority,
    words_anchor_use, words_issuer_state, words_foreign_state, words_foreign_reason, words_reason,
    words_debt_by, words_check, words_severity, words_foreign_key, words_signature, words_became,
    words_import_did, words_backup;

#endif
