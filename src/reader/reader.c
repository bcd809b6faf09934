/* The reader's life: one question after the other, each inside one short snapshot. */
#include <reader/reader.h>

#include <base/clock.h>
#include <base/log.h>
#include <base/text.h>
#include <ipc/reload.h>
#include <query/query.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* A desk that takes no rows for so long is busy with something else: its answer is broken off,
 * because the snapshot must not stay open. */
#define ROW_DEADLINE_MS 2000

struct reader_loop {
    struct store *store;
    struct ipc_channel desk;
    struct reload reload;
    bool is_over; /* the supervisor ended it */
};

static enum result open_store(const struct config *config, struct store **ret, struct err *err)
{
    char path[CONFIG_PATH_MAX + sizeof "/" ROLE_FOLDER_STORE "/" ROLE_FILE_STORE];
    snprintf(path, sizeof path, "%s/%s/%s", config->data, ROLE_FOLDER_STORE, ROLE_FILE_STORE);
    return store_open(path, STORE_READ, ret, err);
}

/* Waits until the desk's socket is ready for `events`; `wait_ms` -1: for ever. E_BUSY when the time
 * is over, E_UNREACHABLE when the supervisor ended the process. */
static enum result wait_for_desk(struct reader_loop *loop, short events, int wait_ms,
                                 struct err *err)
{
    struct pollfd fds[] = {{.fd = loop->desk.fd, .events = events},
                           {.fd = loop->reload.up.fd, .events = POLLIN}};
    int n = poll(fds, LENGTH_OF(fds), wait_ms);
    if (n < 0 && errno != EINTR)
        return err_set(err, E_IO, "poll: %s", strerror(errno));
    if (n == 0)
        return err_set(err, E_BUSY, "the operators' process takes no rows");
    if (n > 0 && fds[1].revents != 0)
        TRY(reload_take(&loop->reload, &loop->is_over, err));
    return loop->is_over ? err_set(err, E_UNREACHABLE, "the supervisor is gone") : OK;
}

static enum result send_within(struct reader_loop *loop, enum ipc_type type, const void *message,
                               int wait_ms, struct err *err)
{
    for (;;) {
        enum result result = ipc_send(&loop->desk, type, message, -1, err);
        if (result != R_BUSY)
            return result;
        TRY(wait_for_desk(loop, POLLOUT, wait_ms, err));
    }
}

static enum result give(void *context, enum ipc_type type, const void *row, struct err *err)
{
    return send_within(context, type, row, ROW_DEADLINE_MS, err);
}

static enum result answer_in_snapshot(struct reader_loop *loop, struct query *query,
                                      struct err *err)
{
    TRY(store_snapshot_begin(loop->store, err));
    enum result result = query_answer(query, err);
    store_snapshot_end(loop->store);
    return result;
}

/* An answer that fails ends with why; only a desk that is gone ends the reader. */
static enum result answer(struct reader_loop *loop, const struct msg_question *asked,
                          struct err *err)
{
    struct query query = {
        .store = loop->store,
        .asked = asked,
        .now_s = clock_now_s(),
        .is_lab = loop->reload.config->lab,
        .product_per_s = loop->reload.config->limits.product_per_s,
        .give = give,
        .context = loop,
    };
    struct err why = {0};
    char request[LIMIT_REQUEST_ID + 1] = "";
    if (!text_copy(asked->request, request, sizeof request))
        return err_set(err, E_BUG, "a request's id is too long");
    enum result result = answer_in_snapshot(loop, &query, &why);
    if (result == R_UNREACHABLE) {
        *err = why;
        return result;
    }
    if (result != OK && error_find(why.code)->http_status >= 500)
        log_err(LEVEL_ERROR, "question", &why, request);
    const struct msg_answer_end end = {
        .id = asked->id,
        .code = result == OK ? E_NONE : why.code,
        .next = result == OK ? query.next : 0,
        .text = bytes_of(why.text, strlen(why.text)),
    };
    return send_within(loop, IPC_ANSWER_END, &end, -1, err);
}

static enum result serve_one(struct reader_loop *loop, struct err *err)
{
    struct ipc_message message;
    TRY(wait_for_desk(loop, POLLIN, -1, err));
    enum result result = ipc_receive(&loop->desk, &message, err);
    if (result == R_BUSY)
        return OK;
    TRY(result);
    return answer(loop, &message.question, err);
}

static enum result serve(struct reader_loop *loop, struct err *err)
{
    enum result result;
    do
        result = serve_one(loop, err);
    while (result == OK);
    return loop->is_over ? OK : result;
}

static enum result run(const struct reader_setup *setup, struct err *err)
{
    CLEANUP(store_closep) struct store *store = NULL;
    TRY(open_store(setup->config, &store, err));
    CLEANUP(ipc_close) struct ipc_channel desk = {.fd = -1};
    TRY(ipc_open(&desk, IPC_READER, IPC_DESK, setup->desk_fd, err));
    TRY(role_enter_sandbox(&setup->sandbox, err));
    TRY(role_send_ready(IPC_READER, setup->supervisor_fd, &setup->sandbox, "", err));
    struct reader_loop loop = {.store = store, .desk = desk};
    TRY(reload_open(&loop.reload, IPC_READER, setup->supervisor_fd, setup->config, err));
    enum result result = serve(&loop, err);
    reload_close(&loop.reload);
    return result;
}

int reader_run(const struct reader_setup *setup)
{
    struct err err = {0};
    if (run(setup, &err) == OK)
        return 0;
    log_err(LEVEL_ERROR, "ended", &err, NULL);
    return error_find(err.code)->exit_status;
}
