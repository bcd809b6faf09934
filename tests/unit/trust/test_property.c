/* Standing over random facts, policies and instants: no later than promised, never better for worse
 * facts, and no request granted against a finding that refuses. TROTH_SEED=n replays a run. */
#include <trust/authorise.h>
#include <trust/standing.h>

#include <base/result.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define CASES 20000
#define NOW INT64_C(1800000000)
#define YEAR_S (366 * DAY_S)

static uint64_t state;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int64_t below(int64_t bound)
{
    return (int64_t)(draw() % (uint64_t)bound);
}

static bool chance(int one_in)
{
    return below(one_in) == 0;
}

static int seed(void **context)
{
    (void)context;
    const char *wanted = getenv("TROTH_SEED");
    uint64_t n = wanted != NULL ? strtoull(wanted, NULL, 10) : (uint64_t)time(NULL);
    print_message("TROTH_SEED=%llu\n", (unsigned long long)n);
    state = n * UINT64_C(0x9e3779b97f4a7c15) + 1;
    return 0;
}

/* An instant of up to two years ago, near ones more often. */
static int64_t past(int64_t now_s)
{
    static const int64_t reaches[] = {1, 120, 7200, 10 * DAY_S, 100 * DAY_S, 2 * YEAR_S};
    return now_s - below(reaches[below(LENGTH_OF(reaches))]);
}

static int64_t around(int64_t now_s)
{
    return chance(2) ? past(now_s) : 2 * now_s - past(now_s);
}

/* ---- what is drawn ----------------------------------------------------------------------------
 */

/* Every condition that is a struct since. */
static const size_t conditions[] = {
    offsetof(struct facts, key_shared),        offsetof(struct facts, forked),
    offsetof(struct facts, shared_credential), offsetof(struct facts, token_open),
    offsetof(struct facts, not_in_inventory),  offsetof(struct facts, expired_used),
    offsetof(struct facts, weak_key),          offsetof(struct facts, clock),
    offsetof(struct facts, replaced_alive),    offsetof(struct facts, config_drift),
    offsetof(struct facts, credential_alive),  offsetof(struct facts, crl_missing),
    offsetof(struct facts, sandbox_refused),   offsetof(struct facts, outside_profile),
    offsetof(struct facts, root_issued_leaf),  offsetof(struct facts, boot_open),
    offsetof(struct facts, no_owner),          offsetof(struct facts, used_by_person),
    offsetof(struct facts, ledger_gap),        offsetof(struct facts, config_drift),
};

static struct since *condition(struct facts *facts, size_t which)
{
    return (struct since *)(void *)((char *)facts + conditions[which]);
}

static struct facts some_facts(int64_t now_s)
{
    struct facts facts = {
        .kind = (enum subject_kind)(SUBJECT_DEVICE + below(SUBJECT_CHECK - SUBJECT_DEVICE)),
        .state = (enum device_state)below(STATE_COUNT),
        .proof = (enum proof)below(PROOF_COUNT),
        .is_issuer_ended = chance(10),
        .cert_state = (enum cert_state)below(CERT_STATE_COUNT),
        .issuer_state = (enum issuer_state)below(ISSUER_STATE_COUNT),
        .custody_known = (enum known)below(3),
        .custody = (enum custody)below(2),
        .key_renewals = below(6),
    };
    int64_t *instants[] = {&facts.enrolled_at_s, &facts.not_before_s, &facts.key_since_s,
                           &facts.heard_at_s,    &facts.backup_at_s,  &facts.drill_at_s};
    int64_t *anywhere[] = {&facts.renew_at_s,    &facts.leaves_until_s, &facts.crl_half_s,
                           &facts.token_until_s, &facts.permit_until_s, &facts.foreign_until_s};
    for (size_t i = 0; i < LENGTH_OF(instants); i++)
        *instants[i] = chance(8) ? 0 : past(now_s);
    for (size_t i = 0; i < LENGTH_OF(anywhere); i++)
        *anywhere[i] = chance(8) ? 0 : around(now_s);
    if (!chance(8))
        facts.not_after_s = facts.not_before_s + 1 + below(2 * YEAR_S);
    if (facts.kind == SUBJECT_ISSUER)
        facts.not_after_s = around(now_s);
    for (size_t i = 0; i < LENGTH_OF(conditions); i++)
        *condition(&facts, i) = (struct since){(enum known)below(3), past(now_s)};
    return facts;
}

static struct policy some_policy(void)
{
    const struct policy_row *row = NULL;
    struct policy policy = policy_normal();
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++) {
        int64_t *value = (int64_t *)(void *)((char *)&policy + row->at);
        int64_t reach = row->most - row->least < YEAR_S ? row->most - row->least : YEAR_S;
        if (chance(2))
            *value = row->least + below(reach + 1);
    }
    for (int number = 1; number <= CHECK_MAX && chance(2); number++)
        policy.effect[number] = (uint8_t)below(EFFECT_COUNT);
    return policy;
}

/* ---- never late -------------------------------------------------------------------------------
 */

static void assert_same(const struct standing *a, const struct standing *b, int64_t ahead_s)
{
    bool is_same = a->verdict == b->verdict && a->n == b->n && a->measured == b->measured;
    for (size_t i = 0; is_same && i < a->n; i++)
        is_same = a->findings[i].check == b->findings[i].check &&
                  a->findings[i].began_s == b->findings[i].began_s &&
                  a->findings[i].severity == b->findings[i].severity;
    if (!is_same)
        fail_msg("%lld seconds later, before the instant that was promised, it is another",
                 (long long)ahead_s);
}

