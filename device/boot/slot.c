#include "slot.h"

#include <troth/same.h>

#include <string.h>

#define OBJECT_MAGIC 0x4a424f54u // "TOBJ"

static void put_u32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

// ---- objects

static uint32_t head_size(const struct boot_flash *flash)
{
    return flash->write_n > SLOT_HEAD_N ? flash->write_n : SLOT_HEAD_N;
}

struct troth_octets slot_object(const struct boot_device *device, const struct boot_area *area)
{
    const uint8_t *octets = flash_map(device->flash, area);
    uint32_t head_n = head_size(device->flash), n = flash_u32(octets + 4);
    if (flash_u32(octets) != OBJECT_MAGIC || n == 0 || n > area->n - head_n)
        return (struct troth_octets){NULL, 0};
    return (struct troth_octets){octets + head_n, n};
}

// The head comes last: without it nothing is there.
bool slot_object_write(const struct boot_device *device, const struct boot_area *area,
                       struct troth_octets object)
{
    uint32_t head_n = head_size(device->flash);
    uint8_t head[SLOT_HEAD_N];
    if (object.n == 0 || object.n > area->n - head_n)
        return false;
    put_u32(head, OBJECT_MAGIC);
    put_u32(head + 4, (uint32_t)object.n);
    return flash_write(device->flash, area, head_n, object.p, (uint32_t)object.n) &&
           flash_write(device->flash, area, 0, head, sizeof head);
}

// ---- keys

enum troth_verdict slot_keys_read(const struct boot_device *device, uint8_t copy, uint32_t floor,
                                  struct troth_keyset *ret)
{
    const struct boot_area *kept = device->layout.keys;
    const struct troth_octets objects[] = {device->keys, slot_object(device, &kept[0]),
                                           slot_object(device, &kept[1])};
    struct troth_fault fault;
    if (copy >= sizeof objects / sizeof objects[0] || objects[copy].p == NULL)
        return TROTH_MISSING;
    return troth_keyset_read(objects[copy], floor, ret, &fault);
}

// A copy is passed over only where it does not read twice: the first set may have keys that were
// given up since.
static enum troth_verdict read_keys(struct slot_judge *judge)
{
    const struct boot_device *device = judge->device;
    const struct boot_state *state = &judge->state;
    volatile enum troth_verdict first =
        slot_keys_read(device, state->keys, state->key_floor, &judge->keys);
    if (first == TROTH_VALID)
        return first;
    enum troth_verdict again = slot_keys_read(device, state->keys, state->key_floor, &judge->keys);
    uint32_t is_bad = is_nonzero((uint32_t)first ^ TROTH_VALID) & is_nonzero(again ^ TROTH_VALID);
    return both(valid_if_zero(is_bad ^ 1, TROTH_FAULT),
                slot_keys_read(device, 0, state->key_floor, &judge->keys));
}

enum troth_verdict slot_judge_open(struct slot_judge *judge, const struct boot_device *device)
{
    memset(judge, 0, sizeof *judge);
    judge->device = device;
    enum troth_verdict read = state_read(device->flash, &device->layout.state, &judge->state);
    judge->opened = both(read, read_keys(judge));
    return judge->opened;
}

bool slot_save(struct slot_judge *judge)
{
    return state_write(judge->device->flash, &judge->device->layout.state, &judge->state);
}

// ---- slots

struct boot_area slot_image(const struct boot_device *device, uint8_t slot)
{
    const struct boot_area *whole = &device->layout.slots[slot];
    uint32_t front = device->layout.envelope_n;
    return (struct boot_area){whole->at + front, whole->n - front};
}

static struct troth_octets read_image(void *context, size_t place, size_t offset, size_t n)
{
    const struct slot_judge *judge = context;
    struct boot_area area = slot_image(judge->device, judge->slot);
    (void)place;
    if (offset > area.n)
        return (struct troth_octets){NULL, 0};
    size_t left = area.n - offset;
    return (struct troth_octets){flash_map(judge->device->flash, &area) + offset,
                                 n < left ? n : left};
}

void slot_face(struct slot_judge *judge, uint8_t slot)
{
    const struct boot_device *device = judge->device;
    judge->slot = slot;
    judge->place = (struct troth_suit_place){
        .id = device->component,
        .counter = judge->state.counter,
        .data_format = judge->state.data_format,
        .slot = slot,
    };
    judge->acts.read = read_image;
    judge->suit_device = (struct troth_suit_device){
        .vendor = device->vendor,
        .class_id = device->class_id,
        .device = device->device,
        .places = &judge->place,
        .n = 1,
        .acts = &judge->acts,
        .context = judge,
    };
}

enum troth_verdict slot_verify(struct slot_judge *judge, uint8_t slot,
                               const struct troth_keyset *keys, struct troth_suit *suit)
{
    const struct boot_device *device = judge->device;
    const struct boot_area front = {device->layout.slots[slot].at, device->layout.envelope_n};
    const struct troth_suit_trust trust = {device->crypto, keys};
    struct troth_fault fault;
    struct troth_octets envelope = slot_object(device, &front);
    if (envelope.p == NULL)
        return TROTH_MISSING;
    slot_face(judge, slot);
    volatile enum troth_verdict opened =
        troth_suit_open(suit, &trust, &judge->suit_device, envelope, &fault);
    if (opened != TROTH_VALID)
        return refusal(opened);
    volatile enum troth_verdict validated = troth_suit_run(suit, TROTH_SUIT_VALIDATE, &fault);
    if (validated != TROTH_VALID)
        return refusal(validated);
    // A manifest need not ask for the image's digest: a boot loader does.
    return both(both(judge->opened, both(opened, validated)),
                valid_if_zero(suit->matched ^ 1, TROTH_MISSING));
}
