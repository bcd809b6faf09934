/* Enrolment by the rules of design section 5, each as a story in virtual time. */
#include "fixture.h"

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_unknown_key_is_refused_and_leaves_no_entry(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct msg_enrol ask = ask_csr(&key);
    int64_t before = entries(f);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_PROOF);
    assert_false(f->job.is_proven);
    assert_int_equal(entries(f), before);
}

static void a_registered_key_enrols_and_use_makes_it_active(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = enrolled_device(f, 1, &key);
    assert_int_equal(device_row(f, 1).state, STATE_ENROLLED);
    assert_int_equal(device_row(f, 1).proof, PROOF_REGISTERED);
    assert_int_equal(certificate_row(f, got.serial).state, CERT_PENDING);
    use(f, got.serial);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_int_equal(certificate_row(f, got.serial).state, CERT_CURRENT);
}

static void the_same_pair_repeats_its_answer_while_pending(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got first = enrolled_device(f, 1, &key);
    struct msg_enrol ask = ask_csr(&key);
    f->now_s += 30 * DAY_S;
    struct got again = enrol(f, &ask);
    assert_true(again.repeated);
    assert_memory_equal(again.serial, first.serial, 16);
}

static void a_registered_key_in_a_csr_is_for_the_first_time_only(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    active_device(f, 1, &key);
    struct msg_enrol ask = ask_csr(&key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_PROOF);
}

static void a_held_device_waits_until_it_is_admitted(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    import_device(f, 1, &key, true);
    struct msg_enrol ask = ask_csr(&key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_WAITING);
    assert_int_equal(f->job.retry_after_s, ENROL_RETRY_S);
    assert_int_equal(set_device(f, 1, VERB_ADMIT), OK);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

static struct bytes make_token(struct fixture *f, unsigned n, int64_t ttl_s,
                               struct msg_verb_answer *answer)
{
    (void)n;
    struct msg_token_add ask = {
        .product = bytes_text("meter"), .serial_number = bytes_text("SN-1"), .ttl_s = ttl_s};
    begin(f);
    assert_ok(verb_token_add(&f->service, &f->admin, &ask, f->now_s, answer, &f->err));
    commit(f);
    return answer->secret;
}

static void a_token_is_for_one_device_and_one_key(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    struct asker one = asker(1), two = asker(2);
    import_device(f, 1, NULL, false);
    import_device(f, 2, NULL, false);
    struct bytes token = make_token(f, 1, 0, &answer);

    struct msg_enrol stolen = ask_token("SN-2", token, &two);
    struct got got = enrol(f, &stolen);
    expect_code(&got, E_PROOF);
    struct msg_enrol right = ask_token("SN-1", token, &one);
    got = enrol(f, &right);
    expect_code(&got, E_NONE);
    struct got again = enrol(f, &right);
    assert_true(again.repeated);
    struct msg_enrol other = ask_token("SN-1", token, &two);
    got = enrol(f, &other);
    expect_code(&got, E_PROOF);
    use(f, again.serial);
    got = enrol(f, &right);
    expect_code(&got, E_PROOF); /* a token never enrols an active device */
}

/* A revoked certificate is not had again by the token that gave it. */
static void a_used_token_gives_no_second_certificate(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    struct msg_verb_answer answer = {0};
    import_device(f, 1, NULL, false);
    struct bytes token = make_token(f, 1, 0, &answer);
    struct msg_enrol ask = ask_token("SN-1", token, &one);
    struct got got = enrol(f, &ask);
    assert_int_equal(got.code, E_NONE);
    assert_ok(set_device(f, 1, VERB_REVOKE));
    got = enrol(f, &ask);
    expect_code(&got, E_PROOF);
}

static void the_last_anew_of_a_year_repeats_its_answer(void **state)
{
    struct fixture *f = *state;
    struct asker factory = asker(1);
    struct got got = {0};
    import_device(f, 1, &factory, false);
    for (unsigned i = 0; i <= 4; i++) { /* the first, and four anew */
        struct asker key = asker(10 + i);
        struct msg_enrol ask = ask_registered_tls(&factory, &key);
        got = enrol(f, &ask);
        assert_int_equal(got.code, E_NONE);
        got = enrol(f, &ask);
        assert_int_equal(got.code, E_NONE);
        assert_true(got.repeated);
        use(f, got.serial);
    }
    struct asker key = asker(20);
    struct msg_enrol ask = ask_registered_tls(&factory, &key);
    got = enrol(f, &ask);
    expect_code(&got, E_ENROLS_TOO_OFTEN);
}

static void a_token_expires(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    struct asker key = asker(1);
    import_device(f, 1, NULL, false);
    struct bytes token = make_token(f, 1, 100, &answer);
    struct msg_enrol ask = ask_token("SN-1", token, &key);
    f->now_s += 101;
    struct got got = enrol(f, &ask);
    expect_code(&got, E_PROOF);
}

static void a_request_that_names_another_device_is_refused(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    import_device(f, 1, &key, false);
    struct msg_enrol ask = ask_csr(&key);
    ask.csr_serial_number = bytes_text("SN-2");
    struct got got = enrol(f, &ask);
    expect_code(&got, E_PROOF);
}

/* A request can be somebody else's, sent once more: it costs only who sent it. */
static void a_copied_key_quarantines_who_asks_and_tells_on_the_other(void **state)
{
    struct fixture *f = *state;
    struct msg_verb_answer answer = {0};
    struct asker key = asker(7);
    active_device(f, 2, &key);
    import_device(f, 1, NULL, false);
    struct bytes token = make_token(f, 1, 0, &answer);
    struct msg_enrol ask = ask_token("SN-1", token, &key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_SHARED);
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);
    assert_int_equal(device_row(f, 2).state, STATE_ACTIVE);
    assert_true(has_finding(f, 1, 1) && has_finding(f, 2, 1));
}

