/* Keys that sign releases and key sets: PEM, or a folder with an LMS key (crypto/lms_folder.h). */
#ifndef CLI_SIGNING_KEY_H
#define CLI_SIGNING_KEY_H

#include <cli/session.h>
#include <crypto/key.h>

struct signing_key {
    const char *path;  /* argv's */
    int32_t algorithm; /* COSE */
    struct key *key;   /* NULL for a folder */
    struct secret passphrase;
    bool has_passphrase;
};

void signing_key_free(struct signing_key *key);

/* The key of --key, under the passphrase in --passphrase-file where that is given. E_KEY, for a
 * kind that devices do not verify too. Of a folder no index is reserved yet. */
MUST_USE enum result signing_key_open(const struct session *session, struct signing_key *ret,
                                      struct err *err);

/* A COSE_Sign1 (RFC 9052 4.2) with a detached payload. `type`: of the protected header; empty:
 * none. */
MUST_USE enum result signing_key_sign(const struct signing_key *key, struct bytes type,
                                      struct bytes payload, struct blob *ret, struct err *err);

/* The public half as a key set has it: of a folder, or of a file with a public key in PEM. */
MUST_USE enum result signing_key_public(const char *path, int32_t *ret_algorithm, struct blob *ret,
                                        struct err *err);

/* Where this user's records of LMS keys are, made if need be: $XDG_STATE_HOME/troth/lms. */
MUST_USE enum result signing_key_records(char ret[CLI_PATH_MAX], struct err *err);

/* --passphrase-file, if it is given. */
MUST_USE enum result signing_key_passphrase(const struct session *session, struct secret *ret,
                                            bool *ret_is_there, struct err *err);

/* FILE, an envelope or a key set, with one signature more, as --out. */
MUST_USE enum result signing_key_append(struct session *session, struct bytes object,
                                        bool is_envelope, struct err *err);

/* Octets into --out, and what was done. */
MUST_USE enum result signing_key_put(struct session *session, struct bytes octets,
                                     size_t signatures, struct err *err);

/* Decimal digits at *at, which goes behind them; false without any, and beyond 32 bits. */
bool signing_read_number(const char **at, uint32_t *ret);

#endif
