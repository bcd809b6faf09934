#include "fixture.h"

#include <ledger/verify.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ENTRIES 600

/* What the log was at 300 and at the end: somebody kept these. */
static struct verify_checkpoint kept[2];

static void keep(struct fixture *f, size_t i, uint64_t size)
{
    kept[i] =
        (struct verify_checkpoint){.name = i == 0 ? "the old note" : "the new note", .size = size};
    assert_ok(ledger_root_at(f->ledger, size, kept[i].root, &f->err));
}

static void add_evidence(struct fixture *f)
{
    static const struct bytes der = BYTES_TEXT_INIT("not really DER");
    static const struct bytes named[] = {BYTES_TEXT_INIT("salt"), BYTES_TEXT_INIT("Ann")};
    uint8_t digest[32], name[32];
    struct act act;
    sha256(der, digest);
    sha256_parts(named, 2, name);
    act_begin(&act, EVENT_CERTIFICATE_ISSUED, 1, (struct actor){ACTOR_CORE, 0}, 7);
    act.personal = bytes_of(name, 32);
    struct change *change = act_change(&act, TABLE_CERTIFICATE, 1);
    change_int(change, COL_CERTIFICATE_DEVICE, 7);
    change_blob(change, COL_CERTIFICATE_DIGEST, bytes_of(digest, 32));
    assert_ok(store_begin(f->store, &f->err));
    assert_ok(ledger_append(f->ledger, &act, NULL, &f->err));
    assert_ok(store_put_der(f->store, 1, der, &f->err));
    assert_ok(store_put_personal(f->store, name, named[0], named[1], &f->err));
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);
}

static int set_up(void **state)
{
    fixture_set_up(state);
    struct fixture *f = *state;
    fixture_import(f, ENTRIES - 1);
    add_evidence(f);
    keep(f, 0, 300);
    keep(f, 1, ENTRIES);
    return 0;
}

static const struct verify_wanted nothing = {0};

static enum result verify(struct fixture *f, struct verified *ret)
{
    const struct verify_wanted wanted = {kept, 2, {0}};
    return ledger_verify(f->store, &sha256_for_merkle, &wanted, ret, &f->err);
}

static void assert_finds(struct fixture *f, const char *sql, const char *text)
{
    struct verified verified;
    fixture_edit(f, sql);
    f->err.text[0] = '\0';
    assert_int_equal(verify(f, &verified), R_CORRUPT);
    if (strstr(f->err.text, text) == NULL)
        fail_msg("wanted \"%s\", is \"%s\"", text, f->err.text);
}

static void what_was_not_touched_is_found_good(void **state)
{
    struct fixture *f = *state;
    struct verified verified;
    uint8_t root[32];
    assert_ok(verify(f, &verified));
    ledger_root(f->ledger, root);
    assert_int_equal(verified.entries, ENTRIES);
    assert_int_equal(verified.rows, ENTRIES);
    assert_int_equal(verified.certificates, 1);
    assert_int_equal(verified.texts, 1);
    assert_memory_equal(verified.root, root, 32);
}

static void an_empty_log_is_good(void **state)
{
    struct fixture *f = *state;
    struct verified verified;
    assert_ok(ledger_verify(f->store, &sha256_for_merkle, &nothing, &verified, &f->err));
    assert_int_equal(verified.entries, 0);
}

static void what_was_erased_is_no_fault(void **state)
{
    struct fixture *f = *state;
    struct verified verified;
    fixture_edit(f, "DELETE FROM personal; DELETE FROM certificate_der");
    assert_ok(verify(f, &verified));
    assert_int_equal(verified.certificates + verified.texts, 0);
}

/* Each edit is made by one case, on a database of its own. */
#define CASE(name, sql, text)                                                                      \
    static void name(void **state)                                                                 \
    {                                                                                              \
        assert_finds(*state, sql, text);                                                           \
    }

CASE(an_altered_entry_is_named, "UPDATE entry SET body = x'a0' WHERE seq = 17", "entry 17")
CASE(an_altered_octet_in_a_full_tile_names_the_entry,
     /* the last octet is the device's version, 1 */
     "UPDATE entry SET body = CAST(substr(body, 1, length(body) - 1) || x'02' AS BLOB)"
     " WHERE seq = 17",
     "entry 17 has not the hash that tile 0/0 has")
CASE(an_altered_octet_after_the_last_tile_breaks_the_checkpoint,
     "UPDATE entry SET body = CAST(substr(body, 1, length(body) - 1) || x'02' AS BLOB)"
     " WHERE seq = 530",
     "the first 600 entries are not those of the new note")
CASE(a_deleted_entry_is_named, "DELETE FROM entry WHERE seq = 40", "entry 40 is missing")
CASE(a_deleted_end_is_noticed, "DELETE FROM entry WHERE seq >= 590",
     "590 entries, the new note has 600: the last ones are missing")
CASE(reordered_entries_are_noticed,
     "UPDATE entry SET seq = -1 WHERE seq = 20; UPDATE entry SET seq = 20 WHERE seq = 21;"
     "UPDATE entry SET seq = 21 WHERE seq = -1",
     "entry 21: its time is before that of the entry before it")
CASE(a_column_beside_an_entry_is_compared, "UPDATE entry SET device = 5 WHERE seq = 3",
     "entry row 3, column device: 4 in the ledger, 5 in the database")
