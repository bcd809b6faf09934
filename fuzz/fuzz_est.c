// What a device sends: its request as base64, and HTTP Basic. What is taken from them is inside
// what came, and says again what was read.
#include "fuzz.h"

#include <proto/est.h>
#include <wire/b64.h>

static void must_be_inside(struct bytes part, struct bytes whole)
{
    must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void read_request(struct bytes body)
{
    static uint8_t memory[LIMIT_CSR_BYTES];
    struct buf space = buf_over(memory, sizeof memory);
    struct est_request request;
    if (est_read_request(body, &space, &request, NULL) != OK)
        return;
    must_be_inside(request.spki, request.csr);
    must_be_inside(request.subject, request.csr);
    must_be_inside(request.san, request.csr);
    must_be_inside(request.serial_number, request.csr);
    must(request.csr.n <= LIMIT_CSR_BYTES && request.spki.n <= LIMIT_SPKI_BYTES);
    must(request.serial_number.n <= LIMIT_SERIAL_NUMBER);
}

static void read_basic(const uint8_t *data, size_t size)
{
    char value[512], again[512];
    if (size >= sizeof value)
        return;
    memcpy(value, data, size);
    value[size] = '\0';
    struct est_basic basic;
    if (est_read_basic(value, &basic, NULL) != OK) {
        must(basic.token_n == 0);
        return;
    }
    uint8_t plain[LIMIT_SERIAL_NUMBER + 1 + LIMIT_TOKEN];
    memcpy(plain, basic.user, basic.user_n);
    plain[basic.user_n] = ':';
    memcpy(plain + basic.user_n + 1, basic.token, basic.token_n);
    struct buf out = buf_over(again, sizeof again - 1);
    b64_encode(&out, bytes_of(plain, basic.user_n + 1 + basic.token_n));
    again[out.n] = '\0';
    size_t n = strlen(value);
    must(n >= out.n && strcmp(value + n - out.n, again) == 0);
    must(memchr(basic.user, ':', basic.user_n) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_request(bytes_of(data, size));
    read_basic(data, size);
    return 0;
}
