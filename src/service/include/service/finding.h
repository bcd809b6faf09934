/* Findings follow the facts: opened and closed in the transaction that changed them, each with an
 * entry of its own, and the instant at which time alone may change them is put into the index. */
#ifndef SERVICE_FINDING_H
#define SERVICE_FINDING_H

#include <registry/subject.h>
#include <service/service.h>

/* Judges a subject anew from its rows and records what opened, changed and closed. A finding that
 * opens quarantines its device when the policy's effect says so and the brake is free. */
MUST_USE enum result finding_settle_about(struct service *service, struct subject_key about,
                                          int64_t now_s, struct err *err);
MUST_USE enum result finding_settle(struct service *service, int64_t device, int64_t now_s,
                                    struct err *err);

/* The same of a sweep: `turned` has a bit for each check whose effect became quarantine; what was
 * open of it before takes that effect too. */
MUST_USE enum result finding_settle_turned(struct service *service, struct subject_key about,
                                           uint64_t turned, int64_t now_s, struct err *err);

/* The same after `issued` was added to the subject as it was read before; `is_new_key`: nobody had
 * a certificate over its key. Nothing is read again where the rows say all that may have changed.
 */
MUST_USE enum result finding_settle_issued(struct service *service, const struct subject *before,
                                           const struct certificate *issued, bool is_new_key,
                                           int64_t now_s, struct err *err);

/* What somebody saw of a device, which stays true until other evidence ends it. */
struct evidence {
    int check;
    const uint8_t *key;  /* the SPKI hash in question; NULL = none */
    int64_t certificate; /* the row in question; 0 = none */
};

/* A fact that came with proof of possession on both sides: opens the finding on the device and,
 * when the policy's effect says so and the brake is free, quarantines it. When the brake holds, it
 * raises the finding about the product and stops there, until somebody answered it. Repeating it
 * opens nothing; a tombstone has none. */
MUST_USE enum result finding_report(struct service *service, int64_t device,
                                    const struct evidence *evidence, int64_t now_s,
                                    struct err *err);

/* A fact about a device whose own possession nobody has shown just now: opens the finding and does
 * no more; a person decides. */
MUST_USE enum result finding_note(struct service *service, int64_t device,
                                  const struct evidence *evidence, int64_t now_s, struct err *err);

/* The finding of check `number` about a whole product (0: the installation): opened unless it is
 * open. What is raised by a brake or a budget waits for a person (verb_finding_close). */
MUST_USE enum result finding_raise(struct service *service, int64_t product, int number,
                                   int64_t now_s, struct err *err);

/* The same, critical, about something else: whose word it was. */
MUST_USE enum result finding_raise_about(struct service *service, struct subject_key key,
                                         int number, int64_t now_s, struct err *err);

/* Issuers (finding_issuer.c): all at the next look at what is due, as at a start; those whose
 * lists were marked, when these are late; one whose list was published; and one, and whom it
 * follows, that an act changed. A rehearsal judges nothing. A list that was published is put by it
 * into the place of the one before: what that one owed is recorded first (TD-18), and the devices
 * whose replaced certificate it lacked are judged too (TD-14), REPLACED_MOST of them. */
MUST_USE enum result finding_issuers_due(struct service *service, int64_t now_s, struct err *err);
MUST_USE enum result finding_crls_marked(struct service *service, struct err *err);
MUST_USE enum result finding_crl_published(struct service *service, const struct crl_row *crl,
                                           int64_t now_s, struct err *err);
MUST_USE enum result finding_issuers_changed(struct service *service, int64_t now_s,
                                             struct err *err);

/* Judges every subject whose next instant has come; at most `limit` of them. *ret_n = how many. */
MUST_USE enum result finding_settle_due(struct service *service, int64_t now_s, uint32_t limit,
                                        uint32_t *ret_n, struct err *err);

#endif
