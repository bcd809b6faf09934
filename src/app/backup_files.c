#include "backup.h"

#include "lines.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <wire/hex.h>

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (1 << 20)
#define SUMS_MAX (64 << 20)
#define HEX_N (2 * SHA256_N)

static enum result fail(const char *path, struct err *err)
{
    return err_set(err, E_IO, "%s: %s", path, strerror(errno));
}

/* ---- walking -----------------------------------------------------------------------------------
 */

/* Called for each folder (with `is_folder`) before what is in it, and each file; `below` is the
 * path within the tree. */
struct tree_visitor {
    enum result (*visit)(void *ctx, const FTSENT *entry, const char *below, struct err *err);
    void *ctx;
};

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void fts_closep(FTS **tree)
{
    if (*tree != NULL)
        fts_close(*tree);
}

/* The folder itself; the walk may have been told of a link to it. */
static enum result check_root(const FTSENT *entry, struct err *err)
{
    if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP)
        return OK;
    errno = entry->fts_errno != 0 ? entry->fts_errno : ENOTDIR;
    return fail(entry->fts_path, err);
}

/* A line of SHA256SUMS ends with the name. */
static bool is_name_for_sums(const char *name)
{
    while (*name != '\0' && (unsigned char)*name >= ' ' && *name != '\177')
        name++;
    return *name == '\0';
}

static enum result visit_entry(const FTSENT *entry, size_t root_n,
                               const struct tree_visitor *visitor, struct err *err)
{
    bool is_known = entry->fts_info == FTS_D || entry->fts_info == FTS_F;
    if (entry->fts_level == FTS_ROOTLEVEL)
        return check_root(entry, err);
    if (entry->fts_info == FTS_DP || entry->fts_errno == ENOENT)
        return OK; /* a file that a server replaces while we walk may be gone again */
    if (!is_known)
        return err_set(err, E_BACKUP, "%s: neither a file nor a folder, or not to be read",
                       entry->fts_path);
    if (!is_name_for_sums(entry->fts_name))
        return err_set(err, E_BACKUP,
                       "%s: a name with a control character, which " BACKUP_SUMS
                       " has no line for; wanted is one without",
                       err_value(text_bytes(entry->fts_path)).text);
    return visitor->visit(visitor->ctx, entry, entry->fts_path + root_n + 1, err);
}

/* Without the slashes at its end, and "" for "/": what is below is behind one slash. */
static size_t root_length(const char *root)
{
    size_t n = strlen(root);
    while (n > 0 && root[n - 1] == '/')
        n--;
    return n;
}

static enum result walk(const char *root, const struct tree_visitor *visitor, struct err *err)
{
    char path[BACKUP_PATH_MAX];
    char *const roots[] = {path, NULL};
    size_t root_n = root_length(root);
    snprintf(path, sizeof path, "%.*s", (int)(root_n == 0 ? 1 : root_n), root);
    CLEANUP(fts_closep)
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    const FTSENT *entry;
    if (tree == NULL)
        return fail(root, err);
    while (errno = 0, (entry = fts_read(tree)) != NULL)
        TRY(visit_entry(entry, root_n, visitor, err));
    return errno == 0 ? OK : fail(root, err);
}

/* ---- copying -----------------------------------------------------------------------------------
 */

static enum result copy_octets(int from, int to, const char *path, struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(PIECE), .n = PIECE};
    ssize_t n;
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory to copy a file");
    while ((n = read(from, room.p, room.n)) > 0)
        TRY(fd_write(to, bytes_of(room.p, (size_t)n), err));
    return n < 0 || fsync(to) != 0 ? fail(path, err) : OK;
}

enum result backup_copy_file(const char *from, const char *to, struct err *err)
{
    struct stat stat;
    CLEANUP(fd_closep) int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0 && errno == ENOENT)
        return err_set(err, E_NOT_FOUND, "%s: it is not there", from);
    if (in < 0 || fstat(in, &stat) != 0)
        return fail(from, err);
    CLEANUP(fd_closep)
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, stat.st_mode & 0777);
    if (out < 0 && errno == EEXIST)
        return err_set(err, E_CONFLICT, "%s: it is there already", to);
    return out < 0 ? fail(to, err) : copy_octets(in, out, to, err);
}

struct copying {
    const char *to;
    const struct backup_filter *filter;
};

/* A folder is made when the first file goes into it. */
static enum result ensure_parents(char *path, size_t root_n, struct err *err)
{
    for (char *slash = path + root_n; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        TRY(folder_ensure(path, 0755, err));
    }
    return OK;
}

static enum result copy_entry(void *ctx, const FTSENT *entry, const char *below, struct err *err)
{
    const struct copying *copying = ctx;
    const struct backup_filter *filter = copying->filter;
    char to[BACKUP_PATH_MAX];
    if (entry->fts_info == FTS_D || (filter != NULL && !filter->is_wanted(filter->ctx, below)))
        return OK;
    if ((size_t)snprintf(to, sizeof to, "%s/%s", copying->to, below) >= sizeof to)
        return err_set(err, E_IO, "%s: the path is too long", entry->fts_path);
    TRY(ensure_parents(to, strlen(copying->to), err));
    if (file_exists(to))
        return OK;
    enum result result = backup_copy_file(entry->fts_path, to, err);
    return result == R_NOT_FOUND ? OK : result;
}

