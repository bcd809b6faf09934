// Patterns: which may stand in a binding, and which topics and paths they have.
#include "fixture.h"

#include <wire/pattern.h>

static struct bytes text(const char *literal)
{
    return bytes_of(literal, strlen(literal));
}

static const struct pattern_names pump = {BYTES_TEXT_INIT("SN-1"), BYTES_TEXT_INIT("pump"),
                                          BYTES_TEXT_INIT("works")};

static void patterns_that_mean_two_things_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        unsigned actions;
        const char *rule;
    } bad[] = {
        {"a", 0, "actions"},
        {"a", 16, "actions"},
        {"a", PATTERN_CONNECT, "connect alone"},
        {"/a", PATTERN_REQUEST | PATTERN_PUBLISH, "not of both"},
        {"", PATTERN_PUBLISH, "1 to 256"},
        {"", PATTERN_REQUEST | PATTERN_CONNECT, "1 to 256"},
        {"a\nb", PATTERN_PUBLISH, "control"},
        {"a\xff", PATTERN_PUBLISH, "UTF-8"},
        {"a/%serial%", PATTERN_PUBLISH, "no other %"},
        {"/a%20b", PATTERN_REQUEST, "no other %"},
        {"a/#/b", PATTERN_SUBSCRIBE, "4.7.1"},
        {"a/b#", PATTERN_SUBSCRIBE, "4.7.1"},
        {"a/b+/c", PATTERN_SUBSCRIBE, "4.7.1"},
        {"a", PATTERN_REQUEST, "path from /"},
        {"/a//b", PATTERN_REQUEST, "path from /"},
        {"/a/../b", PATTERN_REQUEST, "path from /"},
        {"/a?b", PATTERN_REQUEST, "path from /"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *why = NULL;
        if (pattern_is_fit(text(bad[i].pattern), bad[i].actions, &why))
            fail_msg("%s was taken", bad[i].pattern);
        assert_why(why, bad[i].rule);
    }
    const char *why = NULL;
    assert_true(pattern_is_fit(text(""), PATTERN_CONNECT, &why));
    assert_true(pattern_is_fit(text("/%product%/x-%device%/"), PATTERN_REQUEST, &why));
    assert_true(pattern_is_fit(text("+/%device%/#"), 7, &why));
}

struct row {
    const char *pattern, *resource;
    bool has;
};

static void check_topics(const struct row *rows, size_t n, bool is_filter)
{
    for (size_t i = 0; i < n; i++)
        if (pattern_has_topic(text(rows[i].pattern), &pump, text(rows[i].resource), is_filter) !=
            rows[i].has)
            fail_msg("%s of %s is %s", rows[i].resource, rows[i].pattern,
                     rows[i].has ? "refused" : "taken");
}

static void topics_are_those_of_MQTT_5_section_4_7(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"sport/tennis/#", "sport/tennis", true},
        {"sport/tennis/#", "sport/tennis/a/b", true},
        {"sport/tennis/#", "sport/tennis2", false},
        {"sport/+", "sport", false},
        {"sport/+", "sport/", true},
        {"sport/+", "sport/a/b", false},
        {"+/+", "/finance", true},
        {"/+", "/finance", true},
        {"+", "/finance", false},
        {"#", "a", true},
        {"#", "$SYS/a", false},
        {"+/monitor/Clients", "$SYS/monitor/Clients", false},
        {"$SYS/#", "$SYS/a", true},
        {"a/%device%/up", "a/SN-1/up", true},
        {"a/%device%/up", "a/SN-2/up", false},
        {"a/%device%/up", "a/SN-1x/up", false},
        {"%product%.%device%/%owner%", "pump.SN-1/works", true},
        {"%product%.%device%/%owner%", "pump.SN-1/work", false},
        {"a/b", "a", false},
        {"a", "a/b", false},
        {"a", "", false},
        {"a/#", "a/+", false},
        {"a/#", "a/#", false},
    };
    check_topics(rows, sizeof rows / sizeof rows[0], false);
}

