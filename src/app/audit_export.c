#include "audit.h"

#include <base/file.h>
#include <base/tile_path.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The entries of a bundle, each behind its length in two octets (C2SP tlog-tiles). */
struct bundles {
    const char *folder;
    uint64_t index;
    size_t width;
    struct buf out;
};

#define BUNDLE_WIDTH 256
#define BUNDLE_BYTES (BUNDLE_WIDTH * (2 + LIMIT_ENTRY_BYTES))

static enum result make_parents(const char *folder, const char *path, struct err *err)
{
    char part[CONFIG_PATH_MAX + TILE_PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%s/%.*s", folder, (int)(slash - path), path);
        TRY(folder_ensure(part, 0755, err));
    }
    return OK;
}

static enum result put_file(const char *folder, const char *path, struct bytes bytes,
                            struct err *err)
{
    char full[CONFIG_PATH_MAX + TILE_PATH_MAX];
    if ((size_t)snprintf(full, sizeof full, "%s/%s", folder, path) >= sizeof full)
        return err_set(err, E_IO, "%s: the path is too long", folder);
    TRY(make_parents(folder, path, err));
    return file_create(full, 0644, bytes, err);
}

static enum result put_bundle(struct bundles *bundles, struct err *err)
{
    char path[TILE_PATH_MAX];
    if (bundles->width == 0)
        return OK;
    tile_path(path, "entries", bundles->index, bundles->width);
    TRY(put_file(bundles->folder, path, buf_bytes(&bundles->out), err));
    bundles->index++;
    bundles->width = 0;
    bundles->out.n = 0;
    return OK;
}

static enum result take_entry(void *ctx, const struct entry *entry, struct err *err)
{
    struct bundles *bundles = ctx;
    if (entry->seq != bundles->index * BUNDLE_WIDTH + bundles->width)
        return err_set(err, E_LEDGER, "entry %llu is not where it should be",
                       (unsigned long long)entry->seq);
    buf_put_u16be(&bundles->out, (uint16_t)entry->body.n);
    buf_put_bytes(&bundles->out, entry->body);
    if (!buf_ok(&bundles->out) || entry->body.n > LIMIT_ENTRY_BYTES)
        return err_set(err, E_LEDGER, "entry %llu is above %d octets",
                       (unsigned long long)entry->seq, LIMIT_ENTRY_BYTES);
    return ++bundles->width == BUNDLE_WIDTH ? put_bundle(bundles, err) : OK;
}

static enum result export_bundles(struct store *store, const char *folder, struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(BUNDLE_BYTES), .n = BUNDLE_BYTES};
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a bundle");
    struct bundles bundles = {.folder = folder, .out = buf_over(room.p, room.n)};
    TRY(store_entries(store, 0, UINT64_MAX, take_entry, &bundles, err));
    return put_bundle(&bundles, err);
}

static enum result want_empty(const char *folder, struct err *err)
{
    TRY(folder_ensure(folder, 0755, err));
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return err_set(err, E_IO, "%s: %s", folder, strerror(errno));
    size_t n = 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    if (n > 2) /* itself and its parent */
        return err_set(err, E_CONFLICT, "%s is not empty", folder);
    return OK;
}

static enum result export_keys(const struct config *config, const char *folder, struct err *err)
{
    char path[CONFIG_PATH_MAX + 32];
    CLEANUP(blob_free) struct blob text = {0};
    snprintf(path, sizeof path, "%s/%s", config->public_files, AUDIT_KEYS_FILE);
    TRY(file_read(path, AUDIT_KEYS_MAX, &text, err));
    return put_file(folder, AUDIT_KEYS_FILE, blob_bytes(&text), err);
}

enum result audit_export(struct store *store, const struct config *config, const char *folder,
                         struct err *err)
{
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof room);
    uint64_t size = 0;
    enum result result = store_last_note(store, &size, &note, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "no checkpoint was signed yet: let the server run");
    TRY(result);
    TRY(want_empty(folder, err));
    TRY(export_bundles(store, folder, err));
    TRY(export_keys(config, folder, err));
    return put_file(folder, AUDIT_NOTE_FILE, buf_bytes(&note), err);
}
