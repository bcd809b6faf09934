#include <service/verb.h>

#include <crypto/hash.h>
#include <trust/words.h>
#include <wire/x509.h>

/* What stands above devices is a CA; who signs manifests has the key of ES256 (RFC 7518 3.4). */
static enum result check_use(const struct x509_cert *certificate, enum anchor_use use,
                             struct err *err)
{
    if (anchor_use_word(use) == NULL)
        return err_set(err, E_SYNTAX, "use: seen %d, wanted 0 to %d", use, ANCHOR_USE_COUNT - 1);
    if (use != ANCHOR_MANIFEST && !certificate->is_ca)
        return err_set(
            err, E_CERTIFICATE,
            "RFC 5280 4.2.1.9: basicConstraints without cA; an anchor is a CA's certificate");
    if (use == ANCHOR_MANIFEST && certificate->key.alg != X509_KEY_P256)
        return err_set(err, E_CERTIFICATE,
                       "the key of a manifest's signer is not of P-256; ES256 is wanted "
                       "(RFC 7518 3.4)");
    return OK;
}

/* An anchor is read here because core keeps it: one strict reader, and only what it may be. */
static enum result check(const struct msg_anchor_add *ask, struct x509_cert *ret, struct err *err)
{
    const char *why = NULL;
    if (!x509_read_cert(ask->certificate, ret, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    return check_use(ret, (enum anchor_use)ask->use, err);
}

enum result verb_anchor_add(struct service *service, const struct operator_is *who,
                            const struct msg_anchor_add *ask, int64_t now_s,
                            struct msg_verb_answer *answer, struct err *err)
{
    struct product product = {0};
    struct x509_cert certificate = {0};
    uint8_t spki[SHA256_N];
    TRY(verb_allow(who, OPERATE_ANCHOR, NULL, err));
    TRY(check(ask, &certificate, err));
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
    change_int(c, COL_ANCHOR_USE, ask->use);
    answer->created = 1;
    return service_record(service, &answer->entry, err);
}
