#include <base/deflate.h>

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum result deflate_bytes(struct bytes from, struct blob *ret, struct err *err)
{
    uLong room = compressBound((uLong)from.n);
    struct blob out = {.p = malloc(room), .n = room};
    if (out.p == NULL)
        return err_set(err, E_MEMORY, "no memory to compress %zu octets", from.n);
    if (compress2(out.p, &room, from.p, (uLong)from.n, Z_BEST_COMPRESSION) != Z_OK) {
        blob_free(&out);
        return err_set(err, E_MEMORY, "no memory to compress %zu octets", from.n);
    }
    out.n = room;
    *ret = out;
    return OK;
}

enum result inflate_bytes(struct bytes from, uint8_t *to, size_t n, struct err *err)
{
    uint8_t spare = 0; /* an output of none has room for one: zlib wants a place */
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)from.p,
                       .avail_in = (uInt)from.n,
                       .next_out = n > 0 ? to : &spare,
                       .avail_out = n > 0 ? (uInt)n : 1};
    if (from.n > UINT_MAX || n > UINT_MAX)
        return err_set(err, E_TOO_LARGE, "a zlib stream of %zu octets for %zu", from.n, n);
    if (inflateInit(&stream) != Z_OK)
        return err_set(err, E_MEMORY, "no memory to inflate");
    int status = inflate(&stream, Z_FINISH);
    size_t given = stream.total_out, left = stream.avail_in;
    inflateEnd(&stream);
    if (status == Z_MEM_ERROR)
        return err_set(err, E_MEMORY, "no memory to inflate");
    if (status != Z_STREAM_END || given != n || left != 0)
        return err_set(err, E_SYNTAX, "RFC 1950: a whole zlib stream of %zu octets is wanted", n);
    return OK;
}
