#include "door.h"
#include "connection.h"
#include "exchange.h"
#include "identity.h"

#include <base/log.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* TLS 1.2 and 1.3, the two curves that every peer has; nothing else was ever needed. AES-GCM goes
 * first: the library otherwise takes ChaCha20, which costs 8 us more for an enrolment. RSA-PSS goes
 * before PKCS #1: strongSwan 5.9.8 takes the first that fits its key, which TLS 1.3 then forbids
 * (RFC 8446 4.2.3). */
#define PRIORITIES                                                                                 \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:"        \
    "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-CCM:+AES-256-CCM:"          \
    "+AES-128-CBC:+AES-256-CBC:-SIGN-ALL:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:"         \
    "+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512:+SIGN-EDDSA-ED25519:"      \
    "+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:"               \
    "+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:%SERVER_PRECEDENCE"

/* Octets for one connection's head and reply head. A body passes through in pieces. */
#define POOL_N 12288

bool door_is_tls(const struct door *door)
{
    return door->surface == SURFACE_DEVICE || door->surface == SURFACE_OPERATOR;
}

/* The library's own words, for people who debug; peers can cause them, so they are not loud. */
__attribute__((format(printf, 2, 0))) static void log_library(void *door, const char *format,
                                                              va_list list)
{
    (void)door;
    char text[256];
    vsnprintf(text, sizeof text, format, list);
    text[strcspn(text, "\n")] = '\0';
    log_event(LEVEL_DEBUG, "http-library", {"text", text});
}

enum result door_open(struct door *door, struct err *err)
{
    const struct config_limits *limits = &door->hub->limits;
    bool is_tls = door_is_tls(door);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)identity_retrieve},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem common[] = {
        {MHD_OPTION_LISTEN_SOCKET, door->listen_fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, limits->connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits->per_ip, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_N, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL}, /* deadlines are ours: wheel.h */
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_notify, door},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_completed, door},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)connection_request_line, door},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)connection_unescape, door},
        {MHD_OPTION_ARRAY, 0, is_tls ? tls : tls + 2},
        {MHD_OPTION_END, 0, NULL},
    };
    /* A plain connection comes with its first words (app/listen.h): TURBO reads them at once. */
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_Daemon *mhd = MHD_start_daemon(
        flags | (is_tls ? MHD_USE_TLS : MHD_USE_TURBO), 0, NULL, NULL, exchange_handle, door,
        MHD_OPTION_EXTERNAL_LOGGER, log_library, door, MHD_OPTION_ARRAY, common, MHD_OPTION_END);
    if (mhd == NULL)
        return err_set(err, E_IO, "the HTTP library does not take the listening socket");
    door->mhd = mhd;
    door->epoll_fd = MHD_get_daemon_info(mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return OK;
}

void door_close(struct door *door)
{
    if (door->mhd == NULL)
        return;
    /* The socket stays the owner's; otherwise the library would close it. */
    MHD_quiesce_daemon(door->mhd);
    MHD_stop_daemon(door->mhd);
    door->mhd = NULL;
}

int door_wait_ms(const struct door *door)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    if (door->must_run)
        return 0;
    if (MHD_get_timeout(door->mhd, &ms) != MHD_YES)
        return -1;
    return ms > 1000 ? 1000 : (int)ms;
}

void door_run(struct door *door)
{
    door->must_run = false;
    MHD_run(door->mhd);
}
