/* The words of the field as numbers that are stored and sent: never renumbered (design 2).
 * Zero is always the value that grants nothing. */
#ifndef TRUST_WORDS_H
#define TRUST_WORDS_H

#include <trust/authority_words.h>
#include <wire/status.h>

#include <stdint.h>

enum device_state {
    STATE_NONE = 0,
    STATE_EXPECTED,    /* imported; perhaps on hold */
    STATE_ENROLLED,    /* a certificate was issued, not used yet */
    STATE_ACTIVE,      /* its certificate was used */
    STATE_QUARANTINED, /* refused until a person or a re-proof ends it */
    STATE_LOST,
    STATE_RETIRED, /* tombstone */
    STATE_COUNT
};

/* What an operator does to a device. */
enum device_verb {
    VERB_NONE = 0,
    VERB_ADMIT, /* ends hold */
    VERB_HOLD,
    VERB_QUARANTINE,
    VERB_READMIT,
    VERB_REVOKE, /* all its certificates; the device stays known */
    VERB_RETIRE,
    VERB_LOST,
    VERB_FOUND,
    VERB_COUNT
};

enum proof {
    PROOF_NONE = 0,
    PROOF_CLAIM,      /* shared claim */
    PROOF_TOKEN,      /* single-use token */
    PROOF_REGISTERED, /* factory-registered key */
    PROOF_IDEVID,     /* IDevID chain */
    PROOF_HARDWARE,   /* hardware-resident key proven by TPM */
    PROOF_ATTESTED,
    PROOF_COUNT
};

enum cert_state {
    CERT_NONE = 0,
    CERT_PENDING,    /* issued, not used yet */
    CERT_CURRENT,    /* used: proven */
    CERT_SUPERSEDED, /* a successor was proven */
    CERT_VOIDED,     /* another key replaced it before first use */
    CERT_REVOKED,
    CERT_ORPHAN, /* signed, never committed: revoked */
    CERT_STATE_COUNT
};

enum verdict {
    VERDICT_REFUSED = 0,
    VERDICT_QUARANTINED,
    VERDICT_GRACE,
    VERDICT_TRUSTED,
    VERDICT_COUNT
};

/* What an anchor is accepted for. Who signs manifests proves no device, and the other way round. */
enum anchor_use {
    ANCHOR_PROOF = 0, /* devices below it prove themselves by their IDevIDs */
    ANCHOR_MANIFEST,  /* a maker's manifests are signed by it: the certificate is pinned */
    ANCHOR_INVENTORY, /* another CA, whose certificates are on record and prove nothing */
    ANCHOR_USE_COUNT
};

/* A certificate of another CA. Expired is said by the clock, and never stored. */
enum foreign_state {
    FOREIGN_NONE = 0,
    FOREIGN_VALID,
    FOREIGN_REVOKED,
    FOREIGN_EXPIRED,
    FOREIGN_STATE_COUNT
};

enum role { ROLE_NONE = 0, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN, ROLE_COUNT };

/* Certificate profiles (pki/profile.h). */
enum profile_id {
    PROFILE_NONE = 0,
    PROFILE_IDEVID,
    PROFILE_LDEVID,
    PROFILE_TLS_SERVER,
    PROFILE_BOUNDARY,
    PROFILE_OPERATOR,
    PROFILE_OCSP,
    PROFILE_COUNT
};

/* Algorithms of public keys: bit 1 << n of what a product accepts (KEYS_* of pki/keyquality.h). */
enum key_algorithm { KEY_ALG_P256, KEY_ALG_P384, KEY_ALG_ED25519, KEY_ALG_RSA, KEY_ALG_COUNT };

/* A request of an act of two people. */
enum approval_state {
    APPROVAL_NONE = 0,
    APPROVAL_OPEN,
    APPROVAL_EXECUTED,
    APPROVAL_WITHDRAWN, /* by a person */
    APPROVAL_EXPIRED,
    APPROVAL_STALE, /* what it would change had changed when it was to run */
    APPROVAL_STATE_COUNT
};

/* A transfer of ownership: a row beside the device's state. The device's owner is the old one until
 * it is done. */
enum backup_kind {
    BACKUP_NONE = 0,
    BACKUP_MADE,
    BACKUP_DRILLED, /* verified as a restore would */
    BACKUP_COUNT
};

enum transfer_state {
    TRANSFER_NONE = 0,
    TRANSFER_ASKED,    /* and not signed */
    TRANSFER_RELEASED, /* signed by the old owner's side */
    TRANSFER_ACCEPTED, /* signed by both: open until the new owner's certificate is used */
    TRANSFER_DONE,
    TRANSFER_ABORTED, /* by either side, or the device ended */
    TRANSFER_EXPIRED, /* not accepted in time; no row says so */
    TRANSFER_STATE_COUNT
};

/* The word that people and the API use; "none" for zero and for what does not exist. */
const char *device_state_word(enum device_state state);
const char *device_verb_word(enum device_verb verb);
const char *proof_word(enum proof proof);
const char *cert_state_word(enum cert_state state);
const char *verdict_word(enum verdict verdict);
const char *role_word(enum role role);
const char *profile_word(enum profile_id profile);
const char *approval_state_word(enum approval_state state);
const char *transfer_state_word(enum transfer_state state);
const char *foreign_state_word(enum foreign_state state);

/* NULL for what does not exist. */
const char *anchor_use_word(enum anchor_use use);
const char *key_algorithm_word(enum key_algorithm algorithm);

#endif
