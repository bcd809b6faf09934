/* The first entries of a ledger: the authorities that `trothd init` made. */
#ifndef SERVICE_BOOTSTRAP_H
#define SERVICE_BOOTSTRAP_H

#include <service/service.h>

/* Reads DATA/ca/{root,idevid,ldevid,operations}.cer and records each as an issuer row whose id is
 * its kind. In a transaction of its own. E_NOT_FOUND names the file that is missing. */
MUST_USE enum result bootstrap_authorities(struct service *service, int64_t now_s, struct err *err);

#endif
