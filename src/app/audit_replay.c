/* Replay of an export, in a process that can open nothing else. */
#include "audit.h"
#include "landlock.h"

#include <base/file.h>
#include <base/tile_path.h>
#include <ledger/replay.h>
#include <wire/reader.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUNDLE_WIDTH 256
#define BUNDLE_BYTES (BUNDLE_WIDTH * (2 + LIMIT_ENTRY_BYTES))

enum result audit_enter_sandbox(const char *folder, struct err *err)
{
    const struct landlock_path paths[] = {
        {folder, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR},
        {NULL, 0},
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_set(err, E_SANDBOX, "no new privileges: %s", strerror(errno));
    return landlock_enter(paths, 0, err);
}

static enum result fail(const char *path, struct err *err)
{
    return err_set(err, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", path, strerror(errno));
}

/* A regular file beneath `folder`; `room` takes it whole. */
static enum result read_file(int folder, const char *path, struct buf *room, struct err *err)
{
    struct stat st;
    CLEANUP(fd_closep) int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0)
        return fail(path, err);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > room->max)
        return err_set(err, E_LEDGER, "%s: not a file of at most %zu octets", path, room->max);
    room->n = 0;
    room->full = false;
    while (room->n < (size_t)st.st_size) {
        ssize_t n = read(fd, room->p + room->n, (size_t)st.st_size - room->n);
        if (n <= 0)
            return n < 0 ? fail(path, err) : err_set(err, E_IO, "%s: it shrinks", path);
        room->n += (size_t)n;
    }
    return OK;
}

/* ---- bundles ---- */

struct replaying {
    int folder;
    struct replay *replay;
    struct verify_checkpoint checkpoint;
    struct buf room;
    struct audit_keys own; /* of the folder */
};

static enum result check_root(const struct replaying *r, struct err *err)
{
    uint8_t root[32];
    if (replay_size(r->replay) != r->checkpoint.size)
        return OK;
    replay_root(r->replay, root);
    if (memcmp(root, r->checkpoint.root, sizeof root) != 0)
        return err_set(err, E_LEDGER,
                       "the first %" PRIu64 " entries are not those that the checkpoint signs",
                       r->checkpoint.size);
    return OK;
}

static enum result take_bundle(struct replaying *r, size_t width, struct err *err)
{
    struct reader reader = reader_of(buf_bytes(&r->room));
    for (size_t i = 0; i < width && reader_ok(&reader); i++) {
        struct bytes body = reader_bytes(&reader, reader_u16be(&reader));
        if (!reader_ok(&reader))
            break;
        TRY(replay_add(r->replay, body, NULL, err));
        TRY(check_root(r, err));
    }
    if (!reader_end(&reader))
        return err_set(err, E_LEDGER, "the bundle with entry %" PRIu64 ": wanted are %zu entries",
                       replay_size(r->replay), width);
    return OK;
}

/* The widest version of a bundle; 0 when there is none. */
static enum result read_bundle(struct replaying *r, uint64_t index, size_t *ret_width,
                               struct err *err)
{
    char path[TILE_PATH_MAX];
    for (size_t width = BUNDLE_WIDTH; width > 0; width--) {
        tile_path(path, "entries", index, width);
        enum result result = read_file(r->folder, path, &r->room, err);
        if (result == R_NOT_FOUND)
            continue;
        TRY(result);
        *ret_width = width;
        return OK;
    }
    *ret_width = 0;
    return OK;
}

static enum result take_bundles(struct replaying *r, struct err *err)
{
    size_t width = BUNDLE_WIDTH;
    TRY(check_root(r, err));
    for (uint64_t index = 0; width == BUNDLE_WIDTH; index++) {
        TRY(read_bundle(r, index, &width, err));
        r->room.n = width == 0 ? 0 : r->room.n;
        TRY(take_bundle(r, width, err));
    }
    if (replay_size(r->replay) < r->checkpoint.size)
        return err_set(err, E_LEDGER,
                       "%" PRIu64 " entries, the checkpoint signs %" PRIu64
                       ": the last ones are missing",
                       replay_size(r->replay), r->checkpoint.size);
    return OK;
}

/* ---- the checkpoint ---- */

static enum result read_checkpoint(struct replaying *r, const struct audit_keys *keys,
                                   struct err *err)
{
    if (keys == NULL) {
        TRY(read_file(r->folder, AUDIT_KEYS_FILE, &r->room, err));
        TRY(audit_keys_parse(buf_bytes(&r->room), &r->own, err));
        keys = &r->own;
    }
    const struct countersigner signer = audit_countersigner(keys);
    replay_trust(r->replay, &signer);
    TRY(read_file(r->folder, AUDIT_NOTE_FILE, &r->room, err));
    return audit_note_check(buf_bytes(&r->room), keys, AUDIT_NOTE_FILE, &r->checkpoint, err);
}

static void write_rows(struct replay *replay, struct audit_sink *sink)
{
    struct bytes line;
    uint8_t root[32];
    replay_begin_lines(replay);
    while (replay_next_line(replay, &line))
        audit_sink_line(sink, line);
    replay_root(replay, root);
    audit_sink_tail(sink, replay_size(replay), root);
}

enum result audit_replay(int folder, const struct audit_keys *keys, struct audit_sink *sink,
                         struct err *err)
{
    CLEANUP(replay_freep) struct replay *replay = NULL;
    CLEANUP(blob_free) struct blob room = {.p = malloc(BUNDLE_BYTES), .n = BUNDLE_BYTES};
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a bundle");
    TRY(replay_new(&sha256_for_merkle, &replay, err));
    struct replaying r = {.folder = folder, .replay = replay, .room = buf_over(room.p, room.n)};
    TRY(read_checkpoint(&r, keys, err));
    TRY(take_bundles(&r, err));
    write_rows(replay, sink);
    return OK;
}
