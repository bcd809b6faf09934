/* What people do, for tests: operators with keys, transfers, policies, waivers, issuers that follow
 * one another. What a verb refuses is undone. */
#ifndef SERVICE_ACTS_H
#define SERVICE_ACTS_H

#include "fixture.h"

#include <base/limits.h>
#include <pki/grant.h>

/* ---- operators and transfers ---- */

struct person {
    struct key *key; /* the caller's: key_freep() */
    struct operator_is who;
};

/* An operator of that scope (empty: none), with a certificate over a key that signs. */
void add_person(struct fixture *f, enum role role, const char *scope, struct person *ret);
/* Signs the transfer's bytes: step TRANSFER_RELEASED or TRANSFER_ACCEPTED. */
enum result sign_step(struct fixture *f, const struct person *by, int64_t id, uint8_t step);

/* ---- policies and waivers ---- */

struct policy_octets {
    size_t n;
    uint8_t bytes[LIMIT_POLICY_BYTES];
};

/* "renew-by" "90", "TD-06" "quarantine": one statement, or with NULL none. */
struct policy_octets policy_of(struct fixture *f, const char *word, const char *value);
enum result set_policy(struct fixture *f, const struct operator_is *who,
                       const struct msg_policy_set *ask, struct msg_verb_answer *answer);
/* By an admin, for a product or (empty) the fleet. */
enum result set_one_policy(struct fixture *f, const char *product, const char *word,
                           const char *value);
/* Judges everything anew that waits for that; how many steps it took. */
int sweep(struct fixture *f);
enum result add_waiver(struct fixture *f, const struct operator_is *who,
                       const struct msg_waiver_add *ask);
enum result end_waiver(struct fixture *f, const struct operator_is *who, int64_t id);

/* ---- issuers ---- */

/* The certificate of an issuer; it lives for 1,000 days. */
struct made_issuer {
    uint8_t space[TBS_MAX];
    struct bytes der;
    uint8_t spki[32];
};

void make_issuer(struct fixture *f, const char *name, enum pki_issuer_kind kind, uint32_t number,
                 struct made_issuer *ret);
enum result add_issuer(struct fixture *f, const char *owner, uint32_t number,
                       enum pki_issuer_kind kind, struct bytes certificate);
/* One of LDevIDs, of an owner or (empty) the fleet, whose key the signer has. */
enum result follow_issuer(struct fixture *f, const char *owner, uint32_t number, const char *name);

#endif
