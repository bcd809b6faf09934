#include "journal.h"

#include <base/file.h>
#include <crypto/hash.h>

#include "journal_read.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_MAX (FRAME_HEAD_N + FRAME_RECORDS_MAX + SHA256_N)
#define RESERVE_BYTES (8 << 20)     /* allocated beyond the end */
#define RESERVE_LOW_BYTES (6 << 20) /* below that no certificates: the rest is for CRLs */

struct journal {
    int fd;
    off_t end;         /* of the last durable frame */
    off_t allocated;   /* end of the reserve */
    uint64_t position; /* of the last record */
    uint64_t durable;  /* of the last durable one; and what the checkpoint was then */
    uint64_t durable_size;
    uint8_t durable_root[32];
    size_t durable_approvals;
    struct memory_people durable_people;
    uint8_t chain[SHA256_N];
    struct memory memory;
    struct buf records; /* added, not durable */
    uint8_t frame[FRAME_MAX];
};

/* All that was added is on the disk. */
static void mark_durable(struct journal *journal)
{
    journal->records.n = 0;
    journal->durable = journal->position;
    journal->durable_size = journal->memory.size;
    memcpy(journal->durable_root, journal->memory.root, sizeof(journal->durable_root));
    journal->durable_approvals = journal->memory.approvals_n;
    if (journal->memory.people.is_changed) {
        journal->memory.people.is_changed = false;
        journal->durable_people = journal->memory.people;
    }
}

/* Nothing of it is. Numbers stay used, which is safe; the tree must be as it was, or the next one
 * would seem a fork, and so must be who approved what. */
static void forget_added(struct journal *journal)
{
    journal->records.n = 0;
    journal->position = journal->durable;
    journal->memory.size = journal->durable_size;
    memcpy(journal->memory.root, journal->durable_root, sizeof(journal->memory.root));
    journal->memory.records = journal->durable;
    journal->memory.approvals_n = journal->durable_approvals;
    if (journal->memory.people.is_changed)
        journal->memory.people = journal->durable_people;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static enum result write_magic(struct journal *journal, struct err *err)
{
    sha256(bytes_text(JOURNAL_MAGIC), journal->chain);
    journal->end = (off_t)JOURNAL_MAGIC_N;
    if (ftruncate(journal->fd, 0) != 0)
        return err_set(err, E_IO, "journal: %s", strerror(errno));
    return fd_write(journal->fd, bytes_text(JOURNAL_MAGIC), err);
}

static enum result read_whole(struct journal *journal, size_t n, struct err *err)
{
    struct journal_found found;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, journal->fd, 0);
    if (p == MAP_FAILED)
        return err_set(err, E_IO, "journal: %s", strerror(errno));

    enum result result = journal_replay(bytes_of(p, n), &journal->memory, &found, err);
    munmap(p, n);
    TRY(result);
    if (found.end == 0)
        return write_magic(journal, err);
    journal->end = (off_t)found.end;
    journal->position = found.position;
    memcpy(journal->chain, found.chain, SHA256_N);
    mark_durable(journal);
    return OK;
}

/* Cuts off what a crash left, and makes the file's existence durable. */
static enum result settle(struct journal *journal, off_t size, const char *path, struct err *err)
{
    char folder[1024];
    const char *slash = strrchr(path, '/');

    if (size > journal->end && ftruncate(journal->fd, journal->end) != 0)
        return err_set(err, E_IO, "journal: %s", strerror(errno));
    if (fsync(journal->fd) != 0)
        return err_set(err, E_IO, "journal: %s", strerror(errno));
    snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) : 1,
             slash != NULL ? path : ".");
    return folder_sync(folder, err);
}

enum result journal_create(const char *path, struct err *err)
{
    return file_create(path, 0600, bytes_text(JOURNAL_MAGIC), err);
}

enum result journal_open(const char *path, struct journal **ret, struct err *err)
{
    CLEANUP(journal_closep) struct journal *journal = calloc(1, sizeof(*journal));
    struct stat stat;

    if (journal == NULL)
        return err_set(err, E_MEMORY, "no memory for the journal");
    journal->records = buf_over(journal->frame + FRAME_HEAD_N, FRAME_RECORDS_MAX);
    journal->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (journal->fd < 0 && errno == ENOENT)
        return err_set(err, E_JOURNAL, "%s is not there: a signer without it has forgotten", path);
    if (journal->fd < 0 || fstat(journal->fd, &stat) != 0)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, E_IN_USE, "%s: a server or a restore that runs has it; wanted is none",
                       path);
    if (stat.st_size == 0)
        TRY(write_magic(journal, err));
    else
        TRY(read_whole(journal, (size_t)stat.st_size, err));
    TRY(settle(journal, stat.st_size, path, err));
    journal_has_room(journal); /* while there is some */
    *ret = STEAL(journal);
    return OK;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    fd_closep(&journal->fd);
    memory_free(&journal->memory);
    free(journal);
}

