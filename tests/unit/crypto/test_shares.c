#include <crypto/key.h>
#include <crypto/shares.h>
#include <wire/buf.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t some_secret[48] = "a number of a key that has forty-eight octets!!";
#define SECRET bytes_of(some_secret, sizeof some_secret)

static struct share_list split(unsigned needed, unsigned of)
{
    struct share_list list = {0};
    assert_int_equal(shares_split(SECRET, needed, of, &list, NULL), OK);
    assert_int_equal(list.n, of);
    return list;
}

/* Those of `from` that have a bit in `which`. */
static struct share_list pick(const struct share_list *from, unsigned which)
{
    struct share_list list = {0};
    size_t n = 0;
    assert_int_equal(share_list_new((size_t)__builtin_popcount(which), &list, NULL), OK);
    for (size_t i = 0; i < from->n; i++)
        if ((which >> i & 1) != 0)
            *share_at(&list, n++) = *share_at(from, i);
    return list;
}

static bool gives_the_secret(const struct share_list *from, unsigned which)
{
    struct share_list list = pick(from, which);
    struct secret secret = {0};
    assert_int_equal(shares_combine(&list, &secret, NULL), OK);
    bool is_right = bytes_equal(secret_bytes(&secret), SECRET);
    secret_free(&secret);
    share_list_free(&list);
    return is_right;
}

static void expect_combine(const struct share_list *list, enum code code, const char *said)
{
    struct secret secret = {0};
    struct err err = {0};
    assert_int_not_equal(shares_combine(list, &secret, &err), OK);
    assert_null(secret.p);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, said));
}

/* ---- misuse ------------------------------------------------------------------------------------
 */

static void refuses_numbers_and_lengths_out_of_range(void **state)
{
    (void)state;
    static const unsigned wrong[][2] = {{0, 3}, {1, 3}, {4, 3}, {3, 17}, {17, 17}};
    struct share_list list = {0};
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        assert_int_equal(shares_split(SECRET, wrong[i][0], wrong[i][1], &list, NULL), R_INVALID);
    assert_int_equal(shares_split(bytes_of(some_secret, 15), 2, 3, &list, NULL), R_INVALID);
    assert_null(list.memory.p);
}

static void fewer_shares_than_needed_give_nothing(void **state)
{
    (void)state;
    struct share_list all = split(3, 5), two = pick(&all, 0x11), none = {0};
    expect_combine(&two, E_SHARES_FEW, "2 shares are there, the key needs 3");
    expect_combine(&none, E_SHARES_FEW, "no share is there");
    share_list_free(&two);
    share_list_free(&all);
}

static void one_share_twice_is_named(void **state)
{
    (void)state;
    struct share_list all = split(2, 3), two = pick(&all, 3);
    *share_at(&two, 1) = *share_at(&two, 0);
    expect_combine(&two, E_SHARE_FOREIGN, "share 1 is there twice");
    share_list_free(&two);
    share_list_free(&all);
}

static void a_share_of_another_set_is_named(void **state)
{
    (void)state;
    struct share_list all = split(2, 3), others = split(2, 3), two = pick(&all, 3);
    struct share_set set;
    struct err err = {0};
    *share_at(&two, 1) = *share_at(&others, 1);
    expect_combine(&two, E_SHARE_FOREIGN, "share 2 is of set ");
    share_set_of(&all, &set);
    assert_int_equal(share_set_check(&set, share_at(&others, 2), &err), R_CONFLICT);
    assert_non_null(strstr(err.text, "share 3 is of set "));
    assert_non_null(strstr(err.text, share_set_name_of(set.id).text));
    share_list_free(&two);
    share_list_free(&others);
    share_list_free(&all);
}

/* With as many as are needed no polynomial tells: the set's digests do, before. */
static void every_flipped_octet_is_named_by_the_set(void **state)
{
    (void)state;
    struct share_list all = split(3, 5);
    struct share_set set;
    share_set_of(&all, &set);
    for (size_t i = 0; i < all.n; i++) {
        struct share *share = share_at(&all, i);
        assert_int_equal(share_set_check(&set, share, NULL), OK);
        for (size_t octet = 0; octet < share->octets_n; octet++) {
            struct err err = {0};
            char said[32];
            snprintf(said, sizeof said, "share %zu of set", i + 1);
            share->octets[octet] ^= 1;
            assert_int_equal(share_set_check(&set, share, &err), R_CONFLICT);
            assert_non_null(strstr(err.text, said));
            share->octets[octet] ^= 1;
        }
    }
    share_at(&all, 0)->x = 2;
    assert_int_equal(share_set_check(&set, share_at(&all, 0), NULL), R_CONFLICT);
    share_list_free(&all);
}

