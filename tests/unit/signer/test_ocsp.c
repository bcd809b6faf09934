/* Answers of OCSP: who signs them, and what the signer says of nobody. */
#include "house.h"

#include <crypto/verify.h>
#include <pki/serial.h>

#include <openssl/ocsp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LDEVID PKI_ISSUER_LDEVID

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

/* ---- the responder's certificate ------------------------------------------------------------- */

/* What core asks to have signed for the key that the signer made. */
static struct msg_sign wish_of(struct house *house, const struct msg_ocsp_key *key,
                               struct serial *serial, enum pki_profile profile)
{
    static const uint8_t random[SERIAL_RANDOM_N] = {9};
    uint8_t room[TBS_MAX];
    struct buf tbs = buf_over(room, sizeof(room));
    struct msg_sign message = {.id = 77,
                               .profile = (uint8_t)profile,
                               .issuer = LDEVID,
                               .common_name = bytes_text("OCSP"),
                               .not_before_s = HOUSE_NOW_S,
                               .not_after_s = HOUSE_NOW_S + OCSP_DELEGATE_S - 1,
                               .csr = key->csr};
    struct grant grant = {.profile = profile,
                          .issuer = LDEVID,
                          .common_name = message.common_name,
                          .not_before_s = message.not_before_s,
                          .not_after_s = message.not_after_s,
                          .spki = key->spki};

    *serial =
        serial_make(random, (struct serial_parts){.expiry_class = serial_class(message.not_after_s),
                                                  .number = house->number++});
    message.serial = grant.serial = bytes_of(serial->p, SERIAL_N);
    assert_int_equal(grant_build_tbs(&grant, &house->session.issuers[LDEVID].issuer,
                                     &house->session.site.pki, &tbs, NULL),
                     OK);
    sha256(buf_bytes(&tbs), message.tbs_hash);
    profile_digest(profile, message.profile_digest);
    return message;
}

/* A new key, its certificate signed and brought: `certificate` keeps it. */
static void appoint(struct house *house, struct blob *certificate)
{
    struct msg_ocsp_key_ask ask = {.issuer = LDEVID};
    struct serial serial;
    struct ipc_message key = house_ask(house, IPC_OCSP_KEY_ASK, &ask, -1);
    assert_int_equal(key.type, IPC_OCSP_KEY);
    assert_int_equal(key.ocsp_key.code, E_NONE);
    struct msg_sign wish = wish_of(house, &key.ocsp_key, &serial, PKI_OCSP);
    struct ipc_message answer = house_ask(house, IPC_SIGN, &wish, -1);
    assert_int_equal(answer.type, IPC_SIGN_ANSWER);
    assert_int_equal(answer.sign_answer.code, E_NONE);
    assert_int_equal(blob_copy(answer.sign_answer.certificate, certificate), OK);
    struct msg_ocsp_delegate bring = {.issuer = LDEVID, .certificate = blob_bytes(certificate)};
    house_send(house, IPC_OCSP_DELEGATE, &bring, -1);
    assert_int_equal(house_turn(house), OK);
}

/* ---- answers --------------------------------------------------------------------------------- */

struct question {
    uint8_t ids[OCSP_IDS_OCTETS], said[OCSP_SAID_OCTETS];
    struct buf ids_buf, said_buf;
    struct msg_sign_ocsp message;
};

static void begin(struct question *q)
{
    *q = (struct question){0};
    q->ids_buf = buf_over(q->ids, sizeof(q->ids));
    q->said_buf = buf_over(q->said, sizeof(q->said));
    q->message = (struct msg_sign_ocsp){.id = 5,
                                        .issuer = LDEVID,
                                        .this_update_s = HOUSE_NOW_S + 10,
                                        .next_update_s = HOUSE_NOW_S + 10 + OCSP_WINDOW_S};
}

