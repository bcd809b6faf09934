#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct facts sound_device(void)
{
    return (struct facts){
        .kind = SUBJECT_DEVICE,
        .state = STATE_ACTIVE,
        .proof = PROOF_REGISTERED,
        .enrolled_at_s = NB,
        .cert_state = CERT_CURRENT,
        .not_before_s = NB,
        .not_after_s = NB + LIFE,
        .renew_at_s = NB + 70 * DAY_S,
        .key_since_s = NB,
        .heard_at_s = NB + DAY_S,
        .no_owner.known = NO,
        .key_shared.known = NO,
        .forked.known = NO,
    };
}

struct facts sound_issuer(void)
{
    return (struct facts){
        .kind = SUBJECT_ISSUER,
        .issuer_state = ISSUER_CURRENT,
        .not_after_s = NB + 3650 * DAY_S,
        .crl_half_s = NB + 3650 * DAY_S,
        .crl_missing.known = NO,
    };
}

struct facts sound_installation(void)
{
    return (struct facts){
        .kind = SUBJECT_INSTALLATION,
        .custody_known = YES,
        .sandbox_refused.known = NO,
        .backup_at_s = NB,
        .drill_at_s = NB,
    };
}

struct opinion judged(int number, const struct facts *facts, int64_t at_s)
{
    const struct policy normal = policy_normal();
    return check_find(number)->judge(facts, &normal, at_s);
}

static bool is_promised(const struct opinion *before, int64_t at_s)
{
    return before->next_s != 0 && before->next_s <= at_s;
}

void expect_opens(int number, const struct facts *facts, int64_t at_s, int64_t began_s)
{
    struct opinion before = judged(number, facts, at_s - 1);
    assert_int_equal(before.open, NO);
    assert_true(is_promised(&before, at_s));
    for (int64_t later_s = 0; later_s < 2; later_s++) {
        struct opinion open = judged(number, facts, at_s + later_s);
        assert_int_equal(open.open, YES);
        assert_int_equal(open.began_s, began_s);
    }
}

void expect_closes(int number, const struct facts *facts, int64_t at_s)
{
    struct opinion before = judged(number, facts, at_s - 1);
    assert_int_equal(before.open, YES);
    assert_true(is_promised(&before, at_s));
    expect_open(number, facts, at_s, NO);
    expect_open(number, facts, at_s + 1, NO);
}

void expect_open(int number, const struct facts *facts, int64_t at_s, enum known open)
{
    assert_int_equal(judged(number, facts, at_s).open, open);
}
