// OCSP: requests that OpenSSL makes, damage to them, and responses beside OpenSSL's own.
#include "x509_fixture.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <wire/ocsp.h>

enum { AT_S = 1795401244 };

static const struct bytes serial =
    BYTES_TEXT_INIT("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x1b"
                    "\x00\x03\x02\x01");

// ---- OpenSSL's side ----

static X509_NAME *issuer_name(void)
{
    X509_NAME *name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING, (const uint8_t *)"issuing ca", -1, -1,
                               0);
    return name;
}

static OCSP_CERTID *id_of(const EVP_MD *digest, struct bytes number)
{
    X509_NAME *name = issuer_name();
    ASN1_BIT_STRING *key = ASN1_BIT_STRING_new();
    BIGNUM *big = BN_bin2bn(number.p, (int)number.n, NULL);
    ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(big, NULL);
    ASN1_BIT_STRING_set(key, (uint8_t *)(uintptr_t) "point", 5);
    OCSP_CERTID *id = OCSP_cert_id_new(digest, name, key, integer);
    assert_non_null(id);
    BN_free(big);
    ASN1_INTEGER_free(integer);
    ASN1_BIT_STRING_free(key);
    X509_NAME_free(name);
    return id;
}

static struct bytes encoded(OCSP_CERTID *id)
{
    static uint8_t memory[4][256];
    static unsigned turn;
    uint8_t *out = memory[turn++ % 4], *p = out;
    int n = i2d_OCSP_CERTID(id, &p);
    OCSP_CERTID_free(id);
    return bytes_of(out, (size_t)n);
}

struct wish {
    const EVP_MD *digest;
    int ids;     // how many
    int nonce_n; // 0: none
};

static struct bytes request_of(struct wish wish)
{
    static uint8_t memory[2048];
    static const uint8_t nonce[OCSP_NONCE_LONGEST + 1] = {0x4e, 0x6f};
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    uint8_t *p = memory;
    for (int i = 0; i < wish.ids; i++) {
        uint8_t number[16];
        memcpy(number, serial.p, sizeof number);
        number[15] = (uint8_t)(number[15] + i);
        assert_non_null(
            OCSP_request_add0_id(request, id_of(wish.digest, bytes_of(number, sizeof number))));
    }
    if (wish.nonce_n != 0)
        assert_int_equal(
            OCSP_request_add1_nonce(request, (uint8_t *)(uintptr_t)nonce, wish.nonce_n), 1);
    int n = i2d_OCSP_REQUEST(request, &p);
    assert_true(n > 0 && (size_t)n <= sizeof memory);
    OCSP_REQUEST_free(request);
    return bytes_of(memory, (size_t)n);
}

// ---- requests ----

static void cut_and_lengthened_requests_are_refused(void **state)
{
    (void)state;
    const struct bytes good = request_of((struct wish){EVP_sha1(), 1, 16});
    struct ocsp_request request;
    const char *why = NULL;
    uint8_t copy[2048];
    assert_true(ocsp_read_request(good, &request, &why));
    for (size_t n = 0; n < good.n; n++) // every cut
        assert_false(ocsp_read_request(bytes_of(good.p, n), &request, &why));
    memcpy(copy, good.p, good.n);
    copy[good.n] = 0;
    why = NULL;
    assert_false(ocsp_read_request(bytes_of(copy, good.n + 1), &request, &why));
    assert_non_null(why);
}

// SEQUENCE { SEQUENCE { front, SEQUENCE { SEQUENCE { id, of_one } }, extensions }, behind }
struct parts {
    const char *front, *id, *of_one, *extensions, *behind;
};

#define SHA1_ID                                                                                    \
    "303a300906052b0e03021a05000414000102030405060708090a0b0c0d0e0f101112130414"                   \
    "000102030405060708090a0b0c0d0e0f10111213020101"

static struct bytes assembled(const struct parts *parts)
{
    static uint8_t memory[1024];
    struct buf b = buf_over(memory, sizeof memory);
    size_t whole = der_begin(&b, DER_SEQUENCE), tbs = der_begin(&b, DER_SEQUENCE);
    buf_put_bytes(&b, from_hex(parts->front));
    size_t list = der_begin(&b, DER_SEQUENCE);
    if (parts->id != NULL) {
        size_t one = der_begin(&b, DER_SEQUENCE);
        buf_put_bytes(&b, from_hex(parts->id));
        buf_put_bytes(&b, from_hex(parts->of_one));
        der_end(&b, one);
    }
    der_end(&b, list);
    buf_put_bytes(&b, from_hex(parts->extensions));
    der_end(&b, tbs);
    buf_put_bytes(&b, from_hex(parts->behind));
    der_end(&b, whole);
    return buf_bytes(&b);
}

