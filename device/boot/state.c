#include <boot/state.h>

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

static const uint8_t *take(const uint8_t *from, uint64_t *ret, unsigned n)
{
    *ret = 0;
    for (unsigned i = 0; i < n; i++)
        *ret |= (uint64_t)*from++ << (8 * i);
    return from;
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

static bool decode(const uint8_t record[RECORD_N], struct boot_state *ret)
{
    uint8_t check[CHECK_N];
    uint64_t v[11];
    static const uint8_t widths[] = {4, 4, 1, 1, 1, 1, 4, 4, 4, 4, 4};
    check_of(record, check);
    if (memcmp(check, record + BODY_N, CHECK_N) != 0)
        return false;
    for (unsigned i = 0; i < sizeof widths; i++)
        record = take(record, &v[i], widths[i]);
    *ret = (struct boot_state){
        .number = (uint32_t)v[1],
        .active = (uint8_t)v[2],
        .trial = (uint8_t)v[3],
        .is_tried = (uint8_t)v[4],
        .keys = (uint8_t)v[5],
        .pending_keys = (uint8_t)v[6],
        .key_floor = (uint32_t)v[7],
        .counter = (uint32_t)v[8],
        .sequence = (uint32_t)v[9],
        .data_format = (uint32_t)v[10],
    };
    (void)take(record, &ret->time_s, 8);
    return v[0] == MAGIC && ret->active < 2 && (ret->trial < 2 || ret->trial == BOOT_NONE) &&
           ret->keys < 3 && ret->pending_keys < 3;
}

// ---- the journal

struct found {
    bool is_any;
    struct boot_state state;
    unsigned half;
    uint32_t next; // the first blank place behind it, in its half
};

static struct boot_area half_of(const struct boot_area *area, unsigned half)
{
    return (struct boot_area){area->at + half * (area->n / 2), area->n / 2};
}

static void look_into(const struct boot_flash *flash, const struct boot_area *area, unsigned half,
                      struct found *ret)
{
    const struct boot_area where = half_of(area, half);
    const uint8_t *octets = flash_map(flash, &where);
    uint32_t size = record_size(flash), next = 0;
    bool is_newest = false;
    for (uint32_t at = 0; at + size <= where.n; at += size) {
        struct boot_state state;
        if (flash_is_blank(octets + at, size))
            continue;
        next = at + size;
        if (!decode(octets + at, &state) || (ret->is_any && state.number <= ret->state.number))
            continue;
        is_newest = true;
        ret->is_any = true;
        ret->state = state;
        ret->half = half;
    }
    if (is_newest)
        ret->next = next;
}

static struct found find(const struct boot_flash *flash, const struct boot_area *area)
{
    struct found found = {.state = {.trial = BOOT_NONE}};
    look_into(flash, area, 0, &found);
    look_into(flash, area, 1, &found);
    return found;
}

bool state_read(const struct boot_flash *flash, const struct boot_area *area,
                struct boot_state *ret)
{
    struct found found = find(flash, area);
    *ret = found.state;
    return found.is_any;
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
    struct found found = find(flash, area);
    uint8_t record[RECORD_N];
    struct boot_area half = half_of(area, found.half);
    state->number = found.state.number + 1;
    encode(state, record);
    if (found.is_any && write_in(flash, &half, found.next, record))
        return true;
    half = half_of(area, found.is_any ? 1 - found.half : 0);
    return flash_erase(flash, &half) && write_in(flash, &half, 0, record);
}
