/* One root follows another (RFC 4210 4.4, RFC 7030 4.1.3): what has to be true of the two and of
 * what links them, for whoever trusts one of them to trust the other. */
#ifndef CRYPTO_ROLLOVER_H
#define CRYPTO_ROLLOVER_H

#include <base/err.h>
#include <wire/bytes.h>

/* A root: a CA's certificate, self-signed, with key identifier, keyCertSign and cRLSign, room for
 * an issuer below it, nothing critical that we do not apply, valid at `now_s`. E_CERTIFICATE,
 * E_SIGNATURE. */
MUST_USE enum result rollover_check_root(struct bytes root, int64_t now_s, struct err *err);

/* Does `link` prove to whoever trusts the root `by` that the root `of` is to be trusted as well? It
 * has the name and key of `of` and was signed by the key of `by`; else as a root. With the new root
 * as `of` it is new-with-old, with the old one old-with-new. Both roots were checked.
 * E_CERTIFICATE, E_SIGNATURE. */
MUST_USE enum result rollover_check_link(struct bytes link, struct bytes by, struct bytes of,
                                         int64_t now_s, struct err *err);

/* Among the certificates of `bag` (PKCS #7 of /cacerts) the root that follows `old`: begun later,
 * with a link in the bag by which whoever trusts the old one trusts it. *ret points into the bag
 * and is empty when there is none: what links goes both ways, we go forward. E_SYNTAX for what is
 * no bag. */
MUST_USE enum result rollover_find(struct bytes bag, struct bytes old, int64_t now_s,
                                   struct bytes *ret, struct err *err);

#endif
