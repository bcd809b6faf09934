/* Inside of enrolment: who asks (enrol_find.c), the grant (enrol_grant.c). */
#ifndef ENROL_INSIDE_H
#define ENROL_INSIDE_H

#include <service/enrol.h>

/* Fills subject, credential hash, token, anchor and the facts about the presented certificate.
 * E_PROOF when nobody is found: the text is for the operator's log only. */
MUST_USE enum result enrol_find(struct service *service, const struct msg_enrol *ask, int64_t now_s,
                                struct enrolment *job, struct ask *facts, struct err *err);

/* credential = kind, then certificate serial, token hash or registered SPKI (design 5, Renewal). */
void enrol_hash_credential(struct enrolment *job, struct bytes value);

/* The profile's key rule hangs on the request alone: it is named to everybody (design 5, Refusals).
 * E_CSR, E_KEY_WEAK. Sets job->key_bit. */
MUST_USE enum result enrol_check_key(const struct msg_enrol *ask, struct enrolment *job,
                                     struct err *err);

/* The product's key rule is told to whom the key belongs: the signer looks at the request's
 * signature first, as for every refusal that concerns a device. E_KEY_KIND. */
MUST_USE enum result enrol_check_product(struct enrolment *job, struct err *err);

/* n of an open TD-n whose effect refuses this request, judged now; 0 = none. */
MUST_USE enum result enrol_read_refusing(struct service *service, const struct enrolment *job,
                                         int64_t now_s, int *ret, struct err *err);

/* Serial, validity and TBSCertificate hash for job->grant.profile: makes it ENROL_SIGN. */
MUST_USE enum result enrol_grant(struct service *service, struct enrolment *job, int64_t wanted_s,
                                 int64_t now_s, struct err *err);

/* A repeat answers with a certificate (its row) that is there already: makes it ENROL_ANSWER. */
MUST_USE enum result enrol_repeat(struct service *service, int64_t certificate,
                                  struct enrolment *job, struct err *err);

#define OPERATOR_VALIDITY_S (INT64_C(365) * 86400)

/* E_KEY_SHARED when any certificate is over this key. */
MUST_USE enum result operator_check_key(struct service *service, const uint8_t spki[32],
                                        struct err *err);

/* What a renewed operator certificate changes beside itself, as part of the act that records it. */
MUST_USE enum result operator_renewed(struct service *service, const struct enrolment *job,
                                      int64_t now_s, struct err *err);

/* The same of a recovered one; and whether he is still as he was when it was decided. */
MUST_USE enum result operator_recovered(struct service *service, const struct enrolment *job,
                                        int64_t now_s, struct err *err);
MUST_USE enum result operator_may_recover(struct service *service, const struct enrolment *job,
                                          bool *ret, struct err *err);

/* Is it a boundary that asks, by its token or its certificate? Fills job->boundary. */
MUST_USE enum result enrol_find_boundary(struct service *service, const struct msg_enrol *ask,
                                         struct enrolment *job, bool *ret, struct err *err);
/* The verdict on its request. E_PROOF: for the operator's log only, until job->is_proven. */
MUST_USE enum result enrol_decide_boundary(struct service *service, const struct msg_enrol *ask,
                                           int64_t now_s, struct enrolment *job, struct err *err);
/* Is its row as it was when it was decided? And what its certificate changes beside itself, as part
 * of the act that records it. */
MUST_USE enum result enrol_boundary_stands(struct service *service, const struct enrolment *job,
                                           bool *ret, struct err *err);
MUST_USE enum result enrol_boundary_record(struct service *service, const struct enrolment *job,
                                           int64_t now_s, struct err *err);

/* May issue now: clock and room on the disk. */
MUST_USE enum result enrol_may_issue(const struct service *service, struct err *err);

#endif