static void a_copied_key_that_authenticates_tls_quarantines_both(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(7);
    active_device(f, 2, &key);
    import_device(f, 1, NULL, false);
    add_anchor(f);
    struct msg_enrol ask = ask_csr(&key);
    ask.credential = CREDENTIAL_IDEVID;
    ask.peer_anchor = 1;
    ask.peer_serial = bytes_text("12345678");
    ask.peer_serial_number = bytes_text("SN-1");
    memcpy(ask.peer_spki, key.hash, 32);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_SHARED);
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);
    assert_int_equal(device_row(f, 2).state, STATE_QUARANTINED);
}

/* A front that says so: who signs manifests, and another CA on record, prove nobody. */
static void an_anchor_of_another_use_proves_no_device(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(7);
    import_device(f, 1, NULL, false);
    for (uint32_t id = 1; id < ANCHOR_USE_COUNT; id++) {
        add_anchor_for(f, (enum anchor_use)id);
        struct msg_enrol ask = ask_csr(&key);
        ask.credential = CREDENTIAL_IDEVID;
        ask.peer_anchor = id;
        ask.peer_serial = bytes_text("12345678");
        ask.peer_serial_number = bytes_text("SN-1");
        memcpy(ask.peer_spki, key.hash, 32);
        struct got got = enrol(f, &ask);
        expect_code(&got, E_PROOF);
    }
}

static void a_compromised_key_is_never_certified_again(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), other = asker(2);
    struct got first = enrolled_device(f, 1, &key);
    struct msg_cert_revoke revoke = {.serial = bytes_of(first.serial, 16), .reason = 1};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_cert_revoke(&f->service, &f->admin, &revoke, f->now_s, &answer, &f->err));
    commit(f);
    struct msg_enrol ask = ask_csr(&key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_REVOKED);
    ask = ask_registered_tls(&key, &other);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

static void readmit_remembers_that_a_device_was_active(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    active_device(f, 1, &key);
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    assert_int_equal(set_device(f, 1, VERB_QUARANTINE), OK);
    assert_int_equal(set_device(f, 1, VERB_READMIT), OK);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    struct msg_enrol ask = ask_csr(&key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_PROOF); /* a bare CSR is for the first time only */
}