static const struct {
    struct parts parts;
    const char *why; // NULL: it is taken
} rules[] = {
    {{"", SHA1_ID, "", "", ""}, NULL},
    {{"a003020100", SHA1_ID, "", "", ""}, "RFC 6960 4.1.1"}, // version v1, written out
    {{"a003020101", SHA1_ID, "", "", ""}, "RFC 6960 4.1.1"},
    {{"a1048202"
      "6869",
      SHA1_ID, "", "", ""},
     NULL}, // requestorName
    {{"", NULL, "", "", ""}, ""},
    {{"", SHA1_ID, "", "", "a0023000"}, NULL}, // optionalSignature
    {{"", SHA1_ID, "", "", "a1023000"}, ""},
    // an unknown extension; the same, critical; of one certificate
    {{"", SHA1_ID, "",
      "a20a300830060602"
      "2a030400",
      ""},
     NULL},
    {{"", SHA1_ID, "", "a20d300b300906022a030101ff0400", ""}, "RFC 6960 4.4"},
    {{"", SHA1_ID, "a00d300b300906022a030101ff0400", "", ""}, "RFC 6960 4.4"},
    {{"", SHA1_ID, "a00a3008300606022a030400", "", ""}, NULL},
    {{"", SHA1_ID, "", "a2023000", ""}, "empty"},
    // a nonce without octets; one that is no OCTET STRING; the same extension twice
    {{"", SHA1_ID, "", "a2133011300f06092b060105050730010204020400", ""}, "RFC 9654 2.1"},
    {{"", SHA1_ID, "", "a2133011300f06092b060105050730010204020101", ""}, "RFC 9654 2.1"},
    {{"", SHA1_ID, "",
      "a212301030060602"
      "2a030400300606022a030400",
      ""},
     "twice"},
    // hashes of another length, a negative serial number, an unknown hash
    {{"",
      "30263007"
      "06052b0e03021a"
      "0414000102030405060708090a0b0c0d0e0f10111213"
      "0402"
      "0001"
      "020101",
      "", "", ""},
     "RFC 6960 4.1.1"},
    {{"",
      "303a300906052b0e03021a05000414000102030405060708090a0b0c0d0e0f101112130414"
      "000102030405060708090a0b0c0d0e0f10111213020180",
      "", "", ""},
     ""},
    {{"",
      "3011300406022a03"
      "0402"
      "0001"
      "0402"
      "0001"
      "020101",
      "", "", ""},
     NULL},
};

static void what_breaks_a_rule_is_refused_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct ocsp_request request;
        const char *why = NULL;
        bool is_taken = ocsp_read_request(assembled(&rules[i].parts), &request, &why);
        if (is_taken != (rules[i].why == NULL))
            fail_msg("row %zu: %s", i, why ? why : "taken");
        if (!is_taken)
            assert_why(why, rules[i].why);
    }
}

static void what_openssl_asks_is_read(void **state)
{
    (void)state;
    static const int lengths[] = {0, 1, 15, 16, 32, 33, 128};
    const EVP_MD *digests[] = {EVP_sha1(), EVP_sha256()};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            struct ocsp_request request;
            const char *why = NULL;
            bool is_answered = lengths[k] >= OCSP_NONCE_LEAST && lengths[k] <= OCSP_NONCE_MOST;
            assert_true(ocsp_read_request(request_of((struct wish){digests[i], 2, lengths[k]}),
                                          &request, &why));
            assert_int_equal(request.ids_n, 2);
            assert_int_equal(request.ids[0].hash, i == 0 ? OCSP_HASH_SHA1 : OCSP_HASH_SHA256);
            assert_bytes(request.ids[0].serial, serial);
            assert_bytes(request.ids[0].whole, encoded(id_of(digests[i], serial)));
            assert_int_equal(request.nonce.n, is_answered ? lengths[k] : 0);
        }
}

static void a_nonce_of_more_than_128_octets_is_malformed(void **state)
{
    (void)state;
    struct ocsp_request request;
    const char *why = NULL;
    assert_false(ocsp_read_request(request_of((struct wish){EVP_sha1(), 1, 129}), &request, &why));
    assert_why(why, "RFC 9654 2.1");
}

