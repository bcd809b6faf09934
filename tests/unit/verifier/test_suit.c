// Envelopes: who signed them, what they must have, and that nothing of them can be changed.
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INSTALL ", 7: <<[3, 15]>>, 20: <<[20, {21: \"#image\"}, 21, 15, 3, 15]>>"

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

static enum troth_verdict judge(struct scene *scene, const struct scene_parts *parts)
{
    scene_envelope(scene, parts);
    return scene_judge(scene);
}

static enum troth_verdict signed_by(struct scene *scene, const char *signers)
{
    return judge(scene, &(struct scene_parts){.manifest = scene_manifest(""), .signers = signers});
}

// ---- who signed

static void without_a_signature_nothing_is_read(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(judge(scene, &(struct scene_parts){.manifest = "{}", .signers = ""}),
                     TROTH_UNSIGNED);
    // What a stranger signed is not read either: the manifest is none.
    assert_int_equal(judge(scene, &(struct scene_parts){.manifest = "[null]", .signers = "3"}),
                     TROTH_BAD_SIGNATURE);
    assert_int_equal(judge(scene, &(struct scene_parts){.manifest = "[null]", .signers = "1"}),
                     TROTH_MALFORMED);
}

static void a_key_below_the_floor_counts_no_more(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(signed_by(scene, "1"), TROTH_VALID);
    assert_int_equal(scene->suit.signers, 2);
    assert_int_equal(signed_by(scene, "0"), TROTH_BELOW_FLOOR);
    assert_int_equal(signed_by(scene, "01"), TROTH_VALID);
    assert_int_equal(scene->suit.signers, 2);
}

static void a_key_for_sets_signs_no_release(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(signed_by(scene, "3"), TROTH_BAD_SIGNATURE);
    assert_int_equal(scene->suit.signers, 0);
}

static void two_signers_are_two_keys(void **state)
{
    struct scene *scene = *state;
    scene->set.wanted[1] = 2;
    assert_int_equal(signed_by(scene, "1"), TROTH_TOO_FEW_SIGNERS);
    assert_int_equal(signed_by(scene, "11"), TROTH_TOO_FEW_SIGNERS);
    assert_int_equal(signed_by(scene, "10"), TROTH_TOO_FEW_SIGNERS);
    assert_int_equal(signed_by(scene, "1313"), TROTH_TOO_FEW_SIGNERS);
    assert_int_equal(signed_by(scene, "21"), TROTH_VALID);
    assert_int_equal(scene->suit.signers, 6);
    scene->set.wanted[1] = 0;
    assert_int_equal(signed_by(scene, "21"), TROTH_UNKNOWN_KEY);
}

static void there_are_at_most_eight_signatures(void **state)
{
    assert_int_equal(signed_by(*state, "00000001"), TROTH_VALID);
    assert_int_equal(signed_by(*state, "000000001"), TROTH_MALFORMED);
}

static void an_algorithm_that_is_not_built_in_refuses(void **state)
{
    struct scene *scene = *state;
    const struct troth_crypto none = {NULL, 0, &troth_hash_small, NULL};
    const struct troth_suit_trust trust = {&none, &scene->set};
    assert_int_equal(signed_by(scene, "1"), TROTH_VALID);
    assert_int_equal(troth_suit_open(&scene->suit, &trust, &scene->device,
                                     (struct troth_octets){scene->envelope.p, scene->envelope.n},
                                     &scene->fault),
                     TROTH_WRONG_ALGORITHM);
    // The key's own algorithm or none: a signature that names another is not looked at.
    scene->set.keys[1].algorithm = TROTH_ESP256;
    assert_int_equal(signed_by(scene, "1"), TROTH_BAD_SIGNATURE);
}

static void a_signed_digest_of_another_manifest_refuses(void **state)
{
    struct scene *scene = *state;
    uint8_t space[1024];
    struct scene_octets first;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 8, " COMMON "}"), TROTH_VALID);
    first = scene->envelope;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 9, " COMMON "}"), TROTH_VALID);
    assert_int_equal(first.n, scene->envelope.n);
    // The second's manifest after the first's signature.
    size_t n = 0;
    while (first.p[first.n - 1 - n] == scene->envelope.p[first.n - 1 - n])
        n++;
    assert_true(n < sizeof space);
    memcpy(first.p + first.n - 1 - n, scene->envelope.p + first.n - 1 - n, n + 1);
    scene->envelope = first;
    assert_int_equal(scene_judge(scene), TROTH_WRONG_DIGEST);
}

