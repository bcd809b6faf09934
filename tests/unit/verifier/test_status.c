// Status lists as the server writes them, and what a device makes of them and of the time.
#include "scene.h"

#include <base/deflate.h>
#include <crypto/hash.h>
#include <troth/status.h>
#include <wire/cose.h>
#include <wire/status_list.h>
#include <wire/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ISSUED 1000000
#define EXPIRES 1600000
#define HIGH 1003

struct desk {
    struct scene *scene;
    uint8_t states[(HIGH + 3) / 4];
    uint8_t file[4096];
    size_t n;
    struct troth_time time;
    struct troth_status_terms terms;
    struct troth_status status;
    struct troth_status_place place;
    struct troth_fault fault;
};

static bool inflate(void *context, struct troth_octets compressed, size_t n, size_t offset,
                    uint8_t *ret)
{
    static uint8_t space[STATUS_SHARD_OCTETS];
    (void)context;
    if (inflate_bytes(bytes_of(compressed.p, compressed.n), space, n, NULL) != OK || offset >= n)
        return false;
    *ret = space[offset];
    return true;
}

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    desk->scene = scene_open();
    desk->scene->set.keys[2].uses |= TROTH_USE_STATUS;
    desk->scene->set.wanted[2] = 1;
    desk->time = (struct troth_time){500000, true, ISSUED + 100};
    desk->terms = (struct troth_status_terms){
        .crypto = &scene_crypto,
        .keys = &desk->scene->set,
        .inflate = inflate,
        .generation = 40,
        .time = &desk->time,
    };
    desk->place = (struct troth_status_place){3, 9, (2u << STATUS_SHARD_BITS) + 17};
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    scene_close(desk->scene);
    free(desk);
    return 0;
}

// Signed by key `i`, from 0, with that type.
static void seal(struct desk *desk, struct bytes payload, const char *type, unsigned i)
{
    uint8_t space[4096], raw[64];
    struct key_signature der;
    struct buf over = buf_over(space, sizeof space);
    struct buf out = buf_over(desk->file, sizeof desk->file);
    struct cose_sign1 message = {
        .type = bytes_of(type, strlen(type)),
        .key_id = bytes_text("12345678"),
        .payload = payload,
        .signature = bytes_of(raw, sizeof raw),
    };
    cose_signed_head(&over, &message);
    buf_put_bytes(&over, payload);
    assert_int_equal(key_sign(desk->scene->keys[i], buf_bytes(&over), &der, NULL), OK);
    assert_true(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, raw));
    cose_sign1_write(&out, &message);
    assert_true(buf_ok(&over) && buf_ok(&out));
    desk->n = out.n;
}

static void write_list(struct desk *desk, const char *type, unsigned signer)
{
    uint8_t space[2048];
    struct buf payload = buf_over(space, sizeof space);
    CLEANUP(blob_free) struct blob small = {0};
    assert_int_equal(deflate_bytes(bytes_of(desk->states, sizeof desk->states), &small, NULL), OK);
    status_list_write(&payload, &(struct status_list){
                                    .subject = bytes_text("http://t.example/status/3-9-2.cwt"),
                                    .issued_s = ISSUED,
                                    .expires_s = EXPIRES,
                                    .ttl_s = 60,
                                    .compressed = blob_bytes(&small),
                                    .generation = 41,
                                    .space = {3, 9, 2},
                                    .high = HIGH,
                                });
    seal(desk, buf_bytes(&payload), type, signer);
}

static enum troth_verdict ask(struct desk *desk)
{
    return troth_status_verify(&desk->terms, (struct troth_octets){desk->file, desk->n},
                               &desk->place, &desk->status, &desk->fault);
}

static enum troth_verdict ask_state(struct desk *desk, enum status status)
{
    status_put(desk->states, 17, status);
    write_list(desk, STATUS_LIST_TYPE, 2);
    return ask(desk);
}

