#include <pki/lint.h>

#include <pki/keyquality.h>
#include <pki/serial.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include "name.h"

struct lint {
    const struct x509_cert *cert;
    const struct profile *profile;
    const struct pki_issuer *issuer;
};

/* NULL, or what is wrong. */
typedef const char *lint_rule(const struct lint *lint);

static const char *lint_serial(const struct lint *lint)
{
    struct serial_parts parts;

    if (!serial_split(lint->cert->serial, &parts))
        return "RFC 5280 4.1.2.2: the serial is not one of ours";
    if (parts.expiry_class != serial_class(lint->cert->not_after_s))
        return "design 5: the serial's expiry class is not that of notAfter";
    return NULL;
}

static const char *lint_issuer(const struct lint *lint)
{
    return x509_name_equal(lint->cert->issuer, lint->issuer->name)
               ? NULL
               : "RFC 5280 4.1.2.4: the issuer's name is not the issuer's subject";
}

static const char *lint_validity(const struct lint *lint)
{
    const struct x509_cert *cert = lint->cert;
    bool is_endless = cert->not_after_s == DER_TIME_NO_EXPIRY;

    if (cert->not_after_s < cert->not_before_s)
        return "RFC 5280 4.1.2.5: notAfter is before notBefore";
    if (cert->not_before_s < lint->issuer->not_before_s ||
        cert->not_after_s > lint->issuer->not_after_s)
        return "RFC 5280 6.1.3: the validity is not within the issuer's";
    if (is_endless && !lint->profile->no_expiry)
        return "IEEE 802.1AR 8.7: only an IDevID may have no expiry";
    if (!is_endless && cert->not_after_s - cert->not_before_s >= lint->profile->validity_max_s)
        return "the validity is longer than the profile's";
    return NULL;
}

static const char *lint_subject(const struct lint *lint)
{
    struct bytes text;
    bool is_empty = lint->cert->subject.n <= 2;

    if (is_empty && !(lint->cert->critical & X509_EXT_SAN))
        return "RFC 5280 4.1.2.6: an empty subject needs a critical subjectAltName";
    if (profile_is_device(lint->profile) &&
        !x509_name_find(lint->cert->subject, oid_serial_number, &text))
        return "IEEE 802.1AR 8.6: a device's subject has one serialNumber";
    if (lint->profile->subject != PKI_SUBJECT_OWNED &&
        x509_name_find(lint->cert->subject, oid_organization, &text))
        return "design 2: only an LDevID's subject names an owner";
    return NULL;
}

static const char *lint_key(const struct lint *lint)
{
    return keys_bit(lint->cert->key.alg) & lint->profile->keys
               ? NULL
               : "the key is of a kind that the profile does not certify";
}

static const char *lint_no_ca(const struct lint *lint)
{
    return lint->cert->is_ca || (lint->cert->has & X509_EXT_BASIC_CONSTRAINTS)
               ? "RFC 5280 4.2.1.9: a leaf has basicConstraints"
               : NULL;
}

static const char *lint_key_usage(const struct lint *lint)
{
    if (!(lint->cert->critical & X509_EXT_KEY_USAGE))
        return "RFC 5280 4.2.1.3: keyUsage is wanted critical";
    if (lint->cert->key_usage != lint->profile->key_usage)
        return "RFC 5280 4.2.1.3: keyUsage is not the profile's";
    return NULL;
}

static const char *lint_eku(const struct lint *lint)
{
    return lint->cert->eku == lint->profile->eku
               ? NULL
               : "RFC 5280 4.2.1.12: extendedKeyUsage is not the profile's";
}

static const char *lint_key_ids(const struct lint *lint)
{
    uint8_t key_id[KEY_ID_N];

    if (!bytes_equal(lint->cert->aki, lint->issuer->ski))
        return "RFC 5280 4.2.1.1: authorityKeyIdentifier is not the issuer's key identifier";
    if (!lint->profile->ski)
        return lint->cert->has & X509_EXT_SKI ? "the profile has no subjectKeyIdentifier" : NULL;
    profile_key_id(lint->profile, lint->cert->spki, key_id);
    return bytes_equal(lint->cert->ski, bytes_of(key_id, sizeof(key_id)))
               ? NULL
               : "RFC 7093 2: subjectKeyIdentifier is not the key's";
}

static const char *lint_addresses(const struct lint *lint)
{
    return (lint->cert->has & X509_EXT_CRLDP) && (lint->cert->has & X509_EXT_AIA)
               ? NULL
               : "RFC 5280 4.2.1.13, 4.2.2.1: cRLDistributionPoints or authorityInfoAccess is "
                 "absent";
}

