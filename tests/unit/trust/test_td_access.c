/* TD-39: bindings that give more than is needed or used, services that fail open. */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define UNUSED_S (90 * DAY_S)

/* Made at NB, used since. */
static struct facts sound_binding(void)
{
    return (struct facts){
        .kind = SUBJECT_BINDING,
        .too_much_access = {.known = NO},
        .access_used_s = NB + DAY_S,
    };
}

static void what_nobody_measured_is_said_so(void **context)
{
    (void)context;
    const struct facts binding = {.kind = SUBJECT_BINDING, .access_used_s = NB};
    const struct facts boundary = {.kind = SUBJECT_BOUNDARY};
    expect_open(39, &binding, NB + LIFE, UNMEASURED);
    expect_open(39, &boundary, NB, UNMEASURED);
}

static void it_opens_on_a_binding_that_nobody_used_for_long(void **context)
{
    (void)context;
    struct facts facts = sound_binding();
    expect_opens(39, &facts, NB + DAY_S + UNUSED_S, NB + DAY_S + UNUSED_S);
    facts.access_used_s = NB + DAY_S + UNUSED_S;
    expect_open(39, &facts, NB + DAY_S + UNUSED_S, NO);
}

static void it_opens_on_a_pattern_that_takes_in_what_others_have(void **context)
{
    (void)context;
    struct facts facts = sound_binding();
    facts.too_much_access = (struct since){YES, NB};
    expect_open(39, &facts, NB, YES);
    assert_int_equal(judged(39, &facts, NB + 3).began_s, NB);
    assert_int_equal(judged(39, &facts, NB + LIFE).began_s, NB); /* unused since, too */
}

static void what_has_expired_gives_nobody_anything(void **context)
{
    (void)context;
    struct facts facts = sound_binding();
    facts.too_much_access = (struct since){YES, NB};
    facts.access_until_s = NB + 7;
    expect_closes(39, &facts, NB + 7);
    facts.too_much_access.known = NO;
    expect_open(39, &facts, NB + LIFE + UNUSED_S, NO);
}

static void it_opens_on_a_service_that_fails_open(void **context)
{
    (void)context;
    struct facts facts = {.kind = SUBJECT_BOUNDARY, .fails_open = {.known = NO}};
    expect_open(39, &facts, NB, NO);
    facts.fails_open = (struct since){.known = YES};
    expect_open(39, &facts, NB, YES);
    assert_int_equal(judged(39, &facts, NB).next_s, 0); /* no time closes it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_measured_is_said_so),
        cmocka_unit_test(it_opens_on_a_binding_that_nobody_used_for_long),
        cmocka_unit_test(it_opens_on_a_pattern_that_takes_in_what_others_have),
        cmocka_unit_test(what_has_expired_gives_nobody_anything),
        cmocka_unit_test(it_opens_on_a_service_that_fails_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
