#include "lms_next.h"

#include <base/file.h>
#include <crypto/hash.h>
#include <wire/cbor.h>
#include <wire/hex.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MACHINE_ID "/etc/machine-id"
#define NEXT_FILE_MAX 64
#define NAME_N 16

static bool put_path(char *to, const char *folder, const char *name, const char *end)
{
    int n = snprintf(to, LMS_PATH_MAX, "%s/%s%s", folder, name, end);
    return n > 0 && n < LMS_PATH_MAX;
}

enum result lms_places_of(const char *folder, const char *records, struct bytes public,
                          struct lms_places *ret, struct err *err)
{
    uint8_t hash[SHA256_N];
    char name[2 * NAME_N + 1] = "";
    struct buf b = buf_over(name, sizeof name - 1);
    sha256(public, hash);
    hex_encode(&b, bytes_of(hash, NAME_N));
    if (!put_path(ret->folder, folder, "next", "") || !put_path(ret->record, records, name, "") ||
        !put_path(ret->lock, records, name, ".lock"))
        return err_set(err, E_USAGE, "the path is too long");
    return OK;
}

/* This host, without telling its id to whoever reads the folder. */
static enum result host_name(uint8_t ret[SHA256_N], struct err *err)
{
    CLEANUP(blob_free) struct blob id = {0};
    if (file_read(MACHINE_ID, 256, &id, err) != OK || id.n < 32)
        return err_set(err, E_KEY,
                       MACHINE_ID " cannot be read: a key with one-time indices is bound to it");
    const struct bytes parts[] = {bytes_text("troth lms"), blob_bytes(&id)};
    sha256_parts(parts, 2, ret);
    return OK;
}

/* {1: next, 2: host} */
static enum result write_one(const char *path, uint32_t next, struct err *err)
{
    uint8_t space[NEXT_FILE_MAX], host[SHA256_N];
    struct buf b = buf_over(space, sizeof space);
    TRY(host_name(host, err));
    cbor_write_map(&b, 2);
    cbor_write_uint(&b, 1);
    cbor_write_uint(&b, next);
    cbor_write_uint(&b, 2);
    cbor_write_bytes(&b, bytes_of(host, sizeof host));
    return file_write(path, 0600, buf_bytes(&b), err);
}

static uint64_t read_member(struct reader *r, struct cbor_map *map, int64_t wanted)
{
    struct cbor_key key = {0};
    if (!cbor_map_next(map, r, &key) || key.is_text || key.number != wanted)
        reader_fail(r, "a member that is missing or not known");
    return wanted == 1 ? cbor_read_uint(r) : 0;
}

static enum result read_one(const char *path, uint32_t *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    uint8_t host[SHA256_N];
    TRY(file_read(path, NEXT_FILE_MAX, &file, err));
    TRY(host_name(host, err));
    struct reader r = reader_of(blob_bytes(&file));
    struct cbor_map map = cbor_read_map(&r);
    uint64_t next = read_member(&r, &map, 1);
    (void)read_member(&r, &map, 2);
    struct bytes made_on = cbor_read_bytes(&r);
    if (map.left != 0 || !reader_end(&r) || next > UINT32_MAX)
        return err_set(err, E_KEY_STATE, "%s is not whole", path);
    if (!bytes_equal(made_on, bytes_of(host, sizeof host)))
        return err_set(err, E_KEY_STATE, "%s is of another host: " MACHINE_ID " is not what it was",
                       path);
    *ret = (uint32_t)next;
    return OK;
}

enum result lms_next_make(const struct lms_places *places, struct err *err)
{
    return lms_next_write(places, 0, err);
}

enum result lms_next_lock(const struct lms_places *places, int *ret, struct err *err)
{
    CLEANUP(fd_closep) int fd = open(places->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        return err_set(err, E_IO, "%s: %s", places->lock, strerror(errno));
    *ret = fd;
    fd = -1;
    return OK;
}

enum result lms_next_read(const struct lms_places *places, uint32_t *ret, struct err *err)
{
    uint32_t folder = 0, record = 0;
    TRY(read_one(places->folder, &folder, err));
    enum result result = read_one(places->record, &record, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_KEY_STATE,
                       "%s is not there: nobody here made this key or signed with it",
                       places->record);
    if (result != OK)
        return result;
    if (folder < record)
        return err_set(err, E_KEY_STATE,
                       "the folder is older than the last signature: it says that index %u is the "
                       "next, and %s says %u",
                       folder, places->record, record);
    *ret = folder;
    return OK;
}

enum result lms_next_write(const struct lms_places *places, uint32_t next, struct err *err)
{
    TRY(write_one(places->folder, next, err));
    return write_one(places->record, next, err);
}
