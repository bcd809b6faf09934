/* What receivers are told: in the transaction of the entry, by what they ask for, one event of a
 * subject after the other. */
#include "fixture.h"

#include <service/outbox.h>
#include <service/verb.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define METER 1 /* row of the product */
#define CHECK CHECK_OUTSIDE_PROFILE

static void add_receiver(struct fixture *f, uint32_t events, uint32_t severity)
{
    struct config_webhook *hook = &f->config.webhooks[0];
    *hook = (struct config_webhook){.events = events, .severity = severity};
    snprintf(hook->name, sizeof hook->name, "siem");
    f->config.webhook_count = 1;
    begin(f);
    assert_int_equal(outbox_configure(&f->service, &f->err), OK);
    commit(f);
}

#define ALL (WEBHOOK_OPENED | WEBHOOK_CLOSED | WEBHOOK_ANSWERED)

/* Opened by a brake, and answered by a person. */
static void raise_and_lower(struct fixture *f)
{
    struct msg_verb_answer answer = {0};
    struct msg_finding_close ask = {.finding = f->service.last_id[TABLE_FINDING] + 1};
    begin(f);
    assert_int_equal(finding_raise(&f->service, METER, CHECK, f->now_s, &f->err), OK);
    assert_int_equal(verb_finding_close(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err),
                     OK);
    commit(f);
}

static struct webhook_row counts(struct fixture *f)
{
    struct webhook_row row = {0};
    enum result result = store_webhook(f->store, "siem", &row, &f->err);
    assert_true(result == OK || result == R_NOT_FOUND);
    return row;
}

static struct outbox_ids due(struct fixture *f)
{
    struct outbox_ids ids = {0};
    assert_int_equal(store_due_outbox(f->store, "siem", f->now_s, &ids, &f->err), OK);
    return ids;
}

static struct outbox_row row_of(struct fixture *f, int64_t id)
{
    struct outbox_row row = {0};
    assert_int_equal(store_outbox(f->store, id, &row, &f->err), OK);
    row.body[row.body_n] = '\0';
    return row;
}

static void without_a_receiver_nothing_is_written(void **state)
{
    struct fixture *f = *state;
    raise_and_lower(f);
    assert_int_equal(due(f).n, 0);
    assert_int_equal(counts(f).queued, 0);
}

static void an_event_is_there_only_if_its_entry_is(void **state)
{
    struct fixture *f = *state;
    add_receiver(f, ALL, 1);
    begin(f);
    assert_int_equal(finding_raise(&f->service, METER, CHECK, f->now_s, &f->err), OK);
    roll_back(f);
    assert_int_equal(due(f).n, 0);
    assert_int_equal(counts(f).queued, 0);
}

static void of_one_subject_only_the_oldest_is_due(void **state)
{
    struct fixture *f = *state;
    add_receiver(f, ALL, 1);
    raise_and_lower(f);
    assert_int_equal(counts(f).queued, 2);
    struct outbox_ids first = due(f);
    assert_int_equal(first.n, 1);
    struct outbox_row opened = row_of(f, first.ids[0]);
    assert_non_null(strstr((const char *)opened.body, "\"type\":\"finding.opened\""));
    assert_non_null(strstr((const char *)opened.body, "\"kind\":\"product\""));
    assert_non_null(strstr((const char *)opened.body, "\"product\":\"meter\""));

    begin(f);
    const struct outbox_failure failure = {f->now_s, f->now_s + 60, true, "no"};
    assert_int_equal(outbox_failed(&f->service, &opened, &failure, &f->err), OK);
    commit(f);
    assert_int_equal(due(f).n, 0); /* the second waits behind the first */
    f->now_s += 60;
    assert_int_equal(due(f).ids[0], opened.id);
    assert_int_equal(row_of(f, opened.id).tries, 1);

    begin(f);
    assert_int_equal(outbox_sent(&f->service, &opened, f->now_s, &f->err), OK);
    commit(f);
    struct outbox_ids second = due(f);
    assert_int_equal(second.n, 1);
    struct outbox_row answered = row_of(f, second.ids[0]);
    assert_non_null(strstr((const char *)answered.body, "\"type\":\"finding.answered\""));
    assert_string_not_equal(answered.message, opened.message);
    assert_int_equal(counts(f).sent, 1);
    assert_int_equal(counts(f).failed, 1);
}

