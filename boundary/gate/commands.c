/* The gate's commands. */
#include <gate/gate.h>

#include <base/log.h>
#include <base/secret.h>
#include <boundary/boundary.h>
#include <crypto/start.h>
#include <gate/serve.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEFAULT_STATE "/var/lib/troth-gate"
#define DEFAULT_SOCKET "/run/troth-gate/gate.sock"
#define LATE_MS 15000 /* what is known is older: the log says so */

typedef enum result (*gate_verb)(const struct arguments *args, struct err *err);
static enum result verb_enrol(const struct arguments *args, struct err *err);
static enum result verb_run(const struct arguments *args, struct err *err);
static const gate_verb enrol = verb_enrol, run = verb_run;

static const struct option_row enrol_options[] = {
    {"--server", VALUE_TEXT, "URL", true, "the server's device port: https://host:port"},
    {"--root-sha256", VALUE_HEX, "SHA256", true, "of the server's root certificate"},
    {"--log-key", VALUE_TEXT, "KEY", true,
     "the ledger's verifier key: all that is fed is signed by it"},
    {"--name", VALUE_TEXT, "NAME", true, "of this boundary: troth boundary add"},
    {"--token-file", VALUE_FILE, "FILE", true,
     "with the token that it printed; - is standard input"},
    {0},
};

static const struct option_row run_options[] = {
    {"--socket", VALUE_FILE, "PATH", false, "where proxies ask (default " DEFAULT_SOCKET ")"},
    {0},
};

static const struct command commands[] = {
    {"enrol", NULL, "become a boundary: a key, and a certificate by a token", enrol_options, false,
     &enrol},
    {"run", NULL, "follow the feed and answer proxies", run_options, false, &run},
    {0},
};

static const struct option_row common[] = {
    {"--state", VALUE_FILE, "FOLDER", false,
     "key, certificate, floors (default " DEFAULT_STATE ")"},
    {0},
};

static const struct option_row exits[] = {
    {"0", VALUE_NONE, NULL, false, "done; run: ended by SIGTERM or SIGINT"},
    {"1", VALUE_NONE, NULL, false, "failed"},
    {"2", VALUE_NONE, NULL, false, "the command line is wrong"},
    {"6", VALUE_NONE, NULL, false, "the token was not accepted"},
    {"7", VALUE_NONE, NULL, false, "run: a file of the folder is missing"},
    {"8", VALUE_NONE, NULL, false, "the server is unreachable, or not the one that is meant"},
    {"9", VALUE_NONE, NULL, false, "another gate listens at that socket, or has that folder"},
    {0},
};

static const struct option_row files[] = {
    {"FOLDER/key.pem, certificate.pem", VALUE_NONE, NULL, false, "who this boundary is"},
    {"FOLDER/root.pem", VALUE_NONE, NULL, false, "the pinned root"},
    {0},
};

const struct program gate_program = {
    .name = "troth-gate",
    .section = 8,
    .version = TROTH_VERSION,
    .summary = "says to a web server, for each request of a device, whether it may",
    .description =
        "troth-gate answers nginx (auth_request) and Caddy (forward_auth) at a unix socket: 204 "
        "for a device whose certificate is trusted now and that a binding lets do this, 401 "
        "without a certificate, else 403. It decides from memory, by what the server's feed says, "
        "and goes on to do so while the server is gone, up to the age limit of the service.\n\n"
        "Whoever may write to the socket is believed. nginx verifies the chain itself and trusts "
        "no root but the server's; its configuration is in /usr/share/troth-gate/nginx. What is "
        "wrong in "
        "a question is in the log.",
    .commands = commands,
    .common = common,
    .exits = exits,
    .files = files,
    .see_also = "troth(1), trothd(8)",
};

static const char *folder_of(const struct arguments *args)
{
    const char *folder = argument_text(args, "--state");
    return folder != NULL ? folder : DEFAULT_STATE;
}

/* ---- enrol ------------------------------------------------------------------------------------
 */

static enum result read_token(const char *path, struct secret *ret, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return secret_read_input(LIMIT_TOKEN, ret, err);
    return secret_read_file(path, LIMIT_TOKEN + 1, ret, err);
}

