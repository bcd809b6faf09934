// The signer's journal as it is read at start (signer/journal.h). Input: an octet, 0 for a file as
// it is; otherwise records of one frame after the other, each behind its length in two octets,
// around which the target puts what a signer that ended properly would have written.
#include "fuzz.h"

#include "journal_read.h"

#include <wire/buf.h>
#include <wire/reader.h>

#define FILE_MAX 262144

static uint8_t room[FILE_MAX];

static void put_frame(struct buf *file, struct bytes records, uint8_t chain[SHA256_N])
{
    size_t at = file->n;
    buf_put_u32be(file, (uint32_t)records.n);
    buf_put_u32be(file, ~(uint32_t)records.n);
    buf_put_bytes(file, records);
    if (!buf_ok(file))
        return;
    journal_hash_frame(chain, bytes_of(file->p + at, file->n - at), chain);
    buf_put_bytes(file, bytes_of(chain, SHA256_N));
}

static struct bytes file_of(struct bytes input)
{
    struct buf file = buf_over(room, sizeof(room));
    struct reader r = reader_of(input);
    uint8_t chain[SHA256_N];
    if (reader_u8(&r) == 0)
        return reader_rest(&r);
    sha256(bytes_text(JOURNAL_MAGIC), chain);
    buf_put_bytes(&file, bytes_text(JOURNAL_MAGIC));
    while (r.left > 2 && reader_ok(&r))
        put_frame(&file, reader_bytes(&r, reader_u16be(&r)), chain);
    return buf_bytes(&file);
}

static enum result replay(struct bytes file, struct journal_found *ret)
{
    struct memory memory = {0};
    struct err err = {0};
    enum result result = journal_replay(file, &memory, ret, &err);
    must((result == OK) == (err.code == E_NONE));
    memory_free(&memory);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes file = file_of(bytes_of(data, size));
    struct journal_found whole = {0}, cut = {0};

    if (replay(file, &whole) != OK)
        return 0;
    must(whole.end <= file.n);
    // A crash may have ended the last write anywhere; what was whole before it stays.
    for (size_t less = 1; less <= 40 && less <= file.n; less++) {
        must(replay(bytes_of(file.p, file.n - less), &cut) == OK);
        must(cut.end <= whole.end && cut.position <= whole.position);
    }
    return 0;
}
