#include <pki/grant.h>

#include <pki/crlplan.h>
#include <pki/keyquality.h>
#include <pki/serial.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include "facts.h"
#include "name.h"

#define SERVER_NAMES_MAX 8

/* ---- is the grant one that the profile knows? --------------------------------------------------
 */

static bool has_server_name(const struct pki_site *site, struct bytes name)
{
    for (size_t i = 0; i < site->names_n; i++)
        if (bytes_equal(site->names[i], name))
            return true;
    return false;
}

static enum result check_device(const struct grant *grant, const struct profile *profile,
                                struct err *err)
{
    if (grant->owner.n != 0 && profile->subject != PKI_SUBJECT_OWNED)
        return err_set(err, E_PROFILE, "profile %s names no owner", profile->name);
    if (grant->product.n == 0)
        return err_set(err, E_PROFILE, "a device's certificate needs a product");
    if (!is_serial_number(grant->serial_number))
        return err_set(err, E_PROFILE,
                       "serial number \"%s\": RFC 5280 A.1 wants 1-64 octets of PrintableString",
                       err_value(grant->serial_number).text);
    if (grant->hw_type.n != 0 && !is_hw_type(grant->hw_type))
        return err_set(err, E_PROFILE, "hardware type \"%s\" is no object identifier",
                       err_value(grant->hw_type).text);
    return OK;
}

static enum result check_facts(const struct grant *grant, const struct profile *profile,
                               const struct pki_site *site, struct err *err)
{
    bool has_facts = grant->product.n != 0 || grant->owner.n != 0 || grant->hw_type.n != 0 ||
                     grant->serial_number.n != 0;
    if (profile_is_device(profile))
        return check_device(grant, profile, err);
    if (has_facts)
        return err_set(err, E_PROFILE, "profile %s knows no facts of a device", profile->name);
    if (profile->subject == PKI_SUBJECT_NAME && grant->common_name.n == 0)
        return err_set(err, E_PROFILE, "profile %s needs a name", profile->name);
    if (profile->subject != PKI_SUBJECT_SERVER)
        return OK;
    if (site->names_n == 0 || site->names_n > SERVER_NAMES_MAX)
        return err_set(err, E_PROFILE, "%zu server names, wanted are 1-%d", site->names_n,
                       SERVER_NAMES_MAX);
    if (grant->common_name.n != 0 && !has_server_name(site, grant->common_name))
        return err_set(err, E_PROFILE, "\"%s\" is no name of this server",
                       err_value(grant->common_name).text);
    return OK;
}

static bool is_within_profile(const struct grant *grant, const struct profile *profile)
{
    if (grant->not_after_s == DER_TIME_NO_EXPIRY)
        return profile->no_expiry;
    return grant->not_after_s - grant->not_before_s < profile->validity_max_s;
}

static enum result check_validity(const struct grant *grant, const struct profile *profile,
                                  const struct pki_issuer *issuer, struct err *err)
{
    if (grant->not_after_s < grant->not_before_s)
        return err_set(err, E_PROFILE, "the validity ends before it begins");
    if (grant->not_before_s < issuer->not_before_s || grant->not_after_s > issuer->not_after_s)
        return err_set(err, E_PROFILE, "the validity is not within the issuer's");
    if (!is_within_profile(grant, profile))
        return err_set(err, E_PROFILE, "the validity is longer than profile %s allows",
                       profile->name);
    return OK;
}

static enum result check_serial(const struct grant *grant, struct serial_parts *ret,
                                struct err *err)
{
    if (!serial_split(grant->serial, ret))
        return err_set(err, E_PROFILE, "the serial is not one of ours");
    if (ret->expiry_class != serial_class(grant->not_after_s))
        return err_set(err, E_PROFILE, "the serial's expiry class is %u, notAfter's is %u",
                       ret->expiry_class, serial_class(grant->not_after_s));
    return OK;
}

static enum result check_spki(struct bytes spki, const struct profile *profile, struct err *err)
{
    struct x509_key key;
    const char *why = NULL;

    if (!x509_read_spki(spki, &key, &why))
        return err_set(err, E_PROFILE, "the public key: %s", why);
    if (!(keys_bit(key.alg) & profile->keys))
        return err_set(err, E_PROFILE, "profile %s does not certify a key of that kind, but: %s",
                       profile->name, keys_text(profile->keys).text);
    return OK;
}

