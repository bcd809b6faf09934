#include "lab.h"

#include <trust/authorise.h>
#include <wire/b64.h>
#include <wire/csrattrs.h>
#include <wire/pkcs7.h>
#include <wire/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lab lab;
static struct key *device_key;
static char *csr;

static int start(void **state)
{
    (void)state;
    lab_start(&lab, &lab_limits);
    assert_int_equal(key_generate(KEY_P256, &device_key, NULL), OK);
    csr = lab_request(device_key, "SN-1");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    key_freep(&device_key);
    free(csr);
    return lab_stop(&lab);
}

static struct lab_client open_client(const struct lab_holder *holder)
{
    struct lab_client client;
    assert_true(lab_connect_tls(&lab, holder, NULL, &client));
    return client;
}

static size_t certificates_in(const struct lab_reply *reply, struct x509_cert *ret_first)
{
    static uint8_t der[8192];
    struct buf space = buf_over(der, sizeof der);
    struct reader walk;
    struct bytes one;
    const char *why = NULL;
    size_t n = 0;
    assert_true(b64_decode(&space, bytes_of(reply->body, reply->body_n)));
    assert_true(pkcs7_read_certs(buf_bytes(&space), &walk, &why));
    while (pkcs7_next_cert(&walk, &one))
        if (n++ == 0)
            assert_true(x509_read_cert(one, ret_first, &why));
    return n;
}

static void cacerts_are_one_line_of_base64(void **state)
{
    (void)state;
    struct lab_reply reply =
        lab_ask(&lab, true, "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n");
    struct x509_cert first;
    assert_int_equal(reply.status, 200);
    assert_string_equal(lab_header(&reply, "Content-Type"), "application/pkcs7-mime");
    assert_string_equal(lab_header(&reply, "Content-Transfer-Encoding"), "base64");
    assert_null(lab_header(&reply, "Transfer-Encoding"));
    assert_int_equal(certificates_in(&reply, &first), 2);
    assert_false(reply.is_closed);
}

static void cacerts_answer_under_a_label_and_to_head(void **state)
{
    (void)state;
    struct lab_reply reply = lab_ask(
        &lab, true, "HEAD /.well-known/est/sensor/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_int_equal(reply.status, 200);
    assert_non_null(lab_header(&reply, "Content-Length"));
    assert_true(atoi(lab_header(&reply, "Content-Length")) > 0);
}

static void csrattrs_of(const char *label, struct csrattrs *ret, uint8_t space[1024])
{
    char request[256];
    snprintf(request, sizeof request,
             "GET /.well-known/est%s/csrattrs HTTP/1.1\r\nHost: localhost\r\n\r\n", label);
    struct lab_reply reply = lab_ask(&lab, true, request);
    struct buf der = buf_over(space, 1024);
    const char *why = NULL;
    assert_int_equal(reply.status, 200);
    assert_string_equal(lab_header(&reply, "Content-Type"), "application/csrattrs");
    assert_string_equal(lab_header(&reply, "Content-Transfer-Encoding"), "base64");
    assert_true(b64_decode(&der, bytes_of(reply.body, reply.body_n)));
    if (!csrattrs_read(buf_bytes(&der), ret, &why))
        fail_msg("%s", why);
}

static void csrattrs_say_which_key_a_product_takes(void **state)
{
    (void)state;
    uint8_t space[1024];
    struct csrattrs wish;
    csrattrs_of("", &wish, space);
    assert_true(wish.has_template && wish.wants_serial_number);
    assert_int_equal(wish.key, X509_KEY_P256);
    assert_int_equal(wish.organizational_unit.n, 0);
    csrattrs_of("/sensor", &wish, space);
    assert_int_equal(wish.key, X509_KEY_P256);
    assert_true(bytes_equal(wish.organizational_unit, bytes_text("sensor")));
    csrattrs_of("/rsa", &wish, space);
    assert_int_equal(wish.key, X509_KEY_RSA);
    assert_int_equal(wish.rsa_bits, 3072);
}

static void csrattrs_of_what_can_be_no_product_are_not_found(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int status;
    } rows[] = {{"%FF%FE", 400}, /* no UTF-8: for no route */
                {"0123456789012345678901234567890123456789012345678901234567890123456789", 404},
                {"broken", 503}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "GET /.well-known/est/%s/csrattrs HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 rows[i].label);
        assert_int_equal(lab_ask(&lab, true, request).status, rows[i].status);
    }
}

