/* What a hostile process sends: decoded or refused; what was decoded encodes to the same bytes. */
#include <ipc/ipc.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[LIMIT_MESSAGE_BYTES];
    struct ipc_message message;
    struct err err;
    size_t n = 0;
    if (size > LIMIT_MESSAGE_BYTES)
        return 0;
    if (ipc_decode(bytes_of(data, size), &message, &err) != OK)
        return 0;
    if (ipc_encode(message.type, &message.enrol, again, sizeof again, &n, &err) != OK)
        abort();
    if (n != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