static void a_filter_is_taken_where_all_of_it_is(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a/#", "a/#", true},
        {"a/#", "a/+/c", true},
        {"a/#", "a", true},
        {"a/#", "#", false},
        {"a/+", "a/#", false},
        {"a/+", "a/+", true},
        {"a/+/c", "a/b/c", true},
        {"a/b", "a/+", false},
        {"#", "$SYS/#", false},
        {"#", "+/a", true},
        {"a/%device%/#", "a/+/x", false},
        {"a/%device%/#", "a/SN-1/#", true},
        {"#", "a/#/b", false},
        {"#", "a+", false},
        {"+/+", "+/#", false},
    };
    check_topics(rows, sizeof rows / sizeof rows[0], true);
}

static void a_wildcard_beside_no_name_of_the_device_is_wide(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"#", "", true},
        {"up/+/a", "", true},
        {"%owner%/%product%/#", "", true},
        {"up/SN-1/#", "", true},
        {"up/SN-10/#", "SN-1", true},
        {"up/SN-1/#", "SN-1", false},
        {"up/%device%/#", "", false},
        {"+/x-%device%", "", false},
        {"up/a", "", false},
        {"%product%", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (pattern_is_wide(text(rows[i].pattern), text(rows[i].resource)) != rows[i].has)
            fail_msg("%s for \"%s\"", rows[i].pattern, rows[i].resource);
}

static void a_device_named_by_a_wildcard_has_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "#", "+", "a/b", "$SYS", "a\n", "x#"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pattern_names names = {text(bad[i]), text("pump"), text("")};
        char topic[16];
        snprintf(topic, sizeof topic, "a/%s", bad[i]);
        assert_false(pattern_has_topic(text("a/%device%"), &names, text(topic), false));
        assert_false(pattern_has_topic(text("a/%device%"), &names, text(topic), true));
        assert_false(pattern_has_topic(text("a/%device%"), &names, text("a/SN-1"), false));
        assert_false(pattern_has_topic(text("%device%/#"), &names, text("$SYS/a"), false));
        snprintf(topic, sizeof topic, "/a/%s", bad[i]);
        assert_false(pattern_has_path(text("/a/%device%"), &names, text(topic)));
    }
}

static void paths_go_by_segments(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"/a", "/a", true},
        {"/a", "/a/", true},
        {"/a", "/a/b", true},
        {"/a", "/ab", false},
        {"/a", "/", false},
        {"/a/", "/a", false},
        {"/a/", "/a/b", true},
        {"/", "/", true},
        {"/", "/x/y", true},
        {"/", "x", false},
        {"/d/%device%", "/d/SN-1/x?q=/../", true},
        {"/d/%device%", "/d/SN-2", false},
        {"/d/%device%", "/d/SN-1/../SN-2", false},
        {"/d/%device%", "/d/SN-1/..;a/SN-2", false},
        {"/d/%device%", "/d/SN-1/%2e%2E/SN-2", false},
        {"/d/%device%", "/d/SN-1/%2f", false},
        {"/d/%device%", "/d/SN-1/%5C", false},
        {"/d/%device%", "/d/SN-1/%252e", false},
        {"/d/%device%", "/d/SN-1/%00", false},
        {"/d/%device%", "/d/SN-1/%2", false},
        {"/d/%device%", "/d/SN-1/%zz", false},
        {"/d/%device%", "/d/SN-1/%20b", true},
        {"/d/%device%", "/d//SN-1", false},
        {"/d/%device%", "/d/SN-1/a\\..", false},
        {"/d/%device%", "/d/SN-1/a#", false},
        {"/d/%device%", "/d/SN-1/.../a.b", true},
        {"/d/%device%", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (pattern_has_path(text(rows[i].pattern), &pump, text(rows[i].resource)) != rows[i].has)
            fail_msg("%s of %s is %s", rows[i].resource, rows[i].pattern,
                     rows[i].has ? "refused" : "taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_that_mean_two_things_are_refused),
        cmocka_unit_test(topics_are_those_of_MQTT_5_section_4_7),
        cmocka_unit_test(a_filter_is_taken_where_all_of_it_is),
        cmocka_unit_test(a_wildcard_beside_no_name_of_the_device_is_wide),
        cmocka_unit_test(a_device_named_by_a_wildcard_has_nothing),
        cmocka_unit_test(paths_go_by_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
