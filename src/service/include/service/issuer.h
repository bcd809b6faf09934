/* Rollover of issuers and roots (docs/decisions/rollover.md). An issuer is current, retiring once
 * another of its kind became current, and at last ended. */
#ifndef SERVICE_ISSUER_H
#define SERVICE_ISSUER_H

#include <service/verb.h>

/* Fills what people who approve want to read: subject, key hash and validity of the certificate.
 * The subject points into the certificate or static memory. E_CERTIFICATE. */
MUST_USE enum result issuer_complete(struct msg_issuer_add *ask, struct err *err);

#endif