static void a_share_beyond_those_needed_must_fit_them(void **state)
{
    (void)state;
    struct share_list all = split(3, 5);
    assert_true(gives_the_secret(&all, 0x1f));
    share_at(&all, 4)->octets[47] ^= 0x80;
    expect_combine(&all, E_SHARE_FOREIGN, "share 5 does not fit the 3 before it");
    share_list_free(&all);
}

/* ---- vectors -----------------------------------------------------------------------------------
 */

/* FIPS 197, 4.2.1: {57} times {02}, {04}, {08}, {10}. */
static void multiplies_as_fips_197_does(void **state)
{
    (void)state;
    static const uint8_t x[] = {2, 4, 8, 16}, product[] = {0xae, 0x47, 0x8e, 0x07};
    struct share_list two = {0};
    assert_int_equal(share_list_new(2, &two, NULL), OK);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) {
            struct secret secret = {0};
            if (i == j)
                continue;
            for (size_t k = 0; k < 2; k++) {
                size_t at = k == 0 ? i : j;
                struct share share = {.needed = 2, .of = 16, .x = x[at], .octets_n = 16};
                memset(share.octets, 0xc5 ^ product[at], 16);
                *share_at(&two, k) = share;
            }
            assert_int_equal(shares_combine(&two, &secret, NULL), OK);
            for (size_t octet = 0; octet < 16; octet++)
                assert_int_equal(secret.p[octet], 0xc5);
            secret_free(&secret);
        }
    share_list_free(&two);
}

/* ---- what it is for ----------------------------------------------------------------------------
 */

static void any_k_of_n_are_the_secret_up_to_5_of_8(void **state)
{
    (void)state;
    for (unsigned of = 2; of <= 8; of++)
        for (unsigned needed = 2; needed <= 5 && needed <= of; needed++) {
            struct share_list all = split(needed, of);
            for (unsigned which = 0; which < 1U << of; which++)
                if ((unsigned)__builtin_popcount(which) == needed)
                    assert_true(gives_the_secret(&all, which));
            share_list_free(&all);
        }
}

static void sixteen_of_sixteen_are_the_secret(void **state)
{
    (void)state;
    struct share_list all = split(16, 16);
    assert_true(gives_the_secret(&all, 0xffff));
    share_list_free(&all);
}

/* Whatever k - 1 shares are: for each value that an octet of the secret can have there is exactly
 * one k-th share that makes it so, and the k-th share is as likely to be any. */
static void k_minus_one_shares_fit_every_secret_alike(void **state)
{
    (void)state;
    for (unsigned needed = 2; needed <= 5; needed++) {
        struct share_list all = split(needed, 8), some = pick(&all, (1U << needed) - 1);
        unsigned seen[256] = {0};
        for (unsigned value = 0; value < 256; value++) {
            struct secret secret = {0};
            share_at(&some, needed - 1)->octets[7] = (uint8_t)value;
            assert_int_equal(shares_combine(&some, &secret, NULL), OK);
            seen[secret.p[7]]++;
            secret_free(&secret);
        }
        for (unsigned value = 0; value < 256; value++)
            assert_int_equal(seen[value], 1);
        share_list_free(&some);
        share_list_free(&all);
    }
}

/* The rows of a polynomial are random: a share of the same secret takes every value alike.
 * Chi-square of 255 degrees; above 500 comes once in 10^17. */
static void a_single_share_is_uniform(void **state)
{
    (void)state;
    enum { ROUNDS = 2000 };
    const double expected = (double)ROUNDS * sizeof some_secret / 256;
    for (unsigned needed = 2; needed <= 3; needed++) {
        unsigned seen[256] = {0};
        double chi = 0;
        for (int round = 0; round < ROUNDS; round++) {
            struct share_list all = split(needed, 3);
            for (size_t octet = 0; octet < sizeof some_secret; octet++)
                seen[share_at(&all, 1)->octets[octet]]++;
            share_list_free(&all);
        }
        for (size_t value = 0; value < 256; value++)
            chi += (seen[value] - expected) * (seen[value] - expected) / expected;
        assert_true(chi < 500);
    }
}

