/* Verdicts, checks at their boundary instants, state edges, certificate status. */
#include <trust/standing.h>

#include <base/result.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NB INT64_C(1000000)
#define LIFE INT64_C(100000)

#define RENEW_BY_PERCENT 85

static const struct policy policy = {
    .least_proof = PROOF_REGISTERED,
    .renew_from_percent = SPREAD_FROM_PERCENT,
    .renew_by_percent = RENEW_BY_PERCENT,
};

static struct facts healthy(void)
{
    return (struct facts){
        .kind = SUBJECT_DEVICE,
        .state = STATE_ACTIVE,
        .proof = PROOF_REGISTERED,
        .cert_state = CERT_CURRENT,
        .not_before_s = NB,
        .not_after_s = NB + LIFE,
        .enrolled_at_s = NB,
        .key_shared.known = NO,
        .forked.known = NO,
    };
}

static enum verdict verdict_at(const struct facts *facts, const struct policy *by, int64_t now_s)
{
    return standing(facts, by, now_s).verdict;
}

static void nothing_known_is_refused(void **context)
{
    (void)context;
    struct facts nothing = {0};
    struct policy none = {0};
    assert_int_equal(verdict_at(&nothing, &none, NB), VERDICT_REFUSED);
    assert_int_equal(standing(&nothing, &none, NB).n, 0);
}

static void every_state_but_two_is_not_trusted(void **context)
{
    (void)context;
    for (int s = 0; s <= STATE_COUNT; s++) {
        struct facts facts = healthy();
        facts.state = (enum device_state)s;
        enum verdict verdict = verdict_at(&facts, &policy, NB + 1);
        bool trusted = s == STATE_ENROLLED || s == STATE_ACTIVE;
        assert_int_equal(verdict == VERDICT_TRUSTED, trusted);
        assert_int_equal(verdict == VERDICT_QUARANTINED, s == STATE_QUARANTINED);
    }
}

/* Whatever the certificate's own state and dates are. */
static void what_a_retired_issuer_issued_is_refused(void **context)
{
    (void)context;
    struct facts facts = healthy();
    struct policy grace = policy;
    grace.grace_s = LIFE;
    facts.is_issuer_ended = true;
    assert_int_equal(verdict_at(&facts, &policy, NB + 1), VERDICT_REFUSED);
    assert_int_equal(verdict_at(&facts, &grace, NB + LIFE + 1), VERDICT_REFUSED);
    facts.state = STATE_QUARANTINED;
    assert_int_equal(verdict_at(&facts, &policy, NB + 1), VERDICT_QUARANTINED);
}

static void trusted_until_the_last_second(void **context)
{
    (void)context;
    struct facts facts = healthy();
    assert_int_equal(verdict_at(&facts, &policy, NB - 1), VERDICT_REFUSED);
    assert_int_equal(verdict_at(&facts, &policy, NB), VERDICT_TRUSTED);
    assert_int_equal(verdict_at(&facts, &policy, NB + LIFE), VERDICT_TRUSTED);
    assert_int_equal(verdict_at(&facts, &policy, NB + LIFE + 1), VERDICT_REFUSED);
}

static void grace_only_where_policy_gives_it(void **context)
{
    (void)context;
    struct facts facts = healthy();
    struct policy graceful = policy;
    graceful.grace_s = 10;
    assert_int_equal(verdict_at(&facts, &graceful, NB + LIFE + 1), VERDICT_GRACE);
    assert_int_equal(verdict_at(&facts, &graceful, NB + LIFE + 10), VERDICT_GRACE);
    assert_int_equal(verdict_at(&facts, &graceful, NB + LIFE + 11), VERDICT_REFUSED);
    facts.expired_used = (struct since){YES, NB + LIFE + 5}; /* TD-09 takes nothing away */
    assert_int_equal(verdict_at(&facts, &graceful, NB + LIFE + 6), VERDICT_GRACE);
}

static void a_certificate_that_ended_is_refused(void **context)
{
    (void)context;
    const enum cert_state ended[] = {CERT_NONE, CERT_SUPERSEDED, CERT_VOIDED, CERT_REVOKED,
                                     CERT_ORPHAN};
    for (size_t i = 0; i < LENGTH_OF(ended); i++) {
        struct facts facts = healthy();
        facts.cert_state = ended[i];
        assert_int_equal(verdict_at(&facts, &policy, NB + 1), VERDICT_REFUSED);
    }
}

