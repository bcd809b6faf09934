/* Heads that two parsers may read differently: over plain sockets and over TLS each is answered
 * with the status in its row and the connection ends, so that what follows is never taken for a
 * request. */
#include "lab.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOST "Host: localhost\r\n"
#define NEXT "GET /livez HTTP/1.1\r\n" HOST "\r\n"
#define TEXT(literal) (literal), sizeof(literal) - 1

static struct lab lab;

struct row {
    const char *what;
    const char *head;
    size_t n;
    int status;
    const char *rule; /* part of the detail; NULL: libmicrohttpd's own refusal */
};

static const struct row rows[] = {
    {"two different Content-Lengths",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" NEXT),
     400, "field Content-Length"},
    {"two equal Content-Lengths",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Content-Length: 0\r\ncontent-length: 0\r\n\r\n" NEXT),
     400, "field Content-Length"},
    {"Content-Length beside Transfer-Encoding",
     TEXT("POST /livez HTTP/1.1\r\n" HOST
          "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
     400, "beside Content-Length"},
    {"Transfer-Encoding in HTTP/1.0",
     TEXT("POST /livez HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT), 400,
     "in HTTP/1.0"},
    {"another transfer coding",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT),
     400, "RFC 9112 6.1"},
    {"a transfer coding that only looks like one",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT), 400,
     "RFC 9112 6.1"},
    {"chunked alone",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT), 411,
     "want Content-Length"},
    {"two Hosts", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" NEXT), 400,
     "field Host"},
    {"no Host in HTTP/1.1", TEXT("GET /livez HTTP/1.1\r\nAccept: */*\r\n\r\n" NEXT), 400, NULL},
    {"a Host with a path", TEXT("GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n" NEXT), 400, "Host"},
    {"a bare LF after a field", TEXT("GET /livez HTTP/1.1\r\nHost: a\nAccept: b\r\n\r\n" NEXT), 400,
     "bare LF"},
    {"a bare LF after the request line", TEXT("GET /livez HTTP/1.1\nHost: a\r\n\r\n" NEXT), 400,
     "bare LF"},
    {"a bare LF as the empty line", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\n\n" NEXT), 400,
     "bare LF"},
    {"bare LF everywhere", TEXT("GET /livez HTTP/1.1\nHost: a\n\n" NEXT), 400, "bare LF"},
    {"a folded field", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nAccept: b\r\n  c\r\n\r\n" NEXT), 400,
     "folded line"},
    {"a field folded with a tab and another behind it",
     TEXT("GET /livez HTTP/1.1\r\nHost: a\r\n\tb\r\nAccept: c\r\n\r\n" NEXT), 400, NULL},
    {"a folded Content-Length",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Content-Length:\r\n 44\r\n\r\n" NEXT), 400, NULL},
    {"a folded first line", TEXT("GET /livez HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n" NEXT), 400,
     "field name"},
    {"a NUL in a value", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nAccept: b\0c\r\n\r\n" NEXT), 400,
     "a NUL"},
    {"a NUL in a name", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nAcc\0ept: b\r\n\r\n" NEXT), 400,
     NULL},
    {"a NUL in the path", TEXT("GET /livez\0/x HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "a NUL"},
    {"a NUL and a bare LF after the request line",
     TEXT("GET /livez HTTP/1.1\0\nHost: a\r\n\r\n" NEXT), 400, NULL},
    {"a control character in a value",
     TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nAccept: b\x01\r\n\r\n" NEXT), 400, "field value"},
    {"a bare CR in a value", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nAccept: b\rc\r\n\r\n" NEXT),
     400, "field value"},
    {"a space before the colon",
     TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length : 44\r\n\r\n" NEXT), 400, "field name"},
    {"a field without a name", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n" NEXT), 400,
     "end of head"},
    {"a line without a colon", TEXT("GET /livez HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n" NEXT), 400,
     NULL},
    {"two spaces in the request line", TEXT("GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400,
     "stray space"},
    {"a space in the target", TEXT("GET /li vez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 0, NULL},
    {"%00 in the path", TEXT("GET /livez%00.html HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400,
     "percent-encoding"},
    {"an escaped letter", TEXT("GET /l%69vez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400,
     "percent-encoding"},
    {"a query", TEXT("GET /livez?a=b HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "no query"},
    {"an empty segment", TEXT("GET //livez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "no //"},
    {"two dots", TEXT("GET /crl/../livez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "no //"},
    {"one dot at the end", TEXT("GET /crl/. HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "no //"},
    {"an absolute target", TEXT("GET http://a/livez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400,
     "target"},
    {"a backslash", TEXT("GET /crl\\livez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "target"},
    {"an unknown method", TEXT("BREW /livez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "method"},
    {"a method in small letters", TEXT("get /livez HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400,
     "method"},
    {"CONNECT", TEXT("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400, "method"},
    {"HTTP/1.2", TEXT("GET /livez HTTP/1.2\r\nHost: a\r\n\r\n" NEXT), 400, "version"},
    {"HTTP/2.0", TEXT("GET /livez HTTP/2.0\r\nHost: a\r\n\r\n" NEXT), 505, NULL},
    {"a signed Content-Length",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n" NEXT), 400, NULL},
    {"a list as Content-Length",
     TEXT("POST /livez HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n" NEXT), 400, NULL},
    {"another expectation", TEXT("POST /livez HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n" NEXT), 400,
     "Expect"},
    {"two Authorizations",
     TEXT("GET /livez HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: b\r\n\r\n" NEXT), 400,
     "Authorization"},
};

static int start(void **state)
{
    (void)state;
    lab_start(&lab, &lab_limits);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return lab_stop(&lab);
}

static bool is_as_wanted(const struct row *row, const struct lab_reply *reply)
{
    bool has_rule = row->rule == NULL || strstr(reply->body, row->rule) != NULL;
    return reply->status == row->status && has_rule && reply->is_closed;
}

static void refuse_rows(bool is_tls)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lab_client client;
        if (is_tls)
            assert_true(lab_connect_tls(&lab, NULL, NULL, &client));
        else
            lab_connect_plain(&lab, &client);
        lab_send(&client, rows[i].head, rows[i].n);
        struct lab_reply reply = lab_receive(&client, false, 1000);
        lab_close(&client);
        if (is_as_wanted(&rows[i], &reply))
            continue;
        failed++;
        print_message("%s: status %d, closed %d, %s\n", rows[i].what, reply.status, reply.is_closed,
                      reply.body);
    }
    assert_int_equal(failed, 0);
}

static void ambiguous_heads_are_refused_and_the_connection_ends(void **state)
{
    (void)state;
    refuse_rows(false);
}

static void ambiguous_heads_are_refused_over_tls_too(void **state)
{
    (void)state;
    refuse_rows(true);
}

/* The check looks at where the parser left things in its buffer: heads of every size must pass. */
static void good_heads_of_any_size_pass(void **state)
{
    (void)state;
    static char head[10000];
    for (int n = 0; n < 9000; n += 97) {
        struct lab_client client;
        int at = snprintf(head, sizeof head,
                          "GET /livez HTTP/1.1\r\nHost:localhost\r\nX-Empty:\r\nX-Pad:\t ");
        memset(head + at, 'a', (size_t)n);
        snprintf(head + at + n, sizeof head - (size_t)(at + n), "\r\nX-End: b \r\n\r\n");
        lab_connect_plain(&lab, &client);
        for (int twice = 0; twice < 2; twice++) {
            lab_send_text(&client, head);
            assert_int_equal(lab_receive(&client, false, 0).status, 200);
        }
        lab_close(&client);
    }
}

static void a_good_head_passes_in_pieces(void **state)
{
    (void)state;
    const char *head = "GET /livez HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    struct lab_client client;
    lab_connect_plain(&lab, &client);
    for (size_t i = 0; i < strlen(head); i++)
        lab_send(&client, head + i, 1);
    assert_int_equal(lab_receive(&client, false, 0).status, 200);
    lab_close(&client);
}

static void a_head_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char head[40000];
    strcpy(head, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Pad: ");
    memset(head + strlen(head), 'a', sizeof head - 100);
    struct lab_reply reply = lab_ask(&lab, false, head);
    assert_int_equal(reply.status, 431);
}

static void too_many_fields_are_refused(void **state)
{
    (void)state;
    char head[2000] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n";
    for (int i = 0; i < 70; i++)
        snprintf(head + strlen(head), sizeof head - strlen(head), "X-%d: a\r\n", i);
    strcat(head, "\r\n");
    struct lab_reply reply = lab_ask(&lab, false, head);
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.body, "header fields"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ambiguous_heads_are_refused_and_the_connection_ends),
        cmocka_unit_test(ambiguous_heads_are_refused_over_tls_too),
        cmocka_unit_test(good_heads_of_any_size_pass),
        cmocka_unit_test(a_good_head_passes_in_pieces),
        cmocka_unit_test(a_head_that_is_too_long_is_refused),
        cmocka_unit_test(too_many_fields_are_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
