/* What core keeps current in every process that listens: the TLS certificate and the authorities.
 */
#ifndef HTTP_UPKEEP_H
#define HTTP_UPKEEP_H

#include "authorities.h"
#include "identity.h"
#include "listener.h"
#include "makers.h"

#include <ipc/reload.h>

struct upkeep {
    struct listener *listener;
    struct ipc_channel *core;
    struct identity *identity;
    struct authorities *authorities; /* in force; NULL before the first set is whole */
    struct authorities *coming;      /* being received: coming_n so far, good and bad */
    uint32_t coming_n;
    struct makers *makers, *coming_makers; /* the same of makers; the desk's alone, NULL: none */
    uint64_t asked_id;                     /* of the last certification request */
    int64_t asked_ms, keep_ms;
    bool is_asking;
    bool is_stale;                /* the certificate is below what was in force before */
    uint8_t chain_hash[SHA256_N]; /* of what is in force */
    struct reload *reload;
    uint64_t next_id;  /* of the request for the names that a reload prepares; 0 = none under way */
    bool is_preparing; /* from that request to commit or abandon: no other one is sent */
};

/* Makes the TLS key, and hooks itself into the reload, for the listener as well: open connections
 * stay as they are, new deadlines count from what begins next, and new names of the server are
 * prepared by getting a certificate for them. crypto_start() was called. */
MUST_USE enum result upkeep_open(struct upkeep *upkeep, struct listener *listener,
                                 struct ipc_channel *core, struct reload *reload, struct err *err);
/* After the listener: it borrows what is freed here. */
void upkeep_close(struct upkeep *upkeep);

/* Takes a message if it is one of this business, else leaves *ret_taken false. A set that is not
 * whole, or a certificate that is not good, is logged and the former stays in force. */
void upkeep_take(struct upkeep *upkeep, const struct ipc_message *message, bool *ret_taken);

/* Every second or so: asks for a certificate when it is time, drops old ones. */
void upkeep_tick(struct upkeep *upkeep);

#endif
