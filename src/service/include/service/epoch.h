/* Going on from an older copy of the database (design 3, Signer journal): what was open in it is
 * closed, and what the signer's journal and the last CRLs know beyond it is done again. Runs on a
 * copy without a server; each is one or more entries in the caller's transaction. */
#ifndef SERVICE_EPOCH_H
#define SERVICE_EPOCH_H

#include <ipc/ipc.h>
#include <service/service.h>

/* When nobody knows what was signed since the copy was made, serial numbers leap to a place that
 * the day and chance say, so that a second leap over the same copy does not meet the first: beyond
 * the next EPOCH_LEAP, where the part of a CRL begins; CRL numbers to the microseconds since 1970.
 */
#define EPOCH_LEAP (1 << 20)
#define EPOCH_A_DAY (1 << 18)                /* until 2064 */
#define EPOCH_DAY_ZERO_S INT64_C(1577836800) /* 2020-01-01 */

struct epoch_start {
    struct bytes body;    /* of the request, wire/approval.h, kind "restore" */
    struct bytes persons; /* who approved it, 8 octets each; may be none */
    struct bytes countersignature;
    uint64_t lost_size; /* of the last checkpoint that was signed; 0: unknown */
    uint8_t lost_root[32];
    uint64_t journal;               /* records of the signer's journal; 0: it was lost */
    const uint8_t (*approvers)[32]; /* keys of the signer's own list */
    size_t approvers_n;
};

/* The first entries: the request, and the epoch that it carries. Whose key the signer does not know
 * as an approver's is none any more. */
MUST_USE enum result epoch_begin(struct service *service, const struct epoch_start *start,
                                 int64_t now_s, struct err *err);

/* Tokens, permits, requests and transfers that were open are void; all CRLs are made again. */
struct epoch_closed {
    uint64_t tokens, permits, requests, transfers;
};
MUST_USE enum result epoch_close_doors(struct service *service, int64_t now_s,
                                       struct epoch_closed *ret, struct err *err);

/* A certificate that stands on a CRL, and why. `is_all`: the journal was lost, so that the reason
 * is all that says whether its device was retired or lost: it is quarantined until a person says.
 */
struct epoch_listed {
    struct bytes serial;
    int reason;
    bool is_all;
};

/* Ends it unless it has ended. *ret_did: it had not. An operator
 * ends with it, unless it was superseded. A device that has no other, and whose own was superseded,
 * was renewed after the copy was made: it is `enrolled` again, so that what its product accepts as
 * a proof lets it in. */
MUST_USE enum result epoch_revoke(struct service *service, const struct epoch_listed *listed,
                                  int64_t now_s, bool *ret_did, struct err *err);

/* Where a device stands by the signer's last word. The stricter of two counts; one that the copy
 * does not know, and that was kept down or on hold, comes back as a row without owner and key;
 * STOOD_UNKNOWN: nor does it know the product. */
enum epoch_stood { STOOD_AS_IT_WAS = 0, STOOD_STRICTER, STOOD_UNKNOWN, STOOD_KEPT };
MUST_USE enum result epoch_stand(struct service *service, const struct msg_device_stand *stand,
                                 int64_t now_s, enum epoch_stood *ret, struct err *err);

/* The journal that is here, for core's comparison at the start. `is_other`: it began after the one
 * that the copy knows was lost, so core asks it from the beginning, and numbers begin at its floor.
 */
struct epoch_journal {
    uint64_t identity, floor;
    bool is_other;
};
MUST_USE enum result epoch_take_journal(struct service *service,
                                        const struct epoch_journal *journal, struct err *err);

/* The journal was lost: numbers leap over what may have been signed since. Where serial numbers,
 * and those of CRLs, begin. */
struct epoch_floors {
    uint64_t serial, crl;
};
MUST_USE enum result epoch_leap(struct service *service, int64_t now_s, struct epoch_floors *ret,
                                struct err *err);

#endif
