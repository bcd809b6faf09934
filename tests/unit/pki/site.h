/* An installation for tests: an issuer of each kind, made by the twin, and what grants take from
 * it. */
#ifndef TEST_SITE_H
#define TEST_SITE_H

#include "twin.h"

#include <pki/grant.h>
#include <pki/serial.h>

#define SITE_NOW_S INT64_C(1795000000) /* 2026-11-18 11:06:40 */
#define SITE_FROM "20261118110640Z"
#define SITE_URL "http://pki.example.org:8080"

struct site {
    EVP_PKEY *issuer_key, *key;
    X509 *issuer;
    uint8_t *issuer_der, *spki;
    size_t issuer_n, spki_n;
    struct bytes names[3];
    struct pki_issuer pki;
    struct pki_site pki_site;
};

/* `to` is the issuer's notAfter. */
struct site site_new(enum pki_issuer_kind kind, const char *to);

/* The same with keys of twin_key()'s kinds: the issuer's, and the one to be certified. */
struct site site_new_of(enum pki_issuer_kind kind, const char *to, const char *issuer_key,
                        const char *key);
/* subjectKeyIdentifier of the key to be certified, by RFC 7093 method 1, in hexadecimal. */
struct site_key_id {
    char text[41];
};
struct site_key_id site_key_id(const struct site *site);
void site_free(struct site *site);

/* A serial of ours with that end and number. */
struct serial site_serial(int64_t not_after_s, uint32_t number);

/* A grant that its profile takes, valid for a day (30 for devices). `serial` must outlive it. */
struct grant site_grant(const struct site *site, enum pki_profile profile, struct serial *serial);

#endif
