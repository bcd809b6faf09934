/* What a client certificate is taken for, and that one which does not verify reaches no handler. */
#include "lab.h"

#include <trust/authorise.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY_S 86400

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

static const struct lab_wish device = {.common_name = "device", .serial_number = "SN-1"};

/* Two enrolments on one connection under this certificate; the last reply. */
static struct lab_reply enrol_as(const struct lab_holder *holder, const char *priorities)
{
    struct lab_client client;
    assert_true(lab_connect_tls(&lab, holder, priorities, &client));
    struct lab_reply reply = lab_enrol(&client, "ok", "simpleenroll", "", csr);
    if (reply.status == 200)
        reply = lab_enrol(&client, "ok", "simplereenroll", "", csr);
    else
        reply.is_closed = lab_wait_end(&client, 1000) >= 0;
    lab_close(&client);
    return reply;
}

static void assert_taken_for(const struct lab_holder *issuer, enum credential credential,
                             int issuer_id, int anchor_id)
{
    struct lab_holder holder = lab_holder(issuer, &device);
    assert_int_equal(enrol_as(&holder, NULL).status, 200);
    assert_int_equal(lab.seen->credential, credential);
    assert_int_equal(lab.seen->issuer, issuer_id);
    assert_int_equal(lab.seen->anchor, anchor_id);
    assert_string_equal(lab.seen->peer_serial_number, "SN-1");
    lab_holder_free(&holder);
}

static void each_chain_is_taken_for_what_it_ends_in(void **state)
{
    (void)state;
    assert_taken_for(&lab.ldevid, CREDENTIAL_LDEVID, 2, 0);
    assert_taken_for(&lab.idevid, CREDENTIAL_IDEVID, 3, 0);
    assert_taken_for(&lab.operations, CREDENTIAL_OPERATOR, 4, 0);
    assert_taken_for(&lab.anchor, CREDENTIAL_IDEVID, 0, 5);
    assert_taken_for(NULL, CREDENTIAL_REGISTERED_TLS, 0, 0);
}

static void a_certificate_of_ours_is_sighted_once_a_connection(void **state)
{
    (void)state;
    int before = lab.seen->sightings;
    int64_t now_s = time(NULL);
    struct lab_holder holder = lab_holder(&lab.ldevid, &device);
    assert_int_equal(enrol_as(&holder, NULL).status, 200);
    assert_int_equal(lab.seen->sightings, before + 1);
    assert_in_range(lab.seen->handshake_s, now_s - 1, now_s + 2);
    lab_holder_free(&holder);

    holder = lab_holder(&lab.anchor, &device);
    assert_int_equal(enrol_as(&holder, NULL).status, 200);
    assert_int_equal(lab.seen->sightings, before + 1);
    lab_holder_free(&holder);
}

static void kept_names_are_seen(void **state)
{
    (void)state;
    struct lab_holder holder = lab_holder(&lab.ldevid, &device);
    enrol_as(&holder, NULL);
    assert_int_equal(lab.seen->names_equal, 0); /* the request has no commonName */
    lab_holder_free(&holder);
    holder = lab_holder(&lab.ldevid, &(struct lab_wish){.serial_number = "SN-1"});
    enrol_as(&holder, NULL);
    assert_int_equal(lab.seen->names_equal, 1);
    lab_holder_free(&holder);
}

static void assert_refused(const struct lab_holder *holder, const char *priorities)
{
    int before = lab.seen->enrols;
    struct lab_reply reply = enrol_as(holder, priorities);
    assert_int_equal(reply.status, 401);
    assert_true(reply.is_closed);
    assert_null(strstr(reply.body, "certificate:")); /* why is for the log */
    assert_int_equal(lab.seen->enrols, before);
}

