/* Which slot runs, and what an update may: beside the power cuts of boot-sim. */
#include <boot/boot.h>

#include <world.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct geometry geometry = {"2048/8", 2048, 8, 8192};

struct board {
    struct world world;
    struct boot_device device;
    struct boot_report report;
};

static int open_board(void **state, bool is_single)
{
    static struct board board;
    world_open(&board.world, &geometry, is_single, 6000, 1);
    board.device = board.world.device;
    *state = &board;
    return 0;
}

static int open_two_slots(void **state)
{
    return open_board(state, false);
}

static int open_recovery(void **state)
{
    return open_board(state, true);
}

static int close_board(void **state)
{
    world_close(&((struct board *)*state)->world);
    return 0;
}

static struct board *of(void **state)
{
    return *state;
}

/* What runs after a start. */
static unsigned start(struct board *board)
{
    boot_start(&board->device, &board->report);
    assert_null(board->world.factory.violation);
    return board->report.slot == BOOT_NONE ? WORLD_IMAGES
                                           : world_image_of(&board->world, &board->report);
}

static struct boot_state state_of(const struct board *board)
{
    struct boot_state state;
    (void)state_read(board->device.flash, &board->device.layout.state, &state);
    return state;
}

static enum troth_verdict install(struct board *board, enum world_image image)
{
    struct troth_fault fault;
    const struct world_file *envelope = &board->world.envelopes[image];
    return boot_install(&board->device, (struct troth_octets){envelope->p, envelope->n},
                        world_fetch, &board->world.images[image], &fault);
}

static void update_to(struct board *board, enum world_image image)
{
    assert_int_equal(install(board, image), TROTH_VALID);
    assert_int_equal(start(board), image);
    assert_int_equal(board->report.is_trial, 1);
    assert_int_equal(boot_confirm(&board->device), TROTH_VALID);
    assert_int_equal(start(board), image);
    assert_int_equal(board->report.is_trial, 0);
}

static uint8_t *image_of(struct board *board, unsigned slot)
{
    const struct boot_layout *layout = &board->device.layout;
    return board->world.factory.octets + layout->slots[slot].at + layout->envelope_n;
}

/* ---- starting */

static void what_the_factory_put_there_runs(void **state)
{
    struct board *board = of(state);
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(board->report.verdict, TROTH_VALID);
    assert_int_equal(board->report.slot, 0);
    assert_int_equal(board->report.signers, 1);
    assert_int_equal(board->report.sequence, 1);
    assert_int_equal(board->report.keys_sequence, 1);
    assert_int_equal(board->world.factory.done, 0); /* a start without an update writes nothing */
}

/* An octet, wherever it is, of envelope or image: nothing runs, and it is said why. */
static void nothing_runs_that_changed(void **state)
{
    struct board *board = of(state);
    const struct boot_area *slot = &board->device.layout.slots[0];
    size_t n = board->world.envelopes[IMAGE_OLD].n;
    for (size_t i = 0; i < 8 + n; i++) {
        board->world.factory.octets[slot->at + i] ^= 0x04;
        assert_int_equal(start(board), WORLD_IMAGES);
        assert_int_not_equal(board->report.verdict, TROTH_VALID);
        board->world.factory.octets[slot->at + i] ^= 0x04;
    }
    image_of(board, 0)[board->world.images[IMAGE_OLD].n - 1] ^= 1;
    assert_int_equal(start(board), WORLD_IMAGES);
    assert_int_equal(board->report.verdict, TROTH_WRONG_IMAGE);
}

static void the_other_slot_runs_where_the_active_one_is_broken(void **state)
{
    struct board *board = of(state);
    update_to(board, IMAGE_NEW);
    image_of(board, 1)[0] ^= 1;
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(state_of(board).active, 0);
}

