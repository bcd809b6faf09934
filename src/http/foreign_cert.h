/* Private: a certificate of another CA, as core gets to know of it. */
#ifndef HTTP_FOREIGN_CERT_H
#define HTTP_FOREIGN_CERT_H

#include "makers.h"

#include <crypto/hash.h>
#include <crypto/presented.h>
#include <ipc/ipc.h>

/* What it says of itself; points into the DER and into `subject_space`. */
struct foreign_cert {
    struct presented presented;
    uint32_t anchor; /* whose key signed it; 0: none that we know */
    struct bytes subject, serial_number;
    uint8_t subject_space[LIMIT_SUBJECT];
    uint8_t issuer_name[SHA256_N];
    uint8_t signature, root_issued; /* trust/foreign_words.h, enum known of trust/facts.h */
};

/* ders[0] is the leaf. E_CERTIFICATE with the rule that it breaks. */
MUST_USE enum result foreign_cert_read(const struct makers *makers, const struct bytes *ders,
                                       size_t n, struct foreign_cert *ret, struct err *err);

#endif
