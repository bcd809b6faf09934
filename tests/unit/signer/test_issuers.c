/* Issuers that follow the first ones: their keys lie beside those of `trothd init`. */
#include "house.h"

#include <base/file.h>
#include <signer/signer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = house_new();
    return 0;
}

static int tear_down(void **state)
{
    house_free(*state);
    return 0;
}

static uint32_t code_of(struct house *house, const struct msg_sign *message)
{
    return house_ask(house, IPC_SIGN, message, -1).sign_answer.code;
}

static void a_later_issuer_signs_beside_the_first_and_core_hears_of_its_key(void **state)
{
    struct house *house = *state;
    struct msg_journal_ask ask = {0};
    struct ipc_message answer;
    struct msg_sign message = house_sign(house);

    house_add_issuer(house, PKI_ISSUER_LDEVID, "ldevid-7", true);
    message.issuer = 7; /* made of what a start has opened, which this was not */
    assert_int_equal(code_of(house, &message), E_PROFILE);
    house_restart(house);
    house_send(house, IPC_JOURNAL_ASK, &ask, -1);
    assert_int_equal(house_turn(house), OK);
    assert_int_equal(house_receive(house, &answer), OK);
    assert_int_equal(answer.type, IPC_ISSUER_HELD);
    assert_int_equal(answer.issuer_held.number, 7);
    assert_int_equal(answer.issuer_held.kind, PKI_ISSUER_LDEVID);
    assert_memory_equal(answer.issuer_held.spki, house->session.issuers[7].spki, 32);
    assert_int_equal(house_receive(house, &answer), OK);
    assert_int_equal(answer.type, IPC_JOURNAL_END);

    house_agree(house, 0, 0);
    message = house_sign(house);
    message.issuer = 7;
    house_hash(house, &message);
    assert_int_equal(code_of(house, &message), E_NONE);
    message = house_sign(house); /* and the first one still does */
    assert_int_equal(code_of(house, &message), E_NONE);
    message = house_sign(house);
    message.issuer = 7;
    message.profile = PKI_OPERATOR;
    message.product = message.serial_number = bytes_of(NULL, 0);
    message.common_name = bytes_text("eve");
    profile_digest(PKI_OPERATOR, message.profile_digest);
    assert_int_equal(code_of(house, &message), E_PROFILE); /* not what its kind issues */
}

static void a_key_without_its_certificate_is_nobodys_and_a_number_is_ones(void **state)
{
    struct house *house = *state;
    struct err err = {0};

    house_add_issuer(house, PKI_ISSUER_LDEVID, "ldevid-7", false);
    assert_int_equal(signer_check(&house->config, &err), OK);
    house_restart(house);
    assert_null(issuer_find(&house->session, 7));
    house_add_issuer(house, PKI_ISSUER_IDEVID, "idevid-7", true);
    assert_int_equal(signer_check(&house->config, &err), OK);
    char path[128];
    snprintf(path, sizeof(path), "%s/signer/ldevid-7.cer", house->folder);
    assert_int_equal(file_write(path, 0600, bytes_text("x"), &err), OK);
    assert_int_equal(signer_check(&house->config, &err), R_CRYPTO);
    assert_non_null(strstr(err.text, "has the number 7 too"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_key_without_its_certificate_is_nobodys_and_a_number_is_ones),
        TEST(a_later_issuer_signs_beside_the_first_and_core_hears_of_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
