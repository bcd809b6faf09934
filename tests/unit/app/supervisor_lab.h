/* The real supervisor over roles of this file: each is told by `plans` how it behaves, and says on
 * the log what it sees. The supervisor runs in a child of the test. */
#ifndef SUPERVISOR_LAB_H
#define SUPERVISOR_LAB_H

#include <app/supervisor.h>
#include <ipc/ipc.h>

#include <stdbool.h>
#include <sys/types.h>

#define LOG_MAX 65536

enum behaviour {
    LIVES = 0,
    EXITS_7,
    CRASHES,
    NEVER_READY,
    NEVER_ENDS,
    FORBIDDEN_CALL,
    DIES_LATE,
    REFUSES, /* what a reload prepares */
    ANSWERS_LATER,
    ANSWERS_TWICE,
    ANSWERS_NEVER,
    DIES_PREPARING,
    DIES_COMMITTING,
};

extern struct config config;
extern enum behaviour plans[IPC_SUPERVISOR + 1];

struct server {
    pid_t pid;
    int log_fd;
    char log[LOG_MAX];
    size_t n;
};
extern struct server server;
extern char config_path[CONFIG_PATH_MAX + 16];

#define PLAIN                                                                                      \
    "data: .\npublic: public\nlimits: {connections: 50}\nfronts: 2\n"                              \
    "listen: {device: '127.0.0.1:0', operator: '127.0.0.1:0', plain: '127.0.0.1:0'}\n"
#define CHANGED                                                                                    \
    "data: .\npublic: public\nlimits: {connections: 50, idle_s: 7}\nfronts: 2\n"                   \
    "listen: {device: '127.0.0.1:0', operator: '127.0.0.1:0', plain: '127.0.0.1:0'}\n"

void start_server(void);
int64_t now_ms(void);

/* Reads the log until `text` is in it. */
void expect_log(const char *text);

/* Reads it until `text` is in it `n` times. */
void expect_count(const char *text, int n);

/* The exit status, after every process of the server has ended. */
void expect_end(int status);

bool comes_before(const char *first, const char *second);
int count_in_log(const char *text);

/* The file of the configuration. */
MUST_USE enum result put_config(const char *text);

int make_place(void **state);
int remove_place(void **state);
int forget_plans(void **state);

#endif
