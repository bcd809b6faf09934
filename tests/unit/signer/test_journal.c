#include "journal.h"
#include "record.h"

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int syncs, failing_sync;

/* In place of the C library's: the disk of these tests. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    syncs++;
    if (!failing_sync)
        return 0;
    errno = EIO;
    return -1;
}

struct fixture {
    char folder[64], path[128];
    struct journal *journal;
};

static void open_again(struct fixture *f)
{
    struct err err = {0};

    journal_close(f->journal);
    f->journal = NULL;
    if (journal_open(f->path, &f->journal, &err) != OK)
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    static struct fixture f;

    snprintf(f.folder, sizeof(f.folder), "/tmp/troth-journal-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof(f.path), "%s/journal", f.folder);
    assert_int_equal(journal_create(f.path, NULL), OK);
    f.journal = NULL;
    syncs = failing_sync = 0;
    open_again(&f);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    journal_close(f->journal);
    unlink(f->path);
    rmdir(f->folder);
    return 0;
}

static struct record certificate(uint32_t number)
{
    static const uint8_t random[SERIAL_RANDOM_N] = {9, 9, 9};
    struct serial serial =
        serial_make(random, (struct serial_parts){.expiry_class = 30, .number = number});
    struct record record = {.kind = RECORD_CERTIFICATE,
                            .profile = PKI_LDEVID,
                            .issuer = PKI_ISSUER_LDEVID,
                            .not_after_s = 1800000000};

    memcpy(record.serial, serial.p, SERIAL_N);
    memset(record.hash, (int)number, sizeof(record.hash));
    return record;
}

static enum result add(struct fixture *f, const struct record *record)
{
    uint64_t position;

    return journal_add(f->journal, record, &position, NULL);
}

/* One frame of `n` certificates. */
static void commit_batch(struct fixture *f, uint32_t from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct record record = certificate(from + i);
        assert_int_equal(add(f, &record), OK);
    }
    assert_int_equal(journal_commit(f->journal, NULL), OK);
}

struct seen {
    uint64_t n, first, last;
};

static enum result count(void *context, uint64_t position, const struct record *record,
                         struct err *err)
{
    struct seen *seen = context;
    struct serial_parts parts;

    (void)err;
    assert_true(serial_split(bytes_of(record->serial, SERIAL_N), &parts));
    assert_int_equal(parts.number + 1, position);
    if (seen->n++ == 0)
        seen->first = position;
    seen->last = position;
    return OK;
}

static struct seen read_from(struct fixture *f, uint64_t after)
{
    struct seen seen = {0};

    const struct journal_visitor visitor = {count, &seen};
    assert_int_equal(journal_each(f->journal, after, &visitor, NULL), OK);
    return seen;
}

static struct blob whole_file(struct fixture *f)
{
    struct blob file = {0};

    assert_int_equal(file_read(f->path, 1 << 20, &file, NULL), OK);
    return file;
}

static void put_file(struct fixture *f, struct bytes bytes)
{
    journal_close(f->journal);
    f->journal = NULL;
    assert_int_equal(file_write(f->path, 0600, bytes, NULL), OK);
}

