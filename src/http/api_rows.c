/* The reader's rows as JSON. */
#include "api_mend.h"
#include "api_shapes.h"
#include "api_words.h"

#include <crypto/hash.h>
#include <crypto/pem.h>
#include <trust/check.h>
#include <trust/standing.h>
#include <trust/words.h>
#include <wire/b64.h>
#include <wire/merkle.h>

#include <stdio.h>
#include <string.h>

/* Rows with what is not in the message as it is written. The message comes first, so that its
 * fields have the same offsets. */
struct cert_view {
    struct msg_cert_row row;
    struct bytes pem;
};
struct issuer_view {
    struct msg_issuer_row row;
    struct bytes pem, new_with_old, old_with_new;
};
struct finding_view {
    struct msg_finding_row row;
    struct bytes check, title, about, severity, closed_by, mend;
};
struct receipt_view {
    struct msg_receipt_row row;
    uint8_t leaf[MERKLE_HASH_N];
};
struct webhook_key_view {
    struct msg_webhook_key_row row;
    struct bytes text;
};
struct fault_view {
    struct msg_import_done fault;
    struct bytes code;
};
struct scanned_view {
    struct msg_scan_done done;
    struct bytes code;
};
struct foreign_view {
    struct msg_foreign_row row;
    struct bytes pem;
};

/* clang-format off */
static const struct api_field scanned_fields[] = {
    API_FIELD("line", struct msg_scan_done, line, API_NUMBER),
    API_FIELD("became", struct msg_scan_done, became, API_WORD, .words = &words_became),
    API_FIELD("code", struct scanned_view, code, API_TEXT), /* these two: of what is refused */
    API_FIELD("reason", struct msg_scan_done, text, API_TEXT),
};

static const struct api_field product_fields[] = {
    API_FIELD("id", struct msg_product_row, row, API_NUMBER),
    API_FIELD("name", struct msg_product_row, name, API_TEXT),
    API_FIELD("hw_type", struct msg_product_row, hw_type, API_TEXT),
    API_FIELD("proofs", struct msg_product_row, proofs, API_WORDS, .words = &words_proof),
    API_FIELD("least_proof", struct msg_product_row, least_proof, API_WORD, .words = &words_proof),
    API_FIELD("validity_s", struct msg_product_row, validity_s, API_NUMBER),
    API_FIELD("enrols_a_year", struct msg_product_row, enrols_a_year, API_NUMBER),
    API_FIELD("grace_s", struct msg_product_row, grace_s, API_NUMBER),
    API_FIELD("claims_an_hour", struct msg_product_row, claims_an_hour, API_NUMBER),
    API_FIELD("keys", struct msg_product_row, keys, API_WORDS, .words = &words_key_algorithm),
    API_FIELD("devices", struct msg_product_row, devices, API_NUMBER_OR_NULL),
};

static const struct api_field device_fields[] = {
    API_FIELD("id", struct msg_device_row, row, API_NUMBER),
    API_FIELD("product", struct msg_device_row, product, API_TEXT),
    API_FIELD("serial", struct msg_device_row, serial_number, API_TEXT),
    API_FIELD("owner", struct msg_device_row, owner, API_TEXT),
    API_FIELD("batch", struct msg_device_row, batch, API_TEXT),
    API_FIELD("state", struct msg_device_row, state, API_WORD, .words = &words_device_state),
    API_FIELD("hold", struct msg_device_row, hold, API_FLAG),
    API_FIELD("proof", struct msg_device_row, proof, API_WORD, .words = &words_proof),
    API_FIELD("verdict", struct msg_device_row, verdict, API_WORD, .words = &words_verdict),
    API_FIELD("findings", struct msg_device_row, findings, API_NUMBER),
    API_FIELD("not_after", struct msg_device_row, not_after_s, API_TIME_OR_NULL),
    API_FIELD("renew_at", struct msg_device_row, renew_at_s, API_TIME_OR_NULL),
    API_FIELD("seen", struct msg_device_row, seen_s, API_TIME_OR_NULL),
    API_FIELD("replaces", struct msg_device_row, replaces, API_TEXT),
    API_FIELD("replaced_by", struct msg_device_row, replaced_by, API_TEXT),
};

