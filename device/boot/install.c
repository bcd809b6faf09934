// Updates: into the slot that does not run, tried at the next start, confirmed by what was started.
#include "keys.h"
#include "slot.h"

#include <string.h>

#define PIECE_N 256 // octets that are fetched at once

struct install {
    struct slot_judge judge; // first: the verifier's context
    boot_fetch fetch;
    void *context;
};

// ---- what the manifest's commands do

static bool fetch_image(void *context, size_t place, struct troth_octets uri, size_t size)
{
    struct install *install = context;
    const struct boot_device *device = install->judge.device;
    struct boot_area area = slot_image(device, install->judge.slot);
    (void)place;
    if (install->fetch == NULL || size > area.n)
        return false;
    for (uint32_t at = 0; at < size; at += PIECE_N) {
        uint8_t piece[PIECE_N];
        uint32_t n = size - at < PIECE_N ? (uint32_t)size - at : PIECE_N;
        if (!install->fetch(install->context, uri, at, piece, n) ||
            !flash_write(device->flash, &area, at, piece, n))
            return false;
    }
    return true;
}

static bool write_image(void *context, size_t place, struct troth_octets content)
{
    const struct install *install = context;
    const struct boot_device *device = install->judge.device;
    struct boot_area area = slot_image(device, install->judge.slot);
    (void)place;
    return content.n <= area.n &&
           flash_write(device->flash, &area, 0, content.p, (uint32_t)content.n);
}

// ---- the update

// The slot that may be written now: not what runs, and not what a start could go back to while an
// update is on trial.
static enum troth_verdict find_target(const struct slot_judge *judge, uint8_t *ret)
{
    const struct boot_state *state = &judge->state;
    if (state->trial != BOOT_NONE && state->is_tried)
        return TROTH_CONDITION;
    if (judge->device->layout.is_single && state->active != BOOT_RECOVERY)
        return TROTH_CONDITION;
    *ret = 1 - state->active;
    return TROTH_VALID;
}

// From the envelope to an image in the slot; the envelope's place is blank after it.
static enum troth_verdict put_image(struct slot_judge *judge, struct troth_suit *suit,
                                    struct troth_fault *ret_fault)
{
    const struct boot_device *device = judge->device;
    const struct boot_area front = {device->layout.slots[judge->slot].at,
                                    device->layout.envelope_n};
    struct boot_area image = slot_image(device, judge->slot);
    bool is_there =
        troth_suit_run(suit, TROTH_SUIT_VALIDATE, ret_fault) == TROTH_VALID && suit->matched == 1;
    // The envelope goes first: from here on the slot does not start until all of it is new.
    if (!flash_erase(device->flash, &front))
        return TROTH_PLATFORM;
    if (is_there)
        return TROTH_VALID;
    if (!flash_erase(device->flash, &image))
        return TROTH_PLATFORM;
    return troth_suit_run(suit, TROTH_SUIT_INSTALL, ret_fault);
}

// By the set that waits, if there is one: what it gives up would keep it waiting for ever.
static enum troth_verdict judge_by_next(struct slot_judge *judge, struct troth_octets envelope,
                                        struct troth_suit *suit, struct troth_fault *ret_fault)
{
    const struct boot_device *device = judge->device;
    const struct boot_state *state = &judge->state;
    struct troth_keyset next;
    const struct troth_suit_trust trust = {device->crypto, &next};
    if (state->pending_keys == 0 ||
        slot_keys_read(device, state->pending_keys, state->key_floor, &next) != TROTH_VALID)
        return TROTH_VALID;
    return troth_suit_open(suit, &trust, &judge->suit_device, envelope, ret_fault);
}

static enum troth_verdict judge_update(struct slot_judge *judge, struct troth_octets envelope,
                                       struct troth_suit *suit, struct troth_fault *ret_fault)
{
    const struct boot_device *device = judge->device;
    const struct troth_suit_trust trust = {device->crypto, &judge->keys};
    enum troth_verdict verdict = judge_by_next(judge, envelope, suit, ret_fault);
    if (verdict == TROTH_VALID)
        verdict = troth_suit_open(suit, &trust, &judge->suit_device, envelope, ret_fault);
    if (verdict != TROTH_VALID)
        return verdict;
    if (!troth_suit_has(suit, TROTH_SUIT_VALIDATE) || !troth_suit_has(suit, TROTH_SUIT_INSTALL))
        return TROTH_MISSING;
    bool fits = suit->components[0].size <= slot_image(device, judge->slot).n &&
                envelope.n + BOOT_UNIT_MAX <= device->layout.envelope_n;
    return fits ? TROTH_VALID : TROTH_TOO_LARGE;
}

