// The transcript of a ceremony that somebody hands us (src/app/transcript.h), as it is; and its own
// steps written anew with a right chain, which must read as the same steps.
#include "fuzz.h"

#include "transcript.h"

static void must_be_within(struct bytes part, struct bytes whole)
{
    must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void must_hold_together(const struct transcript *read, struct bytes text)
{
    must(read->n >= 1 && read->n <= TRANSCRIPT_STEPS);
    for (size_t i = 0; i < read->n; i++) {
        const struct transcript_step *step = &read->steps[i];
        must_be_within(step->at, text);
        must_be_within(step->present, text);
        must_be_within(step->facts, text);
        must(step->word < TRANSCRIPT_WORDS && (i == 0) == (step->word == TRANSCRIPT_BEGIN));
        must(i == 0 || bytes_equal(step->previous, read->steps[i - 1].hash));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[TRANSCRIPT_MAX];
    static struct transcript read, none;
    struct bytes input = bytes_of(data, size);
    struct buf text = buf_over(room, sizeof room);
    const struct transcript_entry entry = {TRANSCRIPT_BEGIN, 1700000000, "the fuzzer", input};

    if (transcript_parse(input, &read, NULL) == OK)
        must_hold_together(&read, input);

    transcript_put(&text, &none, &entry); /* the input as its facts */
    if (!buf_ok(&text) || transcript_parse(buf_bytes(&text), &read, NULL) != OK)
        return 0;
    must_hold_together(&read, buf_bytes(&text));
    must(read.n == 1 && bytes_equal(read.steps[0].facts, input));
    struct bytes facts = input, value;
    while (transcript_next(&facts, "share", &value))
        must_be_within(value, input);
    return 0;
}
