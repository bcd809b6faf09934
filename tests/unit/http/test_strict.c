/* The rules one by one, on heads laid out as the parser leaves them. The same rules over sockets:
 * test_smuggling.c. */
#include "strict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char memory[8192];

/* Lays "METHOD target VERSION|name:value|..." out as the parser does: delimiters become NUL. */
static void lay_out(enum surface surface, const char *text, struct strict_head *ret)
{
    char *at = memory;
    size_t method = strcspn(text, " "), line = strcspn(text, "|");
    const char *last = memrchr(text, ' ', line);
    size_t target = (size_t)(last - text) - method - 1;
    *ret = (struct strict_head){.surface = surface};
    memset(memory, 0, sizeof memory);
    memcpy(memory, text, line);
    ret->method = bytes_of(at, method);
    ret->target = bytes_of(at + method + 1, target);
    ret->version = bytes_of(at + method + target + 2, line - method - target - 2);
    at[method] = at[method + 1 + target] = '\0';
    at += line + 2;
    for (text += line; *text == '|'; text += 1 + strcspn(text + 1, "|")) {
        size_t n = strcspn(text + 1, "|"), name = strcspn(text + 1, ":");
        memcpy(at, text + 1, n);
        ret->headers[ret->headers_n++] =
            (struct strict_header){bytes_of(at, name), bytes_of(at + name + 1, n - name - 1)};
        at[name] = '\0';
        at += n + 2;
    }
    ret->whole = bytes_of(memory, (size_t)(at + 2 - memory));
}

static enum result check(enum surface surface, const char *text, struct strict_verdict *ret,
                         struct err *err)
{
    struct strict_head head;
    lay_out(surface, text, &head);
    return strict_check(&head, ret, err);
}

struct row {
    const char *head;
    const char *rule; /* NULL: good on the device surface */
};

#define HOST "|Host:a"

static const struct row rows[] = {
    {"GET / HTTP/1.1" HOST, NULL},
    {"GET / HTTP/1.0", NULL},
    {"HEAD /a/b/c HTTP/1.1" HOST "|Accept:*/*|User-Agent:x y (z)", NULL},
    {"OPTIONS /a HTTP/1.1" HOST, NULL},
    {"POST /a HTTP/1.1" HOST "|Content-Length:5 |Expect:100-Continue", NULL},
    {"GET /a/ HTTP/1.1" HOST, NULL},
    {"GET /a HTTP/1.1|Host:[::1]:8443", NULL},
    {"GET /a HTTP/1.1|Host:", NULL},
    {"GET /a HTTP/1.1" HOST "|X-Text:\xc3\xa4", NULL},
    {"TRACE / HTTP/1.1" HOST, "RFC 9110 9.1"},
    {"GET / HTTP/1.1", "RFC 9112 3.2"},
    {"GET / HTTP/1.1|Host:a b", "RFC 9110 7.2"},
    {"GET / HTTP/1.1|Host:a,b", "RFC 9110 7.2"},
    {"GET / HTTP/1.1" HOST HOST, "field Host"},
    {"GET / HTTP/0.9" HOST, "RFC 9112 2.3"},
    {"GET / http/1.1" HOST, "RFC 9112 2.3"},
    {"GET / HTTP/1.1" HOST "|A B:c", "RFC 9110 5.1"},
    {"GET / HTTP/1.1" HOST "|A\xc3\xa4:c", "RFC 9110 5.1"},
    {"GET / HTTP/1.1" HOST "|A:b\x7f", "RFC 9110 5.5"},
    {"GET / HTTP/1.1" HOST "|A:b\rc", "RFC 9110 5.5"},
    {"GET / HTTP/1.1" HOST "|Content-Length:", "RFC 9110 8.6"},
    {"GET / HTTP/1.1" HOST "|Content-Length:-1", "RFC 9110 8.6"},
    {"GET / HTTP/1.1" HOST "|Content-Length:0x10", "RFC 9110 8.6"},
    {"GET / HTTP/1.1" HOST "|Content-Length:1234567890123456789", "RFC 9110 8.6"},
    {"GET / HTTP/1.1" HOST "|Content-Length:5|CONTENT-LENGTH:5", "field Content-Length"},
    {"GET / HTTP/1.1" HOST "|Transfer-Encoding:chunked|Transfer-Encoding:chunked",
     "field Transfer-Encoding"},
    {"GET / HTTP/1.1" HOST "|Transfer-Encoding:identity", "RFC 9112 6.1"},
    {"GET / HTTP/1.1" HOST "|Transfer-Encoding:", "RFC 9112 6.1"},
    {"GET / HTTP/1.1" HOST "|Transfer-Encoding:chunked", "RFC 9112 6.1: saw"},
    {"GET / HTTP/1.0|Transfer-Encoding:chunked", "in HTTP/1.0"},
    {"GET / HTTP/1.1" HOST "|Expect:", "RFC 9110 10.1.1"},
    {"GET a HTTP/1.1" HOST, "RFC 9112 3.2.1"},
    {"GET * HTTP/1.1" HOST, "RFC 9112 3.2.1"},
    {"GET /a#b HTTP/1.1" HOST, "RFC 3986 3.3"},
    {"GET /\xc3\xa4 HTTP/1.1" HOST, "RFC 3986 3.3"},
    {"GET /a%20b HTTP/1.1" HOST, "RFC 3986 2.1"},
    {"GET /a%00 HTTP/1.1" HOST, "RFC 3986 2.1"},
    {"GET /a? HTTP/1.1" HOST, "RFC 3986 3.4"},
    {"GET // HTTP/1.1" HOST, "RFC 3986 3.3 and"},
    {"GET /a//b HTTP/1.1" HOST, "RFC 3986 3.3 and"},
    {"GET /./a HTTP/1.1" HOST, "RFC 3986 3.3 and"},
    {"GET /a/.. HTTP/1.1" HOST, "RFC 3986 3.3 and"},
};