static enum result try_open(struct fixture *f)
{
    return journal_open(f->path, &f->journal, NULL);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void a_cut_last_frame_is_cut_off_and_the_others_stay(void **state)
{
    struct fixture *f = *state;
    commit_batch(f, 0, 3);
    struct blob before = whole_file(f);
    commit_batch(f, 3, 4);
    struct blob after = whole_file(f);

    for (size_t n = before.n; n < after.n; n++) {
        put_file(f, bytes_of(after.p, n));
        assert_int_equal(try_open(f), OK);
        assert_int_equal(journal_position(f->journal), 3);
        struct blob now = whole_file(f);
        assert_int_equal(now.n, before.n);
        blob_free(&now);
    }
    commit_batch(f, 3, 4); /* and it goes on from there */
    assert_int_equal(journal_position(f->journal), 7);
    blob_free(&before);
    blob_free(&after);
}

static void a_last_frame_whose_blocks_never_arrived_is_cut_off(void **state)
{
    struct fixture *f = *state;
    commit_batch(f, 0, 3);
    struct blob before = whole_file(f);
    commit_batch(f, 3, 4);
    struct blob after = whole_file(f);

    memset(after.p + before.n, 0, after.n - before.n);
    put_file(f, blob_bytes(&after));
    assert_int_equal(try_open(f), OK);
    assert_int_equal(journal_position(f->journal), 3);
    blob_free(&before);
    blob_free(&after);
}

static void any_changed_octet_before_the_last_frame_is_found(void **state)
{
    struct fixture *f = *state;
    commit_batch(f, 0, 3);
    commit_batch(f, 3, 2);
    struct blob before = whole_file(f);
    commit_batch(f, 5, 1);
    struct blob file = whole_file(f);

    for (size_t i = 0; i < before.n; i++) {
        file.p[i] ^= 0x40;
        put_file(f, blob_bytes(&file));
        assert_int_equal(try_open(f), R_CORRUPT);
        file.p[i] ^= 0x40;
    }
    put_file(f, blob_bytes(&file));
    assert_int_equal(try_open(f), OK);
    blob_free(&before);
    blob_free(&file);
}

static void frames_exchanged_or_left_out_are_found(void **state)
{
    struct fixture *f = *state;
    struct blob cut[3];
    for (uint32_t i = 0; i < 3; i++) {
        commit_batch(f, i, 1);
        cut[i] = whole_file(f);
    }
    size_t frame = cut[1].n - cut[0].n;
    struct blob file = {0};

    assert_int_equal(blob_copy(blob_bytes(&cut[2]), &file), OK);
    memcpy(file.p + cut[0].n, cut[2].p + cut[1].n,
           frame); /* the second is missing, twice the third */
    put_file(f, blob_bytes(&file));
    assert_int_equal(try_open(f), R_CORRUPT);
    for (int i = 0; i < 3; i++)
        blob_free(&cut[i]);
    blob_free(&file);
}

static void a_file_of_something_else_is_refused(void **state)
{
    struct fixture *f = *state;

    put_file(f, bytes_text("SQLite format 3"));
    assert_int_equal(try_open(f), R_CORRUPT);
    put_file(f, bytes_text("troth-jour")); /* a crash at the very first write */
    assert_int_equal(try_open(f), OK);
    commit_batch(f, 0, 1);
    open_again(f);
    assert_int_equal(journal_position(f->journal), 1);
}

static void two_signers_cannot_have_one_journal(void **state)
{
    struct fixture *f = *state;
    struct journal *second = NULL;

    assert_int_equal(journal_open(f->path, &second, NULL), R_CONFLICT);
    assert_null(second);
}

/* ---- the disk -------------------------------------------------------------------------------- */

static void one_batch_is_one_sync(void **state)
{
    struct fixture *f = *state;

    syncs = 0;
    commit_batch(f, 0, 100);
    assert_int_equal(syncs, 1);
    assert_int_equal(journal_commit(f->journal, NULL), OK); /* nothing to do */
    assert_int_equal(syncs, 1);
}

static void a_failed_sync_is_told_and_not_tried_again(void **state)
{
    struct fixture *f = *state;
    struct record record = certificate(0);

    assert_int_equal(add(f, &record), OK);
    failing_sync = 1;
    syncs = 0;
    assert_int_equal(journal_commit(f->journal, NULL), R_IO);
    assert_int_equal(syncs, 1);
}

static void limit_file(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Half a frame fits on the disk: it is taken back, and later everything goes on. */
static void a_full_disk_refuses_the_batch_and_spoils_nothing(void **state)
{
    struct fixture *f = *state;
    struct record tree = {.kind = RECORD_CHECKPOINT, .size = 10, .hash = {1}};
    struct record larger = {.kind = RECORD_CHECKPOINT, .size = 20, .hash = {2}};
    struct record one = certificate(1), two = certificate(2);
    assert_int_equal(add(f, &tree), OK);
    commit_batch(f, 0, 1);
    struct blob before = whole_file(f);

    signal(SIGXFSZ, SIG_IGN);
    limit_file(before.n + 20);
    assert_int_equal(add(f, &larger), OK);
    assert_int_equal(add(f, &one), OK);
    syncs = 0;
    assert_int_equal(journal_commit(f->journal, NULL), R_BUSY);
    assert_int_equal(syncs, 0);
    assert_int_equal(journal_position(f->journal), 2);
    assert_int_equal(journal_memory(f->journal)->size, 10);
    limit_file(RLIM_INFINITY);
    struct blob after = whole_file(f);
    assert_true(bytes_equal(blob_bytes(&after), blob_bytes(&before)));
    assert_int_equal(add(f, &one), R_CORRUPT); /* its number is used, signed or not */
    assert_int_equal(add(f, &two), OK);
    assert_int_equal(journal_commit(f->journal, NULL), OK);
    open_again(f);
    assert_int_equal(journal_position(f->journal), 3);
    blob_free(&before);
    blob_free(&after);
}

static void what_is_not_committed_is_gone(void **state)
{
    struct fixture *f = *state;
    struct record record = certificate(1);

    commit_batch(f, 0, 1);
    assert_int_equal(add(f, &record), OK);
    open_again(f);
    assert_int_equal(journal_position(f->journal), 1);
    assert_int_equal(add(f, &record), OK);
}

static void a_frame_has_an_end(void **state)
{
    struct fixture *f = *state;
    uint32_t n = 0;
    enum result result;

    do {
        struct record record = certificate(n);
        result = add(f, &record);
        n++;
    } while (result == OK);
    assert_int_equal(result, R_BUSY);
    assert_true(n > 256);
    assert_int_equal(journal_commit(f->journal, NULL), OK);
    open_again(f);
    assert_int_equal(journal_position(f->journal), n - 1);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

static void serial_numbers_rise_within_issuer_and_class(void **state)
{
    struct fixture *f = *state;
    struct record five = certificate(5), four = certificate(4), six = certificate(6);
    struct record elsewhere = certificate(0);

    assert_int_equal(add(f, &five), OK);
    assert_int_equal(add(f, &five), R_CORRUPT);
    assert_int_equal(add(f, &four), R_CORRUPT);
    elsewhere.issuer = PKI_ISSUER_IDEVID;
    assert_int_equal(add(f, &elsewhere), OK);
    elsewhere = certificate(0);
    elsewhere.serial[11] = 31;
    assert_int_equal(add(f, &elsewhere), OK);
    assert_int_equal(journal_commit(f->journal, NULL), OK);
    open_again(f);
    assert_int_equal(add(f, &five), R_CORRUPT);
    assert_int_equal(add(f, &six), OK);
    elsewhere = certificate(UINT32_MAX);
    assert_int_equal(add(f, &elsewhere), OK);
    assert_int_equal(add(f, &elsewhere), R_CORRUPT); /* no way round to zero */
}

static void crl_numbers_rise_within_a_shard(void **state)
{
    struct fixture *f = *state;
    struct record crl = {.kind = RECORD_CRL, .shard = {3, 30, 0}, .number = 7};

    assert_int_equal(add(f, &crl), OK);
    assert_int_equal(add(f, &crl), R_CORRUPT);
    for (uint32_t part = 1; part < 200; part++) {
        crl.shard.part = part;
        assert_int_equal(add(f, &crl), OK);
    }
    assert_int_equal(journal_commit(f->journal, NULL), OK);
    open_again(f);
    assert_int_equal(add(f, &crl), R_CORRUPT);
    crl.number = 8;
    assert_int_equal(add(f, &crl), OK);
    assert_int_equal(journal_memory(f->journal)->crl_number, 8);
}

static void trees_neither_shrink_nor_fork(void **state)
{
    struct fixture *f = *state;
    struct record tree = {.kind = RECORD_CHECKPOINT, .size = 10, .hash = {1}}, other = tree;

    assert_int_equal(add(f, &tree), OK);
    assert_int_equal(journal_commit(f->journal, NULL), OK);
    open_again(f);
    assert_int_equal(add(f, &tree), OK);
    other.hash[0] = 2;
    assert_int_equal(add(f, &other), R_CORRUPT);
    other.size = 9;
    assert_int_equal(add(f, &other), R_CORRUPT);
    other.size = 11;
    assert_int_equal(add(f, &other), OK);
    assert_int_equal(journal_memory(f->journal)->size, 11);
}

static void nothing_of_no_kind_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct record none = {0}, foreign = certificate(0), unknown = certificate(0);

    assert_int_equal(add(f, &none), R_BUG);
    foreign.issuer = PKI_ISSUERS;
    assert_int_equal(add(f, &foreign), R_CORRUPT);
    unknown.serial[0] = 0;
    assert_int_equal(add(f, &unknown), R_CORRUPT);
}

static void is_read_again_from_any_position(void **state)
{
    struct fixture *f = *state;
    commit_batch(f, 0, 10);
    commit_batch(f, 10, 1);
    commit_batch(f, 11, 20);

    for (uint64_t after = 0; after <= 31; after++) {
        struct seen seen = read_from(f, after);
        assert_int_equal(seen.n, 31 - after);
        assert_true(after == 31 || (seen.first == after + 1 && seen.last == 31));
    }
    assert_int_equal(read_from(f, 1000).n, 0);
    open_again(f);
    assert_int_equal(read_from(f, 15).n, 16);
}

static void keeps_room_for_revocation(void **state)
{
    struct fixture *f = *state;
    struct stat stat_of;

    assert_true(journal_has_room(f->journal));
    assert_int_equal(stat(f->path, &stat_of), 0);
    assert_int_equal(stat_of.st_size, 16); /* reserved beyond the end, which stays where it was */
    commit_batch(f, 0, 1);
    open_again(f);
    assert_int_equal(journal_position(f->journal), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_of_something_else_is_refused),
        TEST(two_signers_cannot_have_one_journal),
        TEST(nothing_of_no_kind_is_remembered),
        TEST(any_changed_octet_before_the_last_frame_is_found),
        TEST(frames_exchanged_or_left_out_are_found),
        TEST(a_cut_last_frame_is_cut_off_and_the_others_stay),
        TEST(a_last_frame_whose_blocks_never_arrived_is_cut_off),
        TEST(a_failed_sync_is_told_and_not_tried_again),
        TEST(a_full_disk_refuses_the_batch_and_spoils_nothing),
        TEST(what_is_not_committed_is_gone),
        TEST(a_frame_has_an_end),
        TEST(serial_numbers_rise_within_issuer_and_class),
        TEST(crl_numbers_rise_within_a_shard),
        TEST(trees_neither_shrink_nor_fork),
        TEST(one_batch_is_one_sync),
        TEST(is_read_again_from_any_position),
        TEST(keeps_room_for_revocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
