#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void begin(struct contract *c)
{
    assert_ok(store_begin(c->store, &c->err));
}

static void append(struct contract *c, uint64_t seq, int64_t device, const char *body)
{
    struct entry entry = {
        .seq = seq,
        .at_s = 1000 + (int64_t)seq,
        .event = 10,
        .device = device,
        .body = bytes_of(body, strlen(body)),
    };
    assert_ok(store_append_entry(c->store, &entry, &c->err));
}

static enum result join(void *ctx, const struct entry *entry, struct err *err)
{
    (void)err;
    struct buf *out = ctx;
    buf_put_bytes(out, entry->body);
    return OK;
}

static void assert_joined(const struct buf *out, const char *wanted)
{
    assert_int_equal(out->n, strlen(wanted));
    assert_memory_equal(out->p, wanted, out->n);
}

static void an_empty_log_has_no_last_entry(void **state)
{
    struct contract *c = *state;
    uint64_t size = 99;
    int64_t at_s = 99;
    assert_ok(store_last_entry(c->store, &size, &at_s, &c->err));
    assert_int_equal(size, 0);
    assert_int_equal(at_s, 0);
}

static void entries_are_read_from_a_number_on(void **state)
{
    struct contract *c = *state;
    uint8_t room[64];
    uint64_t size = 0;
    int64_t at_s = 0;
    begin(c);
    append(c, 0, 0, "a");
    append(c, 1, 7, "b");
    append(c, 2, 8, "c");
    append(c, 3, 7, "d");
    struct entry again = {.seq = 3, .body = bytes_text("x")};
    assert_int_equal(store_append_entry(c->store, &again, &c->err), R_CONFLICT);
    assert_ok(store_last_entry(c->store, &size, &at_s, &c->err));
    assert_int_equal(size, 4);
    assert_int_equal(at_s, 1003);

    struct buf out = buf_over(room, sizeof room);
    assert_ok(store_entries(c->store, 1, 2, join, &out, &c->err));
    assert_joined(&out, "bc");
    out.n = 0;
    assert_ok(store_entries(c->store, 0, UINT64_MAX, join, &out, &c->err));
    assert_joined(&out, "abcd");
    out.n = 0;
    assert_ok(store_entries(c->store, UINT64_MAX, 5, join, &out, &c->err));
    assert_joined(&out, "");
    assert_ok(store_timeline(c->store, &(struct timeline){7, 0, 10}, join, &out, &c->err));
    assert_joined(&out, "db");
    out.n = 0;
    assert_ok(store_timeline(c->store, &(struct timeline){7, 3, 10}, join, &out, &c->err));
    assert_joined(&out, "b");
    out.n = 0;
    assert_ok(store_put_entry_touches(c->store, 0, 7, &c->err)); /* "a" was about many */
    assert_ok(store_put_entry_touches(c->store, 0, 7, &c->err));
    assert_ok(store_put_entry_touches(c->store, 2, 9, &c->err));
    assert_ok(store_timeline(c->store, &(struct timeline){7, 0, 10}, join, &out, &c->err));
    assert_joined(&out, "dba");
    out.n = 0;
    assert_ok(store_timeline(c->store, &(struct timeline){7, 3, 2}, join, &out, &c->err));
    assert_joined(&out, "ba");
    out.n = 0;
    assert_ok(store_timeline(c->store, &(struct timeline){9, 2, 10}, join, &out, &c->err));
    assert_joined(&out, "");
    assert_ok(store_timeline(c->store, &(struct timeline){0, 0, 10}, join, &out, &c->err));
    assert_joined(&out, ""); /* nobody's is no timeline */
}

