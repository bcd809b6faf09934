/* With a policy whose effect refuses, an open finding refuses enrolment and renewal of its device,
 * by name and after proof; a request that ends its condition passes. The policy is this binary's:
 * every default but that one (--wrap=policy_normal). */
#include "fixture.h"

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct policy __real_policy_normal(void);
struct policy __wrap_policy_normal(void);

static enum effect effect; /* of TD-06 */
static uint64_t refusing;  /* bit per check that refuses too */
static uint64_t random_ = 1;

static unsigned below(unsigned n)
{
    random_ = random_ * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random_ >> 33) % n);
}

struct policy __wrap_policy_normal(void)
{
    struct policy policy = __real_policy_normal();
    policy.effect[CHECK_PROOF_TOO_WEAK] = (uint8_t)effect;
    for (int number = 1; number <= CHECK_MAX; number++)
        if ((refusing >> number & 1) != 0)
            policy.effect[number] = EFFECT_REFUSE;
    return policy;
}

/* Active by its registered key, of a product that wants an IDevID by now. */
static struct got weak_device(struct fixture *f, const struct asker *key)
{
    struct got got = active_device(f, 1, key);
    struct change change = change_of(TABLE_PRODUCT, 1);
    change_int(&change, COL_PRODUCT_LEAST_PROOF, PROOF_IDEVID);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    assert_ok(finding_settle(&f->service, device_row(f, 1).id, f->now_s, &f->err));
    commit(f);
    assert_true(has_finding(f, 1, CHECK_PROOF_TOO_WEAK));
    f->now_s += 70 * DAY_S;
    return got;
}

