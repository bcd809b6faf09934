#include "world.h"

#include <crypto/key.h>
#include <crypto/pem.h>
#include <troth/adapters/openssl.h>
#include <troth/adapters/openssl_more.h>
#include <wire/cbor.h>
#include <wire/manifest.h>

#include <stdio.h>
#include <stdlib.h>

#define ENVELOPE_MAX 4096

static const uint8_t vendor[16] = "vendor-of-things", class_id[16] = "class-of-devices";
static const uint8_t component[] = {0x81, 0x41, 0x00};

struct image_row {
    uint32_t sequence, counter;
    unsigned key; /* that signs it */
    uint8_t fill;
};

/* By enum world_image. */
static const struct image_row image_rows[WORLD_IMAGES] = {
    {1, 1, 0, 0x11}, /* what the factory put there */
    {2, 1, 1, 0x22}, /* an update, by the next key */
    {3, 2, 1, 0x33}, /* one after it, whose counter rises */
    {4, 0, 1, 0x44}, /* newer by its sequence, and of a counter that was given up */
    {5, 5, 2, 0x55}, /* by a key that no set has */
};

static void need(bool is_well, const char *what)
{
    if (is_well)
        return;
    fprintf(stderr, "boot-sim: %s\n", what);
    exit(2);
}

static struct world_file file_of(const struct buf *b)
{
    struct world_file file = {malloc(b->n), b->n};
    need(buf_ok(b) && file.p != NULL, "an object cannot be made");
    memcpy(file.p, b->p, b->n);
    return file;
}

static void digest_of(const void *octets, size_t n, uint8_t ret[TROTH_HASH_N])
{
    union troth_hash_state state;
    troth_openssl_begin(&state);
    troth_openssl_add(&state, octets, n);
    troth_openssl_end(&state, ret);
}

/* A verdict is remembered by what it is about: verifying is not what is simulated. */
static enum troth_verdict verify_once(struct troth_octets key, const struct troth_message *message,
                                      struct troth_octets signature)
{
    static struct {
        uint8_t digest[TROTH_HASH_N];
        enum troth_verdict verdict;
    } seen[64];
    static unsigned next;
    union troth_hash_state state;
    uint8_t digest[TROTH_HASH_N];
    troth_openssl_begin(&state);
    troth_openssl_add(&state, key.p, key.n);
    for (size_t i = 0; i < message->n; i++)
        troth_openssl_add(&state, message->parts[i].p, message->parts[i].n);
    troth_openssl_add(&state, signature.p, signature.n);
    troth_openssl_end(&state, digest);
    for (unsigned i = 0; i < 64; i++)
        if (seen[i].verdict != TROTH_UNJUDGED && memcmp(seen[i].digest, digest, sizeof digest) == 0)
            return seen[i].verdict;
    enum troth_verdict verdict = troth_openssl_verify_eddsa(key, message, signature);
    memcpy(seen[next].digest, digest, sizeof digest);
    seen[next].verdict = verdict;
    next = (next + 1) % 64;
    return verdict;
}

static const struct troth_algorithm remembered = {TROTH_ED25519, verify_once};
static const struct troth_algorithm *const algorithms[] = {&remembered};

/* ---- keys: of Ed25519, whose signatures hang on nothing but key and message */

static struct key *make_key(uint64_t seed, unsigned i)
{
    static const char head[] = /* RFC 8410 7 */
        "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    const uint64_t thrown[] = {seed, i};
    uint8_t der[sizeof head - 1 + TROTH_HASH_N];
    CLEANUP(blob_free) struct blob pem = {0};
    struct key *key = NULL;
    memcpy(der, head, sizeof head - 1);
    digest_of(thrown, sizeof thrown, der + sizeof head - 1);
    need(pem_write(bytes_of(der, sizeof der), "PRIVATE KEY", &pem, NULL) == OK &&
             key_read(blob_bytes(&pem), NULL, &key, NULL) == OK,
         "no key");
    return key;
}

/* ---- signing */

static size_t sign(struct key *key, const struct manifest_signer *signer, struct bytes payload,
                   uint8_t *ret, size_t max)
{
    uint8_t space[ENVELOPE_MAX];
    struct buf signed_octets = buf_over(space, sizeof space), out = buf_over(ret, max);
    struct key_signature raw;
    manifest_write_signed(&signed_octets, signer, payload);
    need(buf_ok(&signed_octets) && key_sign(key, buf_bytes(&signed_octets), &raw, NULL) == OK,
         "signing failed");
    manifest_write_signature(&out, signer, key_signature_bytes(&raw));
    return out.n;
}