CASE(a_time_beside_an_entry_is_compared, "UPDATE entry SET at = 5 WHERE seq = 3",
     "entry row 3, column at: 1004 in the ledger, 5 in the database")
CASE(an_altered_tile_is_noticed, "UPDATE tile SET hashes = zeroblob(8192) WHERE id = 1",
     "entry 256 has not the hash that tile 0/1 has")
CASE(a_deleted_tile_is_named, "DELETE FROM tile WHERE id = 1", "tile 0/1 is missing")
CASE(a_tile_too_many_is_noticed, "INSERT INTO tile VALUES (9, zeroblob(8192))",
     "3 tiles are stored, the entries make 2")
CASE(an_altered_row_is_named_with_both_values, "UPDATE device SET state = 3 WHERE id = 40",
     "device row 40, column state: 1 in the ledger, 3 in the database")
CASE(an_altered_text_is_named, "UPDATE device SET serial_number = 'a \" b=c' WHERE id = 40",
     "device row 40, column serial_number: \\x22SN-40\\x22 in the ledger, ")
CASE(an_added_value_is_named, "UPDATE device SET owner = 'me' WHERE id = 40",
     "device row 40, column owner: nothing in the ledger, \\x22me\\x22 in the database")
CASE(a_cleared_value_is_named, "UPDATE device SET version = NULL WHERE id = 40",
     "device row 40, column version: 1 in the ledger, nothing in the database")
CASE(a_deleted_row_is_named, "DELETE FROM device WHERE id = 40",
     "device row 40 is in the ledger and not in the database")
CASE(a_deleted_last_row_is_named, "DELETE FROM certificate",
     "certificate row 1 is in the ledger and not in the database")
CASE(a_row_too_many_is_named, "INSERT INTO device (id, state) VALUES (5000, 3)",
     "device row 5000 is in the database and not in the ledger")
CASE(a_row_too_many_at_the_end_is_named, "INSERT INTO permit (id) VALUES (1)",
     "permit row 1 is in the database and not in the ledger")
CASE(altered_evidence_is_named, "UPDATE certificate_der SET der = x'00'",
     "certificate_der row 1: its SHA-256 is not the ledger's")
CASE(evidence_of_nothing_is_named, "INSERT INTO certificate_der VALUES (2, x'00')",
     "certificate_der row 2 is of no certificate")
CASE(altered_evidence_of_a_scan_is_named, "INSERT INTO foreign_der VALUES (zeroblob(32), x'00')",
     "a foreign_der row is not what its digest")
CASE(an_altered_name_is_noticed, "UPDATE personal SET text = 'Bob'",
     "a personal row is not what its digest")

/* The whole log written anew, consistent in itself: only what somebody kept tells. */
static void a_fork_is_refused_by_whoever_kept_a_checkpoint(void **state)
{
    struct fixture *f = *state;
    struct verified verified;
    fixture_edit(f, "DELETE FROM entry; DELETE FROM tile; DELETE FROM device; DELETE FROM "
                    "certificate; DELETE FROM certificate_der");
    fixture_reopen(f);
    fixture_import(f, ENTRIES);
    assert_ok(ledger_verify(f->store, &sha256_for_merkle, &nothing, &verified, &f->err));
    assert_int_equal(verify(f, &verified), R_CORRUPT);
    assert_non_null(strstr(f->err.text, "the first 300 entries are not those of the old note: a "
                                        "fork"));
}

static void a_log_that_went_on_extends_what_was_kept(void **state)
{
    struct fixture *f = *state;
    struct verified verified;
    fixture_import(f, 100);
    assert_ok(verify(f, &verified));
    assert_int_equal(verified.entries, 700);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_altered_entry_is_named),
        TEST(an_altered_octet_in_a_full_tile_names_the_entry),
        TEST(an_altered_octet_after_the_last_tile_breaks_the_checkpoint),
        TEST(a_deleted_entry_is_named),
        TEST(a_deleted_end_is_noticed),
        TEST(reordered_entries_are_noticed),
        TEST(a_column_beside_an_entry_is_compared),
        TEST(a_time_beside_an_entry_is_compared),
        TEST(an_altered_tile_is_noticed),
        TEST(a_deleted_tile_is_named),
        TEST(a_tile_too_many_is_noticed),
        TEST(an_altered_row_is_named_with_both_values),
        TEST(an_altered_text_is_named),
        TEST(an_added_value_is_named),
        TEST(a_cleared_value_is_named),
        TEST(a_deleted_row_is_named),
        TEST(a_deleted_last_row_is_named),
        TEST(a_row_too_many_is_named),
        TEST(a_row_too_many_at_the_end_is_named),
        TEST(altered_evidence_is_named),
        TEST(evidence_of_nothing_is_named),
        TEST(altered_evidence_of_a_scan_is_named),
        TEST(an_altered_name_is_noticed),
        TEST(a_fork_is_refused_by_whoever_kept_a_checkpoint),
        TEST(a_log_that_went_on_extends_what_was_kept),
        TEST(what_was_not_touched_is_found_good),
        TEST(what_was_erased_is_no_fault),
        cmocka_unit_test_setup_teardown(an_empty_log_is_good, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
