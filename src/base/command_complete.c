/* Completion for bash, zsh and fish. All three match "COUNT:NOUN VERB:WORD BEFORE" with a list of
 * patterns, of which the first that fits decides; only how a pattern is written differs. */
#include <base/command.h>

#include <string.h>

struct shell {
    const char *name;
    const char *head, *foot; /* '@' is the program's name */
    const char *pattern;     /* around a pattern; "%s" */
    const char *words;       /* offers words, separated by spaces */
    const char *files;       /* offers paths */
    const char *end;         /* of a pattern's actions */
    bool is_quoted;          /* spaces in patterns need no backslash */
};

static const struct shell shells[] = {
    {"bash",
     "_@() {\n"
     "    local now=${COMP_WORDS[COMP_CWORD]} offer= files=\n"
     "    case \"$COMP_CWORD:${COMP_WORDS[1]} ${COMP_WORDS[2]}:${COMP_WORDS[COMP_CWORD - 1]}\" "
     "in\n",
     "    esac\n"
     "    mapfile -t COMPREPLY < <(\n"
     "        compgen -W \"$offer\" -- \"$now\"\n"
     "        [ -z \"$files\" ] || compgen -f -- \"$now\"\n"
     "    )\n"
     "}\n"
     "complete -o filenames -F _@ @\n",
     "    %s)", " offer='%s'", " files=yes", " ;;\n", false},
    {"zsh",
     "#compdef @\n"
     "local offer= files=\n"
     "case \"$((CURRENT - 1)):$words[2] $words[3]:$words[CURRENT-1]\" in\n",
     "esac\n"
     "[[ -z $files ]] || _files\n"
     "compadd -- ${=offer}\n",
     "%s)", " offer='%s'", " files=yes", " ;;\n", false},
    {"fish",
     "function __@_offer\n"
     "    set -l words (commandline -opc)\n"
     "    switch (count $words)\":$words[2] $words[3]:$words[-1]\"\n",
     "    end\n"
     "end\n"
     "complete -c @ -f -a '(__@_offer)'\n",
     "        case '%s'\n", "            string split ' ' -- '%s'\n",
     "            __fish_complete_path (commandline -ct)\n", "", true},
};

/* `text` with the program's name for '@'. */
static void put_named(const char *text, const char *name, FILE *to)
{
    for (; *text != '\0'; text++)
        if (*text == '@')
            fputs(name, to);
        else
            fputc(*text, to);
}

/* A format of the table with one "%s". */
static void put_around(const char *format, const char *text, bool is_quoted, FILE *to)
{
    const char *at = strstr(format, "%s");
    fwrite(format, 1, (size_t)(at - format), to);
    for (; *text != '\0'; text++) {
        if (*text == ' ' && !is_quoted)
            fputc('\\', to);
        fputc(*text, to);
    }
    fputs(at + 2, to);
}

static void begin(const struct shell *sh, const char *pattern, FILE *to)
{
    put_around(sh->pattern, pattern, sh->is_quoted, to);
}

static bool is_row(const struct option_row *row)
{
    return row != NULL && row->name != NULL;
}

/* "device show" or "status *": what stands between the colons. */
static void command_pattern(const struct command *c, const char *before, char to[128])
{
    snprintf(to, 128, "*:%s %s:%s", c->noun, c->verb != NULL ? c->verb : "*", before);
}

static void append(char to[2048], const char *word)
{
    size_t n = strlen(to);
    snprintf(to + n, 2048 - n, "%s%s", n > 0 ? " " : "", word);
    for (char *at = to + n; *at != '\0'; at++)
        if (*at == '|')
            *at = ' ';
}

static void offer(const struct shell *sh, const char *words, bool has_files, FILE *to)
{
    if (words[0] != '\0')
        put_around(sh->words, words, true, to);
    if (has_files)
        fputs(sh->files, to);
    fputs(sh->end, to);
}

/* Behind an option that takes a value: its choices, paths, or nothing that we know. */
static void offer_values(const struct shell *sh, const struct command *c,
                         const struct option_row *row, FILE *to)
{
    for (; is_row(row); row++) {
        if (row->name[0] != '-' || row->kind == VALUE_NONE)
            continue;
        char pattern[128], words[2048] = "";
        command_pattern(c, row->name, pattern);
        if (row->kind == VALUE_CHOICE)
            append(words, row->value);
        begin(sh, pattern, to);
        offer(sh, words, row->kind == VALUE_FILE, to);
    }
}

/* Adds the names of options and the choices of positions. Is there a position for a path? */
static bool add_rows(const struct option_row *row, char words[2048])
{
    bool has_files = false;
    for (; is_row(row); row++) {
        if (row->name[0] == '-')
            append(words, row->name);
        else if (row->kind == VALUE_CHOICE)
            append(words, row->value);
        has_files = has_files || (row->name[0] != '-' && row->kind == VALUE_FILE);
    }
    return has_files;
}

static void offer_command(const struct program *p, const struct shell *sh, const struct command *c,
                          FILE *to)
{
    const struct option_row *common = c->passes_on ? NULL : p->common;
    char pattern[128], words[2048] = "";
    offer_values(sh, c, c->options, to);
    offer_values(sh, c, common, to);
    command_pattern(c, "*", pattern);
    bool has_files = add_rows(c->options, words);
    has_files = add_rows(common, words) || has_files || c->passes_on;
    begin(sh, pattern, to);
    offer(sh, words, has_files, to);
}

/* The verbs of `first`'s noun, whose commands stand together. */
static void offer_verbs(const struct shell *sh, const struct command *first, FILE *to)
{
    char pattern[128], words[2048] = "";
    snprintf(pattern, sizeof pattern, "2:%s *", first->noun);
    for (const struct command *c = first; c->noun != NULL && strcmp(c->noun, first->noun) == 0; c++)
        append(words, c->verb);
    begin(sh, pattern, to);
    offer(sh, words, false, to);
}

static bool is_first_of_noun(const struct program *p, const struct command *c)
{
    return c == p->commands || strcmp(c->noun, c[-1].noun) != 0;
}

static void complete(const struct program *p, const struct shell *sh, FILE *to)
{
    char nouns[2048] = "";
    for (const struct command *c = p->commands; c->noun != NULL; c++)
        if (is_first_of_noun(p, c))
            append(nouns, c->noun);
    append(nouns, "--help|--version");
    put_named(sh->head, p->name, to);
    begin(sh, "1:*", to);
    offer(sh, nouns, false, to);
    for (const struct command *c = p->commands; c->noun != NULL; c++) {
        if (is_first_of_noun(p, c) && c->verb != NULL)
            offer_verbs(sh, c, to);
        offer_command(p, sh, c, to);
    }
    put_named(sh->foot, p->name, to);
}

bool command_complete(const struct program *program, const char *shell, FILE *to)
{
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i].name, shell) == 0) {
            complete(program, &shells[i], to);
            return true;
        }
    return false;
}