static void our_own_keys_are_nobody_s(void **state)
{
    struct fixture *f = *state;
    struct asker key = {.spki_n = key_spki(f->ca[PKI_ISSUER_LDEVID]).n};
    memcpy(key.spki, key_spki(f->ca[PKI_ISSUER_LDEVID]).p, key.spki_n);
    memcpy(key.hash, f->service.issuer_spki[PKI_ISSUER_LDEVID], 32);
    import_device(f, 1, &key, false);
    struct msg_enrol ask = ask_csr(&key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_SHARED);
}

static void automatic_quarantine_has_a_brake(void **state)
{
    struct fixture *f = *state;
    struct asker keys[14];
    unsigned quarantined = 0;
    for (unsigned i = 0; i < LENGTH_OF(keys); i++) {
        keys[i] = asker(i);
        active_device(f, i, &keys[i]);
    }
    for (unsigned i = 0; i < LENGTH_OF(keys); i++) {
        begin(f);
        assert_ok(finding_report(&f->service, device_row(f, i).id,
                                 &(struct evidence){.check = 2, .key = keys[i].hash}, f->now_s,
                                 &f->err));
        commit(f);
        quarantined += device_row(f, i).state == STATE_QUARANTINED;
        assert_true(has_finding(f, i, 2));
    }
    assert_int_equal(quarantined, 10);
    f->now_s += 3600;
    begin(f);
    assert_ok(finding_report(&f->service, device_row(f, 13).id,
                             &(struct evidence){.check = 1, .key = keys[13].hash}, f->now_s,
                             &f->err));
    commit(f);
    assert_int_equal(device_row(f, 13).state, STATE_QUARANTINED);
}

static void re_proof_ends_an_automatic_quarantine_with_a_new_key(void **state)
{
    struct fixture *f = *state;
    struct asker registered = asker(1), copied = asker(2), fresh = asker(3);
    import_device(f, 1, &registered, false);
    struct msg_enrol ask = ask_registered_tls(&registered, &copied);
    struct got first = enrol(f, &ask);
    expect_code(&first, E_NONE);
    use(f, first.serial);
    begin(f);
    assert_ok(finding_report(&f->service, device_row(f, 1).id,
                             &(struct evidence){.check = 2, .key = copied.hash}, f->now_s,
                             &f->err));
    commit(f);
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);

    struct got got = enrol(f, &ask);
    expect_code(&got, E_QUARANTINED); /* with the key of the finding */
    ask = ask_registered_tls(&registered, &fresh);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(device_row(f, 1).state, STATE_ENROLLED);
    assert_int_equal(certificate_row(f, first.serial).state, CERT_REVOKED);
    assert_false(has_finding(f, 1, 2));
}

static void quarantine_by_a_person_stays(void **state)
{
    struct fixture *f = *state;
    struct asker registered = asker(1), fresh = asker(2);
    active_device(f, 1, &registered);
    assert_int_equal(set_device(f, 1, VERB_QUARANTINE), OK);
    struct msg_enrol ask = ask_registered_tls(&registered, &fresh);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_QUARANTINED);
    assert_int_equal(set_device(f, 1, VERB_READMIT), OK);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
}

static void an_active_device_enrols_anew_four_times_a_year(void **state)
{
    struct fixture *f = *state;
    struct asker registered = asker(1);
    active_device(f, 1, &registered);
    struct got got = {0};
    for (unsigned i = 0; i < 4; i++) {
        struct asker key = asker(10 + i);
        struct msg_enrol ask = ask_registered_tls(&registered, &key);
        got = enrol(f, &ask);
        expect_code(&got, E_NONE);
        use(f, got.serial);
    }
    struct asker key = asker(20);
    struct msg_enrol ask = ask_registered_tls(&registered, &key);
    got = enrol(f, &ask);
    expect_code(&got, E_ENROLS_TOO_OFTEN);
}

