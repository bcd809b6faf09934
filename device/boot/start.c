// Which slot runs.
#include "keys.h"
#include "slot.h"

#include <string.h>

static void hash_number(const struct troth_hash *hash, union troth_hash_state *state, uint32_t v)
{
    const uint8_t octets[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                               (uint8_t)v};
    hash->add(state, octets, sizeof octets);
}

static void tell_authority(const struct slot_judge *judge, struct boot_report *ret)
{
    const struct troth_hash *hash = judge->device->crypto->hash;
    union troth_hash_state state;
    hash->begin(&state);
    for (size_t i = 0; i < judge->keys.n; i++) {
        const struct troth_key *key = &judge->keys.keys[i];
        if ((ret->signers >> i & 1) == 0)
            continue;
        hash_number(hash, &state, key->number);
        hash->add(&state, key->octets.p, key->octets.n);
    }
    hash->end(&state, ret->authority);
}

static void tell(const struct slot_judge *judge, uint8_t slot, const struct troth_suit *suit,
                 struct boot_report *ret)
{
    const struct troth_suit_component *image = &suit->components[0];
    ret->slot = slot;
    ret->sequence = suit->sequence;
    ret->counter = image->counter;
    ret->keys_sequence = judge->keys.sequence;
    ret->signers = suit->signers;
    ret->key_floor = judge->keys.floor;
    ret->image_at = slot_image(judge->device, slot).at;
    ret->image_n = image->size;
    memcpy(ret->digest, image->digest, sizeof ret->digest);
    tell_authority(judge, ret);
}

// Verified, the slot is what runs; else *ret_verdict says why not.
static bool take(struct slot_judge *judge, uint8_t slot, struct boot_report *ret,
                 enum troth_verdict *ret_verdict)
{
    struct troth_suit suit;
    *ret_verdict = slot_verify(judge, slot, &judge->keys, &suit);
    if (*ret_verdict != TROTH_VALID)
        return false;
    tell(judge, slot, &suit, ret);
    return true;
}

// An update that was asked for. It runs only once that it was tried is written down, so never twice
// without being confirmed.
static bool try_update(struct slot_judge *judge, struct boot_report *ret)
{
    struct boot_state *state = &judge->state;
    uint8_t slot = state->trial;
    if (slot == BOOT_NONE)
        return false;
    ret->trial = TROTH_VALID;
    if (!state->is_tried && take(judge, slot, ret, &ret->trial)) {
        state->is_tried = 1;
        ret->is_trial = 1;
        ret->verdict = ret->trial;
        if (slot_save(judge))
            return true;
        ret->trial = TROTH_PLATFORM;
    }
    state->trial = BOOT_NONE;
    state->is_tried = 0;
    (void)slot_save(judge);
    return false;
}

void boot_start(const struct boot_device *device, struct boot_report *ret)
{
    struct slot_judge judge;
    enum troth_verdict other;
    memset(ret, 0, sizeof *ret);
    ret->slot = BOOT_NONE;
    ret->verdict = slot_judge_open(&judge, device);
    ret->time_s = judge.state.time_s > device->built_s ? judge.state.time_s : device->built_s;
    if (ret->verdict != TROTH_VALID || try_update(&judge, ret))
        return;
    ret->is_trial = 0;
    ret->slot = BOOT_NONE;
    (void)keys_settle(&judge);
    uint8_t active = judge.state.active;
    if (take(&judge, active, ret, &ret->verdict) || !take(&judge, 1 - active, ret, &other))
        return;
    ret->verdict = other;
    judge.state.active = 1 - active;
    (void)slot_save(&judge);
}
