#include "fixture.h"

#include <wire/csrattrs.h>

/* The octets of this file were made by an encoder that shares no line with wire/: tag, length,
 * value and object identifiers in a few lines of Python. */

static void what_breaks_a_rule_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *why; // NULL: whatever the DER reader calls it
    } rows[] = {
        // trailing octets
        {"3000 00", "left over"},
        // neither OID nor attribute
        {"3002 0500", NULL},
        // template twice
        {"30303016060b2a864886f70d010910023d31073005020100a1003016060b2a864886f70d010910023d31"
         "073005020100a100",
         "twice"},
        // two templates in one attribute
        {"301f301d060b2a864886f70d010910023d310e3005020100a1003005020100a100", "left over"},
        // version v2
        {"30183016060b2a864886f70d010910023d31073005020101a100", "v1"},
        // a template without attributes
        {"30163014060b2a864886f70d010910023d31053003020100", NULL},
        // a public key that is not RSA's
        {"30253023060b2a864886f70d010910023d31143012020100a00b300506032b657003020001a100",
         "only for the size"},
        // two requests for extensions
        {"303c301c06092a864886f70d01090e310f300d300b0603551d0f040403020780301c06092a864886f70d"
         "01090e310f300d300b0603551d0f040403020780",
         "id-ExtensionReq occurs twice"},
        // two values of one
        {"302d302b06092a864886f70d01090e311e300d300b0603551d0f040403020780300d300b0603551d0f04"
         "0403020780",
         "left over"},
        // one extension twice
        {"302b302906092a864886f70d01090e311c301a300b0603551d0f040403020780300b0603551d0f040403"
         "020780",
         "occurs twice"},
        // request and its template
        {"303c303a060b2a864886f70d010910023d312b3029020100a124300f06092a864886f70d01090e310230"
         "003011060b2a864886f70d010910023e31023000",
         "asked for twice"},
        // two templates of it
        {"303e303c060b2a864886f70d010910023d312d302b020100a1263011060b2a864886f70d010910023e31"
         "0230003011060b2a864886f70d010910023e31023000",
         "asked for twice"},
        // an empty RDN
        {"301c301a060b2a864886f70d010910023d310b300902010030023100a100", NULL},
        // two sizes
        {"3017301506092a864886f70d01010131080202080002020c00", "left over"},

    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct csrattrs wish;
        const char *why = NULL;
        if (csrattrs_read(from_hex(rows[i].hex), &wish, &why))
            fail_msg("row %zu is taken", i);
        assert_non_null(why);
        if (rows[i].why != NULL)
            assert_why(why, rows[i].why);
    }
}

static const char full_p256[] =
    "306a3047060b2a864886f70d010910023d313830360201003018310d300b060355040b130470756d7031"
    "0730050603550405a015301306072a8648ce3d020106082a8648ce3d030107a100301506072a8648ce3d"
    "0201310a06082a8648ce3d03010706082a8648ce3d040302";
static const char full_ed25519[] =
    "3031302a060b2a864886f70d010910023d311b30190201003009310730050603550405a007300506032b"
    "6570a10006032b6570";

static void every_prefix_is_refused(void **state)
{
    (void)state;
    struct bytes whole = from_hex(full_p256);
    struct csrattrs wish;
    const char *why;
    for (size_t n = 0; n < whole.n; n++)
        assert_false(csrattrs_read(bytes_slice(whole, 0, n), &wish, &why));
}

struct expected {
    const char *hex;
    bool has_template;
    enum x509_key_alg key;
    uint32_t bits;
    const char *unit;
    bool wants_serial_number;
};

static void expect(const struct expected *row)
{
    struct csrattrs wish;
    const char *why = NULL;
    if (!csrattrs_read(from_hex(row->hex), &wish, &why))
        fail_msg("%s: %s", row->hex, why);
    assert_int_equal(wish.has_template, row->has_template);
    assert_int_equal(wish.key, row->key);
    assert_int_equal(wish.rsa_bits, row->bits);
    assert_int_equal(wish.wants_serial_number, row->wants_serial_number);
    assert_text(wish.organizational_unit, row->unit ? row->unit : "");
}

