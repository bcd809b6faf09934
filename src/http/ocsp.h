/* OCSP on the plain port: RFC 6960, 9919 and 9654. */
#ifndef HTTP_OCSP_H
#define HTTP_OCSP_H

#include "ocsp_cache.h"

#include <base/bucket.h>
#include <ipc/ipc.h>

struct front;
struct request;

/* What the front keeps for it. */
struct ocsp_state {
    struct ocsp_cache cache;
    /* Signatures a second: of who sends a nonce or asks about several, and of all others. Each has
     * limits.ocsp_per_s, so that the one kind does not starve the other. */
    struct bucket fresh, others;
};

void ocsp_post(struct request *request);
void ocsp_get(struct request *request);

/* From core. */
void ocsp_take_answer(struct front *front, const struct msg_ocsp_answer *answer);
void ocsp_take_changed(struct front *front, const struct msg_ocsp_changed *changed);

#endif
