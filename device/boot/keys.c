#include "keys.h"

// Would a slot that starts now not start by the set that waits?
static bool is_needed(struct slot_judge *judge, const struct troth_keyset *next)
{
    struct troth_suit suit;
    for (uint8_t slot = 0; slot < BOOT_SLOTS; slot++)
        if (slot_verify(judge, slot, &judge->keys, &suit) == TROTH_VALID &&
            slot_verify(judge, slot, next, &suit) != TROTH_VALID)
            return true;
    return false;
}

bool keys_settle(struct slot_judge *judge)
{
    struct boot_state *state = &judge->state;
    struct troth_keyset next;
    if (state->pending_keys == 0 || state->trial != BOOT_NONE)
        return true;
    if (slot_keys_read(judge->device, state->pending_keys, state->key_floor, &next) !=
            TROTH_VALID ||
        next.sequence <= judge->keys.sequence) {
        state->pending_keys = 0; // a power cut left it in part: whoever sent it sends it again
        return slot_save(judge);
    }
    if (is_needed(judge, &next))
        return true;
    state->keys = state->pending_keys;
    state->pending_keys = 0;
    state->key_floor = next.floor;
    judge->keys = next;
    return slot_save(judge);
}

// The set that a new one has to follow: what waits, or what is in use.
static void read_last(const struct slot_judge *judge, struct troth_keyset *ret)
{
    const struct boot_state *state = &judge->state;
    if (state->pending_keys == 0 ||
        slot_keys_read(judge->device, state->pending_keys, state->key_floor, ret) != TROTH_VALID)
        *ret = judge->keys;
}

// Into a copy that is not in use, which nothing points to while it is written; where both are free
// the second is for flash that does not hold the first. 0: neither holds it.
static uint8_t write_copy(const struct slot_judge *judge, struct troth_octets object)
{
    const struct boot_device *device = judge->device;
    for (uint8_t copy = 1; copy <= 2; copy++) {
        const struct boot_area *area = &device->layout.keys[copy - 1];
        if (copy != judge->state.keys && flash_erase(device->flash, area) &&
            slot_object_write(device, area, object))
            return copy;
    }
    return 0;
}

enum troth_verdict boot_keys_install(const struct boot_device *device, struct troth_octets object,
                                     struct troth_fault *ret_fault)
{
    struct slot_judge judge;
    struct troth_keyset last, next;
    ret_fault->offset = 0;
    enum troth_verdict verdict = slot_judge_open(&judge, device);
    if (verdict != TROTH_VALID)
        return verdict;
    read_last(&judge, &last);
    verdict = troth_keyset_follow(device->crypto, &last, object, &next, ret_fault);
    if (verdict != TROTH_VALID)
        return verdict;

    if (judge.state.pending_keys != 0) {
        judge.state.pending_keys = 0;
        if (!slot_save(&judge))
            return TROTH_PLATFORM;
    }
    judge.state.pending_keys = write_copy(&judge, object);
    if (judge.state.pending_keys == 0)
        return TROTH_PLATFORM;
    return slot_save(&judge) && keys_settle(&judge) ? TROTH_VALID : TROTH_PLATFORM;
}
