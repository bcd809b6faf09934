/* Commands that need no server: modes of trothd, the demo, the error catalogue. */
#include <cli/actions.h>
#include <cli/local.h>
#include <cli/print.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 64

/* The folder of this program, with its slash; empty when the system does not say. */
static void own_folder(char *to, size_t max)
{
    ssize_t n = readlink("/proc/self/exe", to, max - 1);
    to[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(to, '/');
    to[slash != NULL ? slash + 1 - to : 0] = '\0';
}

/* `to` becomes folder and name, if a program is there. */
static bool is_program(const char *folder, const char *name, char *to, size_t max)
{
    int n = snprintf(to, max, "%s%s", folder, name);
    return folder[0] != '\0' && n > 0 && (size_t)n < max && access(to, X_OK) == 0;
}

/* Becomes `path` with the words and what was typed behind the command. */
static enum result become(struct session *session, const char *path, const char *const *first,
                          struct err *err)
{
    const char *words[WORDS_MAX] = {0};
    size_t n = 0;
    for (; *first != NULL; first++)
        words[n++] = *first;
    for (char **at = session->args->rest; *at != NULL; at++) {
        if (n + 1 >= WORDS_MAX)
            return err_set(err, E_USAGE, "more than %d arguments", WORDS_MAX - 4);
        words[n++] = *at;
    }
    fflush(session->out);
    execvp(path, (char *const *)(uintptr_t)words);
    return err_set(err, E_IO, "%s: %s", path, strerror(errno));
}

enum result action_trothd(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    const struct command *command = session->args->command;
    char folder[CLI_PATH_MAX], path[CLI_PATH_MAX];
    own_folder(folder, sizeof folder);
    bool is_known = is_program(folder, "trothd", path, sizeof path) ||
                    is_program(folder, "../sbin/trothd", path, sizeof path);
    const char *const words[] = {"trothd", command->noun, command->verb, NULL};
    return become(session, is_known ? path : "trothd", words, err);
}

enum result local_trothd(struct session *session, const char *const *words, struct err *err)
{
    char folder[CLI_PATH_MAX], path[CLI_PATH_MAX];
    int status = 0;
    own_folder(folder, sizeof folder);
    bool is_known = is_program(folder, "trothd", path, sizeof path) ||
                    is_program(folder, "../sbin/trothd", path, sizeof path);
    fflush(session->out);
    pid_t pid = fork();
    if (pid == 0) {
        if (!session->is_json || dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
            execvp(is_known ? path : "trothd", (char *const *)(uintptr_t)words);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
        return err_set(err, E_IO, "trothd did not run, or did not end by itself");
    session->exit_status = WEXITSTATUS(status);
    return OK;
}

/* What follows is the session's: arguments that were read here, and not the rest of argv. */
enum result action_check_backup(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    static char *none[] = {NULL};
    struct arguments arguments = *session->args;
    struct session trothd = *session;
    char folder[CLI_PATH_MAX], path[CLI_PATH_MAX];
    arguments.rest = none;
    trothd.args = &arguments;
    own_folder(folder, sizeof folder);
    bool is_known = is_program(folder, "trothd", path, sizeof path) ||
                    is_program(folder, "../sbin/trothd", path, sizeof path);
    const char *const words[] = {"trothd", "check", session_text(session, "BACKUP"),
                                 session->is_json ? "--json" : NULL, NULL};
    return become(&trothd, is_known ? path : "trothd", words, err);
}

enum result action_demo(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    char folder[CLI_PATH_MAX], path[CLI_PATH_MAX];
    own_folder(folder, sizeof folder);
    if (!is_program(folder, "../script/demo", path, sizeof path) &&
        !is_program(folder, "../lib/troth/script/demo", path, sizeof path))
        return err_set(err, E_NOT_FOUND, "%s is not there; wanted as installed with this program",
                       path);
    if (setenv("TROTH_BUILD", folder, 1) != 0)
        return err_set(err, E_MEMORY, "environment");
    const char *const words[] = {"demo", NULL};
    return become(session, path, words, err);
}

static void print_error(struct session *session, const struct error_info *info)
{
    fprintf(session->out, "E%d %s\n  %s\n  Next: %s\n  HTTP status %d, exit status %d\n",
            info->code, info->name, info->meaning, info->next, info->http_status,
            info->exit_status);
}

static json_t *error_json(const struct error_info *info)
{
    char code[16];
    snprintf(code, sizeof code, "E%d", info->code);
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "code", code, "name", info->name, "meaning",
                     info->meaning, "next", info->next, "http_status", info->http_status,
                     "exit_status", info->exit_status);
}

enum result action_help_error(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    const char *wanted = session_text(session, "CODE");
    const struct error_info *only = wanted != NULL ? error_parse(wanted) : NULL;
    if (wanted != NULL && only == NULL)
        return err_set(err, E_NOT_FOUND, "there is no error '%s'; wanted one such as E2001",
                       err_value(bytes_of(wanted, strlen(wanted))).text);
    json_auto_t *rows = json_array();
    const struct error_info *info = NULL;
    for (size_t i = 0; (info = error_at(i)) != NULL; i++) {
        if (only != NULL && only != info)
            continue;
        if (session->is_json)
            json_array_append_new(rows, error_json(info));
        else
            print_error(session, info);
    }
    if (session->is_json)
        print_json(session, rows);
    return OK;
}
