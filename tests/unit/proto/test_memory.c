/* The n-th allocation of an answer's JSON fails, ours or jansson's, for every n: there is no
 * document rather than half of one. */
#include <proto/api.h>
#include <proto/problem.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t left; /* allocations until one fails; 0 = none does */

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);

static bool fails(void)
{
    return left > 0 && --left == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

struct row {
    struct bytes name, der;
    int64_t at_s, n;
    uint32_t paints;
    uint8_t paint, lit;
    uint8_t hash[4];
};

static const char *colour(unsigned value)
{
    static const char *const words[] = {"none", "red", "green"};
    return value < LENGTH_OF(words) ? words[value] : NULL;
}

static const struct api_words colours = {1, 3, colour};

static const struct api_field row_fields[] = {
    API_FIELD("name", struct row, name, API_TEXT),
    API_FIELD("der", struct row, der, API_BASE64),
    API_FIELD("octets", struct row, der, API_HEX),
    API_FIELD("hash", struct row, hash, API_HASH),
    API_FIELD("at", struct row, at_s, API_TIME_OR_NULL),
    API_FIELD("n", struct row, n, API_NUMBER),
    API_FIELD("lit", struct row, lit, API_FLAG),
    API_FIELD("paint", struct row, paint, API_WORD, .words = &colours),
    API_FIELD("paints", struct row, paints, API_WORDS, .words = &colours),
};

/* Every way to write; NULL: the document did not even begin. */
static struct api_doc *make_doc(void)
{
    const struct row row = {
        .name = bytes_text("valve"),
        .der = bytes_text("\1\2\3"),
        .at_s = 1800000000,
        .n = 7,
        .paints = 6,
        .paint = 1,
        .lit = 1,
        .hash = {1, 2, 3, 4},
    };
    struct api_doc *doc = api_doc_new();
    if (doc == NULL)
        return NULL;
    api_list(doc, "items");
    for (int i = 0; i < 3; i++)
        api_add(doc, "items", API_SHAPE(row_fields), &row);
    api_put(doc, "section", API_SHAPE(row_fields), &row);
    api_add_text(doc, "reasons", bytes_text("\xff")); /* not UTF-8 */
    api_put_hex(doc, "section", "more", row.der);
    api_put_time(doc, NULL, "now", row.at_s);
    api_put_number(doc, NULL, "sum", 3);
    api_add_doc(doc, "docs", api_doc_new());
    api_put_next(doc, 99);
    return doc;
}

static enum result write_doc(struct blob *ret)
{
    struct err err = {0};
    CLEANUP(api_doc_freep) struct api_doc *doc = make_doc();
    if (doc == NULL)
        return R_MEMORY;
    enum result result = api_doc_write(doc, ret, &err);
    assert_true(result == OK || err.code == E_MEMORY);
    return result;
}

static void there_is_a_whole_document_or_none(void **state)
{
    (void)state;
    struct blob whole = {0};
    json_set_alloc_funcs(__wrap_malloc, free);
    api_start(7);
    assert_int_equal(write_doc(&whole), OK);
    int64_t n = 1;
    for (bool has_failed = true; has_failed; n++) {
        CLEANUP(blob_free) struct blob json = {0};
        left = n;
        enum result result = write_doc(&json);
        has_failed = left == 0;
        left = 0;
        if (result == OK && !bytes_equal(blob_bytes(&json), blob_bytes(&whole)))
            fail_msg("allocation %d: %.*s", (int)n, (int)json.n, (const char *)json.p);
        assert_true(has_failed || result == OK);
    }
    assert_true(n > 50); /* many did fail */
    blob_free(&whole);
}

static void a_problem_is_whole_or_none(void **state)
{
    (void)state;
    const struct problem problem = {
        .code = E_NOT_FOUND, .detail = "there is no valve", .request_id = "0123456789abcdef"};
    char *whole = problem_write_json(&problem);
    assert_non_null(whole);
    int64_t n = 1;
    for (bool has_failed = true; has_failed; n++) {
        left = n;
        char *json = problem_write_json(&problem);
        has_failed = left == 0;
        left = 0;
        if (json != NULL)
            assert_string_equal(json, whole);
        assert_true(has_failed || json != NULL);
        free(json);
    }
    assert_true(n > 10);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_a_whole_document_or_none),
        cmocka_unit_test(a_problem_is_whole_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
