#include <gate/serve.h>

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <base/text.h>

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME_SPACE (3 * 64 + 1) /* of a device's name, every octet escaped */

struct server {
    struct gate *gate;
    struct MHD_Daemon *mhd;
    struct MHD_Response *refusals[BOUNDARY_REASON_COUNT];
    struct MHD_Response *bad_head;
    int listen_fd;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

/* ---- one question ---------------------------------------------------------------------------- */

struct taking {
    struct gate_head head;
    struct err err;
    bool is_bad;
};

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n)
{
    (void)kind;
    struct taking *taking = context;
    taking->is_bad = gate_head_put(&taking->head, bytes_of(name, name_n), bytes_of(value, value_n),
                                   &taking->err) != OK;
    return taking->is_bad ? MHD_NO : MHD_YES;
}

/* Letters, digits and - . _ ~ : as they are, other octets as %XX: no name of a device ends a
 * header. */
static void write_name(const char *name, char ret[NAME_SPACE])
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:";
    size_t n = 0;
    for (size_t i = 0; name[i] != '\0' && n + 4 <= NAME_SPACE; i++) {
        if (strchr(plain, name[i]) != NULL)
            ret[n++] = name[i];
        else
            n += (size_t)snprintf(ret + n, 4, "%%%02X", (unsigned)(uint8_t)name[i]);
    }
    ret[n] = '\0';
}

static void add_name(struct MHD_Response *response, const char *header, const char *name)
{
    char value[NAME_SPACE];
    write_name(name, value);
    if (value[0] != '\0')
        (void)MHD_add_response_header(response, header, value);
}

static enum MHD_Result admit(struct MHD_Connection *connection,
                             const struct boundary_identity *identity)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    add_name(response, "X-Troth-Device", identity->device);
    add_name(response, "X-Troth-Product", identity->product);
    add_name(response, "X-Troth-Owner", identity->owner);
    enum MHD_Result result =
        MHD_queue_response(connection, gate_status(BOUNDARY_ADMITTED), response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse_head(const struct server *server, struct MHD_Connection *connection,
                                   const struct err *err)
{
    log_err(LEVEL_WARNING, "question-refused", err, NULL);
    return MHD_queue_response(connection, gate_status(BOUNDARY_UNREADABLE), server->bad_head);
}

static enum MHD_Result judge(struct server *server, struct MHD_Connection *connection)
{
    struct taking taking = {0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &taking);
    if (!taking.is_bad)
        taking.is_bad = gate_head_check(&taking.head, &taking.err) != OK;
    if (taking.is_bad)
        return refuse_head(server, connection, &taking.err);
    struct gate_answer told = gate_judge(server->gate, &taking.head, clock_now_s());
    if (told.reason == BOUNDARY_ADMITTED)
        return admit(connection, &told.identity);
    return MHD_queue_response(connection, gate_status(told.reason), server->refusals[told.reason]);
}

/* Called when the head is there and again when the whole request is: the library ends a connection
 * that is answered before. */
/* NOLINTNEXTLINE(readability-function-size): the signature is libmicrohttpd's */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_n, void **seen)
{
    (void)url, (void)version, (void)upload;
    struct server *server = context;
    struct err err = {0};
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
        bool is_whole = *seen != NULL && *upload_n == 0;
        *seen = server;
        *upload_n = 0; /* a body is not read */
        return is_whole ? judge(server, connection) : MHD_YES;
    }
    (void)err_set(&err, E_SYNTAX, "method \"%s\", wanted GET: no body",
                  err_value(text_bytes(method)).text);
    return refuse_head(server, connection, &err);
}

/* ---- begin and end --------------------------------------------------------------------------- */

static struct MHD_Response *refusal_of(const char *reason)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response != NULL)
        (void)MHD_add_response_header(response, "X-Troth-Reason", reason);
    return response;
}

static enum result make_refusals(struct server *server, struct err *err)
{
    bool has_all = true;
    server->bad_head = refusal_of("bad-head");
    for (int i = 0; i < BOUNDARY_REASON_COUNT; i++) {
        server->refusals[i] = refusal_of(boundary_reason_word((enum boundary_reason)i));
        has_all = has_all && server->refusals[i] != NULL;
    }
    return has_all && server->bad_head != NULL ? OK
                                               : err_set(err, E_MEMORY, "no memory for answers");
}

/* A socket that somebody answers at is his; one that is left over is removed. */
static enum result clear_way(const struct sockaddr_un *address, struct err *err)
{
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;
    if (lstat(address->sun_path, &st) != 0 && errno == ENOENT)
        return OK;
    if (!S_ISSOCK(st.st_mode))
        return err_set(err, E_CONFLICT, "%s is there and no socket", address->sun_path);
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return err_set(err, E_CONFLICT, "somebody listens at %s already", address->sun_path);
    if (unlink(address->sun_path) != 0)
        return err_set(err, E_IO, "%s: %s", address->sun_path, strerror(errno));
    return OK;
}

static enum result listen_at(struct server *server, const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!text_copy(text_bytes(path), address.sun_path, sizeof address.sun_path))
        return err_set(err, E_USAGE, "--socket %s has %zu octets, %zu are the most", path,
                       strlen(path), sizeof address.sun_path - 1);
    TRY(clear_way(&address, err));
    server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t was = umask(0117);
    int failed = bind(server->listen_fd, (const struct sockaddr *)&address, sizeof address);
    umask(was);
    if (failed != 0 || listen(server->listen_fd, 256) != 0)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    memcpy(server->path, address.sun_path, sizeof server->path);
    return OK;
}

static enum result start(struct server *server, struct err *err)
{
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    server->mhd = MHD_start_daemon(
        flags, 0, NULL, NULL, answer, server, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)GATE_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)GATE_POOL_N, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)GATE_IDLE_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    return server->mhd != NULL
               ? OK
               : err_set(err, E_IO, "the HTTP library does not take the listening socket");
}

enum result server_open(const char *path, struct gate *gate, struct server **ret, struct err *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return err_set(err, E_MEMORY, "no memory for a socket");
    server->gate = gate;
    server->listen_fd = -1;
    enum result result = listen_at(server, path, err);
    if (result == OK)
        result = make_refusals(server, err);
    if (result == OK)
        result = start(server, err);
    if (result == OK)
        *ret = server;
    else
        server_close(server);
    return result;
}

void server_close(struct server *server)
{
    if (server == NULL)
        return;
    if (server->path[0] != '\0')
        (void)unlink(server->path);
    if (server->mhd != NULL)
        MHD_stop_daemon(server->mhd); /* which closes the socket too */
    else
        fd_closep(&server->listen_fd);
    for (int i = 0; i < BOUNDARY_REASON_COUNT; i++)
        if (server->refusals[i] != NULL)
            MHD_destroy_response(server->refusals[i]);
    if (server->bad_head != NULL)
        MHD_destroy_response(server->bad_head);
    free(server);
}
