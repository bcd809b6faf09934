// SHA-256 (FIPS 180-4), small rather than fast.
#include <troth/crypto.h>

#include <string.h>

#define LENGTH_AT 56 // in the last block

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static uint32_t word_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_word(uint8_t *p, uint32_t word)
{
    p[0] = (uint8_t)(word >> 24);
    p[1] = (uint8_t)(word >> 16);
    p[2] = (uint8_t)(word >> 8);
    p[3] = (uint8_t)word;
}

static uint32_t next_word(const uint32_t *w)
{
    uint32_t small0 = turn(w[-15], 7) ^ turn(w[-15], 18) ^ w[-15] >> 3;
    uint32_t small1 = turn(w[-2], 17) ^ turn(w[-2], 19) ^ w[-2] >> 10;
    return w[-16] + small0 + w[-7] + small1;
}

static void compress(uint32_t state[8], const uint8_t block[64])
{
    uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned round = 0; round < 64; round++) {
        w[round] = round < 16 ? word_at(block + 4 * (size_t)round) : next_word(w + round);
        uint32_t big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
        uint32_t first = h + big1 + (g ^ (e & (f ^ g))) + round_constants[round] + w[round];
        uint32_t big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
        uint32_t second = big0 + ((a & b) | (c & (a | b)));
        h = g, g = f, f = e, e = d + first;
        d = c, c = b, b = a, a = first + second;
    }
    const uint32_t s[8] = {a, b, c, d, e, f, g, h};
    for (unsigned i = 0; i < 8; i++)
        state[i] += s[i];
}

void troth_sha256_begin(struct troth_sha256 *hash)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, start, sizeof start);
    hash->n = 0;
}

void troth_sha256_add(struct troth_sha256 *hash, const void *octets, size_t n)
{
    const uint8_t *from = octets;
    while (n > 0) {
        size_t used = hash->n & 63;
        size_t take = n < 64 - used ? n : 64 - used;
        memcpy(hash->block + used, from, take);
        hash->n += take;
        from += take;
        n -= take;
        if (used + take == 64)
            compress(hash->state, hash->block);
    }
}

void troth_sha256_end(struct troth_sha256 *hash, uint8_t ret[TROTH_HASH_N])
{
    uint64_t bits = (uint64_t)hash->n << 3;
    size_t used = hash->n & 63;
    hash->block[used++] = 0x80;
    if (used > LENGTH_AT) {
        memset(hash->block + used, 0, sizeof hash->block - used);
        compress(hash->state, hash->block);
        used = 0;
    }
    memset(hash->block + used, 0, LENGTH_AT - used);
    put_word(hash->block + LENGTH_AT, (uint32_t)(bits >> 32));
    put_word(hash->block + LENGTH_AT + 4, (uint32_t)bits);
    compress(hash->state, hash->block);
    for (size_t i = 0; i < 8; i++)
        put_word(ret + 4 * i, hash->state[i]);
}

void troth_sha256_add_message(struct troth_sha256 *hash, const struct troth_message *message)
{
    for (size_t i = 0; i < message->n; i++)
        troth_sha256_add(hash, message->parts[i].p, message->parts[i].n);
}

void troth_sha256_message(const struct troth_message *message, uint8_t ret[TROTH_HASH_N])
{
    struct troth_sha256 hash;
    troth_sha256_begin(&hash);
    troth_sha256_add_message(&hash, message);
    troth_sha256_end(&hash, ret);
}
