/* An operator's verbs: one file each in src/service/. Every verb has the same shape, so that core
 * can keep them in a table:
 *
 *   verb_x(service, who, ask, now_s, answer, err)
 *
 * reads, asks trust/, records, and fills what `answer` has for it. It runs in a transaction of its
 * own, which core rolls back after a failure and after a dry run. Text of the answer lives in
 * service->act or in static memory until the next verb. */
#ifndef SERVICE_VERB_H
#define SERVICE_VERB_H

#include <ipc/ipc.h>
#include <registry/subject.h>
#include <service/service.h>
#include <trust/operate.h>

/* Who asks. `row.id` 0: the local socket, before there is any operator. */
struct operator_is {
    struct operator_row row;
    struct actor actor;
};

/* From the key that the desk verified. E_OPERATOR when nobody in use has it. */
MUST_USE enum result verb_operator(struct service *service, const uint8_t spki[32],
                                   struct operator_is *ret, struct err *err);

/* Role and scope against what the verb does; `owner` NULL = not about one device. E_OPERATOR. */
MUST_USE enum result verb_allow(const struct operator_is *who, enum operate what, const char *owner,
                                struct err *err);

/* The device that is meant. One of another owner's is as good as none to who has a scope:
 * E_NOT_FOUND, in the same words. */
MUST_USE enum result verb_subject(struct service *service, const struct operator_is *who,
                                  struct bytes product, struct bytes serial_number,
                                  struct subject *ret, struct err *err);

/* May he see what belongs to this owner? */
bool verb_sees(const struct operator_is *who, const char *owner);

/* Free text and names by people: kept erasable, the act under construction gets the digest. An
 * empty text leaves it without. */
MUST_USE enum result verb_personal(struct service *service, struct bytes text,
                                   uint8_t ret_digest[32], struct err *err);

/* E_SYNTAX unless 1 to LIMIT_NAME octets of letters, digits and ._- (what stands in URLs and
 * files). */
MUST_USE enum result verb_name(const char *what, struct bytes name, struct err *err);

/* As part of an act: the open tokens and permits of a device end, and are counted. */
MUST_USE enum result doors_end(struct service *service, int64_t device,
                               struct msg_verb_answer *answer, struct err *err);

#define VERB(name)                                                                                 \
    MUST_USE enum result verb_##name(struct service *service, const struct operator_is *who,       \
                                     const struct msg_##name *ask, int64_t now_s,                  \
                                     struct msg_verb_answer *answer, struct err *err)

VERB(product_add);
VERB(product_set);
VERB(policy_set);
VERB(waiver_add);
VERB(waiver_grant);
VERB(waiver_end);
VERB(anchor_add);
VERB(device_set);
VERB(cert_revoke);
VERB(finding_close);
VERB(webhook_test);
VERB(bulk_run);
VERB(token_add);
VERB(permit_add);
VERB(transfer_release);
VERB(transfer_sign);
VERB(transfer_abort);
VERB(clock_accept);
VERB(backup_note);
VERB(approval_sign);
VERB(approval_root);
VERB(approval_withdraw);
VERB(approver_set);
VERB(issuer_add);
VERB(issuer_retire);
VERB(issuer_force);
VERB(operator_set);
VERB(operator_remove);
VERB(operator_settle);
VERB(boundary_add);
VERB(boundary_set);
VERB(boundary_fail_open);
VERB(boundary_remove);
VERB(binding_add);
VERB(binding_remove);

#endif
