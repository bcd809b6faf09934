#include "issuers.h"
#include "seal.h"

#include <base/text.h>
#include <crypto/chain.h>
#include <wire/der.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/x509.h>
#include <wire/x509_name.h>

#include <stdlib.h>

void issuers_free(struct issuers *issuers)
{
    chain_store_free(issuers->store);
    free(issuers->rows);
    *issuers = (struct issuers){0};
}

/* ---- making -----------------------------------------------------------------------------------
 */

static bool has_text(const struct issuers *issuers, const char *text)
{
    for (size_t i = 0; i < issuers->n; i++)
        if (strcmp(issuers->rows[i].text, text) == 0)
            return true;
    return false;
}

static enum result add(struct issuers *issuers, const struct service_issuer *issuer,
                       struct err *err)
{
    struct x509_cert cert;
    const char *why = NULL;
    struct issuer_row row = {.issuer = issuer->issuer};
    struct buf text = buf_over(row.text, DN_MAX);
    struct chain_trust trust = {
        .id = issuer->issuer, .kind = CHAIN_AUTHORITY_LDEVID, .certificate = issuer->der};
    if (!x509_read_cert(issuer->der, &cert, &why))
        return err_set(err, E_CERTIFICATE, "issuer %u: %s", issuer->issuer, why);
    dn_write(&text, cert.subject);
    if (!buf_ok(&text))
        return err_set(err, E_CERTIFICATE, "issuer %u: a name that no issuer of ours has",
                       issuer->issuer);
    if (has_text(issuers, row.text))
        return err_set(err, E_CERTIFICATE, "issuer %u: another issuer has its name too",
                       issuer->issuer);
    TRY(chain_store_add(issuers->store, &trust, err));
    issuers->rows[issuers->n++] = row;
    return OK;
}

static enum result fill(struct issuers *issuers, const struct service_object *service,
                        struct err *err)
{
    struct reader walk = service_walk(service->issuers);
    struct service_issuer issuer;
    issuers->rows = calloc(SERVICE_ISSUERS_MAX, sizeof *issuers->rows);
    if (issuers->rows == NULL)
        return err_set(err, E_MEMORY, "issuers");
    TRY(chain_store_new(&issuers->store, err));
    while (service_next_issuer(&walk, &issuer))
        TRY(add(issuers, &issuer, err));
    return OK;
}

enum result issuers_set(struct issuers *issuers, const struct service_object *service,
                        struct err *err)
{
    struct issuers fresh = {0}, old = {0};
    seal_lock();
    enum result result = fill(&fresh, service, err);
    old = result == OK ? *issuers : fresh;
    if (result == OK)
        *issuers = fresh;
    issuers_free(&old);
    seal_unlock();
    return result;
}

/* ---- a certificate ----------------------------------------------------------------------------
 */

static bool take_name(struct bytes subject, struct bytes oid, char *to, size_t size)
{
    struct bytes text;
    return x509_name_find(subject, oid, &text) && text.n > 0 && text_copy(text, to, size);
}

static bool has_attribute(struct bytes subject, struct bytes oid)
{
    struct x509_name_walk walk = x509_name_walk(subject);
    struct x509_attribute attribute;
    while (x509_name_next(&walk, &attribute))
        if (bytes_equal(attribute.oid, oid))
            return true;
    return false;
}

static bool take_subject(struct bytes subject, struct boundary_identity *ret)
{
    bool has_owner = has_attribute(subject, oid_organization);
    return take_name(subject, oid_serial_number, ret->device, sizeof ret->device) &&
           take_name(subject, oid_organizational_unit, ret->product, sizeof ret->product) &&
           (!has_owner || take_name(subject, oid_organization, ret->owner, sizeof ret->owner));
}

/* Ours begin with 01 to 7f and have 16 octets: docs/decisions/serials.md. */
static bool take_serial(struct bytes serial, struct boundary_identity *ret)
{
    if (serial.n != BOUNDARY_SERIAL_N || serial.p[0] == 0 || serial.p[0] > 0x7f)
        return false;
    memcpy(ret->serial, serial.p, serial.n);
    return true;
}

static enum boundary_reason judge_dates(const struct x509_cert *cert, int64_t now_s)
{
    if (now_s < cert->not_before_s)
        return BOUNDARY_NOT_YET;
    return now_s > cert->not_after_s ? BOUNDARY_EXPIRED : BOUNDARY_ADMITTED;
}

/* Whoever takes a listed issuer's name, and has not its key, is told apart from a stranger. */
static bool has_name(const struct issuers *issuers, struct bytes name)
{
    char text[DN_MAX + 1] = "";
    struct buf b = buf_over(text, DN_MAX);
    dn_write(&b, name);
    return buf_ok(&b) && has_text(issuers, text);
}

static enum boundary_reason reason_of(const struct issuers *issuers, const struct x509_cert *cert,
                                      const struct err *why)
{
    if (why->code != E_PROOF && why->code != E_SIGNATURE)
        return BOUNDARY_PURPOSE;
    return has_name(issuers, cert->issuer) ? BOUNDARY_SIGNATURE : BOUNDARY_ISSUER;
}

/* The signature before anything that the certificate says is told apart: what nobody signed has no
 * dates. A leaf that is told to be expired was issued by us. */
