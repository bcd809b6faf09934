#include "handshake.h"
#include "door.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void park(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
    if (hub->is_closing || connection->is_parked ||
        epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) < 0)
        return;
    connection->is_parked = true;
    MHD_suspend_connection(connection->mhd);
}

void handshake_unpark(struct connection *connection)
{
    epoll_ctl(connection->hub->epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
    connection->is_parked = false;
    connection->door->must_run = true;
    MHD_resume_connection(connection->mhd);
}

/* What GnuTLS reads by. */
static ssize_t pull(gnutls_transport_ptr_t context, void *to, size_t n)
{
    struct connection *connection = context;
    ssize_t got = recv(connection->fd, to, n, 0);
    if (got > 0 && connection->phase == PHASE_IDLE)
        connection_begin_head(connection);
    if (got < 0 && errno == EAGAIN && connection->phase == PHASE_HANDSHAKE) {
        park(connection);
        errno = EAGAIN;
    }
    return got;
}

/* A Finished that is wrong ends the connection soon after. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    (void)message;
    struct connection *connection = connection_of(gnutls_session_get_ptr(session));
    if (incoming != 0 && connection != NULL && connection->phase == PHASE_HANDSHAKE)
        connection_enter(connection, PHASE_IDLE, 0);
    return 0;
}

void handshake_begin(struct connection *connection)
{
    gnutls_session_t session =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    gnutls_transport_ptr_t reads, writes;
    /* libmicrohttpd can only demand a certificate, by a list of trusted ones that it then sends. */
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       on_finished);
    gnutls_transport_get_ptr2(session, &reads, &writes);
    gnutls_transport_set_ptr2(session, connection, writes);
    gnutls_transport_set_pull_function(session, pull);
}
