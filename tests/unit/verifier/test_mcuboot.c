// MCUboot images: as imgtool signs them, and made here to be broken.
#include "scene.h"
#include "vectors.h"

#include <crypto/hash.h>
#include <troth/adapters/openssl.h>
#include <troth/adapters/openssl_more.h>
#include <troth/mcuboot.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct troth_algorithm *const algorithms[] = {
    &troth_openssl_es256, &troth_openssl_es384, &troth_openssl_ed25519, &troth_openssl_ps256};
static const struct troth_crypto openssl = {algorithms, 4, &troth_openssl_sha256,
                                            troth_openssl_wide};

static int open_scene(void **state)
{
    *state = scene_open();
    return 0;
}

static int close_scene(void **state)
{
    scene_close(*state);
    return 0;
}

// ---- images made here

struct image {
    const char *protected, *open; // TLVs in hexadecimal, after those that are made
    const char *instead;          // of the signature's TLV, where there is one
    uint32_t flags;
    unsigned signer;
};

static void put_u16(struct buf *b, unsigned v)
{
    buf_put_u8(b, (uint8_t)v);
    buf_put_u8(b, (uint8_t)(v >> 8));
}

static void put_u32(struct buf *b, uint32_t v)
{
    put_u16(b, v & 0xffff);
    put_u16(b, v >> 16);
}

static void put_tlv(struct buf *b, unsigned type, struct bytes value)
{
    put_u16(b, type);
    put_u16(b, (unsigned)value.n);
    buf_put_bytes(b, value);
}

