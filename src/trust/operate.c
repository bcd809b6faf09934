#include <trust/operate.h>

struct rule {
    enum role least;
    bool is_within_scope; /* also for a person who sees one owner's devices only */
};

static const struct rule rules[OPERATE_COUNT] = {
    [OPERATE_READ] = {ROLE_VIEWER, true},   [OPERATE_DEVICE] = {ROLE_OPERATOR, true},
    [OPERATE_PERMIT] = {ROLE_ADMIN, true},  [OPERATE_PRODUCT] = {ROLE_ADMIN, false},
    [OPERATE_ANCHOR] = {ROLE_ADMIN, false}, [OPERATE_OPERATOR] = {ROLE_ADMIN, false},
    [OPERATE_CLOCK] = {ROLE_ADMIN, false},
};

bool operator_may(enum role role, bool is_scoped, enum operate what)
{
    if (what >= OPERATE_COUNT || role >= ROLE_COUNT || rules[what].least == ROLE_NONE)
        return false;
    return role >= rules[what].least && (!is_scoped || rules[what].is_within_scope);
}
