/* Another owner comes by a transfer that both sides signed: replay, and so the audit, refuses every
 * other way, whoever wrote it. */
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
#define DEVICE 7

/* Operators by their rows. */
enum { SELLER = 1, BUYER, SELLERS_SECOND, LEFT, ADMIN };
static const char *const scopes[] = {
    [SELLER] = "seller", [BUYER] = "buyer", [SELLERS_SECOND] = "seller",
    [LEFT] = "buyer",    [ADMIN] = "",
};

/* The story of one transfer; each test spoils one thing. */
struct story {
    int64_t releaser, accepter;
    int64_t accept_actor; /* 0: who accepts */
    int64_t accept_key;   /* whose key is shown; 0: his */
    int64_t accept_s;
    int64_t signs_other; /* the number in the bytes that the accepter signs; 0: this one */
    int64_t body_device, body_number;
    const char *body_to, *given_to;
    const char *rewritten; /* a new owner in the row, beside the acceptance */
    bool starts_signed, skips_accept, skips_done;
};

static struct story good(void)
{
    return (struct story){.releaser = SELLER,
                          .accepter = BUYER,
                          .accept_s = 200,
                          .body_device = DEVICE,
                          .body_number = 1,
                          .body_to = "buyer",
                          .given_to = "buyer"};
}

static struct bytes text(const char *of)
{
    return bytes_of(of, strlen(of));
}

static struct bytes key_of(int64_t operator, uint8_t room[16])
{
    memset(room, (int)operator, 16);
    return bytes_of(room, 16);
}

static void append(struct fixture *f, const struct act *act)
{
    assert_ok(store_begin(f->store, &f->err));
    assert_ok(ledger_append(f->ledger, act, NULL, &f->err));
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);
}

static struct actor person(int64_t operator)
{
    return (struct actor){ACTOR_OPERATOR, operator};
}

static void add_people_and_device(struct fixture *f)
{
    uint8_t room[16], hashes[ADMIN + 1][32];
    struct act act;
    act_begin(&act, EVENT_DEVICE_IMPORTED, 50, (struct actor){ACTOR_CORE, 0}, 0);
    struct change *c = act_change(&act, TABLE_DEVICE, DEVICE);
    change_text(c, COL_DEVICE_OWNER, bytes_text("seller"));
    for (int64_t id = SELLER; id <= ADMIN; id++) {
        sha256(key_of(id, room), hashes[id]);
        c = act_change(&act, TABLE_OPERATOR, id);
        change_blob(c, COL_OPERATOR_SPKI, bytes_of(hashes[id], 32));
        change_text(c, COL_OPERATOR_SCOPE, text(scopes[id]));
        change_int(c, COL_OPERATOR_STATE, id == LEFT ? 2 : 1);
        change_int(c, COL_OPERATOR_PERSON, id == SELLERS_SECOND ? SELLER : 0);
    }
    append(f, &act);
}

static struct bytes body_for(const struct story *story, int64_t number, struct buf *to)
{
    static uint8_t room[256];
    struct buf changes = buf_over(room, sizeof room);
    cbor_write_array(&changes, 1);
    cbor_write_array(&changes, 5);
    cbor_write_text(&changes, bytes_text("device"));
    cbor_write_int(&changes, story->body_device);
    cbor_write_text(&changes, bytes_text("owner"));
    cbor_write_text(&changes, bytes_text("seller"));
    cbor_write_text(&changes, text(story->body_to));
    const struct approval approval = {
        .kind = bytes_text("transfer_release"),
        .number = (uint64_t)number,
        .expires_s = EXPIRES_S,
        .parameters = bytes_text("\x80"),
        .changes = buf_bytes(&changes),
        .counts = bytes_text("\x80"),
    };
    approval_write(to, &approval);
    return buf_bytes(to);
}

/* What stands for a signature here: SHA-256 of key and message. */
static void sign(struct bytes key, struct bytes message, uint8_t ret[32])
{
    const struct bytes parts[] = {key, message};
    sha256_parts(parts, 2, ret);
}

static bool is_by(struct bytes key, struct bytes message, struct bytes signature)
{
    uint8_t wanted[32];
    sign(key, message, wanted);
    return bytes_equal(signature, bytes_of(wanted, sizeof wanted));
}

static void sign_body(int64_t operator, struct bytes body, uint8_t ret[32])
{
    uint8_t room[16], space[512];
    struct buf message = buf_over(space, sizeof space);
    buf_put_bytes(&message, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&message, body);
    sign(key_of(operator, room), buf_bytes(&message), ret);
}

