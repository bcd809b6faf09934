/* One turn: take what waits, make it durable, sign, answer. */
#include "session.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <base/text.h>
#include <ipc/sealed.h>

#include <unistd.h>

static struct bytes text_of(const struct err *err)
{
    return bytes_of(err->text, strlen(err->text));
}

/* ---- each message that has a job, and its refusal -------------------------------------------- */

static enum result take_sign(struct session *session, const struct ipc_message *message,
                             struct job *job, struct err *err)
{
    job->id = message->sign.id;
    if (!text_copy(message->sign.request, job->request, sizeof job->request))
        job->request[0] = '\0';
    log_request_set(message->sign.request);
    return judge_certificate(session, &message->sign, job, err);
}

static enum result refuse_sign(struct session *session, uint64_t id, const struct err *why,
                               struct err *err)
{
    struct msg_sign_answer answer = {.id = id, .code = why->code, .text = text_of(why)};
    return session_send(session, IPC_SIGN_ANSWER, &answer, -1, err);
}

static enum result take_crl(struct session *session, const struct ipc_message *message,
                            struct job *job, struct err *err)
{
    job->id = message->sign_crl.id;
    return judge_crl(session, &message->sign_crl, message->fd, job, err);
}

static enum result refuse_crl(struct session *session, uint64_t id, const struct err *why,
                              struct err *err)
{
    struct msg_signed_crl answer = {.id = id, .code = why->code, .text = text_of(why)};
    return session_send(session, IPC_SIGNED_CRL, &answer, -1, err);
}

static enum result take_checkpoint(struct session *session, const struct ipc_message *message,
                                   struct job *job, struct err *err)
{
    job->id = message->sign_checkpoint.id;
    return judge_checkpoint(session, &message->sign_checkpoint, job, err);
}

static enum result refuse_checkpoint(struct session *session, uint64_t id, const struct err *why,
                                     struct err *err)
{
    struct msg_signed_checkpoint answer = {.id = id, .code = why->code, .text = text_of(why)};
    return session_send(session, IPC_SIGNED_CHECKPOINT, &answer, -1, err);
}

static enum result take_feed(struct session *session, const struct ipc_message *message,
                             struct job *job, struct err *err)
{
    job->id = message->sign_feed.id;
    return judge_feed(session, &message->sign_feed, message->fd, job, err);
}

static enum result refuse_feed(struct session *session, uint64_t id, const struct err *why,
                               struct err *err)
{
    struct msg_signed_feed answer = {.id = id, .code = why->code, .text = text_of(why)};
    return session_send(session, IPC_SIGNED_FEED, &answer, -1, err);
}

static enum result take_ocsp(struct session *session, const struct ipc_message *message,
                             struct job *job, struct err *err)
{
    job->id = message->sign_ocsp.id;
    return judge_ocsp(session, &message->sign_ocsp, job, err);
}

static enum result refuse_ocsp(struct session *session, uint64_t id, const struct err *why,
                               struct err *err)
{
    struct msg_signed_ocsp answer = {.id = id, .code = why->code, .text = text_of(why)};
    return session_send(session, IPC_SIGNED_OCSP, &answer, -1, err);
}

static enum result take_approve(struct session *session, const struct ipc_message *message,
                                struct job *job, struct err *err)
{
    job->id = message->approve.id;
    return judge_approve(session, &message->approve, job, err);
}

static enum result refuse_approve(struct session *session, uint64_t id, const struct err *why,
                                  struct err *err)
{
    struct msg_approved answer = {.id = id, .code = why->code, .text = text_of(why)};
    return session_send(session, IPC_APPROVED, &answer, -1, err);
}

static enum result take_remember(struct session *session, const struct ipc_message *message,
                                 struct job *job, struct err *err)
{
    job->id = message->remember.id;
    return judge_remember(session, message->fd, job, err);
}

static enum result refuse_remember(struct session *session, uint64_t id, const struct err *why,
                                   struct err *err)
{
    struct msg_remembered answer = {.id = id, .code = why->code, .text = text_of(why)};
    return session_send(session, IPC_REMEMBERED, &answer, -1, err);
}

/* What is journalled and then signed. With `send` nothing of it is journalled, it is signed behind
 * whatever else the batch has, and sent when all of it is signed: who waits wakes up once. */
static const struct work {
    enum ipc_type type;
    enum result (*take)(struct session *session, const struct ipc_message *message, struct job *job,
                        struct err *err);
    enum result (*refuse)(struct session *session, uint64_t id, const struct err *why,
                          struct err *err);
    enum result (*finish)(struct session *session, struct job *job, struct err *err);
    enum result (*send)(struct session *session, struct job *job, struct err *err);
} works[] = {
    {IPC_SIGN, take_sign, refuse_sign, finish_certificate, NULL},
    {IPC_SIGN_CRL, take_crl, refuse_crl, finish_crl, NULL},
    {IPC_SIGN_CHECKPOINT, take_checkpoint, refuse_checkpoint, finish_checkpoint, NULL},
    {IPC_SIGN_FEED, take_feed, refuse_feed, finish_feed, NULL},
    {IPC_APPROVE, take_approve, refuse_approve, finish_approve, NULL},
    {IPC_REMEMBER, take_remember, refuse_remember, finish_remember, NULL},
    {IPC_SIGN_OCSP, take_ocsp, refuse_ocsp, finish_ocsp, send_ocsp},
};