static void a_receiver_that_takes_nothing_is_no_fault_of_the_event(void **state)
{
    struct fixture *f = *state;
    add_receiver(f, ALL, 1);
    raise_and_lower(f);
    struct outbox_row row = row_of(f, due(f).ids[0]);
    const struct outbox_failure failure = {f->now_s, f->now_s + 1, false, "away"};
    begin(f);
    assert_int_equal(outbox_failed(&f->service, &row, &failure, &f->err), OK);
    commit(f);
    assert_int_equal(row_of(f, row.id).tries, 0);
    assert_string_equal(counts(f).failure, "away");
}

static void what_a_receiver_does_not_want_is_no_event(void **state)
{
    struct fixture *f = *state;
    add_receiver(f, WEBHOOK_ANSWERED, 1);
    raise_and_lower(f);
    assert_int_equal(counts(f).queued, 1);
    add_receiver(f, ALL, SEVERITY_CRITICAL); /* the finding is high */
    raise_and_lower(f);
    assert_int_equal(counts(f).queued, 1);
    add_receiver(f, WEBHOOK_OPENED, SEVERITY_HIGH);
    raise_and_lower(f);
    assert_int_equal(counts(f).queued, 2);
}

static void note_clone(struct fixture *f, unsigned n)
{
    struct asker key = asker(100 + n);
    const struct evidence clone = {.check = CHECK_CLONE, .key = key.hash};
    begin(f);
    assert_int_equal(finding_note(&f->service, device_row(f, n).id, &clone, f->now_s, &f->err), OK);
    commit(f);
}

static void an_owners_receiver_hears_of_his_alone(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 0; n < 2; n++)
        assert_int_equal(import_device(f, n, NULL, false), IMPORT_CREATED); /* acme's */
    add_receiver(f, ALL, 1);
    snprintf(f->config.webhooks[0].owner, CONFIG_OWNER_MAX, "acme");
    raise_and_lower(f); /* about a product, which is nobody's */
    assert_int_equal(counts(f).queued, 0);
    note_clone(f, 0);
    assert_int_equal(counts(f).queued, 1);
    assert_non_null(strstr((const char *)row_of(f, due(f).ids[0]).body, "\"owner\":\"acme\""));
    snprintf(f->config.webhooks[0].owner, CONFIG_OWNER_MAX, "acm");
    note_clone(f, 1);
    assert_int_equal(counts(f).queued, 1);
}

static void apply(struct fixture *f, const struct change *change)
{
    begin(f);
    assert_int_equal(store_apply(f->store, change, &f->err), OK);
    assert_int_equal(finding_settle(&f->service, device_row(f, 0).id, f->now_s, &f->err), OK);
    commit(f);
}

static void a_device_that_changes_hands_is_over_for_its_former_owner(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(0);
    active_device(f, 0, &key);
    add_receiver(f, ALL, 1);
    snprintf(f->config.webhooks[0].owner, CONFIG_OWNER_MAX, "acme");
    struct change demand = change_of(TABLE_PRODUCT, METER);
    change_int(&demand, COL_PRODUCT_LEAST_PROOF, PROOF_HARDWARE);
    apply(f, &demand);
    assert_int_equal(counts(f).queued, 1);
    struct outbox_row opened = row_of(f, due(f).ids[0]);
    struct change sale = change_of(TABLE_DEVICE, device_row(f, 0).id);
    change_text(&sale, COL_DEVICE_OWNER, bytes_text("umbra"));
    apply(f, &sale); /* closed, and opened for the other */
    assert_int_equal(counts(f).queued, 2);
    begin(f);
    assert_int_equal(outbox_sent(&f->service, &opened, f->now_s, &f->err), OK);
    commit(f);
    struct outbox_row closed = row_of(f, due(f).ids[0]);
    assert_non_null(strstr((const char *)closed.body, "\"type\":\"finding.closed\""));
}

