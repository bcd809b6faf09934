/* What a command table says to people: --help, the man page, the list for completion. */
#include <base/command.h>

#include <string.h>

#define COLUMN 34 /* where summaries begin */

static bool is_row(const struct option_row *row)
{
    return row != NULL && row->name != NULL;
}

static bool is_position(const struct option_row *row)
{
    return row->name[0] != '-';
}

static bool is_of(const struct command *c, const char *noun, const char *verb)
{
    if (noun != NULL && strcmp(c->noun, noun) != 0)
        return false;
    return verb == NULL || (c->verb != NULL && strcmp(c->verb, verb) == 0);
}

/* "device show PRODUCT SERIAL", with optional positions in brackets. */
static int write_call(const struct command *c, char *to, size_t max)
{
    int n = snprintf(to, max, "%s%s%s", c->noun, c->verb != NULL ? " " : "",
                     c->verb != NULL ? c->verb : "");
    for (const struct option_row *row = c->options; is_row(row) && is_position(row); row++)
        if (n > 0 && (size_t)n < max)
            n += snprintf(to + n, max - (size_t)n, row->is_required ? " %s" : " [%s]", row->name);
    if (c->passes_on && n > 0 && (size_t)n < max)
        n += snprintf(to + n, max - (size_t)n, " ...");
    return n;
}

static void print_pair(const char *left, const char *right, FILE *to)
{
    if (strlen(left) < COLUMN - 2)
        fprintf(to, "  %-*s%s\n", COLUMN - 2, left, right);
    else
        fprintf(to, "  %s\n%*s%s\n", left, COLUMN, "", right);
}

static void print_rows(const char *title, const struct option_row *row, FILE *to)
{
    if (!is_row(row))
        return;
    fprintf(to, "\n%s:\n", title);
    for (; row->name != NULL; row++) {
        char left[128];
        snprintf(left, sizeof left, "%s%s%s%s", row->name, row->value != NULL ? " " : "",
                 row->value != NULL ? row->value : "",
                 row->is_required && !is_position(row) ? " (needed)" : "");
        print_pair(left, row->help, to);
    }
}

static void help_of_command(const struct program *p, const struct command *c, FILE *to)
{
    char call[256];
    write_call(c, call, sizeof call);
    fprintf(to, "usage: %s %s%s\n\n%s\n", p->name, call, is_row(c->options) ? " [OPTION...]" : "",
            c->summary);
    print_rows("Arguments and options", c->options, to);
    print_rows("Options of every command", p->common, to);
}

void command_help(const struct program *p, const char *noun, const char *verb, FILE *to)
{
    const struct command *only = NULL;
    size_t count = 0;
    for (const struct command *c = p->commands; c->noun != NULL; c++)
        if (is_of(c, noun, verb)) {
            only = c;
            count++;
        }
    if (count == 1) {
        help_of_command(p, only, to);
        return;
    }
    fprintf(to, "usage: %s %s [ARGUMENT...] [OPTION...]\n\n%s\n\nCommands:\n", p->name,
            noun != NULL ? noun : "COMMAND", p->summary);
    for (const struct command *c = p->commands; c->noun != NULL; c++)
        if (is_of(c, noun, NULL)) {
            char call[256];
            write_call(c, call, sizeof call);
            print_pair(call, c->summary, to);
        }
    print_rows("Options of every command", p->common, to);
    if (noun == NULL)
        print_rows("Exit status", p->exits, to);
}

/* ---- man page ---------------------------------------------------------------------------------
 */

/* Text as roff: no line may begin with a control character, and hyphens are minus signs. */
static void roff(const char *text, FILE *to)
{
    bool is_line_start = true;
    for (; *text != '\0'; text++) {
        if (is_line_start && (*text == '.' || *text == '\''))
            fputs("\\&", to);
        if (*text == '\\')
            fputs("\\e", to);
        else if (*text == '-')
            fputs("\\-", to);
        else if (text[0] == '\n' && text[1] == '\n')
            fputs("\n.PP", to);
        else
            fputc(*text, to);
        is_line_start = *text == '\n';
    }
}

static void roff_line(const char *before, const char *text, FILE *to)
{
    fputs(before, to);
    roff(text, to);
    fputc('\n', to);
}

static void man_rows(const struct option_row *row, FILE *to)
{
    for (; is_row(row); row++) {
        fputs(".TP\n\\fB", to);
        roff(row->name, to);
        fputs("\\fR", to);
        if (row->value != NULL) {
            fputs(" \\fI", to);
            roff(row->value, to);
            fputs("\\fR", to);
        }
        fputs(row->is_required && !is_position(row) ? " (needed)\n" : "\n", to);
        roff_line("", row->help, to);
    }
}

static void man_section(const char *title, const struct option_row *rows, FILE *to)
{
    if (!is_row(rows))
        return;
    fprintf(to, ".SH %s\n", title);
    man_rows(rows, to);
}

