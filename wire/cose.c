#include <wire/cose.h>

#define TAG_SIGN1 18       // RFC 9052 4.2
#define HEADER_ALGORITHM 1 // RFC 9052 3.1
#define HEADER_KEY_ID 4
#define HEADER_TYPE 16 // RFC 9596 2
#define ES256 (-7)     // RFC 9053 2.1
#define PROTECTED_MAX (COSE_TYPE_MAX + 8)

static void expect(struct reader *r, bool holds, const char *rule)
{
    (void)rule; // wire/small leaves reasons out
    if (!holds)
        reader_fail(r, rule);
}

static void read_key(struct reader *r, struct cbor_map *map, int64_t wanted, const char *rule)
{
    struct cbor_key key = {0};
    expect(r, cbor_map_next(map, r, &key) && !key.is_text && key.number == wanted, rule);
}

static struct bytes read_protected(struct bytes header, const char **ret_why)
{
    struct reader r = reader_of(header);
    struct cbor_map map = cbor_read_map(&r);
    expect(&r, map.left == 2, "COSE: protected headers are algorithm and type alone");
    read_key(&r, &map, HEADER_ALGORITHM, "RFC 9052 3.1: the algorithm is a protected header");
    expect(&r, cbor_read_int(&r) == ES256, "RFC 9053 2.1: the algorithm is ES256");
    read_key(&r, &map, HEADER_TYPE, "RFC 9596 2: the type is a protected header");
    struct bytes type = cbor_read_text(&r);
    expect(&r, type.n <= COSE_TYPE_MAX, "COSE: the type has at most 64 octets");
    if (reader_end(&r))
        return type;
    *ret_why = r.why;
    return bytes_of(NULL, 0);
}

static struct bytes read_unprotected(struct reader *r)
{
    struct cbor_map map = cbor_read_map(r);
    expect(r, map.left == 1, "COSE: the unprotected header is the key id alone");
    read_key(r, &map, HEADER_KEY_ID, "COSE: the unprotected header is the key id alone");
    struct bytes key_id = cbor_read_bytes(r);
    expect(r, key_id.n <= COSE_KEY_ID_MAX, "COSE: the key id has at most 32 octets");
    return key_id;
}

bool cose_sign1_read(struct bytes octets, struct cose_sign1 *ret, const char **ret_why)
{
    struct reader r = reader_of(octets);
    struct cose_sign1 message = {0};
    const char *why = NULL;
    expect(&r, cbor_read_tag(&r) == TAG_SIGN1, "RFC 9052 4.2: a COSE_Sign1 has tag 18");
    expect(&r, cbor_read_array(&r) == 4, "RFC 9052 4.2: a COSE_Sign1 is an array of four");
    struct bytes header = cbor_read_bytes(&r);
    message.key_id = read_unprotected(&r);
    message.payload = cbor_read_bytes(&r);
    message.signature = cbor_read_bytes(&r);
    expect(&r, message.signature.n == COSE_SIGNATURE_N,
           "RFC 9053 2.1: a signature of P-256 has 64 octets");
    if (reader_end(&r))
        message.type = read_protected(header, &why);
    if (!reader_ok(&r) || why != NULL) {
        *ret_why = why != NULL ? why : r.why;
        return false;
    }
    *ret = message;
    return true;
}

// ---- writing -----------------------------------------------------------------------------------

static void put_protected(struct buf *b, struct bytes type)
{
    uint8_t space[PROTECTED_MAX];
    struct buf header = buf_over(space, sizeof space);
    cbor_write_map(&header, 2);
    cbor_write_int(&header, HEADER_ALGORITHM);
    cbor_write_int(&header, ES256);
    cbor_write_int(&header, HEADER_TYPE);
    cbor_write_text(&header, type);
    if (!buf_ok(&header) || type.n > COSE_TYPE_MAX)
        buf_fail(b);
    cbor_write_bytes(b, buf_bytes(&header));
}

void cose_signed_head(struct buf *b, const struct cose_sign1 *message)
{
    cbor_write_array(b, 4);
    cbor_write_text(b, bytes_text("Signature1"));
    put_protected(b, message->type);
    cbor_write_bytes(b, bytes_of(NULL, 0));
    cbor_write_bytes_head(b, message->payload.n);
}

void cose_sign1_write(struct buf *b, const struct cose_sign1 *message)
{
    if (message->key_id.n > COSE_KEY_ID_MAX || message->signature.n != COSE_SIGNATURE_N)
        buf_fail(b);
    cbor_write_tag(b, TAG_SIGN1);
    cbor_write_array(b, 4);
    put_protected(b, message->type);
    cbor_write_map(b, 1);
    cbor_write_int(b, HEADER_KEY_ID);
    cbor_write_bytes(b, message->key_id);
    cbor_write_bytes(b, message->payload);
    cbor_write_bytes(b, message->signature);
}
