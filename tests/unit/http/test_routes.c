/* Every row of the front's table, with every method, surface and form of its label. */
#include "routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
static const enum surface surfaces[] = {SURFACE_DEVICE, SURFACE_PLAIN, SURFACE_OPERATOR,
                                        SURFACE_LOCAL};

static enum result find(enum surface surface, const char *method, const char *path,
                        struct route_match *ret)
{
    return route_find(routes, surface, bytes_of(method, strlen(method)),
                      bytes_of(path, strlen(path)), ret, NULL);
}

/* A path that the pattern takes, with the optional part or without it. */
static void path_of(const char *pattern, bool has_option, char ret[128])
{
    char *out = ret;
    for (const char *p = pattern; *p != '\0';) {
        if (*p == '[') {
            if (has_option)
                out += sprintf(out, "/product-1");
            p = strchr(p, ']') + 1;
        } else if (*p == '{') {
            const char *end = strchr(p, '}');
            out += sprintf(out, end[-1] == '.' ? "one/two/three" : "one");
            p = end + 1;
        } else {
            *out++ = *p++;
        }
    }
    *out = '\0';
}

static void assert_row_answers(const struct route *row, const char *path)
{
    for (size_t s = 0; s < LENGTH_OF(surfaces); s++)
        for (size_t m = 0; m < LENGTH_OF(methods); m++) {
            struct route_match match = {0};
            enum result result = find(surfaces[s], methods[m], path, &match);
            bool is_method = strcmp(methods[m], row->method) == 0 ||
                             (strcmp(methods[m], "HEAD") == 0 && strcmp(row->method, "GET") == 0);
            if ((row->surfaces & surfaces[s]) == 0)
                assert_int_equal(result, R_NOT_FOUND);
            else if (is_method)
                assert_ptr_equal(match.route, row);
            else
                assert_non_null(strstr(match.allow, row->method));
            assert_int_equal(result == OK, is_method && (row->surfaces & surfaces[s]) != 0);
        }
}

static void every_row_answers_its_method_on_its_surface_and_no_other(void **state)
{
    (void)state;
    char path[128];
    for (const struct route *row = routes; row->path != NULL; row++) {
        path_of(row->path, false, path);
        assert_row_answers(row, path);
        path_of(row->path, true, path);
        assert_row_answers(row, path);
    }
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (const struct route *row = routes; row->path != NULL; row++) {
        assert_int_not_equal(row->surfaces, 0);
        assert_int_not_equal(row->need, NEED_NOBODY_PASSES);
        assert_non_null(row->handle);
        assert_int_equal(row->media_type != NULL, row->body_max > 0);
        assert_true(strcmp(row->method, "GET") != 0 || row->body_max == 0);
    }
}

static void a_front_has_no_route_of_an_operator(void **state)
{
    (void)state;
    for (const struct route *row = routes; row->path != NULL; row++)
        assert_int_equal(row->surfaces & (SURFACE_OPERATOR | SURFACE_LOCAL), 0);
}

static void a_table_without_rows_and_a_row_without_surface_refuse(void **state)
{
    (void)state;
    const struct route none[] = {{.method = "GET", .path = "/a"}, {0}};
    struct route_match match;
    assert_int_equal(
        route_find(none, SURFACE_DEVICE, bytes_text("GET"), bytes_text("/a"), &match, NULL),
        R_NOT_FOUND);
    assert_int_equal(
        route_find(none + 1, SURFACE_DEVICE, bytes_text("GET"), bytes_text("/a"), &match, NULL),
        R_NOT_FOUND);
}

static void parameters_are_found_where_they_stand(void **state)
{
    (void)state;
    struct route_match match = {0};
    assert_int_equal(find(SURFACE_DEVICE, "GET", "/.well-known/est/p.1-x/cacerts", &match), OK);
    assert_true(bytes_equal(match.parameters[0], bytes_text("p.1-x")));
    assert_int_equal(find(SURFACE_DEVICE, "GET", "/.well-known/est/cacerts", &match), OK);
    assert_int_equal(match.parameters[0].n, 0);
    assert_int_equal(find(SURFACE_PLAIN, "GET", "/tile/0/x001/234", &match), OK);
    assert_true(bytes_equal(match.parameters[0], bytes_text("0/x001/234")));
}

static void paths_that_only_look_like_a_row_do_not_match(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/.well-known/est",
        "/.well-known/est/",
        "/.well-known/est/cacerts/",
        "/.well-known/est/a/b/cacerts",
        "/.well-known/est//cacerts",
        "/.well-known/EST/cacerts",
        "/.well-known/est/a$b/cacerts",
        "/.well-known/est/cacertsx",
        "/.well-known/est/serverkeygen",
        "/.well-known/est/fullcmc",
        "",
    };
    struct route_match match;
    for (size_t i = 0; i < LENGTH_OF(paths); i++)
        assert_int_equal(find(SURFACE_DEVICE, "GET", paths[i], &match), R_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_answers_its_method_on_its_surface_and_no_other),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(a_front_has_no_route_of_an_operator),
        cmocka_unit_test(a_table_without_rows_and_a_row_without_surface_refuse),
        cmocka_unit_test(parameters_are_found_where_they_stand),
        cmocka_unit_test(paths_that_only_look_like_a_row_do_not_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
