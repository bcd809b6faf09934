// What a manifest may tell the device to do, judged before anything is done, and how often it is
// done.
#include "scene.h"

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

// What opening says of an install sequence, for one component or for two.
static enum troth_verdict judge(struct scene *scene, const char *install)
{
    char rest[1024];
    snprintf(rest, sizeof rest, ", 20: <<%s>>", install);
    return scene_open_suit(scene, scene_manifest(rest));
}

static enum troth_verdict judge_two(struct scene *scene, const char *install)
{
    char text[2048];
    snprintf(text, sizeof text, "{1: 1, 2: 7, " TWO_COMMON ", 20: <<%s>>}", install);
    return scene_open_suit(scene, text);
}

static enum troth_verdict judge_shared(struct scene *scene, const char *shared)
{
    char text[2048];
    snprintf(text, sizeof text, "{1: 1, 2: 7, 3: <<{2: [[h'00'], [h'01']], 4: <<%s>>}>>}", shared);
    return scene_open_suit(scene, text);
}

static enum troth_verdict run(struct scene *scene, const char *install)
{
    assert_int_equal(judge(scene, install), TROTH_VALID);
    return scene_run(scene, TROTH_SUIT_INSTALL);
}

static enum troth_verdict run_two(struct scene *scene, const char *install)
{
    assert_int_equal(judge_two(scene, install), TROTH_VALID);
    return scene_run(scene, TROTH_SUIT_INSTALL);
}

static unsigned acts_of(const struct scene *scene)
{
    return scene->acts.fetches + scene->acts.writes + scene->acts.copies + scene->acts.invokes;
}

// ---- judged, not done

static void what_is_not_known_refuses_before_anything_is_done(void **state)
{
    static const struct {
        const char *install;
        enum troth_verdict verdict;
    } rows[] = {
        {"[20, {21: \"coap://a\"}, 21, 15, 4, 15]", TROTH_UNKNOWN_COMMAND},
        {"[20, {21: \"coap://a\"}, 21, 15, 6, 15]", TROTH_UNKNOWN_COMMAND},
        {"[20, {21: \"coap://a\"}, 21, 15, 31, 15]", TROTH_UNKNOWN_COMMAND},
        {"[20, {21: \"coap://a\"}, 21, 15, 32, <<[3, 15]>>]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, -1, 15]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 3, 16]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 3]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {4: 1}]", TROTH_UNKNOWN_PARAMETER},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {-3: 1}]", TROTH_UNKNOWN_PARAMETER},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {-1: 9}]", TROTH_UNKNOWN_PARAMETER},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {-2: [0, 9]}]", TROTH_UNKNOWN_PARAMETER},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {\"a\": 1}]", TROTH_UNKNOWN_PARAMETER},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {14: -1}]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {14: 4294967296}]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {3: <<[-16, h'00']>>}]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, {3: <<[-44, $D]>>}]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 20, 5]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 15, []]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 15, [null, <<[14, 15]>>]]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 15, [<<[3, 15]>>, 5]]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 15, [<<[4, 15]>>, null]]", TROTH_UNKNOWN_COMMAND},
        {"[20, {21: \"coap://a\"}, 21, 15, 15, [null], 4, 15]", TROTH_UNKNOWN_COMMAND},
        {"[20, {21: \"coap://a\"}, 21, 15, 12, 1]", TROTH_WRONG_COMPONENT},
        {"[20, {21: \"coap://a\"}, 21, 15, 12, false]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 12, []]", TROTH_MALFORMED},
        {"[20, {21: \"coap://a\"}, 21, 15, 12, [0, 1]]", TROTH_WRONG_COMPONENT},
        {"[20, {21: \"coap://a\"}, 21, 15, 12, \"0\"]", TROTH_MALFORMED},
        {"[21, 15]", TROTH_MISSING},
        {"[18, 15]", TROTH_MISSING},
        {"[22, 15]", TROTH_MISSING},
        {"[20, {22: 0}, 22, 15]", TROTH_WRONG_COMPONENT},
        {"[20, {22: 1}, 22, 15]", TROTH_WRONG_COMPONENT},
        {"[5, 15]", TROTH_MISSING},
        {"[]", TROTH_MALFORMED},
        {"[3]", TROTH_MALFORMED},
        {"{3: 15}", TROTH_MALFORMED},
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum troth_verdict verdict = judge(scene, rows[i].install);
        if (verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].install, troth_verdict_name(verdict));
    }
    assert_int_equal(acts_of(scene) + scene->acts.reads, 0);
}

