/* The lines of a key export: what is not in its order, or not whole, is refused before any key is
 * opened. Keys, signatures and installations: tests/scenario/test_28_ceremony.py. */
#include "key_export.h"
#include "lines.h"

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RECORD "record sha256:00\n| Troth key ceremony, record 1\n| \n"
#define CERTIFICATES                                                                               \
    "certificate root\nr\ncertificate idevid\ni\ncertificate ldevid\nl\ncertificate operations\n"  \
    "o\n"
#define KEYS                                                                                       \
    "key idevid\na\nkey ldevid\nb\nkey operations\nc\nkey checkpoint-ed25519\nd\n"                 \
    "key checkpoint-es256\ne\n"
#define LATER "issuer ldevid-5\nm\nkey ldevid-5\nn\nissuer operations-9\no\nkey operations-9\np\n"
#define HEAD(record) KEY_EXPORT_TITLE "\ninstallation log\nmade today\n" record
#define WHOLE(record, certificates, keys) HEAD(record) certificates keys "signature c2ln\n"

struct text {
    uint8_t p[4096];
    struct buf b;
};

/* With a last line that has the digest of the others. */
static struct bytes closed(struct text *text, const char *lines)
{
    text->b = buf_over(text->p, sizeof text->p);
    buf_put_bytes(&text->b, text_bytes(lines));
    lines_put(&text->b, "sha256 %s\n", lines_digest_of(text_bytes(lines)).text);
    return buf_bytes(&text->b);
}

static enum result parse(const char *lines, struct key_export *ret, struct err *err)
{
    static struct text text;
    return key_export_parse(closed(&text, lines), ret, err);
}

static void what_is_not_in_its_order_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "\n",
        KEY_EXPORT_TITLE "\n",
        KEY_EXPORT_TITLE "0\ninstallation log\nmade today\nrecord none\n" CERTIFICATES KEYS
                         "signature c2ln\n",
        "Troth key export, format 2\ninstallation log\nmade today\nrecord none\n",
        HEAD("record none\n") KEYS CERTIFICATES "signature c2ln\n",
        HEAD("record none\n") CERTIFICATES KEYS,
        WHOLE("record none\n| a line\n", CERTIFICATES, KEYS),
        WHOLE("record sha256:00\n", CERTIFICATES, KEYS),
        WHOLE("record some\n| a line\n", CERTIFICATES, KEYS),
        WHOLE("", CERTIFICATES, KEYS),
        WHOLE("record none\n", "certificate idevid\ni\n" CERTIFICATES, KEYS),
        WHOLE("record none\n", CERTIFICATES, KEYS "key idevid\nagain\n"),
        WHOLE("record none\n", CERTIFICATES, KEYS) "more\n",
        WHOLE("record none\n", CERTIFICATES, KEYS "issuer ldevid-5\nm\n"),
        WHOLE("record none\n", CERTIFICATES, KEYS "issuer ldevid-5\nm\nkey ldevid-6\nn\n"),
        WHOLE("record none\n", CERTIFICATES, KEYS "issuer ldevid-3\nm\nkey ldevid-3\nn\n"),
        WHOLE("record none\n", CERTIFICATES, KEYS "issuer root-5\nm\nkey root-5\nn\n"),
        WHOLE("record none\n", CERTIFICATES, KEYS "issuer ldevid-64\nm\nkey ldevid-64\nn\n"),
        WHOLE("record none\n", CERTIFICATES, KEYS LATER LATER),
        WHOLE("record none\n", CERTIFICATES, KEYS) "signature c2ln\n",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        struct key_export unused = {0};
        struct err err = {0};
        if (parse(wrong[i], &unused, &err) != R_CORRUPT || err.code != E_EXPORT)
            fail_msg("row %zu is taken, or: %s", i, err.text);
        assert_int_equal(unused.signature.n, 0); /* untouched on failure */
    }
}

static void a_cut_or_changed_octet_is_refused(void **state)
{
    static struct text text;
    struct bytes whole = closed(&text, WHOLE(RECORD, CERTIFICATES, KEYS));
    struct key_export unused;
    (void)state;
    for (size_t n = 0; n < whole.n; n++)
        assert_int_equal(key_export_parse(bytes_of(whole.p, n), &unused, NULL), R_CORRUPT);
    for (size_t i = 0; i < whole.n; i++) {
        text.p[i] ^= 0x20;
        assert_int_equal(key_export_parse(whole, &unused, NULL), R_CORRUPT);
        text.p[i] ^= 0x20;
    }
}

static void a_file_above_its_size_is_refused(void **state)
{
    static uint8_t large[KEY_EXPORT_MAX + 1];
    struct key_export unused;
    (void)state;
    assert_int_equal(key_export_parse(bytes_of(large, sizeof large), &unused, NULL), R_CORRUPT);
}

static void every_part_is_where_its_name_says(void **state)
{
    struct key_export file;
    struct err err = {0};
    (void)state;
    if (parse(WHOLE(RECORD, CERTIFICATES, KEYS), &file, &err) != OK)
        fail_msg("%s", err.text);
    assert_true(bytes_equal(file.origin, bytes_text("log")));
    assert_true(bytes_equal(file.record_digest, bytes_text("00")));
    assert_true(bytes_equal(file.record, bytes_text("| Troth key ceremony, record 1\n| \n")));
    assert_true(bytes_equal(file.certificates[PKI_ISSUER_ROOT], bytes_text("r\n")));
    assert_true(bytes_equal(file.certificates[PKI_ISSUER_OPERATIONS], bytes_text("o\n")));
    assert_true(bytes_equal(file.keys[SIGNER_KEY_IDEVID], bytes_text("a\n")));
    assert_true(bytes_equal(file.keys[SIGNER_KEY_CHECKPOINT_ES256], bytes_text("e\n")));
    assert_true(bytes_equal(file.signature, bytes_text("c2ln")));
    assert_true(bytes_equal(file.signed_part, bytes_text(HEAD(RECORD) CERTIFICATES KEYS)));
}

static void issuers_that_followed_come_by_number_with_their_keys(void **state)
{
    struct key_export file;
    struct err err = {0};
    (void)state;
    if (parse(WHOLE(RECORD, CERTIFICATES, KEYS LATER), &file, &err) != OK)
        fail_msg("%s", err.text);
    assert_int_equal(file.later_n, 2);
    assert_int_equal(file.later[0].kind, PKI_ISSUER_LDEVID);
    assert_int_equal(file.later[0].number, 5);
    assert_true(bytes_equal(file.later[0].certificate, bytes_text("m\n")));
    assert_true(bytes_equal(file.later[0].key, bytes_text("n\n")));
    assert_int_equal(file.later[1].kind, PKI_ISSUER_OPERATIONS);
    assert_int_equal(file.later[1].number, 9);
    assert_true(bytes_equal(file.later[1].key, bytes_text("p\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_in_its_order_is_refused),
        cmocka_unit_test(issuers_that_followed_come_by_number_with_their_keys),
        cmocka_unit_test(a_cut_or_changed_octet_is_refused),
        cmocka_unit_test(a_file_above_its_size_is_refused),
        cmocka_unit_test(every_part_is_where_its_name_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
