#include "checks/checks.h"

#include <base/result.h>

#undef CHECK

static const struct check table[] = {
#define CHECK(number, NAME, name, severity, effect, title, kinds, producer, mend)                  \
    {number, SEVERITY_##severity, EFFECT_##effect, title, kinds, producer, mend, name},
#include <trust/checks.def>
#undef CHECK
};

static const char *const subjects[SUBJECT_COUNT] = {
    "none",  "device",   "product", "installation", "issuer", "foreign-certificate",
    "check", "boundary", "binding",
};

static const char *const closings[CLOSING_COUNT] = {"none", "evidence", "person", "changed"};

static const char *const severities[] = {"none", "low", "medium", "high", "critical"};
static const int weights[] = {0, 1, 2, 4, 8};

const char *subject_word(enum subject_kind kind)
{
    return subjects[kind < SUBJECT_COUNT ? kind : SUBJECT_NONE];
}

const char *closing_word(enum closing closing)
{
    return closings[closing < CLOSING_COUNT ? closing : CLOSING_NONE];
}

const struct check *check_find(int number)
{
    for (size_t i = 0; i < LENGTH_OF(table); i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}

const struct check *check_at(size_t index)
{
    return index < LENGTH_OF(table) ? &table[index] : NULL;
}

enum severity check_most_severe(const struct check *check)
{
    bool rises = check->number == CHECK_RENEWAL_DEFERRED;
    return rises && check->severity < SEVERITY_HIGH ? SEVERITY_HIGH : check->severity;
}

bool finding_waits_for_person(enum subject_kind kind, int number)
{
    const struct check *check = check_find(number);
    bool is_judged = check != NULL && (check->kinds >> kind & 1) != 0;
    if (kind == SUBJECT_PRODUCT || kind == SUBJECT_CHECK)
        return true;
    if (kind == SUBJECT_INSTALLATION)
        return !is_judged || number == CHECK_LEDGER_GAP;
    return kind == SUBJECT_BOUNDARY && !is_judged;
}

const char *severity_word(enum severity severity)
{
    return severities[severity < LENGTH_OF(severities) ? severity : 0];
}

int severity_weight(enum severity severity)
{
    return weights[severity < LENGTH_OF(weights) ? severity : 0];
}

struct opinion opinion_since(struct since condition)
{
    return (struct opinion){.open = condition.known, .began_s = condition.at_s};
}

struct opinion opinion_from(int64_t begins_s, int64_t now_s)
{
    if (begins_s == 0 || now_s < begins_s)
        return (struct opinion){.open = NO, .next_s = begins_s};
    return (struct opinion){.open = YES, .began_s = begins_s};
}

static int64_t sooner(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

struct opinion opinion_either(struct opinion a, struct opinion b)
{
    struct opinion both = {.open = NO, .next_s = sooner(a.next_s, b.next_s)};
    if (a.open != YES && b.open != YES)
        return both;
    both.open = YES;
    both.began_s = a.open != YES ? b.began_s : a.began_s;
    if (a.open == YES && b.open == YES && b.began_s < a.began_s)
        both.began_s = b.began_s;
    return both;
}

struct opinion opinion_within(int64_t from_s, int64_t until_s, int64_t now_s)
{
    if (now_s > until_s)
        return (struct opinion){.open = NO};
    if (now_s < from_s)
        return (struct opinion){.open = NO, .next_s = from_s};
    return (struct opinion){.open = YES, .began_s = from_s, .next_s = until_s + 1};
}

struct opinion opinion_late(struct since condition, int64_t late_s, int64_t now_s)
{
    if (condition.known != YES)
        return opinion_since(condition);
    struct opinion late = opinion_from(condition.at_s + late_s, now_s);
    late.began_s = late.open == YES ? condition.at_s : 0;
    return late;
}
