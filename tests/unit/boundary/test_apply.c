// The feed at a boundary: what is signed, follows and is whole is enforced; everything else is
// refused, the last good is kept, and its age is counted.
#include "yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct yard yard;

static int open_yard(void **state)
{
    (void)state;
    yard_open(&yard);
    yard_stand(&yard);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED);
    return 0;
}

static int close_yard(void **state)
{
    (void)state;
    yard_close(&yard);
    return 0;
}

static void apply(void)
{
    struct err err = {0};
    if (yard_apply(&yard, &err) != OK)
        fail_msg("%s", err.text);
}

static void pass(int64_t s)
{
    yard_now_s += s;
    yard_monotonic_us += s * 1000000;
}

static const struct feed_change revoked[] = {{0, STATUS_INVALID}};

static struct yard_delta delta_of(uint64_t from, uint64_t to)
{
    return (struct yard_delta){
        .from = from, .to = to, .high = 5, .changes = revoked, .changes_n = 1};
}

static void put(struct yard_delta delta)
{
    yard_put_delta(&yard, &delta);
}

/* Nothing was taken: the first certificate is admitted as before. */
static void check_last_good(void)
{
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED);
    assert_int_equal(apply_asks(yard.boundary).service, 50);
}

static void a_delta_is_enforced(void **state)
{
    (void)state;
    uint64_t version = boundary_generation(yard.boundary);
    put(delta_of(100, 101));
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_INVALID);
    assert_int_equal(yard_ask(&yard, 4), BOUNDARY_ADMITTED);
    assert_int_equal(apply_asks(yard.boundary).status, 101);
    assert_true(boundary_generation(yard.boundary) != version);
}

static void what_another_key_signed_is_refused(void **state)
{
    (void)state;
    struct yard twin = yard;
    twin.log = yard.other_key;
    twin.body = buf_over(yard.body_memory, sizeof yard.body_memory);
    yard_put_delta(&twin,
                   &(struct yard_delta){
                       .from = 100, .to = 101, .high = 5, .changes = revoked, .changes_n = 1});
    yard.body = twin.body;
    yard_refuses(&yard, E_SIGNATURE);
    check_last_good();
}

/* The key's id is not signed, and decides nothing. */
static bool is_key_id(struct bytes whole, size_t at)
{
    for (size_t i = 0; i < 4; i++)
        if (at >= i && bytes_equal(bytes_slice(whole, at - i, 4), bytes_text("\1\2\3\4")))
            return true;
    return false;
}

static void one_octet_that_is_another_is_refused(void **state)
{
    (void)state;
    put(delta_of(100, 101));
    struct bytes whole = buf_bytes(&yard.body);
    for (size_t i = 0; i < whole.n; i++) {
        struct err err = {0};
        const struct apply_time at = {yard_monotonic_us, yard_now_s};
        if (is_key_id(whole, i))
            continue;
        yard.body_memory[i] ^= 0x10;
        if (apply_answer(yard.boundary, whole, NULL, &at, &err) == OK)
            fail_msg("octet %zu", i);
        yard.body_memory[i] ^= 0x10;
        check_last_good();
    }
}

static void every_prefix_of_an_answer_is_refused(void **state)
{
    (void)state;
    put(delta_of(100, 101));
    struct bytes whole = buf_bytes(&yard.body);
    for (size_t n = 1; n < whole.n; n++) {
        struct err err = {0};
        const struct apply_time at = {yard_monotonic_us, yard_now_s};
        assert_int_not_equal(apply_answer(yard.boundary, bytes_of(whole.p, n), NULL, &at, &err),
                             OK);
        check_last_good();
    }
}

static void a_gap_is_refused_and_asks_for_all_at_last(void **state)
{
    (void)state;
    put(delta_of(101, 102));
    yard_refuses(&yard, E_CONFLICT);
    check_last_good();
    assert_int_equal(apply_asks(yard.boundary).status, 100);
    put(delta_of(101, 102));
    yard_refuses(&yard, E_CONFLICT);
    assert_int_equal(apply_asks(yard.boundary).status, 0);
    check_last_good();
    static const enum status statuses[] = {STATUS_INVALID, STATUS_VALID};
    yard_make_list(&yard, 0, 102, statuses, 2);
    yard_put_catalogue(&yard, 102);
    apply();
    assert_int_equal(apply_asks(yard.boundary).status, 102);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_INVALID);
    assert_int_equal(yard_ask(&yard, 4), BOUNDARY_UNKNOWN);
}

static void what_was_enforced_is_not_taken_back(void **state)
{
    (void)state;
    put(delta_of(100, 101));
    apply();
    put(delta_of(99, 100));
    yard_refuses(&yard, E_CONFLICT);
    yard_put_heartbeat(&yard, 100);
    yard_refuses(&yard, E_CONFLICT);
    yard_put_catalogue(&yard, 100); /* in which it is valid */
    yard_put_heartbeat(&yard, 100);
    yard_refuses(&yard, E_CONFLICT);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_INVALID);
}

