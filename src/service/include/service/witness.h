/* What a boundary says that it saw: uses of certificates, sessions, two holders of one identity.
 *
 * A boundary may lie. What it says proves use, as a front's word does (service/prove.h), and opens
 * findings; that somebody is quarantined for it happens ten times in an hour at most, then one
 * critical finding about the boundary waits for a person (design 5, Automatic quarantine). */
#ifndef SERVICE_WITNESS_H
#define SERVICE_WITNESS_H

#include <service/service.h>
#include <wire/boundary_report.h>

#define WITNESS_LATE_S 5 /* an admission so long after the end of what it stands on is TD-15 */
#define WITNESS_WATCHES 8

struct witness {
    int64_t boundary; /* row */
    const struct boundary_report_item *item;
    int64_t at_ms; /* when it was, by the server's clock: witness_at_ms() */
};

/* When it was, by the server's clock, of an item in a report that came now. Both instants are the
 * boundary's, and what lies between them is what counts. One of longer ago is not made younger: who
 * was admitted while the boundary was cut off had not been revoked or replaced yet. */
int64_t witness_at_ms(int64_t now_ms, int64_t report_ms, int64_t item_ms);

/* What other boundaries are asked to say at once: that a session of this certificate, which is
 * older, sends (TD-02). */
struct watches {
    size_t n;
    struct watched {
        int64_t boundary;
        uint32_t issuer;
        uint8_t serial[16];
    } watched[WITNESS_WATCHES];
};

/* One item of a report. *ret_lost as prove_use(). */
MUST_USE enum result witness_take(struct service *service, const struct witness *witness,
                                  int64_t now_s, struct watches *ret_watches, int64_t *ret_lost,
                                  struct err *err);

#endif