static void a_tombstone_enrols_by_permit_once(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), next = asker(2);
    struct got first = active_device(f, 1, &key);
    assert_int_equal(set_device(f, 1, VERB_RETIRE), OK);
    assert_int_equal(certificate_row(f, first.serial).state, CERT_REVOKED);
    struct msg_enrol ask = ask_registered_tls(&key, &next);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_GONE);

    struct msg_permit_add permit = {.product = bytes_text("meter"),
                                    .serial_number = bytes_text("SN-1")};
    struct msg_verb_answer answer = {0};
    begin(f);
    assert_ok(verb_permit_add(&f->service, &f->admin, &permit, f->now_s, &answer, &f->err));
    commit(f);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(set_device(f, 1, VERB_RETIRE), OK);
    struct asker third = asker(3);
    ask = ask_registered_tls(&key, &third);
    got = enrol(f, &ask);
    expect_code(&got, E_GONE);
}

static void a_lost_device_gets_nothing_and_comes_back_into_quarantine(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), next = asker(2);
    struct got first = active_device(f, 1, &key);
    assert_int_equal(set_device(f, 1, VERB_LOST), OK);
    assert_int_equal(certificate_row(f, first.serial).state, CERT_REVOKED);
    struct msg_enrol ask = ask_registered_tls(&key, &next);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_GONE);
    assert_int_equal(set_device(f, 1, VERB_FOUND), OK);
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);
}

static void a_change_while_the_signer_works_makes_an_orphan(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    uint8_t der[] = {0x30, 0x00};
    bool is_live = true;
    import_device(f, 1, &key, false);
    struct msg_enrol ask = ask_csr(&key);
    begin(f);
    assert_ok(enrol_decide(&f->service, &ask, f->now_s, &f->job, &f->err));
    commit(f);
    assert_int_equal(f->job.next, ENROL_SIGN);
    assert_int_equal(set_device(f, 1, VERB_RETIRE), OK);
    begin(f);
    assert_ok(
        enrol_commit(&f->service, &f->job, bytes_of(der, sizeof der), f->now_s, &is_live, &f->err));
    commit(f);
    assert_false(is_live);
    assert_int_equal(certificate_row(f, f->job.serial.p).state, CERT_ORPHAN);
    assert_non_null(f->service.dirty);
}

static void what_only_the_signer_remembers_is_revoked(void **state)
{
    struct fixture *f = *state;
    uint8_t random[SERIAL_RANDOM_N] = {9};
    struct serial serial = serial_make(random, (struct serial_parts){27, 5});
    struct msg_journal_item item = {
        .journal = 3,
        .issuer = PKI_ISSUER_LDEVID,
        .profile = PKI_LDEVID,
        .serial = bytes_of(serial.p, SERIAL_N),
        .not_after_s = f->now_s + DAY_S,
    };
    begin(f);
    assert_ok(enrol_orphan(&f->service, &item, f->now_s, &f->err));
    assert_ok(enrol_orphan(&f->service, &item, f->now_s, &f->err));
    commit(f);
    assert_int_equal(certificate_row(f, serial.p).state, CERT_ORPHAN);
}

static void numbers_go_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    struct got first = enrolled_device(f, 1, &one);
    fixture_close(f);
    fixture_open(f);
    struct got second = enrolled_device(f, 2, &two);
    assert_int_equal(certificate_row(f, second.serial).number,
                     certificate_row(f, first.serial).number + 1);
}

static void the_clock_stops_issuing_and_not_revoking(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1), two = asker(2);
    active_device(f, 1, &one);
    import_device(f, 2, &two, false);
    f->now_s -= CLOCK_BEHIND_S + 1;
    struct msg_enrol ask = ask_csr(&two);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_CLOCK);
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    f->now_s += CLOCK_BEHIND_S + 1;
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
}

static void time_alone_opens_and_use_closes_renewal_deferred(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got first = active_device(f, 1, &old);
    uint32_t n = 0;
    f->now_s += 77 * DAY_S;
    begin(f);
    assert_ok(finding_settle_due(&f->service, f->now_s, 100, &n, &f->err));
    commit(f);
    assert_int_equal(n, 1);
    assert_true(has_finding(f, 1, 8));
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got second = enrol(f, &ask);
    use(f, second.serial);
    assert_false(has_finding(f, 1, 8));
}