static struct world_file make_envelope(struct world *world, struct key *key,
                                       const struct image_row *row, unsigned i)
{
    static uint8_t space[ENVELOPE_MAX], whole[ENVELOPE_MAX], out_space[ENVELOPE_MAX];
    uint8_t digest[TROTH_HASH_N], payload_space[64], signature[256];
    struct buf b = buf_over(space, sizeof space), counted = buf_over(whole, sizeof whole);
    struct buf payload = buf_over(payload_space, sizeof payload_space);
    struct buf out = buf_over(out_space, sizeof out_space);
    struct manifest manifest = {
        .sequence = row->sequence,
        .vendor = bytes_of(vendor, sizeof vendor),
        .class_id = bytes_of(class_id, sizeof class_id),
        .component = bytes_of(component, sizeof component),
        .size = (uint32_t)world->images[i].n,
        .counter = row->counter,
        .has_formats = true,
        .formats = {1, row->counter + 1},
        .uri = bytes_text("coap://updates/image"),
    };
    memcpy(manifest.digest, world->digests[i], sizeof manifest.digest);
    manifest_write(&b, &manifest);
    cbor_write_bytes(&counted, buf_bytes(&b));
    digest_of(whole, counted.n, digest);
    manifest_write_digest(&payload, digest);
    const struct manifest_signer signer = {TROTH_ED25519, bytes_of(NULL, 0)};
    size_t n = sign(key, &signer, buf_bytes(&payload), signature, sizeof signature);
    const struct bytes signatures[] = {bytes_of(signature, n)};
    manifest_write_envelope(&out, &(struct manifest_envelope){
                                      .digest = buf_bytes(&payload),
                                      .signatures = signatures,
                                      .n = 1,
                                      .manifest = buf_bytes(&b),
                                  });
    return file_of(&out);
}

/* Both sets have the first two keys; the floor of the later one gives up the first. */
static struct world_file make_set(struct key *const *keys, unsigned i)
{
    static const uint32_t floors[WORLD_SETS] = {1, 2};
    static uint8_t space[ENVELOPE_MAX], out_space[ENVELOPE_MAX];
    uint8_t signature[256];
    struct buf b = buf_over(space, sizeof space), out = buf_over(out_space, sizeof out_space);
    const struct manifest_key both[] = {
        {1, TROTH_ED25519, 3, key_point(keys[0])},
        {2, TROTH_ED25519, 3, key_point(keys[1])},
    };
    manifest_write_keyset(&b, &(struct manifest_keyset){
                                  .sequence = i + 1,
                                  .floor = floors[i],
                                  .wanted = {1, 1},
                                  .keys = both,
                                  .n = 2,
                              });
    const struct manifest_signer signer = {TROTH_ED25519, bytes_text(TROTH_KEYSET_TYPE)};
    size_t n = sign(keys[1], &signer, buf_bytes(&b), signature, sizeof signature);
    const struct bytes signatures[] = {bytes_of(signature, n)};
    manifest_write_signed_keyset(&out, buf_bytes(&b), signatures, 1);
    return file_of(&out);
}

/* ---- the device */

static uint32_t blocks_for(const struct geometry *geometry, uint32_t n)
{
    return (n + geometry->erase_n - 1) / geometry->erase_n * geometry->erase_n;
}

static void lay_out(struct world *world, bool is_single)
{
    const struct geometry *geometry = world->geometry;
    struct boot_layout *layout = &world->device.layout;
    uint32_t at = 0;
    *layout = (struct boot_layout){.is_single = is_single};
    layout->envelope_n = blocks_for(geometry, 2048);
    for (unsigned i = 0; i < BOOT_SLOTS; i++) {
        layout->slots[i] = (struct boot_area){at, layout->envelope_n + geometry->slot_n};
        at += layout->slots[i].n;
    }
    layout->state = (struct boot_area){at, 2 * geometry->erase_n};
    at += layout->state.n;
    for (unsigned i = 0; i < 2; i++) {
        layout->keys[i] = (struct boot_area){at, blocks_for(geometry, 2048)};
        at += layout->keys[i].n;
    }
    model_open(&world->factory, geometry, at, 1);
    world->device.flash = &world->factory.flash;
}