// ---- for whom, and how new

static void another_s_update_refuses(void **state)
{
    static const struct {
        const char *manifest;
        enum troth_verdict verdict;
    } rows[] = {
        {"{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $X, 2: $C, -1: 5}, 1, 15, 2, 15]>>}>>}",
         TROTH_WRONG_VENDOR},
        {"{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $V, 2: $X, -1: 5}, 1, 15, 2, 15]>>}>>}",
         TROTH_WRONG_CLASS},
        {"{1: 1, 2: 7, 3: <<{2: [[h'02']], 4: <<[20, {1: $V, 2: $C, -1: 5}, 1, 15, 2, 15]>>}>>}",
         TROTH_WRONG_COMPONENT},
        {"{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $V, -1: 5}, 1, 15, 2, 15]>>}>>}",
         TROTH_MISSING},
        {"{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $V, 2: $C, -1: 5}, 1, 15]>>}>>}",
         TROTH_MISSING},
        {"{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $V, 2: $C, -1: 5}, 2, 15]>>}>>}",
         TROTH_MISSING},
        {"{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $V, 2: $C, 24: $X, -1: 5}, 1, 15, 2, 15, "
         "24, 15]>>}>>}",
         TROTH_OTHER_DEVICE},
        {"{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: h'00', 2: $C, -1: 5}, 1, 15, 2, 15]>>}>>}",
         TROTH_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum troth_verdict verdict = scene_open_suit(*state, rows[i].manifest);
        if (verdict != rows[i].verdict)
            fail_msg("row %zu: %s", i, troth_verdict_name(verdict));
    }
}

static void a_device_s_own_id_holds(void **state)
{
    struct scene *scene = *state;
    const char *manifest = "{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $V, 2: $C, 24: $X, "
                           "-1: 5}, 1, 15, 2, 15, 24, 15]>>}>>}";
    scene->device.device = scene->values.of['X' - 'A'].p;
    assert_int_equal(scene_open_suit(scene, manifest), TROTH_VALID);
}

static void what_is_older_refuses(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 6, " COMMON "}"), TROTH_OLDER_SEQUENCE);
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, " COMMON "}"), TROTH_VALID);
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 4294967295, " COMMON "}"), TROTH_VALID);
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 4294967296, " COMMON "}"), TROTH_MALFORMED);
    assert_int_equal(scene_open_suit(scene, "{1: 2, 2: 7, " COMMON "}"), TROTH_WRONG_VERSION);
    scene->places[0].counter = 6;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, " COMMON "}"), TROTH_OLDER_COUNTER);
    // A counter that is not said is 0.
    scene->places[0].counter = 1;
    assert_int_equal(
        scene_open_suit(
            scene,
            "{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: <<[20, {1: $V, 2: $C}, 1, 15, 2, 15]>>}>>}"),
        TROTH_OLDER_COUNTER);
}

static void the_floor_of_each_component_counts(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, " TWO_COMMON "}"), TROTH_VALID);
    scene->places[1].counter = 6;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, " TWO_COMMON "}"), TROTH_OLDER_COUNTER);
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, " COMMON "}"), TROTH_VALID);
}

static void an_image_that_cannot_read_the_data_refuses(void **state)
{
    static const struct {
        uint32_t format;
        enum troth_verdict verdict;
    } rows[] = {{0, TROTH_VALID},
                {2, TROTH_DATA_FORMAT},
                {3, TROTH_VALID},
                {5, TROTH_VALID},
                {6, TROTH_DATA_FORMAT}};
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scene->places[0].data_format = rows[i].format;
        assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: " SHARED_OF(
                                                    ", -2: [3, 5]") "}>>}"),
                         rows[i].verdict);
    }
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, 3: <<{2: [[h'00']], 4: " SHARED_OF(
                                                ", -2: [5, 3]") "}>>}"),
                     TROTH_MALFORMED);
    // One that does not say what it can read can read no data that there is.
    assert_int_equal(scene_open_suit(scene, scene_manifest("")), TROTH_DATA_FORMAT);
    scene->places[0].data_format = 0;
    assert_int_equal(scene_open_suit(scene, scene_manifest("")), TROTH_VALID);
}

