// Key sets: the old threshold signs the new, and nothing below the floor comes back.
#include "scene.h"

#include <wire/manifest.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int open_scene(void **state)
{
    *state = scene_open();
    return 0;
}

static int close_scene(void **state)
{
    scene_close(*state);
    return 0;
}

// What is left 0 is that of a set which may follow.
struct next {
    uint32_t sequence, floor; // 6, 2
    uint8_t wanted[4];        // {1, 1}
    const char *signers;      // indices: "1"
    const char *type;         // TROTH_KEYSET_TYPE; "": none
    size_t n;                 // keys, the first of the scene's: all
};

static void seal(struct scene *scene, struct bytes set, const struct next *next)
{
    struct scene_octets signatures[TROTH_SIGNERS_MAX];
    struct bytes parts[TROTH_SIGNERS_MAX];
    struct buf out = buf_over(scene->envelope.p, sizeof scene->envelope.p);
    const char *signers = next->signers != NULL ? next->signers : "1";
    const char *type = next->type != NULL ? next->type : TROTH_KEYSET_TYPE;
    size_t n = strlen(signers);
    for (size_t i = 0; i < n; i++) {
        scene_sign(scene, (unsigned)(signers[i] - '0'), *type != '\0' ? type : NULL, set,
                   &signatures[i]);
        parts[i] = bytes_of(signatures[i].p, signatures[i].n);
    }
    manifest_write_signed_keyset(&out, set, parts, n);
    assert_true(buf_ok(&out));
    scene->envelope.n = out.n;
}

static void make(struct scene *scene, const struct next *next)
{
    static const uint32_t uses[SCENE_KEYS] = {3, 3, 3, 1};
    struct manifest_key keys[SCENE_KEYS];
    uint8_t space[1024];
    struct buf set = buf_over(space, sizeof space);
    static const uint8_t nothing[4];
    bool is_usual = memcmp(next->wanted, nothing, sizeof nothing) == 0;
    struct manifest_keyset keyset = {
        .sequence = next->sequence != 0 ? next->sequence : 6,
        .floor = next->floor != 0 ? next->floor : 2,
        .wanted = {1, 1},
        .keys = keys,
        .n = next->n != 0 ? next->n : SCENE_KEYS,
    };
    if (!is_usual)
        memcpy(keyset.wanted, next->wanted, sizeof keyset.wanted);
    for (unsigned i = 0; i < SCENE_KEYS; i++)
        keys[i] = (struct manifest_key){i + 1, TROTH_ES256, uses[i], key_point(scene->keys[i])};
    manifest_write_keyset(&set, &keyset);
    assert_true(buf_ok(&set));
    seal(scene, buf_bytes(&set), next);
}

static enum troth_verdict follow_made(struct scene *scene, struct troth_keyset *ret)
{
    return troth_keyset_follow(scene->crypto, &scene->set,
                               (struct troth_octets){scene->envelope.p, scene->envelope.n}, ret,
                               &scene->fault);
}

static enum troth_verdict follow(struct scene *scene, const struct next *next)
{
    struct troth_keyset later;
    make(scene, next);
    return follow_made(scene, &later);
}

// ---- who signs the next

static void the_old_set_signs_the_next(void **state)
{
    struct scene *scene = *state;
    struct troth_keyset later;
    make(scene, &(struct next){0});
    assert_int_equal(follow_made(scene, &later), TROTH_VALID);
    assert_int_equal(later.sequence, 6);
    assert_int_equal(later.floor, 2);
    assert_int_equal(later.n, 4);
    assert_int_equal(later.keys[3].number, 4);
    assert_int_equal(later.keys[3].uses, TROTH_USE_KEYSET);
    assert_int_equal(later.wanted[0], 1);
    assert_int_equal(later.wanted[2], 0);
}