static void a_counter_that_rose_leaves_older_images_dead(void **state)
{
    struct board *board = of(state);
    update_to(board, IMAGE_NEW);
    update_to(board, IMAGE_NEWER);
    assert_int_equal(state_of(board).counter, 2);
    image_of(board, 0)[0] ^= 1;
    assert_int_equal(start(board), WORLD_IMAGES);
}

static void the_counter_rises_only_when_confirmed(void **state)
{
    struct board *board = of(state);
    assert_int_equal(install(board, IMAGE_NEW), TROTH_VALID);
    assert_int_equal(state_of(board).counter, 0);
    assert_int_equal(start(board), IMAGE_NEW);
    assert_int_equal(state_of(board).counter, 0);
    assert_int_equal(start(board), IMAGE_OLD); /* it was not confirmed */
    assert_int_equal(board->report.trial, TROTH_VALID);
    assert_int_equal(state_of(board).counter, 0);
}

/* Who signed is in the evidence, by key and not by place. */
static void the_authority_is_that_of_the_signers(void **state)
{
    struct board *board = of(state);
    uint8_t first[TROTH_HASH_N];
    assert_int_equal(start(board), IMAGE_OLD);
    memcpy(first, board->report.authority, sizeof first);
    update_to(board, IMAGE_NEW);
    assert_memory_not_equal(first, board->report.authority, sizeof first);
    memcpy(first, board->report.authority, sizeof first);
    update_to(board, IMAGE_NEWER);
    assert_memory_equal(first, board->report.authority, sizeof first);
}

/* A length that an attacker wrote is not followed out of the slot. */
static void an_envelope_longer_than_its_place_is_none(void **state)
{
    struct board *board = of(state);
    uint8_t *n = board->world.factory.octets + board->device.layout.slots[0].at + 4;
    static const uint8_t most[4] = {0xf0, 0xff, 0xff, 0xff};
    memcpy(n, most, sizeof most);
    assert_int_equal(start(board), WORLD_IMAGES);
    assert_int_equal(board->report.verdict, TROTH_MISSING);
}

/* ---- updates */

static void confirming_without_a_trial_writes_nothing(void **state)
{
    struct board *board = of(state);
    start(board);
    assert_int_equal(boot_confirm(&board->device), TROTH_VALID);
    assert_int_equal(board->world.factory.done, 0);
}

static void what_is_on_trial_installs_nothing(void **state)
{
    struct board *board = of(state);
    assert_int_equal(install(board, IMAGE_NEW), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_NEW);
    assert_int_equal(install(board, IMAGE_NEWER), TROTH_CONDITION);
    assert_int_equal(start(board), IMAGE_OLD);
}

/* Judged first: nothing is erased for what cannot be. */
static void what_is_refused_touches_no_flash(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    struct world_file *envelope = &board->world.envelopes[IMAGE_NEW];
    update_to(board, IMAGE_NEW);
    uint64_t before = board->world.factory.done;
    assert_int_equal(install(board, IMAGE_OLD), TROTH_OLDER_SEQUENCE);
    assert_int_equal(install(board, IMAGE_LOW), TROTH_OLDER_COUNTER);
    assert_int_equal(install(board, IMAGE_FOREIGN), TROTH_BAD_SIGNATURE);
    for (size_t n = 0; n < envelope->n; n++)
        assert_int_not_equal(boot_install(&board->device, (struct troth_octets){envelope->p, n},
                                          world_fetch, &board->world.images[IMAGE_NEW], &fault),
                             TROTH_VALID);
    assert_int_equal(board->world.factory.done, before);
}

static void an_image_larger_than_its_slot_touches_no_flash(void **state)
{
    struct board *board = of(state);
    struct boot_area *slot = &board->device.layout.slots[1];
    slot->n = board->device.layout.envelope_n + 4096;
    assert_int_equal(install(board, IMAGE_NEW), TROTH_TOO_LARGE);
    slot->n += 2048;
    assert_int_equal(board->world.factory.done, 0);
    assert_int_equal(install(board, IMAGE_NEW), TROTH_VALID);
}