/* At the next instant something changes, and nothing changes before. */
static void the_next_instant_is_when_something_changes(void **context)
{
    (void)context;
    struct facts facts = healthy();
    struct standing first = standing(&facts, &policy, NB);
    assert_int_equal(first.next_s, NB + LIFE / 100 * RENEW_BY_PERCENT);
    assert_false(standing_has(&first, 8));
    struct standing before = standing(&facts, &policy, first.next_s - 1);
    assert_int_equal(before.n, first.n);
    struct standing then = standing(&facts, &policy, first.next_s);
    assert_true(standing_has(&then, 8));
    assert_int_equal(then.next_s, NB + LIFE + 1);
    assert_int_equal(standing(&facts, &policy, then.next_s).verdict, VERDICT_REFUSED);
}

/* Each check that follows one reported condition: unmeasured, not there, there. */
static struct since *condition_of(struct facts *facts, int number)
{
    switch (number) {
    case 1:
        return &facts->key_shared;
    case 2:
        return &facts->forked;
    case 3:
        return &facts->shared_credential;
    case 4:
        return &facts->token_open;
    case 9:
        return &facts->expired_used;
    case 12:
        return &facts->weak_key;
    case 14:
        return &facts->replaced_alive;
    case 17:
        return &facts->credential_alive;
    default:
        return NULL;
    }
}

static void conditions_open_and_close_their_check(void **context)
{
    (void)context;
    const int numbers[] = {1, 2, 3, 12};
    for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
        const struct check *check = check_find(numbers[i]);
        struct facts facts = healthy();
        struct since *condition = condition_of(&facts, numbers[i]);
        *condition = (struct since){.known = UNMEASURED};
        assert_int_equal(check->judge(&facts, &policy, NB).open, UNMEASURED);
        *condition = (struct since){.known = NO};
        assert_int_equal(check->judge(&facts, &policy, NB).open, NO);
        *condition = (struct since){YES, NB + 7};
        struct opinion opinion = check->judge(&facts, &policy, NB + 9);
        assert_int_equal(opinion.open, YES);
        assert_int_equal(opinion.began_s, NB + 7);
    }
}

static void td14_opens_when_the_crl_is_late_and_looks_again(void **context)
{
    (void)context;
    struct facts facts = healthy();
    const struct check *check = check_find(14);
    facts.replaced_alive = (struct since){.known = UNMEASURED};
    assert_int_equal(check->judge(&facts, &policy, NB).open, UNMEASURED);
    facts.replaced_alive = (struct since){YES, NB};
    struct opinion soon = check->judge(&facts, &policy, NB + 59);
    assert_int_equal(soon.open, NO);
    assert_int_equal(soon.next_s, NB + 60);
    struct opinion late = check->judge(&facts, &policy, NB + 60);
    assert_int_equal(late.open, YES);
    assert_int_equal(late.began_s, NB);
    assert_int_equal(late.next_s, NB + 120);
    facts.replaced_alive = (struct since){.known = NO};
    assert_int_equal(check->judge(&facts, &policy, NB + 120).open, NO);
}

static void an_open_token_is_owed_until_it_ends(void **context)
{
    (void)context;
    struct facts facts = healthy();
    const struct check *check = check_find(4);
    assert_int_equal(check->judge(&facts, &policy, NB).open, UNMEASURED);
    facts.token_open = (struct since){YES, NB + 7};
    facts.token_until_s = NB + 50;
    struct opinion open = check->judge(&facts, &policy, NB + 50);
    assert_int_equal(open.open, YES);
    assert_int_equal(open.began_s, NB + 7);
    assert_int_equal(open.next_s, NB + 51);
    assert_int_equal(check->judge(&facts, &policy, NB + 51).open, NO);
}

static void a_tombstone_s_token_makes_a_zombie_until_it_ends(void **context)
{
    (void)context;
    struct facts facts = {
        .state = STATE_RETIRED, .credential_alive.known = NO, .token_until_s = NB};
    const struct check *check = check_find(17);
    assert_int_equal(check->judge(&facts, &policy, NB).open, YES);
    assert_int_equal(check->judge(&facts, &policy, NB).next_s, NB + 1);
    assert_int_equal(check->judge(&facts, &policy, NB + 1).open, NO);
}