static void nobody_else_does(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(follow(scene, &(struct next){.signers = "0"}), TROTH_BELOW_FLOOR);
    scene->set.keys[3].uses = TROTH_USE_RELEASE;
    assert_int_equal(follow(scene, &(struct next){.signers = "3"}), TROTH_BAD_SIGNATURE);
    scene->set.n = 3;
    assert_int_equal(follow(scene, &(struct next){.signers = "3"}), TROTH_BAD_SIGNATURE);
    assert_int_equal(follow(scene, &(struct next){.signers = ""}), TROTH_MALFORMED);
    scene->set.wanted[0] = 2;
    assert_int_equal(follow(scene, &(struct next){.signers = "11"}), TROTH_TOO_FEW_SIGNERS);
    assert_int_equal(follow(scene, &(struct next){.signers = "10"}), TROTH_TOO_FEW_SIGNERS);
    assert_int_equal(follow(scene, &(struct next){.signers = "12"}), TROTH_VALID);
}

static void a_signature_over_something_else_is_none_over_a_set(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(follow(scene, &(struct next){.type = ""}), TROTH_MALFORMED);
    assert_int_equal(follow(scene, &(struct next){.type = "application/troth-keyset"}),
                     TROTH_MALFORMED);
}

static void what_is_not_newer_refuses(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(follow(scene, &(struct next){.sequence = 5}), TROTH_OLDER_SET);
    assert_int_equal(follow(scene, &(struct next){.sequence = 4}), TROTH_OLDER_SET);
    assert_int_equal(follow(scene, &(struct next){.floor = 1}), TROTH_LOWER_FLOOR);
    assert_int_equal(follow(scene, &(struct next){.floor = 3}), TROTH_VALID);
}

static void a_set_that_could_sign_nothing_more_refuses(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(follow(scene, &(struct next){.floor = 5}), TROTH_MISSING);
    assert_int_equal(follow(scene, &(struct next){.floor = 4}), TROTH_MISSING);
    assert_int_equal(follow(scene, &(struct next){.floor = 4, .wanted = {1}}), TROTH_VALID);
    assert_int_equal(follow(scene, &(struct next){.wanted = {4, 1}}), TROTH_MISSING);
    assert_int_equal(follow(scene, &(struct next){.wanted = {3, 2}}), TROTH_VALID);
    assert_int_equal(follow(scene, &(struct next){.wanted = {0, 1}}), TROTH_MISSING);
    assert_int_equal(follow(scene, &(struct next){.wanted = {1, 1, 1}}), TROTH_MISSING);
}

// ---- its form