static const struct api_field cert_fields[] = {
    API_FIELD("id", struct msg_cert_row, row, API_NUMBER),
    API_FIELD("serial", struct msg_cert_row, serial, API_HEX),
    API_FIELD("product", struct msg_cert_row, product, API_TEXT),
    API_FIELD("device_serial", struct msg_cert_row, serial_number, API_TEXT),
    API_FIELD("profile", struct msg_cert_row, profile, API_WORD, .words = &words_profile),
    API_FIELD("issuer", struct msg_cert_row, issuer, API_NUMBER),
    API_FIELD("spki", struct msg_cert_row, spki, API_HASH),
    API_FIELD("not_before", struct msg_cert_row, not_before_s, API_TIME),
    API_FIELD("not_after", struct msg_cert_row, not_after_s, API_TIME),
    API_FIELD("renew_at", struct msg_cert_row, renew_at_s, API_TIME_OR_NULL),
    API_FIELD("state", struct msg_cert_row, state, API_WORD, .words = &words_cert_state),
    API_FIELD("state_at", struct msg_cert_row, state_s, API_TIME_OR_NULL),
    API_FIELD("reason", struct msg_cert_row, reason, API_WORD, .words = &words_reason),
    API_FIELD("pem", struct cert_view, pem, API_LINES), /* the last: left out without one */
};

static const struct api_field foreign_fields[] = {
    API_FIELD("id", struct msg_foreign_row, row, API_NUMBER),
    API_FIELD("issuer", struct msg_foreign_row, anchor, API_NUMBER),
    API_FIELD("serial", struct msg_foreign_row, serial, API_HEX),
    API_FIELD("product", struct msg_foreign_row, product, API_TEXT),
    API_FIELD("device_serial", struct msg_foreign_row, serial_number, API_TEXT),
    API_FIELD("subject", struct msg_foreign_row, subject, API_TEXT),
    API_FIELD("not_after", struct msg_foreign_row, not_after_s, API_TIME),
    API_FIELD("state", struct msg_foreign_row, state, API_WORD, .words = &words_foreign_state),
    API_FIELD("revoked_at", struct msg_foreign_row, revoked_s, API_TIME_OR_NULL),
    API_FIELD("reason", struct msg_foreign_row, reason, API_WORD, .words = &words_foreign_reason),
    API_FIELD("not_before", struct msg_foreign_row, not_before_s, API_TIME_OR_NULL),
    API_FIELD("key", struct msg_foreign_row, key, API_WORD, .words = &words_foreign_key),
    API_FIELD("bits", struct msg_foreign_row, bits, API_NUMBER),
    API_FIELD("signature", struct msg_foreign_row, signature, API_WORD, .words = &words_signature),
    API_FIELD("self_signed", struct msg_foreign_row, is_self_signed, API_FLAG),
    API_FIELD("places", struct msg_foreign_row, places, API_NUMBER),
    API_FIELD("seen", struct msg_foreign_row, seen_s, API_TIME_OR_NULL),
    API_FIELD("pem", struct foreign_view, pem, API_LINES), /* the last: left out without one */
};

static const struct api_field sighting_fields[] = {
    API_FIELD("place", struct msg_sighting_row, place, API_TEXT),
    API_FIELD("protocol", struct msg_sighting_row, protocol, API_TEXT),
    API_FIELD("cipher", struct msg_sighting_row, cipher, API_TEXT),
    API_FIELD("first", struct msg_sighting_row, first_s, API_TIME),
    API_FIELD("last", struct msg_sighting_row, last_s, API_TIME),
    API_FIELD("ended", struct msg_sighting_row, ended_s, API_TIME_OR_NULL),
};

