/* Webhooks: what is signed, by which key, and that the key outlives the process. */
#include "house.h"

#include <crypto/verify.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int open_house(void **state)
{
    *state = house_new();
    return 0;
}

static int close_house(void **state)
{
    house_free(*state);
    return 0;
}

static enum result verify(const uint8_t key[32], const char *text, struct bytes signature)
{
    const struct x509_key public_key = {.alg = X509_KEY_ED25519, .point = bytes_of(key, 32)};
    return verify_signature(&public_key, X509_SIG_ED25519, bytes_of(text, strlen(text)), signature,
                            NULL);
}

static struct msg_sign_webhook good(void)
{
    return (struct msg_sign_webhook){.id = 7,
                                     .message = bytes_text("msg_1"),
                                     .at_s = 1795000000,
                                     .body = bytes_text("{\"a\":1}")};
}

static void what_is_no_webhook_is_not_signed(void **state)
{
    struct house *house = *state;
    struct msg_sign_webhook bad[] = {good(), good(), good(), good(), good(), good()};
    bad[0].message = bytes_text("");
    bad[1].message = bytes_text("msg.1");
    bad[2].message = bytes_text("msg\n1");
    bad[3].at_s = -1;
    bad[4].body = bytes_text("");
    bad[5].body = bytes_text("troth.example/log\n1\n");
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        struct ipc_message answer = house_ask(house, IPC_SIGN_WEBHOOK, &bad[i], -1);
        assert_int_equal(answer.type, IPC_SIGNED_WEBHOOK);
        assert_int_equal(answer.signed_webhook.code, E_SYNTAX);
        assert_int_equal(answer.signed_webhook.signature.n, 0);
    }
}

static void id_instant_and_body_are_signed_by_the_key_that_was_told(void **state)
{
    struct house *house = *state;
    struct msg_sign_webhook ask = good();
    struct ipc_message answer = house_ask(house, IPC_SIGN_WEBHOOK, &ask, -1);
    assert_int_equal(answer.signed_webhook.id, 7);
    assert_int_equal(answer.signed_webhook.code, E_NONE);
    struct bytes signature = answer.signed_webhook.signature;
    const char *text = "msg_1.1795000000.{\"a\":1}";
    assert_int_equal(verify(house->webhook_key, text, signature), OK);
    assert_int_equal(verify(house->webhook_key, "msg_1.1795000001.{\"a\":1}", signature), R_CRYPTO);
}

/* Nothing else is signed by it: the checkpoints' key is another. */
static void the_key_has_no_other_use(void **state)
{
    struct house *house = *state;
    struct bytes other =
        house->session.backend->point(house->session.keys, SIGNER_KEY_CHECKPOINT_ED25519);
    assert_int_equal(other.n, 32);
    assert_memory_not_equal(other.p, house->webhook_key, 32);
}

static void a_start_finds_the_key_of_the_one_before(void **state)
{
    struct house *house = *state;
    uint8_t before[32];
    memcpy(before, house->webhook_key, sizeof before);
    house_restart(house);
    memset(house->webhook_key, 0, sizeof house->webhook_key);
    house_agree(house, 0, 0);
    assert_memory_equal(before, house->webhook_key, sizeof before);
}

/* As an installation of before there were webhooks. */
static void a_start_without_a_key_makes_one(void **state)
{
    struct house *house = *state;
    char path[128];
    uint8_t before[32];
    memcpy(before, house->webhook_key, sizeof before);
    snprintf(path, sizeof path, "%s/signer/webhook-ed25519.pem", house->folder);
    assert_int_equal(remove(path), 0);
    house_restart(house);
    house_agree(house, 0, 0);
    assert_memory_not_equal(before, house->webhook_key, sizeof before);
    struct msg_sign_webhook ask = good();
    struct ipc_message answer = house_ask(house, IPC_SIGN_WEBHOOK, &ask, -1);
    assert_int_equal(answer.signed_webhook.code, E_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_no_webhook_is_not_signed, open_house, close_house),
        cmocka_unit_test_setup_teardown(id_instant_and_body_are_signed_by_the_key_that_was_told,
                                        open_house, close_house),
        cmocka_unit_test_setup_teardown(the_key_has_no_other_use, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_start_finds_the_key_of_the_one_before, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(a_start_without_a_key_makes_one, open_house, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
