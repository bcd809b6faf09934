#include <trust/policy.h>

#include <base/result.h>
#include <trust/check.h>

#include <string.h>

static const struct policy_row rows[] = {
#define POLICY(number, NAME, name, word, unit, normal, least, most, what)                          \
    {number, word, POLICY_##unit, normal, least, most, offsetof(struct policy, name), what},
#include <trust/policies.def>
#undef POLICY
};

static const char *const effects[EFFECT_COUNT] = {"none", "refuse", "quarantine"};

const struct policy_row *policy_at(size_t index)
{
    return index < LENGTH_OF(rows) ? &rows[index] : NULL;
}

struct policy policy_normal(void)
{
    const struct check *check = NULL;
    struct policy policy = {
#define POLICY(number, NAME, name, word, unit, normal, least, most, what) .name = (normal),
#include <trust/policies.def>
#undef POLICY
    };
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        policy.effect[check->number] = (uint8_t)check->effect;
    return policy;
}

const char *effect_word(enum effect effect)
{
    return effects[effect < EFFECT_COUNT ? effect : 0];
}
