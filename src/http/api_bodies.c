/* The verbs' bodies, read straight into their messages, and what a verb did. */
#include "api_shapes.h"
#include "api_words.h"

#include <base/limits.h>

/* ---- bodies of verbs ------------------------------------------------------------------------ */

/* Room for a base64 of the DER limit with its line breaks and the lines around it. */
#define PEM_MAX (LIMIT_CERTIFICATE_BYTES * 2)
#define TTL_MIN_S 60
#define TTL_MAX_S 7776000                       /* 90 days, as core wants it */
#define WAIVER_MAX_S (INT64_C(5) * 366 * 86400) /* the policy says how much of it */

#define BINDING_MAX_S (INT64_C(20) * 366 * 86400)
#define AGE_MAX_S 604800 /* SERVICE_AGE_MAX_S of wire/service.h */
#define SERVICES_MAX (LIMIT_SERVICES * (LIMIT_NAME + 1))

#define NEEDED .required = true
#define NAME .min = 1, .max = LIMIT_NAME
#define SHAPE(name) const struct api_shape shape_##name = {name##_fields, LENGTH_OF(name##_fields)}

/* clang-format off */
static const struct api_field product_add_fields[] = {
    API_FIELD("name", struct msg_product_add, name, API_TEXT, NEEDED, NAME),
    API_FIELD("hw_type", struct msg_product_add, hw_type, API_TEXT, .max = LIMIT_NAME),
    API_FIELD("proofs", struct msg_product_add, proofs, API_WORDS, .words = &words_proof, .min = 1),
    API_FIELD("least_proof", struct msg_product_add, least_proof, API_WORD, .words = &words_proof),
    API_FIELD("validity_s", struct msg_product_add, validity_s, API_NUMBER, .min = 3600, .max = 3153600000),
    API_FIELD("enrols_a_year", struct msg_product_add, enrols_a_year, API_NUMBER, .max = 1000),
    API_FIELD("grace_s", struct msg_product_add, grace_s, API_NUMBER, .max = LIMIT_GRACE_S),
    API_FIELD("claims_an_hour", struct msg_product_add, claims_an_hour, API_NUMBER, .max = LIMIT_CLAIMS_AN_HOUR),
    API_FIELD("keys", struct msg_product_add, keys, API_WORDS, .words = &words_key_algorithm, .min = 1),
};
SHAPE(product_add);

static const struct api_field product_set_fields[] = {
    API_FIELD("grace_s", struct msg_product_set, grace_s, API_NUMBER, .max = LIMIT_GRACE_S),
    API_FIELD("claims_an_hour", struct msg_product_set, claims_an_hour, API_NUMBER, .max = LIMIT_CLAIMS_AN_HOUR),
    API_FIELD("keys", struct msg_product_set, keys, API_WORDS, .words = &words_key_algorithm, .min = 1),
};
SHAPE(product_set);

static const struct api_field anchor_add_fields[] = {
    API_FIELD("product", struct msg_anchor_add, product, API_TEXT, NEEDED, NAME),
    API_FIELD("use", struct msg_anchor_add, use, API_WORD, .words = &words_anchor_use),
    API_FIELD("certificate", struct msg_anchor_add, certificate, API_LINES, NEEDED, .max = PEM_MAX),
};
SHAPE(anchor_add);

static const struct api_field issuer_add_fields[] = {
    API_FIELD("number", struct msg_issuer_add, number, API_NUMBER, NEEDED, .min = 1, .max = UINT32_MAX),
    API_FIELD("kind", struct msg_issuer_add, kind, API_WORD, NEEDED, .words = &words_authority),
    API_FIELD("certificate", struct msg_issuer_add, certificate, API_LINES, NEEDED, .max = PEM_MAX),
    API_FIELD("new_with_old", struct msg_issuer_add, new_with_old, API_LINES, .max = PEM_MAX),
    API_FIELD("old_with_new", struct msg_issuer_add, old_with_new, API_LINES, .max = PEM_MAX),
    API_FIELD("owner", struct msg_issuer_add, owner, API_TEXT, .max = LIMIT_NAME),
};
SHAPE(issuer_add);

static const struct api_field device_set_fields[] = {
    API_FIELD("reason", struct msg_device_set, reason, API_WORD, .words = &words_reason),
    API_FIELD("note", struct msg_device_set, note, API_TEXT, .max = LIMIT_TEXT),
};
SHAPE(device_set);

