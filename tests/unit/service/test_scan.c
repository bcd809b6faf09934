/* What a scan saw, over time: when findings open, stay and close, and one second before and after.
 */
#include "fixture.h"

#include <registry/about.h>
#include <registry/holders.h>
#include <service/scan.h>
#include <wire/der.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t some_name[32] = {7};

/* A certificate as far as core looks into it: octets that differ, and a key. */
struct shown {
    struct asker key;
    uint8_t der[5], serial;
    int64_t from_s, until_s;
};

static struct shown shown(unsigned n, unsigned key)
{
    return (struct shown){.key = asker(key),
                          .der = {0x30, 3, 2, 1, (uint8_t)n},
                          .serial = (uint8_t)n,
                          .from_s = START_S - DAY_S,
                          .until_s = START_S + 100 * DAY_S};
}

static struct msg_scan_line nothing(const char *place, enum scan_outcome outcome)
{
    size_t n = strlen(place);
    return (struct msg_scan_line){.line = 1,
                                  .place = bytes_of(place, n),
                                  .host = bytes_of(place, n - 4),
                                  .outcome = (uint8_t)outcome};
}

static struct msg_scan_line line_of(const char *place, const struct shown *what)
{
    struct msg_scan_line line = nothing(place, SCAN_SEEN);
    line.serial = bytes_of(&what->serial, 1);
    line.subject = bytes_text("/CN=x");
    line.not_before_s = what->from_s;
    line.not_after_s = what->until_s;
    line.spki = bytes_of(what->key.spki, what->key.spki_n);
    line.signature = SIGNATURE_SOUND;
    line.root_issued = NO;
    memcpy(line.issuer_name, some_name, sizeof line.issuer_name);
    line.chain = bytes_of(what->der, sizeof what->der);
    return line;
}

static enum scan_became take(struct fixture *f, const struct msg_scan_line *line)
{
    struct scan_answer answer = {0};
    begin(f);
    assert_int_equal(scan_line(&f->service, &f->admin, line, f->now_s, &answer, &f->err), OK);
    commit(f);
    return answer.became;
}

static enum scan_became see(struct fixture *f, const char *place, const struct shown *what)
{
    const struct msg_scan_line line = line_of(place, what);
    return take(f, &line);
}

static void pass(struct fixture *f, int64_t seconds)
{
    uint32_t n = 0;
    f->now_s += seconds;
    begin(f);
    assert_int_equal(finding_settle_due(&f->service, f->now_s, 100, &n, &f->err), OK);
    commit(f);
}

static const struct finding *owed(struct fixture *f, int64_t foreign, int number)
{
    static struct about about;
    const struct subject_key key = {SUBJECT_FOREIGN, foreign};
    assert_int_equal(about_read(f->store, key, f->now_s, &about, &f->err), OK);
    return about_finding(&about, number);
}

static void a_line_that_cannot_be_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1);
    struct msg_scan_line bare = nothing("10.0.0.1:443", SCAN_SEEN),
                         cut = line_of("10.0.0.1:443", &one);
    assert_int_equal(take(f, &bare), SCAN_BECAME_REFUSED);
    cut.chain.n--;
    assert_int_equal(take(f, &cut), SCAN_BECAME_REFUSED);
    cut.chain.n++;
    cut.spki.n--;
    assert_int_equal(take(f, &cut), SCAN_BECAME_REFUSED);
}

static void its_life_at_one_place(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1), other = shown(2, 2);
    const struct msg_scan_line silent = nothing("10.0.0.1:443", SCAN_TIMED_OUT);
    const struct msg_scan_line closed = nothing("10.0.0.1:443", SCAN_REFUSED);
    assert_int_equal(take(f, &closed), SCAN_BECAME_NOTHING);
    assert_int_equal(see(f, "10.0.0.1:443", &one), SCAN_BECAME_NEW);
    assert_non_null(owed(f, 1, CHECK_NOT_IN_INVENTORY));
    pass(f, DAY_S);
    assert_int_equal(see(f, "10.0.0.1:443", &one), SCAN_BECAME_KNOWN);
    assert_int_equal(owed(f, 1, CHECK_NOT_IN_INVENTORY)->began_at_s, START_S);
    assert_int_equal(take(f, &silent), SCAN_BECAME_NOTHING);
    assert_non_null(owed(f, 1, CHECK_NOT_IN_INVENTORY));
    assert_int_equal(see(f, "10.0.0.1:443", &other), SCAN_BECAME_NEW);
    assert_null(owed(f, 1, CHECK_NOT_IN_INVENTORY));
    assert_int_equal(take(f, &closed), SCAN_BECAME_GONE);
    assert_null(owed(f, 2, CHECK_NOT_IN_INVENTORY));
    assert_int_equal(see(f, "10.0.0.1:443", &one), SCAN_BECAME_CHANGED);
    assert_int_equal(owed(f, 1, CHECK_NOT_IN_INVENTORY)->first, 1); /* its second interval */
}

