/* What a boundary's decision costs, by libtroth-boundary alone, over so many certificates:
 *
 *   bench-gate ISSUER.der LEAF.der CERTIFICATES
 *
 * Prints one JSON object a figure: {"figure", "value"}. The leaf is one below the issuer, whose
 * class and number lie within those certificates. Nothing is signed and nobody is asked: memory is
 * filled as the feed fills it. */
#include "calibration.h"
#include "door.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <crypto/start.h>
#include <wire/x509.h>

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 2000000
#define VERIFICATIONS 2000
#define BINDINGS 64
#define ISSUER 3
#define FILE_MAX 8192

static struct boundary boundary;
static struct boundary_identity *asked; /* at random places of the image */
static size_t asked_n = 4096;

static void must(enum result result, const struct err *err)
{
    if (result == OK)
        return;
    fprintf(stderr, "bench-gate: %s\n", err->text);
    exit(1);
}

static void print(const char *figure, double value)
{
    printf("{\"figure\": \"%s\", \"value\": %.6g}\n", figure, value);
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static void fill_image(uint8_t expiry_class, uint32_t certificates)
{
    struct err err = {0};
    uint8_t memory[64];
    must(image_new(1, &boundary.enforced.image, &err), &err);
    for (uint32_t shard = 0; shard * STATUS_SHARD_SIZE < certificates; shard++) {
        uint32_t left = certificates - shard * STATUS_SHARD_SIZE;
        struct buf spaces = buf_over(memory, sizeof memory);
        const struct feed_space space = {
            {ISSUER, expiry_class, (uint16_t)shard},
            left < STATUS_SHARD_SIZE ? left : STATUS_SHARD_SIZE,
            bytes_of(NULL, 0),
        };
        cbor_write_array(&spaces, 1);
        feed_put_space(&spaces, &space);
        const struct feed_delta delta = {
            .from = shard + 1, .to = shard + 2, .spaces = buf_bytes(&spaces)};
        must(image_prepare(boundary.enforced.image, &delta, &err), &err);
        image_apply(boundary.enforced.image, &delta);
    }
}

static void put_bindings(struct buf *b, const char *product)
{
    char name[32];
    cbor_write_array(b, BINDINGS + 1);
    for (int i = 0; i <= BINDINGS; i++) {
        snprintf(name, sizeof name, "product-%d", i);
        const struct service_binding binding = {
            .kind = SERVICE_KIND_PRODUCT,
            .product = text_bytes(i < BINDINGS ? name : product),
            .actions = PATTERN_CONNECT | PATTERN_PUBLISH,
            .pattern = bytes_text("devices/%device%/#"),
        };
        service_put_binding(b, &binding);
    }
}

static void fill_rules(struct bytes issuer, const char *product)
{
    static uint8_t entries_memory[256], issuers_memory[FILE_MAX], bindings_memory[16384],
        whole[32768];
    static const uint8_t root[32];
    struct err err = {0};
    struct buf entries = buf_over(entries_memory, sizeof entries_memory);
    struct buf issuers = buf_over(issuers_memory, sizeof issuers_memory);
    struct buf bindings = buf_over(bindings_memory, sizeof bindings_memory);
    struct buf b = buf_over(whole, sizeof whole);
    cbor_write_array(&entries, 1);
    service_put_entry(&entries, &(struct service_entry){bytes_text("mqtt"), 30, false});
    cbor_write_array(&issuers, 1);
    service_put_issuer(&issuers, &(struct service_issuer){ISSUER, issuer});
    put_bindings(&bindings, product);
    const struct service_object service = {
        .boundary = 1,
        .generation = 1,
        .ledger_root = bytes_of(root, sizeof root),
        .name = bytes_text("bench"),
        .services = buf_bytes(&entries),
        .issuers = buf_bytes(&issuers),
        .bindings = buf_bytes(&bindings),
    };
    service_write(&b, &service);
    must(rules_new(buf_bytes(&b), &boundary.enforced.rules, &err), &err);
    must(issuers_set(&boundary.issuers, rules_service(boundary.enforced.rules), &err), &err);
}

static void make_asked(const struct boundary_identity *like, uint32_t certificates)
{
    asked = calloc(asked_n, sizeof *asked);
    for (size_t i = 0; asked != NULL && i < asked_n; i++) {
        uint32_t number = (uint32_t)(lrand48() % certificates);
        asked[i] = *like;
        for (int octet = 0; octet < 4; octet++)
            asked[i].serial[15 - octet] = (uint8_t)(number >> 8 * octet);
    }
}

/* ---- figures ----------------------------------------------------------------------------------
 */

static double each_us(int64_t begun_us, size_t n)
{
    return (double)(clock_cpu_us() - begun_us) / (double)n;
}

static void admit(enum boundary_reason reason)
{
    if (reason != BOUNDARY_ADMITTED) {
        fprintf(stderr, "bench-gate: refused: %s\n", boundary_reason_word(reason));
        exit(1);
    }
}

static void decide(const struct boundary_identity *identity, const char *topic)
{
    admit(boundary_decide(&boundary, identity, bytes_text("mqtt"), BOUNDARY_PUBLISH,
                          text_bytes(topic)));
}

static void measure_decisions(struct bytes leaf, const char *topic)
{
    uint8_t hash[SHA256_N];
    int64_t begun_us = clock_cpu_us();
    for (size_t i = 0; i < ROUNDS; i++)
        decide(&asked[i % asked_n], topic);
    print("decide_us", each_us(begun_us, ROUNDS));
    begun_us = clock_cpu_us();
    for (size_t i = 0; i < ROUNDS; i++) { /* found again by its hash, as the gate does */
        sha256(leaf, hash);
        decide(&asked[(hash[0] + i) % asked_n], topic);
    }
    print("decide_der_us", each_us(begun_us, ROUNDS));
}

static void measure_words(const struct boundary_proxy_words *words, const char *topic)
{
    struct boundary_identity identity;
    int64_t begun_us = clock_cpu_us();
    for (size_t i = 0; i < ROUNDS / 4; i++) {
        admit(boundary_from_proxy(&boundary, words, &identity));
        decide(&identity, topic);
    }
    print("decide_proxy_us", each_us(begun_us, ROUNDS / 4));
}

static void measure_chains(struct bytes leaf)
{
    struct boundary_identity identity;
    int64_t begun_us = clock_cpu_us();
    for (size_t i = 0; i < VERIFICATIONS; i++)
        admit(boundary_verify_der(&boundary, leaf, clock_now_s(), &identity));
    print("verify_us", each_us(begun_us, VERIFICATIONS));
}

int main(int argc, char **argv)
{
    CLEANUP(blob_free) struct blob issuer = {0};
    CLEANUP(blob_free) struct blob leaf = {0};
    struct err err = {0};
    struct x509_cert cert;
    const char *why = NULL;
    struct boundary_identity identity;
    struct calibration calibration;
    char serial[2 * BOUNDARY_SERIAL_N + 1], topic[128];
    static char dn[2][DN_MAX];
    uint32_t certificates = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    if (certificates == 0)
        return 2;
    must(crypto_start(&err), &err);
    must(file_read(argv[1], FILE_MAX, &issuer, &err), &err);
    must(file_read(argv[2], FILE_MAX, &leaf, &err), &err);
    if (!x509_read_cert(blob_bytes(&leaf), &cert, &why) || !calibration_open(&calibration))
        return 1;
    pthread_rwlock_init(&boundary.enforced.lock, NULL);
    boundary.enforced.fresh_us = INT64_MAX / 2; /* as long as this runs */
    fill_image(cert.serial.p[11], certificates);
    fill_rules(blob_bytes(&issuer), "pump");
    admit(boundary_verify_der(&boundary, blob_bytes(&leaf), clock_now_s(), &identity));
    make_asked(&identity, certificates);
    for (size_t i = 0; i < sizeof identity.serial; i++)
        snprintf(serial + 2 * i, 3, "%02X", identity.serial[i]);
    struct buf texts[2] = {buf_over(dn[0], DN_MAX), buf_over(dn[1], DN_MAX)};
    dn_write(&texts[0], cert.issuer);
    dn_write(&texts[1], cert.subject);
    const struct boundary_proxy_words words = {bytes_text("SUCCESS"), buf_bytes(&texts[0]),
                                               text_bytes(serial), buf_bytes(&texts[1]),
                                               bytes_text("Dec 31 23:59:59 9999 GMT")};
    snprintf(topic, sizeof topic, "devices/%s/up", identity.device);
    (void)calibration_row(&calibration);
    measure_decisions(blob_bytes(&leaf), topic);
    measure_words(&words, topic);
    measure_chains(blob_bytes(&leaf));
    (void)calibration_row(&calibration);
    print("calibration_us", calibration_us(&calibration));
    print("mb_per_million", (double)image_octets(boundary.enforced.image) / certificates);
    return 0;
}
