/* Prints docs/checks.md from the catalogue and the settings. script/gen-docs runs it. */
#include <trust/check.h>
#include <trust/evidence.h>

#include <stdio.h>

static void print_kinds(const struct check *check)
{
    const char *between = "";
    for (int kind = SUBJECT_DEVICE; kind < SUBJECT_COUNT; kind++)
        if ((check->kinds >> kind & 1) != 0) {
            printf("%s%s", between, subject_word((enum subject_kind)kind));
            between = ", ";
        }
}

/* The settings of a policy that its judge looks at. */
static void print_settings(const struct check *check)
{
    const struct policy_row *row = NULL;
    const char *between = "";
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++)
        if (check_looks_at(check->number, row->number)) {
            printf("%s`%s`", between, row->word);
            between = ", ";
        }
}

static void print_checks(void)
{
    const struct check *check = NULL;
    printf("| id | severity | effect | title | about | what produces its facts | what mends it | "
           "settings |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; (check = check_at(i)) != NULL; i++) {
        printf("| TD-%02d | %s | %s | %s | ", check->number, severity_word(check->severity),
               effect_word(check->effect), check->title);
        print_kinds(check);
        printf(" | %s | `%s` | ", check->producer, check->mend);
        print_settings(check);
        printf(" |\n");
    }
}

int main(void)
{
    printf(
        "# Checks\n\n"
        "<!-- Made by script/gen-docs from src/trust/include/trust/checks.def: change that. -->\n"
        "\n"
        "What counts as trust debt. A check reads facts and holds, is open since an instant, or\n"
        "says *unmeasured* where nobody produced them; what is not built leaves them so. Severity\n"
        "weighs the debt a day: critical 8, high 4, medium 2, low 1. The effect is what an open\n"
        "finding does by itself; a policy says another one, and the settings.\n\n");
    print_checks();
    return 0;
}
