// The verdicts' names and rules. Nothing here is needed to judge.
#include <troth/verdict.h>

#include <stddef.h>

struct verdict_row {
    enum troth_verdict number;
    const char *name, *rule;
};

static const struct verdict_row rows[] = {
    {TROTH_UNJUDGED, "UNJUDGED", "it was not judged"},
    {TROTH_VALID, "VALID", "all that was asked holds"},
#define VERDICT(number, name, rule) {TROTH_##name, #name, rule},
#include <troth/verdicts.def>
#undef VERDICT
};

static const struct verdict_row unknown = {TROTH_UNJUDGED, "UNKNOWN", "no verdict has this number"};

static const struct verdict_row *row_of(enum troth_verdict verdict)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].number == verdict)
            return &rows[i];
    return &unknown;
}

const char *troth_verdict_name(enum troth_verdict verdict)
{
    return row_of(verdict)->name;
}

const char *troth_verdict_rule(enum troth_verdict verdict)
{
    return row_of(verdict)->rule;
}