// Which alternative counts is not known yet: each is judged by what was there before them, and what
// follows by what every one of them leaves.
static void what_one_alternative_sets_is_not_there_for_another(void **state)
{
    static const struct {
        const char *install;
        enum troth_verdict verdict;
    } rows[] = {
        {"[15, [<<[20, {21: \"a\"}, 21, 15]>>, <<[21, 15]>>]]", TROTH_MISSING},
        {"[15, [<<[21, 15]>>, <<[20, {21: \"a\"}, 21, 15]>>]]", TROTH_MISSING},
        {"[15, [<<[20, {21: \"a\"}]>>, <<[14, 15]>>], 21, 15]", TROTH_MISSING},
        {"[15, [<<[14, 15]>>, <<[20, {21: \"a\"}]>>], 21, 15]", TROTH_MISSING},
        {"[15, [<<[20, {21: \"a\"}]>>, null], 21, 15]", TROTH_MISSING},
        {"[15, [<<[20, {21: \"a\"}]>>, <<[20, {18: $I}]>>], 21, 15]", TROTH_MISSING},
        {"[15, [<<[20, {21: \"a\"}]>>, <<[20, {18: $I, 21: \"b\"}]>>], 18, 15]", TROTH_MISSING},
        {"[15, [<<[15, [<<[20, {21: \"a\"}]>>, <<[20, {21: \"b\"}]>>], 21, 15]>>, <<[21, 15]>>]]",
         TROTH_MISSING},
        {"[15, [<<[15, [<<[20, {21: \"a\"}]>>, null]]>>, <<[20, {21: \"b\"}]>>], 21, 15]",
         TROTH_MISSING},
        {"[15, [<<[20, {21: \"a\"}]>>, <<[20, {21: \"b\"}]>>], 21, 15]", TROTH_VALID},
        {"[15, [<<[20, {21: \"a\"}]>>], 21, 15]", TROTH_VALID},
        {"[20, {21: \"a\"}, 15, [<<[20, {18: $I}]>>, <<[21, 15]>>, null], 21, 15]", TROTH_VALID},
        {"[15, [<<[15, [<<[20, {21: \"a\"}]>>, <<[20, {21: \"c\"}]>>]]>>, <<[20, {21: \"b\"}]>>], "
         "21, 15]",
         TROTH_VALID},
        {"[15, [<<[20, {21: \"a\"}, 15, [<<[20, {18: $I}, 18, 15]>>, null], 21, 15]>>, null]]",
         TROTH_VALID},
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum troth_verdict verdict = judge(scene, rows[i].install);
        if (verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].install, troth_verdict_name(verdict));
    }
    assert_int_equal(judge_two(scene, "[12, 0, 20, {21: \"a\"}, 15, [<<[12, 1, 20, {21: \"b\"}]>>, "
                                      "<<[14, 15]>>], 12, true, 21, 15]"),
                     TROTH_MISSING); // the second component's
    assert_int_equal(acts_of(scene) + scene->acts.reads, 0);
}

