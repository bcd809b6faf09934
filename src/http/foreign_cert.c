#include "foreign_cert.h"

#include <trust/facts.h>
#include <trust/foreign_words.h>
#include <wire/oid.h>
#include <wire/x509_name.h>

#include <string.h>

/* ---- names ---------------------------------------------------------------------------------- */

static const char *attribute_name(struct bytes oid)
{
    static const struct {
        const struct bytes *oid;
        const char *name;
    } rows[] = {
        {&oid_common_name, "CN"}, {&oid_serial_number, "serialNumber"},
        {&oid_organization, "O"}, {&oid_organizational_unit, "OU"},
        {&oid_country, "C"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (bytes_equal(oid, *rows[i].oid))
            return rows[i].name;
    return "?";
}

/* "/O=Maker/serialNumber=7", as openssl prints names; what does not fit is left out. */
static struct bytes write_subject(struct bytes name, uint8_t *space, size_t size)
{
    struct x509_name_walk walk = x509_name_walk(name);
    struct x509_attribute attribute;
    size_t used = 0;
    while (x509_name_next(&walk, &attribute)) {
        struct buf to = buf_over(space + used, size - used);
        const char *key = attribute_name(attribute.oid);
        buf_put_u8(&to, '/');
        buf_put_bytes(&to, bytes_of(key, strlen(key)));
        buf_put_u8(&to, '=');
        buf_put_bytes(&to, attribute.text);
        used += buf_ok(&to) ? to.n : 0;
    }
    return bytes_of(space, used);
}

/* What no device can have says of none. */
static struct bytes serial_number_of(struct bytes subject)
{
    struct bytes text = {0};
    bool is_one = x509_name_find(subject, oid_serial_number, &text);
    return is_one && text.n <= LIMIT_SERIAL_NUMBER ? text : bytes_of(NULL, 0);
}

/* ---- what it says --------------------------------------------------------------------------- */

static enum signature_hash hash_of(enum x509_sig_alg alg)
{
    switch (alg) {
    case X509_SIG_ECDSA_SHA256:
    case X509_SIG_ECDSA_SHA384:
    case X509_SIG_ECDSA_SHA512:
    case X509_SIG_ED25519:
    case X509_SIG_RSA_SHA256:
    case X509_SIG_RSA_SHA384:
    case X509_SIG_RSA_SHA512:
        return SIGNATURE_SOUND;
    case X509_SIG_SHA1:
        return SIGNATURE_SHA1;
    case X509_SIG_MD5:
        return SIGNATURE_MD5;
    case X509_SIG_OTHER:
        break;
    }
    return SIGNATURE_UNMEASURED;
}

/* By the chain; where that does not show it, by the anchor. */
static enum known root_issued(const struct presented *presented, const struct x509_cert *anchor)
{
    if (presented->root_issued == PRESENTED_YES)
        return YES;
    if (presented->root_issued == PRESENTED_NO)
        return NO;
    if (anchor == NULL)
        return UNMEASURED;
    return x509_name_equal(anchor->issuer, anchor->subject) ? YES : NO;
}

enum result foreign_cert_read(const struct makers *makers, const struct bytes *ders, size_t n,
                              struct foreign_cert *ret, struct err *err)
{
    const struct x509_cert *leaf = &ret->presented.leaf;
    TRY(presented_read(ders, n, &ret->presented, err));
    ret->anchor = makers_issuer(makers, leaf);
    const struct x509_cert *anchor = makers_certificate(makers, ret->anchor);
    ret->root_issued = (uint8_t)root_issued(&ret->presented, anchor);
    ret->signature = (uint8_t)hash_of(leaf->sig_alg);
    ret->subject = write_subject(leaf->subject, ret->subject_space, sizeof ret->subject_space);
    ret->serial_number = serial_number_of(leaf->subject);
    sha256(leaf->issuer, ret->issuer_name);
    return OK;
}
