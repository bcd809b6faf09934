/* From argv to an exit status. */
#include <cli/actions.h>
#include <cli/commands.h>
#include <cli/print.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Failures: for people in three lines, for programs as one JSON object; always on stderr. */
static void tell(const struct session *session, const struct err *err)
{
    const struct error_info *info = error_find(err->code);
    if (session->is_json) {
        char code[16];
        snprintf(code, sizeof code, "E%d", info->code);
        json_auto_t *problem = json_pack("{s:s, s:s, s:s, s:s}", "code", code, "title",
                                         info->meaning, "detail", err->text, "next", info->next);
        if (problem != NULL)
            json_dumpf(problem, stderr, JSON_COMPACT);
        fputc('\n', stderr);
        return;
    }
    bool is_coloured = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
    fprintf(stderr, "%stroth: E%d %s:%s ", is_coloured ? "\033[31m" : "", info->code, info->name,
            is_coloured ? "\033[0m" : "");
    print_clean(err->text, stderr);
    fprintf(stderr, "\n  %s\n  Next: %s\n", info->meaning, info->next);
}

static bool wants_json(char **argv)
{
    for (; *argv != NULL; argv++)
        if (strcmp(*argv, "--json") == 0)
            return true;
    return false;
}

static enum result run(struct session *session, char **argv, struct err *err)
{
    struct arguments args;
    TRY(command_parse(&troth_program, argv, &args, err));
    session->args = &args;
    const struct plan *plan = args.command->plan;
    return plan->run(session, plan, err);
}

int troth_run(char **argv)
{
    if (command_answer(&troth_program, argv, stdout))
        return 0;
    struct session session = {
        .out = stdout,
        .is_json = wants_json(argv),
        .is_coloured = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
    };
    struct err err = {0};
    enum result result = run(&session, argv, &err);
    session_end(&session);
    if (fflush(stdout) != 0 && result == OK)
        result = err_set(&err, E_IO, "the output could not be written");
    if (result == OK)
        return session.exit_status;
    tell(&session, &err);
    return error_find(err.code)->exit_status;
}
