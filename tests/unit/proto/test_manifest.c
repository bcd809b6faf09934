/* Manifests of secure elements; how an entry is signed says tests/scenario/test_39_manifests.py. */
#include <proto/manifest.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TAKEN_MAX 8
#define HEAD "{\"alg\":\"ES256\",\"kid\":\"AAEC\"}"
#define COORDINATE "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA" /* 1, 2, ... 32 */
#define KEY                                                                                        \
    "{\"kid\":\"0\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" COORDINATE "\",\"y\":\"" COORDINATE \
    "\""
#define ELEMENT(id, more) "{\"version\":1,\"uniqueId\":\"" id "\"" more "}"

/* What a sink was given. */
struct taken {
    bool refuses; /* no signature is good */
    size_t verified, keys, lines, faults;
    char line[TAKEN_MAX][96];
    uint32_t fault_line[TAKEN_MAX];
    enum code code[TAKEN_MAX];
    char fault[TAKEN_MAX][ERR_TEXT_MAX];
    char input[1024], kid[8];
    struct bytes spki;
    size_t chain_n, first_n;
};

static enum result verify(void *context, const struct manifest_signature *signature,
                          struct import_line *line, struct err *err)
{
    struct taken *taken = context;
    taken->verified++;
    assert_int_equal(signature->signature.n, MANIFEST_SIGNATURE_N);
    snprintf(taken->input, sizeof taken->input, "%.*s", (int)signature->input.n,
             signature->input.p);
    snprintf(taken->kid, sizeof taken->kid, "%zu", signature->kid.n);
    if (taken->refuses)
        return err_set(err, E_MANIFEST_SIGNER, "nobody");
    line->signer = 7;
    return OK;
}

static enum result key(void *context, const struct manifest_key *key, struct import_line *line,
                       struct err *err)
{
    (void)err;
    struct taken *taken = context;
    struct x509_key read;
    const char *why = NULL;
    taken->keys++;
    assert_true(x509_read_spki(key->spki, &read, &why));
    assert_int_equal(read.alg, X509_KEY_P256);
    assert_int_equal(key->spki.n, MANIFEST_SPKI_N);
    assert_int_equal(read.point.p[1], 1);
    assert_int_equal(read.point.p[64], 32);
    taken->chain_n = key->chain_n;
    taken->first_n = key->chain[0].n;
    line->has_spki = true;
    return OK;
}

static enum result take(void *context, const struct import_line *line, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    assert_true(taken->lines < TAKEN_MAX);
    assert_int_equal(line->signer, 7);
    snprintf(taken->line[taken->lines++], sizeof taken->line[0], "%u %.*s/%.*s %.*s%s%s",
             line->line, (int)line->product.n, line->product.p, (int)line->serial_number.n,
             line->serial_number.p, (int)line->batch.n, line->batch.p, line->hold ? " hold" : "",
             line->has_spki ? " key" : "");
    return OK;
}

static enum result fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    assert_true(taken->faults < TAKEN_MAX);
    taken->fault_line[taken->faults] = line;
    taken->code[taken->faults] = why->code;
    snprintf(taken->fault[taken->faults++], ERR_TEXT_MAX, "%s", why->text);
    return OK;
}

static enum result read_text(const char *text, struct taken *taken, struct err *err)
{
    const struct manifest_sink sink = {taken, verify, key, take, fault};
    const struct manifest_terms terms = {bytes_text("p"), bytes_text(""), true};
    struct import_counts counts = {0};
    enum result result = manifest_read(bytes_of(text, strlen(text)), &terms, &sink, &counts, err);
    if (result == OK) {
        assert_int_equal(counts.rows, taken->lines + taken->faults);
        assert_int_equal(counts.faults, taken->faults);
    }
    return result;
}

/* ---- entries as a maker writes them -----------------------------------------------------------
 */

struct text {
    char text[2048];
};

static struct text url(const char *plain)
{
    struct text text = {""};
    struct buf to = buf_over((uint8_t *)text.text, sizeof text.text - 1);
    b64url_encode(&to, bytes_of(plain, strlen(plain)));
    assert_true(buf_ok(&to));
    return text;
}

static struct text entry_of(const char *head, const char *element)
{
    struct text text;
    char signature[2 * MANIFEST_SIGNATURE_N];
    memset(signature, 'A', 86);
    signature[86] = '\0';
    int n = snprintf(text.text, sizeof text.text,
                     "{\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"%s\"}",
                     url(element).text, url(head).text, signature);
    assert_in_range(n, 1, sizeof text.text - 1);
    return text;
}

