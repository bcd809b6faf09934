#include <proto/api.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *colour_word(unsigned value)
{
    static const char *const words[] = {"none", "red", "green", "blue"};
    return value < LENGTH_OF(words) ? words[value] : NULL;
}

static const struct api_words colours = {1, 4, colour_word};

struct thing {
    struct bytes name, pem;
    int64_t ttl_s;
    uint32_t many, paints;
    uint8_t few, lit, paint;
    uint8_t hash[4];
    uint64_t entry;
    struct api_pairs pairs;
};

static const struct api_field thing_fields[] = {
    API_FIELD("name", struct thing, name, API_TEXT, .required = true, .min = 1, .max = 8),
    API_FIELD("pem", struct thing, pem, API_LINES, .max = 100),
    API_FIELD("ttl_s", struct thing, ttl_s, API_NUMBER, .min = 60, .max = 3600),
    API_FIELD("many", struct thing, many, API_NUMBER, .max = 1000000),
    API_FIELD("few", struct thing, few, API_NUMBER, .max = 9),
    API_FIELD("lit", struct thing, lit, API_FLAG),
    API_FIELD("paint", struct thing, paint, API_WORD, .words = &colours),
    API_FIELD("paints", struct thing, paints, API_WORDS, .words = &colours, .min = 1),
    API_FIELD("pairs", struct thing, pairs, API_PAIRS, .min = 1, .max = 4),
};

static const struct api_field shown_fields[] = {
    API_FIELD("name", struct thing, name, API_TEXT),
    API_FIELD("octets", struct thing, name, API_HEX),
    API_FIELD("raw", struct thing, name, API_BASE64),
    API_FIELD("hash", struct thing, hash, API_HASH),
    API_FIELD("at", struct thing, ttl_s, API_TIME_OR_NULL),
    API_FIELD("many", struct thing, many, API_NUMBER),
    API_FIELD("entry", struct thing, entry, API_NUMBER),
    API_FIELD("lit", struct thing, lit, API_FLAG),
    API_FIELD("paint", struct thing, paint, API_WORD, .words = &colours),
    API_FIELD("paints", struct thing, paints, API_WORDS, .words = &colours),
};

static enum result read_thing(const char *json, struct thing *thing, struct api_body **owner,
                              struct err *err)
{
    return api_read(bytes_of(json, strlen(json)), API_SHAPE(thing_fields), thing, owner, err);
}

static void what_breaks_the_shape_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *json, *why;
    } cases[] = {
        {"", "member \"name\" is missing"},
        {"{}", "member \"name\" is missing"},
        {"[]", "seen an array, wanted a JSON object"},
        {"{\"name\":", "line 1"},
        {"{\"name\":\"a\"} x", "line 1"},
        {"{\"name\":\"a\",\"name\":\"b\"}", "duplicate"},
        {"{\"name\":\"a\",\"colour\":1}", "unknown member \"colour\""},
        {"{\"name\":7}", "name: seen a number, wanted text"},
        {"{\"name\":null}", "name: seen null, wanted text"},
        {"{\"name\":\"\"}", "name: seen 0 octets, wanted 1 to 8"},
        {"{\"name\":\"123456789\"}", "name: seen 9 octets, wanted 1 to 8"},
        {"{\"name\":\"a\\nb\"}", "without control characters"},
        {"{\"name\":\"a\\u0000b\"}", "line 1"},
        {"{\"name\":\"\xff\"}", "line 1"},
        {"{\"name\":\"a\",\"pem\":\"a\\tb\"}", "pem: seen"},
        {"{\"name\":\"a\",\"ttl_s\":59}", "ttl_s: seen 59, wanted 60 to 3600"},
        {"{\"name\":\"a\",\"ttl_s\":60.0}", "ttl_s: seen a fraction, wanted a whole number"},
        {"{\"name\":\"a\",\"ttl_s\":\"60\"}", "ttl_s: seen text"},
        {"{\"name\":\"a\",\"few\":256}", "few: seen 256, wanted 0 to 9"},
        {"{\"name\":\"a\",\"lit\":1}", "lit: seen a number, wanted true or false"},
        {"{\"name\":\"a\",\"paint\":\"none\"}", "wanted one of red, green, blue"},
        {"{\"name\":\"a\",\"paints\":\"red\"}", "paints: seen text, wanted an array of words"},
        {"{\"name\":\"a\",\"paints\":[\"red\",\"pink\"]}", "paints: seen \"pink\""},
        {"{\"name\":\"a\",\"paints\":[]}", "wanted at least one of"},
        {"{\"name\":\"a\",\"pairs\":[]}", "pairs: seen an array, wanted an object of texts"},
        {"{\"name\":\"a\",\"pairs\":{\"x\":1}}", "x: pairs: seen a number, wanted text"},
        {"{\"name\":\"a\",\"pairs\":{\"x\":\"\"}}", "x: pairs: seen 0 octets, wanted 1 to 4"},
        {"{\"name\":\"a\",\"pairs\":{\"x\":\"12345\"}}", "x: pairs: seen 5 octets"},
        {"{\"name\":\"a\",\"pairs\":{\"x\":\"1\",\"x\":\"2\"}}", "duplicate"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct thing thing = {0};
        struct err err = {0};
        struct api_body *owner = NULL;
        assert_int_equal(read_thing(cases[i].json, &thing, &owner, &err), R_INVALID);
        assert_int_equal(err.code, E_SYNTAX);
        assert_non_null(strstr(err.text, cases[i].why));
        assert_null(owner);
    }
}

