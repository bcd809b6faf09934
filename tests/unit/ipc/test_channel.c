#include "fill.h"

#include <ipc/role.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SEED 20261123
#define ROLES 7

struct ends {
    struct ipc_channel a, b;
};

static struct ends connect_roles(enum ipc_role a, enum ipc_role b)
{
    int fds[2];
    struct ends ends;
    assert_int_equal(ipc_pair(a, b, fds, NULL), OK);
    assert_int_equal(ipc_open(&ends.a, a, b, fds[0], NULL), OK);
    assert_int_equal(ipc_open(&ends.b, b, a, fds[1], NULL), OK);
    return ends;
}

static void disconnect(struct ends *ends)
{
    ipc_close(&ends->a);
    ipc_close(&ends->b);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* What a hostile peer does: whatever it likes, below our sending half. */
static void send_raw(int to, struct bytes wire, const int *fds, size_t count)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(8 * sizeof(int))];
    } control = {.head = {CMSG_LEN(count * sizeof *fds), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec part = {(void *)(uintptr_t)wire.p, wire.n};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        memcpy(CMSG_DATA(&control.head), fds, count * sizeof *fds);
        head.msg_control = &control;
        head.msg_controllen = CMSG_LEN(count * sizeof *fds);
    }
    assert_int_equal(sendmsg(to, &head, 0), wire.n);
}

static void send_encoded(int to, const struct ipc_message *message, const int *fds, size_t count)
{
    static uint8_t wire[LIMIT_MESSAGE_BYTES];
    size_t n = 0;
    assert_int_equal(ipc_encode(message->type, fill_fields(message), wire, sizeof wire, &n, NULL),
                     OK);
    send_raw(to, bytes_of(wire, n), fds, count);
}

/* Who may, by the table's own text; everybody else may not. */
static bool is_in_table(enum ipc_type type, enum ipc_role from, enum ipc_role to)
{
#define MESSAGE(number, NAME, name, sender, receiver)                                              \
    if (type == IPC_##NAME)                                                                        \
        return IPC_##sender != IPC_NOBODY && from == IPC_##sender && to == IPC_##receiver;
#include <ipc/messages.def>
#undef MESSAGE
    return false;
}

static void walk_pair(enum ipc_role from, enum ipc_role to)
{
    struct ends ends = connect_roles(from, to);
    struct ipc_message message, got;
    for (size_t i = 0; ipc_type_at(i) != IPC_NONE; i++) {
        enum ipc_type type = ipc_type_at(i);
        fill_message(type, &message, false);
        int fd = fill_fd_rule(type) == 2 ? 0 : -1;
        bool may = is_in_table(type, from, to);
        assert_int_equal(ipc_send(&ends.a, type, fill_fields(&message), fd, NULL),
                         may ? OK : R_BUG);
        if (!may)
            send_encoded(ends.a.fd, &message, &fd, fd >= 0);
        assert_int_equal(ipc_receive(&ends.b, &got, NULL), may ? OK : R_INVALID);
        if (may && got.fd >= 0)
            close(got.fd);
    }
    disconnect(&ends);
}

static void only_pairs_of_the_table_pass_and_both_ends_refuse_the_others(void **state)
{
    (void)state;
    int before = open_descriptors();
    for (enum ipc_role from = 0; from < ROLES; from++)
        for (enum ipc_role to = 0; to < ROLES; to++)
            walk_pair(from, to);
    assert_int_equal(open_descriptors(), before);
}

static void an_unwanted_descriptor_is_refused_and_closed(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_FRONT, IPC_CORE);
    struct ipc_message message, got;
    fill_message(IPC_SIGHTING, &message, false);
    int before = open_descriptors(), fds[] = {0, 1, 2};
    assert_int_equal(ipc_send(&ends.a, IPC_SIGHTING, &message.sighting, 0, NULL), R_BUG);
    send_encoded(ends.a.fd, &message, fds, 1);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_INVALID);
    send_encoded(ends.a.fd, &message, fds, 3);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_INVALID);
    assert_int_equal(open_descriptors(), before);
    disconnect(&ends);
}

static void a_second_descriptor_is_refused_and_all_are_closed(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_DESK, IPC_CORE);
    struct ipc_message message, got;
    fill_message(IPC_DEVICE_IMPORT, &message, false);
    int before = open_descriptors(), fds[] = {0, 1};
    send_encoded(ends.a.fd, &message, fds, 2);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_INVALID);
    assert_int_equal(open_descriptors(), before);
    disconnect(&ends);
}

