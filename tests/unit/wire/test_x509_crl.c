#include "x509_fixture.h"

#include <wire/oid.h>
#include <wire/x509_crl.h>
#include <wire/x509_write.h>

enum { START_S = 1795401244, DAY_S = 86400 };

static struct x509_crl_fields fields_of(struct buf *name)
{
    static const struct x509_name_part issuer[] = {{
        {(const uint8_t *)"\x55\x04\x03", 3},
        {(const uint8_t *)"issuing ca", 10},
    }};
    x509_write_name(name, issuer, 1);
    return (struct x509_crl_fields){
        .sig_alg = X509_SIG_ECDSA_SHA256,
        .issuer = buf_bytes(name),
        .this_update_s = START_S,
        .next_update_s = START_S + 7 * DAY_S,
        .aki = bytes_text("key id"),
        .number = 0x1234,
        .idp_uri = bytes_text("http://example.org/crl/1"),
        .only_user = true,
    };
}

// A CRL of these entries, signed by nobody.
static struct bytes crl_with(const struct x509_crl_fields *fields,
                             const struct x509_crl_entry *entries, size_t n)
{
    static uint8_t memory[4096];
    uint8_t tbs_memory[2048];
    struct buf tbs = buf_over(tbs_memory, sizeof(tbs_memory));
    struct buf whole = buf_over(memory, sizeof(memory));
    struct x509_crl_writer w = x509_crl_begin(&tbs, fields);
    for (size_t i = 0; i < n; i++)
        x509_crl_put(&w, &entries[i]);
    x509_crl_end(&w);
    x509_write_signed(&whole, buf_bytes(&tbs), fields->sig_alg, bytes_text("signature"));
    assert_true(buf_ok(&tbs) && buf_ok(&whole));
    return buf_bytes(&whole);
}

static const struct x509_crl_entry two_entries[] = {
    {{(const uint8_t *)"\x80\x01", 2}, START_S - DAY_S, X509_REASON_KEY_COMPROMISE},
    {{(const uint8_t *)"\x05", 1}, START_S, X509_REASON_UNSPECIFIED},
};

static void a_list_that_breaks_a_rule_is_refused_by_its_name(void **state)
{
    (void)state;
    static const struct damage rows[] = {
        {"020101", "020100", "5.1.2.1"},
        {"300a06082a8648ce3d040302", "300a06082a8648ce3d040303", "5.1.1.2"},
        {"0203008001", "0203808001", "4.1.2.2"},
        {"0a0101", "0a0108", "5.3.1"},
        {"0a0101", "0a0107", "5.3.1"},
        {"0a0101", "020101", "5.3.1"},
        {"0603551d15", "0603551d14", NULL},
        {"0603551d14", "0603551d15", "no number"},
        {"0603551d14", "0603551d23", "occurs twice"},
        {"0603551d1c0101ff", "0603551d1d0101ff", "5.2: CRL has a critical extension"},
        {"8101ff", "8301ff", "5.2.5"},
        {"8101ff", "8401ff", "5.2.5"},
        {"8101ff", "810100", "11.5"},
        {"170d3236", "180d3236", "GeneralizedTime"},
    };
    uint8_t name_memory[64], text_memory[2048];
    struct buf name = buf_over(name_memory, sizeof(name_memory));
    struct x509_crl_fields fields = fields_of(&name);
    struct bytes der = crl_with(&fields, two_entries, 2);
    char *text = (char *)text_memory;
    for (size_t i = 0; i < der.n; i++)
        snprintf(text + 2 * i, 3, "%02x", der.p[i]);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct x509_crl crl;
        const char *why = NULL;
        bool ok = x509_read_crl(patched(text, rows[i].from, rows[i].to), &crl, &why);
        assert_int_equal(ok, rows[i].why == NULL); // an unknown extension of an entry may stay
        if (!ok)
            assert_why(why, rows[i].why);
    }
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    uint8_t name_memory[64];
    struct buf name = buf_over(name_memory, sizeof(name_memory));
    struct x509_crl_fields fields = fields_of(&name);
    struct bytes der = crl_with(&fields, two_entries, 2);
    struct x509_crl crl;
    const char *why;
    for (size_t n = 0; n < der.n; n++)
        assert_false(x509_read_crl(bytes_slice(der, 0, n), &crl, &why));
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    uint8_t name_memory[64];
    struct buf name = buf_over(name_memory, sizeof(name_memory));
    struct x509_crl_fields fields = fields_of(&name);
    struct x509_crl crl;
    struct x509_crl_entry entry;
    const char *why;
    assert_true(x509_read_crl(crl_with(&fields, two_entries, 2), &crl, &why));
    assert_bytes(crl.issuer, fields.issuer);
    assert_int_equal(crl.this_update_s, START_S);
    assert_int_equal(crl.next_update_s, START_S + 7 * DAY_S);
    assert_text(crl.aki, "key id");
    assert_bytes(crl.number, from_hex("1234"));
    assert_true(crl.has_idp && crl.only_user && !crl.only_ca);
    assert_text(crl.idp_uri, "http://example.org/crl/1");
    assert_int_equal(crl.entries_n, 2);
    struct reader walk = reader_of(crl.entries);
    for (size_t i = 0; i < 2; i++) {
        assert_true(x509_crl_next(&walk, &entry));
        assert_bytes(entry.serial, two_entries[i].serial);
        assert_int_equal(entry.revoked_s, two_entries[i].revoked_s);
        assert_int_equal(entry.reason, two_entries[i].reason);
    }
    assert_false(x509_crl_next(&walk, &entry));
    assert_true(reader_end(&walk));
}