static void a_key_comes_back_of_its_number(void **state)
{
    (void)state;
    static const enum key_kind kinds[] = {KEY_P256, KEY_P384};
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct key *key = NULL, *again = NULL;
        struct secret number = {0}, back = {0};
        struct share_list all = {0};
        assert_int_equal(key_generate(kinds[i], &key, NULL), OK);
        assert_int_equal(key_number(key, &number, NULL), OK);
        assert_int_equal(shares_split(secret_bytes(&number), 2, 3, &all, NULL), OK);
        assert_int_equal(shares_combine(&all, &back, NULL), OK);
        assert_int_equal(key_of_number(kinds[i], secret_bytes(&back), &again, NULL), OK);
        assert_true(bytes_equal(key_spki(key), key_spki(again)));
        share_list_free(&all);
        secret_free(&back);
        secret_free(&number);
        key_free(again);
        key_free(key);
    }
}

static void no_key_comes_of_a_number_off_its_curve(void **state)
{
    (void)state;
    uint8_t number[48];
    struct key *key = NULL;
    memset(number, 0, sizeof number);
    assert_int_equal(key_of_number(KEY_P256, bytes_of(number, 32), &key, NULL), R_CRYPTO);
    memset(number, 0xff, sizeof number);
    assert_int_equal(key_of_number(KEY_P256, bytes_of(number, 32), &key, NULL), R_CRYPTO);
    assert_int_equal(key_of_number(KEY_P384, bytes_of(number, 48), &key, NULL), R_CRYPTO);
    number[0] = 1;
    assert_int_equal(key_of_number(KEY_P384, bytes_of(number, 32), &key, NULL), R_CRYPTO);
    assert_int_equal(key_of_number(KEY_ED25519, bytes_of(number, 32), &key, NULL), R_CRYPTO);
    assert_null(key);
}

/* ---- on paper ----------------------------------------------------------------------------------
 */

/* The same in each run, so that what is caught today is caught always. */
static struct share fixed_share(void)
{
    struct share share = {.set = "ten octets", .needed = 3, .of = 5, .x = 2, .octets_n = 48};
    memcpy(share.octets, some_secret, sizeof some_secret);
    return share;
}

struct page {
    char text[SHARE_TEXT_MAX];
    size_t n;
};

static struct page written(const struct share *share)
{
    struct page page = {{0}, 0};
    struct buf b = buf_over(page.text, sizeof page.text - 1);
    share_write(share, &b);
    assert_true(buf_ok(&b));
    page.n = b.n;
    return page;
}

static void expect_read(const struct page *page, const char *said)
{
    struct share share = {0};
    struct err err = {0};
    assert_int_equal(share_read(bytes_of(page->text, page->n), &share, &err), R_INVALID);
    assert_int_equal(err.code, E_SHARE);
    assert_non_null(strstr(err.text, said));
    assert_int_equal(share.octets_n, 0);
}

static void comes_back_as_it_was_written(void **state)
{
    (void)state;
    static const uint8_t lengths[] = {16, 17, 32, 48, 64};
    for (size_t i = 0; i < LENGTH_OF(lengths); i++) {
        struct share share = fixed_share(), again = {0};
        share.octets_n = lengths[i];
        memset(share.octets, 0, sizeof share.octets);
        memset(share.octets, 0xa0 + (int)i, lengths[i]);
        struct page page = written(&share);
        assert_int_equal(share_read(bytes_of(page.text, page.n), &again, NULL), OK);
        assert_memory_equal(&share, &again, sizeof share);
    }
}

static void is_read_as_people_type(void **state)
{
    (void)state;
    struct share share = fixed_share(), again = {0};
    struct page page = written(&share), typed = {{0}, 0};
    for (size_t i = 0; i < page.n; i++) {
        char letter = page.text[i];
        if (letter == 'O')
            letter = '0';
        if (letter == 'I')
            letter = '1';
        if (letter == 'B')
            letter = '8';
        if (letter == '\n')
            typed.text[typed.n++] = '\r';
        typed.text[typed.n++] = (char)tolower(letter);
    }
    assert_int_equal(share_read(bytes_of(typed.text, typed.n), &again, NULL), OK);
    assert_memory_equal(&share, &again, sizeof share);
}

