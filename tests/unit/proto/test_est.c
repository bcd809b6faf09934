#include <proto/est.h>
#include <wire/b64.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/pkcs7.h>
#include <wire/x509_write.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t space_memory[LIMIT_CSR_BYTES];

/* ---- HTTP Basic ------------------------------------------------------------------------------ */

static void basic_that_is_not_strict_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Basic",
        "Basic ",
        "Bearer YTpi",
        "Basic YTpi YTpi",
        "Basic YTp",    /* padding missing */
        "Basic YTpiYw", /* the same */
        "Basic YTpj\tYTpj",
        "Basic YWI=",     /* "ab": no colon */
        "Basic OmI=",     /* ":b" */
        "Basic YTo=",     /* "a:" */
        "Basic YQA6Yg==", /* "a\0:b" */
        "Basic YTpiCg==", /* "a:b\n" */
        "Basic YTpi!",
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        struct est_basic basic;
        struct err err = {0};
        assert_int_equal(est_read_basic(bad[i], &basic, &err), R_UNAUTHORISED);
        assert_int_equal(basic.token_n, 0);
        assert_non_null(strstr(err.text, "RFC 7617"));
    }
}

static void parts_of_basic_have_their_limits(void **state)
{
    (void)state;
    for (size_t n = 63; n <= 66; n++) {
        char plain[160], value[320] = "Basic ";
        memset(plain, 'a', n);
        plain[n] = ':';
        memset(plain + n + 1, 'b', 64);
        struct buf out = buf_over(value + 6, sizeof value - 7);
        b64_encode(&out, bytes_of(plain, n + 65));
        value[6 + out.n] = '\0';
        struct est_basic basic;
        assert_int_equal(est_read_basic(value, &basic, NULL) == OK, n <= 64);
    }
}

static void basic_is_split_at_its_first_colon(void **state)
{
    (void)state;
    struct est_basic basic;
    assert_int_equal(est_read_basic("bAsIc   U04tMTphOmI=", &basic, NULL), OK);
    assert_true(bytes_equal(bytes_of(basic.user, basic.user_n), bytes_text("SN-1")));
    assert_true(bytes_equal(bytes_of(basic.token, basic.token_n), bytes_text("a:b")));
    est_basic_wipe(&basic);
    assert_int_equal(basic.token_n, 0);
    for (size_t i = 0; i < sizeof basic.token; i++)
        assert_int_equal(basic.token[i], 0);
}

/* ---- requests -------------------------------------------------------------------------------- */

static const uint8_t point[X509_P256_POINT_N] = {4, 1, 2, 3};
static const struct x509_key key = {.alg = X509_KEY_P256, .point = {point, sizeof point}};
static const struct x509_name_part names[] = {
    {{(const uint8_t *)"\x55\x04\x03", 3}, {(const uint8_t *)"device", 6}},
    {{(const uint8_t *)"\x55\x04\x05", 3}, {(const uint8_t *)"SN-1", 4}},
};

static struct bytes san_value(struct buf *b, const char *name)
{
    const struct x509_general_name general = {X509_GN_DNS, {0}, bytes_of(name, strlen(name))};
    x509_write_general_names(b, &general, 1);
    return buf_bytes(b);
}

/* A request of two names; `san` NULL: none. */
static struct bytes write_request(uint8_t to[1024], const char *san)
{
    uint8_t value[256], list[256], attributes[512], info[512];
    struct buf b = buf_over(value, sizeof value);
    uint8_t spki_memory[128];
    struct buf spki = buf_over(spki_memory, sizeof spki_memory);
    x509_write_spki(&spki, &key);
    struct x509_csr_fields fields = {names, 2, buf_bytes(&spki), {0}};
    struct buf extensions = buf_over(list, sizeof list);
    struct buf attribute = buf_over(attributes, sizeof attributes);
    if (san != NULL) {
        const struct x509_extension extension = {oid_subject_alt_name, false, san_value(&b, san)};
        x509_write_extensions(&extensions, &extension, 1);
        x509_write_extension_request(&attribute, buf_bytes(&extensions));
        fields.attributes = buf_bytes(&attribute);
    }
    struct buf body = buf_over(info, sizeof info), out = buf_over(to, 1024);
    x509_write_csr_info(&body, &fields);
    x509_write_signed(&out, buf_bytes(&body), X509_SIG_ECDSA_SHA256, bytes_text("not checked"));
    assert_true(buf_ok(&out));
    return buf_bytes(&out);
}