void journal_closep(struct journal **journal)
{
    journal_close(*journal);
}

const struct memory *journal_memory(const struct journal *journal)
{
    return &journal->memory;
}

uint64_t journal_position(const struct journal *journal)
{
    return journal->position;
}

/* ---- writing ------------------------------------------------------------------------------------
 */

enum result journal_add(struct journal *journal, const struct record *record,
                        uint64_t *ret_position, struct err *err)
{
    if (journal->records.n + RECORD_MAX > journal->records.max)
        return err_set(err, E_BUSY, "the signer's batch is full");
    TRY(memory_check(&journal->memory, record, err));
    TRY(memory_add(&journal->memory, record, err));
    record_write(&journal->records, record);
    if (!buf_ok(&journal->records))
        return err_set(err, E_BUG, "a record that cannot be written");
    *ret_position = ++journal->position;
    return OK;
}

/* The file ends where it ended before, and the disk has no room. */
static enum result take_back(struct journal *journal, struct err *err)
{
    if (ftruncate(journal->fd, journal->end) != 0)
        return err_set(err, E_IO, "journal: a frame that is not whole: %s", strerror(errno));
    forget_added(journal);
    return err_set(err, E_BUSY, "the signer's journal cannot grow: the disk is full");
}

enum result journal_commit(struct journal *journal, struct err *err)
{
    size_t n = journal->records.n;
    struct buf head = buf_over(journal->frame, FRAME_HEAD_N);
    uint8_t chain[SHA256_N];

    if (n == 0)
        return OK;
    buf_put_u32be(&head, (uint32_t)n);
    buf_put_u32be(&head, ~(uint32_t)n);
    journal_hash_frame(journal->chain, bytes_of(journal->frame, FRAME_HEAD_N + n), chain);
    memcpy(journal->frame + FRAME_HEAD_N + n, chain, SHA256_N);
    if (fd_write(journal->fd, bytes_of(journal->frame, FRAME_HEAD_N + n + SHA256_N), err) != OK)
        return take_back(journal, err);
    if (fdatasync(journal->fd) != 0)
        return err_set(err, E_IO, "journal: fdatasync: %s", strerror(errno));
    journal->end += (off_t)(FRAME_HEAD_N + n + SHA256_N);
    memcpy(journal->chain, chain, SHA256_N);
    mark_durable(journal);
    return OK;
}

bool journal_has_room(struct journal *journal)
{
    off_t left = journal->allocated - journal->end;

    if (left >= RESERVE_LOW_BYTES)
        return true;
    if (fallocate(journal->fd, FALLOC_FL_KEEP_SIZE, journal->end, RESERVE_BYTES) == 0)
        journal->allocated = journal->end + RESERVE_BYTES;
    else if (errno == ENOSPC || errno == EDQUOT)
        return false;
    return true; /* a file system without reserves has none */
}

/* ---- reading again ------------------------------------------------------------------------------
 */

static enum result visit_frame(struct bytes records, uint64_t after, uint64_t *position,
                               const struct journal_visitor *visitor, struct err *err)
{
    struct reader r = reader_of(records);

    while (r.left != 0) {
        struct record record = record_read(&r);
        if (!reader_ok(&r))
            return err_set(err, E_JOURNAL, "the signer's journal changed: %s", r.why);
        if (++*position > after)
            TRY(visitor->visit(visitor->context, *position, &record, err));
    }
    return OK;
}

static enum result visit_frames(struct bytes frames, uint64_t after,
                                const struct journal_visitor *visitor, struct err *err)
{
    struct reader r = reader_of(frames);
    uint64_t position = 0;

    while (r.left != 0) {
        uint32_t n = reader_u32be(&r);
        reader_u32be(&r);
        struct bytes records = reader_bytes(&r, n);
        reader_bytes(&r, SHA256_N);
        if (!reader_ok(&r))
            return err_set(err, E_JOURNAL, "the signer's journal changed: %s", r.why);
        TRY(visit_frame(records, after, &position, visitor, err));
    }
    return OK;
}

/* Mapped: a million frames of one record are read in the time of their octets. */
enum result journal_each(struct journal *journal, uint64_t after,
                         const struct journal_visitor *visitor, struct err *err)
{
    size_t n = (size_t)journal->end;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, journal->fd, 0);
    if (p == MAP_FAILED)
        return err_set(err, E_IO, "journal: %s", strerror(errno));

    struct bytes frames = bytes_slice(bytes_of(p, n), JOURNAL_MAGIC_N, n);
    enum result result = visit_frames(frames, after, visitor, err);
    munmap(p, n);
    return result;
}
