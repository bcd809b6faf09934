#include "x509_fixture.h"

#include <wire/oid.h>
#include <wire/x509_write.h>

static void assert_refused(struct bytes der, const char *why_part)
{
    struct x509_csr csr = {.has_challenge = true};
    const char *why = NULL;
    if (x509_read_csr(der, &csr, &why))
        fail_msg("accepted instead of: %s", why_part);
    assert_why(why, why_part);
    assert_true(csr.has_challenge); // written only on success
}

static void a_request_that_breaks_a_rule_is_refused_by_its_name(void **state)
{
    (void)state;
    static const struct damage rows[] = {
        {"020100", "020101", "RFC 2986 4.1"},
        {"020100", "0201ff", "negative"},
        {"a06b", "a16b", "another type"},
        {"03420004", "03420003", "RFC 5480"},
        {"310b0c09", "310b1e09", "4.1.2.4"},
        {"0c096f6e", "0c09fe6e", "X.680"},
        {"06092a864886f70d010907310b", "06092a864886f70d01090e310b", "another type"},
        {"0603551d110437", "0603551d110438", "longer"},
        {"31423040", "31423140", "another type"},
        {"0347003044", "0347013044", "unused bits"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(patched(csr_hex, rows[i].from, rows[i].to), rows[i].why);
}

static void csr_rejects_trailing_bytes_and_every_prefix(void **state)
{
    (void)state;
    struct bytes whole = from_hex(csr_hex);
    struct x509_csr csr;
    const char *why;
    for (size_t n = 0; n < whole.n; n++)
        assert_false(x509_read_csr(bytes_slice(whole, 0, n), &csr, &why));
    uint8_t longer[1024] = {0};
    memcpy(longer, whole.p, whole.n);
    assert_refused(bytes_of(longer, whole.n + 1), "left over");
}

// A request of our own with these attributes.
static struct bytes csr_with(struct bytes attributes)
{
    static uint8_t memory[2048];
    uint8_t info_memory[1024], spki_memory[128], point[65] = {4};
    struct x509_name_part subject[] = {{oid_common_name, bytes_text("d")}};
    struct buf spki = buf_over(spki_memory, sizeof(spki_memory));
    x509_write_spki(
        &spki, &(struct x509_key){.alg = X509_KEY_P256, .point = bytes_of(point, sizeof(point))});
    struct x509_csr_fields fields = {subject, 1, buf_bytes(&spki), attributes};
    struct buf info = buf_over(info_memory, sizeof(info_memory));
    struct buf whole = buf_over(memory, sizeof(memory));
    x509_write_csr_info(&info, &fields);
    x509_write_signed(&whole, buf_bytes(&info), X509_SIG_ECDSA_SHA256, bytes_text("sig"));
    assert_true(buf_ok(&info) && buf_ok(&whole));
    return buf_bytes(&whole);
}

static void attributes_that_contradict_themselves_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *attributes, *why;
    } rows[] = {
        // challengePassword: twice, with two values, without one
        {"301506092a864886f70d01090731080c0661626364656630 "
         "1506092a864886f70d01090731080c06616263646566",
         "occurs twice"},
        {"301306092a864886f70d01090731060c01610c0161", "left over"},
        {"300d06092a864886f70d0109073100", "missing"},
        // extensionRequest: without extensions, twice, with one extension twice
        {"300f06092a864886f70d01090e31023000", "is empty"},
        {"301a06092a864886f70d01090e310d300b30090603551d1304023000"
         "301a06092a864886f70d01090e310d300b30090603551d1304023000",
         "occurs twice"},
        {"302506092a864886f70d01090e3118301630090603551d130402300030090603551d1304023000",
         "occurs twice"},
        // something unknown without a value, and with one that is no DER
        {"3006060201023100", "missing"},
        {"300a060201023104 02020001", "8.3.2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(csr_with(from_hex(rows[i].attributes)), rows[i].why);
}

static void the_fields_of_a_request_are_read(void **state)
{
    (void)state;
    struct bytes der = from_hex(csr_hex), text;
    struct x509_csr csr;
    const char *why;
    assert_true(x509_read_csr(der, &csr, &why));
    assert_bytes(csr.whole, der);
    assert_bytes(csr.info, bytes_slice(der, 4, 262));
    assert_true(x509_name_find(csr.subject, oid_common_name, &text));
    assert_text(text, "pump-7");
    assert_int_equal(csr.key.alg, X509_KEY_P256);
    assert_bytes(csr.spki, bytes_slice(der, 66, 91));
    assert_true(csr.has_challenge);
    assert_text(csr.challenge, "only once");
    assert_bytes(csr.attributes, bytes_slice(der, 159, 107));
    assert_int_equal(csr.sig_alg, X509_SIG_ECDSA_SHA256);
    assert_int_equal(csr.signature.n, 70);
}

static void the_extensions_wished_for_can_be_walked(void **state)
{
    (void)state;
    struct x509_csr csr;
    const char *why;
    struct x509_extension extension;
    assert_true(x509_read_csr(from_hex(csr_hex), &csr, &why));
    struct reader walk = x509_extensions(csr.extensions);
    assert_true(x509_extension_next(&walk, &extension));
    assert_bytes(extension.oid, oid_subject_alt_name);
    assert_false(extension.critical);
    assert_int_equal(extension.value.n, 55);
    assert_false(x509_extension_next(&walk, &extension));
    assert_true(reader_end(&walk));
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    uint8_t memory[256], attribute_memory[256];
    struct buf extensions = buf_over(memory, sizeof(memory));
    struct buf attribute = buf_over(attribute_memory, sizeof(attribute_memory));
    struct x509_extension wish = {oid_key_usage, true, bytes_text("\x03\x02\x07\x80")};
    struct x509_csr csr;
    const char *why;
    x509_write_extensions(&extensions, &wish, 1);
    x509_write_extension_request(&attribute, buf_bytes(&extensions));
    assert_true(x509_read_csr(csr_with(buf_bytes(&attribute)), &csr, &why));
    assert_bytes(csr.extensions, buf_bytes(&extensions));
    assert_false(csr.has_challenge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_breaks_a_rule_is_refused_by_its_name),
        cmocka_unit_test(csr_rejects_trailing_bytes_and_every_prefix),
        cmocka_unit_test(attributes_that_contradict_themselves_are_refused),
        cmocka_unit_test(the_fields_of_a_request_are_read),
        cmocka_unit_test(the_extensions_wished_for_can_be_walked),
        cmocka_unit_test(what_was_written_is_read),
    };
    return cmocka_run_group_tests_name("wire/x509_csr", tests, NULL, NULL);
}
