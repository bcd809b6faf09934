/* The front from the inside: what its handlers share. They find it by request_owner(). */
#ifndef HTTP_FRONT_STATE_H
#define HTTP_FRONT_STATE_H

#include "feed_poll.h"
#include "listener.h"
#include "ocsp.h"
#include "request.h"
#include "upkeep.h"

#include <base/blob.h>
#include <base/limits.h>
#include <http/front.h>
#include <ipc/ipc.h>
#include <proto/est.h>
#include <wire/b64.h>

#define FRONT_CERTS_MAX EST_CERTS_SPACE(LIMIT_CERTIFICATE_BYTES)

struct front {
    const struct front_setup *setup;
    struct listener *listener;
    struct ipc_channel core;
    struct reload reload;
    struct upkeep upkeep;
    struct ocsp_state ocsp;
    struct blob cacerts;          /* the body of /cacerts, made when the authorities come */
    struct blob boundary_cacerts; /* and that of /boundary/cacerts */
    struct feed feed;             /* what boundaries are told, and ask */
    bool said_ready;
    /* Space of one request at a time, used anew by each. */
    uint8_t der[FRONT_CERTS_MAX > LIMIT_CSR_BYTES ? FRONT_CERTS_MAX : LIMIT_CSR_BYTES];
    uint8_t base64[B64_ENCODED_MAX(FRONT_CERTS_MAX)];
};

/* est.c: what core answered to an enrolment; and the bodies of both cacerts from the authorities.
 */
void est_take_answer(struct front *front, const struct msg_enrol_answer *answer);
/* The header that every base64 of EST carries. */
extern const struct reply_header est_encoded[];

/* est_csrattrs.c: the same for csrattrs. */
void est_take_csrattrs(struct front *front, const struct msg_csrattrs_answer *answer);
MUST_USE enum result est_build_cacerts(struct front *front, struct err *err);

#endif
