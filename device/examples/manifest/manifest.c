// May this update run here? An example of <troth/suit.h> for hosts, with OpenSSL's SHA-256 behind
// it; a device has the same calls, memory instead of files, and its own list of algorithms.
//
// manifest-example KEYSET ENVELOPE IMAGE VENDOR CLASS
//   KEYSET           a key set that is trusted, file
//   ENVELOPE, IMAGE  a SUIT envelope and the image that it is about, files
//   VENDOR, CLASS    the device's, as 32 hexadecimal digits (lower case)
#include <troth/adapters/openssl.h>
#include <troth/suit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    size_t n;
    uint8_t octets[1 << 20];
};

static int read_file(const char *path, struct file *ret)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return 0;
    ret->n = fread(ret->octets, 1, sizeof ret->octets, stream);
    int is_whole = feof(stream) && !ferror(stream);
    return fclose(stream) == 0 && is_whole;
}

static int read_id(const char *text, uint8_t ret[TROTH_SUIT_ID_N])
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(text) != 2 * (size_t)TROTH_SUIT_ID_N)
        return 0;
    for (size_t i = 0; i < TROTH_SUIT_ID_N; i++) {
        const char *high = strchr(digits, text[2 * i]), *low = strchr(digits, text[2 * i + 1]);
        if (high == NULL || low == NULL)
            return 0;
        ret[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return 1;
}

// quote: device
// What this device is built with.
static const struct troth_algorithm *const algorithms[] = {&troth_hss_lms, &troth_es256};
static const struct troth_crypto crypto = {algorithms, 2, &troth_openssl_sha256, NULL};
static const uint8_t component[] = {0x81, 0x41, 0x00}; // [h'00']

// The verifier reads an image through this, as many octets as the device can show at once.
static struct troth_octets read_image(void *context, size_t place, size_t offset, size_t n)
{
    const struct file *image = context;
    size_t left = offset < image->n ? image->n - offset : 0;
    (void)place;
    return (struct troth_octets){image->octets + offset, n < left ? n : left};
}
// end

static enum troth_verdict judge(const struct troth_suit_device *device, struct troth_octets set,
                                struct troth_octets envelope, struct troth_fault *ret_fault)
{
    // quote: judge
    struct troth_keyset keys;
    struct troth_suit suit;
    enum troth_verdict verdict = troth_keyset_read(set, 0, &keys, ret_fault);
    if (verdict != TROTH_VALID)
        return verdict;
    const struct troth_suit_trust trust = {&crypto, &keys};
    verdict = troth_suit_open(&suit, &trust, device, envelope, ret_fault);
    if (verdict != TROTH_VALID)
        return verdict;
    verdict = troth_suit_run(&suit, TROTH_SUIT_VALIDATE, ret_fault);
    if (verdict == TROTH_VALID &&
        suit.matched != 1) // a manifest need not ask for the image's digest
        return TROTH_MISSING;
    return verdict;
    // end
}

int main(int argc, char **argv)
{
    static struct file set, envelope, image;
    uint8_t vendor[TROTH_SUIT_ID_N], class_id[TROTH_SUIT_ID_N];
    if (argc != 6 || !read_file(argv[1], &set) || !read_file(argv[2], &envelope) ||
        !read_file(argv[3], &image) || !read_id(argv[4], vendor) || !read_id(argv[5], class_id)) {
        fprintf(stderr, "usage: manifest-example KEYSET ENVELOPE IMAGE VENDOR CLASS\n");
        return 2;
    }
    const struct troth_suit_acts acts = {.read = read_image};
    const struct troth_suit_place place = {.id = {component, sizeof component}};
    const struct troth_suit_device device = {
        .vendor = vendor,
        .class_id = class_id,
        .places = &place,
        .n = 1,
        .acts = &acts,
        .context = &image,
    };
    struct troth_fault fault;
    enum troth_verdict verdict = judge(&device, (struct troth_octets){set.octets, set.n},
                                       (struct troth_octets){envelope.octets, envelope.n}, &fault);
    printf("%s: %s (octet %zu)\n", troth_verdict_name(verdict), troth_verdict_rule(verdict),
           fault.offset);
    return verdict == TROTH_VALID ? 0 : 1;
}
