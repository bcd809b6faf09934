/* The journal of what a device remembers. */
#include <boot/state.h>

#include <model.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK 512
#define RECORD 56 /* octets, a multiple of the unit below */

static const struct geometry geometry = {"512/8", BLOCK, 8, 0};
static const struct boot_area area = {BLOCK, 2 * BLOCK};

struct flash {
    struct model model;
};

static int open_flash(void **state)
{
    static struct flash flash;
    model_open(&flash.model, &geometry, 4 * BLOCK, 7);
    *state = &flash;
    return 0;
}

static int close_flash(void **state)
{
    model_close(&((struct flash *)*state)->model);
    return 0;
}

static const struct boot_flash *of(void **state)
{
    return &((struct flash *)*state)->model.flash;
}

static struct model *model_of(void **state)
{
    return &((struct flash *)*state)->model;
}

static void write_counter(void **state, uint32_t counter)
{
    struct boot_state one = {.trial = BOOT_NONE, .counter = counter};
    assert_true(state_write(of(state), &area, &one));
}

static uint32_t read_counter(void **state)
{
    struct boot_state one;
    assert_int_equal(state_read(of(state), &area, &one), TROTH_VALID);
    return one.counter;
}

static void blank_flash_has_no_record(void **state)
{
    struct boot_state one;
    assert_int_equal(state_read(of(state), &area, &one), TROTH_VALID);
    assert_int_equal(one.number, 0);
    assert_int_equal(one.trial, BOOT_NONE);
    assert_int_equal(one.active, 0);
}

static void every_member_comes_back(void **state)
{
    struct boot_state one, two;
    memset(&one, 0, sizeof one); /* the gaps too: they are compared */
    memset(&two, 0, sizeof two);
    one.active = one.is_tried = one.pending_keys = 1;
    one.keys = 2;
    one.key_floor = 3;
    one.counter = 4;
    one.sequence = 5;
    one.data_format = 6;
    one.time_s = UINT64_C(0x123456789a);
    assert_true(state_write(of(state), &area, &one));
    assert_int_equal(one.number, 1);
    assert_int_equal(state_read(of(state), &area, &two), TROTH_VALID);
    assert_memory_equal(&one, &two, sizeof one);
}

static void the_newest_counts_through_many_halves(void **state)
{
    for (uint32_t i = 1; i <= 100; i++) {
        write_counter(state, i);
        assert_int_equal(read_counter(state), i);
    }
    assert_null(model_of(state)->violation);
    /* Nine records fit in half: both were erased some five times. */
    assert_in_range(model_of(state)->wear[1], 4, 7);
    assert_in_range(model_of(state)->wear[2], 4, 7);
    assert_int_equal(model_of(state)->wear[0] + model_of(state)->wear[3], 0);
}

/* Whatever single bit changes in the last record, it or the one before it is read. */
static void a_record_that_changed_does_not_count(void **state)
{
    write_counter(state, 1);
    write_counter(state, 2);
    for (unsigned bit = 0; bit < RECORD * 8; bit++) {
        uint8_t *octet = model_of(state)->octets + area.at + RECORD + bit / 8;
        *octet ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(read_counter(state), 1);
        *octet ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(read_counter(state), 2);
}

static void what_is_torn_is_passed_over_and_not_written_again(void **state)
{
    write_counter(state, 1);
    model_of(state)->octets[area.at + RECORD] = 0x5a; /* one octet of the next was written */
    write_counter(state, 2);
    assert_null(model_of(state)->violation);
    assert_int_equal(read_counter(state), 2);
}

static void a_stuck_bit_costs_a_place_and_no_record(void **state)
{
    model_of(state)->stuck.at = area.at + RECORD + 3;
    model_of(state)->stuck.zeroes = 0x01;
    model_stick(model_of(state));
    for (uint32_t i = 1; i <= 40; i++) {
        write_counter(state, i);
        assert_int_equal(read_counter(state), i);
    }
}

static void older_records_in_the_other_half_do_not_come_back(void **state)
{
    for (uint32_t i = 1; i <= 12; i++)
        write_counter(state, i);
    /* The newer half is lost: what is read then is the older one's newest, no other. */
    memset(model_of(state)->octets + area.at + BLOCK, BOOT_BLANK, BLOCK);
    assert_int_equal(read_counter(state), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blank_flash_has_no_record, open_flash, close_flash),
        cmocka_unit_test_setup_teardown(every_member_comes_back, open_flash, close_flash),
        cmocka_unit_test_setup_teardown(the_newest_counts_through_many_halves, open_flash,
                                        close_flash),
        cmocka_unit_test_setup_teardown(a_record_that_changed_does_not_count, open_flash,
                                        close_flash),
        cmocka_unit_test_setup_teardown(what_is_torn_is_passed_over_and_not_written_again,
                                        open_flash, close_flash),
        cmocka_unit_test_setup_teardown(a_stuck_bit_costs_a_place_and_no_record, open_flash,
                                        close_flash),
        cmocka_unit_test_setup_teardown(older_records_in_the_other_half_do_not_come_back,
                                        open_flash, close_flash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