static void what_does_not_verify_reaches_no_handler(void **state)
{
    (void)state;
    int sightings = lab.seen->sightings;
    struct lab_holder other = lab_holder(
        NULL, &(struct lab_wish){.common_name = "LDevID", .is_ca = true}); /* the same name */
    struct lab_holder forged = lab_holder(&other, &device);
    assert_refused(&forged, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
    assert_refused(&forged, "NORMAL:-VERS-ALL:+VERS-TLS1.3");

    struct lab_wish wish = device;
    wish.not_before_s = time(NULL) - 3 * DAY_S;
    wish.not_after_s = time(NULL) - DAY_S;
    struct lab_holder expired = lab_holder(&lab.anchor, &wish);
    assert_refused(&expired, NULL);

    wish = device;
    wish.not_before_s = time(NULL) + DAY_S;
    struct lab_holder early = lab_holder(&lab.ldevid, &wish);
    assert_refused(&early, NULL);

    wish = device;
    wish.is_server = true;
    struct lab_holder server = lab_holder(&lab.ldevid, &wish);
    assert_refused(&server, NULL);

    struct lab_holder below_leaf = lab_holder(&forged, &device);
    assert_refused(&below_leaf, NULL);
    assert_int_equal(lab.seen->sightings, sightings);

    lab_holder_free(&other);
    lab_holder_free(&forged);
    lab_holder_free(&expired);
    lab_holder_free(&early);
    lab_holder_free(&server);
    lab_holder_free(&below_leaf);
}

static void an_unverified_chain_reaches_not_even_cacerts(void **state)
{
    (void)state;
    struct lab_client client;
    struct lab_holder other =
        lab_holder(NULL, &(struct lab_wish){.common_name = "LDevID", .is_ca = true});
    struct lab_holder forged = lab_holder(&other, &device);
    assert_true(lab_connect_tls(&lab, &forged, NULL, &client));
    lab_send_text(&client, "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: a\r\n\r\n");
    struct lab_reply reply = lab_receive(&client, false, 1000);
    assert_int_equal(reply.status, 401);
    assert_true(reply.is_closed);
    lab_close(&client);
    lab_holder_free(&other);
    lab_holder_free(&forged);
}

static void an_expired_ldevid_is_handed_on_for_core_to_judge(void **state)
{
    (void)state;
    struct lab_wish wish = device;
    wish.not_before_s = time(NULL) - 9 * DAY_S;
    wish.not_after_s = time(NULL) - DAY_S;
    struct lab_holder holder = lab_holder(&lab.ldevid, &wish);
    assert_int_equal(enrol_as(&holder, NULL).status, 200);
    assert_int_equal(lab.seen->credential, CREDENTIAL_LDEVID);
    lab_holder_free(&holder);
}

static void a_chain_goes_before_a_token_and_a_token_before_a_bare_key(void **state)
{
    (void)state;
    const char *headers = "Authorization: Basic U04tMTpzM2NyZXQ=\r\n";
    struct lab_holder holders[] = {lab_holder(&lab.ldevid, &device), lab_holder(NULL, &device)};
    const enum credential wanted[] = {CREDENTIAL_LDEVID, CREDENTIAL_TOKEN};
    const char *tokens[] = {"", "s3cret"};
    for (int i = 0; i < 2; i++) {
        struct lab_client client;
        assert_true(lab_connect_tls(&lab, &holders[i], NULL, &client));
        assert_int_equal(lab_enrol(&client, "ok", "simpleenroll", headers, csr).status, 200);
        assert_int_equal(lab.seen->credential, wanted[i]);
        assert_string_equal(lab.seen->token, tokens[i]);
        lab_close(&client);
        lab_holder_free(&holders[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_chain_is_taken_for_what_it_ends_in),
        cmocka_unit_test(a_certificate_of_ours_is_sighted_once_a_connection),
        cmocka_unit_test(kept_names_are_seen),
        cmocka_unit_test(what_does_not_verify_reaches_no_handler),
        cmocka_unit_test(an_unverified_chain_reaches_not_even_cacerts),
        cmocka_unit_test(an_expired_ldevid_is_handed_on_for_core_to_judge),
        cmocka_unit_test(a_chain_goes_before_a_token_and_a_token_before_a_bare_key),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