static size_t unhex(const char *text, uint8_t ret[256])
{
    size_t n = text != NULL ? strlen(text) / 2 : 0;
    for (size_t i = 0; i < n; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        ret[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

static void put_area(struct buf *b, unsigned magic, struct bytes tlvs)
{
    put_u16(b, magic);
    put_u16(b, (unsigned)tlvs.n + 4);
    buf_put_bytes(b, tlvs);
}

// Version 1.2.3+4, a body of 40 octets.
static void make(struct scene *scene, const struct image *image)
{
    uint8_t space[256], area_space[1024], digest[SHA256_N];
    struct buf b = buf_over(scene->envelope.p, sizeof scene->envelope.p);
    struct buf area = buf_over(area_space, sizeof area_space);
    struct key_signature signature;
    struct bytes protected = bytes_of(space, unhex(image->protected, space));
    put_u32(&b, 0x96f3b83d);
    put_u32(&b, 0);
    put_u16(&b, 32);
    put_u16(&b, protected.n > 0 ? (unsigned)protected.n + 4 : 0);
    put_u32(&b, 40);
    put_u32(&b, image->flags);
    put_u32(&b, 0x00030201);
    put_u32(&b, 4);
    put_u32(&b, 0);
    buf_put_bytes(&b, bytes_of(scene->image, 40));
    if (protected.n > 0)
        put_area(&b, 0x6908, protected);
    sha256(buf_bytes(&b), digest);
    assert_int_equal(key_sign(scene->keys[image->signer], buf_bytes(&b), &signature, NULL), OK);
    put_tlv(&area, 0x10, bytes_of(digest, sizeof digest));
    if (image->instead == NULL)
        put_tlv(&area, 0x22, key_signature_bytes(&signature));
    buf_put_bytes(&area, bytes_of(space, unhex(image->instead, space)));
    buf_put_bytes(&area, bytes_of(space, unhex(image->open, space)));
    put_area(&b, 0x6907, buf_bytes(&area));
    assert_true(buf_ok(&b) && buf_ok(&area));
    scene->envelope.n = b.n;
}

static enum troth_verdict judge_where(struct scene *scene, struct troth_mcuboot_image *ret,
                                      size_t *ret_offset)
{
    struct troth_fault fault;
    static const struct troth_mcuboot_version running[] = {{1, 2, 3, 0}, {1, 0, 0, 0}};
    const struct troth_mcuboot_device device = {5, running, 2};
    const struct troth_octets slot = {scene->envelope.p, scene->envelope.n};
    enum troth_verdict verdict =
        troth_mcuboot_verify(scene->crypto, &scene->set, &device, slot, ret, &fault);
    *ret_offset = fault.offset;
    return verdict;
}

static enum troth_verdict judge_made(struct scene *scene, struct troth_mcuboot_image *ret)
{
    size_t offset;
    return judge_where(scene, ret, &offset);
}

static enum troth_verdict judge(struct scene *scene, const struct image *image)
{
    struct troth_mcuboot_image read;
    make(scene, image);
    return judge_made(scene, &read);
}

#define COUNTER "5000040005000000"
#define GOOD .protected = COUNTER, .signer = 1

static void an_image_by_a_key_of_the_set_is_valid(void **state)
{
    struct scene *scene = *state;
    struct troth_mcuboot_image read;
    make(scene, &(struct image){GOOD});
    assert_int_equal(judge_made(scene, &read), TROTH_VALID);
    assert_int_equal(read.version.major, 1);
    assert_int_equal(read.version.minor, 2);
    assert_int_equal(read.version.revision, 3);
    assert_int_equal(read.version.build, 4);
    assert_true(read.has_counter);
    assert_int_equal(read.counter, 5);
    assert_int_equal(read.body.n, 40);
    assert_memory_equal(read.body.p, scene->image, 40);
    assert_int_equal(read.signers, 2);
}

static void another_s_or_a_given_up_key_s_refuses(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(judge(scene, &(struct image){.protected = COUNTER, .signer = 0}),
                     TROTH_BELOW_FLOOR);
    assert_int_equal(judge(scene, &(struct image){.protected = COUNTER, .signer = 3}),
                     TROTH_BAD_SIGNATURE);
    assert_int_equal(judge(scene, &(struct image){GOOD, .instead = ""}), TROTH_UNSIGNED);
    scene->set.wanted[1] = 2;
    assert_int_equal(judge(scene, &(struct image){GOOD}), TROTH_TOO_FEW_SIGNERS);
}

static void a_counter_counts_where_it_is_protected(void **state)
{
    static const struct {
        struct image image;
        enum troth_verdict verdict;
    } rows[] = {
        {{.protected = "5000040004000000", .signer = 1}, TROTH_OLDER_COUNTER},
        {{.protected = "5000040006000000", .signer = 1}, TROTH_VALID},
        {{.protected = "50000400ffffffff", .signer = 1}, TROTH_VALID},
        {{.signer = 1}, TROTH_OLDER_COUNTER},
        {{.open = COUNTER, .signer = 1}, TROTH_MALFORMED},
        {{GOOD, .open = COUNTER}, TROTH_MALFORMED},
        {{.protected = COUNTER COUNTER, .signer = 1}, TROTH_MALFORMED},
        {{.protected = "50000300050000", .signer = 1}, TROTH_MALFORMED},
        {{.protected = "5000080005000000ffffffff", .signer = 1}, TROTH_MALFORMED},
        {{.protected = COUNTER "500009", .signer = 1}, TROTH_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (judge(*state, &rows[i].image) != rows[i].verdict)
            fail_msg("row %zu", i);
}

static void what_it_depends_on_must_be_there(void **state)
{
    static const struct {
        const char *protected;
        enum troth_verdict verdict;
    } rows[] = {
        {COUNTER "40000c00"
                 "01000000"
                 "0100000000000000",
         TROTH_VALID},
        {COUNTER "40000c00"
                 "01000000"
                 "01000000ffffffff",
         TROTH_VALID}, // build
        {COUNTER "40000c00"
                 "01000000"
                 "0100010000000000",
         TROTH_CONDITION},
        {COUNTER "40000c00"
                 "01000000"
                 "0101000000000000",
         TROTH_CONDITION},
        {COUNTER "40000c00"
                 "01000000"
                 "0200000000000000",
         TROTH_CONDITION},
        {COUNTER "40000c00"
                 "02000000"
                 "0000000000000000",
         TROTH_CONDITION},
        {COUNTER "40000b00"
                 "01000000"
                 "01000000000000",
         TROTH_MALFORMED},
        {COUNTER "a0000500"
                 "68656c6c6f",
         TROTH_VALID}, // somebody's own
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct image image = {.protected = rows[i].protected, .signer = 1};
        if (judge(*state, &image) != rows[i].verdict)
            fail_msg("row %zu", i);
    }
    assert_int_equal(judge(*state, &(struct image){GOOD, .open = "40000c0001000000"
                                                                 "0100000000000000"}),
                     TROTH_MALFORMED);
}

static void what_nobody_signed_is_a_hint_or_refuses(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "010002001234"}), TROTH_VALID);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "020002001234"}), TROTH_VALID);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "030002001234"}), TROTH_MALFORMED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "a00002001234"}), TROTH_MALFORMED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "250001000000"}), TROTH_MALFORMED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "2500010001"}), TROTH_VALID);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "25000100012500010001"}),
                     TROTH_MALFORMED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "10000100ff"}), TROTH_MALFORMED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "0100"}), TROTH_MALFORMED);
}