static size_t encode(struct bytes der, char *to, size_t max)
{
    struct buf out = buf_over(to, max);
    b64_encode(&out, der);
    assert_true(buf_ok(&out));
    return out.n;
}

static enum result read(struct bytes body, struct est_request *ret, struct err *err)
{
    struct buf space = buf_over(space_memory, sizeof space_memory);
    return est_read_request(body, &space, ret, err);
}

static void what_is_no_request_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum code code;
    } cases[] = {
        {"!", E_SYNTAX},
        {"MAA", E_SYNTAX},
        {"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n", E_SYNTAX},
        {"MAA=", E_CSR},
        {"", E_CSR},
        {"  \r\n", E_CSR},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct est_request request;
        struct err err = {0};
        assert_int_equal(read(bytes_of(cases[i].body, strlen(cases[i].body)), &request, &err),
                         R_INVALID);
        assert_int_equal(err.code, cases[i].code);
    }
}

static void a_body_beyond_the_limits_is_refused(void **state)
{
    (void)state;
    struct est_request request;
    char *body = calloc(1, LIMIT_BODY_BYTES + 4);
    memset(body, 'A', LIMIT_BODY_BYTES + 4);
    assert_int_equal(read(bytes_of(body, LIMIT_BODY_BYTES + 4), &request, NULL), R_LIMIT);
    assert_int_not_equal(read(bytes_of(body, LIMIT_BODY_BYTES), &request, NULL), OK);
    free(body);
}

static void a_request_that_is_cut_or_goes_on_is_refused(void **state)
{
    (void)state;
    uint8_t der[1024];
    char line[2048];
    struct est_request request;
    struct bytes whole = write_request(der, NULL);
    for (size_t n = 0; n < whole.n; n++)
        assert_int_equal(
            read(bytes_of(line, encode(bytes_of(der, n), line, sizeof line)), &request, NULL),
            R_INVALID);
    der[whole.n] = 0;
    assert_int_equal(
        read(bytes_of(line, encode(bytes_of(der, whole.n + 1), line, sizeof line)), &request, NULL),
        R_INVALID);
}

static void a_request_is_read_through_any_white_space(void **state)
{
    (void)state;
    uint8_t der[1024];
    char line[2048], spaced[4096];
    struct est_request request;
    struct bytes whole = write_request(der, "a.example");
    size_t n = encode(whole, line, sizeof line), at = 0;
    for (size_t i = 0; i < n; i++) {
        spaced[at++] = line[i];
        if (i % 7 == 0)
            spaced[at++] = "\r\n \t"[i % 4];
    }
    assert_int_equal(read(bytes_of(spaced, at), &request, NULL), OK);
    assert_true(bytes_equal(request.csr, whole));
    assert_true(bytes_equal(request.serial_number, bytes_text("SN-1")));
    assert_int_equal(request.spki.p[0], 0x30);
    assert_true(request.san.n > 0);
}

/* ---- names ----------------------------------------------------------------------------------- */

static struct bytes write_certificate(uint8_t to[1024], const struct x509_name_part *parts,
                                      size_t n, const char *san)
{
    uint8_t subject_memory[256], value[256], spki_memory[128], tbs[768];
    struct buf subject = buf_over(subject_memory, sizeof subject_memory);
    struct buf b = buf_over(value, sizeof value), spki = buf_over(spki_memory, sizeof spki_memory);
    x509_write_name(&subject, parts, n);
    x509_write_spki(&spki, &key);
    uint8_t usage_memory[16];
    struct buf usage = buf_over(usage_memory, sizeof usage_memory);
    x509_write_key_usage(&usage, X509_KU_DIGITAL_SIGNATURE);
    struct x509_extension extensions[2] = {{oid_key_usage, true, buf_bytes(&usage)}};
    if (san != NULL)
        extensions[1] = (struct x509_extension){oid_subject_alt_name, false, san_value(&b, san)};
    const struct x509_tbs_fields fields = {
        .serial = bytes_text("\x01"),
        .sig_alg = X509_SIG_ECDSA_SHA256,
        .issuer = buf_bytes(&subject),
        .not_after_s = 1,
        .subject = buf_bytes(&subject),
        .spki = buf_bytes(&spki),
        .extensions = extensions,
        .extensions_n = san != NULL ? 2 : 1,
    };
    struct buf body = buf_over(tbs, sizeof tbs), out = buf_over(to, 1024);
    x509_write_tbs(&body, &fields);
    x509_write_signed(&out, buf_bytes(&body), X509_SIG_ECDSA_SHA256, bytes_text("not checked"));
    assert_true(buf_ok(&out));
    return buf_bytes(&out);
}

