#include "audit.h"

#include <base/file.h>
#include <crypto/start.h>
#include <ledger/ledger.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ORIGIN "troth.example/log"
#define ENTRIES 300 /* a full bundle and a partial one */

struct installation {
    char folder[64], database[96], export[96];
    struct config config; /* only its public folder is asked for */
    struct key *keys[2];
    struct note_signer signers[2];
    struct store *store;
    struct err err;
};

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        enum result result_ = (call);                                                              \
        if (result_ != OK)                                                                         \
            fail_msg("%s: %d %s", #call, (int)result_, in->err.text);                              \
    } while (0)

static void make_keys(struct installation *in)
{
    static const enum key_kind kinds[] = {KEY_ED25519, KEY_P256};
    uint8_t room[1024];
    char path[600];
    struct buf lines = buf_over(room, sizeof room);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(key_generate(kinds[i], &in->keys[i], &in->err));
        in->signers[i] = (struct note_signer){bytes_text(ORIGIN), key_sig_alg(in->keys[i]),
                                              key_point(in->keys[i])};
        note_put_vkey(&lines, &in->signers[i]);
    }
    snprintf(path, sizeof path, "%s/" AUDIT_KEYS_FILE, in->config.public_files);
    assert_ok(file_write(path, 0644, buf_bytes(&lines), &in->err));
}

static void import(struct installation *in, struct ledger *ledger)
{
    struct act act;
    char serial_number[24];
    assert_ok(store_begin(in->store, &in->err));
    for (int64_t id = 1; id <= ENTRIES; id++) {
        int n = snprintf(serial_number, sizeof serial_number, "SN %lld", (long long)id);
        act_begin(&act, EVENT_DEVICE_IMPORTED, 1000 + id, (struct actor){ACTOR_CORE, 0}, id);
        struct change *change = act_change(&act, TABLE_DEVICE, id);
        change_text(change, COL_DEVICE_SERIAL_NUMBER, bytes_of(serial_number, (size_t)n));
        change_int(change, COL_DEVICE_STATE, 1);
        assert_ok(ledger_append(ledger, &act, NULL, &in->err));
    }
    assert_ok(store_commit(in->store, &in->err));
    ledger_committed(ledger);
}

static void sign(struct installation *in, uint64_t size, const uint8_t root[32])
{
    uint8_t room[NOTE_MAX], text_room[256];
    struct buf note = buf_over(room, sizeof room), text = buf_over(text_room, sizeof text_room);
    note_put_checkpoint(&text, bytes_text(ORIGIN), size, root);
    buf_put_bytes(&note, buf_bytes(&text));
    buf_put_u8(&note, '\n');
    for (size_t i = 0; i < 2; i++) {
        struct key_signature signature;
        assert_ok(key_sign(in->keys[i], buf_bytes(&text), &signature, &in->err));
        note_put_signature(&note, &in->signers[i], key_signature_bytes(&signature));
    }
    assert_ok(store_begin(in->store, &in->err));
    assert_ok(store_put_note(in->store, size, buf_bytes(&note), 0, &in->err));
    assert_ok(store_commit(in->store, &in->err));
}

