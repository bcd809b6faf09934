/* What a chain that somebody presents says, read strictly and trusted for nothing. */
#ifndef CRYPTO_PRESENTED_H
#define CRYPTO_PRESENTED_H

#include <base/err.h>
#include <wire/x509.h>

/* Tri-state, as facts are: zero is what the chain does not show. */
enum presented_known { PRESENTED_UNKNOWN = 0, PRESENTED_NO, PRESENTED_YES };

struct presented {
    struct x509_cert leaf; /* points into ders[0] */
    bool is_self_signed;   /* it names itself, and its own key signed it as far as we can verify */
    enum presented_known root_issued; /* its issuer is a root: names itself, signed by itself */
    int64_t ca_until_s; /* the first end among those above it that signed; 0 = none was shown */
};

/* ders[0] is the leaf; whoever signed it, and so on, is looked for among the others, in any order.
 * E_CERTIFICATE when the leaf does not read, with the rule; another that does not read shows
 * nothing. Signatures over SHA-1 and MD5 are not verified: of a self-signed certificate names and
 * key identifiers then count, and above it nothing is shown.
 * Not checked: times, extensions, any trust. */
MUST_USE enum result presented_read(const struct bytes *ders, size_t n, struct presented *ret,
                                    struct err *err);

/* Did the key of `issuer` sign `cert`, and is it named as who did? */
bool presented_is_issued_by(const struct x509_cert *cert, const struct x509_cert *issuer);

#endif