static enum result check_grant(const struct grant *grant, const struct profile *profile,
                               const struct pki_issuer *issuer, const struct pki_site *site,
                               struct err *err)
{
    if (profile == NULL)
        return err_set(err, E_PROFILE, "there is no profile %d", (int)grant->profile);
    if (grant->issuer != issuer->id || !profile_is_by(profile, issuer->kind))
        return err_set(err, E_PROFILE, "issuer %u does not issue profile %s", grant->issuer,
                       profile->name);
    TRY(check_facts(grant, profile, site, err));
    TRY(check_validity(grant, profile, issuer, err));
    return check_spki(grant->spki, profile, err);
}

/* ---- what stands in it --------------------------------------------------------------------------
 */

static void write_subject(struct buf *b, const struct grant *grant, const struct profile *profile)
{
    struct x509_name_part parts[4];
    size_t n = 0;

    if (grant->common_name.n != 0)
        parts[n++] = (struct x509_name_part){oid_common_name, grant->common_name};
    if (grant->owner.n != 0)
        parts[n++] = (struct x509_name_part){oid_organization, grant->owner};
    if (profile_is_device(profile)) {
        parts[n++] = (struct x509_name_part){oid_organizational_unit, grant->product};
        parts[n++] = (struct x509_name_part){oid_serial_number, grant->serial_number};
    }
    x509_write_name(b, parts, n);
}

/* The extensions of one certificate; their values lie one behind the other in `values`. */
struct extensions {
    struct buf values;
    size_t began; /* of the value that is being written */
    struct x509_extension list[8];
    size_t n;
};

static void extension_end(struct extensions *to, struct bytes oid, bool critical)
{
    struct bytes value = bytes_of(to->values.p + to->began, to->values.n - to->began);

    to->list[to->n++] = (struct x509_extension){.oid = oid, .critical = critical, .value = value};
    to->began = to->values.n;
}

static void put_ski(struct extensions *to, const struct profile *profile, struct bytes spki)
{
    uint8_t key_id[KEY_ID_N];

    profile_key_id(profile, spki, key_id);
    x509_write_ski(&to->values, bytes_of(key_id, sizeof(key_id)));
    extension_end(to, oid_subject_key_id, false);
}

static void put_eku(struct extensions *to, uint16_t eku)
{
    static const struct {
        uint16_t bit;
        const struct bytes *oid;
    } usages[] = {
        {X509_EKU_SERVER_AUTH, &oid_server_auth},
        {X509_EKU_CLIENT_AUTH, &oid_client_auth},
        {X509_EKU_CMC_RA, &oid_cmc_ra},
        {X509_EKU_OCSP_SIGNING, &oid_ocsp_signing},
    };
    struct bytes oids[LENGTH_OF(usages)];
    size_t n = 0;

    for (size_t i = 0; i < LENGTH_OF(usages); i++)
        if (eku & usages[i].bit)
            oids[n++] = *usages[i].oid;
    x509_write_eku(&to->values, oids, n);
    extension_end(to, oid_extended_key_usage, false);
}

static void put_hardware_module(struct extensions *to, const struct grant *grant)
{
    uint8_t room[LIMIT_NAME];
    struct buf oid = buf_over(room, sizeof(room));

    if (!hw_type_write(&oid, grant->hw_type))
        buf_fail(&to->values);
    struct x509_general_name name = {
        .kind = X509_GN_HARDWARE_MODULE, .oid = buf_bytes(&oid), .value = grant->serial_number};
    x509_write_general_names(&to->values, &name, 1);
    extension_end(to, oid_subject_alt_name, false);
}

static void put_server_names(struct extensions *to, const struct grant *grant,
                             const struct pki_site *site)
{
    uint8_t room[SERVER_NAMES_MAX][16];
    struct x509_general_name names[SERVER_NAMES_MAX];

    for (size_t i = 0; i < site->names_n; i++)
        names[i] = server_name(site->names[i], room[i]);
    x509_write_general_names(&to->values, names, site->names_n);
    extension_end(to, oid_subject_alt_name, grant->common_name.n == 0); /* RFC 5280 4.1.2.6 */
}

