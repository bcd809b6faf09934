/* Messages between processes: typed, bounded, over SOCK_SEQPACKET. One table (ipc/messages.def)
 * lists them, one codec carries them; sender and receiver both check that the table has the pair.
 *
 * struct msg_NAME is made from FIELDS_NAME; variable fields are struct bytes that point into the
 * receive buffer and live until the next receive. */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include <base/err.h>
#include <base/limits.h>
#include <wire/approval.h>
#include <wire/cose.h>
#include <wire/feed.h>
#include <wire/ocsp.h>

#include <stdint.h>

enum ipc_role {
    IPC_NOBODY = 0,
    IPC_FRONT,
    IPC_DESK,
    IPC_READER,
    IPC_CORE,
    IPC_SIGNER,
    IPC_LOADER,
    IPC_COURIER,
    IPC_SUPERVISOR
};

enum ipc_type {
    IPC_NONE = 0,
#define MESSAGE(number, NAME, name, from, to) IPC_##NAME = number,
#include <ipc/messages.def>
#undef MESSAGE
};

#define IPC_C_u8(field, max) uint8_t field;
#define IPC_C_u32(field, max) uint32_t field;
#define IPC_C_i64(field, max) int64_t field;
#define IPC_C_u64(field, max) uint64_t field;
#define IPC_C_hash(field, max) uint8_t field[32];
#define IPC_C_bytes(field, max) struct bytes field;
#define IPC_C_fd(field, max)
#define IPC_C_FIELD(kind, field, max) IPC_C_##kind(field, max)
#define MESSAGE(number, NAME, name, from, to)                                                      \
    struct msg_##name {                                                                            \
        FIELDS_##name(IPC_C_FIELD)                                                                 \
    };
#include <ipc/messages.def>
#undef MESSAGE

/* A received message. `fd` is one descriptor that came with it, or -1; the receiver owns it. It is
 * whatever the peer chose to send: check it (ipc/sealed.h) before use. */
struct ipc_message {
    enum ipc_type type;
    int fd;
    union {
#define MESSAGE(number, NAME, name, from, to) struct msg_##name name;
#include <ipc/messages.def>
#undef MESSAGE
    };
};

/* One end of a channel: who I am, who the other is, its socket, and room for one message each way.
 * Owned by one thread. */
struct ipc_channel {
    enum ipc_role me, peer;
    int fd;
    uint8_t *space; /* private: 3 x LIMIT_MESSAGE_BYTES, received, to be sent, and posted */
    size_t posted, posted_n; /* private: messages that wait to be sent, and their octets */
    struct bytes rest;       /* private: of the frame that came last */
};

/* A connected pair; ends[0] belongs to `a`. The sockets are non-blocking and close-on-exec. */
MUST_USE enum result ipc_pair(enum ipc_role a, enum ipc_role b, int ret_fds[2], struct err *err);

/* Takes `fd` over, also when it fails. */
MUST_USE enum result ipc_open(struct ipc_channel *channel, enum ipc_role me, enum ipc_role peer,
                              int fd, struct err *err);
void ipc_close(struct ipc_channel *channel);

/* Sends one message: `message` is the struct msg_NAME that belongs to `type`. `pass_fd` -1 = none;
 * it stays the caller's. R_BUSY when the peer's queue is full (nothing was sent), R_UNREACHABLE
 * when the peer is gone or this end was closed, R_BUG when the table has no such message between
 * the two or a field is too long. */
MUST_USE enum result ipc_send(struct ipc_channel *channel, enum ipc_type type, const void *message,
                              int pass_fd, struct err *err);

/* The same for one of many, without a descriptor and at most half of LIMIT_MESSAGE_BYTES long: it
 * goes with the next ipc_flush() or ipc_send(), in this order, and all of them in one datagram, a
 * frame. That is a fifth of the cost. R_BUSY: it was not posted, what was is kept. */
MUST_USE enum result ipc_post(struct ipc_channel *channel, enum ipc_type type, const void *message,
                              struct err *err);
/* R_BUSY: what was posted is kept. After any other failure it is gone, as its peer is. */
MUST_USE enum result ipc_flush(struct ipc_channel *channel, struct err *err);

/* Did a frame bring more than was received yet? Of that no poll(2) tells. */
bool ipc_has_more(const struct ipc_channel *channel);

/* Receives one message without waiting. R_BUSY = none there, R_UNREACHABLE = the peer closed,
 * R_INVALID = the peer broke the codec or the table: the caller closes the channel. */
MUST_USE enum result ipc_receive(struct ipc_channel *channel, struct ipc_message *ret,
                                 struct err *err);

/* The codec alone, for records in memfds and for the fuzzer: u16 type, then the fields in table
 * order, integers in little endian, `bytes` after a u32 length. It knows nothing of who may send
 * what, nor of descriptors (`fd` is -1). encode: R_BUG for an unknown type or a field over its
 * maximum, R_LIMIT when `max` is too small. decode: R_INVALID with the field's rule; bytes left
 * over are refused; what it returns points into `wire`. */
MUST_USE enum result ipc_encode(enum ipc_type type, const void *message, uint8_t *to, size_t max,
                                size_t *ret_n, struct err *err);
MUST_USE enum result ipc_decode(struct bytes wire, struct ipc_message *ret, struct err *err);

/* Is `type` a message that `from` may send to `to`? False for everything that the table lacks. */
bool ipc_is_allowed(enum ipc_type type, enum ipc_role from, enum ipc_role to);
const char *ipc_name(enum ipc_type type);

const char *ipc_role_name(enum ipc_role role);

/* Every type in table order, for tests that walk the table; IPC_NONE past the end. */
enum ipc_type ipc_type_at(size_t index);

#endif