// ---- members

static void members_that_are_not_known_refuse(void **state)
{
    static const char *const manifests[] = {
        "{1: 1, 2: 7, " COMMON ", 5: 0}",
        "{1: 1, 2: 7, " COMMON ", 7: <<[3, 15]>>, 30: <<[]>>}",
        "{1: 1, 2: 7, " COMMON ", \"x\": 0}",
        "{1: 1, " COMMON "}",
        "{2: 7, " COMMON "}",
        "{1: 1, 2: 7, 3: <<{2: [[h'00']], 3: 0, 4: " SHARED_OF("") "}>>}",
        "{1: 1, 2: 7, " COMMON ", 20: [-16, h'00']}",
        "{1: 1, 2: 7, " COMMON ", 20: [-43, $D]}",
        "{1: 1, 2: 7, " COMMON ", 20: 5}",
    };
    for (size_t i = 0; i < sizeof manifests / sizeof manifests[0]; i++)
        if (scene_open_suit(*state, manifests[i]) != TROTH_MALFORMED)
            fail_msg("row %zu", i);
    assert_int_equal(scene_open_suit(*state, "{1: 1, 2: 7}"), TROTH_MISSING);
    assert_int_equal(scene_open_suit(*state, "{1: 1, 2: 7, 3: <<{2: [[h'00']]}>>}"), TROTH_MISSING);
    assert_int_equal(scene_open_suit(*state, "{1: 1, 2: 7, 3: <<{2: [], 4: <<[1, 15]>>}>>}"),
                     TROTH_MISSING);
    assert_int_equal(scene_open_suit(*state, "{1: 1, 2: 7, 3: <<{2: [[h'00'], [h'00'], [h'00'], "
                                             "[h'00'], [h'00']], 4: <<[1, 15]>>}>>}"),
                     TROTH_TOO_LARGE);
    assert_int_equal(scene_open_suit(*state,
                                     "{1: 1, 2: 7, 3: <<{2: [[h'00'], [h'00']], 4: <<[12, "
                                     "true, 20, {1: $V, 2: $C, -1: 5}, 1, 15, 2, 15]>>}>>}"),
                     TROTH_MALFORMED);
}

