/* The last look at a TBSCertificate before it is signed: read again with wire/x509.h, and held
 * against RFC 5280, its profile and its issuer, by code that had no part in building it. */
#ifndef PKI_LINT_H
#define PKI_LINT_H

#include <pki/grant.h>

/* E_CERTIFICATE with "RFC n section: what is wrong". */
MUST_USE enum result lint_tbs(struct bytes tbs, enum pki_profile profile,
                              const struct pki_issuer *issuer, struct err *err);

#endif