static void it_is_expired_in_use_from_the_second_after_its_end(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1);
    see(f, "10.0.0.1:443", &one);
    pass(f, one.until_s - f->now_s);
    see(f, "10.0.0.1:443", &one);
    assert_null(owed(f, 1, CHECK_EXPIRED_IN_USE));
    pass(f, 10 * DAY_S); /* nobody looks: time alone shows nothing */
    assert_null(owed(f, 1, CHECK_EXPIRED_IN_USE));
    see(f, "10.0.0.1:443", &one);
    assert_int_equal(owed(f, 1, CHECK_EXPIRED_IN_USE)->began_at_s, one.until_s + 1);
}

static void one_that_begins_later_is_early_until_then(void **state)
{
    struct fixture *f = *state;
    struct shown one = shown(1, 1);
    one.from_s = START_S + DAY_S;
    see(f, "10.0.0.1:443", &one);
    assert_int_equal(owed(f, 1, CHECK_CLOCK)->began_at_s, START_S);
    pass(f, DAY_S - 1);
    assert_non_null(owed(f, 1, CHECK_CLOCK));
    pass(f, 1);
    assert_null(owed(f, 1, CHECK_CLOCK));
}

static void who_stands_above_ends_by_time_alone(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1);
    struct msg_scan_line line = line_of("10.0.0.1:443", &one);
    line.ca_until_s = START_S + DAY_S;
    take(f, &line);
    pass(f, DAY_S);
    assert_null(owed(f, 1, CHECK_ISSUER_BROKEN));
    pass(f, 1);
    assert_non_null(owed(f, 1, CHECK_ISSUER_BROKEN));
}

static void two_hosts_share_within_an_hour_and_two_ports_do_not(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1), same_key = shown(2, 1);
    see(f, "10.0.0.1:443", &one);
    see(f, "10.0.0.1:444", &one);
    assert_null(owed(f, 1, CHECK_KEY_SHARED));
    pass(f, HOLDERS_AT_ONCE_S + 1); /* it may have moved there */
    see(f, "10.0.0.2:443", &one);
    assert_null(owed(f, 1, CHECK_KEY_SHARED));
    pass(f, HOLDERS_AT_ONCE_S);
    see(f, "10.0.0.3:443", &same_key);
    assert_non_null(owed(f, 1, CHECK_KEY_SHARED));
    assert_non_null(owed(f, 2, CHECK_KEY_SHARED));
    const struct msg_scan_line closed = nothing("10.0.0.3:443", SCAN_REFUSED);
    take(f, &closed);
    assert_null(owed(f, 1, CHECK_KEY_SHARED));
}

static void who_comes_with_the_key_of_who_goes_shares_it_on(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1), same_key = shown(2, 1);
    see(f, "10.0.0.1:443", &one);
    see(f, "10.0.0.2:443", &one);
    int64_t open = owed(f, 1, CHECK_KEY_SHARED)->id;
    see(f, "10.0.0.2:443", &same_key);
    assert_non_null(owed(f, 2, CHECK_KEY_SHARED));
    assert_non_null(owed(f, 1, CHECK_KEY_SHARED));
    assert_int_equal(owed(f, 1, CHECK_KEY_SHARED)->id, open);
}

static void a_device_has_its_key_and_a_second_host_is_told(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1), other = shown(2, 2);
    const struct asker key = asker(1);
    import_device(f, 1, &key, false);
    see(f, "10.0.0.1:443", &one);
    assert_null(owed(f, 1, CHECK_NOT_IN_INVENTORY));
    assert_false(has_finding(f, 1, CHECK_KEY_SHARED));
    see(f, "10.0.0.2:443", &one);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));
    assert_int_equal(device_row(f, 1).state, STATE_EXPECTED);
    see(f, "10.0.0.2:443", &other);
    assert_false(has_finding(f, 1, CHECK_KEY_SHARED));
}

