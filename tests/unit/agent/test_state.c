#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <agent/state.h>
#include <base/file.h>
#include <cmocka.h>
#include <crypto/start.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CUTS 150

static struct err err;
static char folder[64];
static struct state state;

static int make_folder(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/troth-agent-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    state = (struct state){.lock_fd = -1};
    return state_open(folder, &state, &err) == OK ? 0 : -1;
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *row = NULL;
    while (dir != NULL && (row = readdir(dir)) != NULL) {
        char inner[512];
        snprintf(inner, sizeof inner, "%s/%s", path, row->d_name);
        bool is_folder = row->d_type == DT_DIR && row->d_name[0] != '.';
        if (is_folder)
            remove_tree(inner);
        else
            unlink(inner);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

static int drop_folder(void **unused)
{
    (void)unused;
    state_close(&state);
    remove_tree(folder);
    return 0;
}

/* A pair whose request and certificate both are its key's SPKI: what belongs together shows. */
static enum result prepare(void)
{
    CLEANUP(key_freep) struct key *key = NULL;
    TRY(key_generate(KEY_P256, &key, &err));
    return state_prepare(&state, key, key_spki(key), &err);
}

static enum result keep(void)
{
    CLEANUP(blob_free) struct blob request = {0};
    TRY(file_read(state_file(&state, STATE_NEXT, "request.der").text, 1000, &request, &err));
    return state_keep_certificate(&state, blob_bytes(&request), 1800000000, &err);
}

static bool belongs_to_its_key(enum state_link link, const char *name)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(blob_free) struct blob file = {0};
    if (key_load(state_file(&state, link, "key.pem").text, NULL, &key, &err) != OK)
        return false;
    if (file_read(state_file(&state, link, name).text, 1000, &file, &err) != OK)
        return false;
    return bytes_equal(blob_bytes(&file), key_spki(key));
}

static size_t count_pairs(void)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    const struct dirent *row = NULL;
    while ((row = readdir(dir)) != NULL)
        n += strncmp(row->d_name, "pair-", 5) == 0;
    closedir(dir);
    return n;
}

static void two_agents_never_share_a_folder(void **unused)
{
    (void)unused;
    struct state other = {.lock_fd = -1};
    assert_int_equal(state_open(folder, &other, &err), R_CONFLICT);
}

static void a_request_that_may_have_left_is_not_replaced(void **unused)
{
    (void)unused;
    assert_int_equal(prepare(), OK);
    assert_int_equal(prepare(), R_CONFLICT);
    assert_true(belongs_to_its_key(STATE_NEXT, "request.der"));
}

static void nothing_is_switched_to_without_a_certificate(void **unused)
{
    (void)unused;
    assert_int_equal(state_switch(&state, &err), R_BUG);
    assert_int_equal(prepare(), OK);
    assert_int_equal(state_switch(&state, &err), R_BUG);
    assert_false(state_has(&state, STATE_CURRENT));
    assert_true(state_has(&state, STATE_NEXT));
}

static void keys_are_for_their_owner_alone(void **unused)
{
    (void)unused;
    struct stat st;
    assert_int_equal(prepare(), OK);
    assert_int_equal(stat(state_file(&state, STATE_NEXT, "key.pem").text, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(state_file(&state, STATE_NEXT, NULL).text, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void a_switch_leaves_the_new_pair_and_the_old_one_is_swept(void **unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(prepare(), OK);
        assert_int_equal(keep(), OK);
        assert_int_equal(state_switch(&state, &err), OK);
        assert_false(state_has(&state, STATE_NEXT));
        assert_true(belongs_to_its_key(STATE_CURRENT, "certificate.pem"));
        state_sweep(&state);
        assert_int_equal(count_pairs(), 1);
    }
}

static void what_is_dropped_leaves_no_key(void **unused)
{
    (void)unused;
    assert_int_equal(prepare(), OK);
    assert_int_equal(state_drop_next(&state, &err), OK);
    assert_int_equal(count_pairs(), 0);
    assert_int_equal(state_drop_next(&state, &err), OK);
}

static void the_floor_never_sinks(void **unused)
{
    (void)unused;
    assert_int_equal(state_floor_s(&state), 0);
    assert_int_equal(state_raise_floor(&state, 1800000000, &err), OK);
    assert_int_equal(state_raise_floor(&state, 1700000000, &err), OK);
    assert_int_equal(state_floor_s(&state), 1800000000);
}

/* Renews without end until the process is killed. */
_Noreturn static void renew_for_ever(void)
{
    state_close(&state);
    for (;;) {
        state = (struct state){.lock_fd = -1};
        bool ok = state_open(folder, &state, &err) == OK;
        ok = ok && (state_has(&state, STATE_NEXT) || prepare() == OK);
        ok = ok && keep() == OK && state_switch(&state, &err) == OK;
        state_close(&state);
        if (!ok)
            _exit(1);
    }
}

/* The power cut is a kill at a random instant; what rename and symlink made durable is the file
 * system's word (folder_sync). */
static void after_a_cut_at_any_instant_one_whole_pair_is_current(void **unused)
{
    (void)unused;
    unsigned seed = (unsigned)time(NULL);
    print_message("# seed %u\n", seed);
    assert_int_equal(prepare(), OK);
    assert_int_equal(keep(), OK);
    assert_int_equal(state_switch(&state, &err), OK);
    state_close(&state);
    int with_next = 0;
    for (int i = 0; i < CUTS; i++) {
        pid_t child = fork();
        if (child == 0)
            renew_for_ever();
        usleep((unsigned)(rand_r(&seed) % 3000));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));

        state = (struct state){.lock_fd = -1};
        assert_int_equal(state_open(folder, &state, &err), OK);
        assert_true(belongs_to_its_key(STATE_CURRENT, "certificate.pem"));
        bool has_next = state_has(&state, STATE_NEXT);
        with_next += has_next;
        if (has_next)
            assert_true(belongs_to_its_key(STATE_NEXT, "request.der"));
        assert_int_equal(count_pairs(), has_next ? 2 : 1);
        state_close(&state);
    }
    print_message("# %d of %d cuts fell between request and switch\n", with_next, CUTS);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    if (crypto_start(&err) != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(two_agents_never_share_a_folder),
        IN_A_FOLDER(a_request_that_may_have_left_is_not_replaced),
        IN_A_FOLDER(nothing_is_switched_to_without_a_certificate),
        IN_A_FOLDER(keys_are_for_their_owner_alone),
        IN_A_FOLDER(a_switch_leaves_the_new_pair_and_the_old_one_is_swept),
        IN_A_FOLDER(what_is_dropped_leaves_no_key),
        IN_A_FOLDER(the_floor_never_sinks),
        IN_A_FOLDER(after_a_cut_at_any_instant_one_whole_pair_is_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
