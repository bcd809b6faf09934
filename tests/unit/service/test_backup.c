/* A backup counts when its root is the ledger's own, and by who may say so (TD-45). */
#include "fixture.h"

#include <registry/about.h>
#include <service/finding.h>
#include <service/verb.h>
#include <trust/policy.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define EVERY_S (7 * 86400) /* what policy asks for, of a backup */

static enum result tell(struct fixture *f, const struct operator_is *who,
                        const struct msg_backup_note *ask)
{
    struct msg_verb_answer answer = {0};
    begin(f);
    enum result result = verb_backup_note(&f->service, who, ask, f->now_s, &answer, &f->err);
    if (result == OK) {
        commit(f);
        return OK;
    }
    store_rollback(f->store);
    ledger_rolled_back(f->service.ledger);
    return result;
}

static bool is_owed(struct fixture *f)
{
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    struct about about = {0};
    begin(f);
    assert_ok(finding_settle_about(&f->service, whole, f->now_s, &f->err));
    commit(f);
    assert_ok(about_read(f->store, whole, f->now_s, &about, &f->err));
    return about_finding(&about, CHECK_BACKUP_UNTESTED) != NULL;
}

static void a_backup_of_another_ledger_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t root[32];
    int64_t before = entries(f);
    uint64_t size = ledger_size(f->service.ledger);
    assert_true(size > 1);
    ledger_root(f->service.ledger, root);
    struct msg_backup_note ask = {.kind = BACKUP_MADE, .size = size, .root = bytes_of(root, 32)};

    ask.size = size - 1; /* the root of one entry more */
    assert_int_equal(tell(f, &f->admin, &ask), R_CONFLICT);
    assert_int_equal(f->err.code, E_BACKUP_OTHER);
    assert_non_null(strstr(f->err.text, "seen "));
    assert_non_null(strstr(f->err.text, "wanted "));
    ask.size = size + 1;
    assert_int_equal(tell(f, &f->admin, &ask), R_CONFLICT);
    ask.size = 0;
    assert_int_equal(tell(f, &f->admin, &ask), R_CONFLICT);
    ask.size = size;
    root[31] ^= 1;
    assert_int_equal(tell(f, &f->admin, &ask), R_CONFLICT);
    root[31] ^= 1;
    ask.root.n = 31;
    assert_int_equal(tell(f, &f->admin, &ask), R_CONFLICT);
    ask.root.n = 32;
    ask.kind = BACKUP_COUNT;
    assert_int_equal(tell(f, &f->admin, &ask), R_INVALID);
    assert_int_equal(entries(f), before);

    ask.kind = BACKUP_MADE;
    assert_ok(tell(f, &f->admin, &ask));
    assert_ok(tell(f, &f->admin, &ask)); /* the root of then is still ours */
    assert_int_equal(entries(f), before + 2);
}

static void only_an_admin_of_the_whole_fleet_says_so(void **state)
{
    struct fixture *f = *state;
    uint8_t root[32];
    struct operator_is other = f->admin;
    ledger_root(f->service.ledger, root);
    const struct msg_backup_note ask = {
        .kind = BACKUP_MADE, .size = ledger_size(f->service.ledger), .root = bytes_of(root, 32)};
    other.row.role = ROLE_OPERATOR;
    assert_int_equal(tell(f, &other, &ask), R_UNAUTHORISED);
    other = f->admin;
    snprintf(other.row.scope, sizeof other.row.scope, "acme");
    assert_int_equal(tell(f, &other, &ask), R_UNAUTHORISED);
}

static void a_backup_is_owed_until_it_is_noted_and_again_when_it_is_old(void **state)
{
    struct fixture *f = *state;
    uint8_t root[32];
    ledger_root(f->service.ledger, root);
    const struct msg_backup_note ask = {
        .kind = BACKUP_MADE, .size = ledger_size(f->service.ledger), .root = bytes_of(root, 32)};
    assert_false(is_owed(f));
    f->now_s += EVERY_S + 1;
    assert_true(is_owed(f));
    assert_ok(tell(f, &f->admin, &ask));
    assert_false(is_owed(f));
    f->now_s += EVERY_S - 1;
    assert_false(is_owed(f));
    f->now_s += 1;
    assert_true(is_owed(f));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_backup_of_another_ledger_is_refused),
        STORY(only_an_admin_of_the_whole_fleet_says_so),
        STORY(a_backup_is_owed_until_it_is_noted_and_again_when_it_is_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