/* That entry alone. */
static struct taken read_entry(const char *head, const char *element, bool refuses)
{
    struct taken taken = {.refuses = refuses};
    struct err err = {0};
    char text[2200];
    snprintf(text, sizeof text, "[%s]", entry_of(head, element).text);
    assert_int_equal(read_text(text, &taken, &err), OK);
    return taken;
}

static void expect_fault(const struct taken *taken, enum code code, const char *words)
{
    assert_int_equal(taken->lines, 0);
    assert_int_equal(taken->faults, 1);
    if (taken->code[0] != code || strstr(taken->fault[0], words) == NULL)
        fail_msg("seen E%d %s, wanted E%d %s", taken->code[0], taken->fault[0], code, words);
}

/* ---- misuse -----------------------------------------------------------------------------------
 */

static void an_algorithm_that_proves_nothing_reaches_no_key(void **state)
{
    (void)state;
    static const char *const words[] = {"none",  "HS256", "HS384", "HS512", "RS256", "PS256",
                                        "ES384", "EdDSA", "es256", "",      "NONE"};
    for (size_t i = 0; i < LENGTH_OF(words); i++) {
        char head[64], seen[64];
        snprintf(head, sizeof head, "{\"alg\":\"%s\",\"kid\":\"AAEC\"}", words[i]);
        snprintf(seen, sizeof seen, "seen \"%s\", wanted ES256", words[i]);
        struct taken taken = read_entry(head, ELEMENT("1", ""), false);
        expect_fault(&taken, E_MANIFEST_ALGORITHM, seen);
        assert_int_equal(taken.verified, 0);
    }
}

static void a_header_that_says_too_little_or_too_much_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *head, *why;
    } cases[] = {
        {"{\"kid\":\"AAEC\"}", "alg: seen nothing"},
        {"{\"alg\":7,\"kid\":\"AAEC\"}", "alg: seen something else"},
        {"{\"alg\":\"ES256\"}", "wanted kid or x5t#S256"},
        {"{\"alg\":\"ES256\",\"x5t#S256\":\"AAEC\"}", "x5t#S256: seen 3 octets, wanted 32"},
        {"{\"alg\":\"ES256\",\"kid\":\"A=\"}", "kid: seen \"A=\", wanted base64url"},
        {"{\"alg\":\"ES256\",\"kid\":\"AAEC\",\"crit\":[\"b64\"],\"b64\":false}", "crit"},
        {"{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"AAEC\"}", "protected"},
        {"[\"alg\"]", "protected: wanted an object"},
        {"{", "protected"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct taken taken = read_entry(cases[i].head, ELEMENT("1", ""), false);
        expect_fault(&taken, E_MANIFEST, cases[i].why);
        assert_int_equal(taken.verified, 0);
    }
}

static void nothing_is_read_of_what_nobody_signed(void **state)
{
    (void)state;
    struct taken taken = read_entry(HEAD, "no JSON at all", true);
    expect_fault(&taken, E_MANIFEST_SIGNER, "nobody");
    assert_int_equal(taken.verified, 1);
    assert_int_equal(taken.keys, 0);
}

static void an_element_that_breaks_a_rule_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *element, *why;
    } cases[] = {
        {"[]", "payload: wanted an object"},
        {"{\"uniqueId\":\"1\"}", "version"},
        {"{\"version\":4,\"uniqueId\":\"1\"}", "version: seen 4, wanted 1 to 3"},
        {"{\"version\":1}", "uniqueId: seen nothing"},
        {ELEMENT("1", ",\"distributer\":\"x\""), "distributer"},
        {ELEMENT("1", ",\"distributor\":\"x\""), "distributor"},
        {ELEMENT("1", ",\"distributor\":{},\"distributer\":{\"a\":1}"), "different ones"},
        {ELEMENT("1", ",\"publicKeySet\":{}"), "publicKeySet"},
        {ELEMENT("1", ",\"publicKeySet\":{\"keys\":[{\"kid\":0}]}"), "seen 0 keys"},
        {ELEMENT("1", ",\"publicKeySet\":{\"keys\":[{\"kid\":\"0\"}]}"), "kty: seen nothing"},
        {ELEMENT("1", ",\"publicKeySet\":{\"keys\":[" KEY ",\"x5c\":[\"-\"]}]}"), "x5c"},
        {ELEMENT("1", ",\"publicKeySet\":{\"keys\":[" KEY ",\"x5c\":[7]}]}"), "x5c"},
        {ELEMENT("1", ",\"publicKeySet\":{\"keys\":[" KEY ",\"x5c\":{}}]}"), "x5c"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct taken taken = read_entry(HEAD, cases[i].element, false);
        expect_fault(&taken, E_MANIFEST, cases[i].why);
    }
    struct taken taken = read_entry(HEAD, ELEMENT("a/b", ""), false);
    expect_fault(&taken, E_SYNTAX, "uniqueId: seen \"a/b\"");
}

