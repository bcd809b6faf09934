/* authorise() walked over every operation x credential x state: only the cells that the design
 * lists (section 5: Renewal, Enrolling again, Out of quarantine) may issue. */
#include <trust/authorise.h>

#include <base/result.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A device for which everything that is not the table's business speaks in favour. */
static struct ask best_case(enum operation operation, enum credential credential,
                            enum device_state state)
{
    return (struct ask){
        .operation = operation,
        .credential = credential,
        .state = state,
        .product_proofs = UINT32_MAX,
        .has_permit = true,
        .is_quarantine_automatic = true,
        .is_certificate_live = true,
        .enrols_a_year = 4,
    };
}

static bool is_first(enum credential credential)
{
    return credential == CREDENTIAL_TOKEN || credential == CREDENTIAL_REGISTERED_CSR ||
           credential == CREDENTIAL_REGISTERED_TLS || credential == CREDENTIAL_IDEVID;
}

static bool is_on_tls(enum credential credential)
{
    return credential == CREDENTIAL_REGISTERED_TLS || credential == CREDENTIAL_IDEVID;
}

/* The design's words, written again without the table. */
static bool may_issue(enum operation operation, enum credential credential, enum device_state state)
{
    if (operation == OPERATION_REENROL)
        return credential == CREDENTIAL_LDEVID && state == STATE_ACTIVE;
    if (operation != OPERATION_ENROL)
        return false;
    if (state == STATE_EXPECTED || state == STATE_ENROLLED || state == STATE_RETIRED)
        return is_first(credential);
    return is_on_tls(credential) && (state == STATE_ACTIVE || state == STATE_QUARANTINED);
}

static void walk(void (*visit)(enum operation, enum credential, enum device_state))
{
    for (int o = 0; o <= OPERATION_COUNT; o++)
        for (int c = 0; c <= CREDENTIAL_COUNT; c++)
            for (int s = 0; s <= STATE_COUNT; s++)
                visit((enum operation)o, (enum credential)c, (enum device_state)s);
}

static void expect_listed(enum operation operation, enum credential credential,
                          enum device_state state)
{
    struct ask ask = best_case(operation, credential, state);
    bool issues = authorise(&ask).decision == DECISION_ISSUE;
    if (issues != may_issue(operation, credential, state))
        fail_msg("operation %d credential %d state %d: %s", operation, credential, state,
                 issues ? "issues and may not" : "does not issue and should");
}

static void only_listed_cells_issue(void **context)
{
    (void)context;
    walk(expect_listed);
}

static void expect_code(enum operation operation, enum credential credential,
                        enum device_state state)
{
    struct ask ask = best_case(operation, credential, state);
    struct answer answer = authorise(&ask);
    assert_true((answer.code == E_NONE) == (answer.decision == DECISION_ISSUE));
}

static void every_refusal_has_a_code(void **context)
{
    (void)context;
    walk(expect_code);
}

static void expect_shared_key_refused(enum operation operation, enum credential credential,
                                      enum device_state state)
{
    struct ask ask = best_case(operation, credential, state);
    ask.is_key_elsewhere = true;
    assert_int_equal(authorise(&ask).decision, DECISION_REFUSE);
}

static void a_key_of_somebody_else_never_enrols(void **context)
{
    (void)context;
    walk(expect_shared_key_refused);
}

static void nothing_at_all_is_refused(void **context)
{
    (void)context;
    struct ask nothing = {0};
    assert_int_equal(authorise(&nothing).decision, DECISION_REFUSE);
    assert_int_equal((struct answer){0}.decision, DECISION_REFUSE);
}

static void a_refusal_before_possession_tells_nothing(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_TOKEN, STATE_LOST);
    assert_false(authorise(&ask).is_proven);
    assert_int_equal(authorise(&ask).code, E_PROOF);
    ask.credential = CREDENTIAL_IDEVID;
    assert_true(authorise(&ask).is_proven);
    assert_int_equal(authorise(&ask).code, E_GONE);
}

static void hold_waits_until_a_person_admits(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_REGISTERED_CSR, STATE_EXPECTED);
    ask.hold = true;
    assert_int_equal(authorise(&ask).decision, DECISION_WAIT);
    assert_int_equal(authorise(&ask).code, E_WAITING);
}

static void a_proof_that_the_product_does_not_take_is_refused(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_TOKEN, STATE_EXPECTED);
    ask.product_proofs = 1U << PROOF_IDEVID;
    assert_int_equal(authorise(&ask).decision, DECISION_REFUSE);
    ask.product_proofs = 1U << PROOF_TOKEN;
    struct answer answer = authorise(&ask);
    assert_int_equal(answer.decision, DECISION_ISSUE);
    assert_int_equal(answer.proof, PROOF_TOKEN);
    assert_true(answer.uses_token);
}

static void an_active_device_enrols_anew_so_often_and_no_more(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_IDEVID, STATE_ACTIVE);
    ask.enrols_this_year = 3;
    assert_true(authorise(&ask).is_anew);
    ask.enrols_this_year = 4;
    assert_int_equal(authorise(&ask).code, E_ENROLS_TOO_OFTEN);
}