/* A log of 300 entries, signed at 290. */
static int set_up(void **state)
{
    struct installation *in = calloc(1, sizeof *in);
    CLEANUP(ledger_closep) struct ledger *ledger = NULL;
    uint8_t root[32];
    snprintf(in->folder, sizeof in->folder, "/tmp/troth-audit-test-XXXXXX");
    assert_non_null(mkdtemp(in->folder));
    snprintf(in->database, sizeof in->database, "%s/troth.db", in->folder);
    snprintf(in->export, sizeof in->export, "%s/export", in->folder);
    snprintf(in->config.public_files, sizeof in->config.public_files, "%s", in->folder);
    assert_ok(crypto_start(&in->err));
    make_keys(in);
    assert_ok(store_open(in->database, STORE_WRITE, &in->store, &in->err));
    assert_ok(ledger_open(in->store, &sha256_for_merkle, &ledger, &in->err));
    import(in, ledger);
    assert_ok(ledger_root_at(ledger, 290, root, &in->err));
    sign(in, 290, root);
    *state = in;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    struct installation *in = *state;
    store_close(in->store);
    key_free(in->keys[0]);
    key_free(in->keys[1]);
    nftw(in->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(in);
    return 0;
}

static const char *exported(struct installation *in, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", in->export, name);
    return path;
}

static void export(struct installation *in)
{
    assert_ok(audit_export(in->store, &in->config, in->export, &in->err));
}

/* The replay of the export as it is now, in this process. */
static enum result replay(struct installation *in, char ret_digest[65])
{
    struct audit_sink sink;
    CLEANUP(fd_closep) int folder = open(in->export, O_RDONLY | O_DIRECTORY);
    audit_sink_begin(&sink, NULL);
    enum result result = audit_replay(folder, NULL, &sink, &in->err);
    audit_sink_end(&sink, ret_digest);
    return result;
}

static void assert_refused(struct installation *in, const char *text)
{
    char digest[65];
    assert_int_equal(replay(in, digest), R_CORRUPT);
    if (strstr(in->err.text, text) == NULL)
        fail_msg("wanted \"%s\", is \"%s\"", text, in->err.text);
}

/* Reads a file of the export, lets `change` at it, and writes it back. */
static void tamper(struct installation *in, const char *name, void (*change)(uint8_t *p, size_t *n))
{
    CLEANUP(blob_free) struct blob file = {0};
    char path[256];
    snprintf(path, sizeof path, "%s", exported(in, name));
    assert_ok(file_read(path, 1 << 20, &file, &in->err));
    size_t n = file.n;
    change(file.p, &n);
    assert_ok(file_write(path, 0644, bytes_of(file.p, n), &in->err));
}

/* ---- keys ---- */

static void only_two_keys_of_one_log_in_their_order_are_taken(void **state)
{
    struct installation *in = *state;
    struct audit_keys keys;
    char a[300], b[300], text[800];
    struct buf lines = buf_over(a, sizeof a - 1);
    note_put_vkey(&lines, &in->signers[0]);
    a[lines.n] = '\0';
    lines = buf_over(b, sizeof b - 1);
    note_put_vkey(&lines, &in->signers[1]);
    b[lines.n] = '\0';
    const char *const bad[][2] = {{"", ""}, {a, ""}, {b, a}, {a, a}, {a, "x+00000000+AAAA\n"}};
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        int n = snprintf(text, sizeof text, "%s%s", bad[i][0], bad[i][1]);
        assert_int_equal(audit_keys_parse(bytes_of(text, (size_t)n), &keys, &in->err), R_INVALID);
    }
    int n = snprintf(text, sizeof text, "%s%smore", a, b);
    assert_int_equal(audit_keys_parse(bytes_of(text, (size_t)n), &keys, &in->err), R_INVALID);
    n -= 4;
    assert_ok(audit_keys_parse(bytes_of(text, (size_t)n), &keys, &in->err));
    char *id = strchr(text, '+') + 1;
    *id = *id == '0' ? '1' : '0'; /* a key ID that is not the key's */
    assert_int_equal(audit_keys_parse(bytes_of(text, (size_t)n), &keys, &in->err), R_INVALID);
}

/* ---- export and replay ---- */

static void an_export_replays_to_the_dump_of_the_tables(void **state)
{
    struct installation *in = *state;
    struct audit_sink sink;
    char dump[65], replayed[65];
    export(in);
    audit_sink_begin(&sink, NULL);
    assert_ok(audit_dump_store(in->store, &sink, &in->err));
    audit_sink_end(&sink, dump);
    assert_ok(replay(in, replayed));
    assert_string_equal(dump, replayed);
    assert_true(file_exists(exported(in, "tile/entries/000")));
    assert_true(file_exists(exported(in, "tile/entries/001.p/44")));
}

static void a_folder_with_something_in_it_is_not_filled(void **state)
{
    struct installation *in = *state;
    export(in);
    assert_int_equal(audit_export(in->store, &in->config, in->export, &in->err), R_CONFLICT);
}

static void flip_the_last(uint8_t *p, size_t *n)
{
    p[*n - 1] ^= 1;
}

