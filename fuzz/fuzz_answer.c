// What the example device reads of HTTP (device/examples/est): an answer that is whole lies inside
// what arrived, and every part of it that arrived earlier was one of which more is to come.
#include "fuzz.h"

#include <http.h>

#define MOST 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer answer = {0}, earlier = {0};
    const char *why = NULL;
    if (size > MOST)
        return 0;
    enum http_read read = http_read_answer(bytes_of(data, size), MOST, &answer, &why);
    must((read == HTTP_BROKEN) == (why != NULL));
    if (read != HTTP_WHOLE)
        return 0;
    must(answer.status >= 100 && answer.status <= 999);
    must(answer.head_n + answer.body_n <= size);
    must(memcmp(data + answer.head_n - 2, "\r\n", 2) == 0);
    for (size_t n = 0; n < answer.head_n + answer.body_n; n++)
        must(http_read_answer(bytes_of(data, n), MOST, &earlier, &why) == HTTP_MORE);
    return 0;
}
