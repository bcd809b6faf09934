/* Looking at many addresses side by side. */
#include <base/clock.h>
#include <base/file.h>
#include <cli/scan.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW_NS 200000000 /* between two signs of life */

static const char *const words[SCAN_OUTCOME_COUNT] = {
    [SCAN_SEEN] = "seen",           [SCAN_NO_CERTIFICATE] = "no-certificate",
    [SCAN_NO_TLS] = "no-tls",       [SCAN_REFUSED] = "refused",
    [SCAN_TIMED_OUT] = "timed-out", [SCAN_UNREACHABLE] = "unreachable",
};

const char *scan_outcome_word(enum scan_outcome outcome)
{
    return words[outcome];
}

/* ---- one address ---------------------------------------------------------------------------- */

static void tell(struct scan_result *result, enum scan_outcome outcome, const char *why)
{
    result->outcome = outcome;
    (void)snprintf(result->seen.why, sizeof result->seen.why, "%s", why);
}

/* What a connection that was not made ended with. */
static void tell_errno(struct scan_result *result, int error)
{
    char text[96];
    enum scan_outcome outcome = error == ECONNREFUSED ? SCAN_REFUSED
                                : error == ETIMEDOUT  ? SCAN_TIMED_OUT
                                                      : SCAN_UNREACHABLE;
    tell(result, outcome, strerror_r(error, text, sizeof text));
}

/* 0, or the errno that it ended with. */
static int wait_connected(int fd, int64_t deadline_us)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    int error = 0, n = 0;
    socklen_t size = sizeof error;
    do {
        int64_t left_us = deadline_us - clock_monotonic_us();
        n = left_us > 0 ? poll(&one, 1, (int)(left_us / 1000) + 1) : 0;
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        return ETIMEDOUT;
    return n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? errno : error;
}

static int connect_to(const struct addrinfo *address, int64_t deadline_us,
                      struct scan_result *result)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) != 0)
        error = errno == EINPROGRESS ? wait_connected(fd, deadline_us) : errno;
    if (error == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    tell_errno(result, error);
    return -1;
}

/* To the first of its addresses that takes it; each has its share of the time that is left. */
static int connect_any(const struct addrinfo *list, int64_t deadline_us, struct scan_result *result)
{
    int fd = -1, left = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        left++;
    for (; list != NULL && fd < 0; list = list->ai_next, left--) {
        int64_t now_us = clock_monotonic_us();
        fd = connect_to(list, now_us + (deadline_us - now_us) / left, result);
    }
    return fd;
}

static const struct {
    enum peer_outcome peer;
    enum scan_outcome scan;
} outcomes[] = {
    {PEER_SEEN, SCAN_SEEN},
    {PEER_NO_CERTIFICATE, SCAN_NO_CERTIFICATE},
    {PEER_NO_TLS, SCAN_NO_TLS},
    {PEER_TIMED_OUT, SCAN_TIMED_OUT},
};

static enum result look_at(const struct scan_terms *terms, const struct scan_target *target, int fd,
                           int64_t deadline_us, struct scan_result *result, struct err *err)
{
    const char *name = terms->sni;
    struct in6_addr octets;
    bool is_name = inet_pton(AF_INET6, target->host, &octets) != 1 &&
                   inet_pton(AF_INET, target->host, &octets) != 1;
    if (name == NULL && is_name)
        name = target->host;
    TRY(peer_look_at(terms->look, fd, name, deadline_us, &result->seen, err));
    for (size_t i = 0; i < LENGTH_OF(outcomes); i++)
        if (outcomes[i].peer == result->seen.outcome)
            result->outcome = outcomes[i].scan;
    return OK;
}

static void addrinfo_freep(struct addrinfo **list)
{
    if (*list != NULL)
        freeaddrinfo(*list);
}

