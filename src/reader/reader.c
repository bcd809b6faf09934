/* The reader's life: one question after the other, each inside one short snapshot. */
#include <reader/reader.h>

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <query/query.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* A desk that takes no rows for so long is gone or taken over: the snapshot must not stay open. */
#define SEND_DEADLINE_US 2000000

struct service_loop {
    struct store *store;
    struct ipc_channel desk;
    struct pollfd fds[2];
};

enum { FD_SUPERVISOR, FD_DESK };

static enum result open_store(const struct config *config, struct store **ret, struct err *err)
{
    char path[CONFIG_PATH_MAX + sizeof "/" ROLE_FOLDER_STORE "/" ROLE_FILE_STORE];
    snprintf(path, sizeof path, "%s/%s/%s", config->data, ROLE_FOLDER_STORE, ROLE_FILE_STORE);
    return store_open(path, STORE_READ, ret, err);
}

static enum result wait_for_room(int fd, int64_t deadline_us, struct err *err)
{
    int64_t left_ms = (deadline_us - clock_monotonic_us()) / 1000;
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    if (left_ms <= 0)
        return err_set(err, E_UNREACHABLE, "the desk takes no rows");
    if (poll(&one, 1, (int)left_ms) < 0 && errno != EINTR)
        return err_set(err, E_IO, "poll: %s", strerror(errno));
    return OK;
}

/* Sends, and waits while the desk's queue is full. */
static enum result give(void *context, enum ipc_type type, const void *row, struct err *err)
{
    struct ipc_channel *desk = context;
    int64_t deadline_us = clock_monotonic_us() + SEND_DEADLINE_US;
    for (;;) {
        enum result result = ipc_send(desk, type, row, -1, err);
        if (result != R_BUSY)
            return result;
        TRY(wait_for_room(desk->fd, deadline_us, err));
    }
}

static enum result answer_in_snapshot(struct service_loop *loop, struct query *query,
                                      struct err *err)
{
    TRY(store_snapshot_begin(loop->store, err));
    enum result result = query_answer(query, err);
    store_snapshot_end(loop->store);
    return result;
}

/* An answer that fails ends with why; only a desk that is gone ends the reader. */
static enum result answer(struct service_loop *loop, const struct msg_question *asked,
                          struct err *err)
{
    struct query query = {
        .store = loop->store,
        .asked = asked,
        .now_s = clock_now_s(),
        .give = give,
        .context = &loop->desk,
    };
    struct err why = {0};
    enum result result = answer_in_snapshot(loop, &query, &why);
    if (result == R_UNREACHABLE) {
        *err = why;
        return result;
    }
    if (result != OK && error_find(why.code)->http_status >= 500)
        log_err(LEVEL_ERROR, "question", &why, NULL);
    const struct msg_answer_end end = {
        .id = asked->id,
        .code = result == OK ? E_NONE : why.code,
        .next = result == OK ? query.next : 0,
        .text = bytes_of(why.text, strlen(why.text)),
    };
    return give(&loop->desk, IPC_ANSWER_END, &end, err);
}

static enum result serve_desk(struct service_loop *loop, struct err *err)
{
    struct ipc_message message;
    enum result result = ipc_receive(&loop->desk, &message, err);
    if (result == R_BUSY)
        return OK;
    TRY(result);
    return answer(loop, &message.question, err);
}

/* Ends OK when the supervisor ended the process. */
static enum result serve(struct service_loop *loop, struct err *err)
{
    for (;;) {
        if (poll(loop->fds, LENGTH_OF(loop->fds), -1) < 0 && errno != EINTR)
            return err_set(err, E_IO, "poll: %s", strerror(errno));
        if (loop->fds[FD_SUPERVISOR].revents != 0)
            return OK;
        if (loop->fds[FD_DESK].revents != 0)
            TRY(serve_desk(loop, err));
    }
}

static enum result run(const struct reader_setup *setup, struct err *err)
{
    CLEANUP(store_closep) struct store *store = NULL;
    TRY(open_store(setup->config, &store, err));
    CLEANUP(ipc_close) struct ipc_channel desk = {.fd = -1};
    TRY(ipc_open(&desk, IPC_READER, IPC_DESK, setup->desk_fd, err));
    TRY(role_enter_sandbox(&setup->sandbox, err));
    TRY(role_send_ready(IPC_READER, setup->supervisor_fd, &setup->sandbox, "", err));
    struct service_loop loop = {
        .store = store,
        .desk = desk,
        .fds = {[FD_SUPERVISOR] = {.fd = setup->supervisor_fd, .events = POLLIN},
                [FD_DESK] = {.fd = desk.fd, .events = POLLIN}},
    };
    return serve(&loop, err);
}

int reader_run(const struct reader_setup *setup)
{
    struct err err = {0};
    if (run(setup, &err) == OK)
        return 0;
    log_err(LEVEL_ERROR, "ended", &err, NULL);
    return error_find(err.code)->exit_status;
}
