/* Private: OCSP between fronts and signer: what is said of each certificate, who signs it, and whom
 * it is taken back from. Nothing is stored. */
#ifndef CORE_OCSP_H
#define CORE_OCSP_H

#include <ipc/ipc.h>
#include <pki/ocsp.h>
#include <pki/profile.h>

#define OCSP_ASKS_MAX 256       /* under way, of all fronts: more are told to try later */
#define OCSP_WAIT_S 5           /* for a responder that has no certificate yet */
#define OCSP_WITH_SIGNER_MAX 32 /* so long, 0.7 ms, a CRL waits behind them at most */

/* One request, from a front's message to its answer. */
struct ocsp_ask {
    struct ipc_channel *front;
    uint64_t front_id;
    uint64_t number; /* the id that the signer carries back; 0 = the slot is free */
    bool is_with_signer;
    struct ocsp_ask *next; /* in line, when it is not with the signer */
    int64_t since_s;       /* when it came */
    uint32_t issuer;
    bool may_keep;    /* about one certificate that there is, without a nonce */
    uint64_t changes; /* service->said.count when it was said */
    int64_t this_update_s, next_update_s;
    size_t ids_n, said_n, nonce_n; /* octets */
    uint8_t ids[OCSP_IDS_OCTETS], said[OCSP_SAID_OCTETS], nonce[OCSP_NONCE_MOST];
};

/* Who answers for an issuer. */
struct ocsp_responder {
    struct ocsp_issuer name;
    bool is_named;   /* `name` was read */
    int64_t asked_s; /* for a key that has no certificate yet; 0 = none was */
    int64_t renew_s; /* when the next one is due; 0 = there is none */
    int64_t ends_s;
};

struct ocsp {
    struct ocsp_ask *asks; /* OCSP_ASKS_MAX; owned; NULL before the first */
    uint64_t number;       /* of the last one */
    unsigned used, with_signer;
    struct ocsp_ask *first, *last; /* in line for the signer; `last` counts while there is one */
    struct ocsp_responder responders[PKI_ISSUERS];
    bool owes_all[CONFIG_FRONTS_MAX]; /* a front that had no room is told that everything changed */
    uint64_t answers;                 /* for metrics */
};

struct core;
struct msg_ocsp_ask;
void core_ocsp_ask(struct core *core, struct ipc_channel *front, const struct msg_ocsp_ask *ask);
void core_ocsp_signed(struct core *core, const struct msg_signed_ocsp *answer);

/* After each turn: what waits goes to the signer, behind all else. */
void core_ocsp_step(struct core *core);
/* Behind that: what was said to signer and fronts in this turn is sent, to each at once. */
void core_ocsp_flush(struct core *core);
/* After each commit: fronts take back what they kept of whoever changed. */
void core_ocsp_tell(struct core *core);
void core_ocsp_free(struct core *core);

/* core/responder.c: is there somebody to answer for that issuer now? If not, or not for long, one
 * is asked for. */
bool responder_is_there(struct core *core, uint32_t issuer);
void core_ocsp_key(struct core *core, const struct msg_ocsp_key *key);
struct job;
void responder_certified(struct core *core, const struct job *job);
/* The issuer that a CertID is of; 0 = none that is in use. */
uint32_t responder_issuer_of(struct core *core, const struct ocsp_id *id);

#endif
