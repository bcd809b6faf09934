/* The plain port: files that core wrote, with what caches need, and nothing else. */
#include "lab.h"

#include <wire/x509_crl.h>
#include <wire/x509_write.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lab lab;

static void put_file(const char *name, struct bytes bytes)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", lab.folder, name);
    for (char *slash = strchr(path + strlen(lab.folder) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite(bytes.p, 1, bytes.n, file);
    fclose(file);
}

static void put_crl(const char *name, int64_t this_s, int64_t next_s)
{
    static uint8_t memory[4096];
    struct x509_cert issuer;
    const char *why = NULL;
    assert_true(x509_read_cert(blob_bytes(&lab.ldevid.certificate), &issuer, &why));
    const struct x509_crl_fields fields = {
        .sig_alg = X509_SIG_ECDSA_SHA256,
        .issuer = issuer.subject,
        .this_update_s = this_s,
        .next_update_s = next_s,
        .aki = issuer.ski,
        .number = 1,
    };
    uint8_t tbs[2048];
    struct buf body = buf_over(tbs, sizeof tbs), whole = buf_over(memory, sizeof memory);
    struct x509_crl_writer writer = x509_crl_begin(&body, &fields);
    x509_crl_end(&writer);
    struct key_signature signature;
    assert_int_equal(key_sign(lab.ldevid.key, buf_bytes(&body), &signature, NULL), OK);
    x509_write_signed(&whole, buf_bytes(&body), X509_SIG_ECDSA_SHA256,
                      key_signature_bytes(&signature));
    put_file(name, buf_bytes(&whole));
}

static int start(void **state)
{
    (void)state;
    lab_start(&lab, &lab_limits);
    put_crl("crl/2/1/0.crl", time(NULL) - 600, time(NULL) + 3000);
    put_crl("crl/late.crl", time(NULL) - 3000, time(NULL) + 600);
    put_file("crl/bad.crl", bytes_text("nonsense"));
    put_file("ca/ldevid.cer", blob_bytes(&lab.ldevid.certificate));
    put_file("checkpoint", bytes_text("troth\n1\nabc=\n"));
    put_file("tile/0/000", bytes_text("a whole tile"));
    put_file("tile/1/x001/234.p/5", bytes_text("a part"));
    put_file("tile/entries/000", bytes_text("not public"));
    put_file("secret", bytes_text("not public"));
    char path[256];
    snprintf(path, sizeof path, "%s/ca/link.cer", lab.folder);
    assert_int_equal(symlink("../secret", path), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return lab_stop(&lab);
}

static struct lab_reply get(const char *method, const char *path, const char *headers)
{
    char request[512];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, path, headers);
    return lab_ask(&lab, false, request);
}

static void a_crl_may_be_kept_until_half_its_window(void **state)
{
    (void)state;
    struct lab_reply reply = get("GET", "/crl/2/1/0.crl", "");
    assert_int_equal(reply.status, 200);
    assert_string_equal(lab_header(&reply, "Content-Type"), "application/pkix-crl");
    struct x509_crl crl;
    const char *why = NULL;
    assert_true(x509_read_crl(bytes_of(reply.body, reply.body_n), &crl, &why));
    int age = -1;
    sscanf(lab_header(&reply, "Cache-Control"), "public, max-age=%d", &age);
    assert_in_range(age, 1190, 1200);
}

static void a_crl_past_half_its_window_or_unread_is_not_kept(void **state)
{
    (void)state;
    struct lab_reply reply = get("GET", "/crl/late.crl", "");
    assert_string_equal(lab_header(&reply, "Cache-Control"), "public, max-age=0");
    reply = get("GET", "/crl/bad.crl", "");
    assert_int_equal(reply.status, 200);
    assert_string_equal(lab_header(&reply, "Cache-Control"), "public, max-age=0");
}

static void who_has_it_already_gets_304(void **state)
{
    (void)state;
    char header[256];
    struct lab_reply reply = get("GET", "/ca/ldevid.cer", "");
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body_n, lab.ldevid.certificate.n);
    snprintf(header, sizeof header, "If-None-Match: \"x\", %s\r\n", lab_header(&reply, "ETag"));
    struct lab_reply again = get("GET", "/ca/ldevid.cer", header);
    assert_int_equal(again.status, 304);
    assert_non_null(lab_header(&again, "ETag"));
    assert_non_null(lab_header(&again, "Cache-Control"));
    assert_false(again.is_closed);
    snprintf(header, sizeof header, "If-Modified-Since: %s\r\n",
             lab_header(&reply, "Last-Modified"));
    assert_int_equal(get("GET", "/ca/ldevid.cer", header).status, 304);
    assert_int_equal(get("GET", "/ca/ldevid.cer", "If-None-Match: \"x\"\r\n").status, 200);
}

static void head_has_the_same_head_and_no_body(void **state)
{
    (void)state;
    struct lab_reply reply = get("HEAD", "/ca/ldevid.cer", "");
    assert_int_equal(reply.status, 200);
    assert_int_equal(atoi(lab_header(&reply, "Content-Length")), lab.ldevid.certificate.n);
    assert_false(reply.is_closed);
}

static void checkpoint_and_tiles_have_their_caching(void **state)
{
    (void)state;
    struct lab_reply reply = get("GET", "/checkpoint", "");
    assert_int_equal(reply.status, 200);
    assert_string_equal(lab_header(&reply, "Cache-Control"), "public, max-age=1");
    assert_string_equal(lab_header(&reply, "Content-Type"), "text/plain; charset=utf-8");
    reply = get("GET", "/tile/0/000", "");
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(lab_header(&reply, "Cache-Control"), "immutable"));
    assert_int_equal(get("GET", "/tile/1/x001/234.p/5", "").status, 200);
}

static void nothing_else_is_served(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/",
        "/secret",
        "/tile/entries/000",
        "/crl/2/1",
        "/crl",
        "/crl/none.crl",
        "/ca/link.cer",
        "/ca/.hidden.cer",
        "/tile/0",
        "/tile/00/000",
        "/tile/64/000",
        "/tile/0/0000",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/ca/ldevid.crl",
        "/.well-known/est/cacerts",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct lab_reply reply = get("GET", paths[i], "");
        if (reply.status != 404)
            print_message("%s\n", paths[i]);
        assert_int_equal(reply.status, 404);
        assert_null(strstr(reply.body, "not public"));
    }
    assert_int_equal(get("GET", "/ca/../secret", "").status, 400);
    assert_int_equal(get("POST", "/checkpoint", "Content-Length: 0\r\n").status, 405);
}

static void the_process_says_that_it_lives(void **state)
{
    (void)state;
    struct lab_reply reply = get("GET", "/livez", "");
    assert_int_equal(reply.status, 200);
    assert_memory_equal(reply.body, "ok\n", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crl_may_be_kept_until_half_its_window),
        cmocka_unit_test(a_crl_past_half_its_window_or_unread_is_not_kept),
        cmocka_unit_test(who_has_it_already_gets_304),
        cmocka_unit_test(head_has_the_same_head_and_no_body),
        cmocka_unit_test(checkpoint_and_tiles_have_their_caching),
        cmocka_unit_test(nothing_else_is_served),
        cmocka_unit_test(the_process_says_that_it_lives),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