static void a_delta_says_its_base_and_may_remove(void **state)
{
    (void)state;
    uint8_t name_memory[64];
    struct buf name = buf_over(name_memory, sizeof(name_memory));
    struct x509_crl_fields fields = fields_of(&name);
    struct x509_crl_entry removal = {two_entries[0].serial, START_S, X509_REASON_REMOVE};
    struct x509_crl crl;
    const char *why = NULL;
    fields.freshest_uri = bytes_text("http://example.org/crl/1-delta");
    assert_true(x509_read_crl(crl_with(&fields, two_entries, 2), &crl, &why));
    assert_false(crl.is_delta);
    assert_text(crl.freshest_uri, "http://example.org/crl/1-delta");
    assert_false(x509_read_crl(crl_with(&fields, &removal, 1), &crl, &why));
    assert_why(why, "5.3.1");

    fields.is_delta = true;
    fields.base = 0x1200;
    assert_false(x509_read_crl(crl_with(&fields, &removal, 1), &crl, &why));
    assert_why(why, "5.2.6");
    fields.freshest_uri = bytes_text("");
    assert_true(x509_read_crl(crl_with(&fields, &removal, 1), &crl, &why));
    assert_true(crl.is_delta && bytes_is_empty(crl.freshest_uri));
    assert_true(x509_crl_base(&crl) == 0x1200 && x509_crl_number(&crl) == 0x1234);
    struct reader walk = reader_of(crl.entries);
    struct x509_crl_entry entry;
    assert_true(x509_crl_next(&walk, &entry));
    assert_int_equal(entry.reason, X509_REASON_REMOVE);
}

static void an_empty_list_has_no_list(void **state)
{
    (void)state;
    uint8_t name_memory[64];
    struct buf name = buf_over(name_memory, sizeof(name_memory));
    struct x509_crl_fields fields = fields_of(&name);
    struct x509_crl crl;
    const char *why;
    fields.idp_uri = bytes_text("");
    fields.number = 0;
    assert_true(x509_read_crl(crl_with(&fields, NULL, 0), &crl, &why));
    assert_int_equal(crl.entries_n, 0);
    assert_true(bytes_is_empty(crl.entries));
    assert_false(crl.has_idp);
    assert_bytes(crl.number, from_hex("00"));
}

static void a_buffer_without_room_fails_whole(void **state)
{
    (void)state;
    uint8_t name_memory[64], memory[256];
    struct buf name = buf_over(name_memory, sizeof(name_memory));
    struct x509_crl_fields fields = fields_of(&name);
    for (size_t room = 0; room < sizeof(memory); room += 7) {
        struct buf b = buf_over(memory, room);
        struct x509_crl_writer w = x509_crl_begin(&b, &fields);
        for (size_t i = 0; i < 20; i++)
            x509_crl_put(&w, &two_entries[0]);
        x509_crl_end(&w);
        assert_false(buf_ok(&b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_that_breaks_a_rule_is_refused_by_its_name),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_delta_says_its_base_and_may_remove),
        cmocka_unit_test(an_empty_list_has_no_list),
        cmocka_unit_test(a_buffer_without_room_fails_whole),
    };
    return cmocka_run_group_tests_name("wire/x509_crl", tests, NULL, NULL);
}