/* Whose answer was lost asks again: that is no further enrolment. */
static void what_repeats_is_not_counted(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_IDEVID, STATE_ACTIVE);
    ask.enrols_this_year = 4;
    ask.repeats = true;
    assert_int_equal(authorise(&ask).decision, DECISION_ISSUE);
}

static void a_used_token_only_repeats(void **context)
{
    (void)context;
    static const enum device_state states[] = {STATE_EXPECTED, STATE_ENROLLED, STATE_RETIRED};
    for (size_t i = 0; i < LENGTH_OF(states); i++) {
        struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_TOKEN, states[i]);
        ask.is_token_used = true;
        assert_int_equal(authorise(&ask).code, E_PROOF);
        ask.repeats = true;
        assert_int_equal(authorise(&ask).decision, DECISION_ISSUE);
    }
}

static void quarantine_by_a_person_ends_only_by_a_person(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_IDEVID, STATE_QUARANTINED);
    assert_true(authorise(&ask).ends_quarantine);
    ask.is_quarantine_automatic = false;
    assert_int_equal(authorise(&ask).code, E_QUARANTINED);
}

static void the_key_of_the_finding_ends_no_quarantine(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_REGISTERED_TLS, STATE_QUARANTINED);
    ask.is_proof_key_bad = true;
    assert_int_equal(authorise(&ask).code, E_QUARANTINED);
    ask.is_proof_key_bad = false;
    ask.is_new_key_bad = true;
    assert_int_equal(authorise(&ask).code, E_QUARANTINED);
}

static void a_tombstone_needs_a_permit(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_REGISTERED_CSR, STATE_RETIRED);
    assert_true(authorise(&ask).uses_permit);
    ask.has_permit = false;
    assert_int_equal(authorise(&ask).decision, DECISION_REFUSE);
}

static void a_permit_for_another_board_is_not_the_old_ones(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_ENROL, CREDENTIAL_IDEVID, STATE_RETIRED);
    ask.is_old_board = true;
    assert_int_equal(authorise(&ask).decision, DECISION_REFUSE);
    assert_int_equal(authorise(&ask).code, E_GONE);
}

static void a_replaced_certificate_renews_nothing(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_REENROL, CREDENTIAL_LDEVID, STATE_ACTIVE);
    ask.is_certificate_replaced = true;
    assert_int_equal(authorise(&ask).code, E_SUPERSEDED);
    ask.is_certificate_replaced = false;
    ask.is_certificate_live = false;
    assert_int_equal(authorise(&ask).code, E_GONE);
}

/* Every cell again with a certificate that has expired: grace opens the one cell that renews, and
 * none beside it. */
static void expect_late(enum operation operation, enum credential credential,
                        enum device_state state)
{
    struct ask ask = best_case(operation, credential, state);
    bool is_renewal = may_issue(operation, credential, state) && operation == OPERATION_REENROL;
    ask.is_certificate_expired = true;
    bool is_refused = authorise(&ask).decision != DECISION_ISSUE;
    ask.is_in_grace = true;
    struct answer answer = authorise(&ask);
    assert_int_equal(answer.is_under_grace, is_renewal);
    assert_int_equal(answer.decision == DECISION_ISSUE, may_issue(operation, credential, state));
    if (is_renewal)
        assert_true(is_refused);
}

static void grace_opens_renewal_and_nothing_else(void **context)
{
    (void)context;
    walk(expect_late);
}

static void what_has_expired_renews_with_a_new_key_only(void **context)
{
    (void)context;
    struct ask ask = best_case(OPERATION_REENROL, CREDENTIAL_LDEVID, STATE_ACTIVE);
    ask.is_certificate_expired = true;
    assert_int_equal(authorise(&ask).code, E_EXPIRED);
    ask.is_in_grace = true;
    ask.is_new_key_bad = true;
    assert_int_equal(authorise(&ask).code, E_NEW_KEY);
    ask.repeats = true;
    assert_int_equal(authorise(&ask).decision, DECISION_ISSUE);
    ask.is_certificate_replaced = true;
    assert_int_equal(authorise(&ask).code, E_SUPERSEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(only_listed_cells_issue),
        cmocka_unit_test(every_refusal_has_a_code),
        cmocka_unit_test(a_key_of_somebody_else_never_enrols),
        cmocka_unit_test(a_refusal_before_possession_tells_nothing),
        cmocka_unit_test(hold_waits_until_a_person_admits),
        cmocka_unit_test(a_proof_that_the_product_does_not_take_is_refused),
        cmocka_unit_test(an_active_device_enrols_anew_so_often_and_no_more),
        cmocka_unit_test(what_repeats_is_not_counted),
        cmocka_unit_test(a_used_token_only_repeats),
        cmocka_unit_test(quarantine_by_a_person_ends_only_by_a_person),
        cmocka_unit_test(the_key_of_the_finding_ends_no_quarantine),
        cmocka_unit_test(a_tombstone_needs_a_permit),
        cmocka_unit_test(a_permit_for_another_board_is_not_the_old_ones),
        cmocka_unit_test(a_replaced_certificate_renews_nothing),
        cmocka_unit_test(what_has_expired_renews_with_a_new_key_only),
        cmocka_unit_test(grace_opens_renewal_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