static const struct work *find_work(enum ipc_type type)
{
    for (size_t i = 0; i < LENGTH_OF(works); i++)
        if (works[i].type == type)
            return &works[i];
    return NULL;
}

static enum result begin_work(struct session *session, const struct work *work,
                              const struct ipc_message *message, struct err *err)
{
    struct job *job = &session->jobs[session->jobs_n];
    struct err why = {0};

    job->type = work->type;
    job->request[0] = '\0';
    if (work->take(session, message, job, &why) == OK) {
        session->jobs_n++;
        return OK;
    }
    log_err(LEVEL_WARNING, "refused", &why, NULL);
    return work->refuse(session, job->id, &why, err);
}

/* ---- the batch ------------------------------------------------------------------------------- */

static enum result refuse_all(struct session *session, size_t n, const struct err *why,
                              struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct job *job = &session->jobs[i];
        log_err(LEVEL_ERROR, "batch-refused", why, *job->request != '\0' ? job->request : NULL);
        sealed_unmap(&job->list);
        TRY(find_work(job->type)->refuse(session, job->id, why, err));
    }
    return OK;
}

static enum result finish_those(struct session *session, size_t n, bool is_last, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct work *work = find_work(session->jobs[i].type);
        if ((work->send != NULL) == is_last)
            TRY(work->finish(session, &session->jobs[i], err));
    }
    return OK;
}

static enum result send_last(struct session *session, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct work *work = find_work(session->jobs[i].type);
        if (work->send != NULL)
            TRY(work->send(session, &session->jobs[i], err));
    }
    return session_flush(session, err);
}

static enum result finish(struct session *session, struct err *err)
{
    struct err why = {0};
    size_t n = session->jobs_n;

    session->jobs_n = 0;
    enum result result = journal_commit(session->journal, &why);
    if (result == R_BUSY)
        return refuse_all(session, n, &why, err);
    if (result != OK)
        return err_set(err, why.code, "%s", why.text);
    TRY(finish_those(session, n, false, err));
    TRY(finish_those(session, n, true, err));
    return send_last(session, n, err);
}

/* ---- messages that are answered at once ------------------------------------------------------ */

static enum result check_csr_now(struct session *session, const struct msg_check_csr *message,
                                 struct err *err)
{
    struct err why = {0};
    struct msg_checked_csr answer = {.id = message->id};

    if (judge_csr(session, message, clock_monotonic_us(), &why) != OK)
        answer.code = why.code;
    return session_send(session, IPC_CHECKED_CSR, &answer, -1, err);
}

static enum result handle(struct session *session, const struct ipc_message *message,
                          struct err *err)
{
    const struct work *work = find_work(message->type);

    if (work != NULL)
        return begin_work(session, work, message, err);
    if (message->type == IPC_CHECK_CSR)
        return check_csr_now(session, &message->check_csr, err);
    if (message->type == IPC_SIGN_WEBHOOK)
        return sign_webhook_now(session, &message->sign_webhook, err);
    if (message->type == IPC_OCSP_KEY_ASK)
        return make_delegate_key(session, &message->ocsp_key_ask, err);
    if (message->type == IPC_OCSP_DELEGATE) {
        TRY(finish(session, err)); /* what was judged for the key before is signed by it */
        take_delegate(session, &message->ocsp_delegate);
        return OK;
    }
    if (message->type == IPC_JOURNAL_ASK) {
        TRY(finish(session, err)); /* what core hears of is durable */
        return answer_journal_ask(session, &message->journal_ask, err);
    }
    if (message->type == IPC_JOURNAL_AGREED)
        return take_journal_agreed(session, &message->journal_agreed, err);
    return err_set(err, E_BUG, "no way to handle %s", ipc_name(message->type));
}

/* ---- the turn -------------------------------------------------------------------------------- */

static enum result drain(struct session *session, struct err *err)
{
    while (session->jobs_n < JOBS_MAX) {
        struct ipc_message message;
        enum result result = ipc_receive(&session->core, &message, err);
        if (result == R_BUSY)
            return OK;
        TRY(result);
        CLEANUP(fd_closep) int fd = message.fd;
        enum result handled = handle(session, &message, err);
        log_request_set(bytes_of(NULL, 0));
        TRY(handled);
    }
    return OK;
}

enum result session_turn(struct session *session, struct err *err)
{
    do {
        TRY(drain(session, err));
        TRY(finish(session, err));
    } while (ipc_has_more(&session->core)); /* a frame has more than a batch may */
    return OK;
}