static void what_is_not_offered_is_not_found(void **state)
{
    (void)state;
    static const char *const operations[] = {"serverkeygen", "fullcmc"};
    for (size_t i = 0; i < LENGTH_OF(operations); i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "POST /.well-known/est/%s HTTP/1.1\r\nHost: localhost\r\n"
                 "Content-Length: 0\r\n\r\n",
                 operations[i]);
        struct lab_reply reply = lab_ask(&lab, true, request);
        assert_int_equal(reply.status, 404);
        assert_string_equal(lab_header(&reply, "Content-Type"), "application/problem+json");
        assert_non_null(strstr(reply.body, "urn:troth:error:E4001"));
    }
}

static void enrolment_gives_only_the_certificate_issued(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    struct lab_reply reply = lab_enrol(&client, "ok", "simpleenroll", "", csr);
    struct x509_cert first;
    assert_int_equal(reply.status, 200);
    assert_int_equal(certificates_in(&reply, &first), 1);
    assert_true(bytes_equal(first.spki, key_spki(device_key)));
    assert_int_equal(strlen(lab_header(&reply, "X-Request-Id")), 16);
    assert_int_equal(lab.seen->operation, OPERATION_ENROL);
    assert_int_equal(lab.seen->credential, CREDENTIAL_REGISTERED_CSR);
    assert_string_equal(lab.seen->label, "ok");
    assert_string_equal(lab.seen->csr_serial_number, "SN-1");
    lab_close(&client);
}

static void a_connection_is_kept_over_many_enrolments(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    for (int i = 0; i < 50; i++)
        assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", "", csr).status, 200);
    lab_close(&client);
}

static void white_space_in_base64_and_a_wrong_encoding_header_are_fine(void **state)
{
    (void)state;
    char spaced[2048] = "";
    for (size_t i = 0; i < strlen(csr); i += 40)
        snprintf(spaced + strlen(spaced), sizeof spaced - strlen(spaced), " %.40s\r\n", csr + i);
    struct lab_client client = open_client(NULL);
    const char *headers = "Content-Transfer-Encoding: binary\r\n";
    assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", headers, spaced).status, 200);
    lab_close(&client);
}

static void a_token_is_handed_over(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    /* SN-1:s3cret */
    const char *headers = "Authorization: Basic U04tMTpzM2NyZXQ=\r\n";
    assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", headers, csr).status, 200);
    assert_int_equal(lab.seen->credential, CREDENTIAL_TOKEN);
    assert_string_equal(lab.seen->user, "SN-1");
    assert_string_equal(lab.seen->token, "s3cret");
    lab_close(&client);
}

static void a_malformed_token_never_reaches_core(void **state)
{
    (void)state;
    int before = lab.seen->enrols;
    struct lab_client client = open_client(NULL);
    const char *headers = "Authorization: Basic U04tMTpzM2NyZXQ\r\n";
    struct lab_reply reply = lab_enrol(&client, "ok", "simpleenroll", headers, csr);
    assert_int_equal(reply.status, 401);
    assert_string_equal(lab_header(&reply, "WWW-Authenticate"), "Basic realm=\"troth\"");
    assert_int_equal(lab.seen->enrols, before);
    lab_close(&client);
}

static void garbage_gets_a_named_rule_as_text(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    struct lab_reply reply = lab_enrol(&client, "ok", "simpleenroll", "", "!!!!");
    assert_int_equal(reply.status, 400);
    assert_string_equal(lab_header(&reply, "Content-Type"), "text/plain");
    assert_non_null(strstr(reply.body, "RFC 8951"));
    reply = lab_enrol(&client, "ok", "simpleenroll", "", "MAA=");
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.body, "E1007"));
    lab_close(&client);
}

static void a_refusal_without_proof_does_not_say_why(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    struct lab_reply reply = lab_enrol(&client, "refused", "simpleenroll", "", csr);
    assert_int_equal(reply.status, 401);
    assert_string_equal(reply.body, "");
    assert_int_equal(strlen(lab_header(&reply, "X-Request-Id")), 16);
    lab_close(&client);
}

static void a_refusal_by_policy_says_why(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    struct lab_reply reply = lab_enrol(&client, "policy", "simpleenroll", "", csr);
    assert_int_equal(reply.status, 403);
    assert_string_equal(lab_header(&reply, "Content-Type"), "text/plain");
    assert_non_null(strstr(reply.body, "TD-06: saw token, want idevid"));
    lab_close(&client);
}

static void who_waits_and_who_is_too_many_is_told_when_to_come_again(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    struct lab_reply reply = lab_enrol(&client, "wait", "simpleenroll", "", csr);
    assert_int_equal(reply.status, 202);
    assert_string_equal(lab_header(&reply, "Retry-After"), "7");
    reply = lab_enrol(&client, "busy", "simpleenroll", "", csr);
    assert_int_equal(reply.status, 503);
    assert_string_equal(lab_header(&reply, "Retry-After"), "3");
    lab_close(&client);
}