static const struct api_field bulk_fields[] = {
    API_FIELD("verb", struct msg_bulk, verb, API_WORD, NEEDED, .words = &words_device_verb),
    API_FIELD("product", struct msg_bulk, product, API_TEXT, NAME),
    API_FIELD("owner", struct msg_bulk, owner, API_TEXT, NAME),
    API_FIELD("batch", struct msg_bulk, batch, API_TEXT, NAME),
    API_FIELD("reason", struct msg_bulk, reason, API_WORD, .words = &words_reason),
    API_FIELD("note", struct msg_bulk, note, API_TEXT, .max = LIMIT_TEXT),
};
SHAPE(bulk);

static const struct api_field cert_revoke_fields[] = {
    API_FIELD("reason", struct msg_cert_revoke, reason, API_WORD, .words = &words_reason),
    API_FIELD("note", struct msg_cert_revoke, note, API_TEXT, .max = LIMIT_TEXT),
};
SHAPE(cert_revoke);

static const struct api_field finding_close_fields[] = {
    API_FIELD("note", struct msg_finding_close, note, API_TEXT, .max = LIMIT_TEXT),
};
SHAPE(finding_close);

static const struct api_field approver_set_fields[] = {
    API_FIELD("on", struct msg_approver_set, on, API_FLAG, NEEDED),
};
SHAPE(approver_set);

static const struct api_field operator_set_fields[] = {
    API_FIELD("role", struct msg_operator_set, role, API_WORD, .words = &words_role),
    API_FIELD("scope", struct msg_operator_set, scope, API_TEXT, .max = LIMIT_NAME),
};
SHAPE(operator_set);

static const struct api_field operator_renew_fields[] = {
    API_FIELD("csr", struct msg_operator_renew, csr, API_LINES, NEEDED, .max = PEM_MAX),
};
SHAPE(operator_renew);

static const struct api_field operator_recover_fields[] = {
    API_FIELD("csr", struct msg_operator_recover, csr, API_LINES, NEEDED, .max = PEM_MAX),
};
SHAPE(operator_recover);

static const struct api_field approval_root_fields[] = {
    API_FIELD("signature", struct msg_approval_root, signature, API_TEXT, NEEDED, .min = 1, .max = 700),
};
SHAPE(approval_root);

static const struct api_field approval_sign_fields[] = {
    API_FIELD("signature", struct msg_approval_sign, signature, API_TEXT, NEEDED, .min = 1, .max = 128),
};
SHAPE(approval_sign);

static const struct api_field token_add_fields[] = {
    API_FIELD("product", struct msg_token_add, product, API_TEXT, NEEDED, NAME),
    API_FIELD("serial", struct msg_token_add, serial_number, API_TEXT, NEEDED, .min = 1, .max = LIMIT_SERIAL_NUMBER),
    API_FIELD("ttl_s", struct msg_token_add, ttl_s, API_NUMBER, .min = TTL_MIN_S, .max = TTL_MAX_S),
};
SHAPE(token_add);

static const struct api_field permit_add_fields[] = {
    API_FIELD("product", struct msg_permit_add, product, API_TEXT, NEEDED, NAME),
    API_FIELD("serial", struct msg_permit_add, serial_number, API_TEXT, NEEDED, .min = 1, .max = LIMIT_SERIAL_NUMBER),
    API_FIELD("ttl_s", struct msg_permit_add, ttl_s, API_NUMBER, .min = TTL_MIN_S, .max = TTL_MAX_S),
    API_FIELD("note", struct msg_permit_add, note, API_TEXT, .max = LIMIT_TEXT),
    API_FIELD("new_board", struct msg_permit_add, new_board, API_FLAG),
};
SHAPE(permit_add);

static const struct api_field operator_add_fields[] = {
    API_FIELD("name", struct msg_operator_add, name, API_TEXT, NEEDED, NAME),
    API_FIELD("role", struct msg_operator_add, role, API_WORD, NEEDED, .words = &words_role),
    API_FIELD("scope", struct msg_operator_add, scope, API_TEXT, .max = LIMIT_NAME),
    API_FIELD("csr", struct msg_operator_add, csr, API_LINES, NEEDED, .max = PEM_MAX),
};
SHAPE(operator_add);

static const struct api_field bootstrap_fields[] = {
    API_FIELD("name", struct msg_operator_add, name, API_TEXT, NEEDED, NAME),
    API_FIELD("csr", struct msg_operator_add, csr, API_LINES, NEEDED, .max = PEM_MAX),
};
SHAPE(bootstrap);