static void each_rule_is_named_when_it_is_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct err err = {0};
        struct strict_verdict verdict;
        enum result result = check(SURFACE_DEVICE, rows[i].head, &verdict, &err);
        bool is_right = rows[i].rule == NULL
                            ? result == OK
                            : result != OK && strstr(err.text, rows[i].rule) != NULL;
        if (!is_right)
            print_message("%s: %s\n", rows[i].head, err.text);
        assert_true(is_right);
    }
}

static void a_verdict_has_path_and_length(void **state)
{
    (void)state;
    struct strict_verdict verdict;
    assert_int_equal(check(SURFACE_OPERATOR,
                           "POST /a/b?c=d HTTP/1.1" HOST "|Content-Length:999999999999999999",
                           &verdict, NULL),
                     OK);
    assert_true(bytes_equal(verdict.path, bytes_text("/a/b")));
    assert_true(verdict.has_length);
    assert_true(verdict.length == UINT64_C(999999999999999999));
    assert_int_equal(check(SURFACE_PLAIN, "GET /a HTTP/1.1" HOST, &verdict, NULL), OK);
    assert_false(verdict.has_length);
}

static void operators_may_escape_what_is_harmless(void **state)
{
    (void)state;
    static const char *const good[] = {"/a%20b", "/%C3%A4", "/a%2Bb?x=%00"};
    static const char *const bad[] = {"/%00", "/%1f", "/%2f", "/%2F..", "/%2e%2e",
                                      "/%25", "/%7f", "/%",   "/%4",    "/%zz"};
    char head[128];
    struct strict_verdict verdict;
    for (size_t i = 0; i < LENGTH_OF(good); i++) {
        snprintf(head, sizeof head, "GET %s HTTP/1.1" HOST, good[i]);
        assert_int_equal(check(SURFACE_OPERATOR, head, &verdict, NULL), OK);
        assert_int_equal(check(SURFACE_LOCAL, head, &verdict, NULL), OK);
        assert_int_not_equal(check(SURFACE_PLAIN, head, &verdict, NULL), OK);
    }
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        snprintf(head, sizeof head, "GET %s HTTP/1.1" HOST, bad[i]);
        assert_int_not_equal(check(SURFACE_OPERATOR, head, &verdict, NULL), OK);
    }
}

/* Whatever octet more or less stands between two pieces, the head has a seam. */
/* What stands behind /ocsp/ is base64 that somebody escaped, and no path: on the plain port alone.
 */
