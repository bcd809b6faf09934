#include <service/verb.h>

#include <crypto/hash.h>
#include <wire/x509.h>

/* An anchor is read here because core keeps it: one strict reader, and only what a CA may be. */
static enum result check(struct bytes der, struct x509_cert *ret, struct err *err)
{
    const char *why = NULL;
    if (!x509_read_cert(der, ret, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    if (!ret->is_ca)
        return err_set(
            err, E_CERTIFICATE,
            "RFC 5280 4.2.1.9: basicConstraints without cA; an anchor is a CA's certificate");
    return OK;
}

enum result verb_anchor_add(struct service *service, const struct operator_is *who,
                            const struct msg_anchor_add *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    struct product product = {0};
    struct x509_cert certificate = {0};
    uint8_t spki[SHA256_N];
    TRY(verb_allow(who, OPERATE_ANCHOR, NULL, err));
    TRY(check(ask->certificate, &certificate, err));
    if (store_product_named(service->store, ask->product, &product, err) != OK)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"",
                       err_value(ask->product).text);
    sha256(certificate.spki, spki);

    struct act *act = service_act(service, EVENT_ANCHOR_ADDED, now_s, who->actor, 0);
    answer->object = service_next_id(service, TABLE_ANCHOR);
    struct change *c = act_change(act, TABLE_ANCHOR, answer->object);
    change_int(c, COL_ANCHOR_PRODUCT, product.id);
    change_blob(c, COL_ANCHOR_CERTIFICATE, ask->certificate);
    change_blob(c, COL_ANCHOR_SPKI, bytes_of(spki, sizeof spki));
    change_int(c, COL_ANCHOR_STATE, 1);
    answer->created = 1;
    return service_record(service, &answer->entry, err);
}
