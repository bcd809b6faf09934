/* Measured boot over what the boot core really started: updates, key sets, other devices. */
#include <boot/adapters/bearssl.h>
#include <boot/dice.h>
#include <world.h>

#include <troth/crypto.h>
#include <wire/cose.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct geometry geometry = {"4096/8", 4096, 8, 16384};
static const uint8_t own_secret[DICE_SECRET_N] = "what only this one device knows";
static const uint8_t other_secret[DICE_SECRET_N] = "what another of its kind knows.";
static const uint8_t text[] = "the key of the device's certificate";

/* Sealed at one time, opened or not at another. */
struct sealed {
    uint8_t octets[sizeof text + DICE_SEALED_EXTRA];
};

static void must_install(struct world *world, enum world_image image)
{
    struct troth_fault fault;
    const struct world_file *envelope = &world->envelopes[image];
    assert_int_equal(boot_install(&world->device, (struct troth_octets){envelope->p, envelope->n},
                                  world_fetch, &world->images[image], &fault),
                     TROTH_VALID);
}

static void must_install_keys(struct world *world, unsigned set)
{
    struct troth_fault fault;
    const struct world_file *object = &world->sets[set];
    assert_int_equal(
        boot_keys_install(&world->device, (struct troth_octets){object->p, object->n}, &fault),
        TROTH_VALID);
}

static struct dice start(const struct world *world, const uint8_t *secret, enum dice_mode mode)
{
    struct boot_report report;
    struct dice dice;
    boot_start(&world->device, &report);
    assert_int_equal(dice_start(&dice_bearssl, secret, mode, &world->device, &report, &dice),
                     TROTH_VALID);
    return dice;
}

static struct dice boot(const struct world *world)
{
    return start(world, own_secret, DICE_NORMAL);
}

static struct dice update(struct world *world, enum world_image image)
{
    must_install(world, image);
    struct dice dice = boot(world);
    assert_int_equal(boot_confirm(&world->device), TROTH_VALID);
    return dice;
}

static struct sealed seal(const struct dice *dice)
{
    struct sealed sealed;
    struct buf b = buf_over(sealed.octets, sizeof sealed.octets);
    assert_true(dice_seal(&dice_bearssl, dice, (struct troth_octets){text, sizeof text}, &b));
    assert_int_equal(b.n, sizeof sealed.octets);
    return sealed;
}

static enum troth_verdict unseal(const struct dice *dice, const struct sealed *sealed)
{
    uint8_t space[sizeof text] = {0};
    struct buf b = buf_over(space, sizeof space);
    enum troth_verdict verdict = dice_unseal(
        &dice_bearssl, dice, (struct troth_octets){sealed->octets, sizeof sealed->octets}, &b);
    assert_int_equal(b.n, verdict == TROTH_VALID ? sizeof text : 0);
    if (verdict == TROTH_VALID)
        assert_memory_equal(space, text, sizeof text);
    else
        assert_memory_equal(space, (const uint8_t[sizeof text]){0}, sizeof text);
    return verdict;
}

static bool is_same(const uint8_t a[DICE_SECRET_N], const uint8_t b[DICE_SECRET_N])
{
    return memcmp(a, b, DICE_SECRET_N) == 0;
}

static void an_update_keeps_what_is_sealed_and_has_another_alias(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, &geometry, false, 6000, 1);
    struct dice old = boot(&world), again = boot(&world);
    struct sealed sealed = seal(&old);
    assert_memory_equal(&old, &again, sizeof old);
    struct dice new = update(&world, IMAGE_NEW); /* signed by another key of the same set */
    assert_true(is_same(old.sealing, new.sealing));
    assert_false(is_same(old.alias, new.alias));
    assert_int_equal(unseal(&new, &sealed), TROTH_VALID);
    world_close(&world);
}

