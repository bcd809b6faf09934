/* Another owner comes by a transfer that both sides signed: replay, and so the audit, refuses every
 * other way, whoever wrote it. */
#include "fixture.h"

#include <ledger/replay.h>
#include <wire/approval.h>
#include <wire/receipt.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define EXPIRES_S 5000
#define DEVICE 7
#define PRODUCT 3
#define AFTER 20 /* the last certificate of before the acceptance */
#define OLD 20
#define NEW 21
#define OTHERS 22 /* certificate of another device */
#define DONE_S 6000

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
    /* Since there are receipts: when it was accepted stands in the row. */
    bool has_receipt, lacks_receipt, is_done_by_name, keeps_old;
    int64_t said_at_s; /* 0: accept_s */
    void (*spoil)(struct receipt *receipt, int spoiled);
    int spoiled;
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

static struct story good_with_receipt(void)
{
    struct story story = good();
    story.has_receipt = true;
    return story;
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
    change_int(c, COL_DEVICE_PRODUCT, PRODUCT);
    change_text(c, COL_DEVICE_OWNER, bytes_text("seller"));
    change_text(c, COL_DEVICE_SERIAL_NUMBER, bytes_text("SN-7"));
    c = act_change(&act, TABLE_PRODUCT, PRODUCT);
    change_text(c, COL_PRODUCT_NAME, bytes_text("pump"));
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
    if (story->has_receipt)
        change_int(c, COL_TRANSFER_RELEASED_AT, 70);
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
    if (story->has_receipt) {
        change_int(c, COL_TRANSFER_AFTER_CERTIFICATE, AFTER);
        change_int(c, COL_TRANSFER_ACCEPTED_AT,
                   story->said_at_s != 0 ? story->said_at_s : story->accept_s);
    }
    append(f, &act);
}

/* As serial numbers are: the last five octets are class and number. */
static struct bytes serial_of(int64_t id)
{
    static uint8_t serials[OTHERS - OLD + 1][16];
    uint8_t *serial = serials[id - OLD];
    memset(serial, 1, 16);
    memset(serial + 12, 0, 3);
    serial[15] = (uint8_t)id;
    return bytes_of(serial, 16);
}

static void put_certificate(struct act *act, int64_t id, int64_t device, int64_t state)
{
    struct change *c = act_change(act, TABLE_CERTIFICATE, id);
    change_int(c, COL_CERTIFICATE_DEVICE, device);
    change_blob(c, COL_CERTIFICATE_SERIAL, serial_of(id));
    change_int(c, COL_CERTIFICATE_CLASS, 1);
    change_int(c, COL_CERTIFICATE_NUMBER, id);
    change_blob(c, COL_CERTIFICATE_DIGEST, bytes_of("0123456789abcdef0123456789abcdef", 32));
    change_int(c, COL_CERTIFICATE_STATE, state);
}

/* What the device had, and what it has: one was used, the other ended. */
static void use_certificate(struct fixture *f, const struct story *story)
{
    struct act act;
    act_begin(&act, EVENT_CERTIFICATE_PROVEN, 5990, (struct actor){ACTOR_DEVICE, DEVICE}, DEVICE);
    put_certificate(&act, OLD, DEVICE, story->keeps_old ? 2 : 3);
    put_certificate(&act, NEW, DEVICE, 2);
    put_certificate(&act, OTHERS, DEVICE + 1, 2);
    append(f, &act);
}

static struct receipt_certificate certificate(int64_t id)
{
    return (struct receipt_certificate){id, serial_of(id),
                                        bytes_of("0123456789abcdef0123456789abcdef", 32)};
}

struct made {
    uint8_t keys[2][16], signatures[2][32], hash[32], space[RECEIPT_MAX];
};

static struct bytes receipt_of(const struct story *story, struct bytes body, struct made *made)
{
    struct buf octets = buf_over(made->space, sizeof made->space);
    sha256(body, made->hash);
    sign_body(story->releaser, body, made->signatures[0]);
    sign_body(story->accepter, body, made->signatures[1]);
    struct receipt receipt = {
        .transfer = 1,
        .device = DEVICE,
        .product = bytes_text("pump"),
        .serial_number = bytes_text("SN-7"),
        .from = bytes_text("seller"),
        .to = bytes_text("buyer"),
        .body_hash = bytes_of(made->hash, 32),
        .released = {story->releaser, 70, key_of(story->releaser, made->keys[0]),
                     bytes_of(made->signatures[0], 32)},
        .accepted = {story->accepter, story->accept_s, key_of(story->accepter, made->keys[1]),
                     bytes_of(made->signatures[1], 32)},
        .before = certificate(OLD),
        .after = certificate(NEW),
        .done_s = DONE_S,
    };
    if (story->spoil != NULL)
        story->spoil(&receipt, story->spoiled);
    receipt_write(&octets, &receipt);
    assert_true(buf_ok(&octets));
    return buf_bytes(&octets);
}

