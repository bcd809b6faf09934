/* The tiles of a checkpoint, for whoever wants to check it (C2SP tlog-tiles).
 *
 * Nothing here is synced: all of it can be written again from the store, and the first publication
 * after a start looks at every tile. If the checkpoint in the folder is one of this log, what a
 * power cut can have done to a tile shows in its length (file systems grow a file only after they
 * wrote its data). If it is not, every tile is written again. The checkpoint comes after its tiles,
 * so that nobody who sees it misses one. */
#include "folder.h"
#include "tree.h"
#include <base/tile_path.h>

#include <base/file.h>
#include <ledger/note.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKPOINT_MAX 4096 /* octets; two signatures take under 600 */

static void path_of(char ret[TILE_PATH_MAX], int level, uint64_t index, size_t width)
{
    char kind[4];
    snprintf(kind, sizeof kind, "%d", level);
    tile_path(ret, kind, index, width);
}

static bool is_there(int folder, const char *path, size_t n)
{
    struct stat st;
    return fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (size_t)st.st_size == n;
}

struct publication {
    struct ledger *ledger;
    int folder;
    uint64_t before; /* size of the tree whose tiles are there */
    uint64_t size;
    bool may_skip; /* a tile of the right length is right */
};

static enum result put_tile(const struct publication *p, int level, uint64_t index, size_t width,
                            struct err *err)
{
    char path[TILE_PATH_MAX];
    uint8_t tile[TILE_BYTES];
    path_of(path, level, index, width);
    if (p->may_skip && is_there(p->folder, path, width * MERKLE_HASH_N))
        return OK;
    TRY(tree_tile(p->ledger, level, index, width, tile, err));
    return folder_put(p->folder, path, bytes_of(tile, width * MERKLE_HASH_N), err);
}

/* The tiles of one level that a tree of `size` has and one of `before` had not. */
static enum result put_level(const struct publication *p, int level, struct err *err)
{
    uint64_t first = tree_level_size(p->before, level) / TILE_HASHES;
    uint64_t last = tree_level_size(p->size, level) / TILE_HASHES;
    size_t width = tree_last_width(p->size, level);
    for (uint64_t index = first; index < last; index++)
        TRY(put_tile(p, level, index, TILE_HASHES, err));
    return width == 0 ? OK : put_tile(p, level, last, width, err);
}

/* The partial versions of a tile that is full now; whoever still asks for one takes the full tile.
 */
static void drop_partial(int folder, int level, uint64_t index)
{
    char path[TILE_PATH_MAX], parent[TILE_PATH_MAX];
    path_of(path, level, index, TILE_HASHES);
    snprintf(parent, sizeof parent, "%.*s.p", TILE_PATH_MAX - 3, path);
    if (unlinkat(folder, parent, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return;
    for (size_t width = 1; width < TILE_HASHES; width++) {
        path_of(path, level, index, width);
        (void)unlinkat(folder, path, 0);
    }
    (void)unlinkat(folder, parent, AT_REMOVEDIR);
}

static void drop_level(const struct publication *p, int level)
{
    uint64_t first = tree_level_size(p->before, level) / TILE_HASHES;
    uint64_t last = tree_level_size(p->size, level) / TILE_HASHES;
    for (uint64_t index = first; index < last; index++)
        drop_partial(p->folder, level, index);
}

static bool is_ours(struct ledger *ledger, const struct note *note)
{
    uint8_t root[MERKLE_HASH_N];
    struct err unused;
    return ledger_root_at(ledger, note->size, root, &unused) == OK &&
           memcmp(root, note->root, sizeof root) == 0;
}

static bool folder_is_ours(struct ledger *ledger, int folder)
{
    uint8_t text[CHECKPOINT_MAX];
    struct note note;
    struct err unused;
    CLEANUP(fd_closep) int fd = openat(folder, "checkpoint", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    return n > 0 && note_parse(bytes_of(text, (size_t)n), &note, &unused) == OK &&
           is_ours(ledger, &note);
}

/* A log that publishes what it is not would be a fork. */
static enum result check_note(struct ledger *ledger, struct bytes text, uint64_t size,
                              struct err *err)
{
    struct note note;
    TRY(note_parse(text, &note, err));
    if (note.size != size || !is_ours(ledger, &note))
        return err_set(err, E_LEDGER, "the note is not of this log's first %" PRIu64 " entries",
                       size);
    return OK;
}

enum result ledger_publish(struct ledger *ledger, int public_dir, struct bytes note, uint64_t size,
                           struct err *err)
{
    struct publication p = {.ledger = ledger, .folder = public_dir, .size = size};
    TRY(check_note(ledger, note, size, err));
    p.before = ledger->published <= size ? ledger->published : 0;
    p.may_skip = ledger->published == 0 && folder_is_ours(ledger, public_dir);
    for (int level = 0; level < TILE_LEVELS; level++)
        TRY(put_level(&p, level, err));
    TRY(folder_put(public_dir, "checkpoint", note, err));
    for (int level = 0; level < TILE_LEVELS; level++)
        drop_level(&p, level);
    ledger->published = size;
    return OK;
}
