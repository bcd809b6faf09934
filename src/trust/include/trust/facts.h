/* What is known about one subject, and nothing that is judged. Read from rows by src/registry/;
 * judged by standing() and nowhere else. */
#ifndef TRUST_FACTS_H
#define TRUST_FACTS_H

#include <trust/policy.h>
#include <trust/words.h>

#include <stdbool.h>
#include <stdint.h>

/* What a finding can be about. Numbers stand in ledger rows. */
enum subject_kind {
    SUBJECT_NONE = 0,
    SUBJECT_DEVICE,
    SUBJECT_PRODUCT,
    SUBJECT_INSTALLATION, /* its id is 0 */
    SUBJECT_ISSUER,
    SUBJECT_FOREIGN, /* a certificate that another CA issued */
    SUBJECT_CHECK,   /* a check that failed to judge; its id is the check's number */
    SUBJECT_BOUNDARY,
    SUBJECT_BINDING,
    SUBJECT_COUNT
};

/* The word that people and the API use; "none" for zero and for what does not exist. */
const char *subject_word(enum subject_kind kind);

/* A fact is unmeasured until somebody produced it: zero says so. */
enum known { UNMEASURED = 0, NO, YES };

/* A condition and, when YES, the instant it began. */
struct since {
    enum known known;
    int64_t at_s;
};

struct facts {
    enum subject_kind kind;

    /* A device's. */
    enum device_state state;
    bool hold;
    int quarantine; /* 0 none, 1 automatic, 2 by a person */
    enum proof proof;
    int64_t enrolled_at_s; /* first certificate issued; 0 = never */
    bool is_issuer_ended;  /* the issuer of its newest certificate was retired */

    /* Its newest certificate that is pending or current, or the foreign one; not_after_s 0 = none.
     */
    enum cert_state cert_state;
    int64_t not_before_s; /* 0 = not known, of a foreign one */
    int64_t not_after_s;
    int64_t renew_at_s;   /* TD-07 its own instant of renewal; 0 = unmeasured */
    int64_t key_since_s;  /* TD-10 the first of its holder's over the same key; 0 = unmeasured */
    int64_t key_renewals; /* TD-10 how many followed that one, over the same key */
    int64_t heard_at_s;   /* TD-35 when its holder was heard last; 0 = unmeasured */

    /* A foreign certificate's. It owes for what it is while it is in use: presented where a scan
     * looked, or, never seen, valid by the list that named it. 0 = no such instant. */
    int64_t in_use_from_s, in_use_until_s;
    int64_t above_until_s; /* TD-16 the first end of a CA above it; 0 = unmeasured */

    /* An issuer's; its own end is not_after_s. */
    enum issuer_state issuer_state;
    int64_t leaves_until_s; /* TD-16, 21: the last end of what it issued that is live; 0 = none */
    int64_t crl_half_s;     /* TD-18 half the window of the oldest of its CRLs; 0 = unmeasured */

    /* The installation's. */
    enum known custody_known; /* TD-22 where the keys of CAs are */
    enum custody custody;
    int64_t
        backup_at_s; /* TD-45 the last backup, or drill; if none the beginning; 0 = unmeasured */
    int64_t drill_at_s;

    /* A binding's: TD-39. 0 = unmeasured; and of its end: it has none. */
    int64_t
        access_used_s; /* when a device that it is for was let in last; if never, its beginning */
    int64_t access_until_s;

    /* Conditions, by the check that follows them. */
    struct since key_shared;        /* TD-01 the key is also another's */
    struct since forked;            /* TD-02 a replaced certificate was used */
    struct since shared_credential; /* TD-03 enrolled on a claim that many share */
    struct since token_open;        /* TD-04 a token is open although the device is onboarded */
    int64_t token_until_s;          /* when the last open token ends by itself; 0 = there is none */
    int64_t permit_until_s;  /* TD-17 when the last open permit does, that a token waits for */
    int64_t foreign_until_s; /* TD-17 when the last valid certificate of another CA does */
    struct since not_in_inventory;    /* TD-05 */
    struct since expired_used;        /* TD-09 presented an expired certificate */
    struct since weak_key;            /* TD-12 */
    struct since clock;               /* TD-13 */
    struct since replaced_alive;      /* TD-14 a replaced certificate is not on a published CRL */
    struct since revoked_in_use;      /* TD-15 admitted after that, says a boundary */
    struct since session_left;        /* TD-15 it ended then, and a session of it is open */
    struct since credential_alive;    /* TD-17 a certificate is pending or current */
    struct since crl_missing;         /* TD-18 what ended and is on no published CRL */
    struct since boundary_behind;     /* TD-19 */
    struct since cut_off_slow;        /* TD-20 */
    struct since sandbox_refused;     /* TD-22 a part of it, by the configuration */
    struct since outside_profile;     /* TD-23 */
    struct since root_issued_leaf;    /* TD-24 its issuer is a root */
    struct since firmware_unknown;    /* TD-25 */
    struct since firmware_unsigned;   /* TD-26 */
    struct since evidence_weak;       /* TD-27 */
    struct since below_floor;         /* TD-28 */
    struct since rollback_open;       /* TD-29 */
    struct since rollout_unproven;    /* TD-30 */
    struct since boot_open;           /* TD-31 */
    struct since old_signer_trusted;  /* TD-32 */
    struct since metadata_expiring;   /* TD-33 */
    struct since release_incomplete;  /* TD-34 */
    struct since no_owner;            /* TD-36 since it is in use */
    struct since used_by_person;      /* TD-38 */
    struct since too_much_access;     /* TD-39 a binding's pattern takes in what others have */
    struct since fails_open;          /* TD-39 a service of a boundary does */
    struct since wrong_environment;   /* TD-40 */
    struct since station_exceeded;    /* TD-41 */
    struct since ledger_gap;          /* TD-42 */
    struct since transfer_unfinished; /* TD-43 its owner changed, something of before is alive */
    int64_t moved_s;                  /* when that was, by its receipt; 0 = it never moved */
    int64_t left_until_s; /* TD-43 when the last certificate of before it of another CA ends */
    struct since transfer_accepted; /* both sides signed, and it did not come over yet */
    struct since config_drift;      /* TD-44 */

    /* TD-37: per check the last expiry of the waivers that cover the subject and nobody ended; 0 =
     * none. */
    enum known waivers_read; /* YES or UNMEASURED */
    int64_t waived_until_s[CHECK_MAX + 1];
};

#endif