static void a_rise_of_the_key_floor_opens_what_was_sealed_and_no_way_back_does(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, &geometry, false, 6000, 1);
    struct dice low = boot(&world);
    struct sealed at_low = seal(&low);
    uint32_t n = world.factory.n;
    uint8_t *before = malloc(n);
    assert_non_null(before);
    memcpy(before, world.factory.octets, n);
    must_install_keys(&world, 1);
    assert_int_equal(boot(&world).floor, 1); /* a slot needs the key still */
    (void)update(&world, IMAGE_NEW);
    (void)update(&world, IMAGE_NEWER);
    struct dice high = boot(&world);
    assert_int_equal(high.floor, 2);
    assert_false(is_same(low.sealing, high.sealing));
    assert_int_equal(unseal(&high, &at_low), TROTH_VALID);

    struct sealed at_high = seal(&high);
    assert_int_equal(unseal(&high, &at_high), TROTH_VALID);
    memcpy(world.factory.octets, before, n); /* somebody writes the old flash back */
    struct dice back = boot(&world);
    assert_int_equal(unseal(&back, &at_high), TROTH_LOWER_FLOOR);
    at_high.octets[4] = 1; /* and says that it was sealed at the lower floor */
    assert_int_equal(unseal(&back, &at_high), TROTH_BAD_SIGNATURE);
    free(before);
    world_close(&world);
}

static void foreign_signers_another_device_and_another_mode_have_other_secrets(void **state)
{
    struct world world, foreign;
    (void)state;
    world_open(&world, &geometry, false, 6000, 1);
    world_open(&foreign, &geometry, false, 6000, 2); /* the same images, other keys */
    const struct dice own = boot(&world);
    const struct dice others[] = {
        boot(&foreign),
        start(&world, other_secret, DICE_NORMAL),
        start(&world, own_secret, DICE_DEBUG),
    };
    struct sealed sealed = seal(&own);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(is_same(own.sealing, others[i].sealing));
        assert_false(is_same(own.alias, others[i].alias));
        assert_int_equal(unseal(&others[i], &sealed), TROTH_BAD_SIGNATURE);
    }
    world.device.class_id = (const uint8_t *)"another class...";
    struct boot_report report = {.slot = BOOT_NONE};
    struct dice none;
    boot_start(&world.device, &report);
    assert_int_equal(
        dice_start(&dice_bearssl, own_secret, DICE_NORMAL, &world.device, &report, &none),
        TROTH_MISSING);
    assert_memory_equal(&none, &(struct dice){0}, sizeof none);
    world_close(&foreign);
    world_close(&world);
}

static void another_product_has_other_secrets_and_what_is_measured_is_the_alias(void **state)
{
    static const struct boot_report reports[] = {
        {.verdict = TROTH_VALID, .sequence = 1, .key_floor = 1},
        {.verdict = TROTH_VALID, .sequence = 1, .key_floor = 1, .digest = {1}},
        {.verdict = TROTH_VALID, .sequence = 1, .key_floor = 1, .authority = {1}},
        {.verdict = TROTH_VALID, .sequence = 1, .key_floor = 1, .keys_sequence = 1},
        {.verdict = TROTH_VALID, .sequence = 2, .key_floor = 1},
        {.verdict = TROTH_VALID, .sequence = 1, .key_floor = 1, .counter = 1},
    };
    struct boot_device board = {.vendor = (const uint8_t *)"vendor-of-things",
                                .class_id = (const uint8_t *)"class-of-devices"};
    struct dice made[6], other;
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(
            dice_start(&dice_bearssl, own_secret, DICE_NORMAL, &board, &reports[i], &made[i]),
            TROTH_VALID);
        assert_true(is_same(made[0].sealing, made[i].sealing));
        for (size_t k = 0; k < i; k++)
            assert_false(is_same(made[k].alias, made[i].alias));
    }
    board.class_id = (const uint8_t *)"class-of-others.";
    assert_int_equal(
        dice_start(&dice_bearssl, own_secret, DICE_NORMAL, &board, &reports[0], &other),
        TROTH_VALID);
    assert_false(is_same(made[0].sealing, other.sealing));
    assert_false(is_same(made[0].alias, other.alias));
}

static void a_floor_that_is_none_of_the_chain_is_refused(void **state)
{
    const struct boot_device board = {.vendor = (const uint8_t *)"vendor-of-things",
                                      .class_id = (const uint8_t *)"class-of-devices"};
    struct boot_report report = {.verdict = TROTH_VALID, .key_floor = DICE_FLOOR_MAX};
    struct dice dice;
    (void)state;
    assert_int_equal(dice_start(&dice_bearssl, own_secret, DICE_NORMAL, &board, &report, &dice),
                     TROTH_VALID);
    report.key_floor++;
    assert_int_equal(dice_start(&dice_bearssl, own_secret, DICE_NORMAL, &board, &report, &dice),
                     TROTH_TOO_LARGE);
}

