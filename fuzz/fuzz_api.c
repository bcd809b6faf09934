// Whatever the body: it is refused with a reason, or every member keeps the limits of its shape.
#include "fuzz.h"

#include <proto/api.h>
#include <wire/utf8.h>

static const char *word(unsigned value)
{
    static const char *const words[] = {"none", "red", NULL, "blue"};
    return words[value & 3];
}

static const struct api_words words = {0, 4, word};

struct thing {
    struct bytes name, pem;
    int64_t ttl_s;
    uint32_t paints;
    uint8_t lit, paint;
    struct api_pairs pairs;
};

static const struct api_field fields[] = {
    API_FIELD("name", struct thing, name, API_TEXT, .required = true, .min = 1, .max = 8),
    API_FIELD("pem", struct thing, pem, API_LINES, .max = 100),
    API_FIELD("ttl_s", struct thing, ttl_s, API_NUMBER, .min = 60, .max = 3600),
    API_FIELD("lit", struct thing, lit, API_FLAG),
    API_FIELD("paint", struct thing, paint, API_WORD, .words = &words),
    API_FIELD("paints", struct thing, paints, API_WORDS, .words = &words, .min = 1),
    API_FIELD("pairs", struct thing, pairs, API_PAIRS, .min = 1, .max = 8),
};

static enum result must_be_pair(void *context, struct bytes name, struct bytes text,
                                struct err *err)
{
    (void)context;
    (void)err;
    must(utf8_is_valid(name) && text.n >= 1 && text.n <= 8 && utf8_is_valid(text));
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thing thing = {.ttl_s = 60, .paints = 1};
    struct err err = {0};
    CLEANUP(api_body_freep) struct api_body *owner = NULL;
    if (api_read(bytes_of(data, size), API_SHAPE(fields), &thing, &owner, &err) != OK) {
        must(err.code == E_SYNTAX && err.text[0] != '\0' && owner == NULL);
        return 0;
    }
    must(thing.name.n >= 1 && thing.name.n <= 8 && utf8_is_valid(thing.name));
    must(thing.pem.n <= 100 && (thing.pem.n == 0 || utf8_is_valid(thing.pem)));
    must(thing.ttl_s >= 60 && thing.ttl_s <= 3600);
    must(thing.lit <= 1 && thing.paint <= 3 && word(thing.paint) != NULL);
    must(thing.paints != 0 && (thing.paints & ~0xbU) == 0);
    must(api_pairs_walk(thing.pairs, must_be_pair, NULL, &err) == OK);
    return 0;
}
