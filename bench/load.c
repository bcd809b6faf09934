/* Sends enrolments and measures: bench-load --help. Prints one JSON object:
 * done, failed, seconds, per_s, cpu_s (of this process), p50_ms, p99_ms, calibration_us.
 * Calibration runs between answers and is not in cpu_s. In mode idle it prints the object when all
 * connections stand and holds them until its input ends. */
#include "load.h"

#include <base/clock.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define CALIBRATE_EVERY 64 /* answers */
#define EVENTS_A_TURN 64
#define PATIENCE_MS 30000
#define HANDSHAKES_AT_ONCE 64 /* in mode idle: more would wait past the server's deadline */

struct load {
    struct load_options options;
    struct load_request *requests;
    struct load_client *clients;
    SSL_CTX *ctx;
    int epoll;
    size_t begun, ended, failed;
    uint32_t *took_us; /* by end */
    struct bytes *bodies;
    struct calibration calibration;
    const char *first_failure;
    int failed_status;
};

/* ---- set-up ---------------------------------------------------------------------------------- */

static enum result open_tls(struct load *load, struct err *err)
{
    load->ctx = SSL_CTX_new(TLS_client_method());
    if (load->ctx == NULL || SSL_CTX_load_verify_file(load->ctx, load->options.ca) != 1)
        return err_set(err, E_KEY, "%s: no root certificate", load->options.ca);
    SSL_CTX_set_min_proto_version(load->ctx, TLS1_3_VERSION);
    SSL_CTX_set_verify(load->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(load->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(load->ctx, SSL_SESS_CACHE_OFF);
    return load->options.mode == LOAD_CONNECT ? load_chain_read(&load->options, load->ctx, err)
                                              : OK;
}

static enum result allow_files(size_t wanted, struct err *err)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < wanted + 16)
        return err_set(err, E_TOO_LARGE, "%zu connections: more than files may be open", wanted);
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? OK : err_set(err, E_IO, "setrlimit");
}

static enum result load_open(struct load *load, struct err *err)
{
    const struct load_options *options = &load->options;
    TRY(allow_files(options->connections, err));
    TRY(open_tls(load, err));
    TRY(load_requests_read(options, &load->requests, err));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->clients = calloc(options->connections, sizeof *load->clients);
    load->took_us = calloc(options->count, sizeof *load->took_us);
    load->bodies = calloc(options->count, sizeof *load->bodies);
    if (load->epoll < 0 || load->clients == NULL || load->took_us == NULL || load->bodies == NULL)
        return err_set(err, E_MEMORY, "%zu connections", options->connections);
    if (!calibration_open(&load->calibration))
        return err_set(err, E_KEY, "no key to calibrate with");
    return OK;
}

/* ---- the run --------------------------------------------------------------------------------- */

static enum result watch(const struct load *load, struct load_client *client, int how,
                         struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (client->wants_write)
        event.events |= EPOLLOUT;
    return epoll_ctl(load->epoll, how, client->fd, &event) == 0 ? OK
                                                                : err_set(err, E_IO, "epoll_ctl");
}

/* The next request on this client; none when all have begun. */
static enum result begin_next(struct load *load, struct load_client *client, struct err *err)
{
    if (load->begun == load->options.count) {
        load_client_close(client);
        return OK;
    }
    const struct load_request *request = &load->requests[load->begun++];
    if (client->ssl != NULL && load->options.mode == LOAD_KEEPALIVE && !client->is_closing &&
        client->stage == STAGE_DONE) {
        load_client_ask(client, request);
        load_client_drive(client);
        return OK;
    }
    if (client->ssl != NULL)
        load_client_close(client);
    TRY(load_client_open(client, load->ctx, load->options.port, request, err));
    return watch(load, client, EPOLL_CTL_ADD, err);
}

static void note_failure(struct load *load, const struct load_client *client)
{
    load->failed++;
    if (load->first_failure != NULL)
        return;
    load->first_failure = client->stage == STAGE_FAILED ? client->why : "status";
    load->failed_status = client->status;
}

static enum result keep_answer(struct load *load, const struct load_client *client, struct err *err)
{
    struct bytes body = load_client_body(client);
    uint8_t *copy = malloc(body.n + 1);
    if (copy == NULL)
        return err_set(err, E_MEMORY, "an answer");
    memcpy(copy, body.p, body.n);
    load->bodies[client->request - load->requests] = bytes_of(copy, body.n);
    return OK;
}

