#include <service/verb.h>

#include <base/rand.h>
#include <base/text.h>
#include <crypto/hash.h>

#include <ctype.h>
#include <string.h>

static const uint8_t nobody[32];

enum result verb_operator(struct service *service, const uint8_t spki[32], struct operator_is *ret,
                          struct err *err)
{
    *ret = (struct operator_is){.actor = {ACTOR_LOCAL, 0}};
    if (memcmp(spki, nobody, sizeof nobody) == 0)
        return OK;
    enum result result = store_operator(service->store, spki, &ret->row, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_OPERATOR,
                       "no operator has this key: add one with `troth operator add`");
    TRY(result);
    if (ret->row.state != 1)
        return err_set(err, E_OPERATOR, "this operator's certificate was revoked");
    ret->actor = (struct actor){ACTOR_OPERATOR, ret->row.id};
    return OK;
}

bool verb_sees(const struct operator_is *who, const char *owner)
{
    return who->row.scope[0] == '\0' || strcmp(owner, who->row.scope) == 0;
}

enum result verb_subject(struct service *service, const struct operator_is *who,
                         struct bytes product, struct bytes serial_number, struct subject *ret,
                         struct err *err)
{
    TRY(subject_find(service->store, product, serial_number, ret, err));
    if (!verb_sees(who, ret->device.owner))
        return subject_missing(serial_number, err);
    return OK;
}

enum result verb_allow(const struct operator_is *who, enum operate what, const char *owner,
                       struct err *err)
{
    bool is_scoped = who->row.scope[0] != '\0';
    if (!operator_may((enum role)who->row.role, is_scoped, what))
        return err_set(err, E_OPERATOR, "%s: seen role %s%s%s, wanted %s%s", operate_word(what),
                       role_word((enum role)who->row.role), is_scoped ? " of owner " : "",
                       who->row.scope, role_word(operate_least(what)),
                       operate_is_within_scope(what) ? "" : " without an owner scope");
    if (owner != NULL && !verb_sees(who, owner))
        return err_set(err, E_OPERATOR, "your scope is owner \"%s\", the device is another's",
                       who->row.scope);
    return OK;
}

enum result verb_personal(struct service *service, struct bytes text, uint8_t ret_digest[32],
                          struct err *err)
{
    if (text.n == 0)
        return OK;
    uint8_t salt[16];
    rand_bytes(salt, sizeof salt);
    struct bytes parts[] = {bytes_of(salt, sizeof salt), text};
    sha256_parts(parts, 2, ret_digest);
    service->act.personal = bytes_of(ret_digest, 32);
    return store_put_personal(service->store, ret_digest, parts[0], text, err);
}

static bool is_name_octet(uint8_t c)
{
    return isalnum(c) || c == '.' || c == '_' || c == '-';
}

enum result verb_name(const char *what, struct bytes name, struct err *err)
{
    bool good = name.n > 0 && name.n <= LIMIT_NAME;
    for (size_t i = 0; good && i < name.n; i++)
        good = is_name_octet(name.p[i]);
    if (!good)
        return err_set(err, E_SYNTAX, "%s \"%s\": 1 to %d letters, digits and . _ - are wanted",
                       what, err_value(name).text, LIMIT_NAME);
    return OK;
}
