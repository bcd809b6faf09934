#include "sign1.h"

#define TAG_SIGN1 18
#define HEADER_ALGORITHM 1
#define HEADER_KEY_ID 4
#define HEADER_TYPE 16 // RFC 9596 2

// {1: algorithm, ?16: type}
static bool read_protected(struct sign1 *ret)
{
    struct reader r = reader_of(ret->protected.content);
    struct cbor_map map = cbor_read_map(&r);
    int32_t key;
    bool has_algorithm = false;
    while (field_next(&map, &r, &key)) {
        if (key == HEADER_ALGORITHM) {
            ret->algorithm = field_read_i32(&r);
            has_algorithm = true;
        } else if (key == HEADER_TYPE) {
            ret->type = cbor_read_text(&r);
        } else {
            reader_fail(&r, "a header parameter that is not known");
        }
    }
    return reader_end(&r) && has_algorithm;
}

// {?4: key id}: which key it was is found by trying, as the id is not signed.
static void read_unprotected(struct reader *r)
{
    struct cbor_map map = cbor_read_map(r);
    int32_t key;
    while (field_next(&map, r, &key)) {
        if (key != HEADER_KEY_ID)
            reader_fail(r, "a header parameter that is not known");
        (void)cbor_read_bytes(r);
    }
}

bool sign1_read(struct troth_octets octets, struct sign1 *ret)
{
    struct reader r = reader_of(bytes_of(octets.p, octets.n));
    *ret = (struct sign1){0};
    if (cbor_read_tag(&r) != TAG_SIGN1 || cbor_read_array(&r) != 4)
        return false;
    field_read_item(&r, &ret->protected);
    read_unprotected(&r);
    cbor_read_null(&r);
    ret->signature = cbor_read_bytes(&r);
    return reader_end(&r) && read_protected(ret);
}

// ["Signature1", protected, external data, payload]
void sign1_over(const struct sign1 *message, struct troth_octets payload,
                struct troth_octets ret[SIGN1_PARTS])
{
    static const uint8_t start[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};
    static const uint8_t nothing = 0x40;
    ret[0] = (struct troth_octets){start, sizeof start};
    ret[1] = (struct troth_octets){message->protected.whole.p, message->protected.whole.n};
    ret[2] = (struct troth_octets){&nothing, 1};
    ret[3] = payload;
}