static enum result look(const struct scan_terms *terms, const struct scan_target *target,
                        struct scan_result *result, struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + terms->timeout_us;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    CLEANUP(addrinfo_freep) struct addrinfo *list = NULL;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", target->port);
    int failed = getaddrinfo(target->host, port, &hints, &list);
    if (failed == EAI_MEMORY)
        return err_set(err, E_MEMORY, "no memory for %s", target->host);
    if (failed != 0) {
        tell(result, SCAN_UNREACHABLE, gai_strerror(failed));
        return OK;
    }
    CLEANUP(fd_closep) int fd = connect_any(list, deadline_us, result);
    return fd < 0 ? OK : look_at(terms, target, fd, deadline_us, result, err);
}

/* ---- side by side --------------------------------------------------------------------------- */

struct run {
    const struct scan_terms *terms;
    const struct scan_target *targets;
    struct scan_result *results;
    size_t n;
    pthread_mutex_t lock; /* of the rest */
    size_t next, done;
    struct err failed; /* the first failure of ours ends the run */
};

static bool take(struct run *run, size_t *ret)
{
    pthread_mutex_lock(&run->lock);
    bool is_one = run->next < run->n && run->failed.code == E_NONE;
    if (is_one)
        *ret = run->next++;
    pthread_mutex_unlock(&run->lock);
    return is_one;
}

static void put_back(struct run *run, const struct err *err)
{
    pthread_mutex_lock(&run->lock);
    run->done++;
    if (err->code != E_NONE && run->failed.code == E_NONE)
        run->failed = *err;
    pthread_mutex_unlock(&run->lock);
}

static void *work(void *context)
{
    struct run *run = context;
    for (size_t i = 0; take(run, &i);) {
        struct err err = {0};
        (void)look(run->terms, &run->targets[i], &run->results[i], &err);
        put_back(run, &err);
    }
    return NULL;
}

static size_t count(struct run *run, bool *ret_failed)
{
    pthread_mutex_lock(&run->lock);
    size_t done = run->done;
    *ret_failed = run->failed.code != E_NONE;
    pthread_mutex_unlock(&run->lock);
    return done;
}

static void show(struct run *run, void (*progress)(size_t done))
{
    const struct timespec pause = {.tv_nsec = SHOW_NS / 20};
    bool has_failed = false;
    size_t done = 0;
    while ((done = count(run, &has_failed)) < run->n && !has_failed) {
        progress(done);
        (void)nanosleep(&pause, NULL);
    }
}

/* Whoever writes to a closed connection is told by write(), not by a signal. */
static size_t start(struct run *run, pthread_t *threads, size_t n)
{
    sigset_t pipe_alone, before;
    size_t started = 0;
    (void)sigemptyset(&pipe_alone);
    (void)sigaddset(&pipe_alone, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_alone, &before);
    while (started < n && pthread_create(&threads[started], NULL, work, run) == 0)
        started++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static enum result run_all(struct run *run, pthread_t *threads, void (*progress)(size_t done),
                           struct err *err)
{
    size_t most = run->terms->parallel < run->n ? run->terms->parallel : run->n;
    size_t started = start(run, threads, most);
    if (started == 0 && run->n > 0)
        return err_set(err, E_MEMORY, "no thread can be started");
    show(run, progress);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    if (run->failed.code == E_NONE)
        return OK;
    for (size_t i = 0; i < run->n; i++)
        peer_seen_free(&run->results[i].seen);
    return err_set(err, run->failed.code, "%s", run->failed.text);
}

enum result scan_look(const struct scan_terms *terms, const struct scan_target *targets, size_t n,
                      struct scan_result *results, void (*progress)(size_t done), struct err *err)
{
    struct run run = {.terms = terms, .targets = targets, .results = results, .n = n};
    pthread_t *threads = calloc(terms->parallel, sizeof *threads);
    if (threads == NULL)
        return err_set(err, E_MEMORY, "no memory for a scan");
    memset(results, 0, n * sizeof *results);
    pthread_mutex_init(&run.lock, NULL);
    enum result result = run_all(&run, threads, progress, err);
    pthread_mutex_destroy(&run.lock);
    free(threads);
    return result;
}
