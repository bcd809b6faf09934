#include "table.h"

#include <base/file.h>
#include <wire/buf.h>
#include <wire/reader.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A burst of answers must find room; the kernel caps it at net.core.wmem_max. */
#define SEND_BUFFER_BYTES (4 << 20)

/* Room for one descriptor. Not CMSG_SPACE(), whose padding is room for a second one. */
union control {
    struct cmsghdr head;
    uint8_t room[CMSG_LEN(sizeof(int))];
};

enum result ipc_pair(enum ipc_role a, enum ipc_role b, int ret_fds[2], struct err *err)
{
    int fds[2], size = SEND_BUFFER_BYTES;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        return err_set(err, E_IO, "socketpair for %s and %s: %s", ipc_role_name(a),
                       ipc_role_name(b), strerror(errno));
    for (int i = 0; i < 2; i++)
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
                   sizeof size); /* less is slower, not wrong */
    ret_fds[0] = fds[0];
    ret_fds[1] = fds[1];
    return OK;
}

enum result ipc_open(struct ipc_channel *channel, enum ipc_role me, enum ipc_role peer, int fd,
                     struct err *err)
{
    CLEANUP(fd_closep) int owned = fd;
    uint8_t *space = malloc((size_t)3 * LIMIT_MESSAGE_BYTES);
    if (space == NULL)
        return err_set(err, E_MEMORY, "no memory for a channel to %s", ipc_role_name(peer));
    *channel = (struct ipc_channel){.me = me, .peer = peer, .fd = owned, .space = space};
    owned = -1;
    return OK;
}

void ipc_close(struct ipc_channel *channel)
{
    fd_closep(&channel->fd);
    free(channel->space);
    channel->space = NULL;
    channel->posted = channel->posted_n = 0;
    channel->rest = bytes_of(NULL, 0);
}

/* Errors of a socket whose peer may be gone, full or empty. */
static enum result socket_failed(const struct ipc_channel *channel, struct err *err)
{
    const char *peer = ipc_role_name(channel->peer);
    if (errno == EAGAIN)
        return err_set(err, E_BUSY, "the channel to %s has no room or no message", peer);
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
        return err_set(err, E_UNREACHABLE, "%s is gone", peer);
    return err_set(err, E_IO, "the channel to %s: %s", peer, strerror(errno));
}

static bool fits_fd_rule(enum fd_rule rule, int fd)
{
    return fd >= 0 ? rule != FD_NEVER : rule != FD_MUST;
}