static enum result verb_enrol(const struct arguments *args, struct err *err)
{
    CLEANUP(secret_free) struct secret token = {0};
    TRY(read_token(argument_text(args, "--token-file"), &token, err));
    const struct boundary_enrol enrolment = {
        .state = folder_of(args),
        .server = argument_text(args, "--server"),
        .root = argument_text(args, "--root-sha256"),
        .log_key = argument_text(args, "--log-key"),
        .name = argument_text(args, "--name"),
        .token = (const char *)token.p,
    };
    TRY(boundary_enrol(&enrolment, err));
    printf("boundary %s is enrolled; its key is in %s\n", enrolment.name, enrolment.state);
    return OK;
}

/* ---- run --------------------------------------------------------------------------------------
 */

static void tell_alarm(void *context, const struct err *why)
{
    (void)context;
    log_err(LEVEL_WARNING, "feed-alarm", why, NULL);
}

/* The log has when what is known grew old, and when it is fresh again. */
static void look(struct boundary *boundary, bool *was_late)
{
    struct boundary_standing standing;
    boundary_stand(boundary, &standing);
    bool is_late = standing.age_ms < 0 || standing.age_ms > LATE_MS;
    if (is_late != *was_late)
        log_event(is_late ? LEVEL_WARNING : LEVEL_INFO, is_late ? "feed-late" : "feed-fresh",
                  {"age_ms", log_number(standing.age_ms).text},
                  {"generation", log_number((int64_t)standing.status_generation).text});
    *was_late = is_late;
}

static void wait_for_end(struct boundary *boundary, const sigset_t *signals)
{
    static const struct timespec second = {.tv_sec = 1};
    bool was_late = false;
    while (sigtimedwait(signals, NULL, &second) < 0)
        look(boundary, &was_late);
}

static enum result answer(struct boundary *boundary, const char *path, const sigset_t *signals,
                          struct err *err)
{
    struct gate *gate = NULL;
    struct server *server = NULL;
    TRY(gate_new(boundary, &gate, err));
    enum result result = server_open(path, gate, &server, err);
    if (result == OK) {
        log_event(LEVEL_INFO, "ready", {"socket", path});
        wait_for_end(boundary, signals);
        log_event(LEVEL_INFO, "stopped", {"socket", path});
    }
    server_close(server);
    gate_free(gate);
    return result;
}

/* Of this and all later threads: a question does not take the core from the proxy that asks, so
 * that where they share one it asks many at once and the switches are paid once
 * (docs/benchmarks.md). */
static void let_askers_go_on(void)
{
    const struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_BATCH, &none) < 0)
        log_event(LEVEL_WARNING, "slow", {"why", "SCHED_BATCH is refused"});
}

static enum result verb_run(const struct arguments *args, struct err *err)
{
    struct boundary *boundary = NULL;
    sigset_t signals;
    const struct boundary_settings settings = {.state = folder_of(args), .alarm = tell_alarm};
    const char *path = argument_text(args, "--socket");
    let_askers_go_on();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* of all threads: only the wait below takes them */
    TRY(boundary_open(&settings, &boundary, err));
    enum result result = boundary_start(boundary, err);
    if (result == OK)
        result = answer(boundary, path != NULL ? path : DEFAULT_SOCKET, &signals, err);
    boundary_close(boundary);
    return result;
}

int gate_main(char **argv)
{
    if (command_answer(&gate_program, argv, stdout))
        return 0;
    log_open("gate", 2);
    struct arguments args;
    struct err err = {0};
    enum result result = command_parse(&gate_program, argv, &args, &err);
    if (result == OK)
        result = crypto_start(&err);
    if (result == OK)
        result = (*(const gate_verb *)args.command->plan)(&args, &err);
    if (result == OK)
        return 0;
    const struct error_info *info = error_find(err.code);
    fprintf(stderr, "troth-gate: E%d %s: %s\n  %s\n  Next: %s\n", info->code, info->name, err.text,
            info->meaning, info->next);
    return info->exit_status;
}