static void a_full_outbox_keeps_the_oldest_and_counts_the_rest(void **state)
{
    struct fixture *f = *state;
    struct webhook_row full = {.name = "siem", .queued = OUTBOX_ROWS_MAX - 1};
    add_receiver(f, ALL, 1);
    begin(f);
    assert_int_equal(store_add_webhook(f->store, &full, &f->err), OK);
    commit(f);
    int64_t before = entries(f);
    raise_and_lower(f);
    assert_int_equal(entries(f), before + 2); /* core does not wait */
    assert_int_equal(counts(f).queued, OUTBOX_ROWS_MAX);
    assert_int_equal(counts(f).dropped, 1);
    struct outbox_row kept = row_of(f, due(f).ids[0]);
    assert_non_null(strstr((const char *)kept.body, "finding.opened"));
    assert_non_null(strstr((const char *)kept.body, "\"lost\":0"));

    begin(f);
    assert_int_equal(outbox_sent(&f->service, &kept, f->now_s, &f->err), OK);
    commit(f);
    raise_and_lower(f); /* the next that finds room says that one was lost */
    struct outbox_row next = row_of(f, due(f).ids[0]);
    assert_non_null(strstr((const char *)next.body, "\"lost\":1"));
}

static void one_that_is_given_up_lets_the_next_go(void **state)
{
    struct fixture *f = *state;
    add_receiver(f, ALL, 1);
    raise_and_lower(f);
    struct outbox_row row = row_of(f, due(f).ids[0]);
    begin(f);
    assert_int_equal(outbox_give_up(&f->service, &row, f->now_s, &f->err), OK);
    commit(f);
    assert_int_equal(counts(f).given_up, 1);
    assert_int_equal(counts(f).queued, 1);
    assert_int_equal(due(f).n, 1);
    assert_int_not_equal(due(f).ids[0], row.id);
}

static void a_receiver_that_is_no_more_is_forgotten_when_nothing_waits(void **state)
{
    struct fixture *f = *state;
    struct webhook_row row;
    add_receiver(f, ALL, 1);
    raise_and_lower(f);
    f->config.webhook_count = 0;
    begin(f);
    assert_int_equal(outbox_configure(&f->service, &f->err), OK);
    assert_int_equal(store_webhook(f->store, "siem", &row, &f->err), OK);
    while (due(f).n > 0) {
        struct outbox_row gone = row_of(f, due(f).ids[0]);
        assert_int_equal(outbox_give_up(&f->service, &gone, f->now_s, &f->err), OK);
    }
    assert_int_equal(outbox_configure(&f->service, &f->err), OK);
    assert_int_equal(store_webhook(f->store, "siem", &row, &f->err), R_NOT_FOUND);
    commit(f);
}

static void a_test_is_for_a_receiver_that_is_there(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    struct msg_webhook_test ask = {.name = bytes_text("siem")};
    begin(f);
    assert_int_equal(verb_webhook_test(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err),
                     R_NOT_FOUND);
    commit(f);
    add_receiver(f, WEBHOOK_CLOSED, SEVERITY_CRITICAL);
    int64_t before = entries(f);
    begin(f);
    assert_int_equal(verb_webhook_test(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err),
                     OK);
    commit(f);
    assert_int_equal(entries(f), before);
    struct outbox_row row = row_of(f, due(f).ids[0]);
    assert_non_null(strstr((const char *)row.body, "\"type\":\"webhook.test\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_receiver_nothing_is_written),
        TEST(an_event_is_there_only_if_its_entry_is),
        TEST(of_one_subject_only_the_oldest_is_due),
        TEST(a_receiver_that_takes_nothing_is_no_fault_of_the_event),
        TEST(what_a_receiver_does_not_want_is_no_event),
        TEST(an_owners_receiver_hears_of_his_alone),
        TEST(a_device_that_changes_hands_is_over_for_its_former_owner),
        TEST(a_full_outbox_keeps_the_oldest_and_counts_the_rest),
        TEST(one_that_is_given_up_lets_the_next_go),
        TEST(a_receiver_that_is_no_more_is_forgotten_when_nothing_waits),
        TEST(a_test_is_for_a_receiver_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