static void a_tombstone_s_token_is_wanted_until_its_permit_ends(void **context)
{
    (void)context;
    struct facts facts = {.state = STATE_RETIRED,
                          .credential_alive.known = NO,
                          .token_until_s = NB + 50,
                          .permit_until_s = NB};
    const struct check *check = check_find(17);
    assert_int_equal(check->judge(&facts, &policy, NB).open, NO);
    assert_int_equal(check->judge(&facts, &policy, NB).next_s, NB + 1);
    struct opinion open = check->judge(&facts, &policy, NB + 9);
    assert_int_equal(open.open, YES);
    assert_int_equal(open.began_s, NB + 1);
    assert_int_equal(open.next_s, NB + 51);
    facts.permit_until_s = NB + 50; /* it outlives the token */
    assert_int_equal(check->judge(&facts, &policy, NB + 51).open, NO);
    facts.foreign_until_s = NB + 60; /* and excuses nothing that another CA issued */
    open = check->judge(&facts, &policy, NB);
    assert_int_equal(open.open, YES);
    assert_int_equal(open.next_s, NB + 51);
}

static void tokens_and_permits_fit_few_states(void **context)
{
    (void)context;
    for (int s = 0; s <= STATE_COUNT; s++) {
        bool first = s == STATE_EXPECTED || s == STATE_ENROLLED;
        assert_int_equal(device_takes_token((enum device_state)s, false), first);
        assert_int_equal(device_takes_token((enum device_state)s, true),
                         first || s == STATE_RETIRED);
        assert_int_equal(device_takes_permit((enum device_state)s), s == STATE_RETIRED);
    }
}

static void a_proof_below_the_product_s_is_td06(void **context)
{
    (void)context;
    struct facts facts = healthy();
    const struct check *check = check_find(6);
    facts.proof = PROOF_TOKEN;
    assert_int_equal(check->judge(&facts, &policy, NB).open, YES);
    facts.proof = PROOF_REGISTERED;
    assert_int_equal(check->judge(&facts, &policy, NB).open, NO);
    facts.proof = PROOF_IDEVID;
    assert_int_equal(check->judge(&facts, &policy, NB).open, NO);
    facts.enrolled_at_s = 0;
    assert_int_equal(check->judge(&facts, &policy, NB).open, UNMEASURED);
}

static void renewal_is_deferred_from_renew_by_on(void **context)
{
    (void)context;
    struct facts facts = healthy();
    const struct check *check = check_find(8);
    int64_t due_s = NB + LIFE / 100 * RENEW_BY_PERCENT;
    struct opinion before = check->judge(&facts, &policy, due_s - 1);
    assert_int_equal(before.open, NO);
    assert_int_equal(before.next_s, due_s);
    struct opinion then = check->judge(&facts, &policy, due_s);
    assert_int_equal(then.open, YES);
    assert_int_equal(then.began_s, due_s);
    facts.not_after_s = 0;
    assert_int_equal(check->judge(&facts, &policy, due_s).open, UNMEASURED);
}

static void expired_in_use_is_open_until_a_live_certificate_is_there(void **context)
{
    (void)context;
    struct facts facts = healthy();
    facts.expired_used = (struct since){YES, NB - 5};
    facts.not_after_s = NB - 6;
    struct standing open = standing(&facts, &policy, NB);
    assert_true(standing_has(&open, 9));
    assert_int_equal(open.verdict, VERDICT_REFUSED);
    facts.not_after_s = NB + LIFE;
    struct standing closed = standing(&facts, &policy, NB);
    assert_false(standing_has(&closed, 9));
    assert_int_equal(closed.verdict, VERDICT_TRUSTED);
}

static void only_the_dead_can_be_zombies(void **context)
{
    (void)context;
    const struct check *check = check_find(17);
    for (int s = STATE_NONE; s < STATE_COUNT; s++) {
        struct facts facts = healthy();
        facts.state = (enum device_state)s;
        facts.credential_alive = (struct since){YES, NB};
        bool dead = s == STATE_RETIRED || s == STATE_LOST;
        assert_int_equal(check->judge(&facts, &policy, NB).open == YES, dead);
    }
}

