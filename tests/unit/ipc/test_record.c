#include <base/file.h>
#include <ipc/record.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_BYTES 100000

static struct msg_import_done fault(uint32_t line)
{
    return (struct msg_import_done){line, E_SYNTAX, bytes_text("serial_number is empty")};
}

static int make_faults(uint32_t count)
{
    struct record_writer writer;
    int fd = -1;
    assert_int_equal(record_begin(MAX_BYTES, &writer, NULL), OK);
    for (uint32_t line = 0; line < count; line++) {
        struct msg_import_done one = fault(line);
        assert_int_equal(record_append(&writer, IPC_IMPORT_DONE, &one, NULL), OK);
    }
    assert_int_equal(record_seal(&writer, &fd, NULL), OK);
    return fd;
}

static void an_unsealed_memfd_is_refused(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = -1;
    struct record_reader reader;
    assert_int_equal(sealed_create("test", &fd, NULL), OK);
    assert_int_equal(write(fd, "0000", 4), 4);
    assert_int_equal(record_open(fd, MAX_BYTES, &reader, NULL), R_INVALID);
    assert_int_equal(sealed_close_writing(fd, NULL), OK);
    assert_int_equal(record_open(fd, MAX_BYTES, &reader, NULL), OK);
    record_close(&reader);
}

static void what_is_no_memfd_is_refused(void **state)
{
    (void)state;
    struct record_reader reader;
    assert_int_equal(record_open(-1, MAX_BYTES, &reader, NULL), R_INVALID);
    assert_int_equal(record_open(0, MAX_BYTES, &reader, NULL), R_INVALID);
}

static void an_empty_memfd_and_one_over_the_maximum_are_refused(void **state)
{
    (void)state;
    struct record_reader reader;
    CLEANUP(fd_closep) int empty = make_faults(0);
    assert_int_equal(record_open(empty, MAX_BYTES, &reader, NULL), R_INVALID);
    CLEANUP(fd_closep) int some = make_faults(3);
    assert_int_equal(record_open(some, 10, &reader, NULL), R_LIMIT);
}

static void nothing_can_be_written_after_the_seal(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = make_faults(1);
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_ptr_equal(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
}

static void appending_beyond_the_maximum_is_refused(void **state)
{
    (void)state;
    struct record_writer writer;
    struct msg_import_done one = fault(1);
    assert_int_equal(record_begin(70, &writer, NULL), OK);
    assert_int_equal(record_append(&writer, IPC_IMPORT_DONE, &one, NULL), OK);
    assert_int_equal(record_append(&writer, IPC_IMPORT_DONE, &one, NULL), R_LIMIT);
    record_abandon(&writer);
}

static void a_record_cut_short_is_refused(void **state)
{
    (void)state;
    static const uint8_t short_length[] = {0, 0, 0}, short_record[] = {0, 0, 0, 9, 0, 91},
                         short_field[] = {0, 0, 0, 2, 0, 91};
    const struct bytes cases[] = {
        {short_length, sizeof short_length},
        {short_record, sizeof short_record},
        {short_field, sizeof short_field},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        CLEANUP(fd_closep) int fd = -1;
        struct record_reader reader;
        struct ipc_message got;
        assert_int_equal(sealed_from("test", cases[i], &fd, NULL), OK);
        assert_int_equal(record_open(fd, MAX_BYTES, &reader, NULL), OK);
        assert_int_equal(record_next(&reader, IPC_IMPORT_DONE, &got, NULL), R_INVALID);
        record_close(&reader);
    }
}

static void another_type_than_the_wanted_is_refused(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = make_faults(1);
    struct record_reader reader;
    struct ipc_message got;
    assert_int_equal(record_open(fd, MAX_BYTES, &reader, NULL), OK);
    assert_int_equal(record_next(&reader, IPC_IMPORT_ROW, &got, NULL), R_INVALID);
    record_close(&reader);
}

static void records_come_back_in_order_and_end(void **state)
{
    (void)state;
    int fd = make_faults(1000);
    struct record_reader reader;
    struct ipc_message got;
    assert_int_equal(record_open(fd, MAX_BYTES, &reader, NULL), OK);
    close(fd);
    for (uint32_t line = 0; line < 1000; line++) {
        assert_int_equal(record_next(&reader, IPC_IMPORT_DONE, &got, NULL), OK);
        assert_int_equal(got.type, IPC_IMPORT_DONE);
        assert_int_equal(got.import_done.line, line);
        assert_true(bytes_equal(got.import_done.text, fault(line).text));
    }
    assert_int_equal(record_next(&reader, IPC_IMPORT_DONE, &got, NULL), OK);
    assert_int_equal(got.type, IPC_NONE);
    record_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unsealed_memfd_is_refused),
        cmocka_unit_test(what_is_no_memfd_is_refused),
        cmocka_unit_test(an_empty_memfd_and_one_over_the_maximum_are_refused),
        cmocka_unit_test(nothing_can_be_written_after_the_seal),
        cmocka_unit_test(appending_beyond_the_maximum_is_refused),
        cmocka_unit_test(a_record_cut_short_is_refused),
        cmocka_unit_test(another_type_than_the_wanted_is_refused),
        cmocka_unit_test(records_come_back_in_order_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
