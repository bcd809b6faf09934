/* Who is connected to the broker, and who was: a session is a client's name (MQTT client id), with
 * the identity that it was opened by. One thread, the broker's.
 *
 * A session that ended is kept for a day, as the broker queues for it and asks whether it may. */
#ifndef BROKER_SESSIONS_H
#define BROKER_SESSIONS_H

#include <boundary/boundary.h>
#include <broker/takeovers.h>

#define SESSIONS_MAX (1 << 20)
#define SESSION_NAME_MAX                                                                           \
    512 /* octets of a client id; MQTT allows 65,535, who needs more is wrong */
#define SESSION_NAMES_MAX 64  /* of one certificate: open, or ended and kept */
#define SESSIONS_A_LOOK 20000 /* judged in one turn of the broker's loop: some 20 ms */
#define SESSION_KEPT_MS 86400000

struct session;
struct sessions;

/* What the broker does when asked to end a client's session: calls sessions_closed() in turn. */
typedef void (*session_kick)(const char *name);

MUST_USE enum result sessions_new(struct boundary *boundary, struct bytes service,
                                  session_kick kick, struct sessions **ret, struct err *err);
void sessions_free(struct sessions *sessions); /* NULL is fine */

/* A client was admitted under this name; a session of the same name that is open is taken over by
 * it. E_SYNTAX, E_MEMORY, E_BUSY: no session more, of all or of this certificate. */
MUST_USE enum result sessions_open(struct sessions *sessions, const void *client, const char *name,
                                   const struct boundary_identity *identity, struct err *err);
/* The connection of this client is over; another one's may have the name already. */
void sessions_closed(struct sessions *sessions, const void *client);
/* It has sent a message. */
void sessions_sent(struct sessions *sessions, const void *client);

/* May it? A client without a session may nothing. */
enum boundary_reason sessions_decide(struct sessions *sessions, const void *client,
                                     enum boundary_action action, struct bytes topic);

/* Once a turn of the broker's loop: ends the sessions of who is admitted no more. */
void sessions_look(struct sessions *sessions, int64_t now_ms);

/* Does this name belong to this device? PRODUCT/SERIAL, or where the broker has one `product` only
 * SERIAL too; either may have / and anything behind it. Serial numbers are unique within a product,
 * so a bare one names nobody at a broker of several. A / in a serial number is written %2F. */
bool session_name_fits(const char *name, const struct boundary_identity *identity,
                       const char *product);

#endif