static void the_catalogue_has_every_check_once(void **context)
{
    (void)context;
    for (int number = 1; number <= CHECK_MAX; number++) {
        const struct check *check = check_at((size_t)number - 1);
        assert_non_null(check);
        assert_int_equal(check->number, number);
        assert_ptr_equal(check_find(number), check);
        assert_true(strlen(check->title) > 0 && strlen(check->producer) > 0);
        assert_true(strncmp(check->mend, "troth", 5) == 0);
        assert_true(severity_weight(check->severity) > 0);
        assert_non_null(check->judge);
        assert_true(check->kinds != 0 && check->kinds < 1U << SUBJECT_COUNT);
    }
    assert_null(check_at(CHECK_MAX));
    assert_null(check_find(0));
    assert_null(check_find(CHECK_MAX + 1));
}

/* What nobody produced is unmeasured, whatever the kind: it neither holds nor is open. */
static void facts_that_nobody_produced_are_unmeasured(void **context)
{
    (void)context;
    for (int kind = SUBJECT_DEVICE; kind < SUBJECT_COUNT; kind++) {
        const struct facts nothing = {.kind = (enum subject_kind)kind};
        const struct policy normal = policy_normal();
        struct standing judged = standing(&nothing, &normal, NB);
        assert_int_equal(judged.n, 0);
        assert_int_equal(judged.failed, 0);
        uint64_t unjudged = UINT64_C(1) << CHECK_ZOMBIE; /* who is alive is no zombie */
        assert_int_equal(judged.measured & ~unjudged, 0);
    }
}

/* Neither silence nor a loop: the check itself is what is wrong. */
static void a_check_that_answers_nonsense_has_failed(void **context)
{
    (void)context;
    struct facts facts = healthy();
    facts.forked = (struct since){YES, NB + BEGAN_SLACK_S};
    struct standing judged = standing(&facts, &policy, NB);
    assert_false(standing_failed(&judged, 2));
    assert_int_equal(standing_finding(&judged, 2)->began_s, NB);
    facts.forked.at_s++;
    judged = standing(&facts, &policy, NB);
    assert_true(standing_failed(&judged, 2));
    assert_false(standing_has(&judged, 2));
    assert_false(standing_measured(&judged, 2));
    facts.forked = (struct since){(enum known)(YES + 1), NB};
    judged = standing(&facts, &policy, NB);
    assert_true(standing_failed(&judged, 2));
}

static void an_effect_is_what_the_policy_says(void **context)
{
    (void)context;
    struct facts facts = healthy();
    struct policy strict = policy_normal();
    facts.shared_credential = (struct since){YES, NB};
    assert_int_equal(verdict_at(&facts, &strict, NB), VERDICT_TRUSTED);
    strict.effect[CHECK_SHARED_CREDENTIAL] = EFFECT_REFUSE;
    assert_int_equal(verdict_at(&facts, &strict, NB), VERDICT_REFUSED);
    facts.shared_credential.known = NO;
    assert_int_equal(verdict_at(&facts, &strict, NB), VERDICT_TRUSTED);
}

static void every_setting_has_a_default_within_its_bounds(void **context)
{
    (void)context;
    const struct policy_row *row = NULL;
    const struct policy normal = policy_normal();
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++) {
        int64_t value = *(const int64_t *)((const char *)&normal + row->at);
        assert_int_equal(value, row->normal);
        assert_true(row->least <= value && value <= row->most);
        assert_true(i == 0 || policy_at(i - 1)->number < row->number);
    }
    assert_int_equal(normal.effect[CHECK_CLONE], EFFECT_QUARANTINE);
}

static void weights_are_those_of_the_catalogue(void **context)
{
    (void)context;
    assert_int_equal(severity_weight(SEVERITY_CRITICAL), 8);
    assert_int_equal(severity_weight(SEVERITY_HIGH), 4);
    assert_int_equal(severity_weight(SEVERITY_MEDIUM), 2);
    assert_int_equal(severity_weight(SEVERITY_LOW), 1);
    assert_int_equal(severity_weight((enum severity)99), 0);
}