/* Whoever answers for an issuer is not asked about himself; everybody else says where to ask. */
static const char *lint_ocsp(const struct lint *lint)
{
    struct bytes uri;
    bool has_no_check = lint->cert->has & X509_EXT_OCSP_NO_CHECK;

    if (has_no_check != lint->profile->no_check)
        return "RFC 6960 4.2.2.2.1: id-pkix-ocsp-nocheck is not as the profile says";
    if (x509_aia_uri(lint->cert->aia, oid_ad_ocsp, &uri) == lint->profile->no_check)
        return "RFC 6960 3.1: the address of OCSP is not as the profile says";
    return NULL;
}

/* keyUsage always, subjectAltName with an empty subject, no other. */
static const char *lint_critical(const struct lint *lint)
{
    uint16_t others = (uint16_t) ~(X509_EXT_KEY_USAGE | X509_EXT_SAN);

    if (lint->cert->unknown_critical || (lint->cert->critical & others))
        return "RFC 5280 4.2: an extension is critical that must not be";
    if ((lint->cert->critical & X509_EXT_SAN) && lint->cert->subject.n > 2)
        return "RFC 5280 4.2.1.6: subjectAltName is critical beside a subject";
    return NULL;
}

/* As many extensions as the reader recognised: so there is none that no rule has looked at. */
static const char *lint_known(const struct lint *lint)
{
    struct reader list = reader_of(lint->cert->extensions);
    struct bytes one;
    int n = 0;

    while (list.left != 0 && der_read(&list, DER_SEQUENCE, &one))
        n++;
    return reader_end(&list) && n == __builtin_popcount(lint->cert->has)
               ? NULL
               : "the profile does not know one of the extensions";
}

/* Is the common name among the names of subjectAltName, as text or as address? */
static bool is_in_san(struct bytes san, struct bytes common_name)
{
    uint8_t room[16];
    struct x509_general_name wanted = server_name(common_name, room);
    struct x509_general_name name;
    struct reader walk = x509_general_names(san);

    while (x509_general_name_next(&walk, &name))
        if (name.kind == wanted.kind && bytes_equal(name.value, wanted.value))
            return true;
    return false;
}

static const char *lint_san(const struct lint *lint)
{
    struct bytes common_name;
    bool has_san = lint->cert->has & X509_EXT_SAN;

    if (lint->profile->san == PKI_SAN_NONE && has_san)
        return "the profile has no subjectAltName";
    if (lint->profile->san != PKI_SAN_SERVER_NAMES)
        return NULL;
    if (!has_san)
        return "RFC 9525 2: a server's names stand in subjectAltName";
    if (x509_name_find(lint->cert->subject, oid_common_name, &common_name) &&
        !is_in_san(lint->cert->san, common_name))
        return "RFC 9525 2: the common name is not among the names of subjectAltName";
    return NULL;
}

static lint_rule *const rules[] = {
    lint_serial,   lint_issuer,    lint_validity, lint_subject, lint_key,
    lint_no_ca,    lint_key_usage, lint_eku,      lint_key_ids, lint_addresses,
    lint_critical, lint_known,     lint_san,      lint_ocsp,
};

/* A certificate around the TBS, so that the one reader there is can read it. */
static enum result read_tbs(struct bytes tbs, enum x509_sig_alg sig_alg, struct buf *room,
                            struct x509_cert *ret, struct err *err)
{
    static const uint8_t no_signature[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
    const char *why = NULL;

    x509_write_signed(room, tbs, sig_alg, bytes_of(no_signature, sizeof(no_signature)));
    if (!buf_ok(room))
        return err_set(err, E_CERTIFICATE, "the certificate is above %d octets", TBS_MAX);
    if (!x509_read_cert(buf_bytes(room), ret, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    return OK;
}

enum result lint_tbs(struct bytes tbs, enum pki_profile profile, const struct pki_issuer *issuer,
                     struct err *err)
{
    uint8_t room[TBS_MAX + 64];
    struct buf certificate = buf_over(room, sizeof(room));
    struct x509_cert cert;
    const struct lint lint = {.cert = &cert, .profile = profile_find(profile), .issuer = issuer};

    if (lint.profile == NULL)
        return err_set(err, E_CERTIFICATE, "there is no profile %d", (int)profile);
    TRY(read_tbs(tbs, issuer->sig_alg, &certificate, &cert, err));
    for (size_t i = 0; i < LENGTH_OF(rules); i++) {
        const char *why = rules[i](&lint);
        if (why != NULL)
            return err_set(err, E_CERTIFICATE, "%s", why);
    }
    return OK;
}