static enum result end_request(struct load *load, struct load_client *client, struct err *err)
{
    load->took_us[load->ended++] = (uint32_t)(clock_monotonic_us() - client->begun_us);
    if (client->stage == STAGE_FAILED || client->status != 200)
        note_failure(load, client);
    else if (load->options.mode != LOAD_IDLE)
        TRY(keep_answer(load, client, err));
    if (load->ended % CALIBRATE_EVERY == 0 && !calibration_row(&load->calibration))
        return err_set(err, E_KEY, "a signature that was just made is bad");
    if (load->options.mode != LOAD_IDLE)
        return begin_next(load, client, err);
    client->stage = STAGE_FREE; /* the connection stays */
    return load->begun < load->options.count ? begin_next(load, &load->clients[load->begun], err)
                                             : OK;
}

static enum result go_on(struct load *load, struct load_client *client, struct err *err)
{
    bool wanted_write = client->wants_write;
    SSL *ssl = client->ssl;
    client->wants_write = false;
    load_client_drive(client);
    while (client->stage == STAGE_DONE || client->stage == STAGE_FAILED)
        TRY(end_request(load, client, err));
    bool is_same = client->ssl != NULL && client->ssl == ssl; /* else begin_next has watched it */
    return is_same && client->wants_write != wanted_write ? watch(load, client, EPOLL_CTL_MOD, err)
                                                          : OK;
}

static enum result run(struct load *load, struct err *err)
{
    size_t at_once = load->options.mode == LOAD_IDLE ? HANDSHAKES_AT_ONCE : SIZE_MAX;
    for (size_t i = 0; i < load->options.connections && i < at_once; i++)
        TRY(begin_next(load, &load->clients[i], err));
    while (load->ended < load->options.count) {
        struct epoll_event events[EVENTS_A_TURN];
        int n = epoll_wait(load->epoll, events, EVENTS_A_TURN, PATIENCE_MS);
        if (n <= 0)
            return err_set(err, E_UNREACHABLE, "no answer for %d s, %zu of %zu have ended",
                           PATIENCE_MS / 1000, load->ended, load->options.count);
        for (int i = 0; i < n; i++)
            TRY(go_on(load, events[i].data.ptr, err));
    }
    return OK;
}

/* ---- the result ------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile_ms(const struct load *load, size_t percent)
{
    size_t at = (load->ended - 1) * percent / 100;
    return load->took_us[at] / 1000.0;
}

static void count_bad_answers(struct load *load)
{
    for (size_t i = 0; i < load->options.count && load->options.mode != LOAD_IDLE; i++) {
        if (load->bodies[i].p == NULL || load_answer_is_good(&load->requests[i], load->bodies[i]))
            continue;
        load->failed++;
        load->first_failure = "the certificate is for another key";
    }
}

static void print(struct load *load, double seconds, double cpu_s)
{
    qsort(load->took_us, load->ended, sizeof *load->took_us, by_value);
    count_bad_answers(load);
    double calibration = calibration_us(&load->calibration);
    cpu_s -= (double)load->calibration.cpu_ns * 1e-9;
    printf("{\"done\": %zu, \"failed\": %zu, \"seconds\": %.3f, \"per_s\": %.0f, \"cpu_s\": %.3f, "
           "\"p50_ms\": %.2f, \"p99_ms\": %.2f, \"calibration_us\": %.1f}\n",
           load->ended - load->failed, load->failed, seconds, (double)load->ended / seconds, cpu_s,
           percentile_ms(load, 50), percentile_ms(load, 99), calibration);
    fflush(stdout);
    if (load->failed > 0)
        fprintf(stderr, "bench-load: %zu failed; first: %s %d\n", load->failed, load->first_failure,
                load->failed_status);
}

static void wait_for_end_of_input(void)
{
    char octets[64];
    while (read(STDIN_FILENO, octets, sizeof octets) > 0)
        continue;
}

int main(int argc, char **argv)
{
    struct load load = {.options = load_options_read(argc, argv)};
    struct err err = {0};
    signal(SIGPIPE, SIG_IGN);
    if (load_open(&load, &err) != OK) {
        fprintf(stderr, "bench-load: %s\n", err.text);
        return 1;
    }
    int64_t begun_us = clock_monotonic_us(), begun_cpu_us = clock_cpu_us();
    enum result result = run(&load, &err);
    int64_t ended_us = clock_monotonic_us(), ended_cpu_us = clock_cpu_us();
    if (result != OK) {
        fprintf(stderr, "bench-load: %s\n", err.text);
        return 1;
    }
    print(&load, (double)(ended_us - begun_us) / 1e6, (double)(ended_cpu_us - begun_cpu_us) / 1e6);
    if (load.options.mode == LOAD_IDLE)
        wait_for_end_of_input();
    return load.failed == 0 ? 0 : 1;
}