static void a_board_that_is_given_up_shares_its_key_no_more(void **state)
{
    struct fixture *f = *state;
    const struct shown one = shown(1, 1);
    const struct asker key = asker(1);
    struct msg_scan_line line = line_of("10.0.0.1:443", &one);
    struct msg_verb_answer answer = {0};
    const struct msg_permit_add permit = {
        .product = bytes_text("meter"), .serial_number = bytes_text("SN-1"), .new_board = 1};
    add_anchor(f);
    import_device(f, 1, &key, false);
    import_device(f, 2, NULL, false);
    line.anchor = 1;
    line.serial_number = bytes_text("SN-2");
    take(f, &line);
    assert_non_null(owed(f, 1, CHECK_KEY_SHARED));
    assert_int_equal(set_device(f, 1, VERB_RETIRE), OK);
    assert_non_null(owed(f, 1, CHECK_KEY_SHARED));
    begin(f);
    assert_ok(verb_permit_add(&f->service, &f->admin, &permit, f->now_s, &answer, &f->err));
    commit(f);
    assert_null(owed(f, 1, CHECK_KEY_SHARED));
}

static void a_key_of_an_ended_certificate_is_no_more_its_devices(void **state)
{
    struct fixture *f = *state;
    struct asker registered = asker(1), other = asker(2);
    const struct shown one = shown(1, 2);
    import_device(f, 1, &registered, false);
    struct msg_enrol ask = ask_registered_tls(&registered, &other);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    see(f, "10.0.0.1:443", &one);
    see(f, "10.0.0.2:443", &one);
    assert_non_null(owed(f, 1, CHECK_KEY_SHARED));
    assert_false(has_finding(f, 1, CHECK_KEY_SHARED));
}

/* It makes no difference who was first. */
static void a_device_that_gets_a_key_which_others_have_is_told(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    const struct shown one = shown(1, 1);
    see(f, "10.0.0.1:443", &one);
    see(f, "10.0.0.2:443", &one);
    assert_non_null(owed(f, 1, CHECK_KEY_SHARED));
    enrolled_device(f, 1, &key);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));
}

static void a_device_whose_registered_key_others_have_is_told(void **state)
{
    struct fixture *f = *state;
    const struct asker key = asker(1);
    const struct shown one = shown(1, 1);
    see(f, "10.0.0.1:443", &one);
    see(f, "10.0.0.2:443", &one);
    import_device(f, 1, &key, false);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));
    assert_int_equal(device_row(f, 1).state, STATE_EXPECTED);
}

/* A certificate of ours: recognised, and a fact about its device. */
static void one_of_ours_is_its_devices(void **state)
{
    struct fixture *f = *state;
    const struct asker key = asker(1);
    struct got got = enrolled_device(f, 1, &key);
    struct certificate row = certificate_row(f, got.serial);
    uint8_t der[LIMIT_CERTIFICATE_BYTES];
    struct buf stored = buf_over(der, sizeof der);
    assert_int_equal(store_der(f->store, row.id, &stored, &f->err), OK);
    struct shown one = {.key = key, .from_s = row.not_before_s, .until_s = row.not_after_s};
    struct msg_scan_line line = line_of("10.0.0.1:443", &one);
    line.serial = bytes_of(got.serial, sizeof got.serial);
    line.chain = buf_bytes(&stored);
    assert_int_equal(take(f, &line), SCAN_BECAME_OURS);
    pass(f, row.not_after_s - f->now_s);
    assert_int_equal(take(f, &line), SCAN_BECAME_OURS);
    assert_false(has_finding(f, 1, CHECK_EXPIRED_IN_USE));
    pass(f, 1);
    take(f, &line);
    assert_true(has_finding(f, 1, CHECK_EXPIRED_IN_USE));
    der[stored.n - 1] ^= 1; /* the same serial number does not do */
    assert_int_equal(take(f, &line), SCAN_BECAME_NEW);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_line_that_cannot_be_is_refused),
        STORY(its_life_at_one_place),
        STORY(it_is_expired_in_use_from_the_second_after_its_end),
        STORY(one_that_begins_later_is_early_until_then),
        STORY(who_stands_above_ends_by_time_alone),
        STORY(a_device_that_gets_a_key_which_others_have_is_told),
        STORY(a_device_whose_registered_key_others_have_is_told),
        STORY(one_of_ours_is_its_devices),
        STORY(two_hosts_share_within_an_hour_and_two_ports_do_not),
        STORY(who_comes_with_the_key_of_who_goes_shares_it_on),
        STORY(a_device_has_its_key_and_a_second_host_is_told),
        STORY(a_board_that_is_given_up_shares_its_key_no_more),
        STORY(a_key_of_an_ended_certificate_is_no_more_its_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