static void the_next_instant_is_never_late(void **context)
{
    (void)context;
    for (int i = 0; i < CASES; i++) {
        struct facts facts = some_facts(NOW);
        struct policy policy = some_policy();
        struct standing now = standing(&facts, &policy, NOW);
        assert_int_equal(now.failed, 0);
        assert_true(now.next_s == 0 || now.next_s > NOW);
        int64_t reach_s = now.next_s == 0 ? 5 * YEAR_S : now.next_s - NOW;
        const int64_t ahead_s[] = {
            0, 1, reach_s - 1, below(reach_s), below(reach_s), below(reach_s)};
        for (size_t n = 0; n < LENGTH_OF(ahead_s); n++) {
            if (ahead_s[n] >= reach_s)
                continue;
            struct standing then = standing(&facts, &policy, NOW + ahead_s[n]);
            assert_same(&now, &then, ahead_s[n]);
        }
    }
}

/* ---- never better for worse -------------------------------------------------------------------
 */

static void earlier(int64_t *instant)
{
    if (*instant > YEAR_S)
        *instant -= 1 + below(YEAR_S);
}

/* A condition that is there is so since longer, or there now. */
static void worsen_condition(struct facts *facts, int64_t now_s)
{
    struct since *which = condition(facts, (size_t)below(LENGTH_OF(conditions)));
    int64_t at_s = past(now_s);
    if (which->known == YES && which->at_s < at_s)
        at_s = which->at_s;
    *which = (struct since){YES, at_s};
}

/* Makes one fact worse. */
static void worsen(struct facts *facts, int64_t now_s)
{
    int64_t *sooner_is_worse[] = {&facts->key_since_s, &facts->heard_at_s,  &facts->renew_at_s,
                                  &facts->crl_half_s,  &facts->backup_at_s, &facts->drill_at_s};
    size_t which = (size_t)below(LENGTH_OF(sooner_is_worse) + 6);
    if (which < LENGTH_OF(sooner_is_worse))
        earlier(sooner_is_worse[which]);
    else if (which == LENGTH_OF(sooner_is_worse))
        facts->proof = (enum proof)below((int64_t)facts->proof + 1);
    else if (which == LENGTH_OF(sooner_is_worse) + 1)
        facts->is_issuer_ended = true;
    else if (which == LENGTH_OF(sooner_is_worse) + 2)
        facts->key_renewals += 1 + below(5);
    else if (which == LENGTH_OF(sooner_is_worse) + 3 && facts->leaves_until_s != 0)
        facts->leaves_until_s += below(YEAR_S);
    else if (which == LENGTH_OF(sooner_is_worse) + 4)
        facts->custody = CUSTODY_FILE;
    else
        worsen_condition(facts, now_s);
}

static void a_worse_fact_never_makes_it_better(void **context)
{
    (void)context;
    for (int i = 0; i < CASES; i++) {
        struct facts facts = some_facts(NOW);
        struct policy policy = some_policy();
        struct standing before = standing(&facts, &policy, NOW);
        worsen(&facts, NOW);
        struct standing after = standing(&facts, &policy, NOW);
        assert_true(after.verdict <= before.verdict);
        for (size_t n = 0; n < before.n; n++) {
            int number = before.findings[n].check->number;
            const struct judged *still = standing_finding(&after, number);
            if (still == NULL || still->severity < before.findings[n].severity)
                fail_msg("TD-%02d is less than it was", number);
        }
    }
}

/* ---- nothing is granted -----------------------------------------------------------------------
 */

static void an_open_finding_that_refuses_is_no_trust(void **context)
{
    (void)context;
    int refused = 0;
    for (int i = 0; i < CASES; i++) {
        struct facts facts = some_facts(NOW);
        struct policy policy = some_policy();
        struct standing now = standing(&facts, &policy, NOW);
        int number = standing_refusing(&now, &policy);
        bool is_open = number != 0 && standing_has(&now, number);
        assert_int_equal(number != 0, is_open);
        if (number == 0)
            continue;
        assert_int_equal(policy.effect[number], EFFECT_REFUSE);
        assert_int_equal(now.verdict, VERDICT_REFUSED);
        refused++;
    }
    assert_true(refused > CASES / 100);
}

static void no_request_is_granted_against_an_open_finding_that_refuses(void **context)
{
    (void)context;
    int granted = 0;
    for (int i = 0; i < CASES; i++) {
        struct ask ask = {
            .operation = (enum operation)below(OPERATION_COUNT),
            .credential = (enum credential)below(CREDENTIAL_COUNT),
            .state = (enum device_state)below(STATE_COUNT),
            .product_proofs = (uint32_t)below(1 << PROOF_COUNT),
            .hold = chance(4),
            .has_permit = chance(2),
            .repeats = chance(2),
            .is_quarantine_automatic = chance(2),
            .is_certificate_live = chance(2),
            .is_certificate_expired = chance(2),
            .is_in_grace = chance(2),
            .enrols_a_year = 4,
        };
        granted += authorise(&ask).decision == DECISION_ISSUE;
        enum decision before = authorise(&ask).decision;
        ask.refusing = 1 + (int)below(CHECK_MAX);
        struct answer answer = authorise(&ask);
        assert_int_equal(answer.decision, DECISION_REFUSE);
        if (before != DECISION_REFUSE)
            assert_int_equal(answer.code, E_FINDING);
    }
    assert_true(granted > CASES / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_instant_is_never_late),
        cmocka_unit_test(a_worse_fact_never_makes_it_better),
        cmocka_unit_test(an_open_finding_that_refuses_is_no_trust),
        cmocka_unit_test(no_request_is_granted_against_an_open_finding_that_refuses),
    };
    return cmocka_run_group_tests(tests, seed, NULL);
}
