#include "model.h"

#include <stdlib.h>
#include <string.h>

uint64_t model_random(struct model *model)
{
    uint64_t x = model->random; /* xorshift64* */
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    model->random = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

void model_stick(struct model *model)
{
    uint8_t *octet = model->octets + model->stuck.at;
    if (model->done >= model->stuck.since)
        *octet = (uint8_t)((*octet & ~model->stuck.zeroes) | model->stuck.ones);
}

static bool is_worn(const struct model *model, uint32_t block)
{
    return model->endurance != 0 && model->wear[block] > model->endurance;
}

bool model_is_spoilt(const struct model *model, uint32_t at, uint32_t n)
{
    bool sticks = (model->stuck.zeroes | model->stuck.ones) != 0;
    return is_worn(model, at / model->flash.erase_n) ||
           (sticks && model->stuck.at >= at && model->stuck.at < at + n);
}

static void begin(struct model *model, bool is_erase, uint32_t at, const uint8_t *octets)
{
    model->now.is_erase = is_erase;
    model->now.at = at;
    model->now.octets = octets;
    if (model->watch != NULL)
        model->watch(model);
    model->done++;
}

static bool erase(void *context, uint32_t at)
{
    struct model *model = context;
    uint32_t n = model->flash.erase_n;
    if (at % n != 0 || at >= model->n)
        model->violation = "an erasure that is not of a block";
    begin(model, true, at, NULL);
    model->wear[at / n]++;
    if (is_worn(model, at / n)) {
        model_tear(model, model);
        return model_random(model) % 2 == 0;
    }
    memset(model->octets + at, BOOT_BLANK, n);
    model_stick(model);
    return true;
}

static bool write(void *context, uint32_t at, const void *octets, uint32_t n)
{
    struct model *model = context;
    if (n != model->flash.write_n || at % n != 0 || at + n > model->n)
        model->violation = "a write that is not of a unit";
    else if (!flash_is_blank(model->octets + at, n) && !model_is_spoilt(model, at, n))
        model->violation = "a unit that is written twice";
    begin(model, false, at, octets);
    for (uint32_t i = 0; i < n; i++)
        model->octets[at + i] &= ((const uint8_t *)octets)[i];
    model_stick(model);
    return true;
}

static const uint8_t *map(void *context, uint32_t at, uint32_t n)
{
    struct model *model = context;
    if (at > model->n || n > model->n - at)
        model->violation = "a reading outside the flash";
    return model->octets + at;
}

void model_open(struct model *model, const struct geometry *geometry, uint32_t n, uint64_t seed)
{
    *model = (struct model){
        .flash = {geometry->erase_n, geometry->write_n, erase, write, map, model},
        .octets = malloc(n),
        .n = n,
        .wear = calloc(n / geometry->erase_n, sizeof *model->wear),
        .random = seed * 2 + 1,
    };
    if (model->octets == NULL || model->wear == NULL)
        abort();
    memset(model->octets, BOOT_BLANK, n);
}

void model_close(struct model *model)
{
    free(model->octets);
    free(model->wear);
}

void model_copy(struct model *to, const struct model *from)
{
    memcpy(to->octets, from->octets, from->n);
    memcpy(to->wear, from->wear, from->n / from->flash.erase_n * sizeof *from->wear);
    to->endurance = from->endurance;
    to->stuck = from->stuck;
    to->stuck.since -= from->done < from->stuck.since ? from->done : from->stuck.since;
    to->violation = from->violation;
    to->watch = NULL;
    to->done = 0;
}

/* Some of the bits that were to change have changed: none, all, those up to somewhere, or any. */
static uint8_t part_of(uint8_t before, uint8_t after, uint64_t random)
{
    return (uint8_t)(before ^ ((before ^ after) & (uint8_t)random));
}

void model_tear(struct model *model, const struct model *during)
{
    uint32_t n = during->now.is_erase ? model->flash.erase_n : model->flash.write_n;
    uint64_t how = model_random(model) % 4;
    uint32_t whole = (uint32_t)(model_random(model) % (n + 1));
    for (uint32_t i = 0; i < n && how > 0; i++) {
        uint8_t *octet = model->octets + during->now.at + i;
        uint8_t after = during->now.is_erase ? BOOT_BLANK : *octet & during->now.octets[i];
        uint64_t bits = how == 1 ? 0xff : how == 2 ? (i < whole ? 0xff : 0) : model_random(model);
        *octet = part_of(*octet, after, bits);
    }
    model_stick(model);
}
