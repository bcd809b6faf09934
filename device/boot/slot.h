// A slot and the keys that it is judged by: shared by start, install and keys.
#pragma once

#include <boot/boot.h>

// What a device knows when it judges.
struct slot_judge {
    const struct boot_device *device;
    struct boot_state state;
    struct troth_keyset keys;
    struct troth_suit_place place;
    struct troth_suit_device suit_device;
    struct troth_suit_acts acts;
    uint8_t slot;
    volatile enum troth_verdict opened; // by slot_judge_open(): no slot is valid without it
};

// State and keys from flash; keys that flash does not hold whole are those of the boot loader.
enum troth_verdict slot_judge_open(struct slot_judge *judge, const struct boot_device *device);

// Writes the state down.
bool slot_save(struct slot_judge *judge);

// The copy of that number (1 or 2), or what the boot loader was built with (0).
enum troth_verdict slot_keys_read(const struct boot_device *device, uint8_t copy, uint32_t floor,
                                  struct troth_keyset *ret);

// The slot's image, behind the envelope.
struct boot_area slot_image(const struct boot_device *device, uint8_t slot);

// Is what lies in the slot whole, and signed for this device by these keys? *suit stays open.
enum troth_verdict slot_verify(struct slot_judge *judge, uint8_t slot,
                               const struct troth_keyset *keys, struct troth_suit *suit);

// Readies `judge` for a manifest about that slot.
void slot_face(struct slot_judge *judge, uint8_t slot);

// An object in an area behind its length: an envelope, a key set.
#define SLOT_HEAD_N 8
struct troth_octets slot_object(const struct boot_device *device, const struct boot_area *area);
bool slot_object_write(const struct boot_device *device, const struct boot_area *area,
                       struct troth_octets object);
