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

static void write_number(struct buf *b, const struct record *record)
{
    buf_put_u64be(b, record->number);
}

static void read_number(struct reader *r, struct record *record)
{
    record->number = reader_u64be(r);
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

static void write_device(struct buf *b, const struct record *record)
{
    const struct record_device *device = &record->device;

    buf_put_u8(b, device->state);
    buf_put_u8(b, device->quarantine);
    buf_put_u8(b, device->hold);
    buf_put_u8(b, device->product_n);
    buf_put_bytes(b, bytes_of(device->product, device->product_n));
    buf_put_u8(b, device->serial_number_n);
    buf_put_bytes(b, bytes_of(device->serial_number, device->serial_number_n));
}

/* A name of at most `max` octets; its length. */
static uint8_t read_name(struct reader *r, uint8_t *to, size_t max)
{
    struct bytes name = reader_bytes(r, reader_u8(r));
    if (name.n > max) {
        reader_fail(r, "a name that is too long");
        return 0;
    }
    if (name.n != 0)
        memcpy(to, name.p, name.n);
    return (uint8_t)name.n;
}

static void read_device(struct reader *r, struct record *record)
{
    struct record_device *device = &record->device;

    device->state = reader_u8(r);
    device->quarantine = reader_u8(r);
    device->hold = reader_u8(r);
    device->product_n = read_name(r, device->product, sizeof(device->product));
    device->serial_number_n = read_name(r, device->serial_number, sizeof(device->serial_number));
}

static void write_epoch(struct buf *b, const struct record *record)
{
    buf_put_u64be(b, record->size);
    buf_put_u64be(b, record->number);
    buf_put_u64be(b, record->floor);
    buf_put_u64be(b, record->from_size);
    buf_put_u64be(b, record->ordinal);
    buf_put_u64be(b, record->lost_size);
    buf_put_bytes(b, bytes_of(record->lost_root, sizeof(record->lost_root)));
}

static void read_epoch(struct reader *r, struct record *record)
{
    record->size = reader_u64be(r);
    record->number = reader_u64be(r);
    record->floor = reader_u64be(r);
    record->from_size = reader_u64be(r);
    record->ordinal = reader_u64be(r);
    record->lost_size = reader_u64be(r);
    struct bytes root = reader_bytes(r, sizeof(record->lost_root));
    if (root.n == sizeof(record->lost_root))
        memcpy(record->lost_root, root.p, root.n);
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
    [RECORD_DEVICE] = {write_device, read_device},
    [RECORD_EPOCH] = {write_epoch, read_epoch},
    [RECORD_BEGAN] = {write_nothing, read_nothing},
    [RECORD_FEED] = {write_number, read_number},
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
