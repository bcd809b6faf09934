#include <base/command.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX INT64_C(1000000000000000)
#define DURATION_MAX_S (INT64_C(100) * 366 * 86400)

static bool is_position(const struct option_row *row)
{
    return row->name[0] != '-';
}

static bool is_often(const struct option_row *row)
{
    size_t n = strlen(row->name);
    return n > 3 && strcmp(row->name + n - 3, "...") == 0;
}

/* Row `index` of the command's options followed by the common ones; NULL past the end. */
static const struct option_row *option_at(const struct arguments *a, size_t index)
{
    const struct option_row *row = a->command->options;
    for (; row != NULL && row->name != NULL; row++)
        if (index-- == 0)
            return row;
    for (row = a->program->common; row != NULL && row->name != NULL; row++)
        if (index-- == 0)
            return row;
    return NULL;
}

/* ---- values -----------------------------------------------------------------------------------
 */

/* Digits of `text` up to *ret_end; -1 when there are none or too many. */
static int64_t read_digits(const char *text, const char **ret_end)
{
    int64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (*at - '0');
        if (value > NUMBER_MAX)
            return -1;
    }
    *ret_end = at;
    return at == text ? -1 : value;
}

static int64_t read_duration(const char *text)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    const char *unit = NULL;
    int64_t value = read_digits(text, &unit);
    for (size_t i = 0; value >= 0 && value <= DURATION_MAX_S && i < LENGTH_OF(units); i++)
        if (strcmp(unit, units[i].unit) == 0 && value * units[i].seconds <= DURATION_MAX_S)
            return value * units[i].seconds;
    return -1;
}

static bool is_text(const char *value)
{
    for (const char *at = value; *at != '\0'; at++)
        if (iscntrl((unsigned char)*at))
            return false;
    return *value != '\0';
}

static bool is_hex(const char *value)
{
    size_t n = strlen(value);
    return n > 0 && n % 2 == 0 && strspn(value, "0123456789abcdefABCDEF") == n;
}

static bool is_choice(const char *value, const char *choices)
{
    size_t n = strlen(value);
    while (n > 0 && *choices != '\0') {
        size_t word = strcspn(choices, "|");
        if (word == n && strncmp(choices, value, n) == 0)
            return true;
        choices += word + (choices[word] == '|');
    }
    return false;
}

static enum result check_value(const struct option_row *row, const char *value, struct err *err)
{
    const char *end = "", *wanted = NULL;
    switch (row->kind) {
    case VALUE_NONE:
    case VALUE_FILE:
        wanted = *value != '\0' ? NULL : "a path";
        break;
    case VALUE_TEXT:
        wanted = is_text(value) ? NULL : "text without control characters";
        break;
    case VALUE_NUMBER:
        wanted = read_digits(value, &end) >= 0 && *end == '\0' ? NULL : "a decimal number";
        break;
    case VALUE_DURATION:
        wanted = read_duration(value) >= 0 ? NULL : "a duration such as 90s, 15m, 12h or 30d";
        break;
    case VALUE_HEX:
        wanted = is_hex(value) ? NULL : "hexadecimal digits, two an octet";
        break;
    case VALUE_CHOICE:
        wanted = is_choice(value, row->value) ? NULL : row->value;
        break;
    }
    if (wanted == NULL)
        return OK;
    return err_set(err, E_USAGE, "%s is '%s'; wanted %s", row->name,
                   err_value(bytes_of(value, strlen(value))).text, wanted);
}

/* ---- finding the command ----------------------------------------------------------------------
 */

static enum result unknown(const struct program *p, const char *what, const char *noun,
                           const char *seen, struct err *err)
{
    char known[256] = "", *at = known;
    const char *last = "";
    for (const struct command *c = p->commands; c->noun != NULL; c++) {
        const char *word = noun == NULL ? c->noun : c->verb;
        bool is_listed = noun == NULL || strcmp(c->noun, noun) == 0;
        if (!is_listed || word == NULL || strcmp(word, last) == 0)
            continue;
        int n = snprintf(at, sizeof known - (size_t)(at - known), " %s", word);
        if (n < 0 || (size_t)n >= sizeof known - (size_t)(at - known))
            break;
        at += n;
        last = word;
    }
    if (seen == NULL)
        return err_set(err, E_USAGE, "no %s was given; wanted one of:%s", what, known);
    return err_set(err, E_USAGE, "there is no %s '%s'; wanted one of:%s", what,
                   err_value(bytes_of(seen, strlen(seen))).text, known);
}

static const struct command *find(const struct program *p, const char *noun, const char *verb)
{
    for (const struct command *c = p->commands; c->noun != NULL; c++) {
        bool is_noun = strcmp(c->noun, noun) == 0;
        if (is_noun && (c->verb == NULL || (verb != NULL && strcmp(c->verb, verb) == 0)))
            return c;
    }
    return NULL;
}

