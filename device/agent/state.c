#include <agent/state.h>
#include <base/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAIR_PREFIX "pair-"
#define LINK_MAX_OCTETS 64 /* the target of a link: a pair's name */
#define NUMBER_BYTES 32
#define RENEW_AT "renew-at"

static const char *const link_names[] = {[STATE_CURRENT] = "current", [STATE_NEXT] = "next"};

/* ---- paths ------------------------------------------------------------------------------------
 */

struct state_path state_own_file(const struct state *state, const char *name)
{
    struct state_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", state->folder, name);
    return path;
}

struct state_path state_file(const struct state *state, enum state_link link, const char *name)
{
    struct state_path path;
    snprintf(path.text, sizeof path.text, "%s/%s%s%s", state->folder, link_names[link],
             name != NULL ? "/" : "", name != NULL ? name : "");
    return path;
}

bool state_has(const struct state *state, enum state_link link)
{
    return file_exists(state_file(state, link, "key.pem").text);
}

static enum result refuse_io(struct err *err, const char *what, const char *path)
{
    return err_set(err, E_IO, "%s %s: %s", what, path, strerror(errno));
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

/* 0 for one that is not there, or is none. */
static int64_t read_number(struct state_path path)
{
    CLEANUP(blob_free) struct blob text = {0};
    char digits[NUMBER_BYTES + 1] = "";
    if (file_read(path.text, NUMBER_BYTES, &text, NULL) != OK)
        return 0;
    memcpy(digits, text.p, text.n);
    char *end = NULL;
    long long value = strtoll(digits, &end, 10);
    return end != digits && value > 0 ? value : 0;
}

static enum result write_number(struct state_path path, int64_t value, struct err *err)
{
    char text[NUMBER_BYTES];
    int n = snprintf(text, sizeof text, "%lld\n", (long long)value);
    return file_write(path.text, 0600, bytes_of(text, (size_t)n), err);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void link_target(const struct state *state, enum state_link link, char to[LINK_MAX_OCTETS])
{
    ssize_t n = readlink(state_file(state, link, NULL).text, to, LINK_MAX_OCTETS - 1);
    to[n > 0 ? n : 0] = '\0';
}

/* Removes a pair's folder and what is in it, half-written files of a cut included. */
static void remove_pair(const struct state *state, const char *name)
{
    struct state_path path = state_own_file(state, name);
    DIR *folder = opendir(path.text);
    if (folder == NULL)
        return;
    const struct dirent *row = NULL;
    while ((row = readdir(folder)) != NULL)
        unlinkat(dirfd(folder), row->d_name, 0);
    closedir(folder);
    rmdir(path.text);
}

void state_sweep(const struct state *state)
{
    char current[LINK_MAX_OCTETS], next[LINK_MAX_OCTETS];
    link_target(state, STATE_CURRENT, current);
    link_target(state, STATE_NEXT, next);
    DIR *folder = opendir(state->folder);
    if (folder == NULL)
        return;
    const struct dirent *row = NULL;
    while ((row = readdir(folder)) != NULL) {
        bool is_pair = strncmp(row->d_name, PAIR_PREFIX, strlen(PAIR_PREFIX)) == 0;
        if (is_pair && strcmp(row->d_name, current) != 0 && strcmp(row->d_name, next) != 0)
            remove_pair(state, row->d_name);
    }
    closedir(folder);
}

static enum result take_lock(const char *path, int *ret_fd, struct err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return refuse_io(err, "open", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, E_CONFLICT, "%s: another troth-agent is at work here", path);
    *ret_fd = fd;
    fd = -1;
    return OK;
}

enum result state_open(const char *folder, struct state *ret, struct err *err)
{
    struct state state = {.lock_fd = -1};
    size_t n = strlen(folder);
    if (n == 0 || n >= sizeof state.folder)
        return err_set(err, E_USAGE, "the state folder's path has %zu octets; wanted 1 to %zu", n,
                       sizeof state.folder - 1);
    memcpy(state.folder, folder, n + 1);
    TRY(folder_ensure(folder, 0700, err));
    TRY(take_lock(state_own_file(&state, "lock").text, &state.lock_fd, err));
    state_sweep(&state);
    *ret = state;
    return OK;
}

void state_close(struct state *state)
{
    fd_closep(&state->lock_fd);
}

/* ---- pairs ------------------------------------------------------------------------------------
 */

enum result state_prepare(struct state *state, const struct key *key, struct bytes csr,
                          struct err *err)
{
    struct state_path next = state_file(state, STATE_NEXT, NULL);
    struct state_path pair = state_own_file(state, PAIR_PREFIX "XXXXXX");
    if (mkdtemp(pair.text) == NULL)
        return refuse_io(err, "make", pair.text);

    char file[STATE_PATH_MAX + 16];
    snprintf(file, sizeof file, "%s/key.pem", pair.text);
    TRY(key_store(key, NULL, KEY_COST_ONLINE, file, err));
    snprintf(file, sizeof file, "%s/request.der", pair.text);
    TRY(file_create(file, 0600, csr, err));

    if (symlink(strrchr(pair.text, '/') + 1, next.text) != 0) {
        if (errno == EEXIST)
            return err_set(err, E_CONFLICT, "%s is there already: it was asked for", next.text);
        return refuse_io(err, "link", next.text);
    }
    return folder_sync(state->folder, err);
}

enum result state_drop_next(struct state *state, struct err *err)
{
    struct state_path next = state_file(state, STATE_NEXT, NULL);
    char pair[LINK_MAX_OCTETS];
    link_target(state, STATE_NEXT, pair);
    if (unlink(next.text) != 0 && errno != ENOENT)
        return refuse_io(err, "remove", next.text);
    TRY(folder_sync(state->folder, err));
    if (strncmp(pair, PAIR_PREFIX, strlen(PAIR_PREFIX)) == 0)
        remove_pair(state, pair);
    return OK;
}

/* The advice first: who has the certificate has what came with it. */
enum result state_keep_certificate(struct state *state, struct bytes pem, int64_t renew_at_s,
                                   struct err *err)
{
    if (renew_at_s != 0)
        TRY(write_number(state_file(state, STATE_NEXT, RENEW_AT), renew_at_s, err));
    return file_write(state_file(state, STATE_NEXT, "certificate.pem").text, 0644, pem, err);
}

enum result state_switch(struct state *state, struct err *err)
{
    struct state_path next = state_file(state, STATE_NEXT, NULL);
    if (!file_exists(state_file(state, STATE_NEXT, "certificate.pem").text))
        return err_set(err, E_BUG, "%s has no certificate", next.text);
    if (rename(next.text, state_file(state, STATE_CURRENT, NULL).text) != 0)
        return refuse_io(err, "switch to", next.text);
    return folder_sync(state->folder, err);
}

/* ---- floor ------------------------------------------------------------------------------------
 */

int64_t state_floor_s(const struct state *state)
{
    return read_number(state_own_file(state, "floor"));
}

enum result state_raise_floor(struct state *state, int64_t at_s, struct err *err)
{
    if (at_s <= state_floor_s(state))
        return OK;
    return write_number(state_own_file(state, "floor"), at_s, err);
}

int64_t state_renew_at_s(const struct state *state)
{
    return read_number(state_file(state, STATE_CURRENT, RENEW_AT));
}
