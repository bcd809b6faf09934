#include <boot/state.h>
#include <troth/same.h>

#include <string.h>

#define MAGIC 0x31425254u // "TRB1"
#define BODY_N 40
#define CHECK_N 16 // octets of a SHA-256 over the body
#define RECORD_N (BODY_N + CHECK_N)

static uint32_t record_size(const struct boot_flash *flash)
{
    return (RECORD_N + flash->write_n - 1) / flash->write_n * flash->write_n;
}

// ---- one record

static uint8_t *put(uint8_t *to, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        *to++ = (uint8_t)(v >> (8 * i));
    return to;
}

static void check_of(const uint8_t body[BODY_N], uint8_t ret[CHECK_N])
{
    struct troth_sha256 hash;
    uint8_t digest[TROTH_HASH_N];
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, body, BODY_N);
    troth_sha256_end(&hash, digest);
    memcpy(ret, digest, CHECK_N);
}

static void encode(const struct boot_state *state, uint8_t ret[RECORD_N])
{
    uint8_t *to = put(ret, MAGIC, 4);
    to = put(to, state->number, 4);
    to = put(to, state->active, 1);
    to = put(to, state->trial, 1);
    to = put(to, state->is_tried, 1);
    to = put(to, state->keys, 1);
    to = put(to, state->pending_keys, 4);
    to = put(to, state->key_floor, 4);
    to = put(to, state->counter, 4);
    to = put(to, state->sequence, 4);
    to = put(to, state->data_format, 4);
    to = put(to, state->time_s, 8);
    check_of(ret, to);
}

// 0 where the record is whole. By arithmetic, without a loop: a wrong turn here would leave records
// out, and a device without one is new (docs/decisions/boot.md).
static uint32_t decode(const uint8_t record[RECORD_N], struct boot_state *ret)
{
    uint8_t check[CHECK_N];
    check_of(record, check);
    *ret = (struct boot_state){
        .number = flash_u32(record + 4),
        .active = record[8],
        .trial = record[9],
        .is_tried = record[10],
        .keys = record[11],
        .pending_keys = record[12],
        .key_floor = flash_u32(record + 16),
        .counter = flash_u32(record + 20),
        .sequence = flash_u32(record + 24),
        .data_format = flash_u32(record + 28),
        .time_s = (uint64_t)flash_u32(record + 36) << 32 | flash_u32(record + 32),
    };
    uint8_t behind_none = (uint8_t)(ret->trial - BOOT_NONE); // 0: BOOT_NONE; 1 and 2: a slot
    uint32_t is_sane = is_under(ret->active, 2) & is_under(behind_none, 3) &
                       is_under(ret->keys, 3) & is_under(ret->pending_keys, 3);
    const uint8_t *wanted = record + BODY_N;
    return (flash_u32(record) ^ MAGIC) | (is_sane ^ 1) | (flash_u32(check) ^ flash_u32(wanted)) |
           (flash_u32(check + 4) ^ flash_u32(wanted + 4)) |
           (flash_u32(check + 8) ^ flash_u32(wanted + 8)) |
           (flash_u32(check + 12) ^ flash_u32(wanted + 12));
}

// ---- the journal

struct found {
    uint32_t number; // of the newest whole record; 0: there is none
    uint32_t half, at;
};

static struct boot_area half_of(const struct boot_area *area, uint32_t half)
{
    return (struct boot_area){area->at + half * (area->n / 2), area->n / 2};
}

// From its end on, so that only what is newer than all before is hashed. Not 0 where a place was
// passed over, or looked at, that should not have been.
static uint32_t look_into(const struct boot_flash *flash, const struct boot_area *area,
                          uint32_t half, struct found *ret)
{
    const struct boot_area where = half_of(area, half);
    const uint8_t *octets = flash_map(flash, &where);
    uint32_t size = record_size(flash), amiss = 0;
    volatile uint32_t left = where.n - where.n % size;
    while (left > 0) {
        left -= size;
        uint32_t at = left, number = flash_u32(octets + at + 4);
        uint32_t differs = flash_u32(octets + at) ^ MAGIC;
        volatile uint32_t is_newer = is_under(ret->number, number) & ~is_nonzero(differs);
        struct boot_state state;
        if (is_newer == 0) {
            amiss |= is_newer;
            continue;
        }
        amiss |= is_newer ^ 1;
        uint32_t is_whole = is_nonzero(decode(octets + at, &state)) ^ 1;
        ret->number = either(is_whole, number, ret->number);
        ret->half = either(is_whole, half, ret->half);
        ret->at = either(is_whole, at, ret->at);
    }
    return amiss | left;
}

static uint32_t find(const struct boot_flash *flash, const struct boot_area *area,
                     struct found *ret)
{
    *ret = (struct found){0};
    return look_into(flash, area, 0, ret) | look_into(flash, area, 1, ret);
}

// Found twice, as one wrong turn in the hash of the newest would lead to the one before it.
enum troth_verdict state_read(const struct boot_flash *flash, const struct boot_area *area,
                              struct boot_state *ret)
{
    struct found found, again;
    uint32_t amiss = find(flash, area, &found) | find(flash, area, &again);
    *ret = (struct boot_state){.trial = BOOT_NONE};
    if (found.number != 0) {
        const struct boot_area half = half_of(area, found.half);
        amiss |= decode(flash_map(flash, &half) + found.at, ret);
    }
    return valid_if_zero(amiss | (ret->number ^ again.number), TROTH_FAULT);
}

// At the first place from `at` on that takes it.
static bool write_in(const struct boot_flash *flash, const struct boot_area *half, uint32_t at,
                     const uint8_t record[RECORD_N])
{
    uint32_t size = record_size(flash);
    for (; at + size <= half->n; at += size)
        if (flash_is_blank(flash_map(flash, half) + at, size) &&
            flash_write(flash, half, at, record, RECORD_N))
            return true;
    return false;
}

bool state_write(const struct boot_flash *flash, const struct boot_area *area,
                 struct boot_state *state)
{
    struct found found;
    uint8_t record[RECORD_N];
    if (find(flash, area, &found) != 0)
        return false;
    struct boot_area half = half_of(area, found.half);
    state->number = found.number + 1;
    encode(state, record);
    if (found.number != 0 && write_in(flash, &half, found.at + record_size(flash), record))
        return true;
    half = half_of(area, found.number != 0 ? 1 - found.half : 0);
    return flash_erase(flash, &half) && write_in(flash, &half, 0, record);
}