static void wrong_media_type_and_large_bodies_are_refused_before_they_come(void **state)
{
    (void)state;
    struct lab_reply reply = lab_ask(&lab, true,
                                     "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: a\r\n"
                                     "Content-Type: text/plain\r\nContent-Length: 9\r\n\r\n");
    assert_int_equal(reply.status, 415);
    assert_true(reply.is_closed);
    reply = lab_ask(&lab, true,
                    "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: a\r\n"
                    "Content-Type: application/pkcs10\r\nContent-Length: 65537\r\n\r\n");
    assert_int_equal(reply.status, 413);
    assert_true(reply.is_closed);
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    (void)state;
    struct lab_reply reply = lab_ask(
        &lab, true, "GET /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_int_equal(reply.status, 405);
    assert_string_equal(lab_header(&reply, "Allow"), "POST");
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct lab_client client = open_client(NULL);
    lab_send_text(&client, "GET /.well-known/est/csrattrs HTTP/1.1\r\nHost: a\r\n\r\n"
                           "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: a\r\n\r\n"
                           "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(lab_receive(&client, false, 0).status, 200);
    assert_int_equal(lab_receive(&client, false, 0).status, 200);
    assert_int_equal(lab_receive(&client, false, 0).status, 404);
    lab_close(&client);
}

static void http_1_0_is_answered_and_closed_unless_asked_to_be_kept(void **state)
{
    (void)state;
    struct lab_reply reply = lab_ask(&lab, true, "GET /.well-known/est/cacerts HTTP/1.0\r\n\r\n");
    assert_int_equal(reply.status, 200);
    assert_true(reply.is_closed);
    reply = lab_ask(&lab, true,
                    "GET /.well-known/est/cacerts HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    assert_int_equal(reply.status, 200);
    assert_false(reply.is_closed);
}

static void tls_1_2_and_1_3_are_spoken_and_nothing_older(void **state)
{
    (void)state;
    struct lab_client client;
    assert_true(lab_connect_tls(&lab, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2", &client));
    assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", "", csr).status, 200);
    lab_close(&client);
    assert_true(lab_connect_tls(&lab, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.3", &client));
    assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", "", csr).status, 200);
    lab_close(&client);
    assert_false(lab_connect_tls(&lab, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.1", &client));
    lab_close(&client);
}

static void a_client_that_goes_while_it_waits_harms_nobody(void **state)
{
    (void)state;
    char head[256];
    for (int i = 0; i < 20; i++) {
        struct lab_client client = open_client(NULL);
        snprintf(head, sizeof head,
                 "POST /.well-known/est/ok/simpleenroll HTTP/1.1\r\nHost: a\r\nContent-Type: "
                 "application/pkcs10\r\nContent-Length: %zu\r\n\r\n",
                 strlen(csr));
        lab_send_text(&client, head);
        lab_send_text(&client, csr);
        lab_close(&client);
    }
    struct lab_client client = open_client(NULL);
    assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", "", csr).status, 200);
    lab_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cacerts_are_one_line_of_base64),
        cmocka_unit_test(cacerts_answer_under_a_label_and_to_head),
        cmocka_unit_test(csrattrs_of_what_can_be_no_product_are_not_found),
        cmocka_unit_test(csrattrs_say_which_key_a_product_takes),
        cmocka_unit_test(what_is_not_offered_is_not_found),
        cmocka_unit_test(enrolment_gives_only_the_certificate_issued),
        cmocka_unit_test(a_connection_is_kept_over_many_enrolments),
        cmocka_unit_test(white_space_in_base64_and_a_wrong_encoding_header_are_fine),
        cmocka_unit_test(a_token_is_handed_over),
        cmocka_unit_test(a_malformed_token_never_reaches_core),
        cmocka_unit_test(garbage_gets_a_named_rule_as_text),
        cmocka_unit_test(a_refusal_without_proof_does_not_say_why),
        cmocka_unit_test(a_refusal_by_policy_says_why),
        cmocka_unit_test(who_waits_and_who_is_too_many_is_told_when_to_come_again),
        cmocka_unit_test(wrong_media_type_and_large_bodies_are_refused_before_they_come),
        cmocka_unit_test(a_wrong_method_is_told_the_right_ones),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(http_1_0_is_answered_and_closed_unless_asked_to_be_kept),
        cmocka_unit_test(tls_1_2_and_1_3_are_spoken_and_nothing_older),
        cmocka_unit_test(a_client_that_goes_while_it_waits_harms_nobody),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