/* Costs half a microsecond more than send(), and few messages carry a descriptor. */
static ssize_t send_with(int to, struct bytes wire, int pass_fd)
{
    union control control = {.head = {CMSG_LEN(sizeof pass_fd), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec part = {(void *)(uintptr_t)wire.p, wire.n};
    const struct msghdr head = {.msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = &control,
                                .msg_controllen = CMSG_LEN(sizeof pass_fd)};
    memcpy(CMSG_DATA(&control.head), &pass_fd, sizeof pass_fd);
    return sendmsg(to, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static enum result send_bytes(struct ipc_channel *channel, struct bytes wire, int pass_fd,
                              struct err *err)
{
    ssize_t n;
    do
        n = pass_fd >= 0 ? send_with(channel->fd, wire, pass_fd)
                         : send(channel->fd, wire.p, wire.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? socket_failed(channel, err) : OK;
}

/* May this end send it, and has it a peer? */
static enum result check_sending(const struct ipc_channel *channel, enum ipc_type type, int pass_fd,
                                 struct err *err)
{
    if (!ipc_is_allowed(type, channel->me, channel->peer))
        return err_set(err, E_BUG, "%s may not send %s to %s", ipc_role_name(channel->me),
                       ipc_name(type), ipc_role_name(channel->peer));
    if (!fits_fd_rule(message_find(type)->fd, pass_fd))
        return err_set(err, E_BUG, "%s %s a descriptor", ipc_name(type),
                       pass_fd >= 0 ? "never carries" : "needs");
    if (channel->fd < 0)
        return err_set(err, E_UNREACHABLE, "the channel to %s is closed",
                       ipc_role_name(channel->peer));
    return OK;
}

enum result ipc_send(struct ipc_channel *channel, enum ipc_type type, const void *message,
                     int pass_fd, struct err *err)
{
    uint8_t *to = channel->space + LIMIT_MESSAGE_BYTES;
    size_t n = 0;
    TRY(check_sending(channel, type, pass_fd, err));
    TRY(ipc_flush(channel, err));
    TRY(ipc_encode(type, message, to, LIMIT_MESSAGE_BYTES, &n, err));
    return send_bytes(channel, bytes_of(to, n), pass_fd, err);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* A frame: u16 0, which is no message's type, then each message behind its length as u32. */
#define MARK_BYTES 2
#define LENGTH_BYTES 4
#define POSTS_MAX 64

enum result ipc_post(struct ipc_channel *channel, enum ipc_type type, const void *message,
                     struct err *err)
{
    size_t n = 0;
    TRY(check_sending(channel, type, -1, err));
    if (channel->posted == POSTS_MAX || channel->posted_n > LIMIT_MESSAGE_BYTES / 2)
        TRY(ipc_flush(channel, err));
    size_t at = channel->posted == 0 ? MARK_BYTES : channel->posted_n;
    uint8_t *to = channel->space + 2 * LIMIT_MESSAGE_BYTES + at;
    TRY(ipc_encode(type, message, to + LENGTH_BYTES, LIMIT_MESSAGE_BYTES - at - LENGTH_BYTES, &n,
                   err));
    struct buf length = buf_over(to, LENGTH_BYTES);
    buf_put_u32be(&length, (uint32_t)n);
    channel->posted_n = at + LENGTH_BYTES + n;
    channel->posted++;
    return OK;
}

enum result ipc_flush(struct ipc_channel *channel, struct err *err)
{
    if (channel->posted == 0)
        return OK;
    uint8_t *frame = channel->space + 2 * LIMIT_MESSAGE_BYTES;
    memset(frame, 0, MARK_BYTES);
    struct bytes all = bytes_of(frame, channel->posted_n);
    size_t head = channel->posted == 1 ? MARK_BYTES + LENGTH_BYTES : 0; /* one needs no frame */
    enum result result = send_bytes(channel, bytes_slice(all, head, all.n - head), -1, err);
    if (result != R_BUSY)
        channel->posted = channel->posted_n = 0;
    return result;
}

bool ipc_has_more(const struct ipc_channel *channel)
{
    return channel->rest.n > 0;
}

/* Takes the next message off the frame. */
static enum result take_off(struct ipc_channel *channel, struct bytes *ret_wire, struct err *err)
{
    struct reader in = reader_of(channel->rest);
    size_t n = reader_u32be(&in);
    *ret_wire = reader_bytes(&in, n);
    if (!reader_ok(&in)) {
        channel->rest = bytes_of(NULL, 0);
        return err_set(err, E_SYNTAX, "%s sent a frame that ends within a message",
                       ipc_role_name(channel->peer));
    }
    channel->rest = bytes_slice(channel->rest, LENGTH_BYTES + n, in.left);
    return OK;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* The one descriptor that came along, or -1. The kernel closed any beyond it (MSG_CTRUNC). */
static int received_fd(struct msghdr *head)
{
    int fd = -1;
    struct cmsghdr *control = CMSG_FIRSTHDR(head);
    if (control != NULL && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
        control->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(control), sizeof fd);
    return fd;
}

static enum result receive_bytes(struct ipc_channel *channel, struct bytes *ret_wire, int *ret_fd,
                                 struct err *err)
{
    union control control;
    struct iovec part = {channel->space, LIMIT_MESSAGE_BYTES};
    struct msghdr head = {.msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = CMSG_LEN(sizeof(int))};
    ssize_t n;
    do
        n = recvmsg(channel->fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return socket_failed(channel, err);
    CLEANUP(fd_closep) int fd = received_fd(&head);
    if (n == 0)
        return err_set(err, E_UNREACHABLE, "%s is gone", ipc_role_name(channel->peer));
    if ((head.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return err_set(err, E_SYNTAX, "%s sent more than one message may hold",
                       ipc_role_name(channel->peer));
    *ret_wire = bytes_of(channel->space, (size_t)n);
    *ret_fd = fd;
    fd = -1;
    return OK;
}

/* Does the peer have the right to this message, as it is? */
static enum result check_message(const struct ipc_channel *channel,
                                 const struct ipc_message *message, struct err *err)
{
    if (!ipc_is_allowed(message->type, channel->peer, channel->me))
        return err_set(err, E_SYNTAX, "%s may not send %s to %s", ipc_role_name(channel->peer),
                       ipc_name(message->type), ipc_role_name(channel->me));
    if (!fits_fd_rule(message_find(message->type)->fd, message->fd))
        return err_set(err, E_SYNTAX, "%s %s a descriptor", ipc_name(message->type),
                       message->fd >= 0 ? "never carries" : "needs");
    return OK;
}

static bool is_frame(struct bytes wire)
{
    return wire.n >= MARK_BYTES && wire.p[0] == 0 && wire.p[1] == 0;
}

/* One message's octets: the next of the frame in hand, or what comes now. */
static enum result receive_wire(struct ipc_channel *channel, struct bytes *ret_wire, int *ret_fd,
                                struct err *err)
{
    if (channel->rest.n > 0)
        return take_off(channel, ret_wire, err);
    TRY(receive_bytes(channel, ret_wire, ret_fd, err));
    if (!is_frame(*ret_wire))
        return OK;
    if (*ret_fd >= 0)
        return err_set(err, E_SYNTAX, "%s sent a descriptor with a frame",
                       ipc_role_name(channel->peer));
    channel->rest = bytes_slice(*ret_wire, MARK_BYTES, ret_wire->n - MARK_BYTES);
    return take_off(channel, ret_wire, err);
}

enum result ipc_receive(struct ipc_channel *channel, struct ipc_message *ret, struct err *err)
{
    struct bytes wire;
    CLEANUP(fd_closep) int fd = -1;
    TRY(receive_wire(channel, &wire, &fd, err));
    struct ipc_message got;
    TRY(ipc_decode(wire, &got, err));
    got.fd = fd;
    TRY(check_message(channel, &got, err));
    *ret = got;
    fd = -1;
    return OK;
}
