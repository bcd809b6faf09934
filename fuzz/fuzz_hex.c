// What hex_decode accepts, hex_encode writes again, in lower case.
#include "fuzz.h"

#include <wire/hex.h>

#include <ctype.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[4096], text_memory[8192];
    struct buf b = buf_over(memory, sizeof(memory)),
               text = buf_over(text_memory, sizeof(text_memory));
    if (!hex_decode(&b, bytes_of(data, size)))
        return 0;
    hex_encode(&text, buf_bytes(&b));
    must(buf_ok(&text) && text.n == size);
    for (size_t i = 0; i < size; i++)
        must(text.p[i] == tolower(data[i]));
    return 0;
}
