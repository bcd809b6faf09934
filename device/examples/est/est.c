#include "est.h"

#include "http.h"

#include <wire/b64.h>
#include <wire/oid.h>
#include <wire/pkcs7.h>
#include <wire/x509_write.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>

#include <string.h>

#define CSR_MAX 512
#define SPKI_MAX 96
#define REQUEST_MAX 1280
#define PATH "/.well-known/est/"
#define PERSONALISATION "troth est example"

// ---- one TLS session ---------------------------------------------------------------------------

struct session {
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt anchor;
    mbedtls_x509_crt own;
};

// One suite: what this server and every small device have in common.
static const int suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0};

static void session_free(struct session *s)
{
    mbedtls_ssl_free(&s->ssl);
    mbedtls_ssl_config_free(&s->config);
    mbedtls_x509_crt_free(&s->anchor);
    mbedtls_x509_crt_free(&s->own);
    mbedtls_ctr_drbg_free(&s->random);
}

static int seed(const struct est_device *device, mbedtls_ctr_drbg_context *random)
{
    mbedtls_ctr_drbg_init(random);
    return mbedtls_ctr_drbg_seed(random, device->entropy, device->entropy_ctx,
                                 (const unsigned char *)PERSONALISATION,
                                 sizeof PERSONALISATION - 1);
}

