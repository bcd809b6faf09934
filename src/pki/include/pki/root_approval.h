/* The root's key as a person: it approves the recovery of an operator, and nothing else. */
#ifndef PKI_ROOT_APPROVAL_H
#define PKI_ROOT_APPROVAL_H

#include <base/err.h>

/* Is this the signature of the key in the root's certificate (DER) over ROOT_APPROVAL_PREFIX
 * (wire/approval.h) and `body`, as that key signs? E_SIGNATURE, E_CERTIFICATE. */
MUST_USE enum result root_check_approval(struct bytes root, struct bytes body,
                                         struct bytes signature, struct err *err);

#endif
