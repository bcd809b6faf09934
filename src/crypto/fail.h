/* Private: OpenSSL's failures as ours. */
#ifndef CRYPTO_FAIL_H
#define CRYPTO_FAIL_H

#include <base/err.h>

/* Fills `err` with `what` and OpenSSL's first reason, and empties its queue. */
enum result fail_openssl(struct err *err, enum code code, const char *what);

/* For a refusal that needs no reason of OpenSSL's: empties its queue all the same. */
void forget_openssl_errors(void);

#endif
