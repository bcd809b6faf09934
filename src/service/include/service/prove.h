/* Use of a certificate of ours in a handshake: proves a pending successor, or shows a fork. */
#ifndef SERVICE_PROVE_H
#define SERVICE_PROVE_H

#include <ipc/ipc.h>
#include <service/service.h>

#define PROVE_SEEN_EVERY_S 300 /* last seen is written so often at least */
#define PROVE_SEEN_LEAST_S 60  /* ... and so often at most: the least contact-every of a policy */

/* R_NOT_FOUND for a certificate that the ledger does not know. *ret_lost: the row of a lost device
 * that was seen, once an hour; 0 otherwise. Design 5, Renewal. */
MUST_USE enum result prove_sighting(struct service *service, const struct msg_sighting *sighting,
                                    int64_t now_s, int64_t *ret_lost, struct err *err);

/* Use of a certificate in a handshake, wherever it was: the certificate is the ledger's row.
 * `may_act`: whoever says so is believed to more than opening a finding. *ret_lost as above. */
struct use {
    const struct certificate *certificate;
    int64_t handshake_s; /* when it began */
    int64_t seen_s;      /* when it was used: a boundary may tell of it much later */
    bool may_act;
};
MUST_USE enum result prove_use(struct service *service, const struct use *use, int64_t now_s,
                               int64_t *ret_lost, struct err *err);
/* Two holders of one identity (TD-02): it was replaced before that handshake began. */
bool prove_is_fork(const struct certificate *certificate, int64_t handshake_s);

/* A device's certificate at the operators' listener opens TD-38 on the device, and does no more; so
 * often in a product and hour, for it is the desk that says so. R_NOT_FOUND likewise. */
MUST_USE enum result prove_by_person(struct service *service,
                                     const struct msg_desk_sighting *sighting, int64_t now_s,
                                     struct err *err);

#endif
