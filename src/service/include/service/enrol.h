/* Enrolment and renewal: from what a front says a device asked, to a certificate row and an entry.
 *
 *   enrol_decide()  facts, standing, authorise(), grant, serial: on a snapshot, nothing is written
 *                   but budgets. Says what is next: answer now, let the signer check the CSR first
 *                   (a refusal that would enter a timeline or open a finding), or let it sign.
 *   enrol_refuse()  records a refusal whose CSR signature the signer found good.
 *   enrol_commit()  in the batch's transaction: re-checks the device's row version and records the
 *                   certificate, or records it as an orphan.
 *
 * Design 3 (Issuing) and 5 (Renewal, Enrolling again, First enrolment, Refusals). */
#ifndef SERVICE_ENROL_H
#define SERVICE_ENROL_H

#include <base/blob.h>
#include <ipc/ipc.h>
#include <registry/subject.h>
#include <service/service.h>
#include <service/verb.h>
#include <store/boundaries.h>
#include <trust/authorise.h>

#define ENROL_VOIDS_A_DAY 10 /* pending certificates that a device may void in a day */
#define ENROL_RETRY_S 30     /* Retry-After of what waits for a person */
#define ENROL_SERVER_VALIDITY_S (7 * 86400) /* a listener renews at half of it */

enum enrol_next { ENROL_ANSWER = 0, ENROL_CHECK, ENROL_SIGN };

/* Who a certificate is for. */
enum enrol_kind {
    ENROL_NOBODY = 0,
    ENROL_DEVICE,
    ENROL_SERVER,
    ENROL_OPERATOR,
    ENROL_RESPONDER,
    ENROL_BOUNDARY
};

/* One request under way. Plain data: lives in core's table of jobs until the signer answered. */
struct enrolment {
    enum enrol_kind kind;
    enum enrol_next next;
    uint32_t code; /* ENROL_ANSWER: error code, 0 = `der` repeats an earlier answer */
    struct err why;
    bool is_proven; /* the caller may be told why */
    uint32_t retry_after_s;
    struct blob der;

    struct answer answer;
    enum operation operation;
    enum credential credential;
    uint8_t credential_hash[32];
    unsigned key_bit; /* KEYS_* of its key */
    uint8_t spki_hash[32];
    struct subject subject; /* as read; device.id 0 = none */
    int64_t token;          /* rows that this uses up; 0 = none */
    int64_t permit;
    int64_t predecessor;
    int64_t earlier; /* the certificate that this pair got and gets again; 0 = none */
    int64_t anchor;
    int64_t sharer;     /* the other device that has shown the key: TD-01; 0 = none */
    bool is_key_known;  /* some certificate is over the key already, whoever's */
    bool is_key_on_tls; /* the requested key is also the one that authenticated the connection */
    bool is_fork;       /* a replaced certificate was used: TD-02 */

    char next_owner[LIMIT_NAME + 1]; /* both sides signed that it goes to him; empty: to nobody */

    uint32_t by_issuer; /* this one and no other; 0: as the profile says */
    bool is_next_site;  /* a listener's, for the names that are being prepared */
    struct grant grant; /* its bytes point into the fields of this struct */
    struct serial serial;
    struct serial_parts parts;
    uint8_t tbs_hash[32];
    size_t spki_n;
    uint8_t spki[LIMIT_SPKI_BYTES];

    struct boundary boundary; /* as read; with kind ENROL_BOUNDARY */

    int64_t operator_id; /* the row to be; with kind ENROL_OPERATOR */
    enum role operator_role;
    struct actor operator_by;
    struct used_approval approval; /* that carries it; row 0 = none */
    int64_t operator_person;       /* a renewal: whose, and the row that asked; 0 = no renewal */
    int64_t operator_from;
    bool operator_recovers;    /* by others, after he lost his key; not a renewal then */
    bool operator_approves;    /* and he approves with the new one */
    uint8_t operator_name[32]; /* digest of the personal row */
    char common_name[LIMIT_NAME + 1];
    char operator_scope[LIMIT_NAME + 1];
};

void enrolment_free(struct enrolment *job);

/* The verdict on one request. A failure (not a refusal: those are in `job`) is ours: the caller
 * answers E_BUSY. */
MUST_USE enum result enrol_decide(struct service *service, const struct msg_enrol *ask,
                                  int64_t now_s, struct enrolment *job, struct err *err);

/* A certificate for one of our listeners, named by the configuration; with job->is_next_site, which
 * the caller sets before, by the one that is being prepared (E_CONFLICT when there is none). */
MUST_USE enum result enrol_server(struct service *service, struct bytes spki, int64_t now_s,
                                  struct enrolment *job, struct err *err);

/* A certificate for who answers in OCSP for this issuer. E_CONFLICT where there is none. */
MUST_USE enum result enrol_responder(struct service *service, uint32_t issuer, struct bytes spki,
                                     int64_t now_s, struct enrolment *job, struct err *err);

/* A certificate and a row for an operator: by an admin, or over the local socket while there is no
 * operator yet. Asked for again with the same key, name, role and scope (whose answer was lost) he
 * gets the certificate that he has, and nothing is recorded; over the local socket only while there
 * is nobody else. E_OPERATOR, E_SYNTAX, E_CONFLICT, E_KEY_SHARED. */
MUST_USE enum result enrol_operator(struct service *service, const struct operator_is *who,
                                    const struct msg_operator_add *ask, int64_t now_s,
                                    struct enrolment *job, struct err *err);

/* One more certificate for who asks. Over a new key it makes a row of the same person, whose older
 * keys end by verb_operator_settle; over the key that he has it replaces the certificate. The same
 * new key again gets the same certificate. E_APPROVAL for another key of an approver,
 * E_KEY_SHARED, E_OPERATOR. */
MUST_USE enum result enrol_operator_renew(struct service *service, const struct operator_is *who,
                                          const struct msg_operator_renew *ask, int64_t now_s,
                                          struct enrolment *job, struct err *err);

/* One for a person who lost his key, by others: when it is recorded his older keys end. Whether
 * that waits for signatures says service/recover.h. E_RECOVERY for oneself, E_NOT_FOUND,
 * E_KEY_SHARED, E_OPERATOR. */
MUST_USE enum result enrol_operator_recover(struct service *service, const struct operator_is *who,
                                            const struct msg_operator_recover *ask, int64_t now_s,
                                            struct enrolment *job, struct err *err);

/* What the signer is asked; points into `job` and `csr`. */
struct msg_sign enrol_sign_message(const struct enrolment *job, uint64_t id, struct bytes csr);

/* The signer found the CSR's signature good: the refusal enters the timeline, TD-01 and TD-02 open.
 */
MUST_USE enum result enrol_refuse(struct service *service, const struct enrolment *job,
                                  int64_t now_s, struct err *err);

/* Records the signed certificate. *ret_is_live false: the device changed meanwhile, the certificate
 * was recorded as an orphan (revoked), and the caller answers E_BUSY. */
MUST_USE enum result enrol_commit(struct service *service, const struct enrolment *job,
                                  struct bytes certificate, int64_t now_s, bool *ret_is_live,
                                  struct err *err);

/* A certificate that the signer's journal has and the ledger has not: revoked for ever. */
MUST_USE enum result enrol_orphan(struct service *service, const struct msg_journal_item *item,
                                  int64_t now_s, struct err *err);

#endif
