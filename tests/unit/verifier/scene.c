#include "scene.h"

#include <troth/adapters/openssl.h>
#include <wire/cbor.h>
#include <wire/manifest.h>
#include <wire/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct troth_algorithm *const algorithms[] = {&troth_es256, &troth_esp256,
                                                           &troth_hss_lms};
const struct troth_crypto scene_crypto = {algorithms, 3, &troth_hash_small, NULL};
static const struct troth_algorithm *const fast[] = {&troth_openssl_es256};
const struct troth_crypto scene_fast = {fast, 1, &troth_openssl_sha256, NULL};

static const uint8_t vendor[] = "vendor-of-things", class_id[] = "class-of-devices";
static const uint8_t first_id[] = {0x81, 0x41, 0x00}, second_id[] = {0x81, 0x41, 0x01};

// ---- the device

static bool act(struct scene *scene, unsigned *ret_count)
{
    if (scene->acts.left == 0)
        return false;
    scene->acts.left--;
    ++*ret_count;
    return true;
}

static struct troth_octets read_place(void *context, size_t place, size_t offset, size_t n)
{
    struct scene *scene = context;
    if (offset >= scene->n[place])
        return (struct troth_octets){scene->contents[place], 0};
    size_t most = scene->n[place] - offset < 37 ? scene->n[place] - offset : 37;
    scene->acts.reads++;
    return (struct troth_octets){scene->contents[place] + offset, n < most ? n : most};
}

static void put(struct scene *scene, size_t place, const uint8_t *octets, size_t n)
{
    assert_true(n <= SCENE_PLACE_MAX);
    memcpy(scene->contents[place], octets, n);
    scene->n[place] = n;
}

static bool fetch(void *context, size_t place, struct troth_octets uri, size_t size)
{
    struct scene *scene = context;
    assert_true(uri.n > 0 && size == SCENE_IMAGE_N);
    if (!act(scene, &scene->acts.fetches))
        return false;
    put(scene, place, scene->image, size);
    return true;
}

static bool write_place(void *context, size_t place, struct troth_octets content)
{
    struct scene *scene = context;
    if (!act(scene, &scene->acts.writes))
        return false;
    put(scene, place, content.p, content.n);
    return true;
}

static bool copy(void *context, size_t place, size_t from, size_t size)
{
    struct scene *scene = context;
    if (!act(scene, &scene->acts.copies))
        return false;
    put(scene, place, scene->contents[from], size);
    return true;
}

static bool invoke(void *context, size_t place)
{
    struct scene *scene = context;
    (void)place;
    return act(scene, &scene->acts.invokes);
}

static const struct troth_suit_acts all_acts = {read_place, fetch, write_place, copy, invoke};

// ---- keys

void scene_digest(const void *octets, size_t n, uint8_t ret[TROTH_HASH_N])
{
    struct troth_sha256 hash;
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, octets, n);
    troth_sha256_end(&hash, ret);
}

void scene_sign(const struct scene *scene, unsigned i, const char *type, struct bytes payload,
                struct scene_octets *ret)
{
    uint8_t space[SCENE_MAX], raw[64];
    struct buf over = buf_over(space, sizeof space), out = buf_over(ret->p, sizeof ret->p);
    const struct manifest_signer signer = {TROTH_ES256,
                                           bytes_of(type, type != NULL ? strlen(type) : 0)};
    struct key_signature der;
    manifest_write_signed(&over, &signer, payload);
    assert_true(buf_ok(&over));
    assert_int_equal(key_sign(scene->keys[i], buf_bytes(&over), &der, NULL), OK);
    assert_true(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, raw));
    manifest_write_signature(&out, &signer, bytes_of(raw, sizeof raw));
    assert_true(buf_ok(&out));
    ret->n = out.n;
}

static void make_set(struct scene *scene)
{
    static const uint32_t uses[SCENE_KEYS] = {3, 3, 3, 1};
    struct manifest_key keys[SCENE_KEYS];
    struct scene_octets signature;
    uint8_t space[1024];
    struct buf set = buf_over(space, sizeof space);
    struct buf out = buf_over(scene->set_octets.p, sizeof scene->set_octets.p);
    for (unsigned i = 0; i < SCENE_KEYS; i++) {
        assert_int_equal(key_generate(KEY_P256, &scene->keys[i], NULL), OK);
        keys[i] = (struct manifest_key){i + 1, TROTH_ES256, uses[i], key_point(scene->keys[i])};
    }
    manifest_write_keyset(&set, &(struct manifest_keyset){5, 2, {1, 1, 0, 0}, keys, SCENE_KEYS});
    scene_sign(scene, 3, TROTH_KEYSET_TYPE, buf_bytes(&set), &signature);
    const struct bytes one = bytes_of(signature.p, signature.n);
    manifest_write_signed_keyset(&out, buf_bytes(&set), &one, 1);
    assert_true(buf_ok(&out));
    scene->set_octets.n = out.n;
    assert_int_equal(troth_keyset_read((struct troth_octets){scene->set_octets.p, out.n}, 0,
                                       &scene->set, &scene->fault),
                     TROTH_VALID);
}