static bool refuse_erasure(void *context, uint32_t at)
{
    (void)context;
    (void)at;
    return false;
}

static bool refuse_write(void *context, uint32_t at, const void *octets, uint32_t n)
{
    (void)octets;
    (void)n;
    return refuse_erasure(context, at);
}

/* It would be tried again and again. */
static void a_trial_that_cannot_be_written_down_does_not_start(void **state)
{
    struct board *board = of(state);
    struct boot_flash worn = *board->device.flash;
    worn.erase = refuse_erasure;
    worn.write = refuse_write;
    assert_int_equal(install(board, IMAGE_NEW), TROTH_VALID);
    board->device.flash = &worn;
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(board->report.trial, TROTH_PLATFORM);
    assert_int_equal(board->report.is_trial, 0);
    board->device.flash = &board->world.factory.flash;
    assert_int_equal(start(board), IMAGE_NEW);
}

static void what_broke_since_it_started_is_not_confirmed(void **state)
{
    struct board *board = of(state);
    assert_int_equal(install(board, IMAGE_NEW), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_NEW);
    image_of(board, 1)[9] ^= 1;
    assert_int_equal(boot_confirm(&board->device), TROTH_WRONG_IMAGE);
    assert_int_equal(state_of(board).active, 0);
    assert_int_equal(state_of(board).counter, 0);
    assert_int_equal(start(board), IMAGE_OLD);
}

/* What today's data are is known since an image that writes them was confirmed. */
static void an_image_that_cannot_read_the_data_touches_no_flash(void **state)
{
    struct board *board = of(state);
    assert_int_equal(install(board, IMAGE_NEW), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_NEW);
    assert_int_equal(state_of(board).data_format, 0);
    assert_int_equal(boot_confirm(&board->device), TROTH_VALID);
    struct boot_state remembered = state_of(board);
    assert_int_equal(remembered.data_format, 2);

    remembered.data_format = 4; /* newer than any of them reads */
    assert_true(state_write(board->device.flash, &board->device.layout.state, &remembered));
    uint64_t before = board->world.factory.done;
    assert_int_equal(install(board, IMAGE_NEWER), TROTH_DATA_FORMAT);
    assert_int_equal(board->world.factory.done, before);
    assert_int_equal(start(board), WORLD_IMAGES);
}

static void a_fetch_that_fails_leaves_what_runs(void **state)
{
    struct board *board = of(state);
    struct world_file *image = &board->world.images[IMAGE_NEW];
    image->n /= 2;
    assert_int_equal(install(board, IMAGE_NEW), TROTH_PLATFORM);
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(board->report.trial, TROTH_UNJUDGED); /* nothing was asked for */
    image->n = board->world.images[IMAGE_OLD].n - 13;
    update_to(board, IMAGE_NEW);
}

static void another_payload_than_was_signed_is_never_tried(void **state)
{
    struct board *board = of(state);
    board->world.images[IMAGE_NEW].p[17] ^= 1;
    assert_int_equal(install(board, IMAGE_NEW), TROTH_WRONG_IMAGE);
    assert_int_equal(start(board), IMAGE_OLD);
}

/* ---- keys */

static void a_set_waits_while_a_slot_needs_a_key_of_the_old_one(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    const struct world_file *set = &board->world.sets[1];
    const struct troth_octets object = {set->p, set->n};
    assert_int_equal(boot_keys_install(&board->device, object, &fault), TROTH_VALID);
    assert_int_equal(state_of(board).keys, 0);
    assert_int_not_equal(state_of(board).pending_keys, 0);
    uint64_t before = board->world.factory.done;
    assert_int_equal(boot_keys_install(&board->device, object, &fault), TROTH_OLDER_SET);
    assert_int_equal(board->world.factory.done, before); /* the next follows the one that waits */
    update_to(board, IMAGE_NEW);
    assert_int_equal(state_of(board).keys, 0); /* the old image is still there to go back to */
    update_to(board, IMAGE_NEWER);
    assert_int_not_equal(state_of(board).keys, 0);
    assert_int_equal(state_of(board).key_floor, 2);
    assert_int_equal(board->report.keys_sequence, 2);
    assert_int_equal(boot_keys_install(&board->device, object, &fault), TROTH_OLDER_SET);
}

