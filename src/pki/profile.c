#include <pki/profile.h>

#include <base/result.h>
#include <crypto/hash.h>
#include <pki/keyquality.h>
#include <wire/buf.h>
#include <wire/x509.h>

/* Octet 0 of the canonical form: raise it when grant.c writes something else for the same row. */
#define PROFILE_FORMAT 4
#define DAY_S INT64_C(86400)

static const struct profile profiles[PKI_PROFILE_COUNT] = {
    [PKI_IDEVID] = {.id = PKI_IDEVID,
                    .name = "idevid",
                    .issuer = PKI_ISSUER_IDEVID,
                    .subject = PKI_SUBJECT_DEVICE,
                    .san = PKI_SAN_HARDWARE_MODULE,
                    .keys = KEYS_ANY,
                    .key_usage = X509_KU_DIGITAL_SIGNATURE,
                    .no_expiry = true,
                    .validity_max_s = 50 * 366 * DAY_S},
    [PKI_LDEVID] = {.id = PKI_LDEVID,
                    .name = "ldevid",
                    .issuer = PKI_ISSUER_LDEVID,
                    .subject = PKI_SUBJECT_OWNED,
                    .san = PKI_SAN_HARDWARE_MODULE,
                    .keys = KEYS_ANY,
                    .key_usage = X509_KU_DIGITAL_SIGNATURE,
                    .eku = X509_EKU_CLIENT_AUTH,
                    .validity_max_s = 5 * 366 * DAY_S},
    [PKI_TLS_SERVER] = {.id = PKI_TLS_SERVER,
                        .name = "tls-server",
                        .issuer = PKI_ISSUER_OPERATIONS,
                        .subject = PKI_SUBJECT_SERVER,
                        .san = PKI_SAN_SERVER_NAMES,
                        .keys = KEYS_EC,
                        .key_usage = X509_KU_DIGITAL_SIGNATURE,
                        .eku = X509_EKU_SERVER_AUTH | X509_EKU_CMC_RA,
                        .ski = true,
                        .validity_max_s = 90 * DAY_S},
    [PKI_BOUNDARY] = {.id = PKI_BOUNDARY,
                      .name = "boundary",
                      .issuer = PKI_ISSUER_OPERATIONS,
                      .subject = PKI_SUBJECT_NAME,
                      .san = PKI_SAN_NONE,
                      .keys = KEYS_EC,
                      .key_usage = X509_KU_DIGITAL_SIGNATURE,
                      .eku = X509_EKU_CLIENT_AUTH,
                      .ski = true,
                      .validity_max_s = 366 * DAY_S},
    [PKI_OPERATOR] = {.id = PKI_OPERATOR,
                      .name = "operator",
                      .issuer = PKI_ISSUER_OPERATIONS,
                      .subject = PKI_SUBJECT_NAME,
                      .san = PKI_SAN_NONE,
                      .keys = KEYS_EC,
                      .key_usage = X509_KU_DIGITAL_SIGNATURE,
                      .eku = X509_EKU_CLIENT_AUTH,
                      .ski = true,
                      .validity_max_s = 366 * DAY_S},
    [PKI_OCSP] = {.id = PKI_OCSP,
                  .name = "ocsp",
                  .issuer = PKI_ISSUER_LDEVID,
                  .by_each = true,
                  .subject = PKI_SUBJECT_NAME,
                  .san = PKI_SAN_NONE,
                  .keys = KEYS_ANY,
                  .key_usage = X509_KU_DIGITAL_SIGNATURE,
                  .eku = X509_EKU_OCSP_SIGNING,
                  .ski = true,
                  .no_check = true,
                  .validity_max_s = 30 * DAY_S},
};

static const char *const issuer_names[PKI_ISSUER_COUNT] = {
    [PKI_ISSUER_ROOT] = "root",
    [PKI_ISSUER_IDEVID] = "idevid",
    [PKI_ISSUER_LDEVID] = "ldevid",
    [PKI_ISSUER_OPERATIONS] = "operations",
};

const struct profile *profile_find(enum pki_profile id)
{
    if ((unsigned)id >= PKI_PROFILE_COUNT || id == PKI_NONE)
        return NULL;
    return &profiles[id];
}

bool profile_is_device(const struct profile *profile)
{
    return profile->subject == PKI_SUBJECT_DEVICE || profile->subject == PKI_SUBJECT_OWNED;
}

bool profile_is_by(const struct profile *profile, enum pki_issuer_kind issuer)
{
    if (profile->by_each)
        return issuer > PKI_ISSUER_ROOT && issuer < PKI_ISSUER_COUNT;
    return issuer == profile->issuer;
}

const char *issuer_name(enum pki_issuer_kind kind)
{
    return (unsigned)kind < PKI_ISSUER_COUNT ? issuer_names[kind] : NULL;
}

void profile_digest(enum pki_profile id, uint8_t ret[32])
{
    const struct profile *row = profile_find(id);
    uint8_t room[64];
    struct buf form = buf_over(room, sizeof(room));

    memset(ret, 0, SHA256_N);
    if (row == NULL)
        return;
    buf_put_u8(&form, PROFILE_FORMAT);
    buf_put_u8(&form, (uint8_t)row->id);
    buf_put_bytes(&form, bytes_of(row->name, strlen(row->name) + 1));
    buf_put_u8(&form, (uint8_t)row->issuer);
    buf_put_u8(&form, row->by_each);
    buf_put_u8(&form, (uint8_t)row->subject);
    buf_put_u8(&form, (uint8_t)row->san);
    buf_put_u8(&form, row->keys);
    buf_put_u16be(&form, row->key_usage);
    buf_put_u16be(&form, row->eku);
    buf_put_u8(&form, row->ski);
    buf_put_u8(&form, row->no_check);
    buf_put_u8(&form, row->no_expiry);
    buf_put_u64be(&form, (uint64_t)row->validity_max_s);
    sha256(buf_bytes(&form), ret);
}
