/* A program's commands as one const table: parsing, --help, man page and completion data come from
 * it and from nowhere else. */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <base/err.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define COMMAND_OPTIONS_MAX 24 /* a command's own and the common ones together */
#define COMMAND_MORE_MAX 256   /* words of one position; who has more of them has a file */

enum value_kind {
    VALUE_NONE = 0, /* a flag: takes no value */
    VALUE_TEXT,     /* 1 octet or more, no control characters */
    VALUE_FILE,     /* a path; not looked at here */
    VALUE_NUMBER,   /* decimal, 0 .. 10^15 */
    VALUE_DURATION, /* "90s", "15m", "12h", "30d" or plain seconds; 0 .. 100 years */
    VALUE_HEX,      /* whole octets, either case */
    VALUE_CHOICE,   /* one of the words in `value`: "viewer|operator|admin" */
};

struct option_row {
    /* "--json"; or "PRODUCT", an argument by position, with "..." at its end one that comes as
     * often as there are words left; NULL ends a table */
    const char *name;
    enum value_kind kind;
    const char *value; /* what help shows for the value ("FILE"); NULL for flags and positions */
    bool is_required;
    const char *help;
};

struct command {
    const char *noun; /* NULL ends a table */
    const char *verb; /* NULL: the noun alone is the command */
    const char *summary;
    const struct option_row *options; /* positions first; may be NULL */
    bool passes_on;                   /* what follows is not ours to judge: `rest` has it */
    const void *plan;                 /* the program's own */
};

struct program {
    const char *name;
    int section; /* of the manual */
    const char *version;
    const char *summary;             /* one line */
    const char *description;         /* paragraphs, separated by "\n\n" */
    const struct command *commands;  /* those of one noun stand together */
    const struct option_row *common; /* options that every command takes */
    const struct option_row *exits;  /* "0" ... with its meaning in `help`; may be NULL */
    const struct option_row *files;  /* paths with their meaning; may be NULL */
    const char *see_also;            /* "trothd(8), troth-agent(1)" */
};

/* What was typed. Texts are argv's; nothing is owned. */
struct arguments {
    const struct program *program;
    const struct command *command;
    const char *value[COMMAND_OPTIONS_MAX]; /* private */
    char **rest;                            /* with passes_on: the NULL-terminated rest of argv */
    size_t more_n;                          /* of a position that comes often: all but the first */
    const char *more[COMMAND_MORE_MAX];
};

/* Reads argv. E_USAGE names what was seen and what was wanted. */
MUST_USE enum result command_parse(const struct program *program, char **argv,
                                   struct arguments *ret, struct err *err);

/* Prints what --help (-h), --version, --man, --commands or --completion SHELL ask for and returns
 * true; false when argv asks for none of them. A noun or command before --help narrows it, and a
 * noun behind --man. */
bool command_answer(const struct program *program, char **argv, FILE *to);

/* The value of an option or argument; for a flag its own name; NULL when it was not given. A name
 * that the command does not have is NULL too. */
const char *argument_text(const struct arguments *arguments, const char *name);

/* A VALUE_NUMBER or, in seconds, a VALUE_DURATION; `otherwise` when it was not given. */
int64_t argument_number(const struct arguments *arguments, const char *name, int64_t otherwise);

/* Help of the whole program, one noun, or one command (verb and noun may be NULL). */
void command_help(const struct program *program, const char *noun, const char *verb, FILE *to);

/* The man page of the program, or of one noun when it is not NULL; roff with man(7) macros. */
void command_man(const struct program *program, const char *noun, FILE *to);

/* One line a command: "noun verb POSITION... --option...". */
void command_list(const struct program *program, FILE *to);

/* Completion of `shell` (bash, zsh, fish) as the text of one file; false when it is none of them.
 */
bool command_complete(const struct program *program, const char *shell, FILE *to);

#endif