/* Every letter of every line, by every other one. */
static void every_letter_typed_wrong_names_its_line(void **state)
{
    (void)state;
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    struct share share = fixed_share();
    const struct page page = written(&share);
    unsigned line = 0, tried = 0;
    for (size_t i = 0; i < page.n; i++) {
        bool begins = i == 0 || page.text[i - 1] == '\n';
        if (begins && page.text[i] == '#')
            i = (size_t)(strchr(page.text + i, '\n') - page.text);
        else if (begins)
            line++; /* its number */
        else if (isalnum((unsigned char)page.text[i]))
            for (const char *letter = letters; *letter != '\0'; letter++) {
                struct page wrong = page;
                char said[64];
                if (*letter == page.text[i])
                    continue;
                wrong.text[i] = *letter;
                snprintf(said, sizeof said, "line %u: a letter is wrong", line);
                expect_read(&wrong, said);
                tried++;
            }
    }
    assert_int_equal(line, 7);
    assert_true(tried > 4000);
}

static void lines_missing_swapped_or_of_others_are_named(void **state)
{
    (void)state;
    struct share share = fixed_share();
    const struct page page = written(&share);
    struct page wrong = page;
    char *third = strstr(page.text, "\n3  ") + 1, *fourth = strstr(page.text, "\n4  ") + 1;
    size_t length = (size_t)(fourth - third);

    wrong.n = (size_t)(strstr(page.text, "\n7  ") + 1 - page.text);
    expect_read(&wrong, "a line is missing or too many");
    wrong.n = (size_t)(strstr(page.text, "\n2  ") + 1 - page.text);
    expect_read(&wrong, "lines are missing");

    wrong = page;
    memmove(wrong.text + (third - page.text), fourth, page.n - (size_t)(fourth - page.text));
    wrong.n = page.n - length;
    expect_read(&wrong, "line 4 stands where line 3 is wanted");

    /* the letters of line 4 behind the number 3 */
    wrong = page;
    memcpy(wrong.text + (third - page.text) + 1, fourth + 1, length - 1);
    expect_read(&wrong, "line 3: a letter is wrong");

    struct share other = share; /* a whole line of another share */
    other.octets[20] ^= 1;
    struct page of_other = written(&other);
    wrong = page;
    memcpy(wrong.text + (fourth - page.text), of_other.text + (fourth - page.text), length);
    expect_read(&wrong, "not of one share");
}

static void what_is_no_share_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"", "0 octets: lines are missing"},
        {"hello\n", "no number before it"},
        {"1  ABCD EFG9 IJKL MNOP  QRST\n", "'9' is no letter"},
        {"1  ABCD\n", "4 letters, wanted are more than 4"},
        {"1  ABCD EFGH IJKL MNOP QRST UVWX\n", "more than 20 letters"},
        {"1\n", "no number before it"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct page page = {{0}, strlen(rows[i].text)};
        memcpy(page.text, rows[i].text, page.n);
        expect_read(&page, rows[i].said);
    }
    struct share share = fixed_share();
    share.x = 6;
    struct page page = written(&share);
    expect_read(&page, "share 6 of 5, 3 needed, 48 octets: no such share");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_numbers_and_lengths_out_of_range),
        cmocka_unit_test(fewer_shares_than_needed_give_nothing),
        cmocka_unit_test(one_share_twice_is_named),
        cmocka_unit_test(a_share_of_another_set_is_named),
        cmocka_unit_test(every_flipped_octet_is_named_by_the_set),
        cmocka_unit_test(a_share_beyond_those_needed_must_fit_them),
        cmocka_unit_test(multiplies_as_fips_197_does),
        cmocka_unit_test(any_k_of_n_are_the_secret_up_to_5_of_8),
        cmocka_unit_test(sixteen_of_sixteen_are_the_secret),
        cmocka_unit_test(k_minus_one_shares_fit_every_secret_alike),
        cmocka_unit_test(a_single_share_is_uniform),
        cmocka_unit_test(a_key_comes_back_of_its_number),
        cmocka_unit_test(no_key_comes_of_a_number_off_its_curve),
        cmocka_unit_test(comes_back_as_it_was_written),
        cmocka_unit_test(is_read_as_people_type),
        cmocka_unit_test(every_letter_typed_wrong_names_its_line),
        cmocka_unit_test(lines_missing_swapped_or_of_others_are_named),
        cmocka_unit_test(what_is_no_share_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
