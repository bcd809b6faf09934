// A boot loader's core: which slot runs, and that nothing runs which is not verified now.
//
// Two slots, of which the one that is not active takes an update (A/B), or one slot for the
// application beside a recovery image that is never written. An update is tried once: whoever was
// started so confirms it, or the next start goes back. A slot is an envelope (SUIT, <troth/suit.h>)
// in front of its image. At each start signatures, key floor, vendor, class, security counter, data
// format and the image's digest are checked anew.
//
// A power cut at any flash operation leaves a device that starts verified code; what was under way
// is finished or undone. NOT here: jumping into the image, a watchdog, locking the flash; those are
// the board's.
#pragma once

#include <boot/flash.h>
#include <boot/state.h>
#include <troth/suit.h>

#define BOOT_SLOTS 2
#define BOOT_RECOVERY                                                                              \
    1 // the slot that is never written where there is one for the application alone

struct boot_layout {
    struct boot_area slots[BOOT_SLOTS];
    uint32_t envelope_n;    // octets in front of each image, whole blocks
    struct boot_area state; // an even number of blocks
    struct boot_area keys[2];
    bool is_single; // slot BOOT_RECOVERY is a recovery image
};

// What a board is built with. All of it stays.
struct boot_device {
    const struct boot_flash *flash;
    struct boot_layout layout;
    const uint8_t *vendor, *class_id, *device; // TROTH_SUIT_ID_N octets each; `device` may be NULL
    struct troth_octets component;             // encoded identifier of the image
    const struct troth_crypto *crypto;
    struct troth_octets keys; // the first key set
    uint64_t built_s;         // it is not earlier than that
};

// What was started, for evidence.
struct boot_report {
    enum troth_verdict verdict; // of what is started; where nothing is, of the active slot
    enum troth_verdict
        trial;        // of an update that was not started; TROTH_VALID: it was not confirmed
    uint8_t slot;     // BOOT_NONE: nothing may run
    uint8_t is_trial; // to be confirmed
    uint32_t sequence, counter;      // of its manifest
    uint32_t keys_sequence, signers; // of the key set, and which of its keys signed it, as bits
    uint32_t key_floor;              // that holds now
    uint32_t image_at, image_n;      // in flash
    uint64_t time_s;                 // it is not earlier: by its build, or a time somebody signed
    uint8_t digest[TROTH_HASH_N];
    // SHA-256 over the signers' keys, each as number (4 octets, big endian) and octets.
    uint8_t authority[TROTH_HASH_N];
};

// At each start.
void boot_start(const struct boot_device *device, struct boot_report *ret);

// ---- for what runs

// It is well: the slot becomes the active one and the floors rise to its image's. Where no update
// is on trial nothing changes. TROTH_PLATFORM: the flash failed, ask again.
enum troth_verdict boot_confirm(const struct boot_device *device);

// Where payloads come from that are not in the envelope: `n` octets from `offset` on.
typedef bool (*boot_fetch)(void *context, struct troth_octets uri, uint32_t offset, uint8_t *to,
                           uint32_t n);

// Puts an update into the slot that does not run, verifies it there and asks for its trial at the
// next start. Judged before anything is erased. May be called again after a power cut.
// TROTH_CONDITION: what runs is itself on trial, or is the application where a recovery image has
// to write it (boot_recover()).
enum troth_verdict boot_install(const struct boot_device *device, struct troth_octets envelope,
                                boot_fetch fetch, void *context, struct troth_fault *ret_fault);

// Takes a key set that follows the one in use. It counts at once where every slot that verifies now
// still would, else once the last that would not has been replaced and confirmed. While it waits,
// what installs is signed as both want.
enum troth_verdict boot_keys_install(const struct boot_device *device, struct troth_octets object,
                                     struct troth_fault *ret_fault);

// With a recovery image: it runs from the next start on, and may put an update into the
// application's slot. What is on trial then is not confirmed any more.
enum troth_verdict boot_recover(const struct boot_device *device);

// A time that somebody signed, in seconds since 1970: the device's floor rises to it.
enum troth_verdict boot_time_set(const struct boot_device *device, uint64_t now_s);
