/* Standing: one pure judgement over one subject's facts (design 1.1).
 *
 * Enrolment, renewal, admission, lists and reports ask it; none decides for itself. */
#ifndef TRUST_STANDING_H
#define TRUST_STANDING_H

#include <trust/check.h>
#include <trust/facts.h>

#include <stddef.h>

struct judged {
    const struct check *check;
    int64_t began_s;
    enum severity severity;
};

/* Why a device's verdict is what it is. */
enum verdict_cause {
    CAUSE_NONE = 0,
    CAUSE_STATE, /* expected, lost or retired */
    CAUSE_QUARANTINED,
    CAUSE_NO_CERTIFICATE,
    CAUSE_ISSUER_ENDED,
    CAUSE_NOT_YET,
    CAUSE_VALID,
    CAUSE_GRACE,
    CAUSE_EXPIRED,
    CAUSE_FINDING, /* one that is open refuses */
    CAUSE_COUNT
};
/* For people: why, and what would change it. */
const char *cause_text(enum verdict_cause cause);
const char *cause_change(enum verdict_cause cause);

struct standing {
    enum verdict verdict; /* of a device */
    enum verdict_cause cause;
    size_t n; /* open findings */
    struct judged findings[CHECK_MAX];
    int64_t next_s;    /* when time alone may change the answer; 0 = never */
    uint64_t measured; /* bit per check whose facts somebody produced */
    uint64_t failed;   /* bit per check that answered nonsense: what it said before still stands */
};

/* So much later than now may a condition have begun: clocks step back a little. */
#define BEGAN_SLACK_S 300

struct standing standing(const struct facts *facts, const struct policy *policy, int64_t now_s);

/* The finding of check `number` that is open in it, or NULL. */
const struct judged *standing_finding(const struct standing *standing, int number);
bool standing_has(const struct standing *standing, int number);
/* n of the first TD-n that is open and whose effect refuses; 0 = none. */
int standing_refusing(const struct standing *standing, const struct policy *policy);
bool standing_failed(const struct standing *standing, int number);
bool standing_measured(const struct standing *standing, int number);

/* What boundaries hold for a certificate in `state` of a device in `device` state (design 2). */
enum status certificate_status(enum cert_state state, enum device_state device);

#define FORK_AFTER_S                                                                               \
    60 /* a handshake that began so long after the successor was proven is a fork */

/* Pending or current: it opens doors. Superseded or voided: something newer took its place. */
bool certificate_is_live(enum cert_state state);
bool certificate_is_replaced(enum cert_state state);

/* Does the pair (credential, SPKI) that obtained it repeat its answer? While it is pending, or
 * current and younger than PAIR_REPEATS_S; never past its end. Design 5, Renewal. */
#define PAIR_REPEATS_S 86400
bool certificate_repeats(enum cert_state state, int64_t not_before_s, int64_t not_after_s,
                         int64_t now_s);

/* Does the use of a certificate in this state show two holders of one identity (TD-02)?
 * `state_at_s` is when it got there, `handshake_s` when the handshake began. Design 5, Renewal. */
bool certificate_use_is_fork(enum cert_state state, int64_t state_at_s, int64_t handshake_s);

/* Expired, live otherwise, and within its product's grace: it renews, and opens nothing else. */
bool certificate_is_in_grace(enum cert_state state, int64_t not_after_s,
                             const struct policy *policy, int64_t now_s);

/* Is an expired certificate in use (TD-09)? */
bool certificate_use_is_late(enum cert_state state, int64_t not_after_s, int64_t now_s);

/* Has the device shown that it holds its registered key? What was only imported quarantines nobody.
 */
bool device_showed_key(enum proof proof);

/* May a first use of its pending certificate make the device active? */
bool device_can_prove(enum device_state state);

/* The state that `verb` leads to from `from`; STATE_NONE = the verb is refused there. */
enum device_state device_edge(enum device_state from, enum device_verb verb);

/* A token never enrols an active device, and a tombstone only beside a permit; a permit is for a
 * tombstone only. */
bool device_takes_token(enum device_state state, bool has_permit);
bool device_takes_permit(enum device_state state);

/* May it be given to another owner? Not while it is suspect, lost or gone. */
bool device_can_move(enum device_state state);

/* The state after a certificate was issued; an active device stays so until the new one is used. */
enum device_state device_after_issue(enum device_state state);

/* The state after its pending certificate was used. */
enum device_state device_after_proof(enum device_state state);

/* May an import still correct batch and hold? A tombstone takes no import at all. */
bool device_takes_correction(enum device_state state);
bool device_is_tombstone(enum device_state state);

/* Quarantined, lost or retired: what an older copy of the database must not let go. */
bool device_is_kept_down(enum device_state state);

/* Where `readmit` really leads: as far as the device's certificates ever came. */
enum device_state device_after_readmit(bool was_ever_used, bool has_live);

#endif
