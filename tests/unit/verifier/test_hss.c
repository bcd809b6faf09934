/* HSS/LMS as the device verifies it: against RFC 8554 and Bouncy Castle where the vectors lie
 * beside the project. */
#include <troth/crypto.h>

#include <jansson.h>
#include <wire/hex.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OCTETS_MAX 65536

struct octets {
    size_t n;
    uint8_t p[OCTETS_MAX];
};

static void read_hex(const json_t *test, const char *name, struct octets *ret)
{
    const char *text = json_string_value(json_object_get(test, name));
    struct buf out = buf_over(ret->p, sizeof ret->p);
    assert_non_null(text);
    assert_true(hex_decode(&out, bytes_of(text, strlen(text))));
    ret->n = out.n;
}

static enum troth_verdict judge(const struct octets *key, const struct octets *text,
                                const struct octets *signature)
{
    /* In two parts, as a Sig_structure comes. */
    const struct troth_octets parts[] = {{text->p, text->n / 2},
                                         {text->p + text->n / 2, text->n - text->n / 2}};
    const struct troth_message message = {parts, 2};
    return troth_hss_lms.verify((struct troth_octets){key->p, key->n}, &message,
                                (struct troth_octets){signature->p, signature->n});
}

static void agree(const json_t *test)
{
    static struct octets key, text, signature;
    const char *wanted = json_string_value(json_object_get(test, "expected"));
    read_hex(test, "public_key", &key);
    read_hex(test, "message", &text);
    read_hex(test, "signature", &signature);
    enum troth_verdict verdict = judge(&key, &text, &signature);
    if ((verdict == TROTH_VALID) != (strcmp(wanted, "valid") == 0))
        fail_msg("%s: %d, wanted %s", json_string_value(json_object_get(test, "name")),
                 (int)verdict, wanted);
}

static void agrees_with(const char *file)
{
    char path[4096];
    json_error_t why;
    const char *source = getenv("TROTH_SOURCE");
    snprintf(path, sizeof path, "%s/../shared/vectors/lms/%s", source, file);
    json_t *all = json_load_file(path, 0, &why);
    if (all == NULL) {
        print_message("# %s lies not beside the project\n", file);
        skip();
    }
    const json_t *tests = json_object_get(all, "tests"), *test;
    size_t i;
    assert_true(json_array_size(tests) > 0);
    json_array_foreach(tests, i, test) agree(test);
    json_decref(all);
}

static void agrees_with_rfc_8554(void **state)
{
    (void)state;
    agrees_with("rfc8554_appendix_f.json");
}

static void agrees_with_bouncy_castle(void **state)
{
    (void)state;
    agrees_with("bc172_hss.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_rfc_8554),
        cmocka_unit_test(agrees_with_bouncy_castle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