static const struct api_field finding_fields[] = {
    API_FIELD("id", struct msg_finding_row, row, API_NUMBER),
    API_FIELD("check", struct finding_view, check, API_TEXT),
    API_FIELD("title", struct finding_view, title, API_TEXT),
    API_FIELD("about", struct finding_view, about, API_TEXT),
    API_FIELD("subject", struct msg_finding_row, subject, API_NUMBER),
    API_FIELD("severity", struct finding_view, severity, API_TEXT),
    API_FIELD("product", struct msg_finding_row, product, API_TEXT),
    API_FIELD("serial", struct msg_finding_row, serial_number, API_TEXT),
    API_FIELD("owner", struct msg_finding_row, owner, API_TEXT),
    API_FIELD("began", struct msg_finding_row, began_s, API_TIME),
    API_FIELD("recorded", struct msg_finding_row, recorded_s, API_TIME),
    API_FIELD("closed", struct msg_finding_row, closed_s, API_TIME_OR_NULL),
    API_FIELD("closed_by", struct finding_view, closed_by, API_TEXT),
    API_FIELD("waived_until", struct msg_finding_row, waived_until_s, API_TIME_OR_NULL),
    API_FIELD("mend", struct finding_view, mend, API_TEXT),
};

static const struct api_field entry_fields[] = {
    API_FIELD("entry", struct msg_entry_row, entry, API_NUMBER),
    API_FIELD("at", struct msg_entry_row, at_s, API_TIME),
    API_FIELD("event", struct msg_entry_row, event, API_TEXT),
    API_FIELD("body", struct msg_entry_row, body, API_BASE64),
};

static const struct api_field issuer_fields[] = {
    API_FIELD("id", struct msg_issuer_row, row, API_NUMBER),
    API_FIELD("kind", struct msg_issuer_row, kind, API_WORD, .words = &words_authority),
    API_FIELD("name", struct msg_issuer_row, name, API_TEXT),
    API_FIELD("state", struct msg_issuer_row, state, API_WORD, .words = &words_issuer_state),
    API_FIELD("root", struct msg_issuer_row, root, API_NUMBER),
    API_FIELD("owner", struct msg_issuer_row, owner, API_TEXT),
    API_FIELD("product", struct msg_issuer_row, product, API_TEXT),
    API_FIELD("use", struct msg_issuer_row, use, API_WORD, .words = &words_anchor_use),
    API_FIELD("spki", struct msg_issuer_row, spki, API_HASH),
    API_FIELD("not_after", struct msg_issuer_row, not_after_s, API_TIME),
    API_FIELD("certificates", struct msg_issuer_row, certificates, API_NUMBER),
    API_FIELD("devices", struct msg_issuer_row, devices, API_NUMBER),
    API_FIELD("operators", struct msg_issuer_row, operators, API_NUMBER),
    API_FIELD("boundaries", struct msg_issuer_row, boundaries, API_NUMBER),
    API_FIELD("pem", struct issuer_view, pem, API_LINES),
    API_FIELD("new_with_old", struct issuer_view, new_with_old, API_LINES), /* the last two: left */
    API_FIELD("old_with_new", struct issuer_view, old_with_new, API_LINES), /* out without them */
};

static const struct api_field operator_fields[] = {
    API_FIELD("id", struct msg_operator_row, row, API_NUMBER),
    API_FIELD("name", struct msg_operator_row, name, API_TEXT),
    API_FIELD("role", struct msg_operator_row, role, API_WORD, .words = &words_role),
    API_FIELD("scope", struct msg_operator_row, scope, API_TEXT),
    API_FIELD("active", struct msg_operator_row, state, API_FLAG),
    API_FIELD("approver", struct msg_operator_row, approver, API_FLAG),
};

