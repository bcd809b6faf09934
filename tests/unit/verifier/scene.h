// A device with two places in memory, keys that are made anew, and envelopes signed by them.
#pragma once

#include "diag.h"

#include <crypto/key.h>
#include <troth/suit.h>

#define SCENE_KEYS 4
#define SCENE_PLACE_MAX 256
#define SCENE_MAX 8192
#define SCENE_IMAGE_N 200

struct scene_octets {
    uint8_t p[SCENE_MAX];
    size_t n;
};

// What the device was asked to do, and where it stops: `left` acts succeed.
struct scene_acts {
    unsigned reads, fetches, writes, copies, invokes;
    unsigned left;
};

struct scene {
    struct key *keys[SCENE_KEYS];
    struct scene_octets set_octets;
    struct troth_keyset set;
    struct troth_suit_place places[2];
    struct troth_suit_device device;
    uint8_t contents[2][SCENE_PLACE_MAX];
    size_t n[2];
    uint8_t image[SCENE_IMAGE_N], digest[TROTH_HASH_N];
    struct scene_acts acts;
    struct diag_values values; // $V vendor, $C class, $D digest of $I, the image; $X is no one's
    struct scene_octets envelope;
    const struct troth_crypto *crypto; // scene_crypto
    struct troth_suit suit;
    struct troth_fault fault;
};

// Ours alone, and OpenSSL's P-256, for what verifies ten thousand times.
extern const struct troth_crypto scene_crypto, scene_fast;

// Set 5 with floor 2, of the keys 1 to 4: 1 is below the floor, 2 and 3 are for releases and sets,
// 4 for sets; one signer each.
struct scene *scene_open(void);
void scene_close(struct scene *scene);

void scene_digest(const void *octets, size_t n, uint8_t ret[TROTH_HASH_N]);

// COSE_Sign1 of key `i` (from 0) over the payload, with that type or none.
void scene_sign(const struct scene *scene, unsigned i, const char *type, struct bytes payload,
                struct scene_octets *ret);

// What an envelope is made of. `signers`: indices, in octal digits from the left: "1" is key 2.
struct scene_parts {
    const char *manifest; // diagnostic notation
    const char *signers;  // NULL: "1"
    const char *rest;     // members of the envelope after the manifest: ", 20: $S"
    const char *format;   // NULL: "107({2: $W, 3: $M%s})"
};
void scene_envelope(struct scene *scene, const struct scene_parts *parts);

// Opens what was made last.
enum troth_verdict scene_judge(struct scene *scene);
enum troth_verdict scene_open_suit(struct scene *scene, const char *manifest);
enum troth_verdict scene_run(struct scene *scene, enum troth_suit_sequence sequence);

// A manifest for [h'00'] with these sequences: `rest` is ", 7: <<[3, 15]>>".
const char *scene_manifest(const char *rest);

#define SHARED_OF(more)                                                                            \
    "<<[20, {1: $V, 2: $C, 3: <<[-16, $D]>>, 14: 200, -1: 5" more "}, 1, 15, 2, 15]>>"
#define COMMON "3: <<{2: [[h'00']], 4: " SHARED_OF("") "}>>"
#define TWO_COMMON                                                                                 \
    "3: <<{2: [[h'00'], [h'01']], 4: <<[12, true, 20, {1: $V, 2: $C, 3: <<[-16, $D]>>, 14: 200, "  \
    "-1: 5}, 1, 15, 2, 15]>>}>>"
