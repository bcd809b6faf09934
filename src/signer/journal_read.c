#include "journal_read.h"

#include "record.h"

void journal_hash_frame(const uint8_t before[SHA256_N], struct bytes head_and_records,
                        uint8_t ret[SHA256_N])
{
    sha256_parts((const struct bytes[]){bytes_of(before, SHA256_N), head_and_records}, 2, ret);
}

enum frame_state { FRAME_GOOD, FRAME_END, FRAME_CUT, FRAME_BAD };

struct frame {
    struct bytes records;
    size_t n; /* of the whole frame */
    uint8_t chain[SHA256_N];
};

static bool is_all_zero(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] != 0)
            return false;
    return true;
}

/* The frame at the begin of `rest`. Cut short is one that reaches the end of the file or beyond:
 * the last write of a process that ended in it. */
static enum frame_state frame_at(struct bytes rest, const uint8_t before[SHA256_N],
                                 struct frame *ret)
{
    struct reader r = reader_of(rest);
    uint32_t n = reader_u32be(&r);
    uint32_t complement = reader_u32be(&r);
    size_t whole = (size_t)FRAME_HEAD_N + n + SHA256_N;

    if (rest.n == 0)
        return FRAME_END;
    if (rest.n < FRAME_HEAD_N || is_all_zero(rest))
        return FRAME_CUT;
    if (n == 0 || n > FRAME_RECORDS_MAX || complement != ~n)
        return FRAME_BAD;
    if (whole > rest.n)
        return FRAME_CUT;
    journal_hash_frame(before, bytes_slice(rest, 0, FRAME_HEAD_N + n), ret->chain);
    if (memcmp(ret->chain, rest.p + FRAME_HEAD_N + n, SHA256_N) != 0)
        return whole == rest.n ? FRAME_CUT : FRAME_BAD;
    ret->records = bytes_slice(rest, FRAME_HEAD_N, n);
    ret->n = whole;
    return FRAME_GOOD;
}

static enum result remember(struct bytes records, struct memory *memory, uint64_t *position,
                            struct err *err)
{
    struct reader r = reader_of(records);

    while (r.left != 0) {
        struct record record = record_read(&r);
        if (!reader_ok(&r))
            return err_set(err, E_JOURNAL, "record %llu: %s", (unsigned long long)*position + 1,
                           r.why);
        TRY(memory_check(memory, &record, err));
        TRY(memory_add(memory, &record, err));
        ++*position;
    }
    return OK;
}

static enum result replay_frames(struct bytes file, struct memory *memory,
                                 struct journal_found *found, struct err *err)
{
    struct frame frame;
    enum frame_state state;

    sha256(bytes_text(JOURNAL_MAGIC), found->chain);
    found->end = JOURNAL_MAGIC_N;
    while ((state = frame_at(bytes_slice(file, found->end, file.n), found->chain, &frame)) ==
           FRAME_GOOD) {
        TRY(remember(frame.records, memory, &found->position, err));
        memcpy(found->chain, frame.chain, SHA256_N);
        found->end += frame.n;
    }
    if (state == FRAME_BAD)
        return err_set(err, E_JOURNAL, "the signer's journal is damaged at octet %zu", found->end);
    return OK;
}

enum result journal_replay(struct bytes file, struct memory *memory, struct journal_found *ret,
                           struct err *err)
{
    struct journal_found found = {0};
    struct bytes first = bytes_slice(file, 0, JOURNAL_MAGIC_N);

    if (!bytes_equal(first, bytes_slice(bytes_text(JOURNAL_MAGIC), 0, first.n)))
        return err_set(err, E_JOURNAL, "the file is no journal of a signer");
    if (first.n == JOURNAL_MAGIC_N)
        TRY(replay_frames(file, memory, &found, err));
    *ret = found;
    return OK;
}