static const struct api_field approval_fields[] = {
    API_FIELD("id", struct msg_approval_row, row, API_NUMBER),
    API_FIELD("kind", struct msg_approval_row, kind, API_TEXT),
    API_FIELD("state", struct msg_approval_row, state, API_WORD, .words = &words_approval_state),
    API_FIELD("requester", struct msg_approval_row, requester, API_TEXT),
    API_FIELD("created", struct msg_approval_row, created_s, API_TIME),
    API_FIELD("expires", struct msg_approval_row, expires_s, API_TIME),
    API_FIELD("signatures", struct msg_approval_row, signatures, API_NUMBER),
    API_FIELD("signers", struct msg_approval_row, signers, API_TEXT),
    API_FIELD("body", struct msg_approval_row, body, API_BASE64),
};

static const struct api_field transfer_fields[] = {
    API_FIELD("id", struct msg_transfer_row, row, API_NUMBER),
    API_FIELD("product", struct msg_transfer_row, product, API_TEXT),
    API_FIELD("serial", struct msg_transfer_row, serial_number, API_TEXT),
    API_FIELD("from", struct msg_transfer_row, from_owner, API_TEXT),
    API_FIELD("to", struct msg_transfer_row, to_owner, API_TEXT),
    API_FIELD("state", struct msg_transfer_row, state, API_WORD, .words = &words_transfer_state),
    API_FIELD("created", struct msg_transfer_row, created_s, API_TIME),
    API_FIELD("expires", struct msg_transfer_row, expires_s, API_TIME),
    API_FIELD("released_by", struct msg_transfer_row, released_by, API_TEXT),
    API_FIELD("accepted_by", struct msg_transfer_row, accepted_by, API_TEXT),
    API_FIELD("body", struct msg_transfer_row, body, API_BASE64),
};

static const struct api_field receipt_fields[] = {
    API_FIELD("transfer", struct msg_receipt_row, row, API_NUMBER),
    API_FIELD("product", struct msg_receipt_row, product, API_TEXT),
    API_FIELD("serial", struct msg_receipt_row, serial_number, API_TEXT),
    API_FIELD("from", struct msg_receipt_row, from_owner, API_TEXT),
    API_FIELD("to", struct msg_receipt_row, to_owner, API_TEXT),
    API_FIELD("released_by", struct msg_receipt_row, released_by, API_TEXT),
    API_FIELD("accepted_by", struct msg_receipt_row, accepted_by, API_TEXT),
    API_FIELD("released", struct msg_receipt_row, released_s, API_TIME_OR_NULL),
    API_FIELD("accepted", struct msg_receipt_row, accepted_s, API_TIME_OR_NULL),
    API_FIELD("done", struct msg_receipt_row, done_s, API_TIME),
    API_FIELD("old_certificate", struct msg_receipt_row, old_serial, API_HEX),
    API_FIELD("new_certificate", struct msg_receipt_row, new_serial, API_HEX),
    API_FIELD("entry", struct msg_receipt_row, entry, API_NUMBER),
    API_FIELD("leaf", struct receipt_view, leaf, API_HASH),
    API_FIELD("entry_body", struct msg_receipt_row, entry_body, API_BASE64),
    API_FIELD("body", struct msg_receipt_row, body, API_BASE64),
};

static const struct api_field waiver_fields[] = {
    API_FIELD("id", struct msg_waiver_row, row, API_NUMBER),
    API_FIELD("check", struct msg_waiver_row, check, API_WORD, .words = &words_check),
    API_FIELD("product", struct msg_waiver_row, product, API_TEXT),
    API_FIELD("serial", struct msg_waiver_row, serial_number, API_TEXT),
    API_FIELD("of_owner", struct msg_waiver_row, of_owner, API_TEXT),
    API_FIELD("answers", struct msg_waiver_row, answers, API_TEXT),
    API_FIELD("reason", struct msg_waiver_row, reason, API_TEXT),
    API_FIELD("asked_by", struct msg_waiver_row, asked_by, API_TEXT),
    API_FIELD("state", struct msg_waiver_row, state, API_WORD, .words = &words_waiver_state),
    API_FIELD("created", struct msg_waiver_row, created_s, API_TIME),
    API_FIELD("expires", struct msg_waiver_row, expires_s, API_TIME),
    API_FIELD("ended", struct msg_waiver_row, ended_s, API_TIME_OR_NULL),
};

