/* Verifies `envelope` by `keys` over `image`, of the current folder, and hashes the image alone,
 * both by OpenSSL; prints the least CPU of some rounds of each, in turn. usage: bench-verify
 */
#include <troth/adapters/openssl.h>
#include <troth/suit.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 41
#define FILE_MAX (17 << 20)

static struct troth_octets image;

static struct troth_octets load(const char *name)
{
    uint8_t *octets = malloc(FILE_MAX);
    FILE *file = fopen(name, "rb");
    if (octets == NULL || file == NULL) {
        fprintf(stderr, "bench-verify: %s cannot be read\n", name);
        exit(1);
    }
    size_t n = fread(octets, 1, FILE_MAX, file);
    (void)fclose(file);
    return (struct troth_octets){octets, n};
}

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct troth_octets read_image(void *context, size_t place, size_t offset, size_t n)
{
    (void)context;
    (void)place;
    size_t left = image.n - offset;
    return (struct troth_octets){image.p + offset, n < left ? n : left};
}

static void verify(struct troth_octets keys, struct troth_octets envelope)
{
    static const uint8_t vendor[] = "vendor-of-things", class_id[] = "class-of-devices";
    static const uint8_t component[] = {0x81, 0x41, 0x00};
    static const struct troth_algorithm *const algorithms[] = {&troth_openssl_es256};
    static const struct troth_crypto crypto = {algorithms, 1, &troth_openssl_sha256, NULL};
    static const struct troth_suit_acts acts = {.read = read_image};
    const struct troth_suit_place place = {.id = {component, sizeof component}};
    const struct troth_suit_device device = {
        .vendor = vendor, .class_id = class_id, .places = &place, .n = 1, .acts = &acts};
    struct troth_keyset set;
    struct troth_fault fault;
    struct troth_suit suit;
    const struct troth_suit_trust trust = {&crypto, &set};
    if (troth_keyset_read(keys, 0, &set, &fault) == TROTH_VALID &&
        troth_suit_open(&suit, &trust, &device, envelope, &fault) == TROTH_VALID &&
        troth_suit_run(&suit, TROTH_SUIT_VALIDATE, &fault) == TROTH_VALID && suit.matched == 1)
        return;
    fprintf(stderr, "bench-verify: it is not valid\n");
    exit(1);
}

static void hash(void)
{
    union troth_hash_state state;
    uint8_t digest[TROTH_HASH_N];
    troth_openssl_begin(&state);
    troth_openssl_add(&state, image.p, image.n);
    troth_openssl_end(&state, digest);
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

int main(void)
{
    struct troth_octets keys = load("keys"), envelope = load("envelope");
    double hash_us = 1e12, verify_us = 1e12;
    image = load("image");
    for (unsigned i = 0; i < ROUNDS; i++) {
        double start = now_us();
        hash();
        double middle = now_us();
        verify(keys, envelope);
        verify_us = least(verify_us, now_us() - middle);
        hash_us = least(hash_us, middle - start);
    }
    printf("hash_us %.1f\nverify_us %.1f\n", hash_us, verify_us);
    free((void *)(uintptr_t)keys.p);
    free((void *)(uintptr_t)envelope.p);
    free((void *)(uintptr_t)image.p);
    return 0;
}
