/* Which keys a product's devices may have: judged by the profile for everybody, by the product for
 * whom the key belongs to. */
#include "fixture.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <crypto/key.h>
#include <pki/keyquality.h>
#include <registry/subject.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A key whose octets are real: those that are not P-256 are looked at. */
static struct asker real(enum key_kind kind)
{
    CLEANUP(key_freep) struct key *key = NULL;
    struct asker out = {0};
    assert_int_equal(key_generate(kind, &key, NULL), OK);
    assert_true(key_spki(key).n <= sizeof out.spki);
    out.spki_n = key_spki(key).n;
    memcpy(out.spki, key_spki(key).p, out.spki_n);
    sha256(key_spki(key), out.hash);
    return out;
}

static enum result set_keys(struct fixture *f, uint32_t keys, struct msg_verb_answer *answer)
{
    struct msg_product_set ask = {
        .product = bytes_text("meter"), .grace_s = -1, .claims_an_hour = -1, .keys = keys};
    begin(f);
    enum result result = verb_product_set(&f->service, &f->admin, &ask, f->now_s, answer, &f->err);
    commit(f);
    return result;
}

static void accept_keys(struct fixture *f, uint32_t keys)
{
    struct msg_verb_answer answer = {0};
    assert_ok(set_keys(f, keys, &answer));
}

static void a_product_takes_p256_alone_unless_it_says_more(void **state)
{
    struct fixture *f = *state;
    static const enum key_kind kinds[] = {KEY_P384, KEY_ED25519, KEY_RSA_2048};
    for (unsigned i = 0; i < LENGTH_OF(kinds); i++) {
        struct asker key = real(kinds[i]);
        import_device(f, 1 + i, &key, false);
        struct msg_enrol ask = ask_csr(&key);
        struct got got = enrol(f, &ask);
        expect_code(&got, E_KEY_KIND);
        assert_non_null(strstr(got.why, "accepted are: P-256"));
        assert_int_equal(f->job.next, ENROL_CHECK); /* the signer looks before it is told */
        assert_int_equal(device_row(f, 1 + i).state, STATE_EXPECTED);
    }
}

/* As one that a version before this one added: the column is NULL. */
static void a_product_that_never_chose_takes_p256(void **state)
{
    (void)state;
    assert_int_equal(product_keys(&(struct product){0}), KEYS_P256);
}

static void a_product_takes_what_it_lists_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct asker p384 = real(KEY_P384), ed25519 = real(KEY_ED25519), p256 = asker(9);
    accept_keys(f, KEYS_P384 | KEYS_RSA);
    import_device(f, 1, &p384, false);
    import_device(f, 2, &ed25519, false);
    import_device(f, 3, &p256, false);
    struct msg_enrol ask = ask_csr(&p384);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    ask = ask_csr(&ed25519);
    got = enrol(f, &ask);
    expect_code(&got, E_KEY_KIND);
    assert_non_null(strstr(got.why, "the key is Ed25519, accepted are: P-384, RSA"));
    ask = ask_csr(&p256);
    got = enrol(f, &ask);
    expect_code(&got, E_KEY_KIND);
}

static void a_product_that_became_stricter_renews_with_another_key(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), same_kind = asker(2), new = real(KEY_ED25519);
    struct got first = active_device(f, 1, &old);
    accept_keys(f, KEYS_ED25519);
    f->now_s += 80 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &same_kind);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_KIND);
    ask = ask_renew(f, first.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

/* It hangs on the request alone: before anybody is looked for, and told to everybody. */
static void a_key_that_no_profile_certifies_is_named_at_once(void **state)
{
    struct fixture *f = *state;
    static const struct {
        size_t at;
        uint8_t octet;
    } faults[] = {{30, 0x55}, {22, 0x23}}; /* a point off P-384; secp521r1 */
    struct asker good = real(KEY_P384);
    accept_keys(f, KEYS_ANY);
    for (size_t i = 0; i < LENGTH_OF(faults); i++) {
        struct asker bad = good;
        bad.spki[faults[i].at] ^= faults[i].octet;
        struct msg_enrol ask = ask_csr(&bad);
        struct got got = enrol(f, &ask);
        assert_true(got.code == E_KEY_WEAK || got.code == E_CSR);
        assert_int_equal(f->job.next, ENROL_ANSWER);
        assert_int_equal(f->job.subject.device.id, 0);
    }
}

static void a_product_lists_what_its_profile_can_and_at_least_something(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    assert_int_equal(set_keys(f, 1U << KEY_ALG_COUNT, &answer), R_INVALID);
    int64_t before = entries(f);
    assert_int_equal(set_keys(f, KEYS_P256, &answer), OK); /* it is so already */
    assert_int_equal(answer.unchanged, 1);
    assert_int_equal(set_keys(f, 0, &answer), OK); /* not asked for */
    assert_int_equal(answer.unchanged, 1);
    assert_int_equal(entries(f), before);
    assert_int_equal(set_keys(f, KEYS_ANY, &answer), OK);
    assert_int_equal(answer.changed, 1);
    assert_int_equal(entries(f), before + 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_product_takes_p256_alone_unless_it_says_more),
        cmocka_unit_test(a_product_that_never_chose_takes_p256),
        TEST(a_product_takes_what_it_lists_and_nothing_else),
        TEST(a_key_that_no_profile_certifies_is_named_at_once),
        TEST(a_product_that_became_stricter_renews_with_another_key),
        TEST(a_product_lists_what_its_profile_can_and_at_least_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