static void names_are_kept_only_when_both_are_equal(void **state)
{
    (void)state;
    static const struct {
        size_t names_n;
        const char *asked, *has;
        bool is_kept;
    } cases[] = {
        {2, NULL, NULL, true},
        {2, "a.example", "a.example", true},
        {2, NULL, "a.example", false},
        {2, "a.example", NULL, false},
        {2, "a.example", "b.example", false},
        {1, NULL, NULL, false},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        uint8_t der[1024], cert[1024];
        char line[2048];
        struct est_request request;
        size_t n = encode(write_request(der, cases[i].asked), line, sizeof line);
        assert_int_equal(read(bytes_of(line, n), &request, NULL), OK);
        struct bytes certificate = write_certificate(cert, names, cases[i].names_n, cases[i].has);
        assert_int_equal(est_keeps_names(&request, certificate), cases[i].is_kept);
    }
}

static void no_certificate_keeps_no_names(void **state)
{
    (void)state;
    uint8_t der[1024];
    char line[2048];
    struct est_request request;
    size_t n = encode(write_request(der, NULL), line, sizeof line);
    assert_int_equal(read(bytes_of(line, n), &request, NULL), OK);
    assert_false(est_keeps_names(&request, (struct bytes){0}));
    assert_false(est_keeps_names(&request, bytes_text("nonsense")));
}

/* ---- answers --------------------------------------------------------------------------------- */

static void certificates_leave_as_one_line(void **state)
{
    (void)state;
    uint8_t a[1024], b[1024], der[4096], space[4096], line[8192];
    struct bytes certs[2] = {write_certificate(a, names, 2, NULL),
                             write_certificate(b, names, 1, "x.example")};
    struct buf between = buf_over(space, EST_CERTS_SPACE(certs[0].n + certs[1].n));
    struct buf out = buf_over(line, sizeof line), back = buf_over(der, sizeof der);
    est_write_certs(&out, &between, certs, 2);
    assert_true(buf_ok(&out));
    assert_null(memchr(line, '\n', out.n));
    assert_true(b64_decode(&back, buf_bytes(&out)));
    struct reader walk;
    struct bytes one = {0};
    const char *why = NULL;
    assert_true(pkcs7_read_certs(buf_bytes(&back), &walk, &why));
    for (int i = 0; i < 2; i++) {
        assert_true(pkcs7_next_cert(&walk, &one));
        assert_true(bytes_equal(one, certs[i]));
    }
}

static void lack_of_room_fails_the_answer(void **state)
{
    (void)state;
    uint8_t a[1024], space[4096], line[8192];
    struct bytes cert = write_certificate(a, names, 2, NULL);
    struct buf small = buf_over(space, cert.n), out = buf_over(line, sizeof line);
    est_write_certs(&out, &small, &cert, 1);
    assert_false(buf_ok(&out));
    struct buf between = buf_over(space, sizeof space), short_out = buf_over(line, cert.n);
    est_write_certs(&short_out, &between, &cert, 1);
    assert_false(buf_ok(&short_out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basic_that_is_not_strict_is_refused),
        cmocka_unit_test(parts_of_basic_have_their_limits),
        cmocka_unit_test(basic_is_split_at_its_first_colon),
        cmocka_unit_test(what_is_no_request_is_refused_by_name),
        cmocka_unit_test(a_body_beyond_the_limits_is_refused),
        cmocka_unit_test(a_request_that_is_cut_or_goes_on_is_refused),
        cmocka_unit_test(a_request_is_read_through_any_white_space),
        cmocka_unit_test(names_are_kept_only_when_both_are_equal),
        cmocka_unit_test(no_certificate_keeps_no_names),
        cmocka_unit_test(certificates_leave_as_one_line),
        cmocka_unit_test(lack_of_room_fails_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
