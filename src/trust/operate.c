#include <trust/operate.h>

#include <string.h>

struct rule {
    const char *word;
    enum role least;
    bool is_within_scope; /* also for a person who sees one owner's devices only */
};

static const struct rule rules[OPERATE_COUNT] = {
    [OPERATE_NONE] = {"none", ROLE_NONE, false},
    [OPERATE_READ] = {"read", ROLE_VIEWER, true},
    [OPERATE_DEVICE] = {"devices, tokens, certificates", ROLE_OPERATOR, true},
    [OPERATE_PERMIT] = {"permits", ROLE_ADMIN, true},
    [OPERATE_PRODUCT] = {"products", ROLE_ADMIN, false},
    [OPERATE_ANCHOR] = {"anchors", ROLE_ADMIN, false},
    [OPERATE_ISSUER] = {"issuers", ROLE_ADMIN, false},
    [OPERATE_OPERATOR] = {"operators", ROLE_ADMIN, false},
    [OPERATE_TRANSFER] = {"transfers", ROLE_OPERATOR, true},
    [OPERATE_WAIVER] = {"waivers", ROLE_OPERATOR, true},
    [OPERATE_GRANT] = {"waivers above medium", ROLE_ADMIN, true},
    [OPERATE_POLICY] = {"policies", ROLE_ADMIN, false},
    [OPERATE_FOREIGN] = {"certificates of other CAs", ROLE_OPERATOR, false},
    [OPERATE_CLOCK] = {"the clock", ROLE_ADMIN, false},
    [OPERATE_BACKUP] = {"backups", ROLE_ADMIN, false},
    [OPERATE_WEBHOOK] = {"webhooks", ROLE_ADMIN, false},
    [OPERATE_BOUNDARY] = {"boundaries", ROLE_ADMIN, false},
    [OPERATE_BINDING] = {"bindings", ROLE_OPERATOR, true},
};

const char *operate_word(enum operate what)
{
    return rules[what < OPERATE_COUNT ? what : OPERATE_NONE].word;
}

enum role operate_least(enum operate what)
{
    return rules[what < OPERATE_COUNT ? what : OPERATE_NONE].least;
}

bool operate_is_within_scope(enum operate what)
{
    return what < OPERATE_COUNT && rules[what].is_within_scope;
}

bool operator_may(enum role role, bool is_scoped, enum operate what)
{
    if (what >= OPERATE_COUNT || role >= ROLE_COUNT || rules[what].least == ROLE_NONE)
        return false;
    return role >= rules[what].least && (!is_scoped || rules[what].is_within_scope);
}

bool operator_may_sign_for(enum role role, const char *scope, const char *owner)
{
    if (*scope == '\0')
        return role == ROLE_ADMIN;
    return operator_may(role, true, OPERATE_TRANSFER) && strcmp(scope, owner) == 0;
}