static const struct api_field bulk_fields[] = {
    API_FIELD("id", struct msg_bulk_row, row, API_NUMBER),
    API_FIELD("verb", struct msg_bulk_row, verb, API_WORD, .words = &words_device_verb),
    API_FIELD("reason", struct msg_bulk_row, reason, API_WORD, .words = &words_reason),
    API_FIELD("product", struct msg_bulk_row, product, API_TEXT),
    API_FIELD("owner", struct msg_bulk_row, owner, API_TEXT),
    API_FIELD("batch", struct msg_bulk_row, batch, API_TEXT),
    API_FIELD("listed", struct msg_bulk_row, listed, API_FLAG),
    API_FIELD("requester", struct msg_bulk_row, asker, API_TEXT),
    API_FIELD("state", struct msg_bulk_row, state, API_WORD, .words = &words_bulk_state),
    API_FIELD("devices", struct msg_bulk_row, devices, API_NUMBER),
    API_FIELD("certificates", struct msg_bulk_row, certificates, API_NUMBER),
    API_FIELD("done", struct msg_bulk_row, done, API_NUMBER),
    API_FIELD("left", struct msg_bulk_row, left, API_NUMBER),
    API_FIELD("created", struct msg_bulk_row, created_s, API_TIME),
    API_FIELD("ended", struct msg_bulk_row, ended_s, API_TIME_OR_NULL),
};

static const struct api_field webhook_fields[] = {
    API_FIELD("name", struct msg_webhook_row, name, API_TEXT),
    API_FIELD("queued", struct msg_webhook_row, queued, API_NUMBER),
    API_FIELD("oldest", struct msg_webhook_row, oldest_s, API_TIME_OR_NULL),
    API_FIELD("sent", struct msg_webhook_row, sent, API_NUMBER),
    API_FIELD("failed", struct msg_webhook_row, failed, API_NUMBER),
    API_FIELD("dropped", struct msg_webhook_row, dropped, API_NUMBER),
    API_FIELD("given_up", struct msg_webhook_row, given_up, API_NUMBER),
    API_FIELD("sent_at", struct msg_webhook_row, sent_at_s, API_TIME_OR_NULL),
    API_FIELD("failed_at", struct msg_webhook_row, failed_at_s, API_TIME_OR_NULL),
    API_FIELD("failure", struct msg_webhook_row, failure, API_TEXT),
};

static const struct api_field webhook_key_fields[] = {
    API_FIELD("public_key", struct webhook_key_view, text, API_TEXT),
    API_FIELD("since", struct msg_webhook_key_row, since_s, API_TIME),
};

static const struct api_field me_fields[] = {
    API_FIELD("name", struct msg_operator_row, name, API_TEXT),
    API_FIELD("role", struct msg_operator_row, role, API_WORD, .words = &words_role),
    API_FIELD("scope", struct msg_operator_row, scope, API_TEXT),
};

static const struct api_field fault_fields[] = {
    API_FIELD("line", struct msg_import_done, line, API_NUMBER),
    API_FIELD("code", struct fault_view, code, API_TEXT),
    API_FIELD("reason", struct msg_import_done, text, API_TEXT),
};

static const struct api_field done_fields[] = {
    API_FIELD("from", struct msg_import_done, line, API_NUMBER),
    API_FIELD("to", struct msg_import_done, until, API_NUMBER),
    API_FIELD("became", struct msg_import_done, did, API_WORD, .words = &words_import_did),
};
/* clang-format on */

/* Writes `object` into `name`: as an element of the array, or as the object. */
typedef void (*writer)(struct api_doc *doc, const char *name, struct api_shape shape,
                       const void *object);

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* A certificate that OpenSSL cannot write would be the store's damage: it is shown without PEM. */
static struct bytes pem_of(struct bytes der, struct blob *space)
{
    if (der.n == 0 || pem_write(der, PEM_CERTIFICATE, space, NULL) != OK)
        return bytes_of(NULL, 0);
    return blob_bytes(space);
}

