#include "fixture.h"

#include <base/file.h>
#include <ledger/replay.h>
#include <trust/bulk.h>
#include <trust/words.h>
#include <wire/cbor.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The smallest entry, in parts that a case can leave out or make wrong. */
struct parts {
    uint64_t format, event, actor_kind;
    int64_t at_s;
    size_t salt_n;
    const char *tail; /* hex of the pairs after key 5 */
    unsigned tail_pairs;
};

static const struct parts sound = {1, 1, 1, 100, 16, "", 0};

static struct bytes entry_of(const struct parts *parts)
{
    static uint8_t room[512];
    static const uint8_t salt[32];
    struct buf out = buf_over(room, sizeof room);
    cbor_write_map(&out, 5 + parts->tail_pairs);
    cbor_write_uint(&out, 1);
    cbor_write_uint(&out, parts->format);
    cbor_write_uint(&out, 2);
    cbor_write_uint(&out, parts->event);
    cbor_write_uint(&out, 3);
    cbor_write_int(&out, parts->at_s);
    cbor_write_uint(&out, 4);
    cbor_write_bytes(&out, bytes_of(salt, parts->salt_n));
    cbor_write_uint(&out, 5);
    cbor_write_uint(&out, parts->actor_kind);
    for (const char *hex = parts->tail; *hex != '\0'; hex += 2) {
        unsigned octet = 0;
        assert_int_equal(sscanf(hex, "%2x", &octet), 1);
        buf_put_u8(&out, (uint8_t)octet);
    }
    return buf_bytes(&out);
}

static struct replay *fresh(void)
{
    struct replay *replay = NULL;
    assert_int_equal(replay_new(&sha256_for_merkle, &replay, NULL), OK);
    return replay;
}

static void assert_lines(struct replay *replay, const char *wanted)
{
    char text[2048];
    size_t n = 0;
    struct bytes line;
    replay_begin_lines(replay);
    while (replay_next_line(replay, &line))
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s\n", (int)line.n,
                              (const char *)line.p);
    text[n] = '\0';
    assert_string_equal(text, wanted);
}

static void what_no_writer_makes_is_no_entry(void **state)
{
    (void)state;
    static const struct parts bad[] = {
        {2, 1, 1, 100, 16, "", 0}, /* format */
        {1, 0, 1, 100, 16, "", 0}, /* event */
        {1, 999, 1, 100, 16, "", 0},
        {1, 1, 0, 100, 16, "", 0}, /* actor kind */
        {1, 1, 5, 100, 16, "", 0},
        {1, 1, 1, 100, 15, "", 0},     /* salt */
        {1, 1, 1, 100, 16, "0600", 1}, /* an actor of 0 is left out */
        {1, 1, 1, 100, 16, "0700", 1},
        {1, 1, 1, 100, 16, "0880", 1},                 /* no change at all */
        {1, 1, 1, 100, 16, "08818204a10501", 1},       /* two parts */
        {1, 1, 1, 100, 16, "088183186301a10501", 1},   /* a table that is not there */
        {1, 1, 1, 100, 16, "0881831401a10501", 1},     /* the ledger itself */
        {1, 1, 1, 100, 16, "088183182001a10501", 1},   /* an observation */
        {1, 1, 1, 100, 16, "0881830400a10501", 1},     /* row 0 */
        {1, 1, 1, 100, 16, "0881830420a10501", 1},     /* row -1 */
        {1, 1, 1, 100, 16, "0881830401a0", 1},         /* no column */
        {1, 1, 1, 100, 16, "0881830401a11401", 1},     /* column 20 of device */
        {1, 1, 1, 100, 16, "0881830401a1616101", 1},   /* a column by name */
        {1, 1, 1, 100, 16, "0881830401a1056131", 1},   /* text for a number */
        {1, 1, 1, 100, 16, "0881830401a10201", 1},     /* a number for text */
        {1, 1, 1, 100, 16, "0881830401a1026100", 1},   /* text with NUL */
        {1, 1, 1, 100, 16, "0881830401a205010501", 1}, /* a column twice */
        {1, 1, 1, 100, 16, "0900", 1},                 /* no error code is 0 */
        {1, 1, 1, 100, 16, "0a4101", 1},               /* a digest of one octet */
        {1, 1, 1, 100, 16, "0b01", 1},                 /* key 11 */
        {1, 1, 1, 100, 16, "00", 0},                   /* an octet more */
    };
    CLEANUP(replay_freep) struct replay *replay = fresh();
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        if (replay_add(replay, entry_of(&bad[i]), NULL, NULL) != R_CORRUPT)
            fail_msg("case %zu was taken", i);
    assert_int_equal(replay_add(replay, bytes_of(NULL, 0), NULL, NULL), R_CORRUPT);
    assert_int_equal(replay_add(replay, bytes_text("\xa0"), NULL, NULL), R_CORRUPT);
    assert_int_equal(replay_size(replay), 0);
    assert_lines(replay, "");
}

