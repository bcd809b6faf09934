/* A verb on many devices: what it takes in, what an entry holds, what happens meanwhile, who may
 * (service/bulk.h). */
#include "fixture.h"

#include <base/text.h>
#include <service/bulk.h>
#include <wire/x509_crl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct msg_bulk retire_all(void)
{
    return (struct msg_bulk){.verb = VERB_RETIRE, .product = text_bytes("meter")};
}

static void import_many(struct fixture *f, unsigned first, unsigned count)
{
    for (unsigned n = first; n < first + count; n++)
        assert_int_equal(import_device(f, n, NULL, false), IMPORT_CREATED);
}

/* Selected, gathered and counted, as core does. */
static enum result counted(struct fixture *f, const struct msg_bulk *ask, struct bulk *ret,
                           struct bulk_count *count)
{
    bool is_over = false;
    *count = (struct bulk_count){0};
    sha256_begin(&count->ids);
    enum result result = bulk_select(&f->service, &f->admin, ask, ret, &f->err);
    if (result != OK)
        return result;
    begin(f);
    assert_ok(store_gather_members(f->store, ret, 0, INT64_MAX, &f->err));
    while (!is_over)
        assert_ok(bulk_count(&f->service, ret, count, &is_over, &f->err));
    commit(f);
    return OK;
}

/* And recorded, and begun. */
static struct bulk begun(struct fixture *f, const struct msg_bulk *ask)
{
    struct bulk bulk = {0};
    struct bulk_count count;
    struct product product = {0};
    struct msg_bulk_run run = {0};
    struct msg_verb_answer answer = {0};
    assert_ok(counted(f, ask, &bulk, &count));
    begin(f);
    assert_ok(bulk_record(&f->service, &f->admin, &bulk, text_bytes("over"), f->now_s, &f->err));
    assert_ok(bulk_message(&f->service, &bulk, &product, &run, &f->err));
    assert_ok(verb_bulk_run(&f->service, &f->admin, &run, f->now_s, &answer, &f->err));
    commit(f);
    assert_ok(store_bulk(f->store, bulk.id, &bulk, &f->err));
    assert_int_equal(bulk.state, BULK_RUNNING);
    return bulk;
}

static bool slice(struct fixture *f, struct bulk *bulk)
{
    bool is_over = false;
    begin(f);
    assert_ok(bulk_slice(&f->service, bulk, f->now_s, &is_over, &f->err));
    commit(f);
    return is_over;
}

