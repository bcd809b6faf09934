/* One verb on many devices: gathered, counted, begun (by two people above LIMIT_BULK_ALONE), then
 * done in slices, each a transaction with entries of some tens of devices.
 *
 *   core:  who may, and what is selected        bulk_select()
 *          the devices' ids, a window a turn    store_gather_members(), bulk_gather_row()
 *          those that it changes, by state      bulk_count()
 *          the row                              bulk_record()
 *          the beginning                        verb_bulk_run(), with or without an approval
 *          a slice a turn until it is over      bulk_slice()
 *
 * Exactly the devices that were counted are done, whatever joins or leaves the batch meanwhile.
 * What is left lies in the store: after a crash it goes on. */
#ifndef SERVICE_BULK_H
#define SERVICE_BULK_H

#include <crypto/hash.h>
#include <service/verb.h>
#include <trust/bulk.h>

#define BULK_SLICE 128           /* devices of one transaction: others get their turn between */
#define BULK_COUNTED MEMBERS_MAX /* devices counted in one turn */

/* What is done to one device, as part of the act under construction. */
struct doing {
    enum device_verb verb;
    int reason; /* RFC 5280 5.3.1 of certificates; 0 = the verb's */
    int64_t now_s;
};

/* One device's changes: certificates, tokens and permits that end, its state. E_CONFLICT where the
 * verb does not apply. answer: counts and state. */
MUST_USE enum result device_do(struct service *service, const struct subject *subject,
                               const struct doing *doing, struct msg_verb_answer *answer,
                               struct err *err);

/* The row that `ask` wants, with an id of its own; nothing is recorded. Refuses verbs that are not
 * done in bulk, who may not, and a selection of everything. A scope narrows it to its owner. */
MUST_USE enum result bulk_select(struct service *service, const struct operator_is *who,
                                 const struct msg_bulk *ask, struct bulk *ret, struct err *err);

/* One line of a list. E_BULK_LIST, with the line, for a device that is not there for `who`. */
MUST_USE enum result bulk_gather_row(struct service *service, const struct operator_is *who,
                                     const struct bulk *bulk, const struct msg_import_row *row,
                                     struct err *err);

/* Would its verb change anything about this one? */
bool bulk_changes(const struct bulk *bulk, const struct subject *subject);

struct bulk_count {
    int64_t after; /* the device that was counted last */
    int64_t unchanged, devices[STATE_COUNT], pending, current;
    struct sha256_stream ids;
};

/* Counts the next BULK_COUNTED; those that the verb would not change leave the members. */
MUST_USE enum result bulk_count(struct service *service, struct bulk *bulk,
                                struct bulk_count *count, bool *ret_is_over, struct err *err);

/* Records the counted bulk as waiting. E_BULK_EMPTY. */
MUST_USE enum result bulk_record(struct service *service, const struct operator_is *who,
                                 const struct bulk *bulk, struct bytes note, int64_t now_s,
                                 struct err *err);

/* Would it need another person now? By its devices and what `who` has begun in this hour. */
MUST_USE enum result bulk_takes_two(struct service *service, const struct operator_is *who,
                                    const struct bulk *bulk, int64_t now_s, bool *ret,
                                    struct err *err);

/* The message that begins it, over memory of `bulk` and `product`. */
MUST_USE enum result bulk_message(struct service *service, const struct bulk *bulk,
                                  struct product *product, struct msg_bulk_run *ret,
                                  struct err *err);

/* Does the next BULK_SLICE devices of a running one; *ret_is_over: that was all, and it ended. */
MUST_USE enum result bulk_slice(struct service *service, struct bulk *bulk, int64_t now_s,
                                bool *ret_is_over, struct err *err);

/* Ends what was counted before `before_s` and nobody let begin. */
MUST_USE enum result bulk_forget(struct service *service, int64_t before_s, int64_t now_s,
                                 struct err *err);

#endif
