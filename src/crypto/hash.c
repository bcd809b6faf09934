/* The low-level calls are deprecated and kept on purpose: they cannot fail, allocate nothing and
 * cost a third of EVP's for the short messages of a Merkle tree. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <crypto/hash.h>

#include <openssl/sha.h>

_Static_assert(sizeof(struct sha256_stream) >= sizeof(SHA256_CTX), "room for the state");
_Static_assert(_Alignof(struct sha256_stream) >= _Alignof(SHA256_CTX), "alignment of the state");

void sha256_begin(struct sha256_stream *stream)
{
    SHA256_Init((SHA256_CTX *)stream->state);
}

void sha256_add(struct sha256_stream *stream, struct bytes piece)
{
    if (!bytes_is_empty(piece))
        SHA256_Update((SHA256_CTX *)stream->state, piece.p, piece.n);
}

void sha256_end(struct sha256_stream *stream, uint8_t ret[SHA256_N])
{
    SHA256_Final(ret, (SHA256_CTX *)stream->state);
}

void sha256_parts(const struct bytes *parts, size_t n, uint8_t ret[SHA256_N])
{
    struct sha256_stream stream;
    sha256_begin(&stream);
    for (size_t i = 0; i < n; i++)
        sha256_add(&stream, parts[i]);
    sha256_end(&stream, ret);
}

void sha256(struct bytes in, uint8_t ret[SHA256_N])
{
    sha256_parts(&in, 1, ret);
}

void sha1_for_names(struct bytes in, uint8_t ret[SHA1_N])
{
    SHA1(in.p, in.n, ret);
}

static void hash_for_merkle(void *ctx, const struct bytes *parts, size_t n, uint8_t out[32])
{
    (void)ctx;
    sha256_parts(parts, n, out);
}

const struct merkle_hash sha256_for_merkle = {.sha256 = hash_for_merkle, .ctx = NULL};
