// SUIT manifests: draft-ietf-suit-manifest-37, envelope (tag 107) with COSE_Sign1 signatures.
//
// troth_suit_open() judges all of it before anything happens: first the signatures, then version,
// sequence number, vendor, class, counters and every command of every sequence, without doing one;
// alternatives each by the parameters that there were before them, what follows by those that all
// of them leave.
// troth_suit_run() then does one sequence. Both may be called again after a power cut, from the
// start: what is already as its digest says is not fetched, copied or written again.
//
// Taken: conditions vendor (1), class (2), image match (3), slot (5), abort (14), device (24);
// directives set component index (12), try each (15), write (18), override parameters (20), fetch
// (21), copy (22), invoke (23); parameters 1, 2, 3, 5, 14, 18, 21, 22, 24, and of our own, in the
// shared sequence:
//     -1: security counter       -2: [oldest, newest] data format that the image can read
// (without -1 it is 0; without -2 it reads no data that there is).
// SHA-256 digests, deterministic CBOR. Members 16, 20 and 23 may be severed; payloads may be in the
// envelope under "#name". Another command, parameter or member, and one that is missing, refuses.
// NOT checked: that a component is as long as its image; certificates; encryption (there is none).
#pragma once

#include <troth/keyset.h>

#define TROTH_SUIT_COMPONENTS_MAX 4
#define TROTH_SUIT_ID_N 16 // vendor, class and device: RFC 9562 UUIDs

// A part of the device that can hold an image.
struct troth_suit_place {
    struct troth_octets id; // encoded SUIT_Component_Identifier: 81 41 00 is [h'00']
    uint32_t counter;       // the security counter that it has reached
    uint32_t data_format;   // of the data that its image reads; 0: there is none yet
    uint32_t slot;          // for condition 5, chosen by the caller
};

// What the device does. Each answers false when it could not. `place` is a number in `places`.
struct troth_suit_acts {
    // Octets of a place from `offset` on, 1 to n; {NULL, 0} when it could not.
    struct troth_octets (*read)(void *context, size_t place, size_t offset, size_t n);
    bool (*fetch)(void *context, size_t place, struct troth_octets uri, size_t size);
    bool (*write)(void *context, size_t place, struct troth_octets content);
    bool (*copy)(void *context, size_t place, size_t from, size_t size);
    bool (*invoke)(void *context, size_t place);
};

struct troth_suit_device {
    const uint8_t *vendor, *class_id; // TROTH_SUIT_ID_N octets each
    const uint8_t *device;            // the same, or NULL: condition 24 never holds
    uint32_t sequence;                // lower ones are refused
    const struct troth_suit_place *places;
    size_t n;
    const struct troth_suit_acts *acts; // what is NULL in it cannot be done
    void *context;
};

struct troth_suit_trust {
    const struct troth_crypto *crypto;
    const struct troth_keyset *keys;
};

enum troth_suit_sequence {
    TROTH_SUIT_VALIDATE = 7,
    TROTH_SUIT_LOAD = 8,
    TROTH_SUIT_INVOKE = 9,
    TROTH_SUIT_FETCH = 16,
    TROTH_SUIT_INSTALL = 20,
};
#define TROTH_SUIT_SEQUENCES_N 5

// The parameters of a component, as the commands so far set them.
struct troth_suit_component {
    size_t place; // in the device's
    uint32_t has; // a bit a parameter
    struct troth_octets vendor, class_id, device, uri, content;
    uint8_t digest[TROTH_HASH_N];
    uint32_t size, slot, source, counter;
    uint32_t oldest_format, newest_format;
};

// All that an open manifest needs. It points into the envelope, the keys and the device.
struct troth_suit {
    struct troth_suit_trust trust;
    const struct troth_suit_device *device;
    struct troth_octets envelope, shared, sequences[TROTH_SUIT_SEQUENCES_N];
    uint32_t sequence; // the manifest's number
    uint32_t signers;  // bits of the key set's places
    uint32_t severed;  // members of the envelope that the manifest is still to name, as bits
    uint32_t n;
    struct troth_suit_component components[TROTH_SUIT_COMPONENTS_MAX];
    uint32_t chosen; // components that commands act on, as bits
    uint32_t held;   // conditions 1 and 2 that held, as bits
    // Components whose image was found to match in the last run, as bits. Whoever boots one wants
    // its bit: a manifest need not ask for it.
    uint32_t matched;
    const uint8_t *at;
};

// On TROTH_VALID *suit may be run. Otherwise *ret_fault has where: an offset in the envelope.
enum troth_verdict troth_suit_open(struct troth_suit *suit, const struct troth_suit_trust *trust,
                                   const struct troth_suit_device *device,
                                   struct troth_octets envelope, struct troth_fault *ret_fault);

bool troth_suit_has(const struct troth_suit *suit, enum troth_suit_sequence sequence);

// The shared sequence and that one. TROTH_MISSING where the manifest has not got it.
enum troth_verdict troth_suit_run(struct troth_suit *suit, enum troth_suit_sequence sequence,
                                  struct troth_fault *ret_fault);
