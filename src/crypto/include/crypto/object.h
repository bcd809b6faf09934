/* A certificate that another program's OpenSSL read, as DER: a broker hands its plugin X509
 * objects. */
#ifndef CRYPTO_OBJECT_H
#define CRYPTO_OBJECT_H

#include <base/blob.h>
#include <base/err.h>

/* Takes an X509 *, which is freed, and gives the DER that it was read from. E_CERTIFICATE for NULL,
 * E_MEMORY. Nothing in it is looked at. */
MUST_USE enum result object_take_certificate(void *x509, struct blob *ret, struct err *err);

#endif
