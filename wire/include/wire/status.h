// What boundaries hold of certificates: two bits each, in the layout of Token Status List
// (draft-ietf-oauth-status-list 4.1: index 0 in the lowest bits of the first octet).
//
// A certificate's place is its index, the number that its serial ends with (pki/serial.h), in the
// space of its issuer and expiry class; a shard is 2^20 of them. Presence is no status: an absent
// shard and an index at or above the signed high-water mark refuse, whatever the two bits say.
#pragma once

#include <wire/bytes.h>

#define STATUS_SHARD_BITS 20
#define STATUS_SHARD_SIZE (1u << STATUS_SHARD_BITS)        // indices
#define STATUS_SHARD_OCTETS (STATUS_SHARD_SIZE / 4)        // of a whole one
#define STATUS_SHARDS_MAX (1u << (32 - STATUS_SHARD_BITS)) // of a space

enum status {
    STATUS_VALID = 0,
    STATUS_INVALID = 1,    // revoked, retired, lost, or of a device that is refused
    STATUS_SUSPENDED = 2,  // quarantined
    STATUS_SUPERSEDED = 3, // replaced, and the new one was proven; in the draft: of the application
};

// Which shard of which space.
struct status_space {
    uint32_t issuer;
    uint8_t expiry_class;
    uint16_t shard; // below STATUS_SHARDS_MAX
};

static inline bool status_space_is(struct status_space a, struct status_space b)
{
    return a.issuer == b.issuer && a.expiry_class == b.expiry_class && a.shard == b.shard;
}

// Their order wherever several stand: by issuer, class, shard.
static inline bool status_space_is_before(struct status_space a, struct status_space b)
{
    if (a.issuer != b.issuer)
        return a.issuer < b.issuer;
    if (a.expiry_class != b.expiry_class)
        return a.expiry_class < b.expiry_class;
    return a.shard < b.shard;
}

static inline struct status_space status_space_of(uint32_t issuer, uint8_t expiry_class,
                                                  uint32_t number)
{
    return (struct status_space){issuer, expiry_class, (uint16_t)(number >> STATUS_SHARD_BITS)};
}

// `index` lies in the shard: the caller has held it to what the octets hold.
static inline enum status status_at(const uint8_t *octets, uint32_t index)
{
    return (enum status)(octets[index / 4] >> index % 4 * 2 & 3);
}

static inline void status_put(uint8_t *octets, uint32_t index, enum status status)
{
    unsigned at = index % 4 * 2;
    octets[index / 4] = (uint8_t)((octets[index / 4] & ~(3u << at)) | (unsigned)status << at);
}

// Octets that hold `high` indices.
static inline size_t status_octets(uint32_t high)
{
    return ((size_t)high + 3) / 4;
}
