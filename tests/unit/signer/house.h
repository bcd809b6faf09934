/* An installation for the signer, and core's end of its channel. */
#ifndef TEST_HOUSE_H
#define TEST_HOUSE_H

#include "session.h"

#include <crypto/csr.h>

#define HOUSE_NOW_S INT64_C(1795000000)

struct house {
    char folder[64];
    struct config config;
    struct session session;
    struct ipc_channel core;
    int supervisor_fd;
    enum key_kind issuer_kind; /* the root's too */
    struct key *root;
    struct key *device;
    struct blob csr;
    struct serial serial;
    uint32_t number;             /* of the next certificate */
    uint8_t webhook_key[32];     /* as the signer told it last */
    const struct pki_site *site; /* as core builds; NULL: as the session has it */
};

/* Makes keys, certificates and folders, and opens the session; core has agreed. */
struct house *house_new(void);
struct house *house_new_of(enum key_kind issuers, enum key_kind device);
void house_free(struct house *house);

/* Ends the session and opens it again on the same files, as after a crash; nothing is agreed. */
void house_restart(struct house *house);

/* The key and, if wanted, certificate of one more issuer, for the next start: "ldevid-7", or
 * "idevid-7". */
void house_add_issuer(struct house *house, enum pki_issuer_kind kind, const char *name,
                      bool has_certificate);

/* Core asks from `after` on and agrees to a ledger of `size` entries. */
void house_agree(struct house *house, uint64_t after, uint64_t size);

/* A message that the signer must sign: an LDevID for the device. */
struct msg_sign house_sign(struct house *house);

/* What core's own build of it hashes to: after every change of the message. */
void house_hash(struct house *house, struct msg_sign *message);

/* Sends, lets the signer have its turn, and receives the answer, which lives until the next.
 * That the webhooks' key was told is kept, and no answer. */
struct ipc_message house_ask(struct house *house, enum ipc_type type, const void *message, int fd);
void house_send(struct house *house, enum ipc_type type, const void *message, int fd);
enum result house_turn(struct house *house);
enum result house_receive(struct house *house, struct ipc_message *ret);

#endif