static void ask(struct fixture *f, const struct story *story, struct bytes body)
{
    struct act act;
    act_begin(&act, EVENT_TRANSFER_ASKED, 60, person(story->releaser), DEVICE);
    struct change *c = act_change(&act, TABLE_TRANSFER, 1);
    change_int(c, COL_TRANSFER_DEVICE, DEVICE);
    change_text(c, COL_TRANSFER_FROM_OWNER, bytes_text("seller"));
    change_text(c, COL_TRANSFER_TO_OWNER, bytes_text("buyer"));
    change_int(c, COL_TRANSFER_EXPIRES_AT, EXPIRES_S);
    change_int(c, COL_TRANSFER_STATE, 1);
    change_blob(c, COL_TRANSFER_BODY, body);
    if (story->starts_signed)
        change_int(c, COL_TRANSFER_RELEASER, story->releaser);
    append(f, &act);
}

static void release(struct fixture *f, const struct story *story, struct bytes body)
{
    uint8_t key[16], signature[32];
    struct act act;
    sign_body(story->releaser, body, signature);
    act_begin(&act, EVENT_TRANSFER_RELEASED, 70, person(story->releaser), DEVICE);
    struct change *c = act_change(&act, TABLE_TRANSFER, 1);
    change_int(c, COL_TRANSFER_STATE, 2);
    change_int(c, COL_TRANSFER_RELEASER, story->releaser);
    change_blob(c, COL_TRANSFER_RELEASE_KEY, key_of(story->releaser, key));
    change_blob(c, COL_TRANSFER_RELEASE_SIGNATURE, bytes_of(signature, sizeof signature));
    append(f, &act);
}

static void accept(struct fixture *f, const struct story *story, struct bytes body)
{
    uint8_t key[16], signature[32];
    struct act act;
    int64_t actor = story->accept_actor != 0 ? story->accept_actor : story->accepter;
    int64_t shown = story->accept_key != 0 ? story->accept_key : story->accepter;
    sign_body(shown, body, signature);
    act_begin(&act, EVENT_TRANSFER_ACCEPTED, story->accept_s, person(actor), DEVICE);
    struct change *c = act_change(&act, TABLE_TRANSFER, 1);
    if (story->rewritten != NULL)
        change_text(c, COL_TRANSFER_TO_OWNER, text(story->rewritten));
    change_int(c, COL_TRANSFER_STATE, 3);
    change_int(c, COL_TRANSFER_ACCEPTER, story->accepter);
    change_blob(c, COL_TRANSFER_ACCEPT_KEY, key_of(shown, key));
    change_blob(c, COL_TRANSFER_ACCEPT_SIGNATURE, bytes_of(signature, sizeof signature));
    append(f, &act);
}

static void finish(struct fixture *f, const struct story *story)
{
    struct act act;
    act_begin(&act, EVENT_TRANSFER_DONE, 6000, (struct actor){ACTOR_DEVICE, DEVICE}, DEVICE);
    change_text(act_change(&act, TABLE_DEVICE, DEVICE), COL_DEVICE_OWNER, text(story->given_to));
    if (!story->skips_done)
        change_int(act_change(&act, TABLE_TRANSFER, 1), COL_TRANSFER_STATE, 4);
    append(f, &act);
}

static enum result take(void *ctx, const struct entry *entry, struct err *err)
{
    return replay_add(ctx, entry->body, NULL, err);
}

static enum result tell(struct fixture *f, const struct story *story)
{
    CLEANUP(replay_freep) struct replay *replay = NULL;
    const struct countersigner signer = {.verify = is_by};
    uint8_t space[512], other_space[512];
    struct buf room = buf_over(space, sizeof space), other = buf_over(other_space, sizeof space);
    struct bytes body = body_for(story, story->body_number, &room);
    add_people_and_device(f);
    ask(f, story, body);
    release(f, story, body);
    if (!story->skips_accept)
        accept(f, story,
               story->signs_other != 0 ? body_for(story, story->signs_other, &other) : body);
    finish(f, story);
    assert_ok(replay_new(&sha256_for_merkle, &replay, &f->err));
    replay_trust(replay, &signer);
    return store_entries(f->store, 0, UINT64_MAX, take, replay, &f->err);
}