static void what_is_no_whole_array_is_refused_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "{}",  "7",     "[",    "[{}",           "[{},",           "[{},]",
        "[,]", "[]x", "[{}]]", "[\"]", "[{\"a\":\"]\"", "\xef\xbb\xbf[]",
    };
    for (size_t i = 0; i < LENGTH_OF(texts); i++) {
        struct taken taken = {0};
        struct err err = {0};
        assert_int_equal(read_text(texts[i], &taken, &err), R_INVALID);
        assert_int_equal(err.code, E_SYNTAX);
        assert_int_equal(taken.lines, 0);
    }
}

static void a_broken_entry_costs_no_other(void **state)
{
    (void)state;
    char text[8192];
    struct taken taken = {0};
    struct err err = {0};
    snprintf(text, sizeof text, " [ %s , {\"a\":1,\"a\":2} , 7, \"]\\\"[\", }x, [[]] ,%s] \n",
             entry_of(HEAD, ELEMENT("1", "")).text, entry_of(HEAD, ELEMENT("2", "")).text);
    assert_int_equal(read_text(text, &taken, &err), OK);
    assert_int_equal(taken.lines, 2);
    assert_int_equal(taken.faults, 5);
    assert_string_equal(taken.line[1], "7 p/2  hold");
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(taken.fault_line[i], i + 2);
}

static void the_same_element_twice_is_one(void **state)
{
    (void)state;
    char text[8192];
    struct taken taken = {0};
    struct err err = {0};
    struct text entry = entry_of(HEAD, ELEMENT("1", ""));
    snprintf(text, sizeof text, "[%s,%s]", entry.text, entry.text);
    assert_int_equal(read_text(text, &taken, &err), OK);
    assert_int_equal(taken.lines, 1);
    assert_int_equal(taken.code[0], E_CONFLICT);
}

static void an_entry_has_a_limit(void **state)
{
    (void)state;
    static char text[LIMIT_MANIFEST_ENTRY + 16];
    struct taken taken = {0};
    struct err err = {0};
    memset(text, ' ', sizeof text - 1);
    memcpy(text, "[{", 2);
    memcpy(text + sizeof text - 3, "}]", 2);
    assert_int_equal(read_text(text, &taken, &err), OK);
    assert_int_equal(taken.code[0], E_TOO_LARGE);
}

/* ---- the happy path ---------------------------------------------------------------------------
 */

static void a_good_entry_is_a_device_with_its_key(void **state)
{
    (void)state;
    static const char element[] =
        ELEMENT("01ab", ",\"groupId\":\"G\",\"distributer\":{\"organizationName\":\"M\"},"
                        "\"modelInfo\":{},\"publicKeySet\":{\"keys\":[{\"kid\":\"1\"}," KEY
                        ",\"x5c\":[\"AAEC\",\"AAECAw==\"]}]}");
    char input[1024];
    struct taken taken = read_entry(HEAD, element, false);
    assert_int_equal(taken.faults, 0);
    assert_string_equal(taken.line[0], "1 p/01ab G hold key");
    snprintf(input, sizeof input, "%s.%s", url(HEAD).text, url(element).text);
    assert_string_equal(taken.input, input);
    assert_string_equal(taken.kid, "3");
    assert_int_equal(taken.chain_n, 2);
    assert_int_equal(taken.first_n, 3);
}

static void an_element_of_version_2_has_no_keys(void **state)
{
    (void)state;
    struct taken taken = read_entry(HEAD, "{\"version\":2,\"uniqueId\":\"1\"}", false);
    assert_string_equal(taken.line[0], "1 p/1  hold");
    assert_int_equal(taken.keys, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_algorithm_that_proves_nothing_reaches_no_key),
        cmocka_unit_test(a_header_that_says_too_little_or_too_much_is_refused),
        cmocka_unit_test(nothing_is_read_of_what_nobody_signed),
        cmocka_unit_test(an_element_that_breaks_a_rule_is_named),
        cmocka_unit_test(what_is_no_whole_array_is_refused_whole),
        cmocka_unit_test(a_broken_entry_costs_no_other),
        cmocka_unit_test(the_same_element_twice_is_one),
        cmocka_unit_test(an_entry_has_a_limit),
        cmocka_unit_test(a_good_entry_is_a_device_with_its_key),
        cmocka_unit_test(an_element_of_version_2_has_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