/* Who has a key that is given up could keep a slot that needs it, and so the set waiting, for ever.
 */
static void a_set_that_waits_lets_no_key_that_it_gives_up_install(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    const struct world_file *set = &board->world.sets[1];
    assert_int_equal(install(board, IMAGE_OLD), TROTH_VALID);
    assert_int_equal(
        boot_keys_install(&board->device, (struct troth_octets){set->p, set->n}, &fault),
        TROTH_VALID);
    assert_int_equal(state_of(board).keys, 0);
    uint64_t before = board->world.factory.done;
    assert_int_equal(install(board, IMAGE_OLD), TROTH_BELOW_FLOOR);
    assert_int_equal(board->world.factory.done, before);
    assert_int_equal(install(board, IMAGE_NEW), TROTH_VALID);
}

/* The copy in flash rots: the set that was built in counts, and not its keys below the floor. */
static void a_floor_outlives_the_set_that_brought_it(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    const struct world_file *set = &board->world.sets[1];
    update_to(board, IMAGE_NEW);
    update_to(board, IMAGE_NEWER);
    assert_int_equal(
        boot_keys_install(&board->device, (struct troth_octets){set->p, set->n}, &fault),
        TROTH_VALID);
    assert_int_equal(state_of(board).key_floor, 2);
    memset(board->world.factory.octets + board->device.layout.keys[0].at, 0x5a, 64);
    assert_int_equal(start(board), IMAGE_NEWER);
    assert_int_equal(board->report.keys_sequence, 1);
    assert_int_equal(install(board, IMAGE_OLD), TROTH_BELOW_FLOOR);
}

/* A record says that one waits, and there lies the one that was built in. */
static void a_set_that_waits_and_is_not_newer_is_left(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    const struct world_file *sets = board->world.sets;
    const struct boot_device *device = &board->device;
    const struct boot_area *area = &device->layout.keys[1];
    update_to(board, IMAGE_NEW);
    update_to(board, IMAGE_NEWER);
    assert_int_equal(boot_keys_install(device, (struct troth_octets){sets[1].p, sets[1].n}, &fault),
                     TROTH_VALID);
    struct boot_state waits = state_of(board);
    const uint8_t head[] = {'T', 'O', 'B', 'J', (uint8_t)sets[0].n, (uint8_t)(sets[0].n >> 8),
                            0,   0};
    assert_int_equal(waits.keys, 1);
    assert_true(flash_erase(device->flash, area) &&
                flash_write(device->flash, area, sizeof head, sets[0].p, (uint32_t)sets[0].n) &&
                flash_write(device->flash, area, 0, head, sizeof head));
    waits.pending_keys = 2;
    assert_true(state_write(device->flash, &device->layout.state, &waits));
    assert_int_equal(start(board), IMAGE_NEWER);
    assert_int_equal(board->report.keys_sequence, 2);
    assert_int_equal(state_of(board).keys, 1);
    assert_int_equal(state_of(board).pending_keys, 0);
}

static void a_set_that_nobody_signed_is_refused(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    struct world_file *set = &board->world.sets[1];
    for (size_t i = 0; i < set->n; i++) {
        set->p[i] ^= 0x20;
        assert_int_not_equal(
            boot_keys_install(&board->device, (struct troth_octets){set->p, set->n}, &fault),
            TROTH_VALID);
        set->p[i] ^= 0x20;
    }
    assert_int_equal(board->world.factory.done, 0);
}

/* ---- flash that is spoilt */

