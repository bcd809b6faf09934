#include <ledger/entry.h>

#include "replay_tables.h"

#include <base/limits.h>
#include <wire/cbor.h>

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        (void)reader_fail(r, rule);
}

/* ---- changes ---- */

static void check_octets(struct reader *r, struct bytes octets, bool is_text)
{
    expect(r, octets.n <= LIMIT_CERTIFICATE_BYTES, "a value of at most 8192 octets");
    expect(r, !is_text || octets.n == 0 || memchr(octets.p, 0, octets.n) == NULL,
           "text without NUL");
}

static void check_value(struct reader *r, enum replay_type type)
{
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_read_null(r);
        return;
    }
    switch (type) {
    case REPLAY_NO_COLUMN:
        expect(r, false, "a column of its table");
        return;
    case REPLAY_INT:
        (void)cbor_read_int(r);
        return;
    case REPLAY_TEXT:
        check_octets(r, cbor_read_text(r), true);
        return;
    case REPLAY_BLOB:
        check_octets(r, cbor_read_bytes(r), false);
        return;
    }
}

static struct bytes read_cells(struct reader *r, uint64_t table)
{
    struct cbor_map map = cbor_read_map(r);
    struct cbor_key key;
    const uint8_t *start = r->p;
    expect(r, map.left > 0, "a change of at least one column");
    while (cbor_map_next(&map, r, &key)) {
        uint64_t column = key.is_text || key.number < 0 ? 0 : (uint64_t)key.number;
        enum replay_type type = replay_column_type(table, column);
        expect(r, type != REPLAY_NO_COLUMN, "a column of its table");
        check_value(r, type);
    }
    return bytes_of(start, reader_ok(r) ? (size_t)(r->p - start) : 0);
}

static void read_change(struct reader *r, struct replay_change *ret)
{
    expect(r, cbor_read_array(r) == 3, "a change is table, row and columns");
    ret->table = cbor_read_uint(r);
    ret->id = cbor_read_int(r);
    expect(r, replay_table_name(ret->table) != NULL, "a table of the ledger");
    expect(r, ret->id > 0, "a row number above 0");
    ret->cells = read_cells(r, ret->table);
}

/* ---- the map ---- */

static void read_format(struct reader *r, struct replay_entry *ret)
{
    (void)ret;
    expect(r, cbor_read_uint(r) == 1, "format 1");
}

static void read_event(struct reader *r, struct replay_entry *ret)
{
    static const bool events[] = {
#define EVENT(number, NAME, word) [number] = true,
#include <ledger/events.def>
#undef EVENT
    };
    uint64_t event = cbor_read_uint(r);
    expect(r, event < sizeof events && events[event], "an event that is known");
    ret->event = (int64_t)event;
}

static void read_at(struct reader *r, struct replay_entry *ret)
{
    ret->at_s = cbor_read_int(r);
}

static void read_salt(struct reader *r, struct replay_entry *ret)
{
    (void)ret;
    expect(r, cbor_read_bytes(r).n == 16, "a salt of 16 octets");
}

static void read_actor_kind(struct reader *r, struct replay_entry *ret)
{
    ret->actor_kind = cbor_read_uint(r);
    expect(r, ret->actor_kind >= 1 && ret->actor_kind <= 4, "an actor that is known");
}

static void read_actor(struct reader *r, struct replay_entry *ret)
{
    ret->actor = cbor_read_int(r);
    expect(r, ret->actor != 0, "an absent actor where there is none");
}

static void read_device(struct reader *r, struct replay_entry *ret)
{
    ret->device = cbor_read_int(r);
    expect(r, ret->device != 0, "an absent device where there is none");
}

static void read_changes(struct reader *r, struct replay_entry *ret)
{
    size_t n = cbor_read_array(r);
    expect(r, n >= 1 && n <= REPLAY_CHANGES_MAX, "1 to 64 changes");
    for (ret->n = 0; reader_ok(r) && ret->n < n; ret->n++)
        read_change(r, &ret->changes[ret->n]);
}

static void read_note(struct reader *r, struct replay_entry *ret)
{
    ret->note = cbor_read_uint(r);
    expect(r, ret->note >= 1 && ret->note <= UINT32_MAX, "an error code");
}

static void read_personal(struct reader *r, struct replay_entry *ret)
{
    ret->personal = cbor_read_bytes(r);
    expect(r, ret->personal.n == 32, "a digest of 32 octets");
}

/* By key. The first five are always there. */
static void (*const readers[])(struct reader *, struct replay_entry *) = {
    [1] = read_format,     [2] = read_event,     [3] = read_at,     [4] = read_salt,
    [5] = read_actor_kind, [6] = read_actor,     [7] = read_device, [8] = read_changes,
    [9] = read_note,       [10] = read_personal,
};
#define KEYS_WANTED 5

bool replay_decode(struct bytes body, struct replay_entry *ret, const char **why)
{
    struct reader r = reader_of(body);
    struct cbor_map map = cbor_read_map(&r);
    struct cbor_key key;
    int64_t wanted = 1;
    ret->actor = ret->device = 0;
    ret->note = 0;
    ret->personal = bytes_of(NULL, 0);
    ret->n = 0;
    while (cbor_map_next(&map, &r, &key)) {
        bool is_known = !key.is_text && key.number >= 1 && key.number <= 10;
        expect(&r, is_known, "keys 1 to 10");
        expect(&r, wanted > KEYS_WANTED || key.number == wanted, "keys 1 to 5, each of them");
        if (!reader_ok(&r))
            break;
        readers[key.number](&r, ret);
        wanted++;
    }
    expect(&r, wanted > KEYS_WANTED, "keys 1 to 5, each of them");
    expect(&r, body.n <= LIMIT_ENTRY_BYTES, "at most 65535 octets");
    bool is_whole = reader_end(&r);
    *why = r.why;
    return is_whole;
}