static void the_shared_sequence_does_nothing(void **state)
{
    static const char *const acts[] = {"3, 15", "21, 15", "18, 15", "22, 15", "23, 15"};
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        char shared[512];
        snprintf(shared, sizeof shared,
                 "[12, true, 20, {1: $V, 2: $C, 3: <<[-16, $D]>>, 14: 200, 18: $I, 21: \"a\", "
                 "-1: 5}, 1, 15, 2, 15, 12, 0, 20, {22: 1}, %s]",
                 acts[i]);
        if (judge_shared(scene, shared) != TROTH_UNKNOWN_COMMAND)
            fail_msg("%s", acts[i]);
    }
    assert_int_equal(acts_of(scene) + scene->acts.reads, 0);
}

static void with_two_components_one_is_chosen_first(void **state)
{
    assert_int_equal(judge_two(*state, "[3, 15]"), TROTH_MISSING);
    assert_int_equal(judge_two(*state, "[20, {5: 0}]"), TROTH_MISSING);
    assert_int_equal(judge_two(*state, "[12, 0, 3, 15]"), TROTH_VALID);
    assert_int_equal(judge_two(*state, "[12, [0, 1], 3, 15]"), TROTH_VALID);
    assert_int_equal(judge_two(*state, "[12, true, 3, 15]"), TROTH_VALID);
    assert_int_equal(judge_two(*state, "[12, 2, 3, 15]"), TROTH_WRONG_COMPONENT);
}

// ---- done

static void fetched_written_and_copied(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(run_two(scene, "[12, 1, 20, {21: \"coap://a\"}, 21, 15, 3, 15, "
                                    "12, 0, 20, {22: 1}, 22, 15, 3, 15]"),
                     TROTH_VALID);
    assert_int_equal(scene->acts.fetches, 1);
    assert_int_equal(scene->acts.copies, 1);
    assert_int_equal(scene->suit.matched, 3);
    assert_memory_equal(scene->contents[0], scene->image, SCENE_IMAGE_N);

    scene->n[0] = scene->n[1] = 0;
    assert_int_equal(run_two(scene, "[12, [0, 1], 20, {18: $I}, 18, 15, 3, 15]"), TROTH_VALID);
    assert_int_equal(scene->acts.writes, 2);
    assert_int_equal(scene->suit.matched, 3);
}