static bool set_peer(struct session *s, const struct est_device *device)
{
    mbedtls_ssl_conf_authmode(&s->config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_min_version(&s->config, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(&s->config, suites);
    if (mbedtls_x509_crt_parse_der(&s->anchor, device->anchor.p, device->anchor.n) != 0)
        return false;
    mbedtls_ssl_conf_ca_chain(&s->config, &s->anchor, NULL);
    return true;
}

// What the device shows of itself: nothing before it has a certificate.
struct shown {
    mbedtls_pk_context *key;
    struct bytes certificate;
};

static bool set_own(struct session *s, const struct shown *own)
{
    if (own->certificate.n == 0)
        return true;
    return mbedtls_x509_crt_parse_der(&s->own, own->certificate.p, own->certificate.n) == 0 &&
           mbedtls_ssl_conf_own_cert(&s->config, &s->own, own->key) == 0;
}

static const char *session_open(struct session *s, const struct est_device *device,
                                const struct shown *own)
{
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->config);
    mbedtls_x509_crt_init(&s->anchor);
    mbedtls_x509_crt_init(&s->own);
    if (seed(device, &s->random) != 0)
        return "no entropy";
    if (mbedtls_ssl_config_defaults(&s->config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return "no memory for TLS";
    mbedtls_ssl_conf_rng(&s->config, mbedtls_ctr_drbg_random, &s->random);
    if (!set_peer(s, device))
        return "the provisioned anchor is no certificate";
    if (!set_own(s, own))
        return "the device's own certificate cannot be used";
    if (mbedtls_ssl_setup(&s->ssl, &s->config) != 0 ||
        mbedtls_ssl_set_hostname(&s->ssl, device->server_name) != 0)
        return "no memory for TLS";
    mbedtls_ssl_set_bio(&s->ssl, device->link.ctx, device->link.send, device->link.receive, NULL);
    if (mbedtls_ssl_handshake(&s->ssl) == 0)
        return NULL;
    return mbedtls_ssl_get_verify_result(&s->ssl) != 0
               ? "the server is not vouched for by the provisioned anchor, or has another name"
               : "the TLS 1.2 handshake failed";
}

static bool send_all(struct session *s, struct bytes all)
{
    for (size_t done = 0; done < all.n;) {
        int n = mbedtls_ssl_write(&s->ssl, all.p + done, all.n - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

// ---- one exchange ------------------------------------------------------------------------------

static enum http_read receive_answer(struct session *s, struct buf *to, struct http_answer *ret,
                                     const char **ret_why)
{
    for (;;) {
        int n = mbedtls_ssl_read(&s->ssl, to->p + to->n, to->max - to->n);
        if (n <= 0) {
            *ret_why = "the connection ended before the answer did";
            return HTTP_BROKEN;
        }
        to->n += (size_t)n;
        enum http_read read = http_read_answer(buf_bytes(to), to->max, ret, ret_why);
        if (read != HTTP_MORE)
            return read;
    }
}

// Opens, sends the request, reads the answer into `to`. False: answer->why says what broke.
static bool exchange(const struct est_device *device, const struct shown *own, struct bytes request,
                     struct buf *to, struct http_answer *ret, struct est_answer *answer)
{
    struct session s = {0};
    answer->why = session_open(&s, device, own);
    if (answer->why == NULL && !send_all(&s, request))
        answer->why = "the connection was lost while sending";
    if (answer->why == NULL)
        (void)receive_answer(&s, to, ret, &answer->why);
    if (answer->why == NULL)
        (void)mbedtls_ssl_close_notify(&s.ssl);
    session_free(&s);
    return answer->why == NULL;
}

static enum est_outcome judge_status(const struct http_answer *http, struct est_answer *answer)
{
    answer->status = http->status;
    answer->retry_after_s = http->retry_after_s;
    if (http->status == 200)
        return EST_ISSUED;
    if (http->status == 202 || http->status == 503)
        return EST_WAIT;
    answer->why = "the server refused: its log says why, under the request's id";
    return EST_REFUSED;
}

// ---- the request -------------------------------------------------------------------------------

static void put_text(struct buf *b, const char *text)
{
    buf_put_bytes(b, bytes_of(text, strlen(text)));
}

static void put_number(struct buf *b, size_t number)
{
    char digits[12];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_put_bytes(b, bytes_of(digits + at, sizeof digits - at));
}

// 04 || x || y.
static bool read_point(const mbedtls_pk_context *key, uint8_t ret[X509_P256_POINT_N])
{
    const mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*key);
    size_t n = 0;
    return mbedtls_ecp_point_write_binary(&pair->grp, &pair->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &n,
                                          ret, X509_P256_POINT_N) == 0 &&
           n == X509_P256_POINT_N;
}

static bool sign(const struct est_device *device, mbedtls_pk_context *key, struct bytes info,
                 struct buf *to)
{
    uint8_t digest[32], signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t n = 0;
    mbedtls_ctr_drbg_context random;
    bool done = seed(device, &random) == 0 && mbedtls_sha256_ret(info.p, info.n, digest, 0) == 0 &&
                mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, digest, sizeof digest, signature, &n,
                                mbedtls_ctr_drbg_random, &random) == 0;
    mbedtls_ctr_drbg_free(&random);
    if (done)
        x509_write_signed(to, info, X509_SIG_ECDSA_SHA256, bytes_of(signature, n));
    return done && buf_ok(to);
}

// PKCS #10 (RFC 2986): the serial number is the subject, the key signs.
static bool write_csr(const struct est_device *device, mbedtls_pk_context *key, struct buf *to)
{
    uint8_t point[X509_P256_POINT_N], spki_space[SPKI_MAX], space[CSR_MAX];
    struct buf spki = buf_over(spki_space, sizeof spki_space), info = buf_over(space, sizeof space);
    struct x509_name_part subject = {
        oid_serial_number, bytes_of(device->serial_number, strlen(device->serial_number))};
    if (!read_point(key, point))
        return false;
    x509_write_spki(
        &spki, &(struct x509_key){.alg = X509_KEY_P256, .point = bytes_of(point, sizeof point)});
    x509_write_csr_info(&info, &(struct x509_csr_fields){
                                   .subject = &subject, .subject_n = 1, .spki = buf_bytes(&spki)});
    return buf_ok(&spki) && buf_ok(&info) && sign(device, key, buf_bytes(&info), to);
}

static void write_head(const struct est_device *device, const char *method, const char *operation,
                       struct buf *to)
{
    put_text(to, method);
    put_text(to, " " PATH);
    put_text(to, device->product);
    put_text(to, operation);
    put_text(to, " HTTP/1.1\r\nHost: ");
    put_text(to, device->server_name);
    put_text(to, "\r\nConnection: close\r\n");
}

static bool write_request(const struct est_device *device, struct bytes csr, struct buf *to)
{
    write_head(device, "POST", "/simpleenroll", to);
    put_text(to, "Content-Type: application/pkcs10\r\nContent-Length: ");
    put_number(to, B64_ENCODED_MAX(csr.n));
    if (device->token != NULL) {
        put_text(to, "\r\nAuthorization: Basic ");
        put_text(to, device->token);
    }
    put_text(to, "\r\n\r\n");
    b64_encode(to, csr);
    return buf_ok(to);
}

// ---- the certificate ---------------------------------------------------------------------------

// The bag holds one certificate (RFC 7030 4.2.3), over our key.
static const char *take_certificate(struct bytes bag, const mbedtls_pk_context *key,
                                    struct est_answer *answer)
{
    struct reader certs;
    struct bytes first, second;
    struct x509_cert cert;
    const char *why = NULL;
    uint8_t point[X509_P256_POINT_N];
    if (!pkcs7_read_certs(bag, &certs, &why))
        return why;
    if (!pkcs7_next_cert(&certs, &first) || pkcs7_next_cert(&certs, &second))
        return "RFC 7030 4.2.3: the answer must hold exactly one certificate";
    if (!x509_read_cert(first, &cert, &why))
        return why;
    if (!read_point(key, point) || cert.key.alg != X509_KEY_P256 ||
        !bytes_equal(cert.key.point, bytes_of(point, sizeof point)))
        return "the certificate is over another key";
    if (first.n > sizeof answer->certificate)
        return "the certificate is longer than the device keeps";
    memcpy(answer->certificate, first.p, first.n);
    answer->certificate_n = first.n;
    return NULL;
}

static enum est_outcome take_body(struct bytes body, mbedtls_pk_context *key,
                                  struct est_answer *answer)
{
    uint8_t space[B64_DECODED_MAX(EST_ANSWER_MAX)];
    struct buf bag = buf_over(space, sizeof space);
    answer->why = b64_decode_lenient(&bag, body) ? take_certificate(buf_bytes(&bag), key, answer)
                                                 : "RFC 8951 3.1: the answer is not base64";
    return answer->why == NULL ? EST_ISSUED : EST_FAILED;
}

// ---- what the header promises ------------------------------------------------------------------

int est_make_key(const struct est_device *device, mbedtls_pk_context *ret_key)
{
    mbedtls_ctr_drbg_context random;
    int result = seed(device, &random);
    if (result == 0)
        result = mbedtls_pk_setup(ret_key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (result == 0)
        result = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*ret_key),
                                     mbedtls_ctr_drbg_random, &random);
    mbedtls_ctr_drbg_free(&random);
    return result;
}

enum est_outcome est_enrol(const struct est_device *device, mbedtls_pk_context *key,
                           struct est_answer *answer)
{
    const struct shown nothing = {0};
    uint8_t csr_space[CSR_MAX], request_space[REQUEST_MAX], space[EST_ANSWER_MAX];
    struct buf csr = buf_over(csr_space, sizeof csr_space);
    struct buf request = buf_over(request_space, sizeof request_space);
    struct buf to = buf_over(space, sizeof space);
    struct http_answer http = {0};
    *answer = (struct est_answer){0};
    if (!write_csr(device, key, &csr) || !write_request(device, buf_bytes(&csr), &request)) {
        answer->why = "the request cannot be written: entropy, or a name that is too long";
        return EST_FAILED;
    }
    if (!exchange(device, &nothing, buf_bytes(&request), &to, &http, answer))
        return EST_FAILED;
    enum est_outcome outcome = judge_status(&http, answer);
    if (outcome != EST_ISSUED)
        return outcome;
    return take_body(bytes_of(space + http.head_n, http.body_n), key, answer);
}

enum est_outcome est_use(const struct est_device *device, mbedtls_pk_context *key,
                         struct bytes certificate, struct est_answer *answer)
{
    uint8_t request_space[REQUEST_MAX], space[EST_ANSWER_MAX];
    struct buf request = buf_over(request_space, sizeof request_space);
    struct buf to = buf_over(space, sizeof space);
    struct http_answer http = {0};
    const struct shown own = {key, certificate};
    *answer = (struct est_answer){0};
    write_head(device, "GET", "/cacerts", &request);
    put_text(&request, "\r\n");
    if (!buf_ok(&request)) {
        answer->why = "the request cannot be written: a name is too long";
        return EST_FAILED;
    }
    if (!exchange(device, &own, buf_bytes(&request), &to, &http, answer))
        return EST_FAILED;
    return judge_status(&http, answer);
}