static void its_two_bits_are_its_state(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(ask_state(desk, STATUS_VALID), TROTH_VALID);
    assert_int_equal(desk->status.generation, 41);
    assert_int_equal(desk->status.issued_s, ISSUED);
    assert_int_equal(desk->status.expires_s, EXPIRES);
    assert_int_equal(desk->status.signers, 4);
    assert_int_equal(ask_state(desk, STATUS_INVALID), TROTH_REVOKED);
    assert_int_equal(ask_state(desk, STATUS_SUSPENDED), TROTH_SUSPENDED);
    assert_int_equal(ask_state(desk, STATUS_SUPERSEDED), TROTH_REVOKED);
    for (uint32_t index = 15; index < 20; index++) {
        desk->place.number = (2u << STATUS_SHARD_BITS) + index;
        assert_int_equal(ask(desk), index == 17 ? TROTH_REVOKED : TROTH_VALID);
    }
}

static void only_a_key_for_it_signs_it(void **state)
{
    struct desk *desk = *state;
    write_list(desk, STATUS_LIST_TYPE, 1);
    assert_int_equal(ask(desk), TROTH_BAD_SIGNATURE);
    write_list(desk, STATUS_LIST_TYPE, 2);
    desk->scene->set.floor = 4;
    assert_int_equal(ask(desk), TROTH_BELOW_FLOOR);
    desk->scene->set.floor = 2;
    desk->scene->set.wanted[2] = 2;
    assert_int_equal(ask(desk), TROTH_TOO_FEW_SIGNERS);
    desk->scene->set.wanted[2] = 0;
    assert_int_equal(ask(desk), TROTH_UNKNOWN_KEY);
    // Nothing that is not signed raises the floor of time.
    assert_int_equal(desk->time.floor_s, 500000);
}

static void another_object_of_the_same_key_is_none(void **state)
{
    struct desk *desk = *state;
    write_list(desk, "application/troth-delta+cbor", 2);
    assert_int_equal(ask(desk), TROTH_MALFORMED);
    assert_int_equal(desk->fault.offset, 0);
    seal(desk, bytes_text("\xa0"), STATUS_LIST_TYPE, 2);
    assert_int_equal(ask(desk), TROTH_MALFORMED);
    assert_int_equal(desk->file[desk->fault.offset], 0xa0);
}

static void a_place_that_it_does_not_have_is_missing(void **state)
{
    static const struct troth_status_place others[] = {
        {4, 9, (2u << STATUS_SHARD_BITS) + 17},
        {3, 8, (2u << STATUS_SHARD_BITS) + 17},
        {3, 9, (1u << STATUS_SHARD_BITS) + 17},
        {3, 9, (2u << STATUS_SHARD_BITS) + HIGH},
        {3, 9, (2u << STATUS_SHARD_BITS) + STATUS_SHARD_SIZE - 1},
    };
    struct desk *desk = *state;
    write_list(desk, STATUS_LIST_TYPE, 2);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        desk->place = others[i];
        assert_int_equal(ask(desk), TROTH_MISSING);
    }
    desk->place = (struct troth_status_place){3, 9, (2u << STATUS_SHARD_BITS) + HIGH - 1};
    assert_int_equal(ask(desk), TROTH_VALID);
}

static void an_older_generation_is_refused(void **state)
{
    struct desk *desk = *state;
    write_list(desk, STATUS_LIST_TYPE, 2);
    desk->terms.generation = 41;
    assert_int_equal(ask(desk), TROTH_VALID);
    desk->terms.generation = 42;
    assert_int_equal(ask(desk), TROTH_OLDER_SEQUENCE);
}

static bool cannot_inflate(void *context, struct troth_octets compressed, size_t n, size_t offset,
                           uint8_t *ret)
{
    (void)context;
    assert_true(compressed.n > 0 && n == (HIGH + 3) / 4 && offset == 17 / 4);
    *ret = 0;
    return false;
}

static void without_inflating_nothing_is_said(void **state)
{
    struct desk *desk = *state;
    write_list(desk, STATUS_LIST_TYPE, 2);
    desk->terms.inflate = NULL;
    assert_int_equal(ask(desk), TROTH_UNSUPPORTED);
    desk->terms.inflate = cannot_inflate;
    assert_int_equal(ask(desk), TROTH_MALFORMED);
}