static void put_san(struct extensions *to, const struct grant *grant, const struct profile *profile,
                    const struct pki_site *site)
{
    if (profile->san == PKI_SAN_HARDWARE_MODULE && grant->hw_type.n != 0)
        put_hardware_module(to, grant);
    if (profile->san == PKI_SAN_SERVER_NAMES)
        put_server_names(to, grant, site);
}

/* Where its status and its issuer are to be had. */
static void put_addresses(struct extensions *to, const struct pki_issuer *issuer, struct bytes url,
                          struct serial_parts serial, bool has_ocsp)
{
    uint8_t room[CRL_URL_MAX], ocsp_room[CRL_URL_MAX];
    struct buf at = buf_over(room, sizeof(room)), ocsp = buf_over(ocsp_room, sizeof(ocsp_room));

    crl_url(&at, url,
            (struct crl_shard){issuer->id, serial.expiry_class, serial_part(serial.number)});
    if (!buf_ok(&at))
        buf_fail(&to->values);
    x509_write_crldp(&to->values, buf_bytes(&at));
    extension_end(to, oid_crl_distribution_points, false);

    at = buf_over(room, sizeof(room));
    ca_url(&at, url, issuer->id);
    if (has_ocsp)
        ocsp_url(&ocsp, url);
    if (!buf_ok(&at) || !buf_ok(&ocsp))
        buf_fail(&to->values);
    x509_write_aia(&to->values, buf_bytes(&at), buf_bytes(&ocsp));
    extension_end(to, oid_authority_info_access, false);
}

static void write_extensions(struct extensions *to, const struct grant *grant,
                             const struct profile *profile, const struct pki_issuer *issuer,
                             const struct pki_site *site)
{
    x509_write_aki(&to->values, issuer->ski);
    extension_end(to, oid_authority_key_id, false);
    if (profile->ski)
        put_ski(to, profile, grant->spki);
    x509_write_key_usage(&to->values, profile->key_usage);
    extension_end(to, oid_key_usage, true);
    if (profile->eku != 0)
        put_eku(to, profile->eku);
    if (profile->no_check) {
        der_write_null(&to->values);
        extension_end(to, oid_ocsp_no_check, false);
    }
    put_san(to, grant, profile, site);
}

enum result grant_build_tbs(const struct grant *grant, const struct pki_issuer *issuer,
                            const struct pki_site *site, struct buf *b, struct err *err)
{
    const struct profile *profile = profile_find(grant->profile);
    struct serial_parts serial;
    uint8_t name_room[512], value_room[TBS_MAX];
    struct buf subject = buf_over(name_room, sizeof(name_room));
    struct extensions extensions = {.values = buf_over(value_room, sizeof(value_room))};

    TRY(check_grant(grant, profile, issuer, site, err));
    TRY(check_serial(grant, &serial, err));
    write_subject(&subject, grant, profile);
    write_extensions(&extensions, grant, profile, issuer, site);
    put_addresses(&extensions, issuer, site->url, serial, !profile->no_check);
    if (!buf_ok(&subject) || !buf_ok(&extensions.values))
        return err_set(err, E_PROFILE, "the grant's names cannot be written");
    x509_write_tbs(b, &(struct x509_tbs_fields){.serial = grant->serial,
                                                .sig_alg = issuer->sig_alg,
                                                .issuer = issuer->name,
                                                .not_before_s = grant->not_before_s,
                                                .not_after_s = grant->not_after_s,
                                                .subject = buf_bytes(&subject),
                                                .spki = grant->spki,
                                                .extensions = extensions.list,
                                                .extensions_n = extensions.n});
    if (!buf_ok(b))
        return err_set(err, E_PROFILE, "the certificate is above %d octets", TBS_MAX);
    return OK;
}

int64_t grant_not_after(enum pki_profile profile, const struct pki_issuer *issuer,
                        int64_t not_before_s, int64_t wanted_s)
{
    const struct profile *row = profile_find(profile);
    if (row == NULL)
        return not_before_s - 1;

    int64_t longest_s = row->validity_max_s;
    if (wanted_s == 0 && row->no_expiry && issuer->not_after_s == DER_TIME_NO_EXPIRY)
        return DER_TIME_NO_EXPIRY;
    if (wanted_s > 0 && wanted_s < longest_s)
        longest_s = wanted_s;
    int64_t end_s = not_before_s + longest_s - 1;
    return end_s < issuer->not_after_s ? end_s : issuer->not_after_s;
}