/* One CertID of this issuer, by SHA-1. */
static void add(struct house *house, struct question *q, uint32_t issuer, struct bytes serial,
                struct ocsp_said said)
{
    struct ocsp_issuer names;
    struct buf *b = &q->ids_buf;
    assert_int_equal(
        ocsp_issuer_read(blob_bytes(&house->session.issuers[issuer].certificate), &names, NULL),
        OK);
    size_t whole = der_begin(b, DER_SEQUENCE), hash = der_begin(b, DER_SEQUENCE);
    der_write_oid(b, bytes_of("\x2b\x0e\x03\x02\x1a", 5));
    der_write_null(b);
    der_end(b, hash);
    der_write(b, DER_OCTET_STRING, bytes_of(names.name_sha1, SHA1_N));
    der_write(b, DER_OCTET_STRING, bytes_of(names.key_sha1, SHA1_N));
    der_write_unsigned(b, serial);
    der_end(b, whole);
    ocsp_said_write(&q->said_buf, &said);
}

static struct ipc_message ask(struct house *house, struct question *q)
{
    q->message.ids = buf_bytes(&q->ids_buf);
    q->message.said = buf_bytes(&q->said_buf);
    struct ipc_message answer = house_ask(house, IPC_SIGN_OCSP, &q->message, -1);
    assert_int_equal(answer.type, IPC_SIGNED_OCSP);
    return answer;
}

static OCSP_BASICRESP *basic_of(const struct ipc_message *answer)
{
    struct bytes der = answer->signed_ocsp.response;
    const uint8_t *p = der.p;
    assert_int_equal(answer->signed_ocsp.code, E_NONE);
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
    assert_non_null(response);
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    assert_non_null(basic);
    OCSP_RESPONSE_free(response);
    return basic;
}

/* OpenSSL takes it as its issuer's: signed by whom the issuer appointed, for this and nothing else.
 */
static void expect_verified(struct house *house, OCSP_BASICRESP *basic)
{
    struct bytes der = blob_bytes(&house->session.issuers[LDEVID].certificate);
    const uint8_t *p = der.p;
    X509 *issuer = d2i_X509(NULL, &p, (long)der.n);
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509_STORE_add_cert(store, issuer);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), HOUSE_NOW_S + 60);
    X509_VERIFY_PARAM_set_flags(X509_STORE_get0_param(store), X509_V_FLAG_PARTIAL_CHAIN);
    sk_X509_push(chain, issuer);
    assert_int_equal(OCSP_basic_verify(basic, chain, store, 0), 1);
    sk_X509_free(chain);
    X509_STORE_free(store);
    X509_free(issuer);
}

struct verdict_seen {
    int status, reason;
    int64_t revoked_s;
};

static struct verdict_seen verdict_at(OCSP_BASICRESP *basic, int at)
{
    struct verdict_seen ret;
    ASN1_GENERALIZEDTIME *revoked = NULL;
    struct tm tm;
    ret.status =
        OCSP_single_get0_status(OCSP_resp_get0(basic, at), &ret.reason, &revoked, NULL, NULL);
    ret.revoked_s = revoked != NULL && ASN1_TIME_to_tm(revoked, &tm) == 1 ? timegm(&tm) : -1;
    return ret;
}

static void it_answers_by_whom_the_issuer_appointed(void **state)
{
    struct house *house = *state;
    CLEANUP(blob_free) struct blob certificate = {0};
    struct question q;
    struct msg_sign device = house_sign(house);
    struct ipc_message signed_ = house_ask(house, IPC_SIGN, &device, -1);
    assert_int_equal(signed_.sign_answer.code, E_NONE);
    appoint(house, &certificate);

    begin(&q);
    q.message.nonce = bytes_text("0123456789abcdef");
    add(house, &q, LDEVID, bytes_of(house->serial.p, SERIAL_N),
        (struct ocsp_said){.word = OCSP_SAYS_GOOD});
    add(house, &q, LDEVID, bytes_of(house->serial.p, SERIAL_N),
        (struct ocsp_said){OCSP_SAYS_REVOKED, X509_REASON_SUPERSEDED, HOUSE_NOW_S - 5});
    struct ipc_message answer = ask(house, &q);
    OCSP_BASICRESP *basic = basic_of(&answer);
    expect_verified(house, basic);
    assert_int_equal(OCSP_resp_count(basic), 2);
    assert_int_equal(verdict_at(basic, 0).status, V_OCSP_CERTSTATUS_GOOD);
    struct verdict_seen second = verdict_at(basic, 1);
    assert_int_equal(second.status, V_OCSP_CERTSTATUS_REVOKED);
    assert_int_equal(second.reason, OCSP_REVOKED_STATUS_SUPERSEDED);
    assert_int_equal(second.revoked_s, HOUSE_NOW_S - 5);
    assert_int_equal(OCSP_BASICRESP_get_ext_count(basic), 1); /* the nonce */
    OCSP_BASICRESP_free(basic);
}