static void finish(struct fixture *f, const struct story *story, struct bytes body)
{
    struct made made;
    struct act act;
    bool is_old_style = !story->has_receipt || story->is_done_by_name;
    act_begin(&act, is_old_style ? EVENT_TRANSFER_DONE : EVENT_TRANSFER_RECEIPT, DONE_S,
              (struct actor){ACTOR_DEVICE, DEVICE}, DEVICE);
    change_text(act_change(&act, TABLE_DEVICE, DEVICE), COL_DEVICE_OWNER, text(story->given_to));
    if (!story->skips_done) {
        struct change *c = act_change(&act, TABLE_TRANSFER, 1);
        change_int(c, COL_TRANSFER_STATE, 4);
        if (story->has_receipt && !story->lacks_receipt)
            change_blob(c, COL_TRANSFER_RECEIPT, receipt_of(story, body, &made));
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
    use_certificate(f, story);
    finish(f, story, body);
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

/* ---- the receipt -------------------------------------------------------------------------------
 */

static void it_ends_with_a_receipt(void **state)
{
    struct fixture *f = *state;
    const struct story story = good_with_receipt();
    if (tell(f, &story) != OK)
        fail_msg("%s", f->err.text);
}

static void no_end_without_a_receipt(void **state)
{
    struct story story = good_with_receipt();
    story.lacks_receipt = true;
    expect_refused(*state, &story, "receipt's entry");
}

static void nor_by_the_name_of_before_there_were_receipts(void **state)
{
    struct story story = good_with_receipt();
    story.lacks_receipt = story.is_done_by_name = true;
    expect_refused(*state, &story, "ends with its receipt");
}

static void a_receipt_stands_in_an_entry_of_its_name(void **state)
{
    struct story story = good_with_receipt();
    story.is_done_by_name = true;
    expect_refused(*state, &story, "receipt's entry");
}

static void an_old_certificate_that_lives_on_is_refused(void **state)
{
    struct story story = good_with_receipt();
    story.keeps_old = true;
    expect_refused(*state, &story, "an old one that ended");
}

static void an_acceptance_is_not_signed_in_the_future(void **state)
{
    struct story story = good_with_receipt();
    story.said_at_s = story.accept_s + 1;
    expect_refused(*state, &story, "signed when its entry says");
}

#define TOLD 12 /* things that a receipt says beside its certificates' rows */

static void tell_other(struct receipt *receipt, int n)
{
    struct bytes *octets[] = {&receipt->product,       &receipt->serial_number,
                              &receipt->from,          &receipt->to,
                              &receipt->body_hash,     &receipt->accepted.key,
                              &receipt->before.digest, &receipt->released.signature};
    int64_t *numbers[] = {&receipt->device, &receipt->released.operator_row,
                          &receipt->accepted.at_s, &receipt->done_s};
    if (n < 8)
        *octets[n] = bytes_text("0123456789abcdef0123456789abcdeX");
    else
        (*numbers[n - 8])++;
}

static void tell_of_another_transfer(struct receipt *receipt, int n)
{
    receipt->transfer += (uint64_t)n + 1;
}

static void tell_of_others(struct receipt *receipt, int n)
{
    if (n == 0)
        receipt->after = certificate(OLD);
    else if (n == 1)
        receipt->after = certificate(OTHERS);
    else
        receipt->before = certificate(NEW);
}

static void expect_each_refused(void **state, void (*spoil)(struct receipt *, int), int count,
                                const char *rule)
{
    for (int n = 0; n < count; n++) {
        struct story story = good_with_receipt();
        story.spoil = spoil;
        story.spoiled = n;
        expect_refused(*state, &story, rule);
        assert_int_equal(fixture_tear_down(state), 0);
        assert_int_equal(fixture_set_up(state), 0);
    }
}

static void a_receipt_that_says_another_thing_is_refused(void **state)
{
    expect_each_refused(state, tell_other, TOLD, "says what its rows say");
    expect_each_refused(state, tell_of_another_transfer, 1, "says what its rows say");
}

static void a_receipt_of_other_certificates_is_refused(void **state)
{
    expect_each_refused(state, tell_of_others, 3, "a new certificate in use");
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
        TEST(it_ends_with_a_receipt),
        TEST(no_end_without_a_receipt),
        TEST(nor_by_the_name_of_before_there_were_receipts),
        TEST(a_receipt_stands_in_an_entry_of_its_name),
        TEST(an_old_certificate_that_lives_on_is_refused),
        TEST(an_acceptance_is_not_signed_in_the_future),
        TEST(a_receipt_that_says_another_thing_is_refused),
        TEST(a_receipt_of_other_certificates_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
