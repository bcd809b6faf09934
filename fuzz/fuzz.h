// What the fuzz targets share.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <wire/bytes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A promise that holds for every input.
#define must(holds) must_hold(holds, #holds, __FILE__, __LINE__)

static inline void must_hold(bool holds, const char *text, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: broken: %s\n", file, line, text);
    abort();
}
