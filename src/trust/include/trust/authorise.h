/* Who proved what, wants what: the one table that turns it into an answer (design 1.4).
 *
 * Pure. The table is indexed [operation][credential][device state]; a cell that no row fills
 * refuses. What hangs on more than these three (the product's proofs, hold, permits, budgets, the
 * keys) is judged by the cell's own rule in authorise(), in the order of the fields of struct ask.
 */
#ifndef TRUST_AUTHORISE_H
#define TRUST_AUTHORISE_H

#include <base/err.h>
#include <trust/words.h>

#include <stdbool.h>
#include <stdint.h>

enum operation { OPERATION_NONE = 0, OPERATION_ENROL, OPERATION_REENROL, OPERATION_COUNT };

/* What the connection and the request have shown. */
enum credential {
    CREDENTIAL_NONE = 0,
    CREDENTIAL_CLAIM,          /* a certificate that many devices share */
    CREDENTIAL_TOKEN,          /* HTTP Basic with a single-use token */
    CREDENTIAL_REGISTERED_CSR, /* nothing but the CSR, signed by a factory-registered key */
    CREDENTIAL_REGISTERED_TLS, /* TLS client authentication by a self-signed certificate over it */
    CREDENTIAL_IDEVID,         /* a chain to an anchor, or to our IDevID issuer */
    CREDENTIAL_LDEVID,         /* a certificate of our LDevID issuer */
    CREDENTIAL_OPERATOR,
    CREDENTIAL_COUNT
};

/* Everything that the answer hangs on. Whoever fills it reads, never decides. */
struct ask {
    enum operation operation;
    enum credential credential;
    enum device_state state;
    uint32_t product_proofs; /* bit per enum proof that the product accepts at first enrolment */
    bool hold;               /* a person must admit the device first */
    bool has_permit;         /* an open permit for this device */
    bool is_old_board;       /* that is for another board, and the proof was shown here before */
    bool repeats;            /* this credential and key have an answer that is still good */
    bool is_token_used;      /* the token enrolled already: it only repeats that answer */
    bool is_quarantine_automatic;
    bool is_proof_key_bad;    /* the proof's key is the key of the finding */
    bool is_new_key_bad;      /* the requested key is that key, or one the device had before */
    bool is_key_compromised;  /* the requested key was revoked as compromised */
    bool is_key_elsewhere;    /* the requested key is on another device or holder (TD-01) */
    bool is_moving;           /* both sides signed that the device goes to another owner */
    bool is_key_of_before;    /* the requested key was certified for it before they did */
    bool is_certificate_live; /* the presented LDevID is pending or current */
    bool is_certificate_expired;
    bool is_in_grace;             /* expired, and within its product's grace (trust/standing.h) */
    bool is_certificate_replaced; /* the presented LDevID was superseded or voided (TD-02) */
    int refusing;                 /* n of an open TD-n whose effect refuses; 0 = none */
    int64_t enrols_this_year;
    uint32_t enrols_a_year;
};

enum decision { DECISION_REFUSE = 0, DECISION_WAIT, DECISION_ISSUE, DECISION_COUNT };

struct answer {
    enum decision decision;
    enum code code;     /* why not; E_NONE with DECISION_ISSUE */
    const char *wanted; /* with a code: what would have been accepted, for the operator's log */
    bool is_proven;     /* the caller has shown possession: he may be told why */
    bool is_anew;       /* enrols again while active: counted, a low finding */
    bool ends_quarantine;
    bool is_under_grace; /* an expired certificate renews: noted, TD-09 */
    bool uses_permit;
    bool uses_token;
    enum proof proof; /* the level that this enrolment shows */
};

struct answer authorise(const struct ask *ask);

/* The proof level that a credential shows at a first enrolment. */
enum proof credential_proof(enum credential credential);

const char *credential_word(enum credential credential);
const char *operation_word(enum operation operation);

/* Is the caller known to hold a key of the device, before the CSR was looked at? */
bool credential_shows_possession(enum credential credential);

#endif