static void edges_that_nobody_drew_do_not_exist(void **context)
{
    (void)context;
    for (int s = 0; s <= STATE_COUNT; s++)
        assert_int_equal(device_edge((enum device_state)s, VERB_NONE), STATE_NONE);
    for (int v = 0; v <= VERB_COUNT; v++) {
        assert_int_equal(device_edge(STATE_NONE, (enum device_verb)v), STATE_NONE);
        assert_int_equal(device_edge(STATE_RETIRED, (enum device_verb)v), STATE_NONE);
    }
    assert_int_equal(device_edge(STATE_LOST, VERB_READMIT), STATE_NONE);
    assert_int_equal(device_edge(STATE_LOST, VERB_FOUND), STATE_QUARANTINED);
    for (int s = STATE_EXPECTED; s < STATE_RETIRED; s++)
        assert_int_equal(device_edge((enum device_state)s, VERB_RETIRE), STATE_RETIRED);
}

static void status_is_what_boundaries_hold(void **context)
{
    (void)context;
    assert_int_equal(certificate_status(CERT_CURRENT, STATE_ACTIVE), STATUS_VALID);
    assert_int_equal(certificate_status(CERT_CURRENT, STATE_QUARANTINED), STATUS_SUSPENDED);
    assert_int_equal(certificate_status(CERT_SUPERSEDED, STATE_ACTIVE), STATUS_SUPERSEDED);
    assert_int_equal(certificate_status(CERT_REVOKED, STATE_ACTIVE), STATUS_INVALID);
    assert_int_equal(certificate_status(CERT_CURRENT, STATE_RETIRED), STATUS_INVALID);
    assert_int_equal(certificate_status(CERT_CURRENT, STATE_LOST), STATUS_INVALID);
    assert_int_equal(certificate_status(CERT_NONE, STATE_ACTIVE), STATUS_INVALID);
}

static void a_fork_is_use_after_the_successor_was_proven(void **context)
{
    (void)context;
    assert_false(certificate_use_is_fork(CERT_CURRENT, NB, NB + 1000));
    assert_false(certificate_use_is_fork(CERT_SUPERSEDED, NB, NB + FORK_AFTER_S));
    assert_true(certificate_use_is_fork(CERT_SUPERSEDED, NB, NB + FORK_AFTER_S + 1));
    assert_true(certificate_use_is_fork(CERT_VOIDED, NB, NB));
    assert_false(certificate_use_is_fork(CERT_REVOKED, NB, NB + 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_is_refused),
        cmocka_unit_test(every_state_but_two_is_not_trusted),
        cmocka_unit_test(what_a_retired_issuer_issued_is_refused),
        cmocka_unit_test(trusted_until_the_last_second),
        cmocka_unit_test(grace_only_where_policy_gives_it),
        cmocka_unit_test(a_certificate_that_ended_is_refused),
        cmocka_unit_test(the_next_instant_is_when_something_changes),
        cmocka_unit_test(conditions_open_and_close_their_check),
        cmocka_unit_test(td14_opens_when_the_crl_is_late_and_looks_again),
        cmocka_unit_test(an_open_token_is_owed_until_it_ends),
        cmocka_unit_test(a_tombstone_s_token_makes_a_zombie_until_it_ends),
        cmocka_unit_test(a_tombstone_s_token_is_wanted_until_its_permit_ends),
        cmocka_unit_test(tokens_and_permits_fit_few_states),
        cmocka_unit_test(a_proof_below_the_product_s_is_td06),
        cmocka_unit_test(renewal_is_deferred_from_renew_by_on),
        cmocka_unit_test(expired_in_use_is_open_until_a_live_certificate_is_there),
        cmocka_unit_test(only_the_dead_can_be_zombies),
        cmocka_unit_test(the_catalogue_has_every_check_once),
        cmocka_unit_test(facts_that_nobody_produced_are_unmeasured),
        cmocka_unit_test(a_check_that_answers_nonsense_has_failed),
        cmocka_unit_test(an_effect_is_what_the_policy_says),
        cmocka_unit_test(every_setting_has_a_default_within_its_bounds),
        cmocka_unit_test(weights_are_those_of_the_catalogue),
        cmocka_unit_test(edges_that_nobody_drew_do_not_exist),
        cmocka_unit_test(status_is_what_boundaries_hold),
        cmocka_unit_test(a_fork_is_use_after_the_successor_was_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