static void expect_refused(struct fixture *f, const struct story *story, const char *rule)
{
    assert_int_equal(tell(f, story), R_CORRUPT);
    if (strstr(f->err.text, rule) == NULL)
        fail_msg("\"%s\", wanted \"%s\"", f->err.text, rule);
}

static void one_person_is_not_both_sides(void **state)
{
    struct story story = good();
    story.accepter = SELLER;
    expect_refused(*state, &story, "two persons");
}

static void a_persons_second_key_is_no_second_person(void **state)
{
    struct story story = good();
    story.accepter = SELLERS_SECOND;
    expect_refused(*state, &story, "two persons");
}

static void the_other_side_does_not_release(void **state)
{
    struct story story = good();
    story.releaser = BUYER;
    expect_refused(*state, &story, "each side's own people");
}

static void who_left_accepts_nothing(void **state)
{
    struct story story = good();
    story.accepter = LEFT;
    expect_refused(*state, &story, "in use");
}

static void another_actor_than_the_signer_is_refused(void **state)
{
    struct story story = good();
    story.accept_actor = ADMIN;
    expect_refused(*state, &story, "his own key");
}

static void anothers_key_is_refused(void **state)
{
    struct story story = good();
    story.accept_key = ADMIN;
    expect_refused(*state, &story, "his own key");
}

static void a_signature_over_another_transfer_is_refused(void **state)
{
    struct story story = good();
    story.signs_other = 2;
    expect_refused(*state, &story, "over its bytes");
}

static void a_late_acceptance_is_refused(void **state)
{
    struct story story = good();
    story.accept_s = EXPIRES_S + 1;
    expect_refused(*state, &story, "expired");
}

static void bytes_about_another_device_are_refused(void **state)
{
    struct story story = good();
    story.body_device = 8;
    expect_refused(*state, &story, "say what its row does");
}

static void bytes_about_another_owner_are_refused(void **state)
{
    struct story story = good();
    story.body_to = "thief";
    expect_refused(*state, &story, "say what its row does");
}

static void bytes_of_another_number_are_refused(void **state)
{
    struct story story = good();
    story.body_number = 2;
    expect_refused(*state, &story, "say what its row does");
}

static void a_row_that_is_rewritten_is_refused(void **state)
{
    struct story story = good();
    story.rewritten = "thief";
    expect_refused(*state, &story, "stays what was signed");
}

static void a_transfer_does_not_begin_signed(void **state)
{
    struct story story = good();
    story.starts_signed = true;
    expect_refused(*state, &story, "begins without a signature");
}

static void nobody_skips_the_acceptance(void **state)
{
    struct story story = good();
    story.skips_accept = true;
    expect_refused(*state, &story, "another owner by a transfer");
}

static void the_device_goes_to_nobody_else(void **state)
{
    struct story story = good();
    story.given_to = "thief";
    expect_refused(*state, &story, "another owner by a transfer");
}

static void an_owner_does_not_change_by_itself(void **state)
{
    struct story story = good();
    story.skips_done = true;
    expect_refused(*state, &story, "another owner by a transfer");
}

static void both_sides_signatures_carry_it(void **state)
{
    struct fixture *f = *state;
    const struct story story = good();
    if (tell(f, &story) != OK)
        fail_msg("%s", f->err.text);
}

static void an_admin_without_scope_stands_for_a_side(void **state)
{
    struct fixture *f = *state;
    struct story story = good();
    story.accepter = ADMIN;
    if (tell(f, &story) != OK)
        fail_msg("%s", f->err.text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_person_is_not_both_sides),
        TEST(a_persons_second_key_is_no_second_person),
        TEST(the_other_side_does_not_release),
        TEST(who_left_accepts_nothing),
        TEST(another_actor_than_the_signer_is_refused),
        TEST(anothers_key_is_refused),
        TEST(a_signature_over_another_transfer_is_refused),
        TEST(a_late_acceptance_is_refused),
        TEST(bytes_about_another_device_are_refused),
        TEST(bytes_about_another_owner_are_refused),
        TEST(bytes_of_another_number_are_refused),
        TEST(a_row_that_is_rewritten_is_refused),
        TEST(a_transfer_does_not_begin_signed),
        TEST(nobody_skips_the_acceptance),
        TEST(the_device_goes_to_nobody_else),
        TEST(an_owner_does_not_change_by_itself),
        TEST(both_sides_signatures_carry_it),
        TEST(an_admin_without_scope_stands_for_a_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
