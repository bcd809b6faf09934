/* Private: the signer at work. */
#ifndef SIGNER_SESSION_H
#define SIGNER_SESSION_H

#include <base/blob.h>
#include <base/config.h>
#include <ipc/reload.h>
#include <pki/grant.h>
#include <pki/note.h>
#include <signer/backend.h>

#include "delegate.h"
#include "job.h"
#include "journal.h"

/* Of one batch, 2 ms of signatures: core commits one batch while the next is verified. At 64
 * connections 16 gives 4,980 certificates a second, 256 gives 4,390; syncs rise from 0.06 to 0.13.
 */
#define JOBS_MAX 16
#define CHECKS_PER_S 500 /* CSR signatures verified for refusals: 4 % of a core */
#define CRL_BYTES_MAX                                                                              \
    (12 << 20) /* a full shard takes under 3 MB, and its delta as much at most                     \
                */

/* One of our issuers. */
struct issuing {
    struct blob certificate; /* what `issuer` points into; empty: there is none */
    struct pki_issuer issuer;
    uint8_t spki[32]; /* SHA-256 */
};

/* So many a second, with a second's worth at once. */
struct bucket {
    int64_t left;
    int64_t filled_us;
};

/* What the configuration puts into certificates; its texts are the configuration's. */
struct site {
    struct pki_site pki;
    struct bytes names[CONFIG_NAMES_MAX];
};

struct session {
    const struct config *config;
    struct reload reload;
    struct ipc_channel core;
    const struct signer_backend *backend;
    struct signer_keys *keys;
    struct issuing issuers[PKI_ISSUERS]; /* by number */
    struct delegate delegates[PKI_ISSUERS];
    struct blob roots[PKI_ISSUERS]; /* certificates by number: one signs a recovery; DER */
    struct site site;
    struct site other_site;      /* during a reload: the next or the former; else it has no names */
    char origin[ORIGIN_MAX + 1]; /* name of the log and of its keys */
    struct journal *journal;
    bool was_asked;        /* core has heard what the journal has */
    bool has_agreed;       /* and its ledger has it too: before that nothing is signed */
    uint64_t core_knows;   /* records that core had in its ledger when it asked, */
    uint64_t asked_at;     /* of so many that there were */
    bool is_core_ahead;    /* core remembers more than the journal: nothing will be signed */
    uint64_t feed_floor;   /* generations up to it were a former process's */
    uint64_t feed_last;    /* of the last delta that was found right */
    uint64_t service_last; /* of the last service object, whoever's */
    struct bucket checks;
    struct job *jobs; /* JOBS_MAX */
    size_t jobs_n;
};

/* Opens keys, certificates and journal in the signer's folder. E_KEY, E_CERTIFICATE, E_JOURNAL,
 * E_IO. */
MUST_USE enum result session_open(struct session *session, const struct config *config, int core_fd,
                                  struct err *err);
void session_close(struct session *session);

/* Its parts, for who has no server: keys, certificates and the log's name; the journal. Each
 * session that was begun so is ended by session_close. */
MUST_USE enum result session_open_files(struct session *session, const struct config *config,
                                        struct err *err);
bool session_has_journal(const struct session *session);
MUST_USE enum result session_open_journal(struct session *session, const char *name,
                                          struct err *err);
/* A file in the signer's folder. */
#define SESSION_PATH_ROOM (CONFIG_PATH_MAX + 64)
#define SESSION_JOURNAL "journal"
MUST_USE enum result session_path(const struct session *session, const char *name,
                                  char ret[SESSION_PATH_ROOM], struct err *err);

/* A reload, from the supervisor's side of `session->reload`. */
extern const struct reload_hooks session_reload_hooks;

/* Handles every message that waits (at most JOBS_MAX), commits, signs, answers. R_UNREACHABLE when
 * core is gone. Any failure ends the process. */
MUST_USE enum result session_turn(struct session *session, struct err *err);

/* Sends to core, waiting while it has no room; R_UNREACHABLE also when the supervisor is gone. Of
 * many each is posted, and they go with the flush: ipc_post(). */
MUST_USE enum result session_send(struct session *session, enum ipc_type type, const void *message,
                                  int fd, struct err *err);
MUST_USE enum result session_post(struct session *session, enum ipc_type type, const void *message,
                                  struct err *err);
MUST_USE enum result session_flush(struct session *session, struct err *err);

/* One of our issuers; NULL for a number that none has here, which roots are too. */
const struct pki_issuer *issuer_find(const struct session *session, uint32_t number);

/* The key of an issuer that issuer_find() knows. */
enum signer_key issuer_signs_with(uint32_t number);

/* OK when things may be signed at all. E_JOURNAL. */
MUST_USE enum result session_may_sign(const struct session *session, struct err *err);

/* Answered at once: nothing of it is in the journal. */
MUST_USE enum result sign_webhook_now(struct session *session,
                                      const struct msg_sign_webhook *message, struct err *err);
MUST_USE enum result tell_webhook_key(struct session *session, struct err *err);

/* Each judges one message: OK with a filled job, or a refusal that goes to core as the answer. */
MUST_USE enum result judge_certificate(struct session *session, const struct msg_sign *message,
                                       struct job *job, struct err *err);
MUST_USE enum result judge_crl(struct session *session, const struct msg_sign_crl *message, int fd,
                               struct job *job, struct err *err);
MUST_USE enum result judge_checkpoint(struct session *session,
                                      const struct msg_sign_checkpoint *message, struct job *job,
                                      struct err *err);
MUST_USE enum result judge_feed(struct session *session, const struct msg_sign_feed *message,
                                int fd, struct job *job, struct err *err);
MUST_USE enum result judge_approve(struct session *session, const struct msg_approve *message,
                                   struct job *job, struct err *err);
MUST_USE enum result judge_remember(struct session *session, int fd, struct job *job,
                                    struct err *err);
MUST_USE enum result judge_csr(struct session *session, const struct msg_check_csr *message,
                               int64_t now_us, struct err *err);

/* And each signs and answers one job of its kind. Failures end the process. */
MUST_USE enum result finish_certificate(struct session *session, struct job *job, struct err *err);
MUST_USE enum result finish_crl(struct session *session, struct job *job, struct err *err);
MUST_USE enum result finish_checkpoint(struct session *session, struct job *job, struct err *err);
MUST_USE enum result finish_feed(struct session *session, struct job *job, struct err *err);
MUST_USE enum result finish_approve(struct session *session, struct job *job, struct err *err);
MUST_USE enum result finish_remember(struct session *session, struct job *job, struct err *err);

/* The comparison at the start: journal_ask and journal_agreed. */
MUST_USE enum result answer_journal_ask(struct session *session,
                                        const struct msg_journal_ask *message, struct err *err);
MUST_USE enum result take_journal_agreed(struct session *session,
                                         const struct msg_journal_agreed *message, struct err *err);

#endif
