/* Many records in one sealed memfd (ipc/sealed.h), for what is too much for messages: an import.
 *
 * Each record is a u32 length, big endian, and an ipc_encode()d message of a type that nobody may
 * send (the end of ipc/messages.def). */
#ifndef IPC_RECORD_H
#define IPC_RECORD_H

#include <ipc/ipc.h>
#include <ipc/sealed.h>

struct record_writer {
    int fd;      /* private */
    size_t left; /* bytes that may still be written */
};

/* Starts records of at most `max` bytes altogether. The writer is the caller's to end. */
MUST_USE enum result record_begin(size_t max, struct record_writer *ret, struct err *err);

/* `message` is the struct msg_NAME of `type`. E_TOO_LARGE beyond the maximum. */
MUST_USE enum result record_append(struct record_writer *writer, enum ipc_type type,
                                   const void *message, struct err *err);

/* Seals and hands the descriptor over; the writer is ended, also when this fails. */
MUST_USE enum result record_seal(struct record_writer *writer, int *ret_fd, struct err *err);

/* Ends without a result; an ended or zeroed writer with fd -1 is fine; fit for CLEANUP. */
void record_abandon(struct record_writer *writer);

struct record_reader {
    struct bytes whole; /* private */
    size_t at;
};

/* Maps `fd`, which stays the caller's and may be closed at once. Errors as sealed_map(). */
MUST_USE enum result record_open(int fd, size_t max, struct record_reader *ret, struct err *err);

/* The next record, which must be of type `want`; its bytes live until record_close(). At the end it
 * is OK with type IPC_NONE. E_SYNTAX for anything malformed: then nothing more is to be read. */
MUST_USE enum result record_next(struct record_reader *reader, enum ipc_type want,
                                 struct ipc_message *ret, struct err *err);

void record_close(struct record_reader *reader);

#endif
