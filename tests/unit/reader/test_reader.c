/* The reader as a process of its own: its life, and what a desk gets that does not take its rows.
 */
#include <base/file.h>
#include <ipc/question.h>
#include <ipc/role.h>
#include <reader/reader.h>
#include <store/store.h>
#include <trust/words.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PRODUCTS 150
#define WAIT_MS 10000

struct fixture {
    struct config config;
    char store[CONFIG_PATH_MAX + 32];
    struct ipc_channel desk, supervisor;
    pid_t reader;
};

/* ---- a database ----------------------------------------------------------------------------- */

static void add_operator(struct store *store)
{
    uint8_t spki[32] = {0xa1}, name[32] = {1};
    struct change c = change_of(TABLE_OPERATOR, 1);
    change_blob(&c, COL_OPERATOR_NAME, bytes_of(name, sizeof name));
    change_blob(&c, COL_OPERATOR_SPKI, bytes_of(spki, sizeof spki));
    change_int(&c, COL_OPERATOR_ROLE, ROLE_VIEWER);
    change_text(&c, COL_OPERATOR_SCOPE, bytes_text(""));
    change_int(&c, COL_OPERATOR_STATE, 1);
    assert_int_equal(store_apply(store, &c, NULL), OK);
}

static void add_product(struct store *store, int64_t id)
{
    char name[32];
    snprintf(name, sizeof name, "product-%lld", (long long)id);
    struct change c = change_of(TABLE_PRODUCT, id);
    change_text(&c, COL_PRODUCT_NAME, bytes_of(name, strlen(name)));
    change_int(&c, COL_PRODUCT_PROOFS, 2);
    change_int(&c, COL_PRODUCT_VALIDITY_S, 7776000);
    assert_int_equal(store_apply(store, &c, NULL), OK);
}

static void fill(const char *folder)
{
    CLEANUP(store_closep) struct store *store = NULL;
    char path[CONFIG_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/" ROLE_FILE_STORE, folder);
    assert_int_equal(store_open(path, STORE_WRITE, &store, NULL), OK);
    assert_int_equal(store_begin(store, NULL), OK);
    add_operator(store);
    for (int64_t id = 1; id <= PRODUCTS; id++)
        add_product(store, id);
    assert_int_equal(store_commit(store, NULL), OK);
}

/* ---- a reader ------------------------------------------------------------------------------- */

static enum result enter(void *context, struct err *err)
{
    (void)context;
    (void)err;
    return OK;
}

static void start_reader(struct fixture *f, int desk_fd, int supervisor_fd)
{
    f->reader = fork();
    assert_true(f->reader >= 0);
    if (f->reader > 0)
        return;
    close(f->desk.fd);
    close(f->supervisor.fd);
    const struct reader_setup setup = {
        .config = &f->config,
        .desk_fd = desk_fd,
        .supervisor_fd = supervisor_fd,
        .sandbox = {.enter = enter, .missing = ""},
    };
    _exit(reader_run(&setup));
}

static void wait_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&one, 1, WAIT_MS), 1);
}

