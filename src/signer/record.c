#include "record.h"

static void write_certificate(struct buf *b, const struct record *record)
{
    buf_put_u32be(b, record->issuer);
    buf_put_u8(b, record->profile);
    buf_put_bytes(b, bytes_of(record->serial, sizeof(record->serial)));
    buf_put_u64be(b, (uint64_t)record->not_after_s);
}

static void read_certificate(struct reader *r, struct record *record)
{
    record->issuer = reader_u32be(r);
    record->profile = reader_u8(r);
    struct bytes serial = reader_bytes(r, SERIAL_N);
    if (serial.n == SERIAL_N)
        memcpy(record->serial, serial.p, SERIAL_N);
    record->not_after_s = (int64_t)reader_u64be(r);
}

static void write_crl(struct buf *b, const struct record *record)
{
    buf_put_u32be(b, record->shard.issuer);
    buf_put_u8(b, record->shard.expiry_class);
    buf_put_u32be(b, record->shard.part);
    buf_put_u64be(b, record->number);
}

static void read_crl(struct reader *r, struct record *record)
{
    record->shard.issuer = reader_u32be(r);
    record->shard.expiry_class = reader_u8(r);
    record->shard.part = reader_u32be(r);
    record->number = reader_u64be(r);
}

static void write_checkpoint(struct buf *b, const struct record *record)
{
    buf_put_u64be(b, record->size);
}

static void read_checkpoint(struct reader *r, struct record *record)
{
    record->size = reader_u64be(r);
}

static void write_nothing(struct buf *b, const struct record *record)
{
    (void)b;
    (void)record;
}

static void read_nothing(struct reader *r, struct record *record)
{
    (void)r;
    (void)record;
}

static void write_approver(struct buf *b, const struct record *record)
{
    buf_put_u64be(b, (uint64_t)record->person);
    buf_put_u8(b, record->is_on);
    buf_put_bytes(b, bytes_of(record->point, sizeof(record->point)));
}

static void read_approver(struct reader *r, struct record *record)
{
    record->person = (int64_t)reader_u64be(r);
    record->is_on = reader_u8(r) != 0;
    struct bytes point = reader_bytes(r, sizeof(record->point));
    if (point.n == sizeof(record->point))
        memcpy(record->point, point.p, point.n);
}

static const struct {
    void (*write)(struct buf *b, const struct record *record);
    void (*read)(struct reader *r, struct record *record);
} codecs[] = {
    [RECORD_CERTIFICATE] = {write_certificate, read_certificate},
    [RECORD_CRL] = {write_crl, read_crl},
    [RECORD_CHECKPOINT] = {write_checkpoint, read_checkpoint},
    [RECORD_APPROVAL] = {write_nothing, read_nothing},
    [RECORD_APPROVER] = {write_approver, read_approver},
};

static bool is_known(unsigned kind)
{
    return kind < LENGTH_OF(codecs) && codecs[kind].write != NULL;
}

/* Kind, what the kind has, hash. */
void record_write(struct buf *b, const struct record *record)
{
    if (!is_known(record->kind)) {
        buf_fail(b);
        return;
    }
    buf_put_u8(b, (uint8_t)record->kind);
    codecs[record->kind].write(b, record);
    buf_put_bytes(b, bytes_of(record->hash, sizeof(record->hash)));
}

struct record record_read(struct reader *r)
{
    struct record record = {.kind = (enum record_kind)reader_u8(r)};

    if (!is_known(record.kind)) {
        reader_fail(r, "a record of an unknown kind");
        return record;
    }
    codecs[record.kind].read(r, &record);
    struct bytes hash = reader_bytes(r, sizeof(record.hash));
    if (hash.n == sizeof(record.hash))
        memcpy(record.hash, hash.p, hash.n);
    return record;
}