static void plain_attributes_name_the_key(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {.hex = "3000"},
        // RFC 7030 4.5.2, the example's parts
        {.hex =
             "304706092a864886f70d010907301206072a8648ce3d0201310706052b81040022301c06092a864886f7"
             "0d01090e310f300d300b0603551d0f04040302078006082a8648ce3d040303",
         .key = X509_KEY_P384},
        // unknown OID and attribute, RSA of any size
        {.hex = "301b06022a03300606022a043100300d06092a864886f70d0101013100", .key = X509_KEY_RSA},
        {.hex = "3013301106092a864886f70d010101310402020c00", .key = X509_KEY_RSA, .bits = 3072},
        {.hex = "300d300b06072a8648ce3d02013100"}, // any curve
        {.hex = "300506032b6570", .key = X509_KEY_ED25519},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(&rows[i]);
}

static void a_template_wins_over_what_stands_beside_it(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {.hex = full_p256,
         .has_template = true,
         .key = X509_KEY_P256,
         .unit = "pump",
         .wants_serial_number = true},
        {.hex = full_ed25519,
         .has_template = true,
         .key = X509_KEY_ED25519,
         .wants_serial_number = true},
        {.hex =
             "305c301106092a864886f70d0101013104020208003047060b2a864886f70d010910023d313830360201"
             "00a015301306072a8648ce3d020106082a8648ce3d030107a11a3018060b2a864886f70d010910023e31"
             "09300730050603551d11",
         .has_template = true,
         .key = X509_KEY_P256},
        {.hex = "3021301f060b2a864886f70d010910023d3110300e020100a007300506032a0304a100",
         .has_template = true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(&rows[i]);
}

static struct bytes written(const struct csrattrs *wish)
{
    static uint8_t memory[2048];
    struct buf b = buf_over(memory, sizeof(memory));
    csrattrs_write(&b, wish);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void what_is_written_is_what_the_other_encoder_writes(void **state)
{
    (void)state;
    struct csrattrs wish = {.key = X509_KEY_P256,
                            .organizational_unit = bytes_text("pump"),
                            .wants_serial_number = true};
    assert_bytes(written(&wish), from_hex(full_p256));
    wish = (struct csrattrs){.key = X509_KEY_ED25519, .wants_serial_number = true};
    assert_bytes(written(&wish), from_hex(full_ed25519));
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const struct csrattrs rows[] = {
        {.key = X509_KEY_OTHER},
        {.key = X509_KEY_P384, .wants_serial_number = true},
        {.key = X509_KEY_RSA, .organizational_unit = BYTES_TEXT_INIT("t\xc3\xbcr")},
        {.key = X509_KEY_RSA, .rsa_bits = 2048},
        {.key = X509_KEY_RSA, .rsa_bits = 3072, .wants_serial_number = true},
        {.key = X509_KEY_RSA, .rsa_bits = 4096},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct csrattrs wish;
        const char *why = NULL;
        if (!csrattrs_read(written(&rows[i]), &wish, &why))
            fail_msg("row %zu: %s", i, why);
        assert_true(wish.has_template);
        assert_int_equal(wish.key, rows[i].key);
        assert_int_equal(wish.rsa_bits, rows[i].rsa_bits);
        assert_int_equal(wish.wants_serial_number, rows[i].wants_serial_number);
        assert_bytes(wish.organizational_unit, rows[i].organizational_unit);
    }
}

static void what_no_request_can_be_like_is_not_written(void **state)
{
    (void)state;
    static const struct csrattrs rows[] = {
        {.key = X509_KEY_RSA, .rsa_bits = 4104},
        {.key = X509_KEY_RSA, .rsa_bits = 2049},
        {.key = X509_KEY_P256, .rsa_bits = 2048},
        {.key = X509_KEY_P256, .organizational_unit = BYTES_TEXT_INIT("\xff\xfe")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t memory[2048];
        struct buf b = buf_over(memory, sizeof(memory));
        csrattrs_write(&b, &rows[i]);
        assert_false(buf_ok(&b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_a_rule_is_refused),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(plain_attributes_name_the_key),
        cmocka_unit_test(a_template_wins_over_what_stands_beside_it),
        cmocka_unit_test(what_no_request_can_be_like_is_not_written),
        cmocka_unit_test(what_is_written_is_what_the_other_encoder_writes),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests_name("wire/csrattrs", tests, NULL, NULL);
}