static struct ipc_message receive(struct ipc_channel *from)
{
    struct ipc_message message = {0};
    wait_readable(from->fd);
    assert_int_equal(ipc_receive(from, &message, NULL), OK);
    return message;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int desk[2], supervisor[2];
    snprintf(f->config.data, sizeof f->config.data, "/tmp/troth-reader-XXXXXX");
    assert_non_null(mkdtemp(f->config.data));
    snprintf(f->store, sizeof f->store, "%s/" ROLE_FOLDER_STORE, f->config.data);
    assert_int_equal(folder_ensure(f->store, 0700, NULL), OK);
    fill(f->store);
    assert_int_equal(ipc_pair(IPC_DESK, IPC_READER, desk, NULL), OK);
    assert_int_equal(ipc_pair(IPC_SUPERVISOR, IPC_READER, supervisor, NULL), OK);
    assert_int_equal(ipc_open(&f->desk, IPC_DESK, IPC_READER, desk[0], NULL), OK);
    assert_int_equal(ipc_open(&f->supervisor, IPC_SUPERVISOR, IPC_READER, supervisor[0], NULL), OK);
    const int room = 16384; /* a few dozen rows: then the queue is full */
    assert_int_equal(setsockopt(desk[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    start_reader(f, desk[1], supervisor[1]);
    close(desk[1]);
    close(supervisor[1]);
    assert_int_equal(receive(&f->supervisor).type, IPC_READER_READY);
    *state = f;
    return 0;
}

static int end_of(struct fixture *f)
{
    int status = -1;
    assert_int_equal(waitpid(f->reader, &status, 0), f->reader);
    f->reader = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ipc_close(&f->supervisor);
    if (f->reader > 0)
        (void)end_of(f);
    ipc_close(&f->desk);
    static const char *const ends[] = {"", "-wal", "-shm", ".lease"};
    for (size_t i = 0; i < LENGTH_OF(ends); i++) {
        char path[sizeof f->store + 32];
        snprintf(path, sizeof path, "%s/" ROLE_FILE_STORE "%s", f->store, ends[i]);
        unlink(path);
    }
    rmdir(f->store);
    rmdir(f->config.data);
    free(f);
    return 0;
}

static void ask(struct fixture *f, struct msg_question question)
{
    question.operator_spki[0] = 0xa1;
    assert_int_equal(ipc_send(&f->desk, IPC_QUESTION, &question, -1, NULL), OK);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void it_ends_well_with_its_supervisor(void **state)
{
    struct fixture *f = *state;
    ipc_close(&f->supervisor);
    assert_int_equal(end_of(f), 0);
}

static void it_ends_badly_without_a_desk(void **state)
{
    struct fixture *f = *state;
    ipc_close(&f->desk);
    assert_int_not_equal(end_of(f), 0);
}

static void bytes_that_are_no_question_end_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(send(f->desk.fd, "rubbish", 7, 0), 7);
    assert_int_not_equal(end_of(f), 0);
}

static void a_refused_question_ends_with_why_and_the_next_one_is_answered(void **state)
{
    struct fixture *f = *state;
    ask(f, (struct msg_question){.id = 7, .kind = QUESTION_OPERATORS});
    struct ipc_message end = receive(&f->desk);
    assert_int_equal(end.type, IPC_ANSWER_END);
    assert_int_equal(end.answer_end.id, 7);
    assert_int_equal(end.answer_end.code, E_OPERATOR);
    assert_true(end.answer_end.text.n > 0);

    ask(f, (struct msg_question){.id = 8, .kind = QUESTION_PRODUCTS, .limit = 1});
    assert_int_equal(receive(&f->desk).type, IPC_PRODUCT_ROW);
    end = receive(&f->desk);
    assert_int_equal(end.answer_end.id, 8);
    assert_int_equal(end.answer_end.code, E_NONE);
    assert_int_equal(end.answer_end.next, 1);
}

/* The reader waits for room, and loses no row. */
static void rows_wait_for_a_slow_desk(void **state)
{
    struct fixture *f = *state;
    ask(f, (struct msg_question){.id = 1, .kind = QUESTION_PRODUCTS, .limit = PRODUCTS});
    ask(f, (struct msg_question){.id = 2, .kind = QUESTION_PRODUCTS, .limit = PRODUCTS});
    ask(f, (struct msg_question){.id = 3, .kind = QUESTION_PRODUCTS, .limit = PRODUCTS});
    poll(NULL, 0, 300); /* now its queue is full */
    for (uint64_t id = 1; id <= 3; id++) {
        for (int64_t row = 1; row <= PRODUCTS; row++) {
            struct ipc_message message = receive(&f->desk);
            assert_int_equal(message.type, IPC_PRODUCT_ROW);
            assert_int_equal(message.product_row.id, id);
            assert_int_equal(message.product_row.row, row);
        }
        assert_int_equal(receive(&f->desk).type, IPC_ANSWER_END);
    }
}

/* So that a desk at work on something long neither ends the reader nor holds a snapshot open. */
static void a_desk_that_takes_nothing_for_long_gets_an_end_and_no_more_rows(void **state)
{
    struct fixture *f = *state;
    for (uint64_t id = 1; id <= 3; id++)
        ask(f, (struct msg_question){.id = id, .kind = QUESTION_PRODUCTS, .limit = PRODUCTS});
    poll(NULL, 0, 3000); /* beyond the reader's patience */
    struct ipc_message message = receive(&f->desk);
    int64_t rows = 0;
    for (; message.type == IPC_PRODUCT_ROW; message = receive(&f->desk))
        rows++;
    assert_in_range(rows, 1, PRODUCTS - 1);
    assert_int_equal(message.answer_end.id, 1);
    assert_int_equal(message.answer_end.code, E_BUSY);
    while (message.answer_end.id < 3 || message.type != IPC_ANSWER_END)
        message = receive(&f->desk);
    assert_int_equal(message.answer_end.code, E_NONE);
    ask(f, (struct msg_question){.id = 4, .kind = QUESTION_PRODUCTS, .limit = 1});
    assert_int_equal(receive(&f->desk).product_row.id, 4);
    assert_int_equal(receive(&f->desk).answer_end.code, E_NONE);
}

static void a_reader_that_waits_for_room_ends_with_its_supervisor(void **state)
{
    struct fixture *f = *state;
    for (uint64_t id = 1; id <= 3; id++)
        ask(f, (struct msg_question){.id = id, .kind = QUESTION_PRODUCTS, .limit = PRODUCTS});
    poll(NULL, 0, 300);
    ipc_close(&f->supervisor);
    assert_int_equal(end_of(f), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_ends_well_with_its_supervisor),
        TEST(it_ends_badly_without_a_desk),
        TEST(bytes_that_are_no_question_end_it),
        TEST(a_refused_question_ends_with_why_and_the_next_one_is_answered),
        TEST(rows_wait_for_a_slow_desk),
        TEST(a_desk_that_takes_nothing_for_long_gets_an_end_and_no_more_rows),
        TEST(a_reader_that_waits_for_room_ends_with_its_supervisor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
