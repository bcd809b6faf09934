/* Acts that take two people (design 5): a request is what exactly will run, as canonical bytes;
 * people sign these, the signer countersigns, and it runs once.
 *
 *   core:  rehearse the verb, undo it            approval_watch_*
 *          record the request                    approval_ask()
 *          record a signature                    verb_approval_sign()
 *          enough of them?                       approval_collect(), then IPC_APPROVE
 *          the signer's word                     approval_open(), rehearse again, compare, run, in
 * one transaction with approval_use() With fewer than two approvers acts run at once, but those
 * that change who approves. */
#ifndef SERVICE_APPROVAL_H
#define SERVICE_APPROVAL_H

#include <service/verb.h>

#define APPROVAL_SIGNERS_MAX 8

/* Must this event have an approval? (ledger/two_people.def) */
bool event_takes_two(enum event event);

/* Does an act of this kind wait for people now? */
bool approval_is_wanted(const struct service *service, enum ipc_type type);

/* Between begin and end the changes of every entry go to `watch`: of rows that are there, and of
 * what is not a time. Whoever rehearses undoes the transaction. */
struct watch {
    size_t n;
    struct buf changes; /* over `space` */
    uint8_t space[4096];
};
void approval_watch_begin(struct service *service, struct watch *watch);
void approval_watch_end(struct service *service);

/* A verb as it was asked for, and what its rehearsal changed. */
struct approval_wish {
    enum ipc_type type;
    const void *ask; /* the message's struct */
    const struct watch *watch;
};

/* Records the request of the verb `type` with its message `ask`, which the rehearsal found right;
 * answer has its counts, and gets `approval` and `body`. Inside a transaction. E_TOO_LARGE. */
MUST_USE enum result approval_ask(struct service *service, const struct operator_is *who,
                                  const struct approval_wish *wish, int64_t now_s,
                                  struct msg_verb_answer *answer, struct err *err);

/* Bytes for people to sign: the wish below this head, which lacks parameters, changes and counts.
 * They are service->approval_body until the next. E_TOO_LARGE. */
MUST_USE enum result approval_write_body(struct service *service, const struct approval *head,
                                         const struct approval_wish *wish,
                                         const struct msg_verb_answer *answer, struct err *err);

/* Is this his signature over APPROVAL_PREFIX and the body? *ret has his key, as his certificate has
 * it. E_APPROVAL, E_SIGNATURE. */
struct signer_key {
    struct bytes spki; /* points into der */
    uint8_t der[LIMIT_CERTIFICATE_BYTES];
};
MUST_USE enum result approval_check_signature(struct service *service,
                                              const struct operator_is *who, struct bytes body,
                                              struct bytes signature, struct signer_key *ret,
                                              struct err *err);

/* What the verb may not know of itself: who the operator is that becomes an approver. */
MUST_USE enum result approval_complete(struct service *service, struct msg_approver_set *ask,
                                       struct err *err);

/* *ret_ready: enough persons signed. The signatures as IPC_APPROVE wants them; `ret` must not move.
 */
struct collected {
    struct buf people, root;
    uint8_t people_space[1024], root_space[APPROVAL_SIGNATURE_BYTES];
};
MUST_USE enum result approval_collect(struct service *service, const struct approval_row *row,
                                      struct collected *ret, bool *ret_ready, struct err *err);

/* An open, unexpired request: its act, and who asked for it. */
struct approved_act {
    struct ipc_message message;
    struct operator_is who;
    struct approval body;
};
MUST_USE enum result approval_open(struct service *service, const struct approval_row *row,
                                   int64_t now_s, struct approved_act *ret, struct err *err);

/* Does the rehearsal change what the people saw? E_CONFLICT when not. */
MUST_USE enum result approval_compare(const struct approved_act *act, const struct watch *watch,
                                      struct err *err);

/* The next entry that takes two people carries this approval. */
void approval_use(struct service *service, int64_t row, const struct msg_approved *approved);

/* It will not run: what it would change has changed. */
MUST_USE enum result approval_stale(struct service *service, const struct approval_row *row,
                                    int64_t now_s, struct err *err);

/* For service_record(): the act under construction, watched; must it carry an approval, and it
 * does. */
MUST_USE enum result approval_watch(struct service *service, const struct act *act,
                                    struct err *err);
bool approval_must_carry(const struct service *service);
MUST_USE enum result approval_carry(struct service *service, struct err *err);

/* Counts the approvers again, after one was set. */
MUST_USE enum result approval_count(struct service *service, struct err *err);

#endif
