#include <base/limits.h>
#include <proto/import.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TAKEN_MAX 8

/* What a sink was given, as text. */
struct taken {
    size_t lines, faults;
    char line[TAKEN_MAX][128];
    uint32_t fault_line[TAKEN_MAX];
    char fault[TAKEN_MAX][ERR_TEXT_MAX];
    enum import_proof proof;
    size_t proof_n;
};

static enum result proof(void *context, enum import_proof kind, struct bytes field,
                         struct import_line *line, struct err *err)
{
    struct taken *taken = context;
    if (bytes_equal(field, bytes_text("bad")))
        return err_set(err, E_SYNTAX, "no key in it");
    taken->proof = kind;
    taken->proof_n = field.n;
    line->has_spki = true;
    return OK;
}

static enum result take(void *context, const struct import_line *line, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    assert_true(taken->lines < TAKEN_MAX);
    snprintf(taken->line[taken->lines++], sizeof taken->line[0], "%u %.*s/%.*s %.*s %.*s%s%s",
             line->line, (int)line->product.n, line->product.p, (int)line->serial_number.n,
             line->serial_number.p, (int)line->owner.n, line->owner.p, (int)line->batch.n,
             line->batch.p, line->hold ? " hold" : "", line->has_spki ? " key" : "");
    return OK;
}

static enum result fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    assert_true(taken->faults < TAKEN_MAX);
    taken->fault_line[taken->faults] = line;
    snprintf(taken->fault[taken->faults++], ERR_TEXT_MAX, "%s", why->text);
    return OK;
}

static enum result read_text(const char *csv, struct taken *taken, struct err *err)
{
    const struct import_sink sink = {taken, proof, take, fault};
    struct import_counts counts = {0};
    enum result result = import_read(bytes_of(csv, strlen(csv)), &sink, &counts, err);
    if (result == OK) {
        assert_int_equal(counts.rows, taken->lines + taken->faults);
        assert_int_equal(counts.faults, taken->faults);
    }
    return result;
}

/* The same of JSON with ' for ". */
static enum result read_quoted(const char *json, struct taken *taken, struct err *err)
{
    char text[512];
    assert_true(strlen(json) < sizeof text);
    for (size_t i = 0; i <= strlen(json); i++)
        text[i] = json[i] == '\'' ? '"' : json[i];
    return read_text(text, taken, err);
}

static void a_header_that_is_wrong_refuses_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *why;
    } cases[] = {
        {"", "empty"},
        {"\n\n", "empty"},
        {"serial\n1\n", "no column \"product\""},
        {"product,owner\np,o\n", "no column \"serial\""},
        {"product,serial,serial\np,1,2\n", "stands twice"},
        {"product,serial,colour\np,1,red\n", "unknown column \"colour\""},
        {"product,serial,\np,1,\n", "unknown column \"\""},
        {"product,\"serial\np,1\n", "header: seen"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct taken taken = {0};
        struct err err = {0};
        assert_int_equal(read_text(cases[i].csv, &taken, &err), R_INVALID);
        assert_non_null(strstr(err.text, cases[i].why));
        assert_int_equal(taken.lines, 0);
    }
}

static void a_bad_line_is_named_and_the_good_ones_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } cases[] = {
        {",1", "product: seen 0 octets"},
        {"p,", "serial: seen 0 octets"},
        {"p,s\xc3\xa4ge", "PrintableString"},
        {"p,a_b", "PrintableString"},
        {"p,a/b", "without a slash"},
        {"p,.", "without a slash"},
        {"p,..", "without a slash"},
        {"p,bell\x07", "without control characters"},
        {"p,\xff\xfe", "UTF-8"},
        {"p,1,,,,,,maybe", "hold: seen \"maybe\""},
        {"p,1,bad", "key: no key in it"},
        {"p,1,k,c", "seen key and csr"},
        {"p,1,,,,12", "spki: seen \"12\""},
        {"p,1,,,,,,,,too many", "more fields than the header's"},
        {"p,\"1\"2", "not CSV"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char csv[512];
        snprintf(
            csv, sizeof csv,
            "product,serial,key,csr,certificate,spki,owner,hold,batch\np,first\n\n%s\np,last\n",
            cases[i].line);
        struct taken taken = {0};
        struct err err = {0};
        assert_int_equal(read_text(csv, &taken, &err), OK);
        assert_int_equal(taken.lines, 2);
        assert_int_equal(taken.faults, 1);
        assert_int_equal(taken.fault_line[0], 4);
        assert_non_null(strstr(taken.fault[0], cases[i].why));
        assert_string_equal(taken.line[1], "5 p/last  ");
    }
}

