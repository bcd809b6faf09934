/* The server's configuration file (YAML): ports, paths and limits, nothing else. Products,
 * policies, profiles and anchors are in the ledger (design 5).
 *
 * struct config is plain data without pointers: the process that parses hands it to the others as
 * bytes. packaging/troth.yaml is the commented example and has every default. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <base/address.h>
#include <base/err.h>
#include <base/url.h>

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_BYTES_MAX 65536
#define CONFIG_PATH_MAX 512
#define CONFIG_SOCKET_MAX 104 /* sun_path is 108 */
#define CONFIG_URL_MAX 256
#define CONFIG_NAME_MAX 254 /* a DNS name, RFC 1035 2.3.4 */
#define CONFIG_NAMES_MAX 8
#define CONFIG_FRONTS_MAX 16
#define CONFIG_REQUESTS_MAX 2000
#define CONFIG_WEBHOOKS_MAX 4
#define CONFIG_WEBHOOK_NAME_MAX 33
#define CONFIG_OWNER_MAX 65 /* LIMIT_NAME and a NUL */
#define CONFIG_CA_MAX 16384 /* some ten certificates */
#define CONFIG_RETENTION_MAX_S (20 * 365 * 86400)
#define CONFIG_USERS_MAX                                                                           \
    33 /* with "-supervisor" a user name of 32 and more: useradd(8) takes 32                       \
        */

struct config_listen {
    struct address device;         /* mutual TLS: EST */
    struct address operators;      /* mutual TLS: API; YAML key `operator` */
    struct address plain;          /* HTTP: CRL, CA certificates, checkpoint, tiles */
    char local[CONFIG_SOCKET_MAX]; /* unix socket: bootstrap of the first operator */
};

struct config_limits {
    uint32_t connections;  /* open connections per front */
    uint32_t per_ip;       /* of these from one address; 0: no such limit */
    uint32_t idle_s;       /* a kept-alive connection without a request */
    uint32_t handshake_ms; /* deadlines, each from the instant its part begins */
    uint32_t header_ms;
    uint32_t body_ms;
    uint32_t request_ms; /* from the first byte to the answer */
    uint32_t requests;   /* devices' requests under way in core */
    /* Token buckets (base/bucket.h); so many a second, 0: no limit; and so many at once. */
    uint32_t product_per_s, product_burst; /* certificates of one product */
    uint32_t ocsp_per_s; /* OCSP signatures that each front asks for: of a nonce, and of others */
    uint32_t address_per_s, address_burst; /* requests of devices from one address, in each front */
    uint32_t approval_s; /* how long a request that takes two people waits for the second */
};

/* How long what is no ledger is kept, in seconds: docs/decisions/retention.md. */
struct config_retention {
    uint32_t answers_s;     /* answers by Idempotency-Key */
    uint32_t counters_s;    /* of budgets and brakes, by the hour */
    uint32_t seen_s;        /* when a retired device was seen last; where certificates stood once */
    uint32_t checkpoints_s; /* signed checkpoints before the last one */
    uint32_t webhooks_s;    /* an event that its receiver does not take */
};

/* Bits of config_webhook.events. */
enum webhook_event { WEBHOOK_OPENED = 1, WEBHOOK_CLOSED = 2, WEBHOOK_ANSWERED = 4 };

/* One receiver of events (docs/decisions/webhooks.md). The certificates that its own must chain to
 * are read with the configuration: the process that sends can open no file. */
struct config_webhook {
    char name[CONFIG_WEBHOOK_NAME_MAX];
    char url[URL_TEXT_MAX];
    char ca_file[CONFIG_PATH_MAX];
    char ca[CONFIG_CA_MAX];       /* PEM; empty only for http */
    char owner[CONFIG_OWNER_MAX]; /* whose subjects' findings alone; empty: everybody's */
    uint32_t events;
    uint32_t severity; /* findings below it are no events: 1 low to 4 critical */
    uint32_t timeout_ms;
};

struct config_log {
    uint32_t format, to, level; /* enum log_format, log_target, log_level (base/log.h) */
};

struct config {
    char data[CONFIG_PATH_MAX];            /* paths are absolute here, see config_read() */
    char public_files[CONFIG_PATH_MAX];    /* YAML key `public` */
    char passphrase_file[CONFIG_PATH_MAX]; /* empty: systemd credential, see secret.h */
    char public_url[CONFIG_URL_MAX];       /* http base in CRLDP and AIA, no slash at its end */
    uint32_t server_name_count;            /* 1 or more */
    char server_names[CONFIG_NAMES_MAX][CONFIG_NAME_MAX]; /* DNS names or IP literals */
    uint32_t fronts;
    char users[CONFIG_USERS_MAX]; /* each process runs as USERS-ROLE; empty: as it was started */
    struct config_listen listen;
    struct config_limits limits;
    struct config_log log;
    struct config_retention retention;
    uint32_t webhook_count;
    struct config_webhook webhooks[CONFIG_WEBHOOKS_MAX];
    bool sandbox_seccomp, sandbox_landlock;
    bool lab; /* a machine that is not for use: the root key may be readable */
};

/* What the process that parses hands over. */
struct config_handed {
    enum result result;
    struct err err;
    struct config config;
};

/* Does what a process handed over keep what later code takes for granted: texts that end, counts
 * and choices within their tables? */
bool config_is_whole(const struct config_handed *handed);

/* The line on which the file says something of this setting (`section` NULL: at the top; `item` -1
 * but for names); 0 when it does not, or is no YAML any more. */
size_t config_line(const char *path, const char *section, const char *key, int item);

/* Reads and checks `path`. Relative paths in it start at the file's own folder. An unknown or
 * double key, an empty file, a second document, any warning of the YAML library and any value out
 * of its range is E_CONFIG with "FILE:LINE: rule, value seen, value wanted"; `ret` is then
 * untouched. It does not look whether the paths exist. */
MUST_USE enum result config_read(const char *path, struct config *ret, struct err *err);

/* Is it fit for public_url? Certificates carry it for as long as they live: printable, plain http,
 * no slash at its end. Its length is not looked at. */
bool config_is_public_url(const char *url);

#endif
