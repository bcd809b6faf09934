#include "sign1.h"
#include "fields.h"

#define TAG_SIGN1 18
#define HEADER_ALGORITHM 1
#define HEADER_KEY_ID 4
#define HEADER_TYPE 16 // RFC 9596 2

// {1: algorithm, ?16: type}
static bool read_protected(struct bytes header, struct sign1 *ret)
{
    struct reader r = reader_of(header);
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

enum troth_verdict sign1_read(struct troth_octets octets, struct sign1 *ret)
{
    struct reader r = reader_of(bytes_of(octets.p, octets.n));
    struct sign1 message = {0};
    if (cbor_read_tag(&r) != TAG_SIGN1 || cbor_read_array(&r) != 4)
        return TROTH_MALFORMED;
    const uint8_t *from = r.p;
    struct bytes header = cbor_read_bytes(&r);
    message.protected = bytes_of(from, (size_t)(r.p - from));
    read_unprotected(&r);
    cbor_read_null(&r);
    message.signature = cbor_read_bytes(&r);
    if (!reader_end(&r) || !read_protected(header, &message))
        return TROTH_MALFORMED;
    *ret = message;
    return TROTH_VALID;
}

// ["Signature1", protected, external data, payload]
void sign1_over(const struct sign1 *message, struct troth_octets payload, struct sign1_over *ret)
{
    static const uint8_t start[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};
    struct buf head = buf_over(ret->head, sizeof ret->head);
    cbor_write_bytes(&head, bytes_of(NULL, 0));
    cbor_write_bytes_head(&head, payload.n);
    ret->parts[0] = (struct troth_octets){start, sizeof start};
    ret->parts[1] = (struct troth_octets){message->protected.p, message->protected.n};
    ret->parts[2] = (struct troth_octets){ret->head, head.n};
    ret->parts[3] = payload;
    ret->message = (struct troth_message){ret->parts, 4};
}