enum troth_verdict boot_install(const struct boot_device *device, struct troth_octets envelope,
                                boot_fetch fetch, void *context, struct troth_fault *ret_fault)
{
    struct install install = {.fetch = fetch, .context = context};
    struct slot_judge *judge = &install.judge;
    struct troth_suit suit;
    uint8_t slot;
    ret_fault->offset = 0;
    enum troth_verdict verdict = slot_judge_open(judge, device);
    if (verdict == TROTH_VALID)
        verdict = find_target(judge, &slot);
    if (verdict != TROTH_VALID)
        return verdict;
    slot_face(judge, slot);
    judge->suit_device.sequence = judge->state.sequence;
    judge->acts.fetch = fetch_image;
    judge->acts.write = write_image;
    verdict = judge_update(judge, envelope, &suit, ret_fault);
    if (verdict != TROTH_VALID)
        return verdict;

    // What was asked for before is not tried while the slot changes.
    if (judge->state.trial != BOOT_NONE) {
        judge->state.trial = BOOT_NONE;
        if (!slot_save(judge))
            return TROTH_PLATFORM;
    }
    const struct boot_area front = {device->layout.slots[slot].at, device->layout.envelope_n};
    verdict = put_image(judge, &suit, ret_fault);
    if (verdict != TROTH_VALID)
        return verdict;
    if (!slot_object_write(device, &front, envelope))
        return TROTH_PLATFORM;
    verdict = slot_verify(judge, slot, &judge->keys, &suit);
    if (verdict != TROTH_VALID)
        return verdict;
    judge->state.trial = slot;
    judge->state.is_tried = 0;
    return slot_save(judge) ? TROTH_VALID : TROTH_PLATFORM;
}

// ---- after it

static void raise(uint32_t *floor, uint32_t to)
{
    if (to > *floor)
        *floor = to;
}

// To what was confirmed; not above a recovery image, which has to start for ever.
static void raise_floors(struct slot_judge *judge, const struct troth_suit *confirmed)
{
    struct boot_state *state = &judge->state;
    uint32_t counter = confirmed->components[0].counter;
    uint32_t data_format = confirmed->components[0].newest_format;
    struct troth_suit recovery;
    raise(&state->sequence, confirmed->sequence);
    if (judge->device->layout.is_single) {
        if (slot_verify(judge, BOOT_RECOVERY, &judge->keys, &recovery) != TROTH_VALID)
            return;
        if (counter > recovery.components[0].counter)
            counter = recovery.components[0].counter;
        if (data_format > recovery.components[0].newest_format)
            data_format = recovery.components[0].newest_format;
    }
    raise(&state->counter, counter);
    raise(&state->data_format, data_format);
}

enum troth_verdict boot_confirm(const struct boot_device *device)
{
    struct slot_judge judge;
    struct troth_suit suit;
    struct boot_state *state = &judge.state;
    enum troth_verdict verdict = slot_judge_open(&judge, device);
    if (verdict != TROTH_VALID)
        return verdict;
    if (state->trial != BOOT_NONE && state->is_tried) {
        verdict = slot_verify(&judge, state->trial, &judge.keys, &suit);
        if (verdict != TROTH_VALID)
            return verdict;
        state->active = state->trial;
        state->trial = BOOT_NONE;
        state->is_tried = 0;
        raise_floors(&judge, &suit);
        if (!slot_save(&judge))
            return TROTH_PLATFORM;
    }
    return keys_settle(&judge) ? TROTH_VALID : TROTH_PLATFORM;
}

enum troth_verdict boot_recover(const struct boot_device *device)
{
    struct slot_judge judge;
    struct troth_suit suit;
    enum troth_verdict verdict = slot_judge_open(&judge, device);
    if (verdict == TROTH_VALID && !device->layout.is_single)
        verdict = TROTH_CONDITION;
    if (verdict == TROTH_VALID)
        verdict = slot_verify(&judge, BOOT_RECOVERY, &judge.keys, &suit);
    if (verdict != TROTH_VALID)
        return verdict;
    judge.state.active = BOOT_RECOVERY;
    judge.state.trial = BOOT_NONE;
    judge.state.is_tried = 0;
    return slot_save(&judge) ? TROTH_VALID : TROTH_PLATFORM;
}

enum troth_verdict boot_time_set(const struct boot_device *device, uint64_t now_s)
{
    struct slot_judge judge;
    enum troth_verdict verdict = slot_judge_open(&judge, device);
    if (verdict != TROTH_VALID || now_s <= judge.state.time_s)
        return verdict;
    judge.state.time_s = now_s;
    return slot_save(&judge) ? TROTH_VALID : TROTH_PLATFORM;
}
