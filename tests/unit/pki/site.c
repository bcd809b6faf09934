#include "site.h"

#include <openssl/x509v3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY_S INT64_C(86400)

struct site_key_id site_key_id(const struct site *site)
{
    struct site_key_id ret;
    const uint8_t *bits = NULL;
    uint8_t digest[32];
    X509_PUBKEY *holder = NULL;
    int n = 0;

    assert_int_equal(X509_PUBKEY_set(&holder, site->key), 1);
    assert_int_equal(X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, holder), 1);
    assert_int_equal(EVP_Digest(bits, (size_t)n, digest, NULL, EVP_sha256(), NULL), 1);
    for (int i = 0; i < 20; i++)
        snprintf(ret.text + 2 * i, 3, "%02X", digest[i]);
    X509_PUBKEY_free(holder);
    return ret;
}

struct site site_new(enum pki_issuer_kind kind, const char *to)
{
    return site_new_of(kind, to, "P-256", "P-256");
}

struct site site_new_of(enum pki_issuer_kind kind, const char *to, const char *issuer_key,
                        const char *key)
{
    struct site site = {.issuer_key = twin_key(issuer_key), .key = twin_key(key)};
    struct twin ca = {.issuer_key = site.issuer_key,
                      .subject = {"O", "Example", "CN", "Issuer"},
                      .serial = (const uint8_t *)"\x01\x02",
                      .serial_n = 2,
                      .from = "20200101000000Z",
                      .to = to,
                      .key = site.issuer_key,
                      .extensions = {{NID_subject_key_identifier, "hash"},
                                     {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                     {NID_key_usage, "critical,keyCertSign,cRLSign"}}};

    site.issuer = twin_certificate(&ca);
    site.issuer_n = (size_t)i2d_X509(site.issuer, &site.issuer_der);
    site.spki_n = (size_t)i2d_PUBKEY(site.key, &site.spki);
    site.names[0] = bytes_text("pki.example.org");
    site.names[1] = bytes_text("192.0.2.7");
    site.names[2] = bytes_text("2001:db8::1");
    assert_int_equal(
        pki_issuer_read(kind, kind, bytes_of(site.issuer_der, site.issuer_n), &site.pki, NULL), OK);
    site.pki_site = (struct pki_site){.url = bytes_text(SITE_URL)};
    return site;
}

void site_free(struct site *site)
{
    EVP_PKEY_free(site->issuer_key);
    EVP_PKEY_free(site->key);
    X509_free(site->issuer);
    OPENSSL_free(site->issuer_der);
    OPENSSL_free(site->spki);
}

struct serial site_serial(int64_t not_after_s, uint32_t number)
{
    static const uint8_t random[SERIAL_RANDOM_N] = {0x10, 0x21, 0x32, 0x43, 0x54, 0x65,
                                                    0x76, 0x87, 0x98, 0xa9, 0xba};

    return serial_make(
        random, (struct serial_parts){.expiry_class = serial_class(not_after_s), .number = number});
}

struct grant site_grant(const struct site *site, enum pki_profile profile, struct serial *serial)
{
    bool is_device = profile == PKI_IDEVID || profile == PKI_LDEVID;
    struct grant grant = {.profile = profile,
                          .issuer = site->pki.id,
                          .not_before_s = SITE_NOW_S,
                          .not_after_s = SITE_NOW_S + (is_device ? 30 : 1) * DAY_S - 1,
                          .spki = bytes_of(site->spki, site->spki_n)};

    if (is_device) {
        grant.product = bytes_text("sensor-2");
        grant.serial_number = bytes_text("SN-0001");
        grant.hw_type = bytes_text("1.3.6.1.4.1.99999.1");
        if (profile == PKI_LDEVID)
            grant.owner = bytes_text("Harbour");
    } else {
        grant.common_name = bytes_text("pki.example.org");
    }
    *serial = site_serial(grant.not_after_s, 0x00030201);
    grant.serial = bytes_of(serial->p, sizeof(serial->p));
    return grant;
}