#define NO_REASON UINT8_MAX /* has no word */

/* Only what has ended has a reason: 0 would be written "unspecified". */
static bool has_reason(const struct msg_cert_row *row)
{
    return !certificate_is_live((enum cert_state)row->state);
}

static void write_certificate(writer write, struct api_doc *doc, const char *name,
                              const struct msg_cert_row *row)
{
    CLEANUP(blob_free) struct blob space = {0};
    struct cert_view view = {*row, pem_of(row->certificate, &space)};
    struct api_shape shape = API_SHAPE(cert_fields);
    view.row.reason = has_reason(row) ? row->reason : NO_REASON;
    shape.n -= view.pem.n == 0;
    write(doc, name, shape, &view);
}

static void write_issuer(writer write, struct api_doc *doc, const char *name,
                         const struct msg_issuer_row *row)
{
    CLEANUP(blob_free) struct blob space = {0};
    CLEANUP(blob_free) struct blob new_space = {0};
    CLEANUP(blob_free) struct blob old_space = {0};
    const struct issuer_view view = {*row, pem_of(row->certificate, &space),
                                     pem_of(row->new_with_old, &new_space),
                                     pem_of(row->old_with_new, &old_space)};
    struct api_shape shape = API_SHAPE(issuer_fields);
    shape.n -= view.new_with_old.n == 0 || view.old_with_new.n == 0 ? 2 : 0;
    write(doc, name, shape, &view);
}

static void write_finding(writer write, struct api_doc *doc, const char *name,
                          const struct msg_finding_row *row)
{
    char number[16], mend[API_MEND_MAX];
    const struct check *check = check_find(row->check);
    const struct api_mend to_mend = {(enum subject_kind)row->kind,
                                     row->subject,
                                     row->row,
                                     row->product,
                                     row->serial_number,
                                     (enum device_state)row->device_state,
                                     row->anchor};
    snprintf(number, sizeof number, "TD-%02u", row->check);
    struct finding_view view = {
        .row = *row,
        .check = text_of(number),
        .about = text_of(subject_word((enum subject_kind)row->kind)),
        .severity = text_of(severity_word((enum severity)row->severity)),
        .closed_by = text_of(closing_word((enum closing)row->closed_by)),
    };
    if (check != NULL) {
        view.title = text_of(check->title);
        view.mend = api_mend(check, &to_mend, mend);
    }
    write(doc, name, API_SHAPE(finding_fields), &view);
}

static void write_operator(writer write, struct api_doc *doc, const char *name,
                           const struct msg_operator_row *row)
{
    struct msg_operator_row view = *row;
    view.state = row->state == 1; /* in use */
    write(doc, name, API_SHAPE(operator_fields), &view);
}

static void write_foreign(writer write, struct api_doc *doc, const char *name,
                          const struct msg_foreign_row *row)
{
    CLEANUP(blob_free) struct blob pem = {0};
    struct err err = {0};
    struct foreign_view view = {.row = *row};
    size_t n = LENGTH_OF(foreign_fields);
    if (row->state != FOREIGN_REVOKED)
        view.row.reason = NO_REASON;
    bool has_pem = row->der.n > 0 && pem_write(row->der, PEM_CERTIFICATE, &pem, &err) == OK;
    view.pem = blob_bytes(&pem);
    write(doc, name, (struct api_shape){foreign_fields, has_pem ? n : n - 1}, &view);
}

static void write_receipt(writer write, struct api_doc *doc, const char *name,
                          const struct msg_receipt_row *row)
{
    struct receipt_view view = {.row = *row};
    merkle_leaf(&sha256_for_merkle, row->entry_body, view.leaf);
    write(doc, name, API_SHAPE(receipt_fields), &view);
}