static void sets_of_another_form_refuse(void **state)
{
    static const char *const sets[] = {
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: []}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: 2, 2: -7, 3: 1, 4: $A}], 6: 0}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: 2, 2: -7, 3: 1, 4: $A, 5: 0}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: 2, 2: -7, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: 2, 2: -7, 3: 0, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: 2, 2: -7, 3: 17, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: 2, 2: -2147483649, 3: 1, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: 4294967296, 2: -7, 3: 1, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1}, 5: [{1: -1, 2: -7, 3: 1, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 0}, 5: [{1: 2, 2: -7, 3: 1, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 9}, 5: [{1: 2, 2: -7, 3: 1, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1, 3: 1}, 5: [{1: 2, 2: -7, 3: 1, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {1: 1, 16: 1}, 5: [{1: 2, 2: -7, 3: 1, 4: $A}]}",
        "{1: 1, 2: 6, 3: 2, 4: {\"1\": 1}, 5: [{1: 2, 2: -7, 3: 1, 4: $A}]}",
        "{1: 1, 2: -6, 3: 2, 4: {1: 1}, 5: [{1: 2, 2: -7, 3: 1, 4: $A}]}",
        // out of order; a number twice; a key twice, under two names
        "{1:1, 2:6, 3:2, 4:{1:1}, 5:[{1:3, 2:-7, 3:1, 4:$A}, {1:2, 2:-7, 3:1, 4:$B}]}",
        "{1:1, 2:6, 3:2, 4:{1:1}, 5:[{1:2, 2:-7, 3:1, 4:$A}, {1:2, 2:-7, 3:1, 4:$B}]}",
        "{1:1, 2:6, 3:2, 4:{1:1}, 5:[{1:2, 2:-7, 3:1, 4:$A}, {1:3, 2:-9, 3:1, 4:$A}]}",
    };
    struct scene *scene = *state;
    uint8_t space[1024];
    scene->values.of[0] = key_point(scene->keys[0]);
    scene->values.of[1] = key_point(scene->keys[1]);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct troth_keyset later;
        struct buf set = buf_over(space, sizeof space);
        diag_write(&set, sets[i], &scene->values);
        seal(scene, buf_bytes(&set), &(struct next){0});
        if (follow_made(scene, &later) != TROTH_MALFORMED)
            fail_msg("%s", sets[i]);
    }
}

static void a_later_format_is_told_apart(void **state)
{
    struct scene *scene = *state;
    struct troth_keyset later;
    uint8_t space[256];
    struct buf set = buf_over(space, sizeof space);
    diag_write(&set, "{1: 2, 2: 6, 3: 2, 4: {1: 1}, 5: 0}", &scene->values);
    seal(scene, buf_bytes(&set), &(struct next){0});
    assert_int_equal(follow_made(scene, &later), TROTH_WRONG_VERSION);
}

static void nine_keys_are_too_many(void **state)
{
    struct scene *scene = *state;
    uint8_t space[2048], octets[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct manifest_key keys[9];
    struct troth_keyset later;
    for (uint32_t i = 0; i < 9; i++)
        keys[i] = (struct manifest_key){i + 2, TROTH_ES256, 1, bytes_of(octets + i, 1)};
    for (size_t n = 8; n <= 9; n++) {
        struct buf set = buf_over(space, sizeof space);
        manifest_write_keyset(&set, &(struct manifest_keyset){6, 2, {1}, keys, n});
        seal(scene, buf_bytes(&set), &(struct next){0});
        assert_int_equal(follow_made(scene, &later), n == 8 ? TROTH_VALID : TROTH_MALFORMED);
    }
}

static void every_flipped_bit_and_every_cut_refuses(void **state)
{
    struct scene *scene = *state;
    struct troth_keyset later;
    scene->crypto = &scene_fast;
    make(scene, &(struct next){.n = 3});
    assert_int_equal(follow_made(scene, &later), TROTH_VALID);
    for (size_t bit = 0; bit < 8 * scene->envelope.n; bit++) {
        scene->envelope.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (follow_made(scene, &later) == TROTH_VALID)
            fail_msg("bit %zu of octet %zu", bit % 8, bit / 8);
        scene->envelope.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(follow_made(scene, &later), TROTH_VALID);
    while (scene->envelope.n-- > 0)
        assert_int_equal(follow_made(scene, &later), TROTH_MALFORMED);
}

// ---- the floor that the device remembers

static void a_remembered_floor_counts_before_the_set_s(void **state)
{
    struct scene *scene = *state;
    const struct troth_octets octets = {scene->set_octets.p, scene->set_octets.n};
    struct troth_keyset set;
    assert_int_equal(troth_keyset_read(octets, 1, &set, &scene->fault), TROTH_VALID);
    assert_int_equal(set.floor, 2);
    assert_int_equal(troth_keyset_read(octets, 3, &set, &scene->fault), TROTH_VALID);
    assert_int_equal(set.floor, 3);
    scene->set = set;
    assert_int_equal(follow(scene, &(struct next){.signers = "1", .floor = 3}), TROTH_BELOW_FLOOR);
    assert_int_equal(follow(scene, &(struct next){.signers = "2", .floor = 3}), TROTH_VALID);
    assert_int_equal(troth_keyset_read(octets, 4, &set, &scene->fault), TROTH_BELOW_FLOOR);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_old_set_signs_the_next),
        CASE(nobody_else_does),
        CASE(a_signature_over_something_else_is_none_over_a_set),
        CASE(what_is_not_newer_refuses),
        CASE(a_set_that_could_sign_nothing_more_refuses),
        CASE(sets_of_another_form_refuse),
        CASE(a_later_format_is_told_apart),
        CASE(nine_keys_are_too_many),
        CASE(every_flipped_bit_and_every_cut_refuses),
        CASE(a_remembered_floor_counts_before_the_set_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