static void cut_the_last(uint8_t *p, size_t *n)
{
    (void)p;
    (*n)--;
}

static void an_altered_entry_breaks_the_root(void **state)
{
    struct installation *in = *state;
    export(in);
    tamper(in, "tile/entries/000", flip_the_last);
    assert_refused(in, "the first 290 entries are not those that the checkpoint signs");
}

static void a_cut_bundle_is_refused(void **state)
{
    struct installation *in = *state;
    export(in);
    tamper(in, "tile/entries/000", cut_the_last);
    assert_refused(in, "wanted are 256 entries");
}

static void a_bundle_that_is_missing_is_noticed(void **state)
{
    struct installation *in = *state;
    export(in);
    assert_int_equal(unlink(exported(in, "tile/entries/001.p/44")), 0);
    assert_refused(in, "256 entries, the checkpoint signs 290: the last ones are missing");
}

static void swap_the_first_two(uint8_t *p, size_t *n)
{
    uint8_t first[512];
    size_t one = 2 + ((size_t)p[0] << 8 | p[1]), two = 2 + ((size_t)p[one] << 8 | p[one + 1]);
    assert_true(one + two <= *n && one <= sizeof first);
    memcpy(first, p, one);
    memmove(p, p + one, two);
    memcpy(p + two, first, one);
}

static void reordered_entries_are_noticed(void **state)
{
    struct installation *in = *state;
    export(in);
    tamper(in, "tile/entries/000", swap_the_first_two);
    assert_refused(in, "entry 1: its time is before that of the entry before it");
}

static void flip_the_size(uint8_t *p, size_t *n)
{
    uint8_t *line = memchr(p, '\n', *n);
    line[1] = '1'; /* 190 instead of 290 */
}

static void a_checkpoint_that_nobody_signed_is_refused(void **state)
{
    struct installation *in = *state;
    char digest[65];
    export(in);
    tamper(in, "checkpoint", flip_the_size);
    assert_int_equal(replay(in, digest), R_CRYPTO);
    assert_int_equal(unlink(exported(in, "checkpoint")), 0);
    assert_int_equal(replay(in, digest), R_NOT_FOUND);
}

static void a_bundle_that_leads_elsewhere_is_not_followed(void **state)
{
    struct installation *in = *state;
    char digest[65], elsewhere[128];
    export(in);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", in->folder);
    assert_int_equal(rename(exported(in, "tile/entries/000"), elsewhere), 0);
    assert_int_equal(symlink(elsewhere, exported(in, "tile/entries/000")), 0);
    assert_int_equal(replay(in, digest), R_IO);
}

/* ---- the sandbox ---- */

/* What the child could open although it must not; 0 is as it should be. */
static int try_to_open(struct installation *in)
{
    struct err err;
    char up[256];
    if (audit_enter_sandbox(in->export, &err) != OK)
        return 1;
    if (open(in->database, O_RDONLY) >= 0 || errno != EACCES)
        return 2;
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        return 3;
    snprintf(up, sizeof up, "%s/../troth.db-wal", in->export);
    if (open(up, O_RDONLY) >= 0)
        return 4;
    if (open(exported(in, "checkpoint"), O_WRONLY) >= 0)
        return 5;
    if (open(exported(in, "new"), O_WRONLY | O_CREAT, 0600) >= 0)
        return 6;
    char digest[65];
    return replay(in, digest) == OK ? 0 : 7;
}

static void replay_can_open_nothing_but_the_export(void **state)
{
    struct installation *in = *state;
    int status = -1;
    export(in);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(try_to_open(in));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(only_two_keys_of_one_log_in_their_order_are_taken),
        TEST(a_folder_with_something_in_it_is_not_filled),
        TEST(an_altered_entry_breaks_the_root),
        TEST(a_cut_bundle_is_refused),
        TEST(a_bundle_that_is_missing_is_noticed),
        TEST(reordered_entries_are_noticed),
        TEST(a_checkpoint_that_nobody_signed_is_refused),
        TEST(a_bundle_that_leads_elsewhere_is_not_followed),
        TEST(replay_can_open_nothing_but_the_export),
        TEST(an_export_replays_to_the_dump_of_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