static const struct api_field transfer_release_fields[] = {
    API_FIELD("product", struct msg_transfer_release, product, API_TEXT, NEEDED, NAME),
    API_FIELD("serial", struct msg_transfer_release, serial_number, API_TEXT, NEEDED, .min = 1, .max = LIMIT_SERIAL_NUMBER),
    API_FIELD("to", struct msg_transfer_release, to_owner, API_TEXT, NEEDED, NAME),
    API_FIELD("ttl_s", struct msg_transfer_release, ttl_s, API_NUMBER, .min = TTL_MIN_S, .max = TTL_MAX_S),
};
SHAPE(transfer_release);

static const struct api_field waiver_add_fields[] = {
    API_FIELD("product", struct msg_waiver_add, product, API_TEXT, .max = LIMIT_NAME),
    API_FIELD("serial", struct msg_waiver_add, serial_number, API_TEXT, .max = LIMIT_SERIAL_NUMBER),
    API_FIELD("of_owner", struct msg_waiver_add, of_owner, API_TEXT, .max = LIMIT_NAME),
    API_FIELD("fleet", struct msg_waiver_add, fleet, API_FLAG),
    API_FIELD("answers", struct msg_waiver_add, answers, API_TEXT, NEEDED, NAME),
    API_FIELD("reason", struct msg_waiver_add, reason, API_TEXT, NEEDED, .min = 1, .max = LIMIT_TEXT),
    API_FIELD("ttl_s", struct msg_waiver_add, expires_s, API_NUMBER, NEEDED, .min = TTL_MIN_S, .max = WAIVER_MAX_S),
};
SHAPE(waiver_add);

static const struct api_field waiver_end_fields[] = {
    API_FIELD("note", struct msg_waiver_end, note, API_TEXT, .max = LIMIT_TEXT),
};
SHAPE(waiver_end);

static const struct api_field transfer_sign_fields[] = {
    API_FIELD("signature", struct msg_transfer_sign, signature, API_TEXT, NEEDED, .min = 1, .max = 128),
};
SHAPE(transfer_sign);

static const struct api_field backup_note_fields[] = {
    API_FIELD("kind", struct msg_backup_note, kind, API_WORD, NEEDED, .words = &words_backup),
    API_FIELD("size", struct msg_backup_note, size, API_NUMBER, NEEDED, .min = 1, .max = INT64_MAX),
    API_FIELD("root", struct msg_backup_note, root, API_TEXT, NEEDED, .min = 44, .max = 44),
};
SHAPE(backup_note);

static const struct api_field boundary_add_fields[] = {
    API_FIELD("name", struct msg_boundary_add, name, API_TEXT, NEEDED, NAME),
    API_FIELD("services", struct msg_boundary_add, services, API_TEXT, NEEDED, .min = 1, .max = SERVICES_MAX),
    API_FIELD("age_s", struct msg_boundary_add, age_s, API_NUMBER, .min = 1, .max = AGE_MAX_S),
    API_FIELD("ttl_s", struct msg_boundary_add, ttl_s, API_NUMBER, .min = TTL_MIN_S, .max = TTL_MAX_S),
};
SHAPE(boundary_add);

static const struct api_field boundary_set_fields[] = {
    API_FIELD("service", struct msg_boundary_set, service, API_TEXT, NAME),
    API_FIELD("add", struct msg_boundary_set, add, API_TEXT, NAME),
    API_FIELD("remove", struct msg_boundary_set, remove, API_TEXT, NAME),
    API_FIELD("age_s", struct msg_boundary_set, age_s, API_NUMBER, .min = 1, .max = AGE_MAX_S),
    API_FIELD("fail_closed", struct msg_boundary_set, fail_closed, API_FLAG),
    API_FIELD("new_token", struct msg_boundary_set, new_token, API_FLAG),
    API_FIELD("ttl_s", struct msg_boundary_set, ttl_s, API_NUMBER, .min = TTL_MIN_S, .max = TTL_MAX_S),
};
SHAPE(boundary_set);

static const struct api_field boundary_fail_open_fields[] = {
    API_FIELD("service", struct msg_boundary_fail_open, service, API_TEXT, NEEDED, NAME),
};
SHAPE(boundary_fail_open);

static const struct api_field boundary_remove_fields[] = {
    API_FIELD("note", struct msg_boundary_remove, note, API_TEXT, .max = LIMIT_TEXT),
};
SHAPE(boundary_remove);

