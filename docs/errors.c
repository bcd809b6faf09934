/* Prints docs/errors.md from the catalogue. script/gen-docs runs it. */
#include <base/err.h>

#include <stdio.h>

static const char *const kinds[RESULT_COUNT] = {
    [R_INVALID] = "invalid input",
    [R_UNAUTHORISED] = "not proved",
    [R_REFUSED] = "refused by policy",
    [R_NOT_FOUND] = "not found",
    [R_CONFLICT] = "conflict",
    [R_LIMIT] = "limit",
    [R_WAIT] = "waits",
    [R_BUSY] = "busy",
    [R_UNREACHABLE] = "unreachable",
    [R_CORRUPT] = "corrupt data",
    [R_CRYPTO] = "key or signature",
    [R_IO] = "operating system",
    [R_MEMORY] = "no memory",
    [R_BUG] = "our fault",
};

static void print_chapter(int thousand)
{
    static const char *const titles[] = {
        "",
        "1xxx input and configuration",
        "2xxx who asks",
        "3xxx what policy says",
        "4xxx things and states",
        "5xxx load and limits",
        "6xxx keys and certificates",
        "7xxx ledger and store",
        "8xxx the machine",
        "9xxx Troth itself",
    };
    printf("\n## %s\n\n| code | name | kind | HTTP | exit | what it means | what to do |\n"
           "|---|---|---|---|---|---|---|\n",
           titles[thousand]);
}

int main(void)
{
    int chapter = 0;
    printf(
        "# Errors\n\n"
        "<!-- Made by script/gen-docs from src/base/include/base/errors.def: change that. -->\n\n"
        "Every failure has one code: in problems of the interface (RFC 9457), in the log, and as\n"
        "`troth help E0000`. Exit is the exit status of the command line.\n");
    for (size_t i = 0; error_at(i) != NULL; i++) {
        const struct error_info *info = error_at(i);
        if (chapter != (int)info->code / 1000) {
            chapter = (int)info->code / 1000;
            print_chapter(chapter);
        }
        printf("| E%04d | %s | %s | %d | %d | %s | %s |\n", (int)info->code, info->name,
               kinds[info->kind], info->http_status, info->exit_status, info->meaning, info->next);
    }
    return 0;
}
