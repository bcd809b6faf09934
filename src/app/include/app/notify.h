/* Tells systemd that the service is ready: sd_notify(3) without its library. */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

/* Sends `state` ("READY=1") to $NOTIFY_SOCKET; nothing without one. A failure is not an error: the
 * service manager then finds out by its own timeout. */
void notify_systemd(const char *state);

#endif
