#include <pki/keyquality.h>

#include <crypto/verify.h>
#include <wire/buf.h>

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 4096
#define RSA_MIN_EXPONENT 65537

static size_t bit_length(struct bytes magnitude)
{
    size_t bits = magnitude.n * 8;

    for (uint8_t top = 0x80; magnitude.n != 0 && top != 0 && !(magnitude.p[0] & top); top >>= 1)
        bits--;
    return bits;
}

size_t key_bits(const struct x509_key *key)
{
    return key->alg == X509_KEY_RSA ? bit_length(key->modulus) : 0;
}

/* Of an exponent of at most 8 octets; 0 for longer ones. */
static uint64_t small_value(struct bytes magnitude)
{
    uint64_t value = 0;

    if (magnitude.n > 8)
        return 0;
    for (size_t i = 0; i < magnitude.n; i++)
        value = value << 8 | magnitude.p[i];
    return value;
}

static uint32_t remainder_of(struct bytes magnitude, uint32_t divisor)
{
    uint32_t rest = 0;

    for (size_t i = 0; i < magnitude.n; i++)
        rest = (rest << 8 | magnitude.p[i]) % divisor;
    return rest;
}

/* Is `value` a power of 65537 modulo the prime? */
static bool is_power_of_generator(uint32_t value, uint32_t prime)
{
    uint32_t power = 1;

    do {
        if (power == value)
            return true;
        power = power * (65537 % prime) % prime;
    } while (power != 1);
    return false;
}

/* The broken library's primes are k * M + (65537^a mod M), M the product of the first primes, so
 * the modulus is a power of 65537 modulo each of them (Nemec et al., CCS 2017, section 2). The
 * primes to 167 divide M at every key size. */
bool has_roca_fingerprint(struct bytes modulus)
{
    static const uint8_t primes[] = {
        3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
        73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

    for (size_t i = 0; i < LENGTH_OF(primes); i++)
        if (!is_power_of_generator(remainder_of(modulus, primes[i]), primes[i]))
            return false;
    return true;
}

static enum result check_rsa(const struct x509_key *key, struct err *err)
{
    size_t bits = bit_length(key->modulus);
    uint64_t exponent = small_value(key->exponent);

    if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
        return err_set(err, E_KEY_WEAK, "RSA of %zu bits, wanted are %d-%d (SP 800-131A)", bits,
                       RSA_MIN_BITS, RSA_MAX_BITS);
    if (exponent % 2 == 0 || exponent < RSA_MIN_EXPONENT)
        return err_set(err, E_KEY_WEAK,
                       "the RSA exponent is wanted odd, from 65537 on and below 2^64 "
                       "(SP 800-56B 6.2)");
    if (has_roca_fingerprint(key->modulus))
        return err_set(err, E_KEY_WEAK, "the RSA key has the fingerprint of CVE-2017-15361");
    return OK;
}

unsigned keys_bit(enum x509_key_alg alg)
{
    switch (alg) {
    case X509_KEY_P256:
        return KEYS_P256;
    case X509_KEY_P384:
        return KEYS_P384;
    case X509_KEY_ED25519:
        return KEYS_ED25519;
    case X509_KEY_RSA:
        return KEYS_RSA;
    case X509_KEY_OTHER:
        return 0;
    }
    return 0;
}

static const struct {
    enum x509_key_alg alg;
    const char *text;
} names[] = {{X509_KEY_P256, "P-256"},
             {X509_KEY_P384, "P-384"},
             {X509_KEY_ED25519, "Ed25519"},
             {X509_KEY_RSA, "RSA"}};

static const char *kind_text(enum x509_key_alg alg)
{
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        if (names[i].alg == alg)
            return names[i].text;
    return "of an unknown algorithm or curve";
}

struct keys_text keys_text(unsigned keys)
{
    struct keys_text ret = {0};
    struct buf b = buf_over(ret.text, sizeof(ret.text) - 1);

    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        if (!(keys & keys_bit(names[i].alg)))
            continue;
        if (b.n != 0)
            buf_put_bytes(&b, bytes_text(", "));
        buf_put_bytes(&b, bytes_of(names[i].text, strlen(names[i].text)));
    }
    return ret;
}

enum result keyquality_check(const struct x509_key *key, unsigned allowed, struct err *err)
{
    if (!(keys_bit(key->alg) & allowed))
        return err_set(err, E_KEY_WEAK, "the key is %s, wanted is one of: %s", kind_text(key->alg),
                       keys_text(allowed).text);
    if (key->alg == X509_KEY_RSA)
        return check_rsa(key, err);
    if (!is_usable_key(key))
        return err_set(err, E_KEY_WEAK, "the key is no point of its curve (RFC 5480 2.2)");
    return OK;
}