struct scene *scene_open(void)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    scene->crypto = &scene_crypto;
    make_set(scene);
    for (size_t i = 0; i < sizeof scene->image; i++)
        scene->image[i] = (uint8_t)(i * 5 + 1);
    scene_digest(scene->image, sizeof scene->image, scene->digest);
    scene->places[0] = (struct troth_suit_place){{first_id, sizeof first_id}, 5, 0, 0};
    scene->places[1] = (struct troth_suit_place){{second_id, sizeof second_id}, 5, 0, 1};
    scene->device = (struct troth_suit_device){
        .vendor = vendor,
        .class_id = class_id,
        .sequence = 7,
        .places = scene->places,
        .n = 2,
        .acts = &all_acts,
        .context = scene,
    };
    scene->acts.left = 1000;
    scene->values.of['V' - 'A'] = bytes_of(vendor, 16);
    scene->values.of['C' - 'A'] = bytes_of(class_id, 16);
    scene->values.of['D' - 'A'] = bytes_of(scene->digest, sizeof scene->digest);
    scene->values.of['I' - 'A'] = bytes_of(scene->image, sizeof scene->image);
    scene->values.of['X' - 'A'] = bytes_text("somebody-else-s-");
    return scene;
}

void scene_close(struct scene *scene)
{
    for (unsigned i = 0; i < SCENE_KEYS; i++)
        key_free(scene->keys[i]);
    free(scene);
}

// ---- envelopes

// [bstr(SUIT_Digest), bstr(COSE_Sign1), ...] for the manifest.
static void write_wrapper(const struct scene *scene, struct bytes manifest, const char *signers,
                          struct buf *ret)
{
    uint8_t space[SCENE_MAX], digest[TROTH_HASH_N], payload_space[64];
    struct buf whole = buf_over(space, sizeof space);
    struct buf payload = buf_over(payload_space, sizeof payload_space);
    struct scene_octets signature;
    cbor_write_bytes(&whole, manifest);
    scene_digest(whole.p, whole.n, digest);
    manifest_write_digest(&payload, digest);
    cbor_write_array(ret, 1 + strlen(signers));
    cbor_write_bytes(ret, buf_bytes(&payload));
    for (const char *one = signers; *one != '\0'; one++) {
        scene_sign(scene, (unsigned)(*one - '0'), NULL, buf_bytes(&payload), &signature);
        cbor_write_bytes(ret, bytes_of(signature.p, signature.n));
    }
    assert_true(buf_ok(ret));
}

void scene_envelope(struct scene *scene, const struct scene_parts *parts)
{
    uint8_t manifest_space[SCENE_MAX], wrapper_space[SCENE_MAX];
    char text[1024];
    struct buf manifest = buf_over(manifest_space, sizeof manifest_space);
    struct buf wrapper = buf_over(wrapper_space, sizeof wrapper_space);
    struct buf out = buf_over(scene->envelope.p, sizeof scene->envelope.p);
    const char *rest = parts->rest != NULL ? parts->rest : "";
    diag_write(&manifest, parts->manifest, &scene->values);
    write_wrapper(scene, buf_bytes(&manifest), parts->signers != NULL ? parts->signers : "1",
                  &wrapper);
    scene->values.of['M' - 'A'] = buf_bytes(&manifest);
    scene->values.of['W' - 'A'] = buf_bytes(&wrapper);
    snprintf(text, sizeof text, "107({2: $W, 3: $M%s})", rest);
    diag_write(&out, parts->format != NULL ? parts->format : text, &scene->values);
    scene->envelope.n = out.n;
    scene->values.of['M' - 'A'] = scene->values.of['W' - 'A'] = bytes_of(NULL, 0);
}

enum troth_verdict scene_judge(struct scene *scene)
{
    const struct troth_suit_trust trust = {scene->crypto, &scene->set};
    return troth_suit_open(&scene->suit, &trust, &scene->device,
                           (struct troth_octets){scene->envelope.p, scene->envelope.n},
                           &scene->fault);
}

enum troth_verdict scene_open_suit(struct scene *scene, const char *manifest)
{
    scene_envelope(scene, &(struct scene_parts){.manifest = manifest});
    return scene_judge(scene);
}

enum troth_verdict scene_run(struct scene *scene, enum troth_suit_sequence sequence)
{
    return troth_suit_run(&scene->suit, sequence, &scene->fault);
}

const char *scene_manifest(const char *rest)
{
    static char text[4096];
    snprintf(text, sizeof text, "{1: 1, 2: 7, " COMMON "%s}", rest);
    return text;
}
