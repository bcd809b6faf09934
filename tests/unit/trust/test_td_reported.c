/* The checks that follow one reported condition each, also those whose producer is not built:
 * unmeasured, not there, there from an instant on, gone again; and none follows another's. */
#include "judged.h"

#include <base/result.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct reported {
    int number;
    size_t at; /* of its condition in the facts */
};

static const struct reported all[] = {
    {1, offsetof(struct facts, key_shared)},
    {2, offsetof(struct facts, forked)},
    {3, offsetof(struct facts, shared_credential)},
    {5, offsetof(struct facts, not_in_inventory)},
    {12, offsetof(struct facts, weak_key)},
    {15, offsetof(struct facts, revoked_in_use)},
    {19, offsetof(struct facts, boundary_behind)},
    {20, offsetof(struct facts, cut_off_slow)},
    {23, offsetof(struct facts, outside_profile)},
    {24, offsetof(struct facts, root_issued_leaf)},
    {25, offsetof(struct facts, firmware_unknown)},
    {26, offsetof(struct facts, firmware_unsigned)},
    {27, offsetof(struct facts, evidence_weak)},
    {28, offsetof(struct facts, below_floor)},
    {29, offsetof(struct facts, rollback_open)},
    {30, offsetof(struct facts, rollout_unproven)},
    {31, offsetof(struct facts, boot_open)},
    {32, offsetof(struct facts, old_signer_trusted)},
    {33, offsetof(struct facts, metadata_expiring)},
    {34, offsetof(struct facts, release_incomplete)},
    {38, offsetof(struct facts, used_by_person)},
    {39, offsetof(struct facts, too_much_access)},
    {40, offsetof(struct facts, wrong_environment)},
    {41, offsetof(struct facts, station_exceeded)},
    {44, offsetof(struct facts, config_drift)},
};

/* Facts in which nothing is reported but that. */
static struct opinion opinion_of(int number, const struct reported *told, struct since condition)
{
    struct facts facts = {0};
    *(struct since *)((char *)&facts + told->at) = condition;
    return judged(number, &facts, NB + 9);
}

static void each_opens_and_closes_with_its_own_condition(void **context)
{
    (void)context;
    for (size_t i = 0; i < LENGTH_OF(all); i++) {
        const struct reported *own = &all[i];
        assert_int_equal(opinion_of(own->number, own, (struct since){0}).open, UNMEASURED);
        assert_int_equal(opinion_of(own->number, own, (struct since){.known = NO}).open, NO);
        struct opinion open = opinion_of(own->number, own, (struct since){YES, NB + 7});
        assert_int_equal(open.open, YES);
        assert_int_equal(open.began_s, NB + 7);
        assert_int_equal(open.next_s, 0); /* no time closes it */
    }
}

static void none_follows_anothers(void **context)
{
    (void)context;
    for (size_t i = 0; i < LENGTH_OF(all); i++)
        for (size_t k = 0; k < LENGTH_OF(all); k++)
            if (i != k)
                assert_int_equal(
                    opinion_of(all[i].number, &all[k], (struct since){YES, NB + 7}).open,
                    UNMEASURED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_opens_and_closes_with_its_own_condition),
        cmocka_unit_test(none_follows_anothers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