static void nor_after_a_restart(void **state)
{
    (void)state;
    put(delta_of(100, 101));
    apply();
    yard_restart(&yard);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_NO_FEED);
    const struct service_binding binding = {
        0, SERVICE_KIND_PRODUCT, bytes_text("pump"), {0}, PATTERN_CONNECT, {0}, 0};
    yard_put_service(
        &yard, &(struct yard_service){.generation = 49, .bindings = &binding, .bindings_n = 1});
    yard_refuses(&yard, E_CONFLICT);
    yard_put_service(
        &yard, &(struct yard_service){.generation = 50, .bindings = &binding, .bindings_n = 1});
    yard_put_catalogue(&yard, 100);
    yard_put_heartbeat(&yard, 100);
    yard_refuses(&yard, E_CONFLICT);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_NO_FEED);
    /* A catalogue is older than the deltas that follow it: together they are as new. */
    yard_put_catalogue(&yard, 100);
    put(delta_of(100, 101));
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_INVALID);
    assert_int_equal(yard_ask(&yard, 4), BOUNDARY_ADMITTED);
}

static void a_mark_does_not_fall(void **state)
{
    (void)state;
    struct yard_delta delta = delta_of(100, 101);
    delta.high = 4;
    put(delta);
    yard_refuses(&yard, E_CONFLICT);
    check_last_good();
    assert_int_equal(yard_ask(&yard, 4), BOUNDARY_ADMITTED);
}

static void a_mark_that_rises_takes_in_what_is_valid(void **state)
{
    (void)state;
    static const struct feed_change changes[] = {{6, STATUS_INVALID}, {70000, STATUS_SUSPENDED}};
    assert_int_equal(yard_ask(&yard, 5), BOUNDARY_UNKNOWN);
    put((struct yard_delta){
        .from = 100, .to = 101, .high = 70001, .changes = changes, .changes_n = 2});
    put((struct yard_delta){.from = 101, .to = 102, .shard = 1, .high = 1});
    apply();
    assert_int_equal(yard_ask(&yard, 5), BOUNDARY_ADMITTED);
    assert_int_equal(yard_ask(&yard, 6), BOUNDARY_INVALID);
    assert_int_equal(yard_ask(&yard, 69999), BOUNDARY_ADMITTED);
    assert_int_equal(yard_ask(&yard, 70000), BOUNDARY_SUSPENDED);
    assert_int_equal(yard_ask(&yard, 70001), BOUNDARY_UNKNOWN);
    assert_int_equal(yard_ask(&yard, STATUS_SHARD_SIZE), BOUNDARY_ADMITTED);
    assert_int_equal(yard_ask(&yard, STATUS_SHARD_SIZE + 1), BOUNDARY_UNKNOWN);
}

static void a_list_that_is_newer_than_a_delta_has_it_already(void **state)
{
    (void)state;
    static const enum status statuses[] = {STATUS_VALID, STATUS_VALID};
    yard_make_list(&yard, 0, 203, statuses, 2); /* again valid in 203 */
    yard_put_catalogue(&yard, 200);
    put((struct yard_delta){.from = 200, .to = 203, .high = 1, .changes = revoked, .changes_n = 1});
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED);
    assert_int_equal(yard_ask(&yard, 1), BOUNDARY_ADMITTED);
    put((struct yard_delta){.from = 203, .to = 204, .high = 2, .changes = revoked, .changes_n = 1});
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_INVALID);
}

static void a_list_that_is_not_the_catalogues_is_refused(void **state)
{
    (void)state;
    static const enum status statuses[] = {STATUS_VALID};
    yard_put_catalogue(&yard, 200);
    yard_make_list(&yard, 0, 200, statuses, 1);
    yard_refuses(&yard, E_CONFLICT);
    check_last_good();
    yard_put_catalogue(&yard, 200);
    yard.has_no_lists = true;
    yard_refuses(&yard, E_UNREACHABLE);
    check_last_good();
    yard.has_no_lists = false;
    yard.lists[0].file[yard.lists[0].n - 1] ^= 1; /* and the catalogue names what it is now */
    yard_put_catalogue(&yard, 200);
    yard_refuses(&yard, E_SIGNATURE);
    check_last_good();
}

static void age_is_counted_and_stale_does_not_un_revoke(void **state)
{
    (void)state;
    struct boundary_identity valid = yard_identity(0), revoked_one = yard_identity(1);
    pass(30);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED);
    pass(1);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_STALE);
    assert_int_equal(yard_ask(&yard, 1), BOUNDARY_INVALID);
    assert_int_equal(yard_ask(&yard, 9), BOUNDARY_UNKNOWN);
    /* lax fails open: for whom it knows, and for nobody else */
    assert_int_equal(boundary_decide(yard.boundary, &valid, bytes_text("lax"), BOUNDARY_CONNECT,
                                     bytes_of(NULL, 0)),
                     BOUNDARY_ADMITTED);
    assert_int_equal(boundary_decide(yard.boundary, &revoked_one, bytes_text("lax"),
                                     BOUNDARY_CONNECT, bytes_of(NULL, 0)),
                     BOUNDARY_INVALID);
    yard_put_heartbeat(&yard, 100);
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED);
}