enum result backup_copy_tree(const char *from, const char *to, const struct backup_filter *filter,
                             struct err *err)
{
    struct copying copying = {to, filter};
    const struct tree_visitor visitor = {copy_entry, &copying};
    TRY(folder_ensure(to, 0755, err));
    return walk(from, &visitor, err);
}

/* ---- looking -----------------------------------------------------------------------------------
 */

struct looking {
    backup_visit visit;
    void *ctx;
};

static enum result look_at_entry(void *ctx, const FTSENT *entry, const char *below, struct err *err)
{
    const struct looking *looking = ctx;
    return entry->fts_info == FTS_D ? OK
                                    : looking->visit(looking->ctx, entry->fts_path, below, err);
}

enum result backup_each_file(const char *folder, backup_visit visit, void *ctx, struct err *err)
{
    struct looking looking = {visit, ctx};
    const struct tree_visitor visitor = {look_at_entry, &looking};
    return walk(folder, &visitor, err);
}

/* ---- sums --------------------------------------------------------------------------------------
 */

static enum result sum_file(const char *path, char ret[HEX_N + 1], struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(PIECE), .n = PIECE};
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct sha256_stream stream;
    uint8_t sum[SHA256_N];
    ssize_t n;
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory to read a file");
    sha256_begin(&stream);
    while ((n = fd < 0 ? -1 : read(fd, room.p, room.n)) > 0)
        sha256_add(&stream, bytes_of(room.p, (size_t)n));
    if (n < 0)
        return fail(path, err);
    sha256_end(&stream, sum);
    struct buf hex = buf_over(ret, HEX_N);
    hex_encode(&hex, bytes_of(sum, sizeof sum));
    ret[HEX_N] = '\0';
    return OK;
}

struct sums {
    FILE *to;
    struct backup_size size;
};

static enum result put_sum(void *ctx, const FTSENT *entry, const char *below, struct err *err)
{
    struct sums *sums = ctx;
    char hex[HEX_N + 1];
    if (entry->fts_info == FTS_D || strcmp(below, BACKUP_SUMS) == 0)
        return OK;
    TRY(sum_file(entry->fts_path, hex, err));
    sums->size.files++;
    sums->size.octets += (uint64_t)entry->fts_statp->st_size;
    fprintf(sums->to, "%s  %s\n", hex, below);
    return OK;
}

/* The lines that are due; the caller frees them. */
static enum result make_sums(const char *folder, struct blob *ret, struct backup_size *ret_size,
                             struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    struct sums sums = {.to = open_memstream(&text, &n)};
    const struct tree_visitor visitor = {put_sum, &sums};
    if (sums.to == NULL)
        return err_set(err, E_MEMORY, "no memory for the sums");
    enum result result = walk(folder, &visitor, err);
    if (fclose(sums.to) != 0 && result == OK)
        result = err_set(err, E_MEMORY, "no memory for the sums");
    *ret = (struct blob){.p = (uint8_t *)text, .n = n};
    *ret_size = sums.size;
    return result;
}

enum result backup_seal(const char *folder, struct backup_size *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob sums = {0};
    char path[BACKUP_PATH_MAX];
    TRY(make_sums(folder, &sums, ret, err));
    snprintf(path, sizeof path, "%s/" BACKUP_SUMS, folder);
    return file_create(path, 0644, blob_bytes(&sums), err);
}

static struct bytes name_of(struct bytes line)
{
    return bytes_slice(line, HEX_N + 2, line.n);
}

static bool has_name(struct bytes lines, struct bytes name)
{
    while (lines.n != 0)
        if (bytes_equal(name_of(lines_take(&lines)), name))
            return true;
    return false;
}

/* The first line that differs names the file: both lists are in the same order. */
static enum result name_difference(struct bytes said, struct bytes found, struct err *err)
{
    struct bytes all = found, a, b;
    do {
        a = lines_take(&said);
        b = lines_take(&found);
    } while (bytes_equal(a, b) && (said.n != 0 || found.n != 0));
    if (bytes_equal(a, b)) /* nothing but line feeds */
        return err_set(err, E_BACKUP, BACKUP_SUMS ": it ends otherwise than it was written");
    struct bytes name = name_of(a), other = name_of(b);
    if (bytes_equal(name, other))
        return err_set(err, E_BACKUP, "%s: not what it was when the backup was made",
                       err_value(name).text);
    if (a.n != 0 && !has_name(all, name))
        return err_set(err, E_BACKUP, "%s: it is missing", err_value(name).text);
    return err_set(err, E_BACKUP, "%s: it was not there when the backup was made",
                   err_value(other).text);
}

enum result backup_check(const char *folder, struct backup_size *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob said = {0};
    CLEANUP(blob_free) struct blob found = {0};
    char path[BACKUP_PATH_MAX];
    snprintf(path, sizeof path, "%s/" BACKUP_SUMS, folder);
    if (access(folder, F_OK) != 0)
        return err_set(err, E_NOT_FOUND, "%s: there is no such folder", folder);
    if (!file_exists(path))
        return err_set(err, E_BACKUP, "%s: there is no " BACKUP_SUMS ": it was not completed",
                       folder);
    TRY(file_read(path, SUMS_MAX, &said, err));
    TRY(make_sums(folder, &found, ret, err));
    if (bytes_equal(blob_bytes(&said), blob_bytes(&found)))
        return OK;
    return name_difference(blob_bytes(&said), blob_bytes(&found), err);
}