static void of_what_it_never_gave_it_says_nothing_good(void **state)
{
    struct house *house = *state;
    CLEANUP(blob_free) struct blob certificate = {0};
    struct question q;
    struct serial later;
    static const uint8_t random[SERIAL_RANDOM_N] = {1};
    appoint(house, &certificate);
    later = serial_make(random, (struct serial_parts){serial_class(HOUSE_NOW_S), house->number});
    const struct bytes unknown[] = {bytes_of(later.p, SERIAL_N), bytes_text("\x05"),
                                    bytes_text("")};
    for (size_t i = 0; i < LENGTH_OF(unknown); i++) {
        begin(&q);
        add(house, &q, LDEVID, unknown[i], (struct ocsp_said){.word = OCSP_SAYS_GOOD});
        assert_int_equal(ask(house, &q).signed_ocsp.code, E_PROFILE);
        begin(&q);
        add(house, &q, LDEVID, unknown[i],
            (struct ocsp_said){OCSP_SAYS_REVOKED, X509_REASON_KEY_COMPROMISE, HOUSE_NOW_S});
        assert_int_equal(ask(house, &q).signed_ocsp.code, E_PROFILE);

        begin(&q);
        add(house, &q, LDEVID, unknown[i], (struct ocsp_said){.word = OCSP_SAYS_NEVER});
        struct ipc_message answer = ask(house, &q);
        OCSP_BASICRESP *basic = basic_of(&answer);
        expect_verified(house, basic);
        struct verdict_seen status = verdict_at(basic, 0); /* RFC 6960 2.2 */
        assert_int_equal(status.status, V_OCSP_CERTSTATUS_REVOKED);
        assert_int_equal(status.reason, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
        assert_int_equal(status.revoked_s, 0);
        assert_true(OCSP_BASICRESP_get_ext_by_NID(basic, OBJ_txt2nid("1.3.6.1.5.5.7.48.1.9"), -1) >=
                    0);
        OCSP_BASICRESP_free(basic);
    }
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void another_issuers(struct house *house, struct question *q)
{
    q->ids_buf.n = q->said_buf.n = 0;
    add(house, q, PKI_ISSUER_IDEVID, bytes_text("\x05"),
        (struct ocsp_said){.word = OCSP_SAYS_NEVER});
}
static void nobody_answers_there(struct house *house, struct question *q)
{
    (void)house;
    q->message.issuer = PKI_ISSUER_OPERATIONS;
}
static void there_is_no_issuer(struct house *house, struct question *q)
{
    (void)house;
    q->message.issuer = PKI_ISSUERS;
}
static void longer_than_an_hour(struct house *house, struct question *q)
{
    (void)house;
    q->message.next_update_s++;
}
static void ends_before_it_begins(struct house *house, struct question *q)
{
    (void)house;
    q->message.next_update_s = q->message.this_update_s;
}
static void before_its_responder(struct house *house, struct question *q)
{
    (void)house;
    q->message.this_update_s = HOUSE_NOW_S - 1;
    q->message.next_update_s = HOUSE_NOW_S + 5;
}
static void behind_its_responder(struct house *house, struct question *q)
{
    (void)house;
    q->message.next_update_s = HOUSE_NOW_S + OCSP_DELEGATE_S;
    q->message.this_update_s = q->message.next_update_s - 60;
}
static void nothing_is_said(struct house *house, struct question *q)
{
    (void)house;
    q->said[0] = OCSP_SAYS_NOTHING;
}
static void more_is_said(struct house *house, struct question *q)
{
    (void)house;
    ocsp_said_write(&q->said_buf, &(struct ocsp_said){.word = OCSP_SAYS_NEVER});
}
static void about_nobody(struct house *house, struct question *q)
{
    (void)house;
    q->ids_buf.n = q->said_buf.n = 0;
}
static void no_cert_id(struct house *house, struct question *q)
{
    (void)house;
    q->ids[0]++;
}

static void what_core_may_not_say_is_refused(void **state)
{
    struct house *house = *state;
    CLEANUP(blob_free) struct blob certificate = {0};
    static void (*const spoils[])(struct house *, struct question *) = {
        another_issuers,      nobody_answers_there, there_is_no_issuer,    longer_than_an_hour,
        before_its_responder, behind_its_responder, nothing_is_said,       more_is_said,
        about_nobody,         no_cert_id,           ends_before_it_begins,
    };
    appoint(house, &certificate);
    for (size_t i = 0; i < LENGTH_OF(spoils); i++) {
        struct question q;
        begin(&q);
        add(house, &q, LDEVID, bytes_text("\x05"), (struct ocsp_said){.word = OCSP_SAYS_NEVER});
        assert_int_equal(ask(house, &q).signed_ocsp.code, E_NONE);
        spoils[i](house, &q);
        if (ask(house, &q).signed_ocsp.code != E_PROFILE)
            fail_msg("%zu was not refused", i);
    }
}

static void only_its_own_certificate_over_its_own_key_appoints(void **state)
{
    struct house *house = *state;
    CLEANUP(blob_free) struct blob first = {0};
    CLEANUP(blob_free) struct blob second = {0};
    struct question q;
    appoint(house, &first);

    /* The certificate of a device, of another key, a changed one: the first goes on. */
    struct msg_sign device = house_sign(house);
    struct ipc_message signed_ = house_ask(house, IPC_SIGN, &device, -1);
    struct msg_ocsp_delegate bring = {.issuer = LDEVID,
                                      .certificate = signed_.sign_answer.certificate};
    house_send(house, IPC_OCSP_DELEGATE, &bring, -1);
    assert_int_equal(house_turn(house), OK);
    bring.certificate = blob_bytes(&first);
    house_send(house, IPC_OCSP_DELEGATE, &bring, -1);
    assert_int_equal(house_turn(house), OK);
    begin(&q);
    add(house, &q, LDEVID, bytes_text("\x05"), (struct ocsp_said){.word = OCSP_SAYS_NEVER});
    struct ipc_message answer = ask(house, &q);
    OCSP_BASICRESP *basic = basic_of(&answer);
    expect_verified(house, basic);
    OCSP_BASICRESP_free(basic);

    /* A new one takes its place, in the middle of a batch too. */
    struct msg_ocsp_key_ask again = {.issuer = LDEVID};
    struct ipc_message key = house_ask(house, IPC_OCSP_KEY_ASK, &again, -1);
    struct serial serial;
    struct msg_sign wish = wish_of(house, &key.ocsp_key, &serial, PKI_OCSP);
    struct ipc_message made = house_ask(house, IPC_SIGN, &wish, -1);
    assert_int_equal(blob_copy(made.sign_answer.certificate, &second), OK);
    bring.certificate = blob_bytes(&second);
    house_send(house, IPC_SIGN_OCSP, &q.message, -1);
    house_send(house, IPC_OCSP_DELEGATE, &bring, -1);
    house_send(house, IPC_SIGN_OCSP, &q.message, -1);
    assert_int_equal(house_turn(house), OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(house_receive(house, &answer), OK);
        basic = basic_of(&answer);
        expect_verified(house, basic);
        OCSP_BASICRESP_free(basic);
    }
}

static void nothing_is_answered_before_ledger_and_journal_agree(void **state)
{
    struct house *house = *state;
    CLEANUP(blob_free) struct blob certificate = {0};
    struct msg_ocsp_key_ask key_ask = {.issuer = LDEVID};
    struct question q;
    appoint(house, &certificate);
    house_restart(house);
    assert_int_equal(house_ask(house, IPC_OCSP_KEY_ASK, &key_ask, -1).ocsp_key.code, E_JOURNAL);
    begin(&q);
    add(house, &q, LDEVID, bytes_text("\x05"), (struct ocsp_said){.word = OCSP_SAYS_NEVER});
    assert_int_equal(ask(house, &q).signed_ocsp.code, E_JOURNAL);
    house_agree(house, 1, 0);
    assert_int_equal(ask(house, &q).signed_ocsp.code, E_PROFILE); /* its key was in memory alone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_core_may_not_say_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_its_own_certificate_over_its_own_key_appoints, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_answered_before_ledger_and_journal_agree, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_what_it_never_gave_it_says_nothing_good, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_answers_by_whom_the_issuer_appointed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
