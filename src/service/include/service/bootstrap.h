/* The first entries of a ledger: the authorities that `trothd init` made. */
#ifndef SERVICE_BOOTSTRAP_H
#define SERVICE_BOOTSTRAP_H

#include <service/service.h>

#define CEREMONY_FILE "ceremony.txt" /* in DATA/ca: what `trothd init` made, for people */
#define CEREMONY_MAX 16384           /* octets */

/* Reads DATA/ca/{root,idevid,ldevid,operations}.cer and records each as an issuer row whose id is
 * its kind. The digest of DATA/ca/ceremony.txt stands in the first entry. In a transaction of its
 * own. E_NOT_FOUND names the file that is missing. */
MUST_USE enum result bootstrap_authorities(struct service *service, int64_t now_s, struct err *err);

#endif