static bool has_noun(const struct program *p, const char *noun)
{
    for (const struct command *c = p->commands; c->noun != NULL; c++)
        if (strcmp(c->noun, noun) == 0)
            return true;
    return false;
}

static enum result find_command(const struct program *p, char ***argv, const struct command **ret,
                                struct err *err)
{
    const char *noun = (*argv)[0];
    if (noun == NULL || !has_noun(p, noun))
        return unknown(p, "command", NULL, noun, err);
    const struct command *found = find(p, noun, (*argv)[1]);
    if (found == NULL)
        return unknown(p, "verb", noun, (*argv)[1], err);
    *argv += found->verb != NULL ? 2 : 1;
    *ret = found;
    return OK;
}

/* ---- reading argv -----------------------------------------------------------------------------
 */

/* Takes an option and, unless it is a flag, its value: "--name value" or "--name=value". */
static enum result take_option(struct arguments *a, char ***argv, struct err *err)
{
    const char *word = *(*argv)++;
    size_t n = strcspn(word, "=");
    const struct option_row *row = NULL;
    size_t index = 0;
    for (; (row = option_at(a, index)) != NULL; index++)
        if (!is_position(row) && strlen(row->name) == n && strncmp(row->name, word, n) == 0)
            break;
    if (row == NULL)
        return err_set(err, E_USAGE, "there is no option '%s' here",
                       err_value(bytes_of(word, n)).text);
    if (a->value[index] != NULL)
        return err_set(err, E_USAGE, "%s was given twice", row->name);
    const char *value = word[n] == '=' ? word + n + 1 : NULL;
    if (row->kind == VALUE_NONE && value != NULL)
        return err_set(err, E_USAGE, "%s takes no value", row->name);
    if (row->kind == VALUE_NONE)
        value = row->name;
    else if (value == NULL && **argv != NULL)
        value = *(*argv)++;
    if (value == NULL)
        return err_set(err, E_USAGE, "%s needs a value: %s", row->name, row->value);
    TRY(check_value(row, value, err));
    a->value[index] = value;
    return OK;
}

/* One more word of a position that comes often, which is a command's last. */
static enum result take_more(struct arguments *a, const struct option_row *row, const char *word,
                             struct err *err)
{
    TRY(check_value(row, word, err));
    if (a->more_n == COMMAND_MORE_MAX)
        return err_set(err, E_USAGE, "more than %d of %s", COMMAND_MORE_MAX + 1, row->name);
    a->more[a->more_n++] = word;
    return OK;
}

static enum result take_position(struct arguments *a, const char *word, struct err *err)
{
    const struct option_row *row = NULL;
    for (size_t index = 0; (row = option_at(a, index)) != NULL; index++) {
        if (is_position(row) && is_often(row) && a->value[index] != NULL)
            return take_more(a, row, word, err);
        if (!is_position(row) || a->value[index] != NULL)
            continue;
        TRY(check_value(row, word, err));
        a->value[index] = word;
        return OK;
    }
    return err_set(err, E_USAGE, "'%s' is one argument too many",
                   err_value(bytes_of(word, strlen(word))).text);
}

static enum result check_required(const struct arguments *a, struct err *err)
{
    const struct option_row *row = NULL;
    for (size_t index = 0; (row = option_at(a, index)) != NULL; index++)
        if (row->is_required && a->value[index] == NULL)
            return err_set(err, E_USAGE, "%s is missing: %s", row->name, row->help);
    return OK;
}

enum result command_parse(const struct program *program, char **argv, struct arguments *ret,
                          struct err *err)
{
    struct arguments a = {.program = program};
    char **at = argv[0] != NULL ? argv + 1 : argv;
    TRY(find_command(program, &at, &a.command, err));
    a.rest = at;
    bool only_positions = false;
    while (!a.command->passes_on && *at != NULL) {
        if (!only_positions && strcmp(*at, "--") == 0) {
            only_positions = true;
            at++;
        } else if (!only_positions && (*at)[0] == '-' && (*at)[1] != '\0') {
            TRY(take_option(&a, &at, err));
        } else {
            TRY(take_position(&a, *at++, err));
        }
    }
    if (!a.command->passes_on)
        TRY(check_required(&a, err));
    *ret = a;
    return OK;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

const char *argument_text(const struct arguments *arguments, const char *name)
{
    const struct option_row *row = NULL;
    for (size_t index = 0; (row = option_at(arguments, index)) != NULL; index++)
        if (strcmp(row->name, name) == 0)
            return arguments->value[index];
    return NULL;
}

int64_t argument_number(const struct arguments *arguments, const char *name, int64_t otherwise)
{
    const char *text = argument_text(arguments, name), *end = NULL;
    if (text == NULL)
        return otherwise;
    int64_t value = read_digits(text, &end);
    return *end == '\0' ? value : read_duration(text);
}
