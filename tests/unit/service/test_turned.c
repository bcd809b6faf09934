/* A policy turns a check's effect to quarantine: what is open already is quarantined by the sweep
 * that follows, once, and under the brake. */
#include "acts.h"

#include <registry/about.h>
#include <service/sweep.h>
#include <service/verb.h>

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define METER 1
#define WEAK CHECK_PROOF_TOO_WEAK

/* Devices 0 to n - 1, active, each of which proved itself less than its product wants by now. */
static void weak_devices(struct fixture *f, unsigned n)
{
    struct change change = change_of(TABLE_PRODUCT, METER);
    for (unsigned i = 0; i < n; i++) {
        struct asker key = asker(i + 1);
        active_device(f, i, &key);
    }
    change_int(&change, COL_PRODUCT_LEAST_PROOF, PROOF_HARDWARE);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    assert_ok(finding_sweep_begin(&f->service, METER, &f->err));
    commit(f);
    (void)sweep(f);
    for (unsigned i = 0; i < n; i++)
        assert_true(has_finding(f, i, WEAK));
}

static unsigned quarantined(struct fixture *f, unsigned n)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += device_row(f, i).state == STATE_QUARANTINED;
    return sum;
}

static void set(struct fixture *f, const char *product, const char *word, const char *value)
{
    assert_ok(set_one_policy(f, product, word, value));
    (void)sweep(f);
}

static void what_is_open_takes_the_effect(void **state)
{
    struct fixture *f = *state;
    weak_devices(f, 2);
    set(f, "meter", "TD-06", "refuse");
    assert_int_equal(quarantined(f, 2), 0);
    set(f, "meter", "TD-06", "quarantine");
    assert_int_equal(quarantined(f, 2), 2);
    assert_int_equal(device_row(f, 0).quarantine, 1);
    assert_true(has_finding(f, 0, WEAK));
}

static void a_person_who_readmits_has_the_last_word(void **state)
{
    struct fixture *f = *state;
    weak_devices(f, 1);
    set(f, "meter", "TD-06", "quarantine");
    assert_ok(set_device(f, 0, VERB_READMIT));
    set(f, "", "renew-by", "90");      /* says nothing of it */
    set(f, "", "TD-06", "quarantine"); /* nor does this: the product's stood above the fleet's */
    assert_int_equal(quarantined(f, 1), 0);
    set(f, "meter", "TD-06", "none");
    set(f, "meter", "TD-06", "quarantine");
    assert_int_equal(quarantined(f, 1), 1);
}

static void the_fleets_counts_where_the_product_says_nothing(void **state)
{
    struct fixture *f = *state;
    weak_devices(f, 1);
    set(f, "meter", "TD-06", "none");
    set(f, "", "TD-06", "quarantine");
    assert_int_equal(quarantined(f, 1), 0);
    set(f, "meter", NULL, NULL); /* the fleet's is in force from now on */
    assert_int_equal(quarantined(f, 1), 1);
}

static void of_a_key_that_nobody_showed_a_person_decides(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    const struct evidence shared = {.check = CHECK_KEY_SHARED, .key = key.hash};
    set(f, "meter", "TD-01", "none");
    active_device(f, 0, &key);
    begin(f);
    assert_ok(finding_note(&f->service, device_row(f, 0).id, &shared, f->now_s, &f->err));
    commit(f);
    set(f, "meter", "TD-01", "quarantine");
    assert_true(has_finding(f, 0, CHECK_KEY_SHARED));
    assert_int_equal(quarantined(f, 1), 0);
}

#define MANY 14 /* four more than an hour's brake lets go */

static void the_brake_holds_the_rest(void **state)
{
    struct fixture *f = *state;
    static struct about about;
    const struct subject_key meter = {SUBJECT_PRODUCT, METER};
    weak_devices(f, MANY);
    set(f, "meter", "TD-06", "quarantine");
    assert_int_equal(quarantined(f, MANY), 10);
    assert_ok(about_read(f->store, meter, f->now_s, &about, &f->err));
    assert_int_equal(about_finding(&about, WEAK)->severity, SEVERITY_CRITICAL);
    f->now_s += 3600;
    set(f, "", "renew-by", "90"); /* a new hour is no answer, nor is another sweep */
    assert_int_equal(quarantined(f, MANY), 10);
}

/* Devices that the pass under way has behind it, and those that it has not, are told once. */
static void what_is_turned_during_a_pass_acts_once(void **state)
{
    struct fixture *f = *state;
    bool is_done = false;
    weak_devices(f, 4);
    assert_ok(set_one_policy(f, "meter", "renew-by", "90"));
    begin(f);
    assert_ok(finding_sweep_step(&f->service, 2, f->now_s, &is_done, &f->err));
    commit(f);
    assert_false(is_done);
    assert_ok(set_one_policy(f, "meter", "TD-06", "quarantine"));
    begin(f);
    assert_ok(finding_sweep_step(&f->service, 2, f->now_s, &is_done, &f->err));
    commit(f);
    assert_int_equal(quarantined(f, 4), 0); /* the pass is of before */
    (void)sweep(f);
    assert_int_equal(quarantined(f, 4), 4);
    assert_ok(set_device(f, 3, VERB_READMIT));
    set(f, "meter", "max-age", "30d");
    assert_int_equal(quarantined(f, 4), 3);
}

/* As of a server whose sweeps did not know of that. */
static void forget_passes(struct fixture *f)
{
    char path[96];
    sqlite3 *database = NULL;
    snprintf(path, sizeof path, "%s/troth.db", f->folder);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "DELETE FROM meta WHERE name LIKE 'sweep_policy%'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_changes(database), 2);
    sqlite3_close(database);
}

static void an_upgrade_turns_nothing(void **state)
{
    struct fixture *f = *state;
    weak_devices(f, 1);
    set(f, "meter", "TD-06", "quarantine");
    assert_ok(set_device(f, 0, VERB_READMIT));
    forget_passes(f);
    begin(f);
    assert_ok(store_put_meta(f->store, "catalogue", 1, &f->err));
    assert_ok(finding_sweep_upgrade(&f->service, &f->err));
    commit(f);
    (void)sweep(f);
    assert_int_equal(quarantined(f, 1), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_is_open_takes_the_effect),
        STORY(a_person_who_readmits_has_the_last_word),
        STORY(the_fleets_counts_where_the_product_says_nothing),
        STORY(of_a_key_that_nobody_showed_a_person_decides),
        STORY(the_brake_holds_the_rest),
        STORY(what_is_turned_during_a_pass_acts_once),
        STORY(an_upgrade_turns_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
