/* libtroth-boundary: whether a device may come in, asked at the door and answered from memory.
 *
 * What it checks: that a certificate was issued by a listed issuer (its signature, dates, purpose),
 * that its status is known and valid, that a binding of the service lets it do this, that what is
 * known is not older than the service's age limit. All that it decides by was signed by the
 * ledger's key, which is pinned: status lists, deltas, bindings, checkpoints.
 *
 * What it does NOT check: that the peer has the certificate's key (TLS shows it; without a
 * handshake that asked for it nothing here means anything), what the proxy's words say (whoever can
 * send them is believed), the content of messages and requests, a client id (the caller compares it
 * with identity.device), how often anybody comes.
 *
 * Threads: any may call everything but open, start and close. Nothing here reads or writes a file
 * or waits for the network but those, enrol, and the two threads that boundary_start() makes. */
#ifndef BOUNDARY_BOUNDARY_H
#define BOUNDARY_BOUNDARY_H

#include <base/err.h>
#include <base/limits.h>
#include <wire/boundary_report.h> /* enum boundary_reason: BOUNDARY_ADMITTED alone admits */
#include <wire/pattern.h>

#define BOUNDARY_SERIAL_N 16
#define BOUNDARY_HASH_N 32
#define BOUNDARY_EVENTS_MAX 8192 /* that wait; admissions beyond push out older ones */

struct boundary; /* opaque */
struct boundary_settings {
    const char *state; /* folder that boundary_enrol() made; borrowed for the call */
    /* Told of what a person should know, from the library's own threads: a refused feed, a server
     * that is gone, a fork. The same one again is not told for a minute. NULL: nobody is. */
    void (*alarm)(void *context, const struct err *why);
    void *alarm_context;
};

/* Reads the state folder, which is this process's alone until it is closed; nothing is known yet,
 * and everything refused. E_NOT_FOUND, E_SYNTAX, E_CONFLICT, E_USAGE, E_MEMORY. Later
 * files of this folder alone are opened. */
MUST_USE enum result boundary_open(const struct boundary_settings *settings, struct boundary **ret,
                                   struct err *err);
/* Two threads: one polls, one reports, follows the ledger and renews the certificate. E_KEY,
 * E_CERTIFICATE, E_NOT_FOUND, E_SYNTAX: of key, certificate and root one is missing or broken, the
 * key is another's, or others may read it. */
MUST_USE enum result boundary_start(struct boundary *boundary, struct err *err);
void boundary_close(struct boundary *boundary); /* takes about a second; NULL is fine */

enum boundary_action {
    BOUNDARY_ACTION_NONE = 0,
    BOUNDARY_CONNECT = PATTERN_CONNECT,
    BOUNDARY_PUBLISH = PATTERN_PUBLISH,
    BOUNDARY_SUBSCRIBE = PATTERN_SUBSCRIBE,
    BOUNDARY_REQUEST = PATTERN_REQUEST,
};

/* Who was verified; zeroed it is nobody. To be kept for the connection. */
struct boundary_identity {
    uint32_t issuer;
    uint8_t serial[BOUNDARY_SERIAL_N];
    uint8_t spki[BOUNDARY_HASH_N]; /* SHA-256 of the SubjectPublicKeyInfo, where `has_spki` */
    bool has_spki;
    char device[LIMIT_SERIAL_NUMBER + 1]; /* never empty */
    char product[LIMIT_NAME + 1];         /* never empty */
    char owner[LIMIT_NAME + 1];           /* empty: none */
    int64_t not_after_s;                  /* 0: not known, and somebody else holds it to its end */
};

/* Once per new connection. BOUNDARY_ADMITTED: it is a certificate of a listed issuer, in its dates,
 * for TLS clients, and *ret says of whom; that says nothing of its status yet. Else why not, and
 * *ret is untouched. About 100 us; one at a time. */
enum boundary_reason boundary_verify_der(struct boundary *boundary, struct bytes der, int64_t now_s,
                                         struct boundary_identity *ret);
