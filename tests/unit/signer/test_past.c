/* What the journal keeps for a restore: where devices stand, lists, approvers; and the epoch that
 * one begins. */
#include "house.h"

#include <base/file.h>
#include <crypto/hash.h>
#include <ipc/record.h>
#include <signer/past.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = house_new();
    return 0;
}

static int tear_down(void **state)
{
    house_free(*state);
    return 0;
}

/* ---- devices -----------------------------------------------------------------------------------
 */

static uint32_t remember(struct house *house, const struct msg_device_stand *stands, size_t n)
{
    struct record_writer to;
    struct msg_remember ask = {.id = 9};
    CLEANUP(fd_closep) int fd = -1;
    assert_int_equal(record_begin(1 << 20, &to, NULL), OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(record_append(&to, IPC_DEVICE_STAND, &stands[i], NULL), OK);
    assert_int_equal(record_seal(&to, &fd, NULL), OK);
    struct ipc_message answer = house_ask(house, IPC_REMEMBER, &ask, fd);
    assert_int_equal(answer.type, IPC_REMEMBERED);
    assert_int_equal(answer.remembered.id, 9);
    return answer.remembered.code;
}

static struct msg_device_stand stand_of(const char *serial_number, uint8_t state)
{
    return (struct msg_device_stand){.product = bytes_text("pump"),
                                     .serial_number =
                                         bytes_of(serial_number, strlen(serial_number)),
                                     .state = state,
                                     .quarantine = 2,
                                     .hold = 1};
}

/* The session ends, as a server that is stopped, and its past is opened. */
static struct signer_past *open_past(struct house *house)
{
    struct signer_past *past = NULL;
    struct err err = {0};
    journal_close(STEAL(house->session.journal));
    if (signer_past_open(&house->config, false, &past, &err) != OK)
        fail_msg("%s", err.text);
    return past;
}

static enum result join_device(void *ctx, const struct signer_device *device, struct err *err)
{
    (void)err;
    char line[200];
    int n = snprintf(line, sizeof line, "%.*s/%.*s %d %d %d;", (int)device->product.n,
                     (const char *)device->product.p, (int)device->serial_number.n,
                     (const char *)device->serial_number.p, device->state, device->quarantine,
                     device->hold);
    buf_put_bytes(ctx, bytes_of(line, (size_t)n));
    return OK;
}

static void every_word_about_a_device_comes_back_in_order(void **state)
{
    struct house *house = *state;
    uint8_t room[400];
    struct buf out = buf_over(room, sizeof room);
    const struct msg_device_stand first[] = {stand_of("P-1", 4), stand_of("P-2", 6)};
    const struct msg_device_stand later = stand_of("P-1", 3);
    assert_int_equal(remember(house, first, 2), E_NONE);
    assert_int_equal(remember(house, &later, 1), E_NONE);
    CLEANUP(signer_past_closep) struct signer_past *past = open_past(house);
    assert_int_equal(signer_past_devices(past, join_device, &out, NULL), OK);
    const char wanted[] = "pump/P-1 4 2 1;pump/P-2 6 2 1;pump/P-1 3 2 1;";
    assert_int_equal(out.n, sizeof wanted - 1);
    assert_memory_equal(room, wanted, out.n);
}

static void names_of_the_greatest_length_come_back(void **state)
{
    struct house *house = *state;
    uint8_t room[400], name[LIMIT_NAME];
    struct buf out = buf_over(room, sizeof room);
    memset(name, 'x', sizeof name);
    struct msg_device_stand stand = {.product = bytes_of(name, sizeof name),
                                     .serial_number = bytes_of(name, LIMIT_SERIAL_NUMBER),
                                     .state = 5};
    assert_int_equal(remember(house, &stand, 1), E_NONE);
    CLEANUP(signer_past_closep) struct signer_past *past = open_past(house);
    assert_int_equal(signer_past_devices(past, join_device, &out, NULL), OK);
    assert_int_equal(out.n, LIMIT_NAME + 1 + LIMIT_SERIAL_NUMBER + sizeof " 5 0 0;" - 1);
}

static void too_many_at_once_are_refused(void **state)
{
    struct house *house = *state;
    static struct msg_device_stand stands[REMEMBER_DEVICES_MAX + 1];
    for (size_t i = 0; i < LENGTH_OF(stands); i++)
        stands[i] = stand_of("P-1", 4);
    assert_int_equal(remember(house, stands, LENGTH_OF(stands)), E_TOO_LARGE);
    assert_int_equal(remember(house, stands, REMEMBER_DEVICES_MAX), E_NONE);
}

static void a_memfd_of_something_else_is_refused(void **state)
{
    struct house *house = *state;
    struct msg_remember ask = {.id = 9};
    CLEANUP(fd_closep) int fd = -1;
    assert_int_equal(sealed_from("nonsense", bytes_text("nonsense"), &fd, NULL), OK);
    struct ipc_message answer = house_ask(house, IPC_REMEMBER, &ask, fd);
    assert_int_equal(answer.remembered.code, E_SYNTAX);
}

/* ---- facts and an epoch ------------------------------------------------------------------------
 */

/* A checkpoint of `size` entries with a root of its own; the first, so that no proof is wanted. */
static void checkpoint(struct house *house, uint64_t size, uint8_t root)
{
    struct msg_sign_checkpoint ask = {.id = 1, .size = size};
    memset(ask.root, root, sizeof ask.root);
    struct ipc_message answer = house_ask(house, IPC_SIGN_CHECKPOINT, &ask, -1);
    assert_int_equal(answer.signed_checkpoint.code, E_NONE);
}

static void sign_one(struct house *house)
{
    struct msg_sign ask = house_sign(house);
    assert_int_equal(house_ask(house, IPC_SIGN, &ask, -1).sign_answer.code, E_NONE);
}

static void facts_are_those_of_the_records(void **state)
{
    struct house *house = *state;
    struct signer_facts facts = {0};
    house->number = 1;
    sign_one(house);
    checkpoint(house, 7, 0x11);
    sign_one(house);
    CLEANUP(signer_past_closep) struct signer_past *past = open_past(house);
    assert_int_equal(signer_past_facts(past, 1, &facts, NULL), OK);
    assert_int_equal(facts.position, 3);
    assert_int_equal(facts.newer, 1);
    assert_int_equal(facts.size, 7);
    assert_int_equal(facts.epoch, 0);
    assert_int_equal(facts.persons, 0);
    assert_true(facts.is_used);
    assert_int_equal(signer_past_facts(past, 0, &facts, NULL), OK);
    assert_int_equal(facts.newer, 2);
}

static bool has_signed(struct house *house, uint64_t size, uint8_t root, uint64_t entries)
{
    CLEANUP(signer_past_closep) struct signer_past *past = open_past(house);
    struct signer_tree tree = {.size = size, .entries = entries};
    bool is_signed = false;
    memset(tree.root, root, sizeof tree.root);
    assert_int_equal(signer_past_has_signed(past, &tree, &is_signed, NULL), OK);
    return is_signed;
}

static void begin_epoch(struct house *house, const struct signer_epoch *epoch)
{
    CLEANUP(signer_past_closep) struct signer_past *past = open_past(house);
    struct err err = {0};
    if (signer_past_begin_epoch(past, epoch, &err) != OK)
        fail_msg("%s", err.text);
}

static void after_an_epoch_a_smaller_tree_is_signed_and_numbers_go_on(void **state)
{
    struct house *house = *state;
    struct signer_epoch epoch = {.size = 4, .root = {9}};
    house->number = 5;
    sign_one(house);
    checkpoint(house, 7, 0x11);
    begin_epoch(house, &epoch);
    house_restart(house);
    house_agree(house, 1, 4);
    struct msg_sign_checkpoint ask = {.id = 1, .size = 4, .root = {9}};
    assert_int_equal(house_ask(house, IPC_SIGN_CHECKPOINT, &ask, -1).signed_checkpoint.code,
                     E_NONE);
    ask.size = 3;
    assert_int_equal(house_ask(house, IPC_SIGN_CHECKPOINT, &ask, -1).signed_checkpoint.code,
                     E_JOURNAL);
    house->number = 5;
    struct msg_sign again = house_sign(house);
    assert_int_equal(house_ask(house, IPC_SIGN, &again, -1).sign_answer.code, E_JOURNAL);
    sign_one(house);
}

static void what_an_epoch_leaves_behind_is_signed_no_more(void **state)
{
    struct house *house = *state;
    struct signer_epoch epoch = {.size = 6, .root = {9}, .from_size = 5, .ordinal = 1};
    checkpoint(house, 7, 0x11);
    assert_true(has_signed(house, 7, 0x11, 7));
    assert_false(has_signed(house, 7, 0x12, 7));
    assert_false(has_signed(house, 8, 0x11, 7));
    begin_epoch(house, &epoch);
    assert_true(has_signed(house, 7, 0x11, 5)); /* the backup that it goes on from, again */
    assert_false(has_signed(house, 7, 0x11, 6));
    house_restart(house);
}

static void below_a_floor_nothing_is_signed(void **state)
{
    struct house *house = *state;
    struct signer_epoch epoch = {.size = 4, .floor = 1000};
    begin_epoch(house, &epoch);
    house_restart(house);
    house_agree(house, 0, 4);
    house->number = 999;
    struct msg_sign ask = house_sign(house);
    assert_int_equal(house_ask(house, IPC_SIGN, &ask, -1).sign_answer.code, E_JOURNAL);
    sign_one(house);
}

static void a_running_signer_keeps_its_past_for_itself(void **state)
{
    struct house *house = *state;
    struct signer_past *past = NULL;
    struct err err = {0};
    assert_int_equal(signer_past_open(&house->config, false, &past, &err), R_CONFLICT);
    assert_null(past);
}

static void without_a_journal_there_is_no_past_unless_one_begins(void **state)
{
    struct house *house = *state;
    CLEANUP(signer_past_closep) struct signer_past *past = NULL;
    char path[128];
    struct err err = {0};
    journal_close(STEAL(house->session.journal));
    snprintf(path, sizeof path, "%s/signer/journal", house->folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(signer_past_open(&house->config, false, &past, &err), R_NOT_FOUND);
    assert_int_equal(signer_past_open(&house->config, true, &past, &err), OK);
    const struct signer_approver alice = {.person = 1, .spki = {1}, .point = {4}};
    struct signer_facts facts = {0};
    assert_int_equal(signer_past_seed(past, &alice, 1, &facts, &err), OK);
    assert_int_equal(facts.persons, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_word_about_a_device_comes_back_in_order),
        TEST(names_of_the_greatest_length_come_back),
        TEST(too_many_at_once_are_refused),
        TEST(a_memfd_of_something_else_is_refused),
        TEST(facts_are_those_of_the_records),
        TEST(after_an_epoch_a_smaller_tree_is_signed_and_numbers_go_on),
        TEST(what_an_epoch_leaves_behind_is_signed_no_more),
        TEST(below_a_floor_nothing_is_signed),
        TEST(a_running_signer_keeps_its_past_for_itself),
        TEST(without_a_journal_there_is_no_past_unless_one_begins),
    };
    return cmocka_run_group_tests_name("signer/past", tests, NULL, NULL);
}
