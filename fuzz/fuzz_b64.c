// The strict reader accepts what the writer writes and nothing else, the lenient one white space as
// well; what both give is what OpenSSL gives.
#include "fuzz.h"

#include <openssl/evp.h>
#include <wire/b64.h>

static struct bytes without_space(const uint8_t *data, size_t size)
{
    static uint8_t memory[4096];
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        if (data[i] == 0 || !strchr(" \t\r\n", data[i]))
            memory[n++] = data[i];
    return bytes_of(memory, n);
}

static void check_openssl(struct bytes text, struct bytes decoded)
{
    static uint8_t memory[4096];
    int n = EVP_DecodeBlock(memory, text.p, (int)text.n);
    must(n >= 0 && (size_t)n >= decoded.n && bytes_equal(bytes_of(memory, decoded.n), decoded));
}

static void check_url(const uint8_t *data, size_t size)
{
    static uint8_t memory[4096], again_memory[4096];
    struct buf b = buf_over(memory, sizeof(memory)),
               again = buf_over(again_memory, sizeof(again_memory));
    if (!b64url_decode(&b, bytes_of(data, size)))
        return;
    b64url_encode(&again, buf_bytes(&b));
    must(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t strict_memory[4096], lenient_memory[4096], again_memory[4096];
    struct buf strict = buf_over(strict_memory, sizeof(strict_memory));
    struct buf lenient = buf_over(lenient_memory, sizeof(lenient_memory));
    struct buf again = buf_over(again_memory, sizeof(again_memory));
    if (size > 4000)
        return 0;
    struct bytes text = without_space(data, size);
    check_url(data, size);
    bool is_strict = b64_decode(&strict, text);
    must(b64_decode_lenient(&lenient, bytes_of(data, size)) == is_strict);
    must(b64_decode(&again, bytes_of(data, size)) == (is_strict && text.n == size));
    if (!is_strict)
        return 0;
    must(bytes_equal(buf_bytes(&strict), buf_bytes(&lenient)));
    again.n = 0;
    b64_encode(&again, buf_bytes(&strict));
    must(bytes_equal(buf_bytes(&again), text));
    check_openssl(text, buf_bytes(&strict));
    return 0;
}
