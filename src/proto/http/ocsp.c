#include <proto/ocsp.h>

#include <wire/b64.h>
#include <wire/hex.h>

#define TEXT_MAX 2048 /* octets: of a path at most */

static bool unescape(struct bytes path, struct buf *to)
{
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] != '%')
            buf_put_u8(to, path.p[i]);
        else if (i + 2 >= path.n || !hex_decode(to, bytes_of(path.p + i + 1, 2)))
            return false;
        else
            i += 2;
    }
    return buf_ok(to);
}

bool ocsp_read_path(struct bytes path, struct buf *to)
{
    uint8_t room[TEXT_MAX];
    struct buf text = buf_over(room, sizeof room);
    return unescape(path, &text) && b64_decode(to, buf_bytes(&text));
}
