// Whatever the file: names and values that keep their limits, or a refusal that names the file and
// a line.
#include "fuzz.h"

#include <base/pairs.h>
#include <wire/utf8.h>

static enum result take(void *context, const struct pair *pair, struct err *err)
{
    size_t *n = context;
    (void)err;
    must(pair->name.n >= 1 && pair->name.n <= PAIRS_NAME_MAX && utf8_is_valid(pair->name));
    must(pair->value.n >= 1 && pair->value.n <= PAIRS_VALUE_MAX && utf8_is_valid(pair->value));
    must(pair->line >= 1);
    (*n)++;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = 0;
    struct err err = {0};
    if (pairs_read("f", bytes_of(data, size), "effects", take, &n, &err) != OK)
        must(err.code == E_POLICY_FILE && strncmp(err.text, "f:", 2) == 0 && n == 0);
    return 0;
}