static void encrypted_images_are_not_taken(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(judge(scene, &(struct image){GOOD, .flags = 4}), TROTH_UNSUPPORTED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .flags = 8}), TROTH_UNSUPPORTED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .flags = 0x20}), TROTH_VALID);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "300001000000"}),
                     TROTH_UNSUPPORTED);
    assert_int_equal(judge(scene, &(struct image){GOOD, .open = "3400010000"}), TROTH_UNSUPPORTED);
}

static void signatures_of_another_form_refuse(void **state)
{
    static const char *const signatures[] = {
        "22000000",
        "2200020030ff",
        "220008003006020100020100",   // r and s are 0
        "220008003006020181020101",   // r is negative
        "22000900300702020001020101", // r is not minimal
        "220009003006020101020101ff", // an octet after it
        "220006003004020102",
    };
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        if (judge(*state, &(struct image){GOOD, .instead = signatures[i]}) == TROTH_VALID)
            fail_msg("row %zu", i);
}

// 32 octets of header and 40 of body; protected TLVs with their head end at 84, the hash begins
// at 88.
static void a_fault_has_its_place(void **state)
{
    static const struct {
        struct image image;
        size_t offset;
    } rows[] = {
        {{.protected = "5000040004000000", .signer = 1}, 84},     // an older counter
        {{.protected = "50000300050000", .signer = 1}, 76},       // a counter of three octets
        {{.protected = "50000400050000005000", .signer = 1}, 84}, // a rest that is no TLV
        {{.signer = 1}, 72},                                      // no counter at all
        {{GOOD, .flags = 4}, 0},                                  // encrypted
        {{GOOD, .instead = ""}, 88},                              // unsigned
        {{GOOD, .instead = "030002001234"}, 88 + 36},             // a TLV that must be protected
        {{GOOD, .instead = "220007003004020102ff"}, 88 + 36}, // a TLV that is longer than its area
        {{.protected = COUNTER, .signer = 3}, 88 + 36},       // a stranger's signature
    };
    struct scene *scene = *state;
    struct troth_mcuboot_image read;
    size_t offset;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make(scene, &rows[i].image);
        if (judge_where(scene, &read, &offset) == TROTH_VALID || offset != rows[i].offset)
            fail_msg("row %zu: at %zu", i, offset);
    }
    make(scene, &(struct image){GOOD});
    scene->envelope.p[40] ^= 1;
    assert_int_equal(judge_where(scene, &read, &offset), TROTH_WRONG_IMAGE);
    assert_int_equal(offset, 88 + 4);
    scene->envelope.n = 84;
    assert_int_equal(judge_where(scene, &read, &offset), TROTH_MALFORMED);
    assert_int_equal(offset, 84);
}

