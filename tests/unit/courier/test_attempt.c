/* The lines that an attempt adds to a request: nothing of core's can make one more. */
#include "attempt.h"

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint8_t signature[WEBHOOK_SIGNATURE_N];

static struct msg_send_webhook good(void)
{
    return (struct msg_send_webhook){.message = bytes_text("msg_0a"),
                                     .at_s = 1795000000,
                                     .signature = bytes_of(signature, sizeof signature)};
}

static void what_could_end_a_line_is_refused(void **state)
{
    (void)state;
    char lines[ATTEMPT_HEADERS][ATTEMPT_LINE_MAX];
    static const char *const bad[] = {"", "msg_1\r\nX: y", "msg 1", "msg_\xc3", "msg.1", "MSG"};
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        struct msg_send_webhook ask = good();
        ask.message = text_bytes(bad[i]);
        assert_false(attempt_headers(&ask, lines));
    }
    struct msg_send_webhook ask = good();
    ask.signature.n--;
    assert_false(attempt_headers(&ask, lines));
    ask = good();
    ask.at_s = -1;
    assert_false(attempt_headers(&ask, lines));
}

static void the_lines_are_those_of_standard_webhooks(void **state)
{
    (void)state;
    char lines[ATTEMPT_HEADERS][ATTEMPT_LINE_MAX];
    struct msg_send_webhook ask = good();
    assert_true(attempt_headers(&ask, lines));
    assert_string_equal(lines[0], "Content-Type: application/json");
    assert_string_equal(lines[2], "webhook-id: msg_0a");
    assert_string_equal(lines[3], "webhook-timestamp: 1795000000");
    assert_int_equal(strncmp(lines[4], "webhook-signature: v1a,AAAA", 27), 0);
    assert_int_equal(strlen(lines[4]), strlen("webhook-signature: v1a,") + 88);
}

static void the_receivers_are_those_of_the_configuration(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    static struct config config = {.webhook_count = 1,
                                   .webhooks[0] = {.name = "a", .url = "https://192.0.2.1/x"}};
    attempts_configure(&attempts, &config);
    assert_int_equal(attempts.receivers_n, 1);
    assert_string_equal(attempts.receivers[0].url.host, "192.0.2.1");
    config.webhook_count = 0;
    attempts_configure(&attempts, &config);
    assert_int_equal(attempts.receivers_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_end_a_line_is_refused),
        cmocka_unit_test(the_lines_are_those_of_standard_webhooks),
        cmocka_unit_test(the_receivers_are_those_of_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
