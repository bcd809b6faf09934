#include "fixture.h"

#include <base/file.h>
#include <ledger/note.h>
#include <wire/b64.h>

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char public_folder[96];
static int public_fd = -1;

static int set_up(void **state)
{
    fixture_set_up(state);
    struct fixture *f = *state;
    snprintf(public_folder, sizeof public_folder, "%s/public", f->folder);
    assert_int_equal(mkdir(public_folder, 0755), 0);
    public_fd = open(public_folder, O_RDONLY | O_DIRECTORY);
    assert_true(public_fd >= 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    fd_closep(&public_fd);
    nftw(public_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return fixture_tear_down(state);
}

/* A note of the first `size` entries; nobody signed it. */
static struct bytes note_of(struct fixture *f, uint64_t size)
{
    static char text[256];
    char root[64] = {0};
    uint8_t hash[32];
    struct buf out = buf_over(root, sizeof root - 1);
    assert_ok(ledger_root_at(f->ledger, size, hash, &f->err));
    b64_encode(&out, bytes_of(hash, 32));
    int n =
        snprintf(text, sizeof text, "troth.example\n%llu\n%s\n\n\xe2\x80\x94 troth.example AAAA\n",
                 (unsigned long long)size, root);
    return bytes_of(text, (size_t)n);
}

static void publish(struct fixture *f, uint64_t size)
{
    assert_ok(ledger_publish(f->ledger, public_fd, note_of(f, size), size, &f->err));
}

static const char *in_public(const char *path)
{
    static char full[256];
    snprintf(full, sizeof full, "%s/%s", public_folder, path);
    return full;
}

static void assert_length(const char *path, off_t n)
{
    struct stat st;
    if (stat(in_public(path), &st) != 0)
        fail_msg("%s is not there", path);
    assert_int_equal(st.st_size, n);
    assert_int_equal(st.st_mode & 0777, 0644);
}

static void assert_absent(const char *path)
{
    if (file_exists(in_public(path)))
        fail_msg("%s is there", path);
}

struct leaf_check {
    struct fixture *f;
    size_t n;
    uint8_t hash[256][32];
};

static enum result collect(void *ctx, const struct entry *entry, struct err *err)
{
    (void)err;
    struct leaf_check *check = ctx;
    merkle_leaf(&sha256_for_merkle, entry->body, check->hash[check->n++]);
    return OK;
}

static void assert_tile_has_leaves(struct fixture *f, const char *path, uint64_t from, size_t n)
{
    struct leaf_check check = {.f = f};
    CLEANUP(blob_free) struct blob tile = {0};
    assert_ok(store_entries(f->store, from, n, collect, &check, &f->err));
    assert_ok(file_read(in_public(path), 8192, &tile, &f->err));
    assert_int_equal(tile.n, n * 32);
    assert_memory_equal(tile.p, check.hash, tile.n);
}

static void a_note_of_another_tree_is_not_published(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 10);
    struct bytes note = note_of(f, 9);
    assert_int_equal(ledger_publish(f->ledger, public_fd, note, 10, &f->err), R_CORRUPT);
    assert_int_equal(ledger_publish(f->ledger, public_fd, bytes_text("x\n1\n"), 1, &f->err),
                     R_INVALID);
    assert_int_equal(ledger_publish(f->ledger, public_fd, note, 11, &f->err), R_CORRUPT);
    assert_absent("checkpoint");
    assert_absent("tile");
}

static void a_small_log_is_one_partial_tile(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 5);
    publish(f, 5);
    assert_tile_has_leaves(f, "tile/0/000.p/5", 0, 5);
    assert_absent("tile/1");
    CLEANUP(blob_free) struct blob note = {0};
    assert_ok(file_read(in_public("checkpoint"), 4096, &note, &f->err));
    struct note parsed;
    assert_ok(note_parse(blob_bytes(&note), &parsed, &f->err));
    assert_int_equal(parsed.size, 5);
}

static void an_older_size_can_be_published_from_a_longer_log(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 300);
    publish(f, 7);
    assert_tile_has_leaves(f, "tile/0/000.p/7", 0, 7);
    assert_absent("tile/0/000");
    publish(f, 256);
    assert_tile_has_leaves(f, "tile/0/000", 0, 256);
    assert_length("tile/1/000.p/1", 32);
    assert_absent("tile/0/001.p/0"); /* an empty tile is never there */
    assert_absent("tile/0/001.p");
}