static void a_missing_descriptor_is_refused_by_both(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_DESK, IPC_CORE);
    struct ipc_message message, got;
    fill_message(IPC_DEVICE_IMPORT, &message, false);
    assert_int_equal(ipc_send(&ends.a, IPC_DEVICE_IMPORT, &message.device_import, -1, NULL), R_BUG);
    send_encoded(ends.a.fd, &message, NULL, 0);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_INVALID);
    disconnect(&ends);
}

static void an_overlong_datagram_is_refused(void **state)
{
    (void)state;
    static uint8_t wire[LIMIT_MESSAGE_BYTES + 1];
    struct ends ends = connect_roles(IPC_FRONT, IPC_CORE);
    struct ipc_message got;
    send_raw(ends.a.fd, bytes_of(wire, sizeof wire), NULL, 0);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_INVALID);
    disconnect(&ends);
}

static void an_empty_channel_is_busy_and_a_closed_one_unreachable(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_FRONT, IPC_CORE);
    struct ipc_message message, got;
    fill_message(IPC_SIGHTING, &message, false);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_BUSY);
    ipc_close(&ends.a);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_UNREACHABLE);
    ends.b.me = IPC_FRONT;
    ends.b.peer = IPC_CORE;
    assert_int_equal(ipc_send(&ends.b, IPC_SIGHTING, &message.sighting, -1, NULL), R_UNREACHABLE);
    assert_int_equal(ipc_send(&ends.a, IPC_SIGHTING, &message.sighting, -1, NULL), R_UNREACHABLE);
    ipc_close(&ends.b);
}

static void a_full_channel_is_busy_and_loses_nothing(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_FRONT, IPC_CORE);
    struct ipc_message message, got;
    fill_message(IPC_ENROL, &message, true);
    int sent = 0, received = 0;
    enum result result;
    while ((result = ipc_send(&ends.a, IPC_ENROL, &message.enrol, -1, NULL)) == OK)
        sent++;
    assert_int_equal(result, R_BUSY);
    assert_true(sent > 10);
    while (ipc_receive(&ends.b, &got, NULL) == OK) {
        assert_true(fill_is_equal(&message, &got));
        received++;
    }
    assert_int_equal(received, sent);
    disconnect(&ends);
}

static void post(struct ipc_channel *channel, uint64_t id)
{
    struct msg_csrattrs message = {.id = id};
    assert_int_equal(ipc_post(channel, IPC_CSRATTRS, &message, NULL), OK);
}

static void expect_next(struct ipc_channel *channel, uint64_t id)
{
    struct ipc_message got;
    assert_int_equal(ipc_receive(channel, &got, NULL), OK);
    assert_int_equal(got.type, IPC_CSRATTRS);
    assert_int_equal(got.csrattrs.id, id);
}

static void posted_messages_go_in_one_datagram_and_in_their_order(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_FRONT, IPC_CORE);
    struct ipc_message got;
    struct msg_csrattrs last = {.id = 4};
    uint8_t octets[LIMIT_MESSAGE_BYTES];
    post(&ends.a, 1);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_BUSY);
    post(&ends.a, 2);
    post(&ends.a, 3);
    assert_int_equal(ipc_send(&ends.a, IPC_CSRATTRS, &last, -1, NULL), OK);
    for (uint64_t id = 1; id <= 4; id++) {
        expect_next(&ends.b, id);
        assert_int_equal(ipc_has_more(&ends.b), id < 3);
    }
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_BUSY);

    for (uint64_t id = 1; id <= 64; id++)
        post(&ends.a, id);
    assert_int_equal(ipc_flush(&ends.a, NULL), OK);
    assert_int_equal(ipc_flush(&ends.a, NULL), OK); /* of nothing */
    assert_true(recv(ends.b.fd, octets, sizeof octets, MSG_DONTWAIT | MSG_PEEK) > 64);
    for (uint64_t id = 1; id <= 64; id++)
        expect_next(&ends.b, id);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_BUSY);
    assert_int_equal(ipc_post(&ends.a, IPC_ENROL_ANSWER, &got, NULL), R_BUG); /* not a front's */
    disconnect(&ends);
}

static void a_full_channel_keeps_what_was_posted(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_FRONT, IPC_CORE);
    struct msg_csrattrs message = {.id = 0};
    uint64_t n = 0, next = 0;
    while (ipc_post(&ends.a, IPC_CSRATTRS, &message, NULL) == OK)
        message.id = ++n;
    assert_true(n > 64);
    assert_int_equal(ipc_flush(&ends.a, NULL), R_BUSY);
    assert_int_equal(ipc_send(&ends.a, IPC_CSRATTRS, &message, -1, NULL), R_BUSY);
    for (; next < 64; next++)
        expect_next(&ends.b, next);
    while (ipc_flush(&ends.a, NULL) == R_BUSY)
        expect_next(&ends.b, next++);
    while (next < n)
        expect_next(&ends.b, next++);
    struct ipc_message got;
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_BUSY);
    disconnect(&ends);
}

