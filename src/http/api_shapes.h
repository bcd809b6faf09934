/* Which member of a JSON object is which field of a message: the tables behind docs/openapi.yaml.
 */
#ifndef HTTP_API_SHAPES_H
#define HTTP_API_SHAPES_H

#include <ipc/ipc.h>
#include <proto/api.h>

/* Bodies of verbs, read into their messages; PEM texts are still PEM. */
extern const struct api_shape shape_product_add, shape_product_set, shape_anchor_add,
    shape_issuer_add, shape_device_set, shape_cert_revoke, shape_finding_close, shape_approver_set,
    shape_operator_set, shape_operator_renew, shape_approval_sign, shape_token_add,
    shape_permit_add, shape_operator_add, shape_bootstrap, shape_transfer_release, shape_waiver_add,
    shape_waiver_end, shape_transfer_sign, shape_operator_recover, shape_approval_root, shape_bulk,
    shape_nothing, shape_backup_note, shape_boundary_add, shape_boundary_set,
    shape_boundary_fail_open, shape_boundary_remove, shape_binding_add, shape_binding_remove;

/* What a verb did: struct msg_verb_answer; of an import, some of it. */
extern const struct api_shape shape_outcome, shape_import_outcome, shape_waiting, shape_to_sign;
extern const struct api_shape shape_reach, shape_reach_states, shape_reach_certificates;

/* Writes a row that the reader gave: as one more element of `list`, or as members of `section`
 * (NULL: of the document itself). Other messages are passed over. */
void api_add_row(struct api_doc *doc, const char *list, const struct ipc_message *message);
void api_put_row(struct api_doc *doc, const char *section, const struct ipc_message *message);

/* The operator who asks, and one bad line of an import. */
void api_put_me(struct api_doc *doc, const char *section, const struct msg_operator_row *row);
void api_add_scanned(struct api_doc *doc, const char *list, const struct msg_scan_done *done);
void api_add_fault(struct api_doc *doc, const char *list, const struct msg_import_done *fault);
void api_add_done(struct api_doc *doc, const char *list, const struct msg_import_done *done);

#endif
