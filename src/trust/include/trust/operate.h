/* What an operator may do: (role, owner scope) against the verb, as one table (design 1.4). */
#ifndef TRUST_OPERATE_H
#define TRUST_OPERATE_H

#include <trust/words.h>

#include <stdbool.h>

enum operate {
    OPERATE_NONE = 0,
    OPERATE_READ,
    OPERATE_DEVICE, /* import and the verbs on a device, tokens, one certificate */
    OPERATE_PERMIT, /* lets a tombstone enrol */
    OPERATE_PRODUCT,
    OPERATE_ANCHOR,
    OPERATE_FOREIGN, /* also of devices of every owner */
    OPERATE_ISSUER,
    OPERATE_OPERATOR,
    OPERATE_CLOCK,
    OPERATE_TRANSFER,
    OPERATE_WAIVER, /* of what is medium at most */
    OPERATE_GRANT,  /* a waiver above that */
    OPERATE_POLICY,
    OPERATE_BACKUP, /* says that one was made or drilled */
    OPERATE_WEBHOOK,
    OPERATE_BOUNDARY,
    OPERATE_BINDING, /* with a scope: of its devices, and of nothing shared */
    OPERATE_COUNT
};

/* For people: "devices"; "none" for what does not exist. */
const char *operate_word(enum operate what);

/* The least role that may, and whether an owner scope still may. */
enum role operate_least(enum operate what);
bool operate_is_within_scope(enum operate what);

/* May a person of this role? `is_scoped`: he sees one owner's devices only, and may then do nothing
 * that reaches beyond them. */
bool operator_may(enum role role, bool is_scoped, enum operate what);

/* May a person sign a transfer of ownership for this owner's side? One of that scope, or an admin
 * who has none. */
bool operator_may_sign_for(enum role role, const char *scope, const char *owner);

#endif