static void what_is_there_is_not_done_twice(void **state)
{
    const char *install = "[12, 1, 20, {21: \"coap://a\"}, 21, 15, 3, 15, "
                          "12, 0, 20, {22: 1}, 22, 15, 3, 15]";
    struct scene *scene = *state;
    assert_int_equal(run_two(scene, install), TROTH_VALID);
    unsigned acts = acts_of(scene);
    assert_int_equal(acts, 2);
    assert_int_equal(run_two(scene, install), TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    assert_int_equal(acts_of(scene), acts);
}

// Power goes after each act in turn; from the start again, everything is done once.
static void after_a_cut_it_goes_on(void **state)
{
    const char *install = "[12, 1, 20, {21: \"coap://a\"}, 21, 15, 3, 15, "
                          "12, 0, 20, {22: 1}, 22, 15, 3, 15]";
    struct scene *scene = *state;
    for (unsigned cut = 0; cut < 2; cut++) {
        scene->n[0] = scene->n[1] = 0;
        scene->acts = (struct scene_acts){.left = cut};
        assert_int_equal(run_two(scene, install), TROTH_PLATFORM);
        assert_int_equal(scene->suit.matched & 1, 0);
        scene->acts.left = 100;
        assert_int_equal(run_two(scene, install), TROTH_VALID);
        assert_int_equal(scene->acts.fetches, 1);
        assert_int_equal(scene->acts.copies, 1);
        assert_int_equal(scene->suit.matched, 3);
    }
}

static void a_half_written_image_is_written_again(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(run(scene, "[20, {18: $I}, 18, 15, 3, 15]"), TROTH_VALID);
    scene->contents[0][SCENE_IMAGE_N - 1] ^= 1;
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    scene->n[0] = 100;
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    assert_int_equal(scene->acts.writes, 3);
}

static void what_the_device_cannot_do_is_told(void **state)
{
    static const struct troth_suit_acts none = {NULL, NULL, NULL, NULL, NULL};
    static const char *const installs[] = {
        "[12, 0, 3, 15]",
        "[12, 0, 20, {18: $I}, 18, 15]",
        "[12, 0, 20, {21: \"coap://a\"}, 21, 15]",
        "[12, 0, 20, {22: 1}, 22, 15]",
        "[12, 0, 23, 15]",
    };
    struct scene *scene = *state;
    scene->device.acts = &none;
    for (size_t i = 0; i < sizeof installs / sizeof installs[0]; i++)
        assert_int_equal(run_two(scene, installs[i]), TROTH_PLATFORM);
}

static void content_that_is_not_the_image_is_not_written(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(run(scene, "[20, {18: h'00'}, 18, 15]"), TROTH_WRONG_SIZE);
    assert_int_equal(run(scene, "[20, {14: 1, 18: h'00'}, 18, 15]"), TROTH_WRONG_IMAGE);
    assert_int_equal(scene->acts.writes, 0);
}

static void an_image_of_another_size_or_digest_refuses(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(run(scene, "[20, {18: $I}, 18, 15, 3, 15]"), TROTH_VALID);
    assert_int_equal(run(scene, "[3, 15]"), TROTH_VALID);
    assert_int_equal(run(scene, "[20, {14: 201}, 3, 15]"), TROTH_WRONG_SIZE);
    assert_int_equal(run(scene, "[20, {14: 199}, 3, 15]"), TROTH_WRONG_IMAGE);
    assert_int_equal(scene->suit.matched, 0);
    scene->contents[0][0] ^= 1;
    assert_int_equal(run(scene, "[3, 15]"), TROTH_WRONG_IMAGE);
    assert_int_equal(scene->suit.matched, 0);
}

// What matched and was written over after that does not count as matched.
static void only_what_lies_there_at_the_end_matched(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(run(scene,
                         "[20, {18: $I}, 18, 15, 3, 15, 20, {3: <<[-16, "
                         "h'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'"
                         "]>>, 14: 1, 18: h'00'}, 18, 15]"),
                     TROTH_VALID);
    assert_int_equal(scene->acts.writes, 2);
    assert_int_equal(scene->suit.matched, 0);
    // Nor what matched a digest that is no longer the one that counts.
    scene->n[0] = 0;
    assert_int_equal(run(scene,
                         "[20, {18: $I}, 18, 15, 3, 15, 20, {3: <<[-16, "
                         "h'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'"
                         "]>>}]"),
                     TROTH_VALID);
    assert_int_equal(scene->suit.matched, 0);
}

static void invoked_is_the_chosen_one(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(run(scene, "[20, {18: $I}, 18, 15, 3, 15, 23, 15]"), TROTH_VALID);
    assert_int_equal(scene->acts.invokes, 1);
    assert_int_equal(scene->suit.matched, 1);
    scene->contents[0][0] ^= 1;
    assert_int_equal(run(scene, "[3, 15, 23, 15]"), TROTH_WRONG_IMAGE);
    assert_int_equal(scene->acts.invokes, 1);
}

// ---- alternatives

static void the_first_alternative_that_holds_is_done_alone(void **state)
{
    const char *install = "[15, [<<[20, {5: 1}, 5, 15, 23, 15]>>, <<[20, {5: 0}, 5, 15, 20, {18: "
                          "$I}, 18, 15]>>, <<[23, 15]>>], 3, 15]";
    struct scene *scene = *state;
    assert_int_equal(run(scene, install), TROTH_VALID);
    assert_int_equal(scene->acts.writes, 1);
    assert_int_equal(scene->acts.invokes, 0);
    scene->places[0].slot = 1;
    assert_int_equal(run(scene, install), TROTH_VALID);
    assert_int_equal(scene->acts.writes, 1);
    assert_int_equal(scene->acts.invokes, 1);
    scene->places[0].slot = 2;
    assert_int_equal(run(scene, install), TROTH_VALID);
    assert_int_equal(scene->acts.invokes, 2);
}

static void when_no_alternative_holds_it_fails(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(run(scene, "[15, [<<[14, 15]>>, <<[20, {5: 9}, 5, 15]>>], 23, 15]"),
                     TROTH_CONDITION);
    assert_int_equal(scene->acts.invokes, 0);
    assert_int_equal(run(scene, "[15, [<<[14, 15]>>, null], 23, 15]"), TROTH_VALID);
    assert_int_equal(scene->acts.invokes, 1);
    assert_int_equal(run(scene, "[15, [null], 14, 15, 23, 15]"), TROTH_CONDITION);
    assert_int_equal(scene->acts.invokes, 1);
}

static void alternatives_stand_in_alternatives(void **state)
{
    struct scene *scene = *state;
    // The inner ones fail, and the outer falls to its second.
    assert_int_equal(run(scene, "[15, [<<[15, [<<[14, 15]>>, <<[14, 15]>>], 23, 15]>>, <<[20, {18: "
                                "$I}, 18, 15]>>], 3, 15]"),
                     TROTH_VALID);
    assert_int_equal(scene->acts.invokes, 0);
    assert_int_equal(scene->acts.writes, 1);
    // The inner's second holds, and the rest of the outer's first is done.
    assert_int_equal(run(scene, "[15, [<<[15, [<<[14, 15]>>, <<[3, 15]>>], 23, 15]>>, <<[20, {18: "
                                "h'00'}, 18, 15]>>], 3, 15]"),
                     TROTH_VALID);
    assert_int_equal(scene->acts.invokes, 1);
    assert_int_equal(scene->acts.writes, 1);
}

static void alternatives_that_are_too_deep_refuse(void **state)
{
    assert_int_equal(judge(*state, "[15, [<<[15, [<<[3, 15]>>]]>>]]"), TROTH_VALID);
    assert_int_equal(judge(*state, "[15, [<<[15, [<<[15, [<<[3, 15]>>]]>>]]>>]]"), TROTH_TOO_LARGE);
}

static void in_the_shared_sequence_an_alternative_chooses_parameters(void **state)
{
    const char *shared = "[12, true, 20, {1: $V, 2: $C, -1: 5}, 1, 15, 2, 15, 12, 0, 15, [<<[20, "
                         "{5: 0}, 5, 15, 20, {-1: 8}]>>, <<[20, {5: 1}, 5, 15, 20, {-1: 9}]>>]]";
    struct scene *scene = *state;
    assert_int_equal(judge_shared(scene, shared), TROTH_VALID);
    assert_int_equal(scene->suit.components[0].counter, 8);
    scene->places[0].slot = 1;
    assert_int_equal(judge_shared(scene, shared), TROTH_VALID);
    assert_int_equal(scene->suit.components[0].counter, 9);
    scene->places[0].slot = 2;
    assert_int_equal(judge_shared(scene, shared), TROTH_CONDITION);
    // Vendor and class are looked for even where alternatives leave them out.
    assert_int_equal(judge_shared(scene, "[12, true, 20, {1: $V, 2: $C, -1: 5}, 1, 15, 15, [<<[14, "
                                         "15]>>, <<[3, 15]>>, <<[2, 15]>>]]"),
                     TROTH_UNKNOWN_COMMAND);
    assert_int_equal(judge_shared(scene, "[12, true, 20, {1: $V, 2: $C, -1: 5}, 1, 15, 15, [null, "
                                         "<<[2, 15]>>]]"),
                     TROTH_MALFORMED);
    assert_int_equal(judge_shared(scene, "[12, true, 20, {1: $V, 2: $C, -1: 5}, 1, 15, 12, 0, 15, "
                                         "[<<[20, {5: 2}, 5, 15]>>, <<[2, 15]>>]]"),
                     TROTH_MISSING);
}

// A later sequence begins with what the shared one says, not with what another left.
static void a_sequence_leaves_no_parameters_to_the_next(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_open_suit(scene, scene_manifest(", 7: <<[3, 15]>>, 20: <<[20, {3: "
                                                           "<<[-16, $X]>>}]>>")),
                     TROTH_MALFORMED);
    assert_int_equal(
        scene_open_suit(scene, scene_manifest(", 7: <<[3, 15]>>, 20: <<[20, {14: 1, 18: $I}]>>")),
        TROTH_VALID);
    memcpy(scene->contents[0], scene->image, SCENE_IMAGE_N);
    scene->n[0] = SCENE_IMAGE_N;
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_VALIDATE), TROTH_VALID);
    assert_int_equal(scene->suit.matched, 1);
    assert_int_equal(scene_open_suit(scene, scene_manifest(", 7: <<[18, 15]>>, 20: <<[20, {18: "
                                                           "$I}]>>")),
                     TROTH_MISSING);
}

