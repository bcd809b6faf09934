/* What a hostile process sends, a message or a frame of them: decoded or refused; what was decoded
 * encodes to the same bytes. */
#include <ipc/ipc.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* As core receives it from a front. Each call takes octets off the frame, or ends it. */
static void receive_all(struct bytes wire)
{
    static int ends[2] = {-1, -1};
    static struct ipc_channel core;
    struct ipc_message message;
    struct err err;
    if (ends[0] < 0 && (ipc_pair(IPC_FRONT, IPC_CORE, ends, &err) != OK ||
                        ipc_open(&core, IPC_CORE, IPC_FRONT, ends[1], &err) != OK))
        abort();
    if (wire.n == 0 || send(ends[0], wire.p, wire.n, 0) < 0)
        return;
    for (size_t i = 0; ipc_receive(&core, &message, &err) != R_BUSY; i++)
        if (i > wire.n || (core.rest.n > 0 && core.rest.n >= wire.n))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[LIMIT_MESSAGE_BYTES];
    struct ipc_message message;
    struct err err;
    size_t n = 0;
    if (size > LIMIT_MESSAGE_BYTES)
        return 0;
    receive_all(bytes_of(data, size));
    if (ipc_decode(bytes_of(data, size), &message, &err) != OK)
        return 0;
    if (ipc_encode(message.type, &message.enrol, again, sizeof again, &n, &err) != OK)
        abort();
    if (n != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
