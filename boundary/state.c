#include "state.h"

#include <base/file.h>
#include <base/text.h>
#include <wire/hex.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#define CONF_MAX 2048
#define FLOOR_MAX 512
#define ROOT_N 32

enum result state_set_folder(struct state *state, const char *folder, struct err *err)
{
    size_t n = strlen(folder);
    if (n == 0 || !text_copy(text_bytes(folder), state->folder, sizeof state->folder))
        return err_set(err, E_USAGE, "the state folder's path has %zu octets; wanted 1 to %d", n,
                       STATE_FOLDER_MAX - 1);
    return OK;
}

struct state_path state_file(const struct state *state, const char *name)
{
    struct state_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", state->folder, name);
    return path;
}

enum result state_lock(const struct state *state, int *ret_fd, struct err *err)
{
    CLEANUP(fd_closep) int fd = open(state->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, E_IO, "%s: %s", state->folder, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, errno == EWOULDBLOCK ? E_CONFLICT : E_IO,
                       "%s: another process is this boundary; wanted a folder, and a `troth "
                       "boundary add`, for each gate and broker",
                       state->folder);
    *ret_fd = fd;
    fd = -1;
    return OK;
}

/* ---- lines: "NAME VALUE" -----------------------------------------------------------------------
 */

/* The value of the next line, which has this name. */
static bool take_line(struct bytes *rest, struct bytes name, struct bytes *ret)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\n')
        n++;
    bool is_it = n < rest->n && n > name.n + 1 && rest->p[name.n] == ' ' &&
                 bytes_equal(bytes_slice(*rest, 0, name.n), name);
    if (!is_it)
        return false;
    *ret = bytes_of(rest->p + name.n + 1, n - name.n - 1);
    *rest = bytes_slice(*rest, n + 1, rest->n);
    return true;
}

static bool take_text(struct bytes *rest, struct bytes name, char *to, size_t size)
{
    struct bytes value;
    return take_line(rest, name, &value) && text_copy(value, to, size);
}

static bool take_number(struct bytes *rest, struct bytes name, uint64_t *ret)
{
    char text[24], *end = NULL;
    if (!take_text(rest, name, text, sizeof text) || text[0] < '0' || text[0] > '9')
        return false;
    *ret = strtoull(text, &end, 10);
    return *end == '\0';
}

/* ---- boundary.conf ----------------------------------------------------------------------------
 */

static bool is_one_line(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return n > 0;
}

enum result state_read(struct state *state, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    struct state_path path = state_file(state, "boundary.conf");
    TRY(file_read(path.text, CONF_MAX, &text, err));
    struct bytes rest = blob_bytes(&text);
    if (!take_text(&rest, bytes_text("server"), state->server, sizeof state->server) ||
        !take_text(&rest, bytes_text("name"), state->name, sizeof state->name) ||
        !take_text(&rest, bytes_text("log-key"), state->log_key, sizeof state->log_key) ||
        rest.n != 0)
        return err_set(err, E_SYNTAX,
                       "%s: wanted the lines server, name and log-key, as enrol writes them",
                       path.text);
    return OK;
}

enum result state_write(const struct state *state, struct err *err)
{
    char text[CONF_MAX];
    if (!is_one_line(state->server) || !is_one_line(state->name) || !is_one_line(state->log_key))
        return err_set(err, E_USAGE, "server, name and log key are one line of text each");
    int n = snprintf(text, sizeof text, "server %s\nname %s\nlog-key %s\n", state->server,
                     state->name, state->log_key);
    return file_write(state_file(state, "boundary.conf").text, 0600, bytes_of(text, (size_t)n),
                      err);
}

/* ---- floor ------------------------------------------------------------------------------------
 */

enum result floor_read(const struct state *state, struct floor *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    struct floor floor = {0};
    struct bytes root = {0};
    struct buf octets = buf_over(floor.ledger_root, ROOT_N);
    struct state_path path = state_file(state, "floor");
    *ret = floor;
    if (!file_exists(path.text))
        return OK;
    TRY(file_read(path.text, FLOOR_MAX, &text, err));
    struct bytes rest = blob_bytes(&text);
    if (!take_number(&rest, bytes_text("boundary"), &floor.boundary) ||
        !take_number(&rest, bytes_text("status"), &floor.status) ||
        !take_number(&rest, bytes_text("service"), &floor.service) ||
        !take_number(&rest, bytes_text("ledger"), &floor.ledger_size) ||
        !take_line(&rest, bytes_text("root"), &root) || !hex_decode(&octets, root) ||
        octets.n != ROOT_N || rest.n != 0)
        return err_set(err, E_SYNTAX,
                       "%s: wanted the lines boundary, status, service, ledger and root, as they "
                       "were written",
                       path.text);
    *ret = floor;
    return OK;
}

enum result floor_write(const struct state *state, const struct floor *floor, struct err *err)
{
    char text[FLOOR_MAX], hex[2 * ROOT_N];
    struct buf root = buf_over(hex, sizeof hex);
    hex_encode(&root, bytes_of(floor->ledger_root, ROOT_N));
    int n = snprintf(text, sizeof text,
                     "boundary %" PRIu64 "\nstatus %" PRIu64 "\nservice %" PRIu64
                     "\nledger %" PRIu64 "\nroot %.*s\n",
                     floor->boundary, floor->status, floor->service, floor->ledger_size, 2 * ROOT_N,
                     hex);
    return file_write(state_file(state, "floor").text, 0600, bytes_of(text, (size_t)n), err);
}
