/* The ledger's ES256 key, and what it signed. The crypto room is for one thread: whoever of this
 * room uses it holds seal_lock(). */
#ifndef BOUNDARY_SEAL_H
#define BOUNDARY_SEAL_H

#include <base/err.h>
#include <troth/verify.h>
#include <wire/cose.h>

#include <stdbool.h>

#define SEAL_NAME_MAX 128 /* octets of a log's name */

struct seal_key {
    char name[SEAL_NAME_MAX + 1]; /* of the ledger */
    uint8_t point[TROTH_POINT_N];
};

void seal_lock(void);
void seal_unlock(void);

/* A C2SP verifier key, NAME+ID+KEY, of type ES256 as `trothd` prints it. E_USAGE with the rule. */
MUST_USE enum result seal_read_key(struct bytes text, struct seal_key *ret, struct err *err);

/* Reads a COSE_Sign1 and checks its signature before anything in it is looked at. E_SYNTAX,
 * E_SIGNATURE, E_MEMORY. Takes the lock itself. */
MUST_USE enum result seal_open(const struct seal_key *key, struct bytes octets,
                               struct cose_sign1 *ret, struct err *err);

#endif
