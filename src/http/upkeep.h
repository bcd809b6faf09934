/* What core keeps current in every process that listens: the TLS certificate and the authorities.
 */
#ifndef HTTP_UPKEEP_H
#define HTTP_UPKEEP_H

#include "authorities.h"
#include "identity.h"
#include "listener.h"

#include <ipc/ipc.h>

struct upkeep {
    struct listener *listener;
    struct ipc_channel *core;
    struct identity *identity;
    struct authorities *authorities; /* in force; NULL before the first set is whole */
    struct authorities *coming;      /* being received: coming_n so far, good and bad */
    uint32_t coming_n;
    uint64_t asked_id; /* of the last certification request */
    int64_t asked_ms, keep_ms;
    bool is_asking;
};

/* Makes the TLS key. `keep_ms`: how long a handshake may last with a certificate that was replaced.
 * crypto_start() was called. */
MUST_USE enum result upkeep_open(struct upkeep *upkeep, struct listener *listener,
                                 struct ipc_channel *core, int64_t keep_ms, struct err *err);
/* After the listener: it borrows what is freed here. */
void upkeep_close(struct upkeep *upkeep);

/* Takes a message if it is one of this business, else leaves *ret_taken false. A set that is not
 * whole, or a certificate that is not good, is logged and the former stays in force. */
void upkeep_take(struct upkeep *upkeep, const struct ipc_message *message, bool *ret_taken);

/* Every second or so: asks for a certificate when it is time, drops old ones. */
void upkeep_tick(struct upkeep *upkeep);

#endif
