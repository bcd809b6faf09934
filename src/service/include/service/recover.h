/* The recovery of an operator who lost his key: an act of others, which the root's key may carry
 * with one of them, or alone for who stands at the server (docs/decisions/operator-recovery.md). */
#ifndef SERVICE_RECOVER_H
#define SERVICE_RECOVER_H

#include <service/verb.h>

/* What is core's to say of him in what people sign: person, name, whether he approves. E_NOT_FOUND.
 */
MUST_USE enum result recover_complete(struct service *service, const struct operator_is *who,
                                      struct msg_operator_recover *ask, struct err *err);

/* Does it wait for signatures? Not of one who approves nothing, while there are no two approvers.
 */
bool recover_waits(const struct service *service, const struct operator_is *who,
                   const struct msg_operator_recover *ask);

/* Is this request one, and of whom? */
bool recover_is_kind(const struct approval_row *row);
MUST_USE enum result recover_person(const struct approval_row *row, int64_t *ret, struct err *err);

/* Enough: `others` are approvers beside him. Asked for at the server: the root's key. */
bool recover_is_ready(const struct service *service, const struct approval_row *row, size_t others,
                      bool has_root);

/* The root's signature over this request. E_RECOVERY for another kind, E_SIGNATURE. */
MUST_USE enum result recover_check_root(struct service *service, const struct approval_row *row,
                                        struct bytes signature, struct err *err);

#endif