/* The same of nginx's $ssl_client_escaped_cert: PEM, percent-encoded. */
enum boundary_reason boundary_verify_escaped(struct boundary *boundary, struct bytes escaped,
                                             int64_t now_s, struct boundary_identity *ret);

/* What nginx says of a handshake that it verified itself: $ssl_client_verify, $ssl_client_i_dn,
 * $ssl_client_serial, $ssl_client_s_dn, $ssl_client_v_end. Believed as they stand: only nginx may
 * be able to say them, and it may trust no root but ours. Anything but SUCCESS, an issuer that is
 * not exactly a listed one, and a serial number, subject or end that is none of ours refuse. nginx
 * looks at dates in full handshakes alone, so a kept connection or resumed session is judged here.
 */
struct boundary_proxy_words {
    struct bytes verify;
    struct bytes issuer;
    struct bytes serial;
    struct bytes subject;
    struct bytes until; /* as OpenSSL prints it: "Dec  1 09:00:00 2026 GMT" */
};
enum boundary_reason boundary_from_proxy(struct boundary *boundary,
                                         const struct boundary_proxy_words *words,
                                         struct boundary_identity *ret);

/* May it do this there, now? `service` is the service's name; `resource` a topic (or a topic
 * filter, with BOUNDARY_SUBSCRIBE), a path, or nothing (with BOUNDARY_CONNECT). About a
 * microsecond, no input or output. What it says of a connection can change at any time: ask again
 * when boundary_generation() has changed, and once a second anyway, since age counts. */
enum boundary_reason boundary_decide(struct boundary *boundary,
                                     const struct boundary_identity *identity, struct bytes service,
                                     enum boundary_action action, struct bytes resource);

/* The word of a reason, for logs and headers; that of a refusal for what is none. */
const char *boundary_reason_word(enum boundary_reason reason);

/* Changes whenever what is enforced does. A few nanoseconds. */
uint64_t boundary_generation(const struct boundary *boundary);

/* Does the server want to know that this session, begun at `began_us` (clock_boot_us()), has
 * sent? Report BOUNDARY_REPORT_ACTIVE then, once: it is watched no longer. A few nanoseconds while
 * nobody is watched. */
bool boundary_is_watched(struct boundary *boundary, const struct boundary_identity *identity,
                         int64_t began_us);

/* Queued, never waits. Admissions and refusals of one certificate at one service, for the same
 * reason, are one event in 10 s. */
struct boundary_event {
    enum boundary_report_kind kind;
    const struct boundary_identity *identity; /* who was never verified is not reported */
    struct bytes service;
    enum boundary_reason reason;
    uint32_t count; /* 0 is 1 */
};
void boundary_report(struct boundary *boundary, const struct boundary_event *event);

/* How it stands, for a status page and the log. */
struct boundary_standing {
    uint64_t status_generation;  /* that is enforced; 0: none */
    uint64_t service_generation; /* likewise */
    int64_t age_ms;              /* of what is known; -1: nothing is */
    uint64_t ledger_size;        /* of the newest checkpoint; 0: none */
    bool is_forked;
    uint64_t events_waiting, events_lost, polls_refused;
    size_t shards, octets; /* memory that statuses take */
};
void boundary_stand(struct boundary *boundary, struct boundary_standing *ret);

/* What a boundary needs once: a key, made here, its certificate by a token, and the pinned ledger
 * key. Texts are borrowed. The folder is made (0700); what an earlier attempt left is taken up. */
struct boundary_enrol {
    const char *state;
    const char *server;  /* https://HOST:PORT of the device listener */
    const char *root;    /* SHA-256 of the root certificate, 64 hexadecimal digits */
    const char *log_key; /* C2SP verifier key of the ledger's ES256 key */
    const char *name;    /* of the boundary */
    const char *token;   /* a secret of the caller's */
};
/* E_USAGE for what is malformed, E_TLS for a server without that root, else as the server said. */
MUST_USE enum result boundary_enrol(const struct boundary_enrol *enrol, struct err *err);

#endif