static void a_device_named_twice_is_a_fault_that_names_the_first_line(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct err err = {0};
    assert_int_equal(read_text("serial,product\n1,p\n1,q\n1,p\n", &taken, &err), OK);
    assert_int_equal(taken.lines, 2);
    assert_int_equal(taken.fault_line[0], 4);
    assert_string_equal(taken.fault[0], "the same device as line 2");
}

static void a_quote_that_is_never_closed_is_a_fault_of_the_line_where_it_opens(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct err err = {0};
    assert_int_equal(read_text("product,serial\np,1\np,\"2\np,3\n", &taken, &err), OK);
    assert_int_equal(taken.lines, 1);
    assert_int_equal(taken.faults, 1);
    assert_int_equal(taken.fault_line[0], 3);
}

static void a_line_too_long_is_a_fault_and_reading_goes_on(void **state)
{
    (void)state;
    const size_t n = LIMIT_IMPORT_LINE + 100;
    const size_t at = strlen("product,serial\np,");
    char *csv = calloc(1, n + 100);
    memcpy(csv, "product,serial\np,", at);
    memset(csv + at, 'x', n);
    memcpy(csv + at + n, "\np,2\n", 6);
    struct taken taken = {0};
    struct err err = {0};
    assert_int_equal(read_text(csv, &taken, &err), OK);
    assert_int_equal(taken.lines, 1);
    assert_int_equal(taken.fault_line[0], 2);
    assert_string_equal(taken.line[0], "3 p/2  ");
    free(csv);
}

static enum result refuse(void *context, const struct import_line *line, struct err *err)
{
    (void)line;
    ++*(size_t *)context;
    return err_set(err, E_IO, "full");
}

static void objects_are_the_same_lines(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct err err = {0};
    const char *text =
        "\n{'serial': '1', 'product': 'p', 'owner': 'n\\u00f6rd'}\r\n\n"
        "{'product': 'p', 'serial': '2', 'hold': 'yes', 'key': '-\\n-', 'batch': 'b'}";
    assert_int_equal(read_quoted(text, &taken, &err), OK);
    assert_int_equal(taken.lines, 2);
    assert_string_equal(taken.line[0], "2 p/1 n\xc3\xb6rd ");
    assert_string_equal(taken.line[1], "4 p/2  b hold key");
    assert_int_equal(taken.proof, IMPORT_KEY);
    assert_int_equal(taken.proof_n, 3);
}

static void a_bad_object_is_named_and_the_good_ones_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *object, *why;
    } cases[] = {
        {"{'product': 'p'}", "serial: seen 0 octets"},
        {"{'product': 'p', 'serial': '1', 'colour': 'red'}", "unknown member \"colour\""},
        {"{'product': 'p', 'serial': 1}", "serial: seen a number, wanted text"},
        {"{'product': 'p', 'product': 'q', 'serial': '1'}", "not a JSON object"},
        {"{'product': 'p', 'serial': '1'", "not a JSON object"},
        {"{'product': 'p', 'serial': '1'} {}", "not a JSON object"},
        {"{'product': 'p', 'serial': '1\\u0000'}", "not a JSON object"},
        {"[{'product': 'p'}]", "not a JSON object"},
        {"p,1", "not a JSON object"},
        {"{'product': 'p', 'serial': 'a/b'}", "without a slash"},
        {"{'product': 'p', 'serial': '0'}", "line 1"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char text[512];
        struct taken taken = {0};
        struct err err = {0};
        snprintf(text, sizeof text,
                 "{'product': 'p', 'serial': '0'}\n%s\n{'product': 'p', 'serial': '9'}\n",
                 cases[i].object);
        assert_int_equal(read_quoted(text, &taken, &err), OK);
        assert_int_equal(taken.lines, 2);
        assert_int_equal(taken.faults, 1);
        assert_int_equal(taken.fault_line[0], 2);
        if (strstr(taken.fault[0], cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].object, taken.fault[0]);
    }
}

static void an_object_too_long_is_a_fault_and_reading_goes_on(void **state)
{
    (void)state;
    static char text[LIMIT_IMPORT_LINE + 128];
    struct taken taken = {0};
    struct err err = {0};
    snprintf(text, sizeof text, "{%*s}\n{\"product\": \"p\", \"serial\": \"1\"}", LIMIT_IMPORT_LINE,
             "");
    assert_int_equal(read_text(text, &taken, &err), OK);
    assert_int_equal(taken.lines, 1);
    assert_int_equal(taken.fault_line[0], 1);
    assert_non_null(strstr(taken.fault[0], "longer than 16384 octets"));
}