static void envelopes_of_another_form_refuse(void **state)
{
    static const char *const formats[] = {
        "{2: $W, 3: $M}",
        "108({2: $W, 3: $M})",
        "107({3: $M})",
        "107({2: $W})",
        "107({2: h'', 3: $M})",
        "107({2: $W, 3: h''})",
        "107({2: $W, 3: $M, 4: $M})",
        "107({2: $W, 3: $M, \"#a\": 5})",
        "107([2, $W, 3, $M])",
        "107({3: $M, 2: $W})",
        "107({2: $W, 3: $M, 3: $M})",
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (judge(scene, &(struct scene_parts){.manifest = scene_manifest(""),
                                               .format = formats[i]}) != TROTH_MALFORMED)
            fail_msg("row %zu", i);
    assert_int_equal(signed_by(scene, "1"), TROTH_VALID);
    for (size_t n = scene->envelope.n; n > 0; n--) {
        scene->envelope.n = n - 1;
        assert_int_equal(scene_judge(scene), TROTH_MALFORMED);
    }
}

static void set_severed(struct scene *scene, const char *sequence, uint8_t digest[TROTH_HASH_N])
{
    static uint8_t space[256];
    struct buf b = buf_over(space, sizeof space);
    diag_write(&b, sequence, &scene->values);
    scene_digest(space, b.n, digest);
    scene->values.of['E' - 'A'] = bytes_of(digest, TROTH_HASH_N);
}

static void a_severed_member_is_the_one_that_was_signed(void **state)
{
    struct scene *scene = *state;
    uint8_t digest[TROTH_HASH_N];
    const char *manifest = "{1: 1, 2: 7, " COMMON ", 7: <<[3, 15]>>, 20: [-16, $E]}";
    set_severed(scene, "<<[20, {21: \"coap://a\"}, 21, 15, 3, 15]>>", digest);
    const struct scene_parts present = {
        .manifest = manifest, .rest = ", 20: <<[20, {21: \"coap://a\"}, 21, 15, 3, 15]>>"};
    assert_int_equal(judge(scene, &present), TROTH_VALID);
    assert_true(troth_suit_has(&scene->suit, TROTH_SUIT_INSTALL));
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    assert_int_equal(scene->acts.fetches, 1);

    // Gone: what is left can be run.
    assert_int_equal(judge(scene, &(struct scene_parts){.manifest = manifest}), TROTH_VALID);
    assert_false(troth_suit_has(&scene->suit, TROTH_SUIT_INSTALL));
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_MISSING);
    assert_int_equal(scene_run(scene, TROTH_SUIT_VALIDATE), TROTH_VALID);

    const struct scene_parts forged = {.manifest = manifest,
                                       .rest = ", 20: <<[20, {21: \"coap://b\"}, 21, 15, 3, 15]>>"};
    assert_int_equal(judge(scene, &forged), TROTH_WRONG_DIGEST);
    const struct scene_parts under_another_name = {
        .manifest = manifest, .rest = ", 16: <<[20, {21: \"coap://a\"}, 21, 15, 3, 15]>>"};
    assert_int_equal(judge(scene, &under_another_name), TROTH_MALFORMED);
}

static void a_severed_member_that_nobody_signed_refuses(void **state)
{
    struct scene *scene = *state;
    static const char *const members[] = {", 16: <<[3, 15]>>", ", 20: <<[3, 15]>>", ", 23: h'a0'"};
    for (size_t i = 0; i < 3; i++) {
        const struct scene_parts parts = {.manifest = scene_manifest(""), .rest = members[i]};
        assert_int_equal(judge(scene, &parts), TROTH_MALFORMED);
    }
    // The manifest has its own, and is not to be given another.
    const struct scene_parts twice = {.manifest = scene_manifest(", 20: <<[3, 15]>>"),
                                      .rest = ", 20: <<[3, 15]>>"};
    assert_int_equal(judge(scene, &twice), TROTH_MALFORMED);
}

static void text_may_be_severed_and_is_signed(void **state)
{
    struct scene *scene = *state;
    uint8_t digest[TROTH_HASH_N];
    set_severed(scene, "<<{\"en\": {}}>>", digest);
    const char *manifest = "{1: 1, 2: 7, " COMMON ", 23: [-16, $E]}";
    assert_int_equal(judge(scene, &(struct scene_parts){.manifest = manifest}), TROTH_VALID);
    const struct scene_parts present = {.manifest = manifest, .rest = ", 23: <<{\"en\": {}}>>"};
    assert_int_equal(judge(scene, &present), TROTH_VALID);
    const struct scene_parts forged = {.manifest = manifest, .rest = ", 23: <<{\"de\": {}}>>"};
    assert_int_equal(judge(scene, &forged), TROTH_WRONG_DIGEST);
}