static void a_tile_is_whole_and_of_its_level(void **state)
{
    struct contract *c = *state;
    static uint8_t tile[8192], read[8192];
    memset(tile, 0x71, sizeof tile);
    begin(c);
    assert_int_equal(store_put_tile(c->store, 8, 0, bytes_of(tile, 8192), &c->err), R_BUG);
    assert_int_equal(store_put_tile(c->store, -1, 0, bytes_of(tile, 8192), &c->err), R_BUG);
    assert_int_equal(store_put_tile(c->store, 0, 0, bytes_of(tile, 8191), &c->err), R_CONFLICT);
    assert_ok(store_put_tile(c->store, 1, 70000, bytes_of(tile, 8192), &c->err));
    assert_int_equal(store_tile(c->store, 0, 70000, read, &c->err), R_NOT_FOUND);
    assert_ok(store_tile(c->store, 1, 70000, read, &c->err));
    assert_memory_equal(tile, read, sizeof tile);
    assert_int_equal(store_put_tile(c->store, 1, 70000, bytes_of(tile, 8192), &c->err), R_CONFLICT);
}

static void bytes_that_do_not_fit_are_an_error_and_not_a_cut(void **state)
{
    struct contract *c = *state;
    uint8_t room[8];
    struct buf out = buf_over(room, sizeof room);
    begin(c);
    assert_ok(store_put_der(c->store, 5, bytes_text("nine octs"), &c->err));
    assert_int_equal(store_der(c->store, 6, &out, &c->err), R_NOT_FOUND);
    assert_int_equal(store_der(c->store, 5, &out, &c->err), R_LIMIT);
    assert_int_equal(out.n, 0);
    assert_true(buf_ok(&out));
    assert_int_equal(store_put_der(c->store, 5, bytes_text("other"), &c->err), R_CONFLICT);
}

static enum result join_der(void *ctx, int64_t certificate, struct bytes der, struct err *err)
{
    (void)err;
    buf_put_u8(ctx, (uint8_t)('0' + certificate));
    buf_put_bytes(ctx, der);
    return OK;
}

static enum result join_personal(void *ctx, struct bytes digest, struct bytes salt,
                                 struct bytes text, struct err *err)
{
    (void)err;
    buf_put_u8(ctx, digest.p[0]);
    buf_put_bytes(ctx, salt);
    buf_put_bytes(ctx, text);
    return OK;
}

static void evidence_is_walked_in_order(void **state)
{
    struct contract *c = *state;
    uint8_t room[64];
    struct buf out = buf_over(room, sizeof room);
    begin(c);
    assert_ok(store_put_der(c->store, 5, bytes_text("E"), &c->err));
    assert_ok(store_put_der(c->store, 2, bytes_text("B"), &c->err));
    assert_ok(store_ders(c->store, join_der, &out, &c->err));
    assert_joined(&out, "2B5E");
    out.n = 0;
    assert_ok(store_put_personal(c->store, contract_hash('d'), bytes_text("s"), bytes_text("Ann"),
                                 &c->err));
    assert_ok(store_put_personal(c->store, contract_hash('d'), bytes_text("s"), bytes_text("Ann"),
                                 &c->err)); /* the same again is the same row */
    assert_ok(store_personals(c->store, join_personal, &out, &c->err));
    assert_joined(&out, "dsAnn");
    out.n = 0;
    assert_ok(store_personal(c->store, contract_hash('d'), &out, &c->err));
    assert_joined(&out, "Ann");
    assert_int_equal(store_personal(c->store, contract_hash('e'), &out, &c->err), R_NOT_FOUND);
}

static void an_answer_is_given_once_and_forgotten_later(void **state)
{
    struct contract *c = *state;
    uint8_t room[64];
    struct buf out = buf_over(room, sizeof room);
    begin(c);
    assert_ok(store_put_answer(c->store, "key", 7200, bytes_text("yes"), &c->err));
    assert_int_equal(store_put_answer(c->store, "key", 7300, bytes_text("no"), &c->err),
                     R_CONFLICT);
    int64_t n = -1;
    assert_ok(store_tidy_answers(c->store, 7200, 10, &n, &c->err));
    assert_int_equal(n, 0);
    assert_ok(store_answer(c->store, "key", &out, &c->err));
    assert_joined(&out, "yes");
    assert_ok(store_tidy_answers(c->store, 7201, 10, &n, &c->err));
    assert_int_equal(n, 1);
    assert_int_equal(store_answer(c->store, "key", &out, &c->err), R_NOT_FOUND);
}