static enum boundary_reason verify(struct issuers *issuers, const struct x509_cert *cert,
                                   int64_t now_s, struct chain_claim *claim)
{
    struct err why = {0};
    enum boundary_reason dates = judge_dates(cert, now_s);
    int64_t at_s = dates == BOUNDARY_NOT_YET   ? cert->not_before_s
                   : dates == BOUNDARY_EXPIRED ? cert->not_after_s
                                               : now_s;
    struct chain_terms terms = {.now_s = at_s};
    if (issuers->store == NULL)
        return BOUNDARY_NO_FEED;
    if (chain_verify(issuers->store, &cert->whole, 1, &terms, claim, &why) != OK)
        return reason_of(issuers, cert, &why);
    if (claim->kind != CHAIN_LDEVID)
        return BOUNDARY_ISSUER;
    if ((cert->has & X509_EXT_EKU) == 0 || (cert->eku & X509_EKU_CLIENT_AUTH) == 0)
        return BOUNDARY_PURPOSE;
    return dates;
}

enum boundary_reason issuers_verify(struct issuers *issuers, struct bytes der, int64_t now_s,
                                    struct boundary_identity *ret)
{
    struct boundary_identity identity = {0};
    struct x509_cert cert;
    struct chain_claim claim = {0};
    const char *why = NULL;
    if (der.n == 0)
        return BOUNDARY_NO_CERTIFICATE;
    if (der.n > LIMIT_CERTIFICATE_BYTES || !x509_read_cert(der, &cert, &why))
        return BOUNDARY_UNREADABLE;
    seal_lock();
    enum boundary_reason reason = verify(issuers, &cert, now_s, &claim);
    seal_unlock();
    if (reason != BOUNDARY_ADMITTED)
        return reason;
    if (!take_serial(cert.serial, &identity) || !take_subject(cert.subject, &identity))
        return BOUNDARY_UNREADABLE;
    identity.issuer = claim.issuer;
    identity.not_after_s = cert.not_after_s;
    identity.has_spki = true;
    memcpy(identity.spki, claim.spki_hash, sizeof identity.spki);
    *ret = identity;
    return BOUNDARY_ADMITTED;
}

/* ---- a date -----------------------------------------------------------------------------------
 */

static bool has_form(struct bytes text, const char *form)
{
    bool has = text.n == strlen(form);
    for (size_t i = 0; has && i < text.n; i++)
        has = form[i] == '?' || text.p[i] == (uint8_t)form[i];
    return has;
}

/* "Dec  1 09:00:00 2026 GMT", by way of DER's form of it. */
static bool read_until(struct bytes text, int64_t *ret_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint8_t der[] = "\x18\x0fYYYYMMDDhhmmssZ";
    size_t month = 0;
    if (!has_form(text, "??? ?? ??:??:?? ???? GMT"))
        return false;
    while (month < 12 && memcmp(text.p, months + 3 * month, 3) != 0)
        month++;
    memcpy(der + 2, text.p + 16, 4);
    der[6] = (uint8_t)('0' + (month + 1) / 10);
    der[7] = (uint8_t)('0' + (month + 1) % 10);
    der[8] = text.p[4] == ' ' ? '0' : text.p[4];
    der[9] = text.p[5];
    for (size_t i = 0; i < 3; i++)
        memcpy(der + 10 + 2 * i, text.p + 7 + 3 * i, 2);
    struct reader r = reader_of(bytes_of(der, sizeof der - 1));
    return der_read_generalized(&r, ret_s) && reader_end(&r) && *ret_s > 0;
}

/* ---- a proxy's words --------------------------------------------------------------------------
 */

static bool has_words(struct bytes text, struct bytes words)
{
    for (size_t i = 0; i + words.n <= text.n; i++)
        if (bytes_equal(bytes_slice(text, i, words.n), words))
            return true;
    return false;
}

static enum boundary_reason judge_handshake(struct bytes verify)
{
    if (bytes_equal(verify, bytes_text("SUCCESS")))
        return BOUNDARY_ADMITTED;
    if (verify.n == 0 || bytes_equal(verify, bytes_text("NONE")))
        return BOUNDARY_NO_CERTIFICATE;
    return has_words(verify, bytes_text("has expired")) ? BOUNDARY_EXPIRED : BOUNDARY_SIGNATURE;
}

static uint32_t find_text(struct issuers *issuers, struct bytes text)
{
    uint32_t issuer = 0;
    seal_lock();
    for (size_t i = 0; i < issuers->n; i++)
        if (bytes_equal(text_bytes(issuers->rows[i].text), text))
            issuer = issuers->rows[i].issuer;
    seal_unlock();
    return issuer;
}

enum boundary_reason issuers_take_words(struct issuers *issuers,
                                        const struct boundary_proxy_words *words,
                                        struct boundary_identity *ret)
{
    struct boundary_identity identity = {0};
    uint8_t octets[BOUNDARY_SERIAL_N];
    struct buf serial = buf_over(octets, sizeof octets);
    struct dn dn;
    const char *why = NULL;
    enum boundary_reason reason = judge_handshake(words->verify);
    if (reason != BOUNDARY_ADMITTED)
        return reason;
    identity.issuer = find_text(issuers, words->issuer);
    if (identity.issuer == 0)
        return BOUNDARY_ISSUER;
    if (!hex_decode(&serial, words->serial) || !take_serial(buf_bytes(&serial), &identity) ||
        !read_until(words->until, &identity.not_after_s) || !dn_read(words->subject, &dn, &why) ||
        dn.serial_number[0] == '\0' || dn.organizational_unit[0] == '\0')
        return BOUNDARY_UNREADABLE;
    memcpy(identity.device, dn.serial_number, sizeof identity.device);
    memcpy(identity.product, dn.organizational_unit, sizeof identity.product);
    memcpy(identity.owner, dn.organization, sizeof identity.owner);
    *ret = identity;
    return BOUNDARY_ADMITTED;
}