static void depth_without_end_is_refused(void **state)
{
    (void)state;
    static char deep[60000];
    memset(deep, '[', sizeof deep - 1);
    struct thing thing = {0};
    struct err err = {0};
    struct api_body *owner = NULL;
    assert_int_equal(read_thing(deep, &thing, &owner, &err), R_INVALID);
}

static enum result note_pair(void *to, struct bytes name, struct bytes text, struct err *err)
{
    (void)err;
    strncat(to, (const char *)name.p, name.n);
    strncat(to, (const char *)text.p, text.n);
    return name.n == 1 ? OK : R_INVALID;
}

static void texts_of_an_object_come_in_order(void **state)
{
    (void)state;
    struct thing thing = {0};
    struct err err = {0};
    char seen[32] = "";
    CLEANUP(api_body_freep) struct api_body *owner = NULL;
    assert_int_equal(api_pairs_walk(thing.pairs, note_pair, seen, &err), OK);
    assert_int_equal(
        read_thing("{\"name\":\"a\",\"pairs\":{\"z\":\"1\",\"a\":\"2\",\"cc\":\"3\",\"d\":\"4\"}}",
                   &thing, &owner, &err),
        OK);
    assert_int_equal(api_pairs_walk(thing.pairs, note_pair, seen, &err), R_INVALID);
    assert_string_equal(seen, "z1a2cc3");
}

static void every_kind_is_read_and_absent_members_keep_their_default(void **state)
{
    (void)state;
    struct thing thing = {.ttl_s = 77, .few = 3};
    struct err err = {0};
    CLEANUP(api_body_freep) struct api_body *owner = NULL;
    assert_int_equal(read_thing("{\"name\":\"a\",\"pem\":\"x\\ny\",\"many\":70000,\"lit\":true,"
                                "\"paint\":\"blue\",\"paints\":[\"red\",\"blue\"]}",
                                &thing, &owner, &err),
                     OK);
    assert_memory_equal(thing.name.p, "a", thing.name.n);
    assert_int_equal(thing.pem.n, 3);
    assert_int_equal(thing.ttl_s, 77);
    assert_int_equal(thing.many, 70000);
    assert_int_equal(thing.few, 3);
    assert_int_equal(thing.lit, 1);
    assert_int_equal(thing.paint, 3);
    assert_int_equal(thing.paints, 1 << 1 | 1 << 3);
}

static void a_number_in_a_query_is_digits_within_its_range(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "-1",  "+1",   "1 ",
                                      "0x1", "1e3", "1001", "9999999999999999999"};
    int64_t number = 5;
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_int_equal(
            api_read_number("limit", bytes_of(bad[i], strlen(bad[i])), 0, 1000, &number, NULL),
            R_INVALID);
    assert_int_equal(number, 5);
    assert_int_equal(api_read_number("limit", bytes_text("1000"), 0, 1000, &number, NULL), OK);
    assert_int_equal(number, 1000);
}

static void written_members_are_those_of_the_shape(void **state)
{
    (void)state;
    CLEANUP(api_doc_freep) struct api_doc *doc = api_doc_new();
    const struct thing thing = {.name = bytes_text("ab\"c"),
                                .many = 4000000000,
                                .entry = 1ull << 40,
                                .paint = 2,
                                .paints = 1 << 1,
                                .hash = {1, 2, 3, 255},
                                .ttl_s = 1};
    const struct thing none = {.name = bytes_text("\xff"), .paint = 9};
    api_add(doc, "items", API_SHAPE(shown_fields), &thing);
    api_add(doc, "items", API_SHAPE(shown_fields), &none);
    api_put_next(doc, 12);
    CLEANUP(blob_free) struct blob json = {0};
    assert_int_equal(api_doc_write(doc, &json, NULL), OK);
    assert_string_equal(
        json.p,
        "{\"items\":[{\"name\":\"ab\\\"c\",\"octets\":\"61622263\",\"raw\":\"YWIiYw==\","
        "\"hash\":\"010203ff\",\"at\":\"1970-01-01T00:00:01Z\",\"many\":4000000000,"
        "\"entry\":1099511627776,\"lit\":false,\"paint\":\"green\",\"paints\":[\"red\"]},"
        "{\"name\":\"\\\\xff\",\"octets\":\"ff\",\"raw\":\"/"
        "w==\",\"hash\":\"00000000\",\"at\":null,"
        "\"many\":0,\"entry\":0,\"lit\":false,\"paint\":null,\"paints\":[]}],\"next\":\"12\"}");
}

static void sections_and_single_members_stand_where_they_were_put(void **state)
{
    (void)state;
    CLEANUP(api_doc_freep) struct api_doc *doc = api_doc_new();
    api_list(doc, "items");
    api_section(doc, "empty");
    api_put_number(doc, "counts", "a", 1);
    api_put_text(doc, NULL, "b", bytes_text("x"));
    api_put_flag(doc, "c", true);
    api_put_time(doc, NULL, "d", 0);
    api_put_next(doc, 0);
    CLEANUP(blob_free) struct blob json = {0};
    assert_int_equal(api_doc_write(doc, &json, NULL), OK);
    assert_string_equal(json.p, "{\"items\":[],\"empty\":{},\"counts\":{\"a\":1},\"b\":\"x\","
                                "\"c\":true,\"d\":null,\"next\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_the_shape_is_refused_by_name),
        cmocka_unit_test(depth_without_end_is_refused),
        cmocka_unit_test(texts_of_an_object_come_in_order),
        cmocka_unit_test(every_kind_is_read_and_absent_members_keep_their_default),
        cmocka_unit_test(a_number_in_a_query_is_digits_within_its_range),
        cmocka_unit_test(written_members_are_those_of_the_shape),
        cmocka_unit_test(sections_and_single_members_stand_where_they_were_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