/* As receivers' libraries take it (Standard Webhooks 1.0.0). */
static void write_webhook_key(writer write, struct api_doc *doc, const char *name,
                              const struct msg_webhook_key_row *row)
{
    char space[5 + B64_ENCODED_MAX(sizeof row->key)];
    struct buf text = buf_over(space, sizeof space);
    buf_put_bytes(&text, bytes_text("whpk_"));
    b64_encode(&text, bytes_of(row->key, sizeof row->key));
    const struct webhook_key_view view = {*row, buf_bytes(&text)};
    write(doc, name, API_SHAPE(webhook_key_fields), &view);
}

static void write_row(writer write, struct api_doc *doc, const char *name,
                      const struct ipc_message *message)
{
    if (message->type == IPC_PRODUCT_ROW)
        write(doc, name, API_SHAPE(product_fields), &message->product_row);
    else if (message->type == IPC_DEVICE_ROW)
        write(doc, name, API_SHAPE(device_fields), &message->device_row);
    else if (message->type == IPC_CERT_ROW)
        write_certificate(write, doc, name, &message->cert_row);
    else if (message->type == IPC_FINDING_ROW)
        write_finding(write, doc, name, &message->finding_row);
    else if (message->type == IPC_ENTRY_ROW)
        write(doc, name, API_SHAPE(entry_fields), &message->entry_row);
    else if (message->type == IPC_ISSUER_ROW)
        write_issuer(write, doc, name, &message->issuer_row);
    else if (message->type == IPC_OPERATOR_ROW)
        write_operator(write, doc, name, &message->operator_row);
    else if (message->type == IPC_FOREIGN_ROW)
        write_foreign(write, doc, name, &message->foreign_row);
    else if (message->type == IPC_SIGHTING_ROW)
        write(doc, name, API_SHAPE(sighting_fields), &message->sighting_row);
    else if (message->type == IPC_BULK_ROW)
        write(doc, name, API_SHAPE(bulk_fields), &message->bulk_row);
    else if (message->type == IPC_APPROVAL_ROW)
        write(doc, name, API_SHAPE(approval_fields), &message->approval_row);
    else if (message->type == IPC_WAIVER_ROW)
        write(doc, name, API_SHAPE(waiver_fields), &message->waiver_row);
    else if (message->type == IPC_WEBHOOK_ROW)
        write(doc, name, API_SHAPE(webhook_fields), &message->webhook_row);
    else if (message->type == IPC_WEBHOOK_KEY_ROW)
        write_webhook_key(write, doc, name, &message->webhook_key_row);
    else if (message->type == IPC_TRANSFER_ROW)
        write(doc, name, API_SHAPE(transfer_fields), &message->transfer_row);
    else if (message->type == IPC_RECEIPT_ROW)
        write_receipt(write, doc, name, &message->receipt_row);
}

void api_add_row(struct api_doc *doc, const char *list, const struct ipc_message *message)
{
    write_row(api_add, doc, list, message);
}

void api_put_row(struct api_doc *doc, const char *section, const struct ipc_message *message)
{
    write_row(api_put, doc, section, message);
}

void api_put_me(struct api_doc *doc, const char *section, const struct msg_operator_row *row)
{
    api_put(doc, section, API_SHAPE(me_fields), row);
}

void api_add_scanned(struct api_doc *doc, const char *list, const struct msg_scan_done *done)
{
    char code[16];
    snprintf(code, sizeof code, "E%04u", done->code);
    const struct scanned_view view = {*done, text_of(code)};
    size_t n = done->code == E_NONE ? 2 : LENGTH_OF(scanned_fields);
    api_add(doc, list, (struct api_shape){scanned_fields, n}, &view);
}

void api_add_fault(struct api_doc *doc, const char *list, const struct msg_import_done *fault)
{
    char code[16];
    snprintf(code, sizeof code, "E%04u", fault->code);
    const struct fault_view view = {*fault, text_of(code)};
    api_add(doc, list, API_SHAPE(fault_fields), &view);
}

void api_add_done(struct api_doc *doc, const char *list, const struct msg_import_done *done)
{
    api_add(doc, list, API_SHAPE(done_fields), done);
}
