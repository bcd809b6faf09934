#include "name.h"

#include <crypto/hash.h>
#include <wire/der.h>

#include <arpa/inet.h>

struct bytes bits_of_spki(struct bytes spki)
{
    struct reader outer = reader_of(spki), inner;
    struct bytes algorithm, bits = {0};

    der_enter(&outer, DER_SEQUENCE, &inner);
    der_read(&inner, DER_SEQUENCE, &algorithm);
    der_read_bits(&inner, &bits);
    return bits;
}

void key_id_of_spki(struct bytes spki, uint8_t ret[KEY_ID_N])
{
    uint8_t digest[SHA256_N];

    sha256(bits_of_spki(spki), digest);
    memcpy(ret, digest, KEY_ID_N);
}

void key_hash_of_spki(struct bytes spki, uint8_t ret[KEY_ID_N])
{
    sha1_for_names(bits_of_spki(spki), ret);
}

void profile_key_id(const struct profile *profile, struct bytes spki, uint8_t ret[KEY_ID_N])
{
    if (profile->no_check)
        key_hash_of_spki(spki, ret);
    else
        key_id_of_spki(spki, ret);
}

struct x509_general_name server_name(struct bytes name, uint8_t room[16])
{
    char text[INET6_ADDRSTRLEN];
    struct x509_general_name as_dns = {.kind = X509_GN_DNS, .value = name};

    if (name.n >= sizeof(text))
        return as_dns;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    if (inet_pton(AF_INET, text, room) == 1)
        return (struct x509_general_name){.kind = X509_GN_IP, .value = bytes_of(room, 4)};
    if (inet_pton(AF_INET6, text, room) == 1)
        return (struct x509_general_name){.kind = X509_GN_IP, .value = bytes_of(room, 16)};
    return as_dns;
}

void put_decimal(struct buf *b, uint64_t value)
{
    uint8_t digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    buf_put_bytes(b, bytes_of(digits + at, sizeof(digits) - at));
}
