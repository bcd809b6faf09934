#include <base/pack.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "pack: own\ntitle: T\nedition: '1'\n"
#define CONTROL "  - id: A\n    title: B\n    checks: [TD-01, TD-45]\n"

static enum result read_text(const char *text, struct pack *ret, struct err *err)
{
    return pack_read("own.yaml", bytes_of(text, strlen(text)), ret, err);
}

static void a_whole_pack_is_read(void **state)
{
    (void)state;
    CLEANUP(pack_free) struct pack pack = {0};
    struct err err = {0};
    const char *text = HEAD "source: https://x\nnote: n\ncontrols:\n" CONTROL
                            "  - {id: B, was: b, title: '\xc3\xa9', note: m, checks: []}\n";
    assert_int_equal(read_text(text, &pack, &err), OK);
    assert_string_equal(pack.name, "own");
    assert_string_equal(pack.edition, "1");
    assert_int_equal(pack.controls_n, 2);
    assert_int_equal(pack.controls[0].checks_n, 2);
    assert_int_equal(pack.controls[0].checks[0], 1);
    assert_int_equal(pack.controls[0].checks[1], 45);
    assert_string_equal(pack.controls[0].was, "");
    assert_string_equal(pack.controls[1].was, "b");
    assert_string_equal(pack.controls[1].title, "\xc3\xa9");
    assert_int_equal(pack.controls[1].checks_n, 0);
}

static void what_is_wrong_is_named_with_its_line_and_nothing_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"", "own.yaml:1: empty"},
        {"- a\n", "own.yaml:1: seen no mapping"},
        {"pack: own\n", "own.yaml:1: title is missing"},
        {HEAD, "own.yaml:1: controls is missing"},
        {HEAD "controls: []\n", "own.yaml:4: controls: seen 0, wanted 1 to 500"},
        {HEAD "controls:\n" CONTROL "note: &a [*a]\n", "own.yaml:8: note: seen a list"},
        {HEAD "? [a]\n: b\ncontrols:\n" CONTROL, "own.yaml:4: a key that a pack does not have"},
        {HEAD "controls:\n" CONTROL CONTROL, "own.yaml:8: id: \"A\" is there twice"},
        {HEAD "controls:\n  - id: A\n    title: B\n    checks: [TD-00]\n", "own.yaml:7: checks"},
        {HEAD "controls:\n  - id: A\n    title: B\n    checks: [TD-1]\n", "own.yaml:7: checks"},
        {HEAD "controls:\n  - id: A\n    title: B\n    checks: [[]]\n", "own.yaml:7: checks"},
        {HEAD "controls:\n  - A\n", "own.yaml:5: seen no mapping, wanted \"id\""},
        {HEAD "title: U\ncontrols:\n" CONTROL, "own.yaml:4: a key that is there twice: \"title\""},
        {"pack: O wn\ntitle: T\nedition: e\ncontrols:\n" CONTROL, "own.yaml:1: pack: seen"},
        {HEAD "controls:\n" CONTROL "---\na: b\n", "own.yaml:8: a second document"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct pack pack = {.controls_n = 77};
        struct err err = {0};
        assert_int_equal(read_text(rows[i].text, &pack, &err), R_INVALID);
        assert_int_equal(err.code, E_PACK);
        if (strncmp(err.text, rows[i].said, strlen(rows[i].said)) != 0)
            fail_msg("said: %s\nwanted: %s", err.text, rows[i].said);
        assert_int_equal(pack.controls_n, 77);
        assert_null(pack.controls);
    }
}

static void a_pack_has_a_largest_number_of_controls(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    for (int controls = PACK_CONTROLS_MAX; controls <= PACK_CONTROLS_MAX + 1; controls++) {
        CLEANUP(pack_free) struct pack pack = {0};
        struct err err = {0};
        FILE *to = open_memstream(&text, &n);
        fputs(HEAD "controls:\n", to);
        for (int i = 0; i < controls; i++)
            fprintf(to, "  - {id: A%d, title: B, checks: []}\n", i);
        fclose(to);
        assert_int_equal(read_text(text, &pack, &err),
                         controls == PACK_CONTROLS_MAX ? OK : R_INVALID);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_pack_is_read),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line_and_nothing_is_taken),
        cmocka_unit_test(a_pack_has_a_largest_number_of_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
