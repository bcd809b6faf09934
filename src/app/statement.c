/* trothd issuer statement: what a certification practice statement (RFC 3647) says, from the ledger
 * and from the tables that the server itself obeys, so that it cannot say anything else than is
 * done. */
#include "audit.h"

#include <app/modes.h>
#include <base/text.h>
#include <pki/crlplan.h>
#include <pki/keyquality.h>
#include <pki/profile.h>
#include <registry/subject.h>
#include <trust/operate.h>
#include <trust/words.h>
#include <wire/oid.h>
#include <wire/x509.h>
#include <wire/x509_name.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define DAY_S INT64_C(86400)

struct instant {
    char text[32];
};

static struct instant instant_of(int64_t at_s)
{
    struct instant to = {"never"};
    time_t at = at_s;
    struct tm tm;
    if (at_s < DER_TIME_NO_EXPIRY && gmtime_r(&at, &tm) != NULL)
        strftime(to.text, sizeof to.text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return to;
}

/* ---- authorities ------------------------------------------------------------------------------
 */

static const char *key_word(const struct x509_key *key)
{
    switch (key->alg) {
    case X509_KEY_P256:
        return "ECDSA P-256";
    case X509_KEY_P384:
        return "ECDSA P-384";
    case X509_KEY_ED25519:
        return "Ed25519";
    case X509_KEY_RSA:
        return "RSA";
    case X509_KEY_OTHER:
        break;
    }
    return "other";
}

static void print_key(const struct x509_key *key)
{
    if (key->alg == X509_KEY_RSA)
        printf("RSA %zu", key->modulus.n * 8);
    else
        printf("%s", key_word(key));
}

struct live {
    int64_t issuer, n;
};

static enum result count_live(void *ctx, int64_t key, int64_t n, struct err *err)
{
    (void)err;
    struct live *live = ctx;
    if (key == live->issuer)
        live->n = n;
    return OK;
}

static enum result print_authority(void *ctx, const struct authority_row *row, struct err *err)
{
    struct audit *audit = ctx;
    struct live live = {.issuer = row->id};
    struct x509_cert cert;
    struct bytes name = {0};
    const char *why = NULL;
    if (!x509_read_cert(bytes_of(row->certificate, row->n), &cert, &why))
        return err_set(err, E_STORE_CORRUPT, "issuer %" PRId64 ": %s", row->id, why);
    if (!x509_name_find(cert.subject, oid_common_name, &name))
        name = bytes_text("(no common name)");
    TRY(store_counts(audit->store, "issuer", bytes_of(NULL, 0), count_live, &live, err));
    printf("| %" PRId64 " | %s | %.*s | %s | ", row->id,
           issuer_name((enum pki_issuer_kind)row->kind), (int)name.n, (const char *)name.p,
           row->owner[0] != '\0' ? row->owner : "the fleet");
    print_key(&cert.key);
    printf(" | %s | %s | %" PRId64 " |\n", instant_of(cert.not_after_s).text,
           issuer_state_word((enum issuer_state)row->state), live.n);
    return OK;
}

static enum result print_authorities(struct audit *audit, struct err *err)
{
    puts("\n## Certification authorities\n\n"
         "| id | kind | name | owner | key | ends | state | live certificates |\n"
         "|---|---|---|---|---|---|---|---|");
    return store_issuers(audit->store, print_authority, audit, err);
}

/* ---- profiles ---------------------------------------------------------------------------------
 */

static void print_eku(uint16_t eku)
{
    static const char *const words[] = {"any", "serverAuth", "clientAuth", "cmcRA", "OCSPSigning"};
    const char *before = "";
    for (size_t i = 0; i < LENGTH_OF(words); i++)
        if (eku & 1U << i) {
            printf("%s%s", before, words[i]);
            before = ", ";
        }
    if (eku == 0)
        printf("none");
}

static void print_profile(const struct profile *profile)
{
    static const char *const subjects[] = {
        [PKI_SUBJECT_NONE] = "-",
        [PKI_SUBJECT_DEVICE] = "a device: OU = product, serialNumber",
        [PKI_SUBJECT_OWNED] = "a device: O = owner where it has one, OU = product, serialNumber",
        [PKI_SUBJECT_NAME] = "a person, boundary or responder: CN",
        [PKI_SUBJECT_SERVER] = "this server: CN",
    };
    static const char *const sans[] = {
        [PKI_SAN_NONE] = "none",
        [PKI_SAN_HARDWARE_MODULE] = "HardwareModuleName where the product has a type (RFC 4108)",
        [PKI_SAN_SERVER_NAMES] = "DNS names of the configuration",
    };
    printf("| %s | %s | %s | %s | ", profile->name,
           profile->by_each ? "each issuer but the root" : issuer_name(profile->issuer),
           subjects[profile->subject], sans[profile->san]);
    print_eku(profile->eku);
    if (profile->no_expiry)
        puts(" | no end (99991231235959Z) |");
    else
        printf(" | %" PRId64 " days |\n", profile->validity_max_s / DAY_S);
}

static void print_profiles(void)
{
    const struct profile *profile = NULL;
    puts("\n## What is issued, and to whom\n\n"
         "Nothing of a request enters a certificate but its key. No certificate outlives its "
         "issuer.\n"
         "\n| profile | issued by | subject | subjectAltName | extended key usage | at most |\n"
         "|---|---|---|---|---|---|");
    for (int id = PKI_NONE + 1; (profile = profile_find((enum pki_profile)id)) != NULL; id++)
        print_profile(profile);
}

/* ---- products ---------------------------------------------------------------------------------
 */

static void print_proofs(uint32_t proofs)
{
    const char *before = "";
    for (int proof = PROOF_NONE + 1; proof < PROOF_COUNT; proof++)
        if (proofs & 1U << proof) {
            printf("%s%s", before, proof_word((enum proof)proof));
            before = ", ";
        }
}

static enum result print_product(void *ctx, const struct product *product, struct err *err)
{
    const struct audit *audit = ctx;
    int64_t devices = 0;
    TRY(store_count_devices(audit->store, product->id, bytes_of(NULL, 0), &devices, err));
    printf("| %s | %" PRId64 " | ", product->name, devices);
    print_proofs(product->proofs);
    printf(" | %s | %" PRId64 " days | %" PRIu32 " | %s |\n",
           proof_word((enum proof)product->least_proof), product->validity_s / DAY_S,
           product->enrols_a_year, keys_text(product_keys(product)).text);
    return OK;
}

static enum result print_products(struct audit *audit, struct err *err)
{
    struct filter all = {.limit = UINT32_MAX};
    puts("\n## Products: proof before the first certificate\n\n"
         "| product | devices | proofs accepted | finding below | validity | new enrolments a year "
         "| keys |\n"
         "|---|---|---|---|---|---|---|");
    return store_products(audit->store, &all, print_product, audit, err);
}

/* ---- revocation, people -----------------------------------------------------------------------
 */

static void print_revocation(const struct config *config)
{
    printf(
        "\n## Revocation\n\n"
        "Who is revoked is refused here from that transaction on. The CRL of his part follows at "
        "most %d s later;\nit is good for %d days and signed again after %" PRId64
        " hours at the latest. Each certificate names its\nCRL below %s/crl/.\n",
        CRL_COALESCE_S, (int)(CRL_WINDOW_S / DAY_S), (int64_t)CRL_DELTA_REFRESH_S / 3600,
        config->public_url);
}

struct people {
    int64_t n[ROLE_COUNT];
};

static enum result count_operator(void *ctx, const struct operator_row *row, struct err *err)
{
    (void)err;
    struct people *people = ctx;
    if (row->state == 1 && row->role > ROLE_NONE && row->role < ROLE_COUNT)
        people->n[row->role]++;
    return OK;
}

static void print_rights(enum operate what)
{
    printf("| %s |", operate_word(what));
    for (int role = ROLE_NONE + 1; role < ROLE_COUNT; role++) {
        bool may = operator_may((enum role)role, false, what);
        bool may_in_scope = operator_may((enum role)role, true, what);
        printf(" %s |", may_in_scope ? "yes" : may ? "yes, without owner scope" : "no");
    }
    puts("");
}

static enum result print_people(struct audit *audit, struct err *err)
{
    struct filter all = {.limit = UINT32_MAX};
    struct people people = {0};
    TRY(store_operators(audit->store, &all, count_operator, &people, err));
    printf("\n## Who may\n\n| act |");
    for (int role = ROLE_NONE + 1; role < ROLE_COUNT; role++)
        printf(" %s (%" PRId64 ") |", role_word((enum role)role), people.n[role]);
    puts("\n|---|---|---|---|");
    for (int what = OPERATE_NONE + 1; what < OPERATE_COUNT; what++)
        print_rights((enum operate)what);
    return OK;
}

/* ---- the page ---------------------------------------------------------------------------------
 */

static enum result print_title(struct audit *audit, struct err *err)
{
    uint64_t size = 0;
    int64_t at_s = 0;
    TRY(store_last_entry(audit->store, &size, &at_s, err));
    printf("# Certification practice statement\n\n"
           "Made from the ledger as of its %" PRIu64 " entries, the last one of %s.\n",
           size, instant_of(at_s).text);
    return OK;
}

static enum result print_page(struct audit *audit, void *ctx, struct err *err)
{
    (void)ctx;
    TRY(print_title(audit, err));
    TRY(print_authorities(audit, err));
    print_profiles();
    TRY(print_products(audit, err));
    print_revocation(audit->config);
    return print_people(audit, err);
}

static enum result run(const struct arguments *arguments, struct audit *audit, struct err *err)
{
    TRY(audit_open(arguments, audit, err));
    return audit_in_snapshot(audit, print_page, NULL, err);
}

int mode_statement(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(run(arguments, &audit, &err), &err);
}