static void so_many_certificates_and_no_more(void **state)
{
    (void)state;
    struct ocsp_request request;
    const char *why = NULL;
    assert_true(ocsp_read_request(request_of((struct wish){EVP_sha256(), OCSP_IDS_MAX, 16}),
                                  &request, &why));
    assert_int_equal(request.ids_n, OCSP_IDS_MAX);
    assert_false(ocsp_read_request(request_of((struct wish){EVP_sha256(), OCSP_IDS_MAX + 1, 16}),
                                   &request, &why));
}

// ---- responses ----

struct twin {
    EVP_PKEY *key;
    X509 *certificate;
    OCSP_BASICRESP *basic;
};

static struct twin twin_new(void)
{
    struct twin twin = {EVP_EC_gen("P-256"), X509_new(), OCSP_BASICRESP_new()};
    X509_NAME *name = issuer_name();
    X509_set_version(twin.certificate, X509_VERSION_3);
    X509_set_pubkey(twin.certificate, twin.key);
    X509_set_subject_name(twin.certificate, name);
    X509_set_issuer_name(twin.certificate, name);
    X509_gmtime_adj(X509_getm_notBefore(twin.certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(twin.certificate), 86400);
    assert_true(X509_sign(twin.certificate, twin.key, EVP_sha256()) > 0);
    X509_NAME_free(name);
    return twin;
}

static void twin_free(struct twin *twin)
{
    EVP_PKEY_free(twin->key);
    X509_free(twin->certificate);
    OCSP_BASICRESP_free(twin->basic);
}

static void twin_add(struct twin *twin, const struct ocsp_single *single, int64_t this_s,
                     int64_t next_s)
{
    const uint8_t *p = single->id.p;
    OCSP_CERTID *id = d2i_OCSP_CERTID(NULL, &p, (long)single->id.n);
    ASN1_TIME *at = ASN1_GENERALIZEDTIME_set(NULL, single->revoked_s);
    ASN1_TIME *this_update = ASN1_GENERALIZEDTIME_set(NULL, this_s);
    ASN1_TIME *next_update = ASN1_GENERALIZEDTIME_set(NULL, next_s);
    int reason = single->reason == X509_REASON_UNSPECIFIED ? OCSP_REVOKED_STATUS_NOSTATUS
                                                           : (int)single->reason;
    assert_non_null(OCSP_basic_add1_status(
        twin->basic, id, single->is_revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
        reason, at, this_update, next_update));
    ASN1_TIME_free(at);
    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    OCSP_CERTID_free(id);
}

static void key_hash(EVP_PKEY *key, uint8_t ret[OCSP_RESPONDER_KEY_N])
{
    uint8_t point[65], *p = NULL;
    assert_int_equal(EVP_PKEY_get1_encoded_public_key(key, &p), sizeof point);
    assert_int_equal(EVP_Digest(p, sizeof point, ret, NULL, EVP_sha1(), NULL), 1);
    OPENSSL_free(p);
}

static int64_t seconds_of(const ASN1_GENERALIZEDTIME *time)
{
    struct tm tm;
    assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
    return timegm(&tm);
}

// What OpenSSL signs of the same words, octet by octet.
static void expect_twin(const struct ocsp_single *singles, size_t n, struct bytes nonce,
                        bool is_extended)
{
    struct twin twin = twin_new();
    uint8_t key[OCSP_RESPONDER_KEY_N], room[2048], *wanted = NULL;
    struct buf data = buf_over(room, sizeof room);
    for (size_t i = 0; i < n; i++)
        twin_add(&twin, &singles[i], AT_S, AT_S + 3600);
    if (nonce.n > 0)
        assert_int_equal(
            OCSP_basic_add1_nonce(twin.basic, (uint8_t *)(uintptr_t)nonce.p, (int)nonce.n), 1);
    if (is_extended) {
        ASN1_OCTET_STRING *null = ASN1_OCTET_STRING_new();
        ASN1_OCTET_STRING_set(null, (const uint8_t *)"\x05\x00", 2);
        X509_EXTENSION *extension =
            X509_EXTENSION_create_by_NID(NULL, OBJ_txt2nid("1.3.6.1.5.5.7.48.1.9"), 0, null);
        assert_int_equal(OCSP_BASICRESP_add_ext(twin.basic, extension, -1), 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(null);
    }
    assert_int_equal(OCSP_basic_sign(twin.basic, twin.certificate, twin.key, EVP_sha256(), NULL,
                                     OCSP_RESPID_KEY),
                     1);
    key_hash(twin.key, key);
    ocsp_write_data(&data, &(struct ocsp_data){
                               .responder_key = key,
                               .produced_s = seconds_of(OCSP_resp_get0_produced_at(twin.basic)),
                               .this_update_s = AT_S,
                               .next_update_s = AT_S + 3600,
                               .singles = singles,
                               .singles_n = n,
                               .nonce = nonce,
                               .is_extended_revoke = is_extended,
                           });
    int size =
        i2d_OCSP_RESPDATA((OCSP_RESPDATA *)(uintptr_t)OCSP_resp_get0_respdata(twin.basic), &wanted);
    assert_bytes(buf_bytes(&data), bytes_of(wanted, (size_t)size));
    OPENSSL_free(wanted);
    twin_free(&twin);
}

static void response_data_equals_openssls(void **state)
{
    (void)state;
    const struct bytes nonce = bytes_text("0123456789abcdef0123456789abcdef");
    const struct ocsp_single good = {.id = encoded(id_of(EVP_sha256(), serial))};
    const struct ocsp_single held = {encoded(id_of(EVP_sha1(), serial)), true, AT_S - 5,
                                     X509_REASON_HOLD};
    const struct ocsp_single plain = {good.id, true, AT_S - 86400, X509_REASON_UNSPECIFIED};
    const struct ocsp_single never = {good.id, true, 0, X509_REASON_HOLD};
    const struct ocsp_single both[] = {good, held};
    expect_twin(&good, 1, bytes_of(NULL, 0), false);
    expect_twin(&held, 1, nonce, false);
    expect_twin(&plain, 1, bytes_of(NULL, 0), false);
    expect_twin(both, 2, nonce, false);
    expect_twin(&never, 1, nonce, true);
    expect_twin(&never, 1, bytes_of(NULL, 0), true);
}

static void a_whole_response_is_taken_apart_by_openssl(void **state)
{
    (void)state;
    struct twin twin = twin_new();
    uint8_t *certificate = NULL, room[4096];
    size_t n = (size_t)i2d_X509(twin.certificate, &certificate);
    uint8_t key[OCSP_RESPONDER_KEY_N], data_room[1024];
    struct buf data = buf_over(data_room, sizeof data_room), whole = buf_over(room, sizeof room);
    struct ocsp_single good = {.id = encoded(id_of(EVP_sha1(), serial))};
    key_hash(twin.key, key);
    ocsp_write_data(&data, &(struct ocsp_data){.responder_key = key,
                                               .produced_s = AT_S,
                                               .this_update_s = AT_S,
                                               .next_update_s = AT_S + 60,
                                               .singles = &good,
                                               .singles_n = 1});
    ocsp_write_response(&whole,
                        &(struct ocsp_signed){buf_bytes(&data), X509_SIG_ECDSA_SHA256,
                                              bytes_text("signature"), bytes_of(certificate, n)});
    const uint8_t *p = room;
    uint8_t *again = NULL;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)whole.n);
    assert_non_null(response);
    assert_ptr_equal(p, room + whole.n);
    assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    int again_n = i2d_OCSP_RESPONSE(response, &again);
    assert_bytes(bytes_of(again, (size_t)again_n), buf_bytes(&whole));
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    assert_non_null(basic);
    assert_int_equal(OCSP_resp_count(basic), 1);
    assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
    assert_text(bytes_of(ASN1_STRING_get0_data(OCSP_resp_get0_signature(basic)),
                         (size_t)ASN1_STRING_length(OCSP_resp_get0_signature(basic))),
                "signature");
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    OPENSSL_free(again);
    OPENSSL_free(certificate);
    twin_free(&twin);
}

static void a_failure_is_five_octets(void **state)
{
    (void)state;
    uint8_t room[OCSP_FAILURE_N];
    struct buf b = buf_over(room, sizeof room);
    const uint8_t *p = room;
    ocsp_write_failure(&b, OCSP_UNAUTHORIZED);
    assert_int_equal(b.n, OCSP_FAILURE_N);
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, OCSP_FAILURE_N);
    assert_non_null(response);
    assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
    OCSP_RESPONSE_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_and_lengthened_requests_are_refused),
        cmocka_unit_test(what_breaks_a_rule_is_refused_by_its_name),
        cmocka_unit_test(a_nonce_of_more_than_128_octets_is_malformed),
        cmocka_unit_test(so_many_certificates_and_no_more),
        cmocka_unit_test(what_openssl_asks_is_read),
        cmocka_unit_test(response_data_equals_openssls),
        cmocka_unit_test(a_whole_response_is_taken_apart_by_openssl),
        cmocka_unit_test(a_failure_is_five_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
