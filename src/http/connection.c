#include "connection.h"
#include "door.h"
#include "handshake.h"
#include "request_inside.h"
#include "strict.h"

#include <base/clock.h>
#include <base/limits.h>

#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct chain_claim nobody; /* CHAIN_NOBODY */

static gnutls_session_t session_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static void cut(struct connection *connection)
{
    int fd =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    shutdown(fd, SHUT_RDWR);
    connection->hub->counts.cut++;
}

/* ---- begin and end --------------------------------------------------------------------------- */

static void begin(struct door *door, struct MHD_Connection *mhd, void **context)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return; /* its requests are dropped: exchange.c */
    connection->hub = door->hub;
    connection->door = door;
    connection->mhd = mhd;
    connection->is_tls = door_is_tls(door);
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->handshake_s = clock_now_s();
    *context = connection;
    door->hub->counts.connections++;
    door->hub->counts.open++;
    if (connection->is_tls)
        handshake_begin(connection);
    connection_enter(connection, PHASE_HANDSHAKE, 0);
}

static void end(struct connection *connection)
{
    connection->hub->counts.open--;
    /* At a limit, ours or the system's, the library does not listen; it looks again when it runs.
     */
    connection->door->must_run = true;
    wheel_clear(&connection->hub->wheel, &connection->timer);
    free(connection->claim);
    free(connection);
}

void connection_notify(void *door, struct MHD_Connection *mhd, void **context,
                       enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        begin(door, mhd, context);
    else if (*context != NULL)
        end(*context);
}

void *connection_request_line(void *door, const char *target, struct MHD_Connection *mhd)
{
    (void)door;
    struct connection *connection = connection_of(mhd);
    if (connection == NULL || target == NULL)
        return NULL;
    connection->target = target;
    connection->target_n = (uint32_t)strnlen(target, UINT32_MAX);
    connection->has_bad_query = false;
    if (connection->phase != PHASE_HEAD)
        connection_begin_head(connection);
    return NULL;
}

void connection_begin_head(struct connection *connection)
{
    connection->request_due_ms = connection->hub->now_ms + connection->hub->limits.request_ms;
    connection_enter(connection, PHASE_HEAD, 0);
}

size_t connection_unescape(void *door, struct MHD_Connection *mhd, char *text)
{
    (void)door;
    struct connection *connection = connection_of(mhd);
    size_t n = strlen(text);
    if (connection == NULL || text == connection->target)
        return n;
    if (!strict_decode((uint8_t *)text, &n))
        connection->has_bad_query = true;
    text[n] = '\0';
    return n;
}

/* ---- deadlines ------------------------------------------------------------------------------- */

static int64_t phase_ms(const struct connection *connection, enum phase phase, uint64_t octets)
{
    const struct config_limits *limits = &connection->hub->limits;
    switch (phase) {
    case PHASE_HANDSHAKE:
        return connection->is_tls ? limits->handshake_ms : limits->header_ms;
    case PHASE_IDLE:
        return (int64_t)limits->idle_s * 1000;
    case PHASE_HEAD:
        return limits->header_ms;
    case PHASE_WAIT: /* since the request line, not since now */
        return 0;
    case PHASE_BODY:
    case PHASE_REPLY:
        return limits->body_ms + (int64_t)(octets / (LIMIT_SLOW_LINE_BYTES_S / 1000));
    }
    return 0;
}

void connection_enter(struct connection *connection, enum phase phase, uint64_t octets)
{
    struct hub *hub = connection->hub;
    int64_t length_ms = phase_ms(connection, phase, octets);
    if (phase == PHASE_BODY)
        connection->request_due_ms += length_ms - hub->limits.body_ms;
    int64_t due_ms = phase == PHASE_WAIT ? connection->request_due_ms : hub->now_ms + length_ms;
    connection->phase = (uint8_t)phase;
    wheel_set(&hub->wheel, &connection->timer, due_ms);
}

void connection_expire(struct connection *connection)
{
    if (connection->is_suspended) {
        request_expire(connection->request);
        return;
    }
    cut(connection);
}

void connection_suspend(struct connection *connection)
{
    connection->is_suspended = true;
    connection->hub->counts.waiting++;
    MHD_suspend_connection(connection->mhd);
    connection_enter(connection, PHASE_WAIT, 0);
}

void connection_resume(struct connection *connection)
{
    connection->is_suspended = false;
    connection->hub->counts.waiting--;
    connection->door->must_run = true;
    MHD_resume_connection(connection->mhd);
}

/* ---- what the client has shown --------------------------------------------------------------- */

static enum result verify_shown(struct connection *connection, const gnutls_datum_t *shown,
                                unsigned n, struct err *err)
{
    struct hub *hub = connection->hub;
    if (hub->chains == NULL)
        return err_set(err, E_BUSY, "the authorities are not known yet");
    if (n > LIMIT_CHAIN_CERTIFICATES)
        return err_set(err, E_CERTIFICATE, "client chain: saw %u certificates, want at most %d", n,
                       LIMIT_CHAIN_CERTIFICATES);
    struct bytes ders[LIMIT_CHAIN_CERTIFICATES];
    for (unsigned i = 0; i < n; i++)
        ders[i] = bytes_of(shown[i].data, shown[i].size);

    struct chain_terms terms = {.now_s = clock_now_s(), .grace_s = LIMIT_GRACE_S};
    struct chain_claim claim;
    TRY(chain_verify(hub->chains, ders, n, &terms, &claim, err));
    connection->claim = malloc(sizeof claim);
    if (connection->claim == NULL)
        return err_set(err, E_MEMORY, "client chain");
    *connection->claim = claim;
    if (claim.issuer != 0 && hub->sighted != NULL)
        hub->sighted(hub->owner, &claim, connection->handshake_s);
    return OK;
}

enum result connection_verify(struct connection *connection, struct err *err)
{
    if (connection->is_verified || !connection->is_tls)
        return OK;
    unsigned n = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session_of(connection->mhd), &n);
    if (shown != NULL && n > 0)
        TRY(verify_shown(connection, shown, n, err));
    connection->is_verified = true;
    return OK;
}

const struct chain_claim *connection_peer(const struct connection *connection)
{
    return connection->claim == NULL ? &nobody : connection->claim;
}

struct bytes connection_leaf(const struct connection *connection)
{
    unsigned n = 0;
    const gnutls_datum_t *shown =
        connection->is_tls ? gnutls_certificate_get_peers(session_of(connection->mhd), &n) : NULL;
    return shown == NULL || n == 0 ? (struct bytes){0} : bytes_of(shown[0].data, shown[0].size);
}

struct address connection_address(const struct connection *connection)
{
    struct address address = {.n = 0};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *from = info == NULL ? NULL : info->client_addr;
    if (from != NULL)
        memcpy(&address.sa, from,
               from->sa_family == AF_INET6  ? sizeof(struct sockaddr_in6)
               : from->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                            : sizeof from->sa_family);
    address_name(&address);
    return address;
}
