/* The recovery of an operator as replay, and so the audit, wants it: one key for one person who
 * stays what he was, his older ones ended, by others or the root's key. */
#include "fixture.h"

#include <ledger/replay.h>
#include <wire/approval.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define EXPIRES_S 5000
#define NEW_ROW 9
#define SPKI bytes_text("the new key")

/* What is recorded; each test spoils one thing. Person 2 is recovered by person 1. */
struct story {
    int64_t approvers; /* persons 1 to this approve, of four */
    struct actor by;
    int64_t person, role; /* of the new row */
    int64_t approves;
    int64_t ends;     /* the row that ends; 0: none */
    int64_t also;     /* another row that ends too; 0: none */
    bool keeps_right; /* of the old row */
    struct bytes signed_spki;
    int64_t signed_person;
    struct bytes persons; /* who carries it; empty: nobody, and no request */
    const char *kind;
};

static const uint8_t one_and_three[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3};
static const uint8_t one_and_two[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2};
static const uint8_t one_and_root[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t root_twice[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t root[] = {0, 0, 0, 0, 0, 0, 0, 0};
#define PERSONS(list) bytes_of(list, sizeof(list))

static struct story good(void)
{
    return (struct story){.approvers = 3,
                          .by = {ACTOR_OPERATOR, 1},
                          .person = 2,
                          .role = 3,
                          .approves = 1,
                          .ends = 2,
                          .signed_spki = SPKI,
                          .signed_person = 2,
                          .persons = PERSONS(one_and_three),
                          .kind = "operator_recover"};
}

static void append(struct fixture *f, const struct act *act)
{
    assert_ok(store_begin(f->store, &f->err));
    assert_ok(ledger_append(f->ledger, act, NULL, &f->err));
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);
}

static void add_people(struct fixture *f, int64_t approvers)
{
    struct act act;
    act_begin(&act, EVENT_DEVICE_IMPORTED, 50, (struct actor){ACTOR_CORE, 0}, 0);
    for (int64_t id = 1; id <= 4; id++) {
        struct change *c = act_change(&act, TABLE_OPERATOR, id);
        change_int(c, COL_OPERATOR_ROLE, 3);
        change_text(c, COL_OPERATOR_SCOPE, bytes_text(""));
        change_int(c, COL_OPERATOR_STATE, 1);
        change_int(c, COL_OPERATOR_APPROVER, id <= approvers);
    }
    append(f, &act);
}

static void add_request(struct fixture *f, const struct story *story)
{
    uint8_t space[256], params_space[128], hash[32];
    struct buf body = buf_over(space, sizeof space);
    struct buf params = buf_over(params_space, sizeof params_space);
    struct act act;
    cbor_write_array(&params, 2);
    cbor_write_array(&params, 2);
    cbor_write_text(&params, bytes_text("person"));
    cbor_write_int(&params, story->signed_person);
    cbor_write_array(&params, 2);
    cbor_write_text(&params, bytes_text("spki"));
    cbor_write_bytes(&params, story->signed_spki);
    const struct approval approval = {.kind = bytes_of(story->kind, strlen(story->kind)),
                                      .number = 1,
                                      .expires_s = EXPIRES_S,
                                      .parameters = buf_bytes(&params),
                                      .changes = bytes_text("\x80"),
                                      .counts = bytes_text("\x80")};
    approval_write(&body, &approval);
    sha256(buf_bytes(&body), hash);
    act_begin(&act, EVENT_APPROVAL_ASKED, 60, (struct actor){ACTOR_CORE, 0}, 0);
    struct change *c = act_change(&act, TABLE_APPROVAL, 1);
    change_blob(c, COL_APPROVAL_BODY, buf_bytes(&body));
    change_blob(c, COL_APPROVAL_HASH, bytes_of(hash, sizeof hash));
    change_int(c, COL_APPROVAL_STATE, 1);
    append(f, &act);
}

static void end_row(struct act *act, int64_t id, bool keeps_right)
{
    struct change *c = act_change(act, TABLE_OPERATOR, id);
    change_int(c, COL_OPERATOR_STATE, 2);
    change_int(c, COL_OPERATOR_APPROVER, keeps_right);
}

static void recover(struct fixture *f, const struct story *story)
{
    uint8_t hash[32];
    struct act act;
    act_begin(&act, EVENT_OPERATOR_RECOVERED, 100, story->by, 0);
    if (story->ends != 0)
        end_row(&act, story->ends, story->keeps_right);
    if (story->also != 0)
        end_row(&act, story->also, false);
    struct change *c = act_change(&act, TABLE_OPERATOR, NEW_ROW);
    sha256(SPKI, hash);
    change_blob(c, COL_OPERATOR_SPKI, bytes_of(hash, sizeof hash));
    change_int(c, COL_OPERATOR_ROLE, story->role);
    change_text(c, COL_OPERATOR_SCOPE, bytes_text(""));
    change_int(c, COL_OPERATOR_STATE, 1);
    change_int(c, COL_OPERATOR_PERSON, story->person);
    change_int(c, COL_OPERATOR_APPROVER, story->approves);
    if (story->persons.n > 0) {
        c = act_change(&act, TABLE_APPROVAL, 1);
        change_int(c, COL_APPROVAL_STATE, 2);
        change_blob(c, COL_APPROVAL_PERSONS, story->persons);
        change_blob(c, COL_APPROVAL_COUNTERSIGNATURE, bytes_text("signature"));
    }
    append(f, &act);
}

static enum result take(void *ctx, const struct entry *entry, struct err *err)
{
    return replay_add(ctx, entry->body, NULL, err);
}

static enum result tell(struct fixture *f, const struct story *story)
{
    CLEANUP(replay_freep) struct replay *replay = NULL;
    add_people(f, story->approvers);
    if (story->persons.n > 0)
        add_request(f, story);
    recover(f, story);
    assert_ok(replay_new(&sha256_for_merkle, &replay, &f->err));
    return store_entries(f->store, 0, UINT64_MAX, take, replay, &f->err);
}

static void expect_taken(struct fixture *f, const struct story *story)
{
    if (tell(f, story) != OK)
        fail_msg("%s", f->err.text);
}

static void expect_refused(struct fixture *f, const struct story *story, const char *rule)
{
    assert_int_equal(tell(f, story), R_CORRUPT);
    if (strstr(f->err.text, rule) == NULL)
        fail_msg("\"%s\", wanted \"%s\"", f->err.text, rule);
}

static void one_other_does_not_carry_it(void **state)
{
    struct story story = good();
    story.persons.n = 8;
    expect_refused(*state, &story, "by as many approvers");
}

static void he_does_not_carry_it_himself(void **state)
{
    struct story story = good();
    story.persons = PERSONS(one_and_two);
    expect_refused(*state, &story, "by as many approvers");
}

static void the_root_twice_is_one_person(void **state)
{
    struct story story = good();
    story.persons = PERSONS(root_twice);
    expect_refused(*state, &story, "by as many approvers");
}

static void the_root_alone_does_not_carry_what_an_operator_asked(void **state)
{
    struct story story = good();
    story.persons = PERSONS(root);
    expect_refused(*state, &story, "by as many approvers");
}

static void at_the_server_people_do_not_carry_it(void **state)
{
    struct story story = good();
    story.by = (struct actor){ACTOR_LOCAL, 0};
    expect_refused(*state, &story, "by as many approvers");
}

static void nobody_carries_it_unasked(void **state)
{
    struct story story = good();
    story.persons.n = 0;
    expect_refused(*state, &story, "with the approval that carries it");
}

static void at_the_server_it_is_never_unasked(void **state)
{
    struct story story = good();
    story.approvers = 0;
    story.approves = 0;
    story.persons.n = 0;
    story.by = (struct actor){ACTOR_LOCAL, 0};
    expect_refused(*state, &story, "with the approval that carries it");
}

static void an_only_approver_is_not_recovered_by_one_alone(void **state)
{
    struct story story = good();
    story.approvers = 1;
    story.person = 1;
    story.ends = 1;
    story.by = (struct actor){ACTOR_OPERATOR, 2};
    story.persons.n = 0;
    expect_refused(*state, &story, "with the approval that carries it");
}

static void another_key_than_was_signed_is_refused(void **state)
{
    struct story story = good();
    story.signed_spki = bytes_text("another key");
    expect_refused(*state, &story, "with the key that, people signed");
}

static void another_person_than_was_signed_is_refused(void **state)
{
    struct story story = good();
    story.signed_person = 4;
    expect_refused(*state, &story, "with the key that, people signed");
}

static void an_approval_of_another_kind_is_refused(void **state)
{
    struct story story = good();
    story.kind = "approver_set";
    expect_refused(*state, &story, "of the act that it carries");
}

static void an_old_key_that_lives_on_is_refused(void **state)
{
    struct story story = good();
    story.ends = 0;
    expect_refused(*state, &story, "ends his keys of before");
}

static void an_old_key_that_still_approves_is_refused(void **state)
{
    struct story story = good();
    story.keeps_right = true;
    expect_refused(*state, &story, "ends his keys of before");
}

static void anothers_key_does_not_end(void **state)
{
    struct story story = good();
    story.also = 3;
    expect_refused(*state, &story, "and nobody else");
}

static void he_gets_no_other_role(void **state)
{
    struct story story = good();
    story.role = 2;
    expect_refused(*state, &story, "leaves him what he was");
}

static void he_does_not_become_an_approver(void **state)
{
    struct story story = good();
    story.person = 4;
    story.ends = 4;
    story.signed_person = 4;
    expect_refused(*state, &story, "leaves him what he was");
}

static void he_does_not_lose_the_right_to_approve(void **state)
{
    struct story story = good();
    story.approves = 0;
    expect_refused(*state, &story, "leaves him what he was");
}

static void he_does_not_do_it_himself(void **state)
{
    struct story story = good();
    story.by = (struct actor){ACTOR_OPERATOR, 2};
    expect_refused(*state, &story, "a recovery by others");
}

static void a_recovery_of_nobody_is_refused(void **state)
{
    struct story story = good();
    story.person = 0;
    expect_refused(*state, &story, "one person one key");
}

static void two_others_carry_it(void **state)
{
    struct story story = good();
    expect_taken(*state, &story);
}

static void one_other_and_the_root_carry_it(void **state)
{
    struct story story = good();
    story.persons = PERSONS(one_and_root);
    expect_taken(*state, &story);
}

static void at_the_server_the_root_carries_it(void **state)
{
    struct story story = good();
    story.by = (struct actor){ACTOR_LOCAL, 0};
    story.persons = PERSONS(root);
    expect_taken(*state, &story);
}

static void one_alone_may_while_there_are_not_two_and_he_is_none(void **state)
{
    struct story story = good();
    story.approvers = 1;
    story.persons.n = 0;
    story.approves = 0;
    expect_taken(*state, &story);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_other_does_not_carry_it),
        TEST(he_does_not_carry_it_himself),
        TEST(the_root_twice_is_one_person),
        TEST(the_root_alone_does_not_carry_what_an_operator_asked),
        TEST(at_the_server_people_do_not_carry_it),
        TEST(nobody_carries_it_unasked),
        TEST(at_the_server_it_is_never_unasked),
        TEST(an_only_approver_is_not_recovered_by_one_alone),
        TEST(another_key_than_was_signed_is_refused),
        TEST(another_person_than_was_signed_is_refused),
        TEST(an_approval_of_another_kind_is_refused),
        TEST(an_old_key_that_lives_on_is_refused),
        TEST(an_old_key_that_still_approves_is_refused),
        TEST(anothers_key_does_not_end),
        TEST(he_gets_no_other_role),
        TEST(he_does_not_become_an_approver),
        TEST(he_does_not_lose_the_right_to_approve),
        TEST(he_does_not_do_it_himself),
        TEST(a_recovery_of_nobody_is_refused),
        TEST(two_others_carry_it),
        TEST(one_other_and_the_root_carry_it),
        TEST(at_the_server_the_root_carries_it),
        TEST(one_alone_may_while_there_are_not_two_and_he_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
