#include <base/pairs.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    size_t n;
    char text[256];
};

static enum result note(void *context, const struct pair *pair, struct err *err)
{
    struct seen *seen = context;
    size_t at = strlen(seen->text);
    (void)err;
    seen->n++;
    snprintf(seen->text + at, sizeof seen->text - at, "%zu%s%.*s=%.*s ", pair->line,
             pair->is_inner ? "i" : ":", (int)pair->name.n, (const char *)pair->name.p,
             (int)pair->value.n, (const char *)pair->value.p);
    return OK;
}

static enum result read_text(const char *text, struct seen *seen, struct err *err)
{
    return pairs_read("p.yaml", bytes_of(text, strlen(text)), "effects", note, seen, err);
}

static void names_and_values_come_in_order_with_their_lines(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct err err = {0};
    const char *text = "# ours\nrenew-by: 90\neffects:\n  TD-25: quarantine\n  TD-06: 'none'\n"
                       "max-age: 400d\n";
    assert_int_equal(read_text(text, &seen, &err), OK);
    assert_string_equal(seen.text, "2:renew-by=90 4iTD-25=quarantine 5iTD-06=none 6:max-age=400d ");
    seen = (struct seen){0};
    assert_int_equal(read_text("{}", &seen, &err), OK);
    assert_int_equal(seen.n, 0);
    assert_int_equal(read_text("{\"a\": \"b\", \"effects\": {}}", &seen, &err), OK);
    assert_string_equal(seen.text, "1:a=b ");
}

static void what_is_wrong_is_named_with_its_line_and_nothing_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"", "p.yaml:1: empty"},
        {"a: b: c\n", "p.yaml:1: YAML syntax"},
        {"- a\n", "p.yaml:1: seen no mapping"},
        {"a: 1\nb: 2\na: 3\n", "p.yaml:3: a: seen twice"},
        {"effects:\n  a: 1\n  a: 1\n", "p.yaml:3: a: seen twice"},
        {"effects: {}\neffects: {}\n", "p.yaml:2: effects: seen twice"},
        {"a: 1\neffects: 2\n", "p.yaml:2: effects: seen no mapping"},
        {"a: 1\nb: [2]\n", "p.yaml:2: seen a list or a mapping, wanted a value"},
        {"a: 1\n? [b]\n: 2\n", "p.yaml:2: seen a list or a mapping, wanted a name"},
        {"a: 1\nb:\n", "p.yaml:2: seen a value of 0 octets"},
        {"a: 1\nb: \"x\\ty\"\n", "p.yaml:2: seen control characters"},
        {"a: 1\n---\nb: 1\n", "p.yaml:2: a second document"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct seen seen = {0};
        struct err err = {0};
        assert_int_equal(read_text(rows[i].text, &seen, &err), R_INVALID);
        assert_int_equal(err.code, E_POLICY_FILE);
        assert_memory_equal(err.text, rows[i].said, strlen(rows[i].said));
        assert_int_equal(seen.n, 0);
    }
}

static enum result refuse(void *context, const struct pair *pair, struct err *err)
{
    (void)context;
    return err_set(err, E_POLICY_FILE, "line %zu", pair->line);
}

static void who_takes_a_pair_may_refuse_it(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(pairs_read("p", bytes_text("\na: 1\n"), "effects", refuse, NULL, &err),
                     R_INVALID);
    assert_string_equal(err.text, "line 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_values_come_in_order_with_their_lines),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line_and_nothing_is_taken),
        cmocka_unit_test(who_takes_a_pair_may_refuse_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