static void old_checkpoints_go_and_the_last_one_stays(void **state)
{
    struct contract *c = *state;
    uint8_t room[64];
    struct buf out = buf_over(room, sizeof room);
    uint64_t size = 0;
    int64_t n = -1;
    begin(c);
    for (uint64_t i = 1; i <= 4; i++)
        assert_ok(store_put_note(c->store, i, bytes_text("note"), (int64_t)i * 100, &c->err));
    assert_ok(store_tidy_notes(c->store, 201, 1, &n, &c->err)); /* a slice */
    assert_int_equal(n, 1);
    assert_ok(store_tidy_notes(c->store, 201, 10, &n, &c->err));
    assert_int_equal(n, 1);
    assert_ok(store_tidy_notes(c->store, 1000, 10, &n, &c->err));
    assert_int_equal(n, 1);
    assert_ok(store_tidy_notes(c->store, 1000, 10, &n, &c->err));
    assert_int_equal(n, 0);
    assert_ok(store_last_note(c->store, &size, &out, &c->err));
    assert_int_equal(size, 4);
}

static void put_place(struct contract *c, int64_t foreign, int64_t certificate, int64_t ended_s)
{
    const struct sighting seen = {.place = "10.0.0.1:443",
                                  .host = "10.0.0.1",
                                  .foreign = foreign,
                                  .certificate = certificate,
                                  .first_s = 10,
                                  .last_s = 20,
                                  .ended_s = ended_s};
    assert_ok(store_put_sighting(c->store, &seen, bytes_text(""), &c->err));
}

static enum result count_place(void *ctx, const struct sighting *row, struct err *err)
{
    (void)err;
    int64_t *sum = ctx;
    *sum += row->ended_s;
    return OK;
}

static void places_that_ended_go_and_the_last_of_anothers_certificate_stays(void **state)
{
    struct contract *c = *state;
    struct tidy_range all = {.before_s = 300, .after = 0, .until = 100};
    struct sighting_sum seen = {0};
    int64_t n = -1, sum = 0;
    begin(c);
    put_place(c, 1, 0, 100); /* rows 1 to 6 */
    put_place(c, 1, 0, 250);
    put_place(c, 1, 0, 0);
    put_place(c, 2, 0, 200);
    put_place(c, 0, 7, 100);
    put_place(c, 0, 7, 300);
    assert_ok(store_tidy_sightings(c->store, &(struct tidy_range){100, 0, 100}, &n, &c->err));
    assert_int_equal(n, 0); /* none ended before then */
    assert_ok(store_tidy_sightings(c->store, &(struct tidy_range){300, 1, 4}, &n, &c->err));
    assert_int_equal(n, 0); /* of these one is the last of each, one goes on */
    assert_ok(store_tidy_sightings(c->store, &all, &n, &c->err));
    assert_int_equal(n, 2);
    assert_ok(store_sighting_sum(c->store, 1, &seen, &c->err));
    assert_int_equal(seen.since_s, 10);
    assert_int_equal(seen.ended_s, 250);
    assert_ok(store_sighting_sum(c->store, 2, &seen, &c->err));
    assert_int_equal(seen.ended_s, 200);
    assert_ok(store_sightings_of(c->store, 1, 10, count_place, &sum, &c->err));
    assert_int_equal(sum, 250);
    assert_ok(store_sightings_of_ours(c->store, 7, 10, count_place, &sum, &c->err));
    assert_int_equal(sum, 250 + 300);
}

static void counters_count_by_name_product_and_hour(void **state)
{
    struct contract *c = *state;
    struct counter counter = {.name = "renewal", .product = 1, .hour = 5};
    int64_t sum = -1;
    begin(c);
    assert_ok(store_count(c->store, &counter, 0, &sum, &c->err));
    assert_int_equal(sum, 0);
    assert_ok(store_count(c->store, &counter, 2, &sum, &c->err));
    assert_ok(store_count(c->store, &counter, 3, &sum, &c->err));
    assert_int_equal(sum, 5);
    counter.hour = 6;
    assert_ok(store_count(c->store, &counter, 1, &sum, &c->err));
    assert_int_equal(sum, 1);
    int64_t n = -1;
    assert_ok(store_tidy_counters(c->store, 6 * 3600, 10, &n, &c->err));
    assert_int_equal(n, 1);
    assert_ok(store_count(c->store, &counter, 0, &sum, &c->err));
    assert_int_equal(sum, 1);
    counter.hour = 5;
    assert_ok(store_count(c->store, &counter, 0, &sum, &c->err));
    assert_int_equal(sum, 0);
}