static void a_key_that_was_only_imported_quarantines_who_shows_it(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct msg_verb_answer answer = {0};
    import_device(f, 1, NULL, false);
    import_device(f, 2, &key, false);
    struct bytes token = make_token(f, 1, 0, &answer);
    struct msg_enrol ask = ask_token("SN-1", token, &key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_SHARED);
    assert_int_equal(device_row(f, 1).state, STATE_QUARANTINED);
    assert_int_equal(device_row(f, 2).state, STATE_EXPECTED);
    assert_false(has_finding(f, 2, 1));
}

static void an_expired_certificate_in_use_is_a_finding_until_there_is_a_new_one(void **state)
{
    struct fixture *f = *state;
    struct asker factory = asker(1), first = asker(2), second = asker(3);
    import_device(f, 1, &factory, false);
    struct msg_enrol ask = ask_registered_tls(&factory, &first);
    struct got got = enrol(f, &ask);
    use(f, got.serial);
    f->now_s += 91 * DAY_S;
    assert_false(has_finding(f, 1, 9));
    use(f, got.serial);
    assert_true(has_finding(f, 1, 9));
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);

    ask = ask_registered_tls(&factory, &second);
    got = enrol(f, &ask);
    assert_int_equal(got.code, E_NONE);
    use(f, got.serial);
    assert_false(has_finding(f, 1, 9));
}

static void an_expired_certificate_is_not_proven_by_its_use(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    import_device(f, 1, &key, false);
    struct msg_enrol ask = ask_csr(&key);
    struct got got = enrol(f, &ask);
    f->now_s += 91 * DAY_S;
    use(f, got.serial);
    assert_int_equal(certificate_row(f, got.serial).state, CERT_PENDING);
    assert_int_equal(device_row(f, 1).state, STATE_ENROLLED);
}

static void an_import_that_collides_is_refused_and_quarantines_nobody(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    active_device(f, 1, &key);
    assert_int_equal(import_device(f, 2, &key, false), IMPORT_REFUSED);
    assert_int_equal(f->err.code, E_KEY_SHARED);
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    assert_int_equal(import_device(f, 1, &key, false), IMPORT_UNCHANGED);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_unknown_key_is_refused_and_leaves_no_entry),
        STORY(a_registered_key_enrols_and_use_makes_it_active),
        STORY(the_same_pair_repeats_its_answer_while_pending),
        STORY(a_registered_key_in_a_csr_is_for_the_first_time_only),
        STORY(a_held_device_waits_until_it_is_admitted),
        STORY(a_token_is_for_one_device_and_one_key),
        STORY(a_used_token_gives_no_second_certificate),
        STORY(the_last_anew_of_a_year_repeats_its_answer),
        STORY(a_token_expires),
        STORY(a_request_that_names_another_device_is_refused),
        STORY(a_copied_key_quarantines_who_asks_and_tells_on_the_other),
        STORY(a_copied_key_that_authenticates_tls_quarantines_both),
        STORY(an_anchor_of_another_use_proves_no_device),
        STORY(a_compromised_key_is_never_certified_again),
        STORY(readmit_remembers_that_a_device_was_active),
        STORY(our_own_keys_are_nobody_s),
        STORY(automatic_quarantine_has_a_brake),
        STORY(re_proof_ends_an_automatic_quarantine_with_a_new_key),
        STORY(quarantine_by_a_person_stays),
        STORY(an_active_device_enrols_anew_four_times_a_year),
        STORY(a_tombstone_enrols_by_permit_once),
        STORY(a_lost_device_gets_nothing_and_comes_back_into_quarantine),
        STORY(a_change_while_the_signer_works_makes_an_orphan),
        STORY(what_only_the_signer_remembers_is_revoked),
        STORY(numbers_go_on_after_a_restart),
        STORY(the_clock_stops_issuing_and_not_revoking),
        STORY(time_alone_opens_and_use_closes_renewal_deferred),
        STORY(a_key_that_was_only_imported_quarantines_who_shows_it),
        STORY(an_expired_certificate_in_use_is_a_finding_until_there_is_a_new_one),
        STORY(an_expired_certificate_is_not_proven_by_its_use),
        STORY(an_import_that_collides_is_refused_and_quarantines_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