static void man_command(const struct program *p, const struct command *c, FILE *to)
{
    char call[256];
    write_call(c, call, sizeof call);
    fprintf(to, ".SS ");
    roff(p->name, to);
    roff_line(" ", call, to);
    roff_line("", c->summary, to);
    man_rows(c->options, to);
}

static void man_name(const struct program *p, const char *noun, FILE *to)
{
    char name[64], summary[128];
    snprintf(name, sizeof name, "%s-%s", p->name, noun);
    snprintf(summary, sizeof summary, "the command `%s %s`", p->name, noun);
    fprintf(to, ".TH %s %d \"\" \"%s %s\"\n.SH NAME\n", name, p->section, p->name, p->version);
    roff(name, to);
    roff_line(" \\- ", summary, to);
}

static void man_intro(const struct program *p, FILE *to)
{
    fprintf(to, ".TH %s %d \"\" \"%s %s\"\n.SH NAME\n", p->name, p->section, p->name, p->version);
    roff(p->name, to);
    roff_line(" \\- ", p->summary, to);
    fprintf(to, ".SH SYNOPSIS\n.B %s\n.I COMMAND\n[\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n",
            p->name);
    roff_line(".SH DESCRIPTION\n", p->description, to);
}

static void man_see_also(const struct program *p, const char *noun, FILE *to)
{
    fprintf(to, ".SH SEE ALSO\n");
    if (noun != NULL)
        fprintf(to, "%s(%d)%s", p->name, p->section, p->see_also != NULL ? ", " : "\n");
    if (p->see_also != NULL)
        roff_line("", p->see_also, to);
}

void command_man(const struct program *p, const char *noun, FILE *to)
{
    fprintf(to, ".\\\" Made by `%s --man%s%s` from the command table: change it there.\n", p->name,
            noun != NULL ? " " : "", noun != NULL ? noun : "");
    if (noun != NULL)
        man_name(p, noun, to);
    else
        man_intro(p, to);
    fprintf(to, ".SH COMMANDS\n");
    for (const struct command *c = p->commands; c->noun != NULL; c++)
        if (is_of(c, noun, NULL))
            man_command(p, c, to);
    man_section("OPTIONS OF EVERY COMMAND", p->common, to);
    man_section("EXIT STATUS", p->exits, to);
    man_section("FILES", p->files, to);
    if (noun != NULL || p->see_also != NULL)
        man_see_also(p, noun, to);
}

static bool has_noun(const struct program *p, const char *noun)
{
    for (const struct command *c = p->commands; c->noun != NULL; c++)
        if (is_of(c, noun, NULL))
            return true;
    return false;
}

/* ---- completion -------------------------------------------------------------------------------
 */

static void list_options(const struct option_row *row, FILE *to)
{
    for (; is_row(row); row++)
        fprintf(to, " %s", row->name);
}

void command_list(const struct program *p, FILE *to)
{
    for (const struct command *c = p->commands; c->noun != NULL; c++) {
        fprintf(to, "%s%s%s", c->noun, c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "");
        list_options(c->options, to);
        list_options(c->passes_on ? NULL : p->common, to);
        fputc('\n', to);
    }
}

static bool is_passed_on(const struct program *p, const char *noun, const char *verb)
{
    for (const struct command *c = p->commands; noun != NULL && c->noun != NULL; c++)
        if (c->passes_on && is_of(c, noun, c->verb != NULL ? verb : NULL))
            return true;
    return false;
}

/* Help that stands behind a command: `device show --help`. */
static bool answer_narrowed(const struct program *p, char **argv, FILE *to)
{
    const char *words[2] = {NULL, NULL};
    for (size_t i = 0; i < 2 && argv[i + 1] != NULL && argv[i + 1][0] != '-'; i++)
        words[i] = argv[i + 1];
    bool is_asked = false;
    for (char **at = argv + 1; *at != NULL && strcmp(*at, "--") != 0; at++)
        is_asked = is_asked || strcmp(*at, "--help") == 0 || strcmp(*at, "-h") == 0;
    if (!is_asked || is_passed_on(p, words[0], words[1]))
        return false;
    command_help(p, words[0], words[1], to);
    return true;
}

bool command_answer(const struct program *p, char **argv, FILE *to)
{
    if (argv[0] == NULL || argv[1] == NULL)
        return false;
    const char *first = argv[1];
    if (strcmp(first, "--version") == 0)
        fprintf(to, "%s %s\n", p->name, p->version);
    else if (strcmp(first, "--man") == 0 && (argv[2] == NULL || has_noun(p, argv[2])))
        command_man(p, argv[2], to);
    else if (strcmp(first, "--commands") == 0)
        command_list(p, to);
    else if (strcmp(first, "--completion") == 0 && argv[2] != NULL)
        return command_complete(p, argv[2], to);
    else if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        command_help(p, NULL, NULL, to);
    else
        return answer_narrowed(p, argv, to);
    return true;
}