static void the_last_word_of_an_observation_stands(void **state)
{
    struct contract *c = *state;
    int64_t value = 0;
    begin(c);
    assert_ok(store_put_meta(c->store, "journal", 7, &c->err));
    assert_ok(store_put_meta(c->store, "journal", -8, &c->err));
    assert_ok(store_meta(c->store, "journal", &value, &c->err));
    assert_int_equal(value, -8);
    assert_ok(store_put_seen(c->store, 1, 10, 500, &c->err));
    assert_ok(store_put_seen(c->store, 1, 11, 600, &c->err));
    assert_ok(store_seen(c->store, 1, &value, &c->err));
    assert_int_equal(value, 600);
    assert_int_equal(store_seen(c->store, 2, &value, &c->err), R_NOT_FOUND);
}

static void a_crl_is_remembered_by_shard(void **state)
{
    struct contract *c = *state;
    struct crl_row row = {
        {.issuer = 1, .class = 2, .part = 3}, .number = 4, .this_s = 5, .next_s = 6};
    struct crl_row read = {0};
    begin(c);
    assert_int_equal(store_crl(c->store, &row.shard, &read, &c->err), R_NOT_FOUND);
    assert_ok(store_put_crl(c->store, &row, &c->err));
    row.number = 9;
    assert_ok(store_put_crl(c->store, &row, &c->err));
    assert_ok(store_crl(c->store, &row.shard, &read, &c->err));
    assert_int_equal(read.number, 9);
    assert_int_equal(read.this_s, 5);
    assert_int_equal(read.next_s, 6);
    row.shard.part = 4;
    assert_int_equal(store_crl(c->store, &row.shard, &read, &c->err), R_NOT_FOUND);
}

static void the_last_note_is_that_of_the_largest_size(void **state)
{
    struct contract *c = *state;
    uint8_t room[64];
    uint64_t size = 0;
    struct buf out = buf_over(room, sizeof room);
    begin(c);
    assert_int_equal(store_last_note(c->store, &size, &out, &c->err), R_NOT_FOUND);
    assert_ok(store_put_note(c->store, 9, bytes_text("nine"), 0, &c->err));
    assert_ok(store_put_note(c->store, 3, bytes_text("three"), 0, &c->err));
    assert_ok(store_last_note(c->store, &size, &out, &c->err));
    assert_int_equal(size, 9);
    assert_joined(&out, "nine");
}

static enum result join_due(void *ctx, struct subject_key about, struct err *err)
{
    (void)err;
    buf_put_u8(ctx, (uint8_t)((about.kind == 1 ? '0' : 'A') + about.id));
    return OK;
}

static void what_is_due_comes_in_the_order_of_its_instants(void **state)
{
    struct contract *c = *state;
    uint8_t room[64];
    struct buf out = buf_over(room, sizeof room);
    begin(c);
    const struct {
        struct subject_key about;
        int64_t at_s;
    } puts[] = {{{1, 1}, 300}, {{1, 2}, 100}, {{1, 3}, 200}, {{1, 4}, 200},
                {{1, 3}, 150}, {{1, 2}, 0},   {{3, 0}, 150}, {{4, 3}, 160}};
    int64_t at_s = -1;
    for (size_t i = 0; i < LENGTH_OF(puts); i++)
        assert_ok(store_put_next_instant(c->store, puts[i].about, puts[i].at_s, &c->err));
    assert_ok(store_next_instant(c->store, puts[7].about, &at_s, &c->err));
    assert_int_equal(at_s, 160);
    assert_ok(store_next_instant(c->store, puts[1].about, &at_s, &c->err)); /* removed */
    assert_int_equal(at_s, 0);
    assert_ok(store_due(c->store, 200, 10, join_due, &out, &c->err));
    assert_joined(&out, "3AD4");
    out.n = 0;
    assert_ok(store_due(c->store, 999, 1, join_due, &out, &c->err));
    assert_joined(&out, "3");
}