#define BARE_COMMON "3: <<{2: [[h'00']], 4: <<[20, {1: $V, 2: $C, -1: 5}, 1, 15, 2, 15]>>}>>"

// Nor that an image matched: the next one has not looked.
static void what_matched_counts_for_its_own_sequence(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, " BARE_COMMON
                                            ", 7: <<[20, {3: <<[-16, $D]>>, 14: "
                                            "200}, 3, 15]>>, 8: <<[20, {5: 0}, 5, 15]>>}"),
                     TROTH_VALID);
    memcpy(scene->contents[0], scene->image, SCENE_IMAGE_N);
    scene->n[0] = SCENE_IMAGE_N;
    assert_int_equal(scene_run(scene, TROTH_SUIT_VALIDATE), TROTH_VALID);
    assert_int_equal(scene->suit.matched, 1);
    assert_int_equal(scene_run(scene, TROTH_SUIT_LOAD), TROTH_VALID);
    assert_int_equal(scene->suit.matched, 0);
}

// Without a size it is not known to be there, and is written anew.
static void what_is_written_again_has_to_match_again(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_open_suit(scene, "{1: 1, 2: 7, " BARE_COMMON ", 20: <<[20, {3: <<[-16, "
                                            "$D]>>, 18: $I}, 18, 15, 3, 15, 18, 15]>>}"),
                     TROTH_VALID);
    assert_int_equal(scene_run(scene, TROTH_SUIT_INSTALL), TROTH_VALID);
    assert_int_equal(scene->acts.writes, 2);
    assert_int_equal(scene->suit.matched, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_not_known_refuses_before_anything_is_done),
        CASE(what_one_alternative_sets_is_not_there_for_another),
        CASE(the_shared_sequence_does_nothing),
        CASE(with_two_components_one_is_chosen_first),
        CASE(fetched_written_and_copied),
        CASE(what_is_there_is_not_done_twice),
        CASE(after_a_cut_it_goes_on),
        CASE(a_half_written_image_is_written_again),
        CASE(what_the_device_cannot_do_is_told),
        CASE(content_that_is_not_the_image_is_not_written),
        CASE(an_image_of_another_size_or_digest_refuses),
        CASE(only_what_lies_there_at_the_end_matched),
        CASE(invoked_is_the_chosen_one),
        CASE(the_first_alternative_that_holds_is_done_alone),
        CASE(when_no_alternative_holds_it_fails),
        CASE(alternatives_stand_in_alternatives),
        CASE(alternatives_that_are_too_deep_refuse),
        CASE(in_the_shared_sequence_an_alternative_chooses_parameters),
        CASE(a_sequence_leaves_no_parameters_to_the_next),
        CASE(what_matched_counts_for_its_own_sequence),
        CASE(what_is_written_again_has_to_match_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
