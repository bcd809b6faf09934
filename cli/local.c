/* Commands that need no server: modes of trothd, and the error catalogue. */
#include <cli/actions.h>
#include <cli/print.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 64

/* The trothd beside this program, as installed and as built; else the one on the PATH. */
static void find_trothd(char *to, size_t max)
{
    ssize_t n = readlink("/proc/self/exe", to, max - sizeof "trothd");
    to[n > 0 ? n : 0] = '\0';
    char *name = strrchr(to, '/');
    if (name != NULL)
        memcpy(name + 1, "trothd", sizeof "trothd");
    if (name == NULL || access(to, X_OK) != 0)
        memcpy(to, "trothd", sizeof "trothd");
}

enum result action_trothd(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    const struct command *command = session->args->command;
    char path[CLI_PATH_MAX];
    find_trothd(path, sizeof path);
    const char *words[WORDS_MAX] = {"trothd", command->noun};
    size_t n = 2;
    if (command->verb != NULL)
        words[n++] = command->verb;
    for (char **at = session->args->rest; *at != NULL; at++) {
        if (n + 1 >= WORDS_MAX)
            return err_set(err, E_USAGE, "more than %d arguments", WORDS_MAX - 2);
        words[n++] = *at;
    }
    fflush(session->out);
    execvp(path, (char *const *)(uintptr_t)words);
    return err_set(err, E_IO, "%s: %s", path, strerror(errno));
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