static void every_cut_of_an_entry_is_refused(void **state)
{
    (void)state;
    struct parts parts = sound;
    parts.tail = "0881830401a10501";
    parts.tail_pairs = 1;
    CLEANUP(replay_freep) struct replay *replay = fresh();
    struct bytes whole = entry_of(&parts);
    for (size_t n = 0; n < whole.n; n++)
        assert_int_equal(replay_add(replay, bytes_of(whole.p, n), NULL, NULL), R_CORRUPT);
    assert_int_equal(replay_add(replay, whole, NULL, NULL), OK);
}

static void time_that_goes_back_is_refused(void **state)
{
    (void)state;
    struct parts parts = sound;
    struct err err;
    CLEANUP(replay_freep) struct replay *replay = fresh();
    parts.at_s = -5;
    assert_int_equal(replay_add(replay, entry_of(&parts), NULL, &err), OK);
    assert_int_equal(replay_add(replay, entry_of(&parts), NULL, &err), OK);
    parts.at_s = -6;
    assert_int_equal(replay_add(replay, entry_of(&parts), NULL, &err), R_CORRUPT);
    assert_string_equal(err.text, "entry 2: its time is before that of the entry before it");
}

static void changes_are_laid_over_each_other(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "0881830401a205010b01",         /* device 1: state=1 version=1 */
        "0881830401a30107026241310503", /* product=7 serial_number="A1" state=3 */
        "0881830401a201f60b02",         /* product gone, version=2 */
        "0881830105a1016178",           /* product 5: name="x" */
    };
    CLEANUP(replay_freep) struct replay *replay = fresh();
    for (size_t i = 0; i < LENGTH_OF(steps); i++) {
        struct parts parts = sound;
        parts.tail = steps[i];
        parts.tail_pairs = 1;
        struct err err = {0};
        if (replay_add(replay, entry_of(&parts), NULL, &err) != OK)
            fail_msg("%s", err.text);
    }
    assert_lines(replay, "product 5 name=\"x\"\n"
                         "device 1 serial_number=\"A1\" state=3 version=2\n");
    struct bytes found;
    assert_true(replay_find(replay, TABLE_DEVICE, 1, 2, &found));
    assert_true(bytes_equal(found, bytes_text("A1")));
    assert_false(replay_find(replay, TABLE_DEVICE, 1, 1, &found));
    assert_false(replay_find(replay, TABLE_DEVICE, 2, 2, &found));
}

/* ---- against the writer ---- */

static enum result replay_one(void *ctx, const struct entry *entry, struct err *err)
{
    return replay_add(ctx, entry->body, NULL, err);
}

static enum result compare_line(void *ctx, const char *line, size_t n, struct err *err)
{
    struct bytes replayed;
    if (!replay_next_line(ctx, &replayed) || !bytes_equal(replayed, bytes_of(line, n)))
        return err_set(err, E_LEDGER, "%.*s", (int)n, line);
    return OK;
}

static void assert_replay_equals(struct fixture *f)
{
    uint8_t root[32], replayed[32];
    struct bytes line;
    CLEANUP(replay_freep) struct replay *replay = fresh();
    assert_ok(store_entries(f->store, 0, UINT64_MAX, replay_one, replay, &f->err));
    ledger_root(f->ledger, root);
    replay_root(replay, replayed);
    assert_memory_equal(root, replayed, 32);
    assert_int_equal(replay_size(replay), ledger_size(f->ledger));
    replay_begin_lines(replay);
    assert_ok(store_dump(f->store, compare_line, replay, &f->err));
    assert_false(replay_next_line(replay, &line));
}

