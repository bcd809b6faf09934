/* What one boundary is told of its services (wire/service.h), made from the rows. */
#ifndef SERVICE_BOUNDARY_H
#define SERVICE_BOUNDARY_H

#include <service/service.h>
#include <store/boundaries.h>
#include <wire/buf.h>
#include <wire/service.h>

/* What an act may leave for issuers that come later. */
#define BOUNDARY_ROOM_KEPT 65536

#define BOUNDARY_VALIDITY_S (90 * 86400) /* of its certificate */
#define BOUNDARY_LIVE_MAX 16             /* certificates over its key: a renewal makes it two */

/* After each act: touched_boundaries says that one may have changed what a boundary is told. */
void boundary_note(struct service *service);

/* What stands in it besides the rows. */
struct boundary_at {
    uint64_t generation;
    int64_t at_s;
    uint64_t ledger_size;
    struct bytes ledger_root; /* 32 octets */
};

/* The payload for a boundary that has not ended; of bindings those that are in force at `now_s`.
 * What does not fit breaks `payload`; SERVICE_MAX octets suffice unless E_TOO_LARGE was passed
 * over.
 */
MUST_USE enum result boundary_write(struct service *service, const struct boundary *row,
                                    const struct boundary_at *at, int64_t now_s,
                                    struct buf *payload, struct err *err);

/* Would what the act under way leaves still fit, for all boundaries that have this service (empty:
 * for all there are)? E_TOO_LARGE. */
MUST_USE enum result boundary_check_room(struct service *service, struct bytes of_service,
                                         int64_t now_s, struct err *err);

/* As part of an act: its certificates (but this one, which the act ends itself; 0 = none), services
 * and token are over, and so is it. Counts the certificates. */
MUST_USE enum result boundary_end(struct service *service, const struct boundary *row, int64_t but,
                                  int64_t now_s, uint32_t *ret_certificates, struct err *err);

/* After such an act, or another one about it: what is owed about it is judged anew. */
MUST_USE enum result boundary_judge(struct service *service, int64_t boundary, int64_t now_s,
                                    struct err *err);

/* A boundary's pending certificate was used: it is current, what it had before is superseded, and
 * its token opens nothing any more. */
MUST_USE enum result boundary_prove(struct service *service, const struct certificate *certificate,
                                    int64_t now_s, struct err *err);

#endif