static void a_payload_in_the_envelope_is_the_signed_image(void **state)
{
    struct scene *scene = *state;
    const char *manifest = scene_manifest(INSTALL);
    const struct scene_parts whole = {.manifest = manifest, .rest = ", \"#image\": $I"};
    assert_int_equal(judge(scene, &whole), TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    assert_int_equal(scene->acts.writes, 1);
    assert_memory_equal(scene->contents[0], scene->image, SCENE_IMAGE_N);
    assert_int_equal(scene->suit.matched, 1);

    assert_int_equal(judge(scene, &(struct scene_parts){.manifest = manifest}), TROTH_MISSING);
    const struct scene_parts other_name = {.manifest = manifest, .rest = ", \"#imagf\": $I"};
    assert_int_equal(judge(scene, &other_name), TROTH_MISSING);
    scene->n[0] = 0;
    scene->acts.writes = 0;
    const struct scene_parts shorter = {.manifest = manifest, .rest = ", \"#image\": h'00'"};
    assert_int_equal(judge(scene, &shorter), TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_WRONG_SIZE);
    // As long, and another: it is found before it is written.
    scene->image[0] ^= 1;
    assert_int_equal(judge(scene, &whole), TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_WRONG_IMAGE);
    assert_int_equal(scene->acts.writes, 0);
}

// ---- every bit

static bool is_taken(struct scene *scene)
{
    scene->n[0] = 0;
    scene->acts.left = 10;
    return scene_judge(scene) == TROTH_VALID &&
           scene_run(scene, TROTH_SUIT_INSTALL) == TROTH_VALID &&
           scene_run(scene, TROTH_SUIT_VALIDATE) == TROTH_VALID && (scene->suit.matched & 1) != 0;
}

static void refuse_every_flip(struct scene *scene, const struct scene_parts *parts)
{
    scene->crypto = &scene_fast;
    scene_envelope(scene, parts);
    assert_int_equal(scene_judge(scene), TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_VALIDATE), TROTH_VALID);
    assert_int_equal(scene->suit.matched, 1);
    for (size_t bit = 0; bit < 8 * scene->envelope.n; bit++) {
        scene->envelope.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (is_taken(scene))
            fail_msg("bit %zu of octet %zu", bit % 8, bit / 8);
        scene->envelope.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(is_taken(scene));
}

static void every_flipped_bit_refuses(void **state)
{
    refuse_every_flip(*state, &(struct scene_parts){.manifest = scene_manifest(INSTALL),
                                                    .rest = ", \"#image\": $I"});
}

static void every_flipped_bit_of_a_severed_member_refuses(void **state)
{
    uint8_t digest[TROTH_HASH_N];
    set_severed(*state, "<<[20, {21: \"#image\"}, 21, 15, 3, 15]>>", digest);
    refuse_every_flip(*state,
                      &(struct scene_parts){
                          .manifest = "{1: 1, 2: 7, " COMMON ", 7: <<[3, 15]>>, 20: [-16, $E]}",
                          .rest = ", 20: <<[20, {21: \"#image\"}, 21, 15, 3, 15]>>, \"#image\": $I",
                      });
}

static void where_it_went_wrong_is_told(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_open_suit(scene, scene_manifest(", 7: <<[3, 15, 4, 15]>>")),
                     TROTH_UNKNOWN_COMMAND);
    assert_int_equal(scene->envelope.p[scene->fault.offset], 4);
    assert_int_equal(scene->fault.offset, scene->envelope.n - 2);
    // A common part that ends before its length is told where it begins.
    scene->values.of['A' - 'A'] = bytes_text("\xa3\x01\x01\x02\x07\x03\x45");
    assert_int_equal(scene_open_suit(scene, "%A"), TROTH_MALFORMED);
    assert_int_equal(scene->fault.offset, scene->envelope.n - 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(without_a_signature_nothing_is_read),
        CASE(a_key_below_the_floor_counts_no_more),
        CASE(a_key_for_sets_signs_no_release),
        CASE(two_signers_are_two_keys),
        CASE(there_are_at_most_eight_signatures),
        CASE(an_algorithm_that_is_not_built_in_refuses),
        CASE(a_signed_digest_of_another_manifest_refuses),
        CASE(another_s_update_refuses),
        CASE(a_device_s_own_id_holds),
        CASE(what_is_older_refuses),
        CASE(the_floor_of_each_component_counts),
        CASE(an_image_that_cannot_read_the_data_refuses),
        CASE(members_that_are_not_known_refuse),
        CASE(envelopes_of_another_form_refuse),
        CASE(a_severed_member_is_the_one_that_was_signed),
        CASE(a_severed_member_that_nobody_signed_refuses),
        CASE(text_may_be_severed_and_is_signed),
        CASE(a_payload_in_the_envelope_is_the_signed_image),
        CASE(every_flipped_bit_refuses),
        CASE(every_flipped_bit_of_a_severed_member_refuses),
        CASE(where_it_went_wrong_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