static void every_flipped_bit_and_every_cut_of_what_is_sealed_is_refused(void **state)
{
    struct world world;
    uint8_t space[sizeof text];
    (void)state;
    world_open(&world, &geometry, false, 6000, 1);
    struct dice dice = boot(&world);
    struct sealed sealed = seal(&dice);
    for (size_t bit = 0; bit < 8 * sizeof sealed.octets; bit++) {
        sealed.octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(unseal(&dice, &sealed), TROTH_VALID);
        sealed.octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t n = 0; n < sizeof sealed.octets; n++) {
        struct buf b = buf_over(space, sizeof space);
        assert_int_not_equal(
            dice_unseal(&dice_bearssl, &dice, (struct troth_octets){sealed.octets, n}, &b),
            TROTH_VALID);
    }
    struct buf small = buf_over(space, sizeof space - 1);
    assert_int_equal(dice_unseal(&dice_bearssl, &dice,
                                 (struct troth_octets){sealed.octets, sizeof sealed.octets},
                                 &small),
                     TROTH_TOO_LARGE);
    world_close(&world);
}

/* Is it a COSE_Sign1 of that type by that key? *ret_payload points into it. */
static enum troth_verdict judge(struct bytes octets, const uint8_t *point, const char *type,
                                struct bytes *ret_payload)
{
    struct cose_sign1 message;
    const char *why = NULL;
    uint8_t space[COSE_SIGNED_HEAD_MAX], digest[TROTH_HASH_N];
    struct buf head = buf_over(space, sizeof space);
    struct troth_sha256 hash;
    assert_true(cose_sign1_read(octets, &message, &why));
    assert_true(bytes_equal(message.type, bytes_of(type, strlen(type))));
    cose_signed_head(&head, &message);
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, head.p, head.n);
    troth_sha256_add(&hash, message.payload.p, message.payload.n);
    troth_sha256_end(&hash, digest);
    *ret_payload = message.payload;
    return troth_es256_verify(point, digest, message.signature.p);
}

static void the_device_certifies_its_alias_and_the_alias_signs_evidence(void **state)
{
    static const uint8_t nonce[] = "asked now";
    struct world world;
    struct boot_report report;
    uint8_t point[TROTH_POINT_N], other_point[TROTH_POINT_N], space[1024];
    struct buf b = buf_over(space, sizeof space);
    struct bytes payload;
    (void)state;
    world_open(&world, &geometry, false, 6000, 1);
    struct dice dice = boot(&world);
    boot_start(&world.device, &report);
    assert_true(dice_device_point(&dice_bearssl, own_secret, point));
    assert_true(dice_device_point(&dice_bearssl, other_secret, other_point));
    struct bytes certificate = bytes_of(dice.certificate, dice.certificate_n);
    assert_int_equal(judge(certificate, point, DICE_ALIAS_TYPE, &payload), TROTH_VALID);
    assert_int_equal(judge(certificate, other_point, DICE_ALIAS_TYPE, &payload),
                     TROTH_BAD_SIGNATURE);
    assert_non_null(memmem(payload.p, payload.n, dice.alias_point + 1, 32));
    assert_non_null(memmem(payload.p, payload.n, dice.measured, dice.measured_n));

    const struct troth_octets asked = {nonce, sizeof nonce};
    assert_true(dice_evidence(&dice_bearssl, &dice, &report, asked, &b));
    assert_int_equal(judge(buf_bytes(&b), dice.alias_point, DICE_EVIDENCE_TYPE, &payload),
                     TROTH_VALID);
    assert_non_null(memmem(payload.p, payload.n, nonce, sizeof nonce));
    assert_non_null(memmem(payload.p, payload.n, dice.measured, dice.measured_n));
    assert_false(dice_evidence(&dice_bearssl, &dice, &report,
                               (struct troth_octets){nonce, DICE_NONCE_MIN - 1}, &b));
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_floor_that_is_none_of_the_chain_is_refused),
        cmocka_unit_test(every_flipped_bit_and_every_cut_of_what_is_sealed_is_refused),
        cmocka_unit_test(foreign_signers_another_device_and_another_mode_have_other_secrets),
        cmocka_unit_test(another_product_has_other_secrets_and_what_is_measured_is_the_alias),
        cmocka_unit_test(a_rise_of_the_key_floor_opens_what_was_sealed_and_no_way_back_does),
        cmocka_unit_test(an_update_keeps_what_is_sealed_and_has_another_alias),
        cmocka_unit_test(the_device_certifies_its_alias_and_the_alias_signs_evidence),
    };
    return cmocka_run_group_tests_name("boot/dice", tests, NULL, NULL);
}