static void a_frame_that_is_not_whole_is_refused(void **state)
{
    (void)state;
    static const struct bytes broken[] = {
        BYTES_TEXT_INIT("\0\0"),
        BYTES_TEXT_INIT("\0\0\0\0\0"),
        BYTES_TEXT_INIT("\0\0\0\0\0\0"),
        BYTES_TEXT_INIT("\0\0\0\0\0\1\1"),
        BYTES_TEXT_INIT("\0\0\0\0\0\3\0\1"),
        BYTES_TEXT_INIT("\0\0\377\377\377\377\0\1"),
        BYTES_TEXT_INIT("\0\0\0\0\0\2\0\0"), /* a frame in a frame */
    };
    struct ends ends = connect_roles(IPC_FRONT, IPC_CORE);
    struct ipc_message got;
    for (size_t i = 0; i < LENGTH_OF(broken); i++) {
        send_raw(ends.a.fd, broken[i], NULL, 0);
        assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_INVALID);
        assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_BUSY);
    }
    int before = open_descriptors(), fds[] = {0};
    post(&ends.a, 1);
    post(&ends.a, 2);
    struct bytes frame = bytes_of(ends.a.space + 2 * LIMIT_MESSAGE_BYTES, ends.a.posted_n);
    memset(ends.a.space + 2 * LIMIT_MESSAGE_BYTES, 0, 2);
    send_raw(ends.a.fd, frame, fds, 1);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), R_INVALID);
    assert_int_equal(open_descriptors(), before);
    disconnect(&ends);
}

static void a_descriptor_arrives_close_on_exec_and_works(void **state)
{
    (void)state;
    struct ends ends = connect_roles(IPC_DESK, IPC_CORE);
    struct ipc_message message, got;
    int ends_of_pipe[2];
    assert_int_equal(pipe(ends_of_pipe), 0);
    fill_message(IPC_DEVICE_IMPORT, &message, false);
    assert_int_equal(
        ipc_send(&ends.a, IPC_DEVICE_IMPORT, &message.device_import, ends_of_pipe[1], NULL), OK);
    assert_int_equal(ipc_receive(&ends.b, &got, NULL), OK);
    assert_int_equal(fcntl(got.fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(got.fd, "x", 1), 1);
    char byte = 0;
    assert_int_equal(read(ends_of_pipe[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(got.fd);
    close(ends_of_pipe[0]);
    close(ends_of_pipe[1]);
    disconnect(&ends);
}

static enum result enter_nothing(void *context, struct err *err)
{
    (void)context;
    (void)err;
    return OK;
}

static void ready_says_what_sandbox_and_role_lack(void **state)
{
    (void)state;
    const struct role_sandbox sandbox = {enter_nothing, NULL, "seccomp is refused"};
    static const enum ipc_role roles[] = {IPC_FRONT, IPC_DESK, IPC_READER, IPC_CORE, IPC_SIGNER};
    for (size_t i = 0; i < LENGTH_OF(roles); i++) {
        struct ends ends = connect_roles(roles[i], IPC_SUPERVISOR);
        struct ipc_message got;
        assert_int_equal(role_enter_sandbox(&sandbox, NULL), OK);
        assert_int_equal(role_send_ready(roles[i], ends.a.fd, &sandbox, "no issuer", NULL), OK);
        assert_int_equal(ipc_receive(&ends.b, &got, NULL), OK);
        assert_true(bytes_equal(got.core_ready.text, bytes_text("seccomp is refused; no issuer")));
        disconnect(&ends);
    }
    assert_int_equal(role_send_ready(IPC_SUPERVISOR, 0, &sandbox, "", NULL), R_BUG);
}

int main(void)
{
    fill_seed(SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_pairs_of_the_table_pass_and_both_ends_refuse_the_others),
        cmocka_unit_test(an_unwanted_descriptor_is_refused_and_closed),
        cmocka_unit_test(a_second_descriptor_is_refused_and_all_are_closed),
        cmocka_unit_test(a_missing_descriptor_is_refused_by_both),
        cmocka_unit_test(an_overlong_datagram_is_refused),
        cmocka_unit_test(an_empty_channel_is_busy_and_a_closed_one_unreachable),
        cmocka_unit_test(a_full_channel_is_busy_and_loses_nothing),
        cmocka_unit_test(posted_messages_go_in_one_datagram_and_in_their_order),
        cmocka_unit_test(a_full_channel_keeps_what_was_posted),
        cmocka_unit_test(a_frame_that_is_not_whole_is_refused),
        cmocka_unit_test(a_descriptor_arrives_close_on_exec_and_works),
        cmocka_unit_test(ready_says_what_sandbox_and_role_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