static struct bulk row_of(struct fixture *f, int64_t id)
{
    struct bulk bulk = {0};
    assert_ok(store_bulk(f->store, id, &bulk, &f->err));
    return bulk;
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static void what_is_no_bulk_verb_or_selects_everything_is_refused(void **state)
{
    struct fixture *f = *state;
    struct bulk bulk = {0};
    const struct msg_bulk bad[] = {
        {.verb = VERB_RETIRE},
        {.verb = VERB_LOST, .product = text_bytes("meter")},
        {.verb = VERB_COUNT, .product = text_bytes("meter")},
        {.verb = VERB_RETIRE, .product = text_bytes("meter"), .listed = 1},
        {.verb = VERB_RETIRE, .product = text_bytes("meter"), .reason = X509_REASON_SUPERSEDED},
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_int_equal(bulk_select(&f->service, &f->admin, &bad[i], &bulk, &f->err), R_INVALID);
    const struct msg_bulk unknown = {.verb = VERB_RETIRE, .product = text_bytes("none")};
    assert_int_equal(bulk_select(&f->service, &f->admin, &unknown, &bulk, &f->err), R_NOT_FOUND);
}

static void nothing_to_change_is_no_bulk(void **state)
{
    struct fixture *f = *state;
    struct bulk bulk = {0};
    struct bulk_count count;
    const struct msg_bulk revoke = {.verb = VERB_REVOKE, .product = text_bytes("meter")};
    import_many(f, 1, 3);
    assert_ok(counted(f, &revoke, &bulk, &count)); /* none has a certificate */
    assert_int_equal(count.unchanged, 3);
    begin(f);
    assert_int_equal(
        bulk_record(&f->service, &f->admin, &bulk, bytes_of(NULL, 0), f->now_s, &f->err),
        R_CONFLICT);
    assert_int_equal(f->err.code, E_BULK_EMPTY);
    commit(f);
}

static void it_begins_once_and_as_it_was_counted(void **state)
{
    struct fixture *f = *state;
    struct msg_bulk ask = retire_all();
    struct product product = {0};
    struct msg_bulk_run run = {0};
    struct msg_verb_answer answer = {0};
    import_many(f, 1, 2);
    struct bulk bulk = begun(f, &ask);
    assert_ok(bulk_message(&f->service, &bulk, &product, &run, &f->err));
    assert_int_equal(verb_bulk_run(&f->service, &f->admin, &run, f->now_s, &answer, &f->err),
                     R_CONFLICT);

    import_many(f, 3, 2);
    struct bulk_count count;
    assert_ok(counted(f, &ask, &bulk, &count));
    begin(f);
    assert_ok(bulk_record(&f->service, &f->admin, &bulk, bytes_of(NULL, 0), f->now_s, &f->err));
    commit(f);
    assert_ok(bulk_message(&f->service, &bulk, &product, &run, &f->err));
    run.digest[0] ^= 1; /* other devices than those */
    assert_int_equal(verb_bulk_run(&f->service, &f->admin, &run, f->now_s, &answer, &f->err),
                     R_CONFLICT);
}

/* ---- slices and entries ---------------------------------------------------------------------- */

struct seen {
    int64_t entries, devices, largest;
};

static enum result see(void *context, const struct entry *entry, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    if (entry->event != EVENT_BULK_DEVICES)
        return OK;
    seen->entries++;
    seen->largest = (int64_t)entry->body.n > seen->largest ? (int64_t)entry->body.n : seen->largest;
    return OK;
}

static void an_entry_is_about_many_and_stands_in_each_ones_timeline(void **state)
{
    struct fixture *f = *state;
    struct msg_bulk ask = retire_all();
    struct seen seen = {0}, timeline = {0};
    import_many(f, 1, 300);
    struct bulk bulk = begun(f, &ask);
    int slices = 1;
    while (!slice(f, &bulk))
        slices++;
    assert_int_equal(slices, 300 / BULK_SLICE + 1);
    bulk = row_of(f, bulk.id);
    assert_int_equal(bulk.state, BULK_ENDED);
    assert_int_equal(bulk.done, 300);
    assert_ok(store_entries(f->store, 0, UINT64_MAX, see, &seen, &f->err));
    assert_in_range(seen.entries, 5, 8); /* 63 devices each, less where a slice ends */
    assert_true(seen.largest <= LIMIT_ENTRY_BYTES);
    const struct timeline which = {.device = device_row(f, 299).id, .limit = 10};
    assert_ok(store_timeline(f->store, &which, see, &timeline, &f->err));
    assert_int_equal(timeline.entries, 1);
}

static struct bytes add_token(struct fixture *f, unsigned n)
{
    char serial[16];
    struct msg_verb_answer answer = {0};
    snprintf(serial, sizeof serial, "SN-%u", n);
    const struct msg_token_add ask = {
        .product = text_bytes("meter"), .serial_number = text_bytes(serial), .ttl_s = DAY_S};
    begin(f);
    assert_ok(verb_token_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    return answer.secret;
}

static void devices_with_many_doors_share_an_entry_as_far_as_there_is_room(void **state)
{
    struct fixture *f = *state;
    struct msg_bulk ask = retire_all();
    struct seen seen = {0};
    struct token open[LIMIT_DOORS];
    size_t n = 0;
    import_many(f, 1, 9);
    for (unsigned device = 1; device <= 9; device++)
        for (int i = 0; i < LIMIT_DOORS; i++)
            add_token(f, device);
    struct bulk bulk = begun(f, &ask);
    assert_true(slice(f, &bulk));
    assert_ok(store_entries(f->store, 0, UINT64_MAX, see, &seen, &f->err));
    assert_int_equal(seen.entries,
                     3); /* 17 changes each: three fit into 64 beside the bulk's own */
    for (unsigned device = 1; device <= 9; device++) {
        assert_int_equal(device_row(f, device).state, STATE_RETIRED);
        assert_ok(
            store_open_tokens(f->store, device_row(f, device).id, open, LIMIT_DOORS, &n, &f->err));
        assert_int_equal(n, 0);
    }
}

static void certificates_end_with_the_reason_and_their_crl_waits_for_the_rest(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), urgent = asker(900);
    const struct msg_bulk ask = {
        .verb = VERB_REVOKE, .product = text_bytes("meter"), .reason = X509_REASON_KEY_COMPROMISE};
    struct got got = active_device(f, 1, &key);
    struct bulk bulk = begun(f, &ask);
    while (f->service.dirty != NULL)
        service_unmark_shard(&f->service, f->service.dirty->shard);
    assert_true(slice(f, &bulk));
    assert_int_equal(certificate_row(f, got.serial).state, CERT_REVOKED);
    assert_int_equal(certificate_row(f, got.serial).reason, X509_REASON_KEY_COMPROMISE);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_non_null(f->service.dirty);
    assert_true(f->service.dirty->may_wait);

    /* one that is revoked by itself does not wait for them */
    active_device(f, 2, &urgent);
    assert_ok(set_device(f, 2, VERB_REVOKE));
    for (struct crl_dirty *dirty = f->service.dirty; dirty != NULL; dirty = dirty->next)
        assert_false(dirty->may_wait);
}

/* ---- meanwhile ------------------------------------------------------------------------------- */

static void what_changes_meanwhile_is_passed_over_and_what_joins_is_not_taken(void **state)
{
    struct fixture *f = *state;
    struct msg_bulk ask = retire_all();
    import_many(f, 1, 5);
    struct bulk bulk = begun(f, &ask);
    assert_ok(set_device(f, 2, VERB_RETIRE));
    import_many(f, 6, 1);
    int64_t version = device_row(f, 2).version;
    assert_true(slice(f, &bulk));
    assert_int_equal(device_row(f, 2).version, version);
    assert_int_equal(device_row(f, 6).state, STATE_EXPECTED);
    assert_int_equal(row_of(f, bulk.id).done, 4);
}

static void it_goes_on_where_a_restart_left_it(void **state)
{
    struct fixture *f = *state;
    struct msg_bulk ask = retire_all();
    import_many(f, 1, BULK_SLICE + 10);
    struct bulk bulk = begun(f, &ask);
    assert_false(slice(f, &bulk));
    fixture_close(f);
    fixture_open(f);
    bulk = row_of(f, bulk.id);
    assert_int_equal(bulk.done, BULK_SLICE);
    assert_true(slice(f, &bulk));
    assert_int_equal(row_of(f, bulk.id).done, BULK_SLICE + 10);
}

static void what_nobody_let_begin_is_dropped_and_strays_too(void **state)
{
    struct fixture *f = *state;
    struct msg_bulk ask = retire_all();
    struct bulk waiting = {0}, stray = {0};
    struct bulk_count count;
    int64_t n = 0;
    import_many(f, 1, 3);
    assert_ok(counted(f, &ask, &stray, &count)); /* gathered, and then the power went */
    assert_ok(counted(f, &ask, &waiting, &count));
    begin(f);
    assert_ok(bulk_record(&f->service, &f->admin, &waiting, bytes_of(NULL, 0), f->now_s, &f->err));
    assert_ok(store_drop_stray_members(f->store, &f->err));
    commit(f);
    assert_ok(store_count_members(f->store, stray.id, &n, &f->err));
    assert_int_equal(n, 0);
    assert_ok(store_count_members(f->store, waiting.id, &n, &f->err));
    assert_int_equal(n, 3);

    begin(f);
    assert_ok(bulk_forget(&f->service, f->now_s, f->now_s, &f->err));
    commit(f);
    assert_int_equal(row_of(f, waiting.id).state, BULK_WAITING);
    begin(f);
    assert_ok(bulk_forget(&f->service, f->now_s + 1, f->now_s, &f->err));
    commit(f);
    assert_int_equal(row_of(f, waiting.id).state, BULK_DROPPED);
    assert_ok(store_count_members(f->store, waiting.id, &n, &f->err));
    assert_int_equal(n, 0);
}

/* ---- who may --------------------------------------------------------------------------------- */

static bool takes_two(struct fixture *f, int64_t devices)
{
    bool two = false;
    const struct bulk bulk = {.devices = devices};
    begin(f);
    assert_ok(bulk_takes_two(&f->service, &f->admin, &bulk, f->now_s, &two, &f->err));
    commit(f);
    return two;
}

static void portions_of_an_hour_are_one_for_the_limit(void **state)
{
    struct fixture *f = *state;
    struct msg_bulk ask = retire_all();
    assert_false(takes_two(f, LIMIT_BULK_ALONE));
    assert_true(takes_two(f, LIMIT_BULK_ALONE + 1));
    import_many(f, 1, 10);
    begun(f, &ask);
    assert_false(takes_two(f, LIMIT_BULK_ALONE - 10));
    assert_true(takes_two(f, LIMIT_BULK_ALONE - 9));
    f->now_s += 3600;
    assert_false(takes_two(f, LIMIT_BULK_ALONE));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_bulk_verb_or_selects_everything_is_refused),
        TEST(nothing_to_change_is_no_bulk),
        TEST(it_begins_once_and_as_it_was_counted),
        TEST(an_entry_is_about_many_and_stands_in_each_ones_timeline),
        TEST(devices_with_many_doors_share_an_entry_as_far_as_there_is_room),
        TEST(certificates_end_with_the_reason_and_their_crl_waits_for_the_rest),
        TEST(what_changes_meanwhile_is_passed_over_and_what_joins_is_not_taken),
        TEST(it_goes_on_where_a_restart_left_it),
        TEST(what_nobody_let_begin_is_dropped_and_strays_too),
        TEST(portions_of_an_hour_are_one_for_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
