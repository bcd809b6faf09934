/* Random histories of small fleets: what is stored about findings, step by step, is what a
 * judgement of everything anew says (design 1.1). A history is one number: TROTH_HISTORY=N runs it,
 * and those before it in the same database, again. TROTH_LONG=1 runs a million; TROTH_HISTORIES=A-B
 * those of them, whole databases. */
#include "history.h"

#include <registry/measure.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define HISTORIES 1000
#else
#define HISTORIES 10000
#endif
#define HISTORIES_LONG 1000000
#define A_FIXTURE 20 /* histories in one database */
#define STEPS 16
#define DAYS_MOST 250 /* that a history takes */

/* splitmix64 */
uint64_t draw(struct history *h)
{
    uint64_t z = (h->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

unsigned below(struct history *h, unsigned bound)
{
    return (unsigned)(draw(h) % bound);
}

static unsigned weight_of(const struct step *steps)
{
    unsigned sum = 0;
    for (; steps->name != NULL; steps++)
        sum += steps->weight;
    return sum;
}

static const struct step *some_step(struct history *h)
{
    unsigned of_life = weight_of(life_steps);
    unsigned at = below(h, of_life + weight_of(people_steps));
    const struct step *step = at < of_life ? life_steps : people_steps;
    for (at = at < of_life ? at : at - of_life; at >= step->weight; step++)
        at -= step->weight;
    return step;
}

static void run_history(struct world *world, uint64_t number)
{
    struct history h = {.world = world, .f = world->f, .number = number, .random = number};
    h.ends_s = h.f->now_s + DAYS_MOST * DAY_S;
    h.foreign = h.f->service.last_id[TABLE_FOREIGN];
    for (h.step = 0; h.step < STEPS; h.step++) {
        const struct step *step = some_step(&h);
        struct holder *holder = &h.holders[below(&h, DEVICES)];
        h.did = step->name;
        if (step->needs_device && holder->n == 0)
            continue;
        h.findings = h.f->service.last_id[TABLE_FINDING];
        step->run(&h, holder);
        compare_fleet(&h);
        compare_said(&h);
    }
    h.did = "rest";
    h.findings = h.f->service.last_id[TABLE_FINDING];
    pass(&h, 61);
    compare_all(&h);
}

/* As core does at its start. */
static void start(struct fixture *f)
{
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    begin(f);
    assert_ok(store_put_meta(f->store, MEASURE_META_SANDBOX, 0, &f->err));
    assert_ok(store_put_meta(f->store, MEASURE_META_AGREED, 1, &f->err));
    assert_ok(store_put_meta(f->store, MEASURE_META_CUSTODY, CUSTODY_FILE, &f->err));
    assert_ok(finding_settle_about(&f->service, whole, f->now_s, &f->err));
    assert_ok(finding_issuers_due(&f->service, f->now_s, &f->err));
    commit(f);
    settle_due(f);
}

static void run_batch(uint64_t first, uint64_t last)
{
    void *state = NULL;
    assert_int_equal(fixture_set_up(&state), 0);
    struct fixture *f = state;
    struct world world = {.f = f};
    start(f);
    add_person(f, ROLE_OPERATOR, "acme", &world.people[0]);
    add_person(f, ROLE_OPERATOR, "zenith", &world.people[1]);
    add_person(f, ROLE_ADMIN, "", &world.people[2]);
    mark_lists(f);
    add_anchor(f);
    assert_ok(store_anchor(f->store, 1, &world.anchor, &f->err));
    world_open(&world);
    for (uint64_t number = first; number <= last; number++)
        run_history(&world, number);
    world_close(&world);
    for (size_t i = 0; i < LENGTH_OF(world.people); i++)
        key_freep(&world.people[i].key);
    assert_int_equal(fixture_tear_down(&state), 0);
}

static void what_is_stored_is_what_is_judged_anew(void **state)
{
    const char *one = getenv("TROTH_HISTORY"), *some = getenv("TROTH_HISTORIES");
    const char *is_long = getenv("TROTH_LONG");
    uint64_t first = 0, all = is_long != NULL && is_long[0] == '1' ? HISTORIES_LONG : HISTORIES;
    (void)state;
    if (one != NULL) {
        uint64_t number = strtoull(one, NULL, 10);
        run_batch(number - number % A_FIXTURE, number);
        return;
    }
    if (some != NULL) {
        char *end = NULL;
        first = strtoull(some, &end, 10);
        assert_int_equal(*end, '-');
        all = strtoull(end + 1, NULL, 10) + 1;
        assert_int_equal(first % A_FIXTURE + all % A_FIXTURE, 0);
    }
    for (; first < all; first += A_FIXTURE)
        run_batch(first, first + A_FIXTURE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_what_is_judged_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
