#include <base/file.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/troth-file-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/it", mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static size_t count_files(void)
{
    size_t count = 0;
    DIR *open_folder = opendir(folder);
    while (readdir(open_folder) != NULL)
        count++;
    closedir(open_folder);
    return count - 2; /* . and .. */
}

static void what_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct blob blob = {0};
    struct err err;
    assert_int_equal(file_read(path, 10, &blob, &err), R_NOT_FOUND);
    assert_non_null(strstr(err.text, path));
    assert_null(blob.p);
    assert_false(file_exists(path));
}

static void what_is_no_regular_file_is_not_read(void **state)
{
    (void)state;
    struct blob blob = {0};
    struct err err;
    assert_int_equal(file_read(folder, 10, &blob, &err), R_IO);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_read(path, 10, &blob, &err), R_IO); /* and does not hang */
}

static void more_than_the_maximum_is_refused(void **state)
{
    (void)state;
    CLEANUP(blob_free) struct blob blob = {0};
    struct err err;
    assert_int_equal(file_write(path, 0600, text_bytes("12345"), &err), OK);
    assert_int_equal(file_read(path, 4, &blob, &err), R_LIMIT);
    assert_null(blob.p);
    assert_int_equal(file_read(path, 5, &blob, &err), OK);
    assert_int_equal(blob.n, 5);
}

static void a_file_of_many_blocks_comes_back_whole(void **state)
{
    (void)state;
    CLEANUP(blob_free) struct blob out = {malloc(100001), 100001}, in = {0};
    struct err err;
    for (size_t i = 0; i < out.n; i++)
        out.p[i] = (uint8_t)(i * 31 >> 3);
    assert_int_equal(file_write(path, 0600, blob_bytes(&out), &err), OK);
    assert_int_equal(file_read(path, 1 << 20, &in, &err), OK);
    assert_int_equal(in.n, out.n);
    assert_memory_equal(in.p, out.p, in.n);
}

static void an_empty_file_is_read_as_nothing(void **state)
{
    (void)state;
    CLEANUP(blob_free) struct blob blob = {0};
    struct err err;
    assert_int_equal(file_write(path, 0600, (struct bytes){NULL, 0}, &err), OK);
    assert_int_equal(file_read(path, 0, &blob, &err), OK);
    assert_int_equal(blob.n, 0);
}

static void replacing_keeps_the_old_file_until_the_new_one_is_whole(void **state)
{
    (void)state;
    CLEANUP(blob_free) struct blob blob = {0};
    struct err err;
    assert_int_equal(file_write(path, 0600, text_bytes("old"), &err), OK);
    CLEANUP(fd_closep) int before = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_write(path, 0640, text_bytes("new"), &err), OK);

    char seen[4] = {0};
    assert_int_equal(read(before, seen, 3), 3);
    assert_string_equal(seen, "old"); /* another inode: nobody sees a half-written file */
    assert_int_equal(file_read(path, 10, &blob, &err), OK);
    assert_memory_equal(blob.p, "new", 3);
    assert_int_equal(count_files(), 1);
}

static void the_mode_does_not_depend_on_the_umask(void **state)
{
    (void)state;
    struct err err;
    struct stat st;
    mode_t was = umask(077);
    assert_int_equal(file_write(path, 0644, text_bytes("x"), &err), OK);
    umask(was);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void a_key_is_never_replaced(void **state)
{
    (void)state;
    CLEANUP(blob_free) struct blob blob = {0};
    struct err err;
    assert_int_equal(file_create(path, 0600, text_bytes("first"), &err), OK);
    assert_int_equal(file_create(path, 0600, text_bytes("second"), &err), R_CONFLICT);
    assert_int_equal(file_read(path, 10, &blob, &err), OK);
    assert_memory_equal(blob.p, "first", 5);
    assert_int_equal(count_files(), 1);
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    (void)state;
    struct err err;
    char below[96];
    assert_int_equal(file_write(path, 0600, text_bytes("x"), &err), OK);
    snprintf(below, sizeof below, "%s/below", path);
    assert_int_equal(file_write(below, 0600, text_bytes("x"), &err), R_IO);
    assert_int_equal(folder_ensure(path, 0700, &err), R_IO);
    assert_int_equal(file_write(folder, 0600, text_bytes("x"), &err), R_IO);
    assert_int_equal(count_files(), 1);
}

static void a_folder_is_made_once(void **state)
{
    (void)state;
    struct err err;
    char below[96];
    snprintf(below, sizeof below, "%s/none/below", folder);
    assert_int_equal(folder_ensure(below, 0700, &err), R_NOT_FOUND);
    assert_int_equal(folder_ensure(path, 0700, &err), OK);
    assert_int_equal(folder_ensure(path, 0700, &err), OK);
    assert_int_equal(folder_sync(path, &err), OK);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(folder_sync(path, &err), R_NOT_FOUND);
}

static void writing_to_a_closed_pipe_or_a_full_disk_is_said_so(void **state)
{
    (void)state;
    struct err err;
    CLEANUP(fd_closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(fd_write(full, text_bytes("x"), &err), R_IO);
    assert_int_equal(fd_write(-1, text_bytes("x"), &err), R_IO);
    assert_int_equal(fd_write(-1, (struct bytes){NULL, 0}, &err), OK);
}

static void closing_is_done_once(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), none = -1;
    fd_closep(&none);
    fd_closep(&fd);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_not_there_is_said_so, remove_file),
        cmocka_unit_test_teardown(what_is_no_regular_file_is_not_read, remove_file),
        cmocka_unit_test_teardown(more_than_the_maximum_is_refused, remove_file),
        cmocka_unit_test_teardown(a_file_of_many_blocks_comes_back_whole, remove_file),
        cmocka_unit_test_teardown(an_empty_file_is_read_as_nothing, remove_file),
        cmocka_unit_test_teardown(replacing_keeps_the_old_file_until_the_new_one_is_whole,
                                  remove_file),
        cmocka_unit_test_teardown(the_mode_does_not_depend_on_the_umask, remove_file),
        cmocka_unit_test_teardown(a_key_is_never_replaced, remove_file),
        cmocka_unit_test_teardown(a_failed_write_leaves_nothing_behind, remove_file),
        cmocka_unit_test_teardown(a_folder_is_made_once, remove_file),
        cmocka_unit_test(writing_to_a_closed_pipe_or_a_full_disk_is_said_so),
        cmocka_unit_test(closing_is_done_once),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
