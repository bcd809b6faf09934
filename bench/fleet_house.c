/* A real installation, opened as core opens it; the signer's part is played here. */
#include "fleet_house.h"
#include "fleet_plan.h"

#include <app/init.h>
#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <crypto/start.h>
#include <ipc/role.h>
#include <service/finding.h>
#include <signer/backend.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTS_A_TRANSACTION 20000
#define LOG_PAGES_MOST 50000
#define CRL_ROOM (8 << 20)

static const char passphrase[] = "a passphrase for the lab\n";

static const char configuration[] =
    "data: data\npublic: public\npassphrase_file: passphrase\n"
    "server: {names: [localhost]}\n"
    "listen:\n  device: 127.0.0.1:8443\n  operator: 127.0.0.1:8444\n"
    "  plain: 127.0.0.1:8080\n  local: local.sock\n"
    "public_url: http://localhost:8080\nlab: yes\n"
    "limits: {product_per_s: 0, address_per_s: 0}\n";

static enum result write_once(const char *out, const char *name, const char *text, struct err *err)
{
    char path[CONFIG_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", out, name);
    if (file_exists(path))
        return OK;
    return file_write(path, 0600, text_bytes(text), err);
}

static enum result install(struct house *house, const char *out, struct err *err)
{
    char path[CONFIG_PATH_MAX];
    TRY(folder_ensure(out, 0700, err));
    TRY(write_once(out, "passphrase", passphrase, err));
    TRY(write_once(out, "troth.yaml", configuration, err));
    snprintf(path, sizeof path, "%s/troth.yaml", out);
    TRY(config_read(path, &house->config, err));
    struct init_request request = {
        .config = &house->config,
        .lab = true,
        .issuer_kind = KEY_P256,
        .root_kind = KEY_P256,
        .now_s = house->now_s,
    };
    return init_create(&request, err);
}

static enum result load_issuers(struct house *house, struct err *err)
{
    CLEANUP(secret_free) struct secret secret = {0};
    char path[CONFIG_PATH_MAX + 64];
    TRY(secret_read_passphrase(house->config.passphrase_file, SIGNER_CREDENTIAL, &secret, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++) {
        snprintf(path, sizeof path, "%s/signer/%s.pem", house->config.data, issuer_name(kind));
        TRY(key_load(path, &secret, &house->issuers[kind], err));
    }
    return OK;
}

static enum result begin(struct house *house, struct err *err)
{
    house->acts = 0;
    return store_begin(house->store, err);
}

static enum result commit(struct house *house, struct err *err)
{
    TRY(store_commit(house->store, err));
    ledger_committed(house->service.ledger);
    if (store_log_pages(house->store) > LOG_PAGES_MOST)
        TRY(store_checkpoint(house->store, err));
    return OK;
}

enum result house_open(struct house *house, const char *out, int64_t now_s, struct err *err)
{
    char path[CONFIG_PATH_MAX + 32];
    *house = (struct house){
        .now_s = now_s,
        .who = {.row = {.role = ROLE_ADMIN}, .actor = {ACTOR_LOCAL, 0}},
        .group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1),
    };
    fleet_set_clock(now_s);
    TRY(crypto_start(err));
    TRY(install(house, out, err));
    TRY(load_issuers(house, err));
    snprintf(path, sizeof path, "%s/%s/troth.db", house->config.data, ROLE_FOLDER_STORE);
    TRY(store_open(path, STORE_WRITE, &house->store, err));
    TRY(service_open(&house->service, house->store, &house->config, now_s, err));
    return begin(house, err);
}

void house_close(struct house *house)
{
    enrolment_free(&house->job);
    service_close(&house->service);
    store_closep(&house->store);
    for (size_t i = 0; i < PKI_ISSUER_COUNT; i++)
        key_freep(&house->issuers[i]);
    EC_GROUP_free(house->group);
}

enum result house_go_on(struct house *house, int64_t now_s, struct err *err)
{
    house->now_s = now_s;
    fleet_set_clock(now_s);
    (void)clock_guard_look(&house->service.clock, now_s, now_s,
                           ledger_last_at_s(house->service.ledger));
    if (++house->acts < ACTS_A_TRANSACTION)
        return OK;
    TRY(commit(house, err));
    return begin(house, err);
}

/* ---- CRLs ---- */

/* As if it were signed at once; only the last one of each shard becomes a file. */
static enum result publish(struct house *house, struct err *err)
{
    struct crl_dirty *dirty = NULL;
    while ((dirty = house->service.dirty) != NULL) {
        struct crl_shard shard = dirty->shard;
        struct crl_row row = {
            .shard = {shard.issuer, shard.expiry_class, shard.part},
            .number = ++house->crl_number,
            .this_s = house->now_s,
            .next_s = house->now_s + CRL_WINDOW_S,
        };
        TRY(store_put_crl(house->store, &row, err));
        service_unmark_shard(&house->service, shard);
    }
    return OK;
}

enum result house_tick(struct house *house, struct err *err)
{
    uint32_t n = 0;
    TRY(publish(house, err));
    do
        TRY(finding_settle_due(&house->service, house->now_s, UINT32_MAX, &n, err));
    while (n > 0);
    return OK;
}

/* The entries of one list, while its rows are read. */
struct listing {
    struct x509_crl_entry *entries;
    uint8_t (*serials)[16];
    size_t n, at;
};

static enum result list_one(void *ctx, const struct certificate *certificate, struct err *err)
{
    struct listing *listing = ctx;
    if (listing->n == SERIAL_PART_SIZE)
        return err_set(err, E_BUG, "a shard of more than %d certificates", SERIAL_PART_SIZE);
    memcpy(listing->serials[listing->n], certificate->serial, 16);
    listing->entries[listing->n++] = (struct x509_crl_entry){
        .revoked_s = certificate->state_at_s,
        .reason = (enum x509_reason)certificate->reason,
    };
    return OK;
}

static bool next_entry(void *context, struct x509_crl_entry *ret)
{
    struct listing *listing = context;
    if (listing->at == listing->n)
        return false;
    *ret = listing->entries[listing->at];
    ret->serial = bytes_of(listing->serials[listing->at++], 16);
    return true;
}

/* Everything that a list is written with, once for all of them. */
struct printer {
    struct house *house;
    struct listing listing;
    uint8_t *tbs, *der;
};

static void printer_free(struct printer *printer)
{
    free(printer->listing.entries);
    free(printer->listing.serials);
    free(printer->tbs);
    free(printer->der);
}

static enum result printer_open(struct printer *printer, struct err *err)
{
    struct listing *listing = &printer->listing;
    listing->entries = calloc(SERIAL_PART_SIZE, sizeof *listing->entries);
    listing->serials = calloc(SERIAL_PART_SIZE, sizeof *listing->serials);
    printer->tbs = malloc(CRL_ROOM);
    printer->der = malloc(CRL_ROOM);
    if (listing->entries == NULL || listing->serials == NULL || printer->tbs == NULL ||
        printer->der == NULL)
        return err_set(err, E_MEMORY, "no memory for CRLs");
    return OK;
}

static enum result print_crl(struct printer *printer, const struct crl_plan *plan, struct err *err)
{
    char path[CONFIG_PATH_MAX + CRL_NAME_MAX + 8];
    struct house *house = printer->house;
    struct buf tbs = buf_over(printer->tbs, CRL_ROOM), der = buf_over(printer->der, CRL_ROOM);
    const struct crl_source source = {next_entry, &printer->listing};
    TRY(crl_build_tbs(plan, &house->service.issuers[plan->shard.issuer],
                      house->service.site.pki.url, &source, &tbs, err));
    TRY(sign_into(house->issuers[house->service.issuers[plan->shard.issuer].kind], buf_bytes(&tbs),
                  &der, err));
    snprintf(path, sizeof path, "%s/crl/%s", house->config.public_files,
             crl_file_name(plan->shard).text);
    return file_write(path, 0644, buf_bytes(&der), err);
}

static enum result finish_shard(void *ctx, const struct shard *shard, struct err *err)
{
    struct printer *printer = ctx;
    struct house *house = printer->house;
    const struct crl_plan plan = {
        .shard = {(uint32_t)shard->issuer, (uint8_t)shard->class, shard->part},
        .number = ++house->crl_number,
        .this_update_s = house->now_s,
    };
    const struct crl_row row = {*shard, plan.number, house->now_s, house->now_s + CRL_WINDOW_S};
    printer->listing.n = printer->listing.at = 0;
    TRY(store_revoked(house->store, shard, house->now_s - CRL_WINDOW_S, list_one, &printer->listing,
                      err));
    TRY(print_crl(printer, &plan, err));
    return store_put_crl(house->store, &row, err);
}

enum result house_finish(struct house *house, struct err *err)
{
    CLEANUP(printer_free) struct printer printer = {.house = house};
    TRY(printer_open(&printer, err));
    TRY(store_shards(house->store, house->now_s, finish_shard, &printer, err));
    TRY(commit(house, err));
    return store_checkpoint(house->store, err);
}

/* ---- keys ---- */

/* Nobody has the private half in his hands: it is a number, and that is what makes it cheap. */
void house_key(struct house *house, uint64_t number, uint8_t ret_spki[FLEET_SPKI_N])
{
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
    BIGNUM *scalar = BN_new();
    EC_POINT *point = EC_POINT_new(house->group);
    bool good = scalar != NULL && point != NULL && BN_set_word(scalar, number) == 1 &&
                EC_POINT_mul(house->group, point, scalar, NULL, NULL, NULL) == 1;
    memcpy(ret_spki, head, sizeof head);
    if (!good || EC_POINT_point2oct(house->group, point, POINT_CONVERSION_UNCOMPRESSED,
                                    ret_spki + sizeof head, FLEET_SPKI_N - sizeof head, NULL) == 0)
        abort();
    EC_POINT_free(point);
    BN_free(scalar);
}

enum result house_issue(struct house *house, struct buf *ret_der, struct err *err)
{
    uint8_t space[TBS_MAX];
    struct buf tbs = buf_over(space, sizeof space);
    struct service *service = &house->service;
    const struct grant *grant = &house->job.grant;
    const struct pki_issuer *issuer = &service->issuers[grant->issuer];
    bool is_live = false;
    TRY(grant_build_tbs(grant, issuer, &service->site.pki, &tbs, err));
    TRY(sign_into(house->issuers[issuer->kind], buf_bytes(&tbs), ret_der, err));
    return enrol_commit(service, &house->job, buf_bytes(ret_der), house->now_s, &is_live, err);
}
