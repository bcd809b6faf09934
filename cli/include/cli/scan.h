/* `troth cert scan`: which addresses are looked at, and how. */
#ifndef CLI_SCAN_H
#define CLI_SCAN_H

#include <cli/plan.h>
#include <crypto/peer.h>

#define SCAN_TARGETS_MAX 65536 /* of one run: a network of 16 bits, one port */
#define SCAN_HOST_MAX 254      /* RFC 1035 2.3.4, and a NUL */
#define SCAN_PORTS_MAX 16

extern const struct option_row cert_scan_options[];
extern const struct plan cert_scan;

struct scan_target {
    char host[SCAN_HOST_MAX]; /* a name in lower case, or a literal address without brackets */
    uint16_t port;
};

/* Those of one run, without end of memory to be freed but by scan_targets_free(). */
struct scan_targets {
    uint16_t ports[SCAN_PORTS_MAX]; /* of what names none */
    size_t ports_n;
    size_t n;
    struct scan_target *list;
};

/* "443" or "443,8883". E_USAGE. */
MUST_USE enum result scan_ports(struct scan_targets *targets, const char *text, struct err *err);

/* HOST:PORT, [IPv6]:PORT, HOST, IPv6, or a network ADDRESS/BITS: E_TARGET names what was seen,
 * E_TOO_LARGE above SCAN_TARGETS_MAX. */
MUST_USE enum result scan_add(struct scan_targets *targets, struct bytes text, struct err *err);

/* One a line; "#" begins a remark. Whole or refused, with file and line. */
MUST_USE enum result scan_add_file(struct scan_targets *targets, const char *path, struct err *err);

void scan_targets_free(struct scan_targets *targets);

/* "10.0.0.7:443", "[2001:db8::7]:443": what the server knows the place as. */
#define SCAN_PLACE_MAX (SCAN_HOST_MAX + 8)
void scan_place(const struct scan_target *target, char to[SCAN_PLACE_MAX]);

/* What became of one. */
enum scan_outcome {
    SCAN_NOTHING = 0,
    SCAN_SEEN,
    SCAN_NO_CERTIFICATE,
    SCAN_NO_TLS,
    SCAN_REFUSED, /* nothing listens there */
    SCAN_TIMED_OUT,
    SCAN_UNREACHABLE, /* no address, no way there */
    SCAN_OUTCOME_COUNT
};
const char *scan_outcome_word(enum scan_outcome outcome);

struct scan_result {
    enum scan_outcome outcome;
    struct peer_seen seen; /* its `why` says why there is nothing, for people */
};

struct scan_terms {
    struct peer_look *look;
    const char *sni;    /* NULL: the host, when it is a name */
    int64_t timeout_us; /* of one target, all its addresses together */
    size_t parallel;
};

/* Looks at targets[0 .. n - 1] side by side; results[i] are the caller's to free. `progress` is
 * called now and then with how many are done. E_MEMORY, E_IO: nothing is to be freed. */
MUST_USE enum result scan_look(const struct scan_terms *terms, const struct scan_target *targets,
                               size_t n, struct scan_result *results, void (*progress)(size_t done),
                               struct err *err);

#endif
