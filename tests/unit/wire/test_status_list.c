// Token Status List: the layout, the claims, what is refused.
#include <wire/status_list.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The draft's own example of two bits (draft-ietf-oauth-status-list 4.1). */
static void the_layout_is_that_of_the_draft(void **state)
{
    (void)state;
    static const int values[] = {1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3};
    static const uint8_t wanted[] = {0xc9, 0x44, 0xf9};
    uint8_t octets[3] = {0xff, 0, 0xff};
    for (uint32_t i = 0; i < 12; i++)
        status_put(octets, i, (enum status)values[i]);
    assert_memory_equal(octets, wanted, sizeof wanted);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(status_at(octets, i), values[i]);
    assert_int_equal(status_octets(0), 0);
    assert_int_equal(status_octets(1), 1);
    assert_int_equal(status_octets(4), 1);
    assert_int_equal(status_octets(5), 2);
    assert_int_equal(status_octets(STATUS_SHARD_SIZE), STATUS_SHARD_OCTETS);
}

static void a_number_has_one_place(void **state)
{
    (void)state;
    struct status_space space = status_space_of(3, 9, STATUS_SHARD_SIZE - 1);
    assert_true(status_space_is(space, (struct status_space){3, 9, 0}));
    space = status_space_of(3, 9, STATUS_SHARD_SIZE);
    assert_true(status_space_is(space, (struct status_space){3, 9, 1}));
    space = status_space_of(3, 9, UINT32_MAX);
    assert_true(status_space_is(space, (struct status_space){3, 9, STATUS_SHARDS_MAX - 1}));
    assert_false(status_space_is(space, (struct status_space){4, 9, STATUS_SHARDS_MAX - 1}));
    assert_false(status_space_is(space, (struct status_space){3, 8, STATUS_SHARDS_MAX - 1}));
}

static struct status_list sample(void)
{
    return (struct status_list){
        .subject = bytes_text("http://troth.example/status/3-9-0.cwt"),
        .issued_s = 100,
        .expires_s = 200,
        .ttl_s = 60,
        .compressed = bytes_text("deflated"),
        .generation = 12,
        .space = {3, 9, 0},
        .high = 1000,
    };
}

static struct bytes written(const struct status_list *list, uint8_t space[512])
{
    struct buf b = buf_over(space, 512);
    status_list_write(&b, list);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    uint8_t space[512];
    struct status_list list = sample(), back;
    const char *why = NULL;
    assert_true(status_list_read(written(&list, space), &back, &why));
    assert_true(bytes_equal(back.subject, list.subject));
    assert_true(bytes_equal(back.compressed, list.compressed));
    assert_true(status_space_is(back.space, list.space));
    assert_true(back.issued_s == 100 && back.expires_s == 200 && back.ttl_s == 60);
    assert_true(back.generation == 12 && back.high == 1000);
}

static void check_refused(const struct status_list *list, const char *rule)
{
    uint8_t space[512];
    struct status_list back = {0};
    const char *why = NULL;
    assert_false(status_list_read(written(list, space), &back, &why));
    assert_non_null(strstr(why, rule));
    assert_int_equal(back.generation, 0);
}

static void refuses_what_no_shard_is(void **state)
{
    (void)state;
    struct status_list list = sample();
    list.high = STATUS_SHARD_SIZE;
    uint8_t space[512];
    const char *why = NULL;
    assert_true(status_list_read(written(&list, space), &list, &why));
    list.high = STATUS_SHARD_SIZE + 1;
    check_refused(&list, "2^20 indices");
    list = sample();
    list.generation = 0;
    check_refused(&list, "above 0");
    list = sample();
    list.space.issuer = 0;
    check_refused(&list, "above 0");
    list = sample();
    list.space.shard = STATUS_SHARDS_MAX;
    check_refused(&list, "below 4096");
    list = sample();
    list.compressed.n = 0;
    check_refused(&list, "one shard");
    list = sample();
    list.expires_s = -1;
    check_refused(&list, "another type");
}

static void refuses_every_prefix_and_what_trails(void **state)
{
    (void)state;
    uint8_t space[512] = {0};
    struct status_list list = sample();
    const char *why = NULL;
    struct bytes all = written(&list, space);
    for (size_t n = 0; n < all.n; n++)
        assert_false(status_list_read(bytes_of(space, n), &list, &why));
    assert_false(status_list_read(bytes_of(space, all.n + 1), &list, &why));
}

/* Of the claims, each in its place: a list of one bit, or with a claim that we do not know. */
static void refuses_other_claims(void **state)
{
    (void)state;
    uint8_t space[512];
    struct status_list list = sample(), back;
    const char *why = NULL;
    struct bytes all = written(&list, space);
    for (size_t i = 0; i + 5 < all.n; i++)
        if (memcmp(space + i, "bits\x02", 5) == 0)
            space[i + 4] = 1;
    assert_false(status_list_read(all, &back, &why));
    assert_non_null(strstr(why, "two bits"));
    all = written(&list, space);
    space[1] = 1;
    assert_false(status_list_read(all, &back, &why));
    assert_non_null(strstr(why, "claims"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_that_of_the_draft),
        cmocka_unit_test(a_number_has_one_place),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(refuses_what_no_shard_is),
        cmocka_unit_test(refuses_every_prefix_and_what_trails),
        cmocka_unit_test(refuses_other_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