static void a_failing_sink_ends_the_reading(void **state)
{
    (void)state;
    size_t calls = 0;
    const struct import_sink sink = {&calls, proof, refuse, fault};
    struct import_counts counts = {0};
    struct err err = {0};
    assert_int_equal(import_read(bytes_text("product,serial\np,1\np,2\n"), &sink, &counts, &err),
                     R_IO);
    assert_int_equal(calls, 1);
}

static void every_end_of_line_is_read(void **state)
{
    (void)state;
    static const char *const files[] = {
        "product,serial\np,1\np,2\n",
        "product,serial\r\np,1\r\np,2\r\n",
        "product,serial\rp,1\rp,2\r",
        "product,serial\np,1\np,2",
        "\xef\xbb\xbfproduct,serial\np,1\np,2\n",
    };
    for (size_t i = 0; i < LENGTH_OF(files); i++) {
        struct taken taken = {0};
        struct err err = {0};
        assert_int_equal(read_text(files[i], &taken, &err), OK);
        assert_int_equal(taken.lines, 2);
        assert_string_equal(taken.line[0], "2 p/1  ");
        assert_string_equal(taken.line[1], "3 p/2  ");
    }
}

static void a_key_in_pem_keeps_its_line_breaks_and_lines_are_counted_on(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct err err = {0};
    const char *csv = "product,serial,key,owner,batch,hold\n"
                      "p,1,\"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n\","
                      "acme,b1,yes\n"
                      "p,2,,\"ac, me\",,no\n";
    assert_int_equal(read_text(csv, &taken, &err), OK);
    assert_string_equal(taken.line[0], "2 p/1 acme b1 hold key");
    assert_string_equal(taken.line[1], "6 p/2 ac, me ");
    assert_int_equal(taken.proof, IMPORT_KEY);
    assert_int_equal(taken.proof_n, strlen("-----BEGIN PUBLIC KEY-----\nAAAA\n"
                                           "-----END PUBLIC KEY-----\n"));
}

static enum result take_replaces(void *context, const struct import_line *line, struct err *err)
{
    (void)err;
    char *text = context;
    snprintf(text, 64, "%.*s", (int)line->replaces.n, line->replaces.p);
    return OK;
}

static void whom_a_device_replaces_is_read_as_a_serial_number(void **state)
{
    (void)state;
    char text[64] = "";
    struct taken taken = {0};
    struct err err = {0};
    struct import_counts counts = {0};
    const struct import_sink sink = {text, NULL, take_replaces, fault};
    assert_int_equal(
        import_read(bytes_text("product,serial,replaces\np,2,SN 1\n"), &sink, &counts, &err), OK);
    assert_string_equal(text, "SN 1");
    assert_int_equal(read_text("product,serial,replaces\np,2,a/b\np,3,\np,4,a_b\n", &taken, &err),
                     OK);
    assert_int_equal(taken.lines, 1); /* an empty one is none */
    assert_non_null(strstr(taken.fault[0], "replaces: seen \"a/b\""));
    assert_non_null(strstr(taken.fault[1], "replaces: seen \"a_b\""));
}

static void a_hash_of_a_key_is_read(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct err err = {0};
    const char *csv = "spki,serial,product\n"
                      "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF,S 1:2,p\n";
    assert_int_equal(read_text(csv, &taken, &err), OK);
    assert_string_equal(taken.line[0], "2 p/S 1:2   key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_that_is_wrong_refuses_the_file),
        cmocka_unit_test(a_bad_line_is_named_and_the_good_ones_are_kept),
        cmocka_unit_test(a_device_named_twice_is_a_fault_that_names_the_first_line),
        cmocka_unit_test(a_quote_that_is_never_closed_is_a_fault_of_the_line_where_it_opens),
        cmocka_unit_test(a_line_too_long_is_a_fault_and_reading_goes_on),
        cmocka_unit_test(objects_are_the_same_lines),
        cmocka_unit_test(a_bad_object_is_named_and_the_good_ones_are_kept),
        cmocka_unit_test(an_object_too_long_is_a_fault_and_reading_goes_on),
        cmocka_unit_test(a_failing_sink_ends_the_reading),
        cmocka_unit_test(every_end_of_line_is_read),
        cmocka_unit_test(a_key_in_pem_keeps_its_line_breaks_and_lines_are_counted_on),
        cmocka_unit_test(whom_a_device_replaces_is_read_as_a_serial_number),
        cmocka_unit_test(a_hash_of_a_key_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