static void every_flipped_bit_and_every_cut_refuses(void **state)
{
    struct desk *desk = *state;
    desk->terms.crypto = &scene_fast;
    write_list(desk, STATUS_LIST_TYPE, 2);
    // The key's id is one that nobody signed, and not looked at.
    const uint8_t *found = memmem(desk->file, desk->n, "12345678", 8);
    assert_non_null(found);
    size_t hint = (size_t)(found - desk->file);
    for (size_t bit = 0; bit < 8 * desk->n; bit++) {
        desk->file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum troth_verdict verdict = ask(desk);
        desk->file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool is_hint = bit / 8 - hint < 8;
        if ((verdict == TROTH_VALID) != is_hint)
            fail_msg("bit %zu of octet %zu", bit % 8, bit / 8);
    }
    while (desk->n-- > 0)
        assert_int_equal(ask(desk), TROTH_MALFORMED);
}

// ---- time

static void a_list_is_good_for_its_time(void **state)
{
    struct desk *desk = *state;
    write_list(desk, STATUS_LIST_TYPE, 2);
    desk->time.clock_s = EXPIRES;
    assert_int_equal(ask(desk), TROTH_VALID);
    desk->time.clock_s = EXPIRES + 1;
    assert_int_equal(ask(desk), TROTH_NOT_NOW);
    desk->time.has_clock = false;
    assert_int_equal(ask(desk), TROTH_TIME_UNKNOWN);
    // What is bad stays so, whatever the time.
    assert_int_equal(ask_state(desk, STATUS_INVALID), TROTH_REVOKED);
    assert_int_equal(ask_state(desk, STATUS_VALID), TROTH_TIME_UNKNOWN);
    troth_time_raise(&desk->time, EXPIRES + 1);
    assert_int_equal(ask(desk), TROTH_NOT_NOW);
}

static void a_signed_list_raises_the_floor(void **state)
{
    struct desk *desk = *state;
    write_list(desk, STATUS_LIST_TYPE, 2);
    assert_int_equal(ask(desk), TROTH_VALID);
    assert_int_equal(desk->time.floor_s, ISSUED);
    // A clock that is behind what is over for certain does not count.
    desk->time.clock_s = ISSUED - 1;
    assert_int_equal(ask(desk), TROTH_TIME_UNKNOWN);
}

static void the_floor_only_rises(void **state)
{
    struct troth_time time = {100, false, 0};
    (void)state;
    troth_time_raise(&time, 99);
    assert_int_equal(time.floor_s, 100);
    troth_time_raise(&time, 101);
    assert_int_equal(time.floor_s, 101);
    troth_time_raise(&time, INT64_MIN);
    assert_int_equal(time.floor_s, 101);
}

static void each_time_has_its_verdict(void **state)
{
    static const struct {
        struct troth_time time;
        int64_t from_s, until_s;
        enum troth_verdict verdict;
    } rows[] = {
        {{100, false, 0}, 0, 99, TROTH_NOT_NOW},
        {{100, false, 0}, 0, 100, TROTH_TIME_UNKNOWN},
        {{100, false, 500}, 400, 600, TROTH_TIME_UNKNOWN},
        {{100, true, 500}, 400, 600, TROTH_VALID},
        {{100, true, 500}, 500, 500, TROTH_VALID},
        {{100, true, 500}, 501, 600, TROTH_NOT_NOW},
        {{100, true, 500}, 400, 499, TROTH_NOT_NOW},
        {{100, true, 99}, 0, 600, TROTH_TIME_UNKNOWN},
        {{100, true, 100}, 0, 600, TROTH_VALID},
        {{100, true, 500}, 600, 400, TROTH_NOT_NOW},
        {{0, true, INT64_MAX}, INT64_MIN, INT64_MAX, TROTH_VALID},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (troth_time_judge(&rows[i].time, rows[i].from_s, rows[i].until_s) != rows[i].verdict)
            fail_msg("row %zu", i);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(its_two_bits_are_its_state),
        CASE(only_a_key_for_it_signs_it),
        CASE(another_object_of_the_same_key_is_none),
        CASE(a_place_that_it_does_not_have_is_missing),
        CASE(an_older_generation_is_refused),
        CASE(without_inflating_nothing_is_said),
        CASE(every_flipped_bit_and_every_cut_refuses),
        CASE(a_list_is_good_for_its_time),
        CASE(a_signed_list_raises_the_floor),
        cmocka_unit_test(the_floor_only_rises),
        cmocka_unit_test(each_time_has_its_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
