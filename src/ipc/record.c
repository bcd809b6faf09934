#include <ipc/record.h>

#include <base/file.h>
#include <wire/buf.h>
#include <wire/reader.h>

#define LENGTH_BYTES 4

enum result record_begin(size_t max, struct record_writer *ret, struct err *err)
{
    int fd = -1;
    TRY(sealed_create("troth-records", &fd, err));
    *ret = (struct record_writer){fd, max};
    return OK;
}

enum result record_append(struct record_writer *writer, enum ipc_type type, const void *message,
                          struct err *err)
{
    uint8_t space[LENGTH_BYTES + LIMIT_MESSAGE_BYTES];
    size_t n = 0;
    TRY(ipc_encode(type, message, space + LENGTH_BYTES, LIMIT_MESSAGE_BYTES, &n, err));
    if (LENGTH_BYTES + n > writer->left)
        return err_set(err, E_TOO_LARGE, "the records need more than their maximum");
    struct buf length = buf_over(space, LENGTH_BYTES);
    buf_put_u32be(&length, (uint32_t)n);
    TRY(fd_write(writer->fd, bytes_of(space, LENGTH_BYTES + n), err));
    writer->left -= LENGTH_BYTES + n;
    return OK;
}

enum result record_seal(struct record_writer *writer, int *ret_fd, struct err *err)
{
    CLEANUP(fd_closep) int fd = writer->fd;
    writer->fd = -1;
    TRY(sealed_close_writing(fd, err));
    *ret_fd = fd;
    fd = -1;
    return OK;
}

void record_abandon(struct record_writer *writer)
{
    fd_closep(&writer->fd);
}

enum result record_open(int fd, size_t max, struct record_reader *ret, struct err *err)
{
    struct bytes whole;
    TRY(sealed_map(fd, max, &whole, err));
    *ret = (struct record_reader){.whole = whole};
    return OK;
}

enum result record_next(struct record_reader *reader, enum ipc_type want, struct ipc_message *ret,
                        struct err *err)
{
    struct reader in = reader_of(bytes_slice(reader->whole, reader->at, reader->whole.n));
    if (in.left == 0) {
        ret->type = IPC_NONE;
        return OK;
    }
    struct bytes record = reader_bytes(&in, reader_u32be(&in));
    if (!reader_ok(&in))
        return err_set(err, E_SYNTAX, "records: %s", in.why);
    struct ipc_message got;
    TRY(ipc_decode(record, &got, err));
    if (got.type != want)
        return err_set(err, E_SYNTAX, "records: %s found, %s wanted", ipc_name(got.type),
                       ipc_name(want));
    reader->at = reader->whole.n - in.left;
    *ret = got;
    return OK;
}

void record_close(struct record_reader *reader)
{
    sealed_unmap(&reader->whole);
}