static void put_head(uint8_t ret[8], const struct world_file *file)
{
    memcpy(ret, (const uint8_t[]){'T', 'O', 'B', 'J', 0, 0, 0, 0}, 8);
    ret[4] = (uint8_t)file->n;
    ret[5] = (uint8_t)(file->n >> 8);
}

static uint32_t head_size(const struct model *model)
{
    return model->flash.write_n > 8 ? model->flash.write_n : 8;
}

static void put_object(struct model *model, uint32_t at, const struct world_file *file)
{
    put_head(model->octets + at, file);
    memcpy(model->octets + at + head_size(model), file->p, file->n);
}

void world_put(struct world *world, unsigned slot, unsigned image)
{
    const struct boot_layout *layout = &world->device.layout;
    put_object(&world->factory, layout->slots[slot].at, &world->envelopes[image]);
    memcpy(world->factory.octets + layout->slots[slot].at + layout->envelope_n,
           world->images[image].p, world->images[image].n);
}

void world_open(struct world *world, const struct geometry *geometry, bool is_single,
                uint32_t image_n, uint64_t seed)
{
    struct key *keys[WORLD_KEYS];
    *world = (struct world){
        .geometry = geometry,
        .crypto = {algorithms, 1, &troth_openssl_sha256, NULL},
    };
    for (unsigned i = 0; i < WORLD_KEYS; i++)
        keys[i] = make_key(seed, i);
    for (unsigned i = 0; i < WORLD_IMAGES; i++) {
        world->images[i].n = image_n - 13 * i;
        world->images[i].p = malloc(world->images[i].n);
        need(world->images[i].p != NULL, "no memory");
        for (size_t k = 0; k < world->images[i].n; k++)
            world->images[i].p[k] = (uint8_t)(image_rows[i].fill + k / 64 * 7);
        digest_of(world->images[i].p, world->images[i].n, world->digests[i]);
        world->envelopes[i] = make_envelope(world, keys[image_rows[i].key], &image_rows[i], i);
    }
    for (unsigned i = 0; i < WORLD_SETS; i++)
        world->sets[i] = make_set(keys, i);
    world->device = (struct boot_device){
        .vendor = vendor,
        .class_id = class_id,
        .component = {component, sizeof component},
        .crypto = &world->crypto,
        .keys = {world->sets[0].p, world->sets[0].n},
    };
    lay_out(world, is_single);
    world_put(world, 0, IMAGE_OLD);
    if (is_single)
        world_put(world, BOOT_RECOVERY, IMAGE_NEWER);
    for (unsigned i = 0; i < WORLD_KEYS; i++)
        key_free(keys[i]);
}

void world_close(struct world *world)
{
    model_close(&world->factory);
    for (unsigned i = 0; i < WORLD_IMAGES; i++) {
        free(world->images[i].p);
        free(world->envelopes[i].p);
    }
    for (unsigned i = 0; i < WORLD_SETS; i++)
        free(world->sets[i].p);
}

bool world_fetch(void *context, struct troth_octets uri, uint32_t offset, uint8_t *to, uint32_t n)
{
    const struct world_file *file = context;
    if (uri.n == 0 || offset > file->n || n > file->n - offset)
        return false;
    memcpy(to, file->p + offset, n);
    return true;
}

unsigned world_image_of(const struct world *world, const struct boot_report *report)
{
    unsigned i = 0;
    while (i < WORLD_IMAGES &&
           memcmp(world->digests[i], report->digest, sizeof report->digest) != 0)
        i++;
    return i;
}

bool world_has(const struct world *world, const struct model *model, unsigned slot, unsigned image)
{
    const struct boot_layout *layout = &world->device.layout;
    const uint8_t *octets = model->octets + layout->slots[slot].at;
    const struct world_file *envelope = &world->envelopes[image], *payload = &world->images[image];
    uint8_t head[8];
    put_head(head, envelope);
    return memcmp(octets, head, sizeof head) == 0 &&
           memcmp(octets + head_size(model), envelope->p, envelope->n) == 0 &&
           memcmp(octets + layout->envelope_n, payload->p, payload->n) == 0;
}

bool world_is_true(const struct world *world, const struct model *model,
                   const struct boot_report *report)
{
    unsigned image = world_image_of(world, report);
    return image < WORLD_IMAGES && report->image_n == world->images[image].n &&
           memcmp(model->octets + report->image_at, world->images[image].p, report->image_n) == 0;
}
