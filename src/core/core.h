/* Inside core: one struct, one loop. Read core.c first. */
#ifndef CORE_INSIDE_H
#define CORE_INSIDE_H

#include <core/core.h>

#include <ipc/reload.h>

#include "boundaries.h"
#include "bulk.h"
#include "feed.h"
#include "imports.h"
#include "jobs.h"
#include "ocsp.h"
#include "publish.h"
#include "reports.h"
#include "sweep.h"
#include "tidy.h"
#include "trial.h"
#include "webhooks.h"

#include <ipc/record.h>
#include <service/approval.h>
#include <service/enrol.h>
#include <service/service.h>

#define CORE_FRONTS_MAX CONFIG_FRONTS_MAX
#define CORE_CHANNELS_MAX (CORE_FRONTS_MAX + 3) /* and desk, signer, courier */
#define CORE_DRAIN 256                          /* messages taken from one channel in one turn */
#define CORE_TICK_MS 250                        /* publishing and timers */
#define CORE_CHECKPOINT_US 400000 /* a change is in a signed checkpoint after about that */
#define CORE_LOG_PAGES 2000       /* of the write-ahead log before it is copied back: 8 MB */
#define CORE_CRL_WAIT_S 5         /* so long one CRL waits for the rest of a bulk verb */

struct counts { /* since start */
    uint64_t issued, repeated, refused, orphaned, verbs, lost_seen, reports;
};

struct core {
    const struct config *config;
    struct store *store;
    struct service service;
    struct ipc_channel fronts[CORE_FRONTS_MAX];
    bool has_certificate[CORE_FRONTS_MAX]; /* the front's TLS port can answer */
    unsigned front_count;
    struct ipc_channel desk;
    struct ipc_channel signer;
    struct ipc_channel courier;
    struct reload reload;
    int public_dir;
    int ballast;               /* core/ballast.c */
    int64_t now_s;             /* read once a turn */
    bool in_turn;              /* a transaction is open */
    bool is_agreed, is_loaded; /* journal and ledger were compared; the desk was told so */
    uint64_t journal;          /* last journal record of this turn's certificates; 0 = none */
    struct jobs jobs;
    struct import import;
    struct bulk_job bulk;
    struct publish publish;
    struct feed feed;
    struct boundaries boundaries;
    struct ocsp ocsp;
    struct webhooks webhooks;
    struct tidy tidy;
    struct trial_job trial;
    struct report_rate reports[CORE_REPORTERS];
    struct reporters reporters;
    struct counts counts;
    int64_t ticked_us;
    int64_t forgot_s; /* when what had its time was dropped last */
    int exit_status;  /* -1 = go on */
};

/* turn.c: the transaction that everything in one turn shares. Begun when first needed. */
MUST_USE enum result turn_begin(struct core *core, struct err *err);
/* A part that may be undone alone: then the turn goes on, or for `why` nothing does (turn_fail). */
MUST_USE enum result turn_part_begin(struct core *core, struct err *err);
MUST_USE enum result turn_part_keep(struct core *core, struct err *err);
MUST_USE enum result turn_part_undo(struct core *core, struct err *why);
/* Commits, and only then answers what the turn finished. */
void turn_end(struct core *core);
/* Everything since turn_begin() is undone: its jobs are answered E_BUSY, and what the signer signed
 * for them is found again in its journal and recorded as orphaned. */
void turn_fail(struct core *core, const struct err *why);

/* handlers.c: what each message means; a message without a row never gets here (ipc/messages.def).
 */
void core_handle(struct core *core, struct ipc_channel *from, struct ipc_message *message);

/* enrol.c */
void core_enrol(struct core *core, struct ipc_channel *front, const struct msg_enrol *ask);
void core_go_on(struct core *core, struct job *job, struct bytes csr);
void core_server_csr(struct core *core, struct ipc_channel *from, const struct msg_server_csr *ask);
void core_sighting(struct core *core, const struct msg_sighting *sighting);
void core_desk_sighting(struct core *core, const struct msg_desk_sighting *sighting);
/* A lost device that was seen: somebody waits for this. */
void core_tell_lost(struct core *core, int64_t device);
void core_sign_answer(struct core *core, const struct msg_sign_answer *answer);
void core_checked(struct core *core, const struct msg_checked_csr *checked);
/* Answers the job and ends it; the channel's backlog decides when. */
void core_answer(struct core *core, struct job *job);
void core_retry_waiting(struct core *core);

void core_csrattrs(struct core *core, struct ipc_channel *front, const struct msg_csrattrs *ask);

/* verbs.c */
void core_verb(struct core *core, const struct ipc_message *message);
void core_operator_add(struct core *core, const struct msg_operator_add *ask);
void core_operator_renew(struct core *core, const struct msg_operator_renew *ask);
void core_operator_recover(struct core *core, const struct msg_operator_recover *wish);
/* Runs a verb whose changes go to `watch`, and undoes it; `answer` may be NULL. */
MUST_USE enum result core_rehearse(struct core *core, const struct ipc_message *message,
                                   const struct operator_is *who, struct watch *watch,
                                   struct msg_verb_answer *answer, struct err *err);
/* Runs one that people approved, or that needs nobody, in a transaction of its own. */
MUST_USE enum result core_run_verb(struct core *core, const struct ipc_message *message,
                                   const struct operator_is *who, struct err *err);
void core_answer_verb(struct core *core, const struct msg_verb_answer *answer);

/* Records the request of what takes two people; `answer` gets it. */
MUST_USE enum result core_ask_people(struct core *core, const struct ipc_message *message,
                                     const struct operator_is *who, struct msg_verb_answer *answer,
                                     struct err *err);

/* approvals.c */
void core_approval_signed(struct core *core, int64_t id);
void core_approved(struct core *core, const struct msg_approved *approved);
MUST_USE enum result core_approvals_resume(struct core *core, struct err *err);

/* agree.c: signer's journal against the ledger. */
MUST_USE enum result agree_ask(struct core *core, struct err *err);
MUST_USE enum result agree_item(struct core *core, const struct msg_journal_item *item,
                                struct err *err);
MUST_USE enum result agree_end(struct core *core, const struct msg_journal_end *end,
                               struct err *err);

/* remember.c: what the signer's journal keeps against an older copy of the database; health.c */
void remember_tick(struct core *core);
void core_remembered(struct core *core, const struct msg_remembered *answer);
void core_health(struct core *core, const struct msg_health_ask *ask);

/* ballast.c: room that is given back when the disk is full, so that revocation goes on. */
MUST_USE enum result ballast_open(struct core *core, struct err *err);
void ballast_drop(struct core *core);
void ballast_tick(struct core *core);

#endif