static void a_sooner_instant_stays(void **state)
{
    struct contract *c = *state;
    const struct subject_key who = {1, 1};
    static const int64_t puts[] = {0, 300, 400, 0, 200, 300},
                         wanted[] = {0, 300, 300, 300, 200, 200};
    int64_t at_s = -1;
    begin(c);
    for (size_t i = 0; i < LENGTH_OF(puts); i++) {
        assert_ok(store_put_sooner_instant(c->store, who, puts[i], &c->err));
        assert_ok(store_next_instant(c->store, who, &at_s, &c->err));
        assert_int_equal(at_s, wanted[i]);
    }
}

static void what_is_to_be_told_is_dropped_when_it_was_heard(void **state)
{
    struct contract *c = *state;
    int64_t ids[4];
    size_t n = 0;
    begin(c);
    assert_ok(store_put_untold(c->store, 5, 10, &c->err));
    assert_ok(store_put_untold(c->store, 3, 11, &c->err));
    assert_ok(store_put_untold(c->store, 8, 12, &c->err));
    assert_ok(store_untold(c->store, ids, 2, &n, &c->err));
    assert_int_equal(n, 2);
    assert_int_equal(ids[0], 3);
    assert_int_equal(ids[1], 5);
    assert_ok(store_put_untold(c->store, 5, 20, &c->err)); /* again, while it is heard */
    assert_ok(store_drop_untold(c->store, 5, 13, &c->err));
    assert_ok(store_untold(c->store, ids, 4, &n, &c->err));
    assert_int_equal(n, 2);
    assert_int_equal(ids[0], 5);
    assert_int_equal(ids[1], 8);
}

static void crls_begin_anew_and_their_numbers_do_not(void **state)
{
    struct contract *c = *state;
    struct crl_row row = {.shard = {2, 30, 1}, .number = 7, .this_s = 100, .next_s = 200}, read;
    int64_t greatest = -1;
    begin(c);
    assert_ok(store_max_crl(c->store, &greatest, &c->err));
    assert_int_equal(greatest, 0);
    assert_ok(store_put_crl(c->store, &row, &c->err));
    row.shard.part = 2;
    row.number = 4;
    assert_ok(store_put_crl(c->store, &row, &c->err));
    assert_ok(store_max_crl(c->store, &greatest, &c->err));
    assert_int_equal(greatest, 7);
    assert_ok(store_restart_crls(c->store, &c->err));
    assert_ok(store_crl(c->store, &row.shard, &read, &c->err));
    assert_int_equal(read.number, 4);
    assert_int_equal(read.this_s, 0);
}

int contract_keeping(const struct backend *backend)
{
    (void)backend;
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(an_empty_log_has_no_last_entry),
        CONTRACT_TEST(entries_are_read_from_a_number_on),
        CONTRACT_TEST(a_tile_is_whole_and_of_its_level),
        CONTRACT_TEST(bytes_that_do_not_fit_are_an_error_and_not_a_cut),
        CONTRACT_TEST(evidence_is_walked_in_order),
        CONTRACT_TEST(an_answer_is_given_once_and_forgotten_later),
        CONTRACT_TEST(old_checkpoints_go_and_the_last_one_stays),
        CONTRACT_TEST(places_that_ended_go_and_the_last_of_anothers_certificate_stays),
        CONTRACT_TEST(counters_count_by_name_product_and_hour),
        CONTRACT_TEST(the_last_word_of_an_observation_stands),
        CONTRACT_TEST(a_crl_is_remembered_by_shard),
        CONTRACT_TEST(the_last_note_is_that_of_the_largest_size),
        CONTRACT_TEST(what_is_due_comes_in_the_order_of_its_instants),
        CONTRACT_TEST(a_sooner_instant_stays),
        CONTRACT_TEST(what_is_to_be_told_is_dropped_when_it_was_heard),
        CONTRACT_TEST(crls_begin_anew_and_their_numbers_do_not),
    };
    return cmocka_run_group_tests_name("keeping", tests, NULL, NULL);
}
