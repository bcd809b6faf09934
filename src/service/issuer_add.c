/* One more issuer, or one more root: it issues from now on, and the one before it retires. */
#include <service/finding.h>
#include <service/issuer.h>

#include <crypto/hash.h>
#include <crypto/rollover.h>
#include <pki/authority.h>
#include <wire/oid.h>
#include <wire/x509_name.h>

#include <string.h>

/* ---- what is to be added ----------------------------------------------------------------------
 */

static enum result read(struct bytes der, struct x509_cert *ret, struct err *err)
{
    const char *why = NULL;
    if (!x509_read_cert(der, ret, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    return OK;
}

enum result issuer_complete(struct msg_issuer_add *ask, struct err *err)
{
    struct x509_cert cert;
    TRY(read(ask->certificate, &cert, err));
    if (!x509_name_find(cert.subject, oid_common_name, &ask->subject) ||
        ask->subject.n > LIMIT_NAME)
        ask->subject = bytes_text("(without a common name)");
    sha256(cert.spki, ask->spki);
    ask->not_before_s = cert.not_before_s;
    ask->not_after_s = cert.not_after_s;
    return OK;
}

static uint32_t next_number(const struct service *service)
{
    uint32_t next = PKI_ISSUER_COUNT;
    for (uint32_t i = next; i < PKI_ISSUERS; i++)
        if (service->issuers[i].id != 0)
            next = i + 1;
    return next;
}

static enum result check_number(const struct service *service, uint32_t number, struct err *err)
{
    bool is_taken = number < PKI_ISSUERS && service->issuers[number].id != 0;
    if (number >= PKI_ISSUER_COUNT && number < PKI_ISSUERS && !is_taken)
        return OK;
    return err_set(err, E_ISSUER_NUMBER, "number %u%s; the next one is %u, the last %d", number,
                   is_taken ? " is another issuer's" : "", next_number(service), PKI_ISSUERS - 1);
}

/* Who looks for an issuer by its name must find one. */
static enum result check_name(const struct service *service, const struct x509_cert *cert,
                              struct err *err)
{
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (service->issuers[i].id != 0 && x509_name_equal(service->issuers[i].name, cert->subject))
            return err_set(err, E_CERTIFICATE,
                           "RFC 5280 4.1.2.6: issuer %u has this subject too; each has one of its "
                           "own",
                           i);
    return OK;
}

static enum result check_key(const struct service *service, const uint8_t spki[32], struct err *err)
{
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (service->issuers[i].id != 0 && memcmp(service->issuer_spki[i], spki, 32) == 0)
            return err_set(err, E_CERTIFICATE, "issuer %u has this key: a rollover is to a new one",
                           i);
    return OK;
}

/* Servers and operators belong to the whole fleet, and so do the roots of all. */
static enum result check_owner(const struct msg_issuer_add *ask, struct err *err)
{
    if (ask->owner.n == 0)
        return OK;
    if (ask->kind != AUTHORITY_LDEVID)
        return err_set(err, E_ISSUER_OWNER, "%s issuer for owner \"%s\": only ldevid is for one",
                       authority_word((enum authority_kind)ask->kind), err_value(ask->owner).text);
    return verb_name("owner", ask->owner, err);
}

/* Whose place it takes: an owner's own one that issues, or the fleet's. */
static uint32_t find_before(const struct service *service, const struct msg_issuer_add *ask)
{
    return ask->owner.n == 0
               ? service->issuing[ask->kind]
               : service_owners_issuer(service, (enum pki_issuer_kind)ask->kind, ask->owner);
}

/* ---- an issuer --------------------------------------------------------------------------------
 */

static bool is_open_root(const struct service *service, uint32_t number)
{
    return service->issuers[number].kind == PKI_ISSUER_ROOT &&
           service->issuer_state[number] != ISSUER_ENDED;
}

static uint32_t find_root(const struct service *service, const struct x509_cert *cert)
{
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (is_open_root(service, i) && x509_name_equal(service->issuers[i].name, cert->issuer) &&
            (cert->aki.n == 0 || bytes_equal(service->issuers[i].ski, cert->aki)))
            return i;
    return 0;
}

static enum result check_issuer(const struct service *service, const struct msg_issuer_add *ask,
                                const struct x509_cert *cert, int64_t now_s, uint32_t *ret_root,
                                struct err *err)
{
    uint32_t root = find_root(service, cert);
    if (ask->new_with_old.n != 0 || ask->old_with_new.n != 0)
        return err_set(err, E_SYNTAX, "only a root comes with new_with_old and old_with_new");
    if (root == 0)
        return err_set(err, E_CERTIFICATE,
                       "RFC 5280 6.1.3: none of our roots in use has its issuer's name and key "
                       "identifier");
    TRY(authority_check(ask->certificate, blob_bytes(&service->issuer_der[root]), cert->spki, now_s,
                        err));
    if (memcmp(service->held_spki[ask->number], ask->spki, 32) != 0)
        return err_set(err, E_ISSUER_KEY, "the signer holds no key of %s issuer %u for it",
                       authority_word((enum authority_kind)ask->kind), ask->number);
    *ret_root = root;
    return OK;
}

/* ---- a root -----------------------------------------------------------------------------------
 */

static enum result check_root(const struct service *service, const struct msg_issuer_add *ask,
                              int64_t now_s, struct err *err)
{
    uint32_t current = service->issuing[PKI_ISSUER_ROOT];
    struct bytes old = blob_bytes(&service->issuer_der[current]);
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (i != current && is_open_root(service, i))
            return err_set(err, E_ROLLOVER, "root %u is retiring; one root follows one at a time",
                           i);
    TRY(rollover_check_root(ask->certificate, now_s, err));
    enum result result = rollover_check_link(ask->new_with_old, old, ask->certificate, now_s, err);
    if (result != OK)
        err_prefix(err, "new_with_old");
    TRY(result);
    result = rollover_check_link(ask->old_with_new, ask->certificate, old, now_s, err);
    if (result != OK)
        err_prefix(err, "old_with_new");
    return result;
}

/* ---- the act ----------------------------------------------------------------------------------
 */

static enum result check(const struct service *service, const struct msg_issuer_add *ask,
                         int64_t now_s, uint32_t *ret_root, struct err *err)
{
    struct x509_cert cert;
    TRY(read(ask->certificate, &cert, err));
    TRY(check_number(service, ask->number, err));
    TRY(check_name(service, &cert, err));
    TRY(check_key(service, ask->spki, err));
    TRY(check_owner(ask, err));
    if (ask->kind == AUTHORITY_ROOT)
        return check_root(service, ask, now_s, err);
    if (ask->kind <= AUTHORITY_ROOT || ask->kind > AUTHORITY_OPERATIONS)
        return err_set(err, E_SYNTAX, "there is no kind %u of issuers", ask->kind);
    return check_issuer(service, ask, &cert, now_s, ret_root, err);
}

static void record(struct service *service, const struct msg_issuer_add *ask, uint32_t root)
{
    struct change *c = act_change(&service->act, TABLE_ISSUER, ask->number);
    change_int(c, COL_ISSUER_KIND, ask->kind);
    change_blob(c, COL_ISSUER_CERTIFICATE, ask->certificate);
    change_blob(c, COL_ISSUER_SPKI, bytes_of(ask->spki, sizeof ask->spki));
    change_int(c, COL_ISSUER_NOT_AFTER, ask->not_after_s);
    change_int(c, COL_ISSUER_STATE, ISSUER_CURRENT);
    change_int(c, COL_ISSUER_ROOT, root);
    if (ask->owner.n != 0)
        change_text(c, COL_ISSUER_OWNER, ask->owner);
    if (ask->new_with_old.n != 0)
        change_blob(c, COL_ISSUER_NEW_WITH_OLD, ask->new_with_old);
    if (ask->old_with_new.n != 0)
        change_blob(c, COL_ISSUER_OLD_WITH_NEW, ask->old_with_new);
}

enum result verb_issuer_add(struct service *service, const struct operator_is *who,
                            const struct msg_issuer_add *asked, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    struct msg_issuer_add ask = *asked;
    uint32_t root = 0;
    TRY(verb_allow(who, OPERATE_ISSUER, NULL, err));
    TRY(issuer_complete(&ask, err));
    TRY(check(service, &ask, now_s, &root, err));

    service_act(service, EVENT_ISSUER_ADDED, now_s, who->actor, 0);
    record(service, &ask, root);
    uint32_t before = find_before(service, &ask);
    if (before != 0)
        change_int(act_change(&service->act, TABLE_ISSUER, before), COL_ISSUER_STATE,
                   ISSUER_RETIRING);
    answer->object = ask.number;
    answer->created = 1;
    answer->changed = before != 0;
    TRY(service_record(service, &answer->entry, err));
    return finding_issuers_changed(service, now_s, err);
}
