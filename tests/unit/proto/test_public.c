#include <proto/ocsp.h>
#include <proto/public.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct bytes text(const char *literal)
{
    return bytes_of(literal, strlen(literal));
}

static void only_hash_tiles_are_hash_tiles(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "0",
        "/000",
        "0/",
        "0/00",
        "0/0000",
        "00/000",
        "64/000",
        "-1/000",
        "0/x000",
        "0/x00/000",
        "0/x0000/000",
        "0/000/p",
        "0/000.p",
        "0/000.p/",
        "0/000.p/0",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/1/2",
        "0/000/000",
        "entries/000",
        "0/abc",
        "0/x001/",
        "0/000.q/1",
    };
    static const char *const good[] = {
        "0/000", "63/999", "1/x001/234", "0/x001/x234/067", "0/x001/x234/067.p/1", "7/000.p/255"};
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_false(public_is_hash_tile(text(bad[i])));
    for (size_t i = 0; i < LENGTH_OF(good); i++)
        assert_true(public_is_hash_tile(text(good[i])));
}

static void names_stay_below_their_folder(void **state)
{
    (void)state;
    static const char *const bad[] = {"",         ".crl",     "a",          "a.cer",    "/a.crl",
                                      "a//b.crl", "../a.crl", "a/../b.crl", "a/.b.crl", "a b.crl",
                                      "a.crl/",   "a%.crl",   "a\\b.crl",   "./a.crl"};
    static const char *const good[] = {"a.crl", "1/2/3.crl", "a-b_c.d.crl"};
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_false(public_is_file_name(text(bad[i]), ".crl"));
    for (size_t i = 0; i < LENGTH_OF(good); i++)
        assert_true(public_is_file_name(text(good[i]), ".crl"));
}

/* CertificateList of 70,000 octets, of which the first are here. */
static const uint8_t crl_head[] = "\x30\x83\x01\x11\x70\x30\x83\x01\x11\x00\x02\x01\x01"
                                  "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
                                  "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02\x43\x41"
                                  "\x17\x0d"
                                  "261123000000Z"
                                  "\x17\x0d"
                                  "261125000000Z"
                                  "\x30\x83\x01\x10";

static void times_of_a_crl_are_read_from_its_head(void **state)
{
    (void)state;
    int64_t this_s = 0, next_s = 0;
    assert_true(public_crl_times(bytes_of(crl_head, sizeof crl_head - 1), &this_s, &next_s));
    assert_int_equal(this_s, 1795392000);
    assert_int_equal(next_s, 1795392000 + 2 * 86400);
}

static void a_head_that_is_cut_or_changed_has_no_times(void **state)
{
    (void)state;
    int64_t this_s = 0, next_s = 0;
    for (size_t n = 0; n < sizeof crl_head - 1 - 4; n++) {
        uint8_t *copy = malloc(n + 1); /* so that a sanitizer sees what is read too much */
        memcpy(copy, crl_head, n);
        assert_false(public_crl_times(bytes_of(copy, n), &this_s, &next_s));
        free(copy);
    }
    assert_false(public_crl_times(bytes_text("nonsense"), &this_s, &next_s));
    assert_int_equal(this_s, 0);
}

static void caches_keep_a_crl_until_half_its_window(void **state)
{
    (void)state;
    assert_int_equal(public_crl_max_age(1000, 2000, 1000), 500);
    assert_int_equal(public_crl_max_age(1000, 2000, 1499), 1);
    assert_int_equal(public_crl_max_age(1000, 2000, 1500), 0);
    assert_int_equal(public_crl_max_age(1000, 2000, 9999), 0);
    assert_int_equal(public_crl_max_age(0, INT64_MAX, 0), UINT32_MAX);
}

static void dates_are_as_rfc_9110_has_them(void **state)
{
    (void)state;
    char date[PUBLIC_DATE_N];
    public_write_date(784111777, date);
    assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    public_write_date(0, date);
    assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void an_ocsp_request_in_a_path_is_base64_however_it_is_escaped(void **state)
{
    (void)state;
    static const char *const good[] = {"+/+/AA==", "%2B%2f%2b/AA%3D%3d", "%2B/+/%41A=%3D"};
    static const char *const bad[] = {"",
                                      "AA",
                                      "AA=",
                                      "AA==A",
                                      "AA==%",
                                      "AA=%3",
                                      "AA%%3D=",
                                      "AA%3G=",
                                      "A%00==",
                                      "_-==",
                                      " AA==",
                                      "AB==",
                                      /* unused bits */ "%252B%2f%2b/AA%3D%3d"};
    static const uint8_t wanted[] = {0xfb, 0xff, 0xbf, 0x00};
    uint8_t room[8];
    for (size_t i = 0; i < LENGTH_OF(good); i++) {
        struct buf b = buf_over(room, sizeof room);
        assert_true(ocsp_read_path(text(good[i]), &b));
        assert_int_equal(b.n, sizeof wanted);
        assert_memory_equal(room, wanted, sizeof wanted);
    }
    for (size_t i = 1; i < LENGTH_OF(bad); i++) {
        struct buf b = buf_over(room, sizeof room);
        if (ocsp_read_path(text(bad[i]), &b))
            fail_msg("\"%s\" is taken", bad[i]);
        assert_int_equal(b.n, 0);
    }
    struct buf small = buf_over(room, 3);
    assert_false(ocsp_read_path(text(good[0]), &small));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ocsp_request_in_a_path_is_base64_however_it_is_escaped),
        cmocka_unit_test(only_hash_tiles_are_hash_tiles),
        cmocka_unit_test(names_stay_below_their_folder),
        cmocka_unit_test(times_of_a_crl_are_read_from_its_head),
        cmocka_unit_test(a_head_that_is_cut_or_changed_has_no_times),
        cmocka_unit_test(caches_keep_a_crl_until_half_its_window),
        cmocka_unit_test(dates_are_as_rfc_9110_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