static void without_that_effect_it_renews(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_NONE;
    struct got got = weak_device(f, &old);
    struct msg_enrol ask = ask_renew(f, got.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

static void a_renewal_is_refused_by_name_and_after_proof(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_REFUSE;
    struct got got = weak_device(f, &old);
    int64_t before = entries(f);
    struct msg_enrol ask = ask_renew(f, got.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
    assert_non_null(strstr(got.why, "TD-06 \"proof-too-weak\""));
    assert_true(f->job.is_proven);
    assert_int_equal(entries(f), before + 1); /* its timeline says so */
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
}

static void an_enrolment_is_refused_too(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_REFUSE;
    weak_device(f, &old);
    struct msg_enrol ask = ask_registered_tls(&old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
}

static void a_repeat_is_refused_too(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_NONE;
    struct got first = weak_device(f, &old);
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    effect = EFFECT_REFUSE;
    got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
}

static void a_proof_that_is_demanded_passes(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    effect = EFFECT_REFUSE;
    weak_device(f, &old);
    struct change change = change_of(TABLE_PRODUCT, 1);
    change_int(&change, COL_PRODUCT_LEAST_PROOF, PROOF_REGISTERED);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    commit(f);
    struct msg_enrol ask = ask_registered_tls(&old, &new); /* the finding is open still */
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_false(has_finding(f, 1, CHECK_PROOF_TOO_WEAK));
}

/* Its first certificate is of the year after next, says the row: TD-06 cannot judge that. */
static void a_check_that_fails_keeps_refusing_what_it_refused(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct certificate first = {0};
    effect = EFFECT_REFUSE;
    struct got got = weak_device(f, &old);
    assert_ok(store_certificate_serial(f->store, bytes_of(got.serial, 16), &first, &f->err));
    struct change change = change_of(TABLE_CERTIFICATE, first.id);
    change_int(&change, COL_CERTIFICATE_NOT_BEFORE, f->now_s + 500 * DAY_S);
    change_int(&change, COL_CERTIFICATE_NOT_AFTER, f->now_s + 600 * DAY_S);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    assert_ok(finding_settle(&f->service, device_row(f, 1).id, f->now_s, &f->err));
    commit(f);
    assert_true(has_finding(f, 1, CHECK_PROOF_TOO_WEAK)); /* nothing closed it */
    struct msg_enrol ask = ask_registered_tls(&old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_FINDING);
    assert_non_null(strstr(got.why, "TD-06"));
}

/* ---- whatever a device's life is --------------------------------------------------------------
 */

struct life {
    unsigned n, key; /* of its registered key and of its certificate: 100 x n and more */
    uint8_t serial[16];
};

/* What is open of it and refuses; 0 = nothing. */
static uint64_t refusing_rows(struct fixture *f, const struct life *life)
{
    uint64_t rows = 0;
    for (int number = 1; number <= CHECK_MAX; number++)
        if ((refusing >> number & 1) != 0 && has_finding(f, life->n, number))
            rows |= UINT64_C(1) << number;
    return rows;
}

/* Time goes by, its owner or what its product demands changes, the policy refuses something else.
 */
static void live(struct fixture *f, const struct life *life)
{
    static const char *const owners[] = {"", "acme"};
    struct change device = change_of(TABLE_DEVICE, device_row(f, life->n).id);
    struct change product = change_of(TABLE_PRODUCT, 1);
    change_text(&device, COL_DEVICE_OWNER, text_bytes(owners[below(2)]));
    change_int(&product, COL_PRODUCT_LEAST_PROOF, below(3) == 0 ? PROOF_IDEVID : PROOF_CLAIM);
    f->now_s += below(8) == 0 ? below(30) * DAY_S : below(DAY_S / 8);
    begin(f);
    assert_ok(store_apply(f->store, &device, &f->err));
    assert_ok(store_apply(f->store, &product, &f->err));
    assert_ok(finding_settle(&f->service, device_row(f, life->n).id, f->now_s, &f->err));
    commit(f);
    refusing = 0;
    for (int i = 0; i < 4; i++)
        refusing |= UINT64_C(1) << (1 + below(CHECK_MAX));
    refusing |= (uint64_t)below(2) << CHECK_NO_OWNER;
}

static struct got request(struct fixture *f, struct life *life)
{
    unsigned new_n = life->key + 1 + below(2); /* the next one may be asked for twice */
    struct asker registered = asker(100 * life->n), old = asker(life->key), new = asker(new_n);
    struct msg_enrol ask = below(2) == 0 ? ask_registered_tls(&registered, &new)
                                         : ask_renew(f, life->serial, &old, &new);
    struct got got = enrol(f, &ask);
    if (got.code != E_NONE)
        return got;
    memcpy(life->serial, got.serial, sizeof life->serial);
    life->key = new_n;
    if (below(2) == 0)
        use(f, life->serial);
    return got;
}

static void nothing_is_granted_against_an_open_finding_that_refuses(void **state)
{
    struct fixture *f = *state;
    unsigned granted = 0, refused = 0;
    for (unsigned n = 1; n <= 30; n++) {
        struct asker registered = asker(100 * n), first = asker(100 * n + 1);
        struct life life = {.n = n, .key = 100 * n + 1};
        refusing = 0;
        import_device(f, n, &registered, false);
        struct msg_enrol ask = ask_registered_tls(&registered, &first);
        struct got got = enrol(f, &ask);
        expect_code(&got, E_NONE);
        memcpy(life.serial, got.serial, sizeof life.serial);
        for (int step = 0; step < 12; step++) {
            live(f, &life);
            uint64_t before = refusing_rows(f, &life);
            got = request(f, &life);
            if (got.code == E_NONE && (before & refusing_rows(f, &life)) != 0)
                fail_msg("device %u, step %d: granted against %llx", n, step,
                         (unsigned long long)before);
            granted += got.code == E_NONE;
            refused += got.code == E_FINDING && before != 0;
        }
    }
    refusing = 0;
    assert_true(granted > 30);
    assert_true(refused > 30);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(without_that_effect_it_renews),
        STORY(a_renewal_is_refused_by_name_and_after_proof),
        STORY(an_enrolment_is_refused_too),
        STORY(a_repeat_is_refused_too),
        STORY(a_proof_that_is_demanded_passes),
        STORY(a_check_that_fails_keeps_refusing_what_it_refused),
        STORY(nothing_is_granted_against_an_open_finding_that_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