static void a_heartbeat_that_was_kept_back_makes_nothing_fresh(void **state)
{
    (void)state;
    pass(20);
    put((struct yard_delta){.from = 100, .to = 100, .at_s = yard_now_s - 300});
    apply();
    pass(11);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_STALE);
    put((struct yard_delta){.from = 100, .to = 100, .at_s = yard_now_s - 45});
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_STALE);
    put((struct yard_delta){.from = 100, .to = 100, .at_s = yard_now_s - 20});
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED);
    pass(21);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_STALE);
}

static void bindings_that_are_kept_back_make_all_old(void **state)
{
    (void)state;
    put((struct yard_delta){.from = 100, .to = 100, .service = 51});
    apply();
    pass(31);
    put((struct yard_delta){.from = 100, .to = 100, .service = 51});
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_STALE);
    yard_put_service(&yard, &(struct yard_service){.generation = 51});
    put((struct yard_delta){.from = 100, .to = 100, .service = 51});
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_BINDING);
}

static void another_boundarys_service_is_refused(void **state)
{
    (void)state;
    yard_put_service(&yard, &(struct yard_service){.generation = 60, .name = "south"});
    yard_refuses(&yard, E_CONFLICT);
    yard_put_service(&yard, &(struct yard_service){.generation = 60, .boundary = 10});
    yard_refuses(&yard, E_CONFLICT);
    yard_put_service(&yard, &(struct yard_service){.generation = 49});
    yard_refuses(&yard, E_CONFLICT);
    yard_put_service(&yard, &(struct yard_service){.generation = 50});
    yard_refuses(&yard, E_CONFLICT);
    check_last_good();
    assert_int_equal(apply_asks(yard.boundary).status, 100); /* statuses are not asked for anew */
    yard_put_service(&yard, &(struct yard_service){.generation = 60, .has_no_issuer = true});
    apply();
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ISSUER);
}

static void a_forked_ledger_is_taken_nothing_from(void **state)
{
    (void)state;
    const struct troth_checkpoint held = {.size = 7, .root = {1}};
    struct err err = {0};
    yard.boundary->ledger.held = held;
    put((struct yard_delta){.from = 100, .to = 100, .ledger_size = 7, .ledger_octet = 2});
    assert_int_not_equal(yard_apply(&yard, &err), OK);
    assert_int_equal(err.code, E_LEDGER);
    door_fork(yard.boundary, &err);
    put(delta_of(100, 101));
    yard_refuses(&yard, E_LEDGER);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_ADMITTED); /* the last good, to the age limit */
    pass(31);
    struct boundary_identity valid = yard_identity(0);
    assert_int_equal(yard_ask(&yard, 0), BOUNDARY_FORK);
    assert_int_equal(boundary_decide(yard.boundary, &valid, bytes_text("lax"), BOUNDARY_CONNECT,
                                     bytes_of(NULL, 0)),
                     BOUNDARY_FORK);
}

static void what_is_none_of_the_feed_is_refused(void **state)
{
    (void)state;
    yard_sign(&yard, yard.log, "application/other", bytes_text("\x80"));
    yard_refuses(&yard, E_SYNTAX);
    yard_sign(&yard, yard.log, STATUS_LIST_TYPE, bytes_text("\x80"));
    yard_refuses(&yard, E_SYNTAX);
    yard_sign(&yard, yard.log, FEED_DELTA_TYPE, bytes_text("\x80"));
    yard_refuses(&yard, E_SYNTAX);
    buf_put_u8(&yard.body, 0xf6);
    yard_refuses(&yard, E_SYNTAX);
    check_last_good();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_yard, close_yard)
    const struct CMUnitTest tests[] = {
        CASE(a_delta_is_enforced),
        CASE(what_another_key_signed_is_refused),
        CASE(one_octet_that_is_another_is_refused),
        CASE(every_prefix_of_an_answer_is_refused),
        CASE(a_gap_is_refused_and_asks_for_all_at_last),
        CASE(what_was_enforced_is_not_taken_back),
        CASE(nor_after_a_restart),
        CASE(a_mark_does_not_fall),
        CASE(a_mark_that_rises_takes_in_what_is_valid),
        CASE(a_list_that_is_newer_than_a_delta_has_it_already),
        CASE(a_list_that_is_not_the_catalogues_is_refused),
        CASE(age_is_counted_and_stale_does_not_un_revoke),
        CASE(a_heartbeat_that_was_kept_back_makes_nothing_fresh),
        CASE(bindings_that_are_kept_back_make_all_old),
        CASE(another_boundarys_service_is_refused),
        CASE(a_forked_ledger_is_taken_nothing_from),
        CASE(what_is_none_of_the_feed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
