#include "lines.h"
#include "transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint8_t room[TRANSCRIPT_MAX];
static struct transcript read;

/* A transcript of `n` steps: the first begins, the others are of witnesses. */
static struct buf written(size_t n)
{
    struct buf text = buf_over(room, sizeof room);
    read.n = 0;
    for (size_t i = 0; i < n; i++) {
        struct transcript_entry entry = {
            .word = i == 0 ? TRANSCRIPT_BEGIN : TRANSCRIPT_WITNESS,
            .at_s = 1800000000 + (int64_t)i,
            .present = "Ada, Gr\xc3\xa1\x63\x65",
            .facts = bytes_text("share 1 one\nname a b\nshare 2 two\n"),
        };
        transcript_put(&text, &read, &entry);
        if (!buf_ok(&text))
            break;
        assert_int_equal(transcript_parse(buf_bytes(&text), &read, NULL), OK);
        assert_int_equal(read.n, i + 1);
    }
    return text;
}

static void refuse(struct bytes text, const char *said)
{
    struct err err = {0};
    assert_int_equal(transcript_parse(text, &read, &err), R_CORRUPT);
    assert_int_equal(err.code, E_TRANSCRIPT);
    assert_non_null(strstr(err.text, said));
}

static void what_is_no_transcript_is_refused(void **state)
{
    (void)state;
    refuse(bytes_text(""), "its first line is not");
    refuse(bytes_text(TRANSCRIPT_TITLE), "its first line is not");
    refuse(bytes_text(TRANSCRIPT_TITLE "\n"), "does not begin with step 1");
    refuse(bytes_text(TRANSCRIPT_TITLE "\n\nstep 2 begin\n"), "step 1: lines are missing");
    refuse(bytes_text(TRANSCRIPT_TITLE "\n\nstep 1 end\n"), "step 1: lines are missing");
}

static void every_flipped_bit_and_every_cut_is_refused(void **state)
{
    (void)state;
    struct buf text = written(2);
    struct bytes whole = buf_bytes(&text);
    size_t second = (size_t)((const uint8_t *)strstr((const char *)room, "\n\nstep 2") - room) + 1;
    for (size_t i = 0; i < whole.n; i++) {
        if (i != second) /* a cut there leaves what step 1 was */
            refuse(bytes_of(whole.p, i), "");
        for (unsigned bit = 0; bit < 8; bit++) {
            room[i] ^= (uint8_t)(1U << bit);
            refuse(whole, "");
            room[i] ^= (uint8_t)(1U << bit);
        }
    }
    assert_int_equal(transcript_parse(whole, &read, NULL), OK);
}

static void a_line_that_a_terminal_would_act_on_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"\x1b[2J", "\xc2\x9b\x32J", "\xff", "a\rb", "a\tb"};
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        struct buf text = buf_over(room, sizeof room);
        struct transcript_entry entry = {.word = TRANSCRIPT_BEGIN, .present = names[i]};
        read.n = 0;
        transcript_put(&text, &read, &entry);
        refuse(buf_bytes(&text), "step 1: lines are missing or of another form");
    }
}

static void it_begins_once(void **state)
{
    (void)state;
    struct buf text = written(1);
    struct transcript_entry entry = {.word = TRANSCRIPT_BEGIN, .present = "Ada"};
    transcript_put(&text, &read, &entry);
    refuse(buf_bytes(&text), "step 2 begins a second time");
}

static void a_step_beyond_the_last_fails_its_buffer(void **state)
{
    (void)state;
    struct buf text = written(TRANSCRIPT_STEPS + 1);
    assert_false(buf_ok(&text));
    assert_int_equal(read.n, TRANSCRIPT_STEPS);
}

static void facts_are_found_by_name(void **state)
{
    (void)state;
    struct bytes value;
    struct err err = {0};
    (void)written(2);
    struct bytes facts = read.steps[1].facts;
    assert_true(transcript_next(&facts, "share", &value));
    assert_true(bytes_equal(value, bytes_text("1 one")));
    assert_true(transcript_next(&facts, "share", &value));
    assert_true(bytes_equal(value, bytes_text("2 two")));
    assert_false(transcript_next(&facts, "share", &value));
    assert_int_equal(transcript_fact(&read.steps[1], "name", &value, &err), OK);
    assert_true(bytes_equal(value, bytes_text("a b")));
    assert_int_equal(transcript_fact(&read.steps[1], "share", &value, &err), R_CORRUPT);
    assert_non_null(strstr(err.text, "two lines \"share\""));
    assert_int_equal(transcript_fact(&read.steps[1], "shar", &value, &err), R_CORRUPT);
    assert_non_null(strstr(err.text, "no line \"shar\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_transcript_is_refused),
        cmocka_unit_test(every_flipped_bit_and_every_cut_is_refused),
        cmocka_unit_test(a_line_that_a_terminal_would_act_on_is_refused),
        cmocka_unit_test(it_begins_once),
        cmocka_unit_test(a_step_beyond_the_last_fails_its_buffer),
        cmocka_unit_test(facts_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
