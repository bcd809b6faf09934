// The parts of a manifest's reading: suit_open.c reads and judges, suit_run.c does commands.
#pragma once

#include <troth/suit.h>
#include <wire/cbor.h>

// A pass over commands: whether they are done or only judged.
enum suit_pass { SUIT_JUDGE = 0, SUIT_DO = 1 };

// Bits of troth_suit_component.has and troth_suit.held.
enum suit_parameter {
    SUIT_VENDOR = 1 << 0,
    SUIT_CLASS = 1 << 1,
    SUIT_DIGEST = 1 << 2,
    SUIT_SLOT = 1 << 3,
    SUIT_SIZE = 1 << 4,
    SUIT_CONTENT = 1 << 5,
    SUIT_URI = 1 << 6,
    SUIT_SOURCE = 1 << 7,
    SUIT_DEVICE = 1 << 8,
    SUIT_COUNTER = 1 << 9,
    SUIT_FORMAT = 1 << 10,
};

#define SUIT_SHA256 (-16) // RFC 9054

// [-16, h'32 octets']; fails the reader for anything else.
void suit_read_digest(struct reader *r, uint8_t ret[TROTH_HASH_N]);

// VALID where SHA-256 of the octets is that digest.
enum troth_verdict suit_has_digest(const struct troth_suit *suit, struct bytes octets,
                                   const uint8_t digest[TROTH_HASH_N],
                                   enum troth_verdict otherwise);

// One command sequence; `is_shared` allows what only the shared one may have.
enum troth_verdict suit_run_commands(struct troth_suit *suit, struct troth_octets commands,
                                     enum suit_pass pass, bool is_shared);

// The parameters of an override, into every chosen component (suit_parameters.c).
enum troth_verdict suit_override(struct troth_suit *suit, struct reader *r, bool is_shared);

// The content that the envelope has under that name, "#" included.
bool suit_find_payload(const struct troth_suit *suit, struct bytes name, struct troth_octets *ret);
