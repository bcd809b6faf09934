/* Private: what the files of the operators' verbs share: a body becomes one message to core, whose
 * answer becomes the reply. */
#ifndef HTTP_API_VERB_H
#define HTTP_API_VERB_H

#include "desk.h"

#include <base/blob.h>
#include <proto/api.h>

#define DERS 3 /* PEM texts of a body: a root and what links it with another */

/* Every verb's message begins with what FIELDS_asked has. */
union verb_message {
    struct msg_clock_accept asked;
    struct msg_product_add product_add;
    struct msg_product_set product_set;
    struct msg_anchor_add anchor_add;
    struct msg_issuer_add issuer_add;
    struct msg_issuer_retire issuer_retire;
    struct msg_issuer_force issuer_force;
    struct msg_device_set device_set;
    struct msg_finding_close finding_close;
    struct msg_webhook_test webhook_test;
    struct msg_approver_set approver_set;
    struct msg_approval_sign approval_sign;
    struct msg_approval_withdraw approval_withdraw;
    struct msg_waiver_add waiver_add; /* waiver_grant has the same fields */
    struct msg_waiver_end waiver_end;
    struct msg_transfer_release transfer_release;
    struct msg_transfer_sign transfer_sign;
    struct msg_transfer_abort transfer_abort;
    struct msg_token_add token_add;
    struct msg_permit_add permit_add;
    struct msg_cert_revoke cert_revoke;
    struct msg_operator_add operator_add;
    struct msg_operator_set operator_set;
    struct msg_operator_remove operator_remove;
    struct msg_operator_renew operator_renew;
    struct msg_operator_settle operator_settle;
    struct msg_operator_recover operator_recover;
    struct msg_approval_root approval_root;
    struct msg_backup_note backup_note;
    struct msg_boundary_add boundary_add;
    struct msg_boundary_set boundary_set;
    struct msg_boundary_fail_open boundary_fail_open;
    struct msg_boundary_remove boundary_remove;
    struct msg_binding_add binding_add;
    struct msg_binding_remove binding_remove;
    struct policy_asked {
        struct msg_policy_set set;
        struct api_pairs settings, effects; /* which become its `policy` */
    } policy;
};

/* A verb being asked for: its message, and what that points into. */
struct asking {
    union verb_message message;
    struct api_body *body;
    struct blob der[DERS];
    size_t ders;
    uint8_t serial[20];
    uint8_t signature[512]; /* the root's, by RSA-4096 */
    uint8_t policy[LIMIT_POLICY_BYTES];
    char key[API_KEY_N];
};

struct verb_plan {
    enum ipc_type type;
    const struct api_shape *shape;
    union verb_message defaults;
    /* Fills what is not in the body, and turns PEM into DER; NULL: nothing to do. */
    enum result (*finish)(const struct request *request, struct asking *asking, struct err *err);
    /* Adds to the outcome what only this verb has; NULL: nothing. */
    void (*show)(const struct request *request, struct api_wait *wait,
                 const struct msg_verb_answer *answer);
};

/* Reads the body by the plan, asks core, and replies. */
void api_verb_run(struct request *request, const struct verb_plan *plan);

/* PEM in `field` becomes DER that lives as long as `asking`; at most DERS of them. */
MUST_USE enum result api_verb_read_pem(struct asking *asking, const char *name, const char *label,
                                       struct bytes *field, struct err *err);

#endif
