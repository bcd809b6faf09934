// What the fuzz targets share.
#pragma once

#include <stdint.h>
#include <stdlib.h>

#include <wire/bytes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A promise that holds for every input; the stack trace shows which.
static inline void must(bool holds)
{
    if (!holds)
        abort();
}