/* A cell of every type, at its edges. */
static void put_any(struct change *change, const struct column_info *column, unsigned seed)
{
    static const int64_t numbers[] = {0, -1, 23, 24, 255, 65536, INT64_MAX, INT64_MIN};
    static const uint8_t octets[] = "\x00\xff\"\\ x=\x7f";
    if (seed % 7 == 0)
        change_null(change, column->column);
    else if (column->type == TYPE_INT)
        change_int(change, column->column, numbers[seed % LENGTH_OF(numbers)]);
    else if (column->type == TYPE_TEXT)
        change_text(change, column->column,
                    seed % 2 ? bytes_text("caf\xc3\xa9 \"x\" y=1\\\n") : bytes_of(NULL, 0));
    else
        change_blob(change, column->column, bytes_of(octets, seed % sizeof octets));
}

/* Columns that the schema holds to a form are for other tests. */
static bool is_free(enum column column)
{
    return column != COL_CERTIFICATE_SERIAL && column != COL_CERTIFICATE_NUMBER &&
           column != COL_PRODUCT_NAME && column != COL_DEVICE_SERIAL_NUMBER &&
           column != COL_DEVICE_REGISTERED && column != COL_DEVICE_BAD_KEY &&
           column != COL_TOKEN_HASH && column != COL_OPERATOR_NAME && column != COL_APPROVAL_HASH &&
           column != COL_EPOCH_ROOT && column != COL_EPOCH_LOST_ROOT &&
           column != COL_DEVICE_OWNER && column != COL_FOREIGN_SERIAL &&
           column != COL_FOREIGN_SUBJECT && column != COL_FOREIGN_DIGEST &&
           column != COL_BULK_DIGEST && column != COL_BACKUP_NOTE_ROOT &&
           column != COL_BOUNDARY_NAME && column != COL_BOUNDARY_SPKI &&
           column != COL_BOUNDARY_TOKEN_HASH && column != COL_BOUNDARY_TOKEN_SPKI &&
           /* what replay judges: test_transfer.c, test_decisions.c */
           column / COLUMNS_PER_TABLE != TABLE_TRANSFER &&
           column / COLUMNS_PER_TABLE != TABLE_POLICY && column / COLUMNS_PER_TABLE != TABLE_WAIVER;
}

static void every_column_of_every_table_replays(void **state)
{
    struct fixture *f = *state;
    struct act act;
    const struct table_info *table;
    unsigned seed = 0;
    assert_ok(store_begin(f->store, &f->err));
    for (unsigned round = 0; round < 200; round++) {
        act_begin(&act, EVENT_DEVICE_IMPORTED, round, (struct actor){ACTOR_CORE, 0}, 0);
        for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
            const struct column_info *column;
            if (table->kind != KIND_LEDGER || table->table == TABLE_ENTRY)
                continue;
            struct change *change = act_change(&act, table->table, 1 + round % 5);
            for (size_t k = 0; (column = column_at(table->table, k)) != NULL; k++, seed++)
                if (is_free(column->column) && strcmp(column->name, "spki") != 0 && seed % 3 != 0)
                    put_any(change, column, seed);
            if (change->n == 0)
                act.n--;
        }
        assert_ok(ledger_append(f->ledger, &act, NULL, &f->err));
    }
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);
    assert_replay_equals(f);
}

static void many_devices_replay(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 5000);
    assert_replay_equals(f);
}

/* The room of the ledger sees both; store may not include trust, so its SQL has the numbers. */
static void the_numbers_in_the_stores_sql_are_those_of_the_words(void **state)
{
    (void)state;
    assert_int_equal(CERT_PENDING, 1);
    assert_int_equal(CERT_CURRENT, 2);
    assert_int_equal(CERT_SUPERSEDED, 3); /* from here on a CRL lists it */
    assert_int_equal(CERT_VOIDED, 4);
    assert_int_equal(CERT_REVOKED, 5);
    assert_int_equal(CERT_ORPHAN, 6);
    assert_int_equal(CERT_STATE_COUNT, 7);
    assert_int_equal(AUTHORITY_ANCHOR, 5);
    assert_int_equal(BULK_WAITING, 1); /* members of these two are kept */
    assert_int_equal(BULK_RUNNING, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_writer_makes_is_no_entry),
        cmocka_unit_test(every_cut_of_an_entry_is_refused),
        cmocka_unit_test(time_that_goes_back_is_refused),
        cmocka_unit_test(changes_are_laid_over_each_other),
        TEST(every_column_of_every_table_replays),
        TEST(many_devices_replay),
        cmocka_unit_test(the_numbers_in_the_stores_sql_are_those_of_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