static void a_bit_that_sticks_in_a_slot_refuses_what_is_put_there(void **state)
{
    struct board *board = of(state);
    struct model *flash = &board->world.factory;
    flash->stuck.at = (uint32_t)(image_of(board, 1) - flash->octets) + 100;
    flash->stuck.ones = (uint8_t)~board->world.images[IMAGE_NEW].p[100];
    assert_int_equal(install(board, IMAGE_NEW), TROTH_PLATFORM);
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(board->report.trial, 0); /* it was never asked for */
    flash->stuck.ones = 0;
    update_to(board, IMAGE_NEW);
}

static void a_set_goes_into_the_copy_that_holds_it(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    const struct world_file *set = &board->world.sets[1];
    board->world.factory.stuck.at = board->device.layout.keys[0].at;
    board->world.factory.stuck.zeroes = 'T';
    assert_int_equal(
        boot_keys_install(&board->device, (struct troth_octets){set->p, set->n}, &fault),
        TROTH_VALID);
    assert_int_equal(state_of(board).pending_keys, 2);
    update_to(board, IMAGE_NEW);
    update_to(board, IMAGE_NEWER);
    assert_int_equal(board->report.keys_sequence, 2);
}

/* Updates that nobody confirms, until no block can be erased: what was there runs on. */
static void a_device_that_is_worn_out_runs_on(void **state)
{
    struct board *board = of(state);
    unsigned refused = 0;
    board->world.factory.endurance = 4;
    for (unsigned i = 0; i < 60; i++) {
        enum troth_verdict verdict = install(board, i % 2 == 0 ? IMAGE_NEW : IMAGE_NEWER);
        refused += verdict == TROTH_PLATFORM;
        assert_true(verdict == TROTH_VALID || verdict == TROTH_PLATFORM);
        if (start(board) != IMAGE_OLD)
            assert_true(board->report.is_trial && verdict == TROTH_VALID);
        assert_int_equal(start(board), IMAGE_OLD);
    }
    assert_in_range(refused, 40, 59);
}

/* ---- one slot and a recovery image */

static void an_application_does_not_write_itself(void **state)
{
    struct board *board = of(state);
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(install(board, IMAGE_NEW), TROTH_CONDITION);
    assert_int_equal(boot_recover(&board->device), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_NEWER);
    assert_int_equal(board->report.slot, BOOT_RECOVERY);
    update_to(board, IMAGE_NEW);
    assert_int_equal(board->report.slot, 0);
}

static void a_broken_application_leaves_the_recovery_image(void **state)
{
    struct board *board = of(state);
    image_of(board, 0)[5] ^= 1;
    assert_int_equal(start(board), IMAGE_NEWER);
    update_to(board, IMAGE_NEW);
}

static void there_is_no_recovery_between_two_slots(void **state)
{
    assert_int_equal(boot_recover(&of(state)->device), TROTH_CONDITION);
}

