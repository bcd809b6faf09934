#include "fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 20261123

static size_t encode(const struct ipc_message *message, uint8_t *wire)
{
    size_t n = 0;
    assert_int_equal(
        ipc_encode(message->type, fill_fields(message), wire, LIMIT_MESSAGE_BYTES, &n, NULL), OK);
    return n;
}

/* From memory of exactly that size, so that a sanitizer sees every byte read beyond it. */
static enum result decode(const uint8_t *wire, size_t n, struct ipc_message *ret)
{
    uint8_t *exact = malloc(n > 0 ? n : 1);
    assert_non_null(exact);
    if (n > 0)
        memcpy(exact, wire, n);
    struct err err = {0};
    enum result result = ipc_decode(bytes_of(exact, n), ret, &err);
    free(exact);
    if (result != OK)
        assert_string_not_equal(err.text, "");
    return result;
}

static void every_shorter_message_is_refused(void **state)
{
    (void)state;
    static uint8_t wire[LIMIT_MESSAGE_BYTES];
    struct ipc_message message, got;
    for (size_t i = 0; ipc_type_at(i) != IPC_NONE; i++) {
        fill_message(ipc_type_at(i), &message, false);
        size_t n = encode(&message, wire), step = n > 2000 ? n / 500 : 1;
        for (size_t shorter = 0; shorter < n; shorter += step)
            assert_int_equal(decode(wire, shorter, &got), R_INVALID);
    }
}

static void bytes_left_over_are_refused(void **state)
{
    (void)state;
    static uint8_t wire[LIMIT_MESSAGE_BYTES + 1];
    struct ipc_message message, got;
    for (size_t i = 0; ipc_type_at(i) != IPC_NONE; i++) {
        fill_message(ipc_type_at(i), &message, false);
        size_t n = encode(&message, wire);
        wire[n] = 0;
        assert_int_equal(decode(wire, n + 1, &got), R_INVALID);
    }
}

static void a_type_without_a_row_is_refused(void **state)
{
    (void)state;
    struct ipc_message got;
    for (unsigned type = 0; type < 0x10000; type++) {
        if (strcmp(ipc_name(type), "unknown") != 0)
            continue;
        uint8_t wire[] = {(uint8_t)(type >> 8), (uint8_t)type, 0, 0, 0, 0};
        assert_int_equal(decode(wire, 2, &got), R_INVALID);
        assert_int_equal(decode(wire, sizeof wire, &got), R_INVALID);
        size_t n = 0;
        assert_int_equal(ipc_encode(type, &got, wire, sizeof wire, &n, NULL), R_BUG);
    }
}

static void a_field_over_its_maximum_is_refused_by_both(void **state)
{
    (void)state;
    static uint8_t wire[LIMIT_MESSAGE_BYTES], long_text[LIMIT_TEXT + 1];
    struct msg_core_ready ready = {bytes_of(long_text, LIMIT_TEXT + 1)};
    size_t n = 0;
    assert_int_equal(ipc_encode(IPC_CORE_READY, &ready, wire, sizeof wire, &n, NULL), R_BUG);

    ready.text.n = LIMIT_TEXT;
    assert_int_equal(ipc_encode(IPC_CORE_READY, &ready, wire, sizeof wire, &n, NULL), OK);
    wire[5]++; /* the length's last octet */
    struct ipc_message got;
    assert_int_equal(decode(wire, n + 1, &got), R_INVALID);
}

static void a_length_near_the_end_of_numbers_is_refused(void **state)
{
    (void)state;
    struct ipc_message got;
    const uint8_t wire[] = {0, IPC_CORE_READY, 0xff, 0xff, 0xff, 0xff, 'a'};
    assert_int_equal(decode(wire, sizeof wire, &got), R_INVALID);
}

static void too_little_room_is_a_limit(void **state)
{
    (void)state;
    static uint8_t wire[LIMIT_MESSAGE_BYTES];
    struct ipc_message message;
    for (size_t i = 0; ipc_type_at(i) != IPC_NONE; i++) {
        fill_message(ipc_type_at(i), &message, false);
        size_t n = encode(&message, wire), got = 77;
        assert_int_equal(ipc_encode(message.type, fill_fields(&message), wire, n - 1, &got, NULL),
                         R_LIMIT);
        assert_int_equal(got, 77);
    }
}

static void a_refused_message_leaves_the_result_alone(void **state)
{
    (void)state;
    struct ipc_message got, before;
    memset(&got, 0x5a, sizeof got);
    before = got;
    const uint8_t wire[] = {0, IPC_CORE_READY, 0, 0, 0, 2, 'a'};
    assert_int_equal(decode(wire, sizeof wire, &got), R_INVALID);
    assert_memory_equal(&got, &before, sizeof got);
}

static void the_bytes_are_what_the_header_says(void **state)
{
    (void)state;
    uint8_t wire[64];
    const struct msg_journal_agreed agreed = {0x0102030405060708};
    size_t n = 0;
    assert_int_equal(ipc_encode(IPC_JOURNAL_AGREED, &agreed, wire, sizeof wire, &n, NULL), OK);
    assert_int_equal(n, 10);
    assert_memory_equal(wire, ((const uint8_t[]){0, 71, 1, 2, 3, 4, 5, 6, 7, 8}), 10);
}

static void every_message_comes_back_as_it_was(void **state)
{
    (void)state;
    static uint8_t wire[LIMIT_MESSAGE_BYTES];
    struct ipc_message message, got;
    for (size_t i = 0; ipc_type_at(i) != IPC_NONE; i++)
        for (int round = 0; round < 20; round++) {
            fill_message(ipc_type_at(i), &message, round == 0);
            size_t n = encode(&message, wire);
            assert_int_equal(ipc_decode(bytes_of(wire, n), &got, NULL), OK);
            assert_int_equal(got.fd, -1);
            assert_true(fill_is_equal(&message, &got));
        }
}

int main(void)
{
    fill_seed(SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shorter_message_is_refused),
        cmocka_unit_test(bytes_left_over_are_refused),
        cmocka_unit_test(a_type_without_a_row_is_refused),
        cmocka_unit_test(a_field_over_its_maximum_is_refused_by_both),
        cmocka_unit_test(a_length_near_the_end_of_numbers_is_refused),
        cmocka_unit_test(too_little_room_is_a_limit),
        cmocka_unit_test(a_refused_message_leaves_the_result_alone),
        cmocka_unit_test(the_bytes_are_what_the_header_says),
        cmocka_unit_test(every_message_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
