/* Whose certificates may come in, and a leaf against them. Of its own lock, which one verification
 * holds at a time: the crypto room is for one thread. */
#ifndef BOUNDARY_ISSUERS_H
#define BOUNDARY_ISSUERS_H

#include <boundary/boundary.h>
#include <wire/dn.h>
#include <wire/service.h>

struct chain_store;

struct issuer_row {
    uint32_t issuer;
    char text[DN_MAX + 1]; /* its subject as OpenSSL prints it */
};

struct issuers {
    struct chain_store *store; /* NULL: none yet */
    struct issuer_row *rows;   /* owned */
    size_t n;
};

/* Those of a service object that was verified. E_CERTIFICATE for one that is no CA's, or whose name
 * another has too; then nothing is changed. E_MEMORY. */
MUST_USE enum result issuers_set(struct issuers *issuers, const struct service_object *service,
                                 struct err *err);
void issuers_free(struct issuers *issuers);

/* boundary_verify_der(), boundary_from_proxy(). */
enum boundary_reason issuers_verify(struct issuers *issuers, struct bytes der, int64_t now_s,
                                    struct boundary_identity *ret);
enum boundary_reason issuers_take_words(struct issuers *issuers,
                                        const struct boundary_proxy_words *words,
                                        struct boundary_identity *ret);

#endif