static void an_ocsp_request_in_a_path_may_have_escapes_and_slashes(void **state)
{
    (void)state;
    static const char *const good[] = {"/ocsp/MEUw%2FQ%3D%3d", "/ocsp/a//b/",
                                       "/ocsp/a+b=", "/ocsp/..", "/ocsp/%00"};
    static const char *const bad[] = {"/ocsp/a?b",     "/ocsp/\xc3\xa4", "/ocsp%2Fa", "/ocspa/%2F",
                                      "/crl/ocsp/%2F", "//ocsp/a",       "/ocsp/a#b"};
    char head[128];
    struct strict_verdict verdict;
    for (size_t i = 0; i < LENGTH_OF(good); i++) {
        snprintf(head, sizeof head, "GET %s HTTP/1.1" HOST, good[i]);
        assert_int_equal(check(SURFACE_PLAIN, head, &verdict, NULL), OK);
        assert_true(bytes_equal(verdict.path, bytes_of(good[i], strlen(good[i]))));
        bool is_plain_path = strcmp(good[i], "/ocsp/a+b=") == 0;
        assert_int_equal(check(SURFACE_DEVICE, head, &verdict, NULL) == OK, is_plain_path);
    }
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        snprintf(head, sizeof head, "GET %s HTTP/1.1" HOST, bad[i]);
        assert_int_not_equal(check(SURFACE_PLAIN, head, &verdict, NULL), OK);
    }
}

static void every_seam_is_seen(void **state)
{
    (void)state;
    struct strict_head good, head;
    struct strict_verdict verdict;
    lay_out(SURFACE_DEVICE, "GET /a HTTP/1.1" HOST "|Accept:b", &good);
    assert_int_equal(strict_check(&good, &verdict, NULL), OK);
    for (int by = -1; by <= 1; by += 2) {
        head = good;
        head.target.p += by;
        assert_int_not_equal(strict_check(&head, &verdict, NULL), OK);
        head = good;
        head.version.n -= by == 1 ? 0 : 1;
        head.whole.n += (size_t)by;
        assert_int_not_equal(strict_check(&head, &verdict, NULL), OK);
        for (size_t i = 0; i < good.headers_n; i++) {
            head = good;
            head.headers[i].name.p += by;
            assert_int_not_equal(strict_check(&head, &verdict, NULL), OK);
            head = good;
            head.headers[i].value.n += (size_t)by;
            assert_int_not_equal(strict_check(&head, &verdict, NULL), OK);
        }
    }
}

static void a_value_moved_elsewhere_is_seen(void **state)
{
    (void)state;
    struct strict_head head;
    struct strict_verdict verdict;
    lay_out(SURFACE_DEVICE, "GET /a HTTP/1.1" HOST "|Accept:b", &head);
    head.headers[1].name = bytes_text("Accept folded");
    assert_int_not_equal(strict_check(&head, &verdict, NULL), OK);
}

static void targets_have_a_limit(void **state)
{
    (void)state;
    char text[STRICT_TARGET_MAX + 64] = "GET /";
    struct strict_verdict verdict;
    struct err err = {0};
    memset(text + 5, 'a', STRICT_TARGET_MAX - 1);
    strcpy(text + 4 + STRICT_TARGET_MAX, " HTTP/1.1" HOST);
    assert_int_equal(check(SURFACE_DEVICE, text, &verdict, &err), OK);
    strcpy(text + 4 + STRICT_TARGET_MAX, "a HTTP/1.1" HOST);
    assert_int_equal(check(SURFACE_DEVICE, text, &verdict, &err), R_INVALID);
    assert_non_null(strstr(err.text, "2049"));
}

static void decoding_refuses_what_is_not_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } cases[] = {
        {"", ""},
        {"abc", "abc"},
        {"a%20b", "a b"},
        {"%C3%A4", "\xc3\xa4"},
        {"%c3", NULL},
        {"%00", NULL},
        {"a%0a", NULL},
        {"%7F", NULL},
        {"%", NULL},
        {"%2", NULL},
        {"%g0", NULL},
        {"\x01", NULL},
        {"%25%32%30", "%20"},
        {"%ff", NULL},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        uint8_t text[32];
        size_t n = strlen(cases[i].in);
        memcpy(text, cases[i].in, n);
        assert_int_equal(strict_decode(text, &n), cases[i].out != NULL);
        if (cases[i].out != NULL) {
            assert_int_equal(n, strlen(cases[i].out));
            assert_memory_equal(text, cases[i].out, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_named_when_it_is_broken),
        cmocka_unit_test(a_verdict_has_path_and_length),
        cmocka_unit_test(operators_may_escape_what_is_harmless),
        cmocka_unit_test(an_ocsp_request_in_a_path_may_have_escapes_and_slashes),
        cmocka_unit_test(every_seam_is_seen),
        cmocka_unit_test(a_value_moved_elsewhere_is_seen),
        cmocka_unit_test(targets_have_a_limit),
        cmocka_unit_test(decoding_refuses_what_is_not_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