/* The recovery image is signed by a key of both sets, the application by one that is given up. */
static void a_set_waits_for_the_application_beside_a_recovery_image(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    const struct world_file *set = &board->world.sets[1];
    const struct troth_octets object = {set->p, set->n};
    assert_int_equal(boot_keys_install(&board->device, object, &fault), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(state_of(board).keys, 0);
    assert_int_equal(boot_recover(&board->device), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_NEWER);
    update_to(board, IMAGE_NEW);
    assert_int_equal(state_of(board).key_floor, 2);
    assert_int_equal(board->report.keys_sequence, 2);
}

/* It has to start for ever, and so does the key that signed it. */
static void a_set_that_gives_up_the_recovery_image_waits(void **state)
{
    struct board *board = of(state);
    struct troth_fault fault;
    const struct world_file *set = &board->world.sets[1];
    const struct boot_area slot = board->device.layout.slots[BOOT_RECOVERY];
    memset(board->world.factory.octets + slot.at, BOOT_BLANK, slot.n);
    world_put(&board->world, BOOT_RECOVERY, IMAGE_OLD);
    assert_int_equal(
        boot_keys_install(&board->device, (struct troth_octets){set->p, set->n}, &fault),
        TROTH_VALID);
    assert_int_equal(boot_recover(&board->device), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_OLD);
    assert_int_equal(install(board, IMAGE_OLD), TROTH_BELOW_FLOOR);
    update_to(board, IMAGE_NEW);
    assert_int_equal(state_of(board).keys, 0);
    image_of(board, 0)[0] ^= 1;
    assert_int_equal(start(board), IMAGE_OLD);
}

/* What the recovery image can start with is all that an application's counter raises. */
static void a_counter_never_rises_above_the_recovery_images(void **state)
{
    struct board *board = of(state);
    const struct boot_area slot = board->device.layout.slots[BOOT_RECOVERY];
    uint8_t *octets = board->world.factory.octets + slot.at;
    /* The recovery image is of counter 1, the application's update of counter 2. */
    memset(octets, BOOT_BLANK, slot.n);
    world_put(&board->world, BOOT_RECOVERY, IMAGE_NEW);
    assert_int_equal(boot_recover(&board->device), TROTH_VALID);
    assert_int_equal(start(board), IMAGE_NEW);
    update_to(board, IMAGE_NEWER);
    assert_int_equal(state_of(board).counter, 1);
    image_of(board, 0)[0] ^= 1;
    assert_int_equal(start(board), IMAGE_NEW);
}

static void time_only_rises(void **state)
{
    struct board *board = of(state);
    board->device.built_s = 900;
    start(board);
    assert_int_equal(board->report.time_s, 900); /* what was built knows its day */
    assert_int_equal(boot_time_set(&board->device, 1000), TROTH_VALID);
    assert_int_equal(boot_time_set(&board->device, 999), TROTH_VALID);
    assert_int_equal(state_of(board).time_s, 1000);
    start(board);
    assert_int_equal(board->report.time_s, 1000);
}

#define TWO(name) cmocka_unit_test_setup_teardown(name, open_two_slots, close_board)
#define ONE(name) cmocka_unit_test_setup_teardown(name, open_recovery, close_board)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWO(what_the_factory_put_there_runs),
        TWO(nothing_runs_that_changed),
        TWO(the_other_slot_runs_where_the_active_one_is_broken),
        TWO(a_counter_that_rose_leaves_older_images_dead),
        TWO(the_counter_rises_only_when_confirmed),
        TWO(the_authority_is_that_of_the_signers),
        TWO(confirming_without_a_trial_writes_nothing),
        TWO(what_is_on_trial_installs_nothing),
        TWO(what_is_refused_touches_no_flash),
        TWO(an_image_that_cannot_read_the_data_touches_no_flash),
        TWO(an_envelope_longer_than_its_place_is_none),
        TWO(an_image_larger_than_its_slot_touches_no_flash),
        TWO(a_trial_that_cannot_be_written_down_does_not_start),
        TWO(what_broke_since_it_started_is_not_confirmed),
        TWO(a_fetch_that_fails_leaves_what_runs),
        TWO(another_payload_than_was_signed_is_never_tried),
        TWO(a_set_waits_while_a_slot_needs_a_key_of_the_old_one),
        TWO(a_set_that_waits_lets_no_key_that_it_gives_up_install),
        TWO(a_floor_outlives_the_set_that_brought_it),
        TWO(a_set_that_waits_and_is_not_newer_is_left),
        TWO(a_set_that_nobody_signed_is_refused),
        TWO(there_is_no_recovery_between_two_slots),
        TWO(time_only_rises),
        TWO(a_bit_that_sticks_in_a_slot_refuses_what_is_put_there),
        TWO(a_set_goes_into_the_copy_that_holds_it),
        TWO(a_device_that_is_worn_out_runs_on),
        ONE(an_application_does_not_write_itself),
        ONE(a_broken_application_leaves_the_recovery_image),
        ONE(a_counter_never_rises_above_the_recovery_images),
        ONE(a_set_waits_for_the_application_beside_a_recovery_image),
        ONE(a_set_that_gives_up_the_recovery_image_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