static void every_flipped_bit_and_every_cut_refuses(void **state)
{
    struct scene *scene = *state;
    struct troth_mcuboot_image read;
    scene->crypto = &scene_fast;
    make(scene, &(struct image){GOOD});
    assert_int_equal(judge_made(scene, &read), TROTH_VALID);
    for (size_t bit = 0; bit < 8 * scene->envelope.n; bit++) {
        scene->envelope.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (judge_made(scene, &read) == TROTH_VALID)
            fail_msg("bit %zu of octet %zu", bit % 8, bit / 8);
        scene->envelope.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(judge_made(scene, &read), TROTH_VALID);
    scene->envelope.n++; // a slot is longer than its image
    assert_int_equal(judge_made(scene, &read), TROTH_VALID);
    for (scene->envelope.n -= 2; scene->envelope.n > 0; scene->envelope.n--)
        assert_int_not_equal(judge_made(scene, &read), TROTH_VALID);
}

// ---- imgtool's

static int32_t algorithm_of(const char *key)
{
    return strstr(key, "p256")   ? TROTH_ES256
           : strstr(key, "p384") ? TROTH_ES384
           : strstr(key, "rsa")  ? TROTH_PS256
                                 : TROTH_ED25519;
}

static void judge_vector(const char *file, const char *key_file, uint32_t counter, bool is_valid)
{
    static struct vector image, key;
    static const struct troth_mcuboot_version running[] = {{1, 0, 0, 0}, {1, 0, 0, 0}};
    const struct troth_mcuboot_device device = {counter, running, 2};
    struct troth_mcuboot_image read;
    struct troth_fault fault;
    char path[256];
    snprintf(path, sizeof path, "mcuboot/images/%s", file);
    assert_true(vector_read(path, &image));
    snprintf(path, sizeof path, "mcuboot/%s", key_file);
    assert_true(vector_read_key(path, &key));
    const struct troth_keyset set = {
        .wanted = {1, 1},
        .n = 1,
        .keys = {{1, algorithm_of(key_file), TROTH_USE_RELEASE, {key.p, key.n}}},
    };
    const struct troth_octets octets = {image.p, image.n};
    enum troth_verdict verdict =
        troth_mcuboot_verify(&openssl, &set, &device, octets, &read, &fault);
    if ((verdict == TROTH_VALID) != is_valid)
        fail_msg("%s: %s", file, troth_verdict_name(verdict));
    image.p[600] ^= 1; // in the body
    if (is_valid)
        assert_int_equal(troth_mcuboot_verify(&openssl, &set, &device, octets, &read, &fault),
                         TROTH_WRONG_IMAGE);
}

static void agrees_with_imgtool(void **state)
{
    size_t i, taken = 0;
    const json_t *row;
    (void)state;
    json_t *all = vector_load("mcuboot/images/images.json");
    if (all == NULL)
        return;
    json_array_foreach(json_object_get(all, "images"), i, row)
    {
        const char *file = json_string_value(json_object_get(row, "file"));
        const char *key = json_string_value(json_object_get(row, "key"));
        const char *expected = json_string_value(json_object_get(row, "expect"));
        bool is_valid = strncmp(expected, "valid", 5) == 0;
        bool is_unknown = strcmp(file, "ed25519-unknown-key.bin") == 0;
        if (key == NULL || is_unknown)
            key = "root-ed25519-pub.pem";
        judge_vector(file, key, 0, is_valid);
        taken += is_valid;
    }
    assert_int_equal(taken, 12);
    judge_vector("ecdsa-p256-seccnt7.bin", "root-ec-p256-pub.pem", 7, true);
    judge_vector("ecdsa-p256-seccnt7.bin", "root-ec-p256-pub.pem", 8, false);
    json_decref(all);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_image_by_a_key_of_the_set_is_valid),   CASE(another_s_or_a_given_up_key_s_refuses),
        CASE(a_counter_counts_where_it_is_protected),  CASE(what_it_depends_on_must_be_there),
        CASE(what_nobody_signed_is_a_hint_or_refuses), CASE(encrypted_images_are_not_taken),
        CASE(signatures_of_another_form_refuse),       CASE(a_fault_has_its_place),
        CASE(every_flipped_bit_and_every_cut_refuses), CASE(agrees_with_imgtool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