static void partial_tiles_go_when_the_full_one_is_there(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 600);
    publish(f, 1);
    publish(f, 255);
    assert_length("tile/0/000.p/1", 32);
    assert_length("tile/0/000.p/255", 255 * 32);
    publish(f, 600);
    assert_absent("tile/0/000.p");
    assert_length("tile/0/000", 8192);
    assert_length("tile/0/001", 8192);
    assert_tile_has_leaves(f, "tile/0/002.p/88", 512, 88);
    assert_length("tile/1/000.p/2", 64);
}

static void paths_have_groups_of_three_digits(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 60000);
    fixture_import(f, 60000);
    fixture_import(f, 60000);
    fixture_import(f, 60000);
    fixture_import(f, 20000);
    publish(f, 260000);
    assert_length("tile/0/999", 8192);
    assert_length("tile/0/x001/014", 8192);
    assert_tile_has_leaves(f, "tile/0/x001/015.p/160", 259840, 160);
    assert_length("tile/1/002", 8192);
    assert_length("tile/1/003.p/247", 247 * 32);
    assert_length("tile/2/000.p/3", 3 * 32);
    assert_absent("tile/3");
}

static void a_tile_that_a_power_cut_shortened_is_written_again(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 300);
    publish(f, 300);
    assert_int_equal(truncate(in_public("tile/0/000"), 0), 0);
    fixture_reopen(f);
    publish(f, 300);
    assert_tile_has_leaves(f, "tile/0/000", 0, 256);
}

static void tiles_of_another_log_are_written_over(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 300);
    uint8_t garbage[8192];
    memset(garbage, 0x11, sizeof garbage);
    publish(f, 300);
    assert_ok(file_write(in_public("tile/0/000"), 0644, bytes_of(garbage, 8192), &f->err));
    static const char foreign[] = "troth.example\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                                  "\n\xe2\x80\x94 x AAAA\n";
    assert_ok(
        file_write(in_public("checkpoint"), 0644, bytes_of(foreign, sizeof foreign - 1), &f->err));
    fixture_reopen(f);
    publish(f, 300);
    assert_tile_has_leaves(f, "tile/0/000", 0, 256);
}

static void a_checkpoint_is_parsed_strictly(void **state)
{
    struct fixture *f = *state;
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SIGNATURE "\n\xe2\x80\x94 x AAAA\n"
    static const char *const bad[] = {
        "",
        "x",
        "x\n",
        "x\n1\n",
        "x\n1\n" ROOT "\n",
        "x\n1\n" ROOT "\n\n",
        "\n1\n" ROOT "\n" SIGNATURE,
        "x\n01\n" ROOT "\n" SIGNATURE,
        "x\n\n" ROOT "\n" SIGNATURE,
        "x\n-1\n" ROOT "\n" SIGNATURE,
        "x\n99999999999999999999\n" ROOT "\n" SIGNATURE,
        "x\n1\nAAAA\n" SIGNATURE,
        "x\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" SIGNATURE,
    };
    struct note note;
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_int_equal(note_parse(bytes_of(bad[i], strlen(bad[i])), &note, &f->err), R_INVALID);

    static const char good[] = "x\n18\n" ROOT "\nan extension\n" SIGNATURE;
    assert_ok(note_parse(bytes_of(good, sizeof good - 1), &note, &f->err));
    assert_int_equal(note.size, 18);
    assert_int_equal(note.signed_text.n, strlen("x\n18\n" ROOT "\nan extension\n"));
    assert_memory_equal(note.signatures.p, "\xe2\x80\x94", 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_note_of_another_tree_is_not_published),
        TEST(a_small_log_is_one_partial_tile),
        TEST(an_older_size_can_be_published_from_a_longer_log),
        TEST(partial_tiles_go_when_the_full_one_is_there),
        TEST(paths_have_groups_of_three_digits),
        TEST(a_tile_that_a_power_cut_shortened_is_written_again),
        TEST(tiles_of_another_log_are_written_over),
        TEST(a_checkpoint_is_parsed_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