static const struct api_field binding_add_fields[] = {
    API_FIELD("service", struct msg_binding_add, service, API_TEXT, NEEDED, NAME),
    API_FIELD("product", struct msg_binding_add, product, API_TEXT, .max = LIMIT_NAME),
    API_FIELD("of_owner", struct msg_binding_add, of_owner, API_TEXT, .max = LIMIT_NAME),
    API_FIELD("serial", struct msg_binding_add, serial_number, API_TEXT, .max = LIMIT_SERIAL_NUMBER),
    API_FIELD("actions", struct msg_binding_add, actions, API_WORDS, NEEDED, .words = &words_binding_action, .min = 1),
    API_FIELD("pattern", struct msg_binding_add, pattern, API_TEXT, .max = LIMIT_PATTERN),
    API_FIELD("ttl_s", struct msg_binding_add, expires_s, API_NUMBER, .min = TTL_MIN_S, .max = BINDING_MAX_S),
};
SHAPE(binding_add);

static const struct api_field binding_remove_fields[] = {
    API_FIELD("note", struct msg_binding_remove, note, API_TEXT, .max = LIMIT_TEXT),
};
SHAPE(binding_remove);

const struct api_shape shape_nothing = {NULL, 0};

/* ---- what a verb did -------------------------------------------------------------------------- */

static const struct api_field outcome_fields[] = {
    API_FIELD("object", struct msg_verb_answer, object, API_NUMBER),
    API_FIELD("entry", struct msg_verb_answer, entry, API_NUMBER),
    API_FIELD("created", struct msg_verb_answer, created, API_NUMBER),
    API_FIELD("changed", struct msg_verb_answer, changed, API_NUMBER),
    API_FIELD("unchanged", struct msg_verb_answer, unchanged, API_NUMBER),
    API_FIELD("refused", struct msg_verb_answer, refused, API_NUMBER),
    API_FIELD("certificates", struct msg_verb_answer, certificates, API_NUMBER),
    API_FIELD("tokens", struct msg_verb_answer, tokens, API_NUMBER),
    API_FIELD("permits", struct msg_verb_answer, permits, API_NUMBER),
    API_FIELD("findings", struct msg_verb_answer, findings, API_NUMBER),
    API_FIELD("state", struct msg_verb_answer, state, API_TEXT),
};
SHAPE(outcome);

/* Nothing was done: the act waits for another person. */
static const struct api_field waiting_fields[] = {
    API_FIELD("approval", struct msg_verb_answer, approval, API_NUMBER),
    API_FIELD("entry", struct msg_verb_answer, entry, API_NUMBER),
    API_FIELD("body", struct msg_verb_answer, body, API_BASE64),
};
SHAPE(waiting);

/* The bytes alone. */
static const struct api_field to_sign_fields[] = {
    API_FIELD("body", struct msg_verb_answer, body, API_BASE64),
};
SHAPE(to_sign);

/* What a verb on many devices touches. */
static const struct api_field reach_fields[] = {
    API_FIELD("bulk", struct msg_bulk_answer, bulk, API_NUMBER),
    API_FIELD("two_people", struct msg_bulk_answer, two_people, API_FLAG),
    API_FIELD("devices", struct msg_bulk_answer, devices, API_NUMBER),
    API_FIELD("unchanged", struct msg_bulk_answer, unchanged, API_NUMBER),
};
SHAPE(reach);
static const struct api_field reach_states_fields[] = {
    API_FIELD("expected", struct msg_bulk_answer, expected, API_NUMBER),
    API_FIELD("enrolled", struct msg_bulk_answer, enrolled, API_NUMBER),
    API_FIELD("active", struct msg_bulk_answer, active, API_NUMBER),
    API_FIELD("quarantined", struct msg_bulk_answer, quarantined, API_NUMBER),
    API_FIELD("lost", struct msg_bulk_answer, lost, API_NUMBER),
    API_FIELD("retired", struct msg_bulk_answer, retired, API_NUMBER),
};
SHAPE(reach_states);
static const struct api_field reach_certificates_fields[] = {
    API_FIELD("pending", struct msg_bulk_answer, pending, API_NUMBER),
    API_FIELD("current", struct msg_bulk_answer, current, API_NUMBER),
};
SHAPE(reach_certificates);

static const struct api_field import_outcome_fields[] = {
    API_FIELD("entry", struct msg_verb_answer, entry, API_NUMBER),
    API_FIELD("created", struct msg_verb_answer, created, API_NUMBER),
    API_FIELD("changed", struct msg_verb_answer, changed, API_NUMBER),
    API_FIELD("unchanged", struct msg_verb_answer, unchanged, API_NUMBER),
    API_FIELD("refused", struct msg_verb_answer, refused, API_NUMBER),
    API_FIELD("unlinked", struct msg_verb_answer, unlinked, API_NUMBER),
};
SHAPE(import_outcome);
/* clang-format on */
