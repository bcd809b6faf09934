// A signature is added without looking into what was signed, nor at what follows in an envelope.
#include <wire/cbor.h>
#include <wire/manifest.h>

#define TAG_ENVELOPE 107
#define MEMBER_SIGNATURES 2
#define SPACE_FOR_HEADS 32

static void read_parts(struct reader *r, struct manifest_signed *ret)
{
    size_t n = cbor_read_array(r);
    ret->signed_parts = bytes_of(r->p, r->left);
    ret->payload = cbor_read_bytes(r);
    for (size_t i = 1; i < n; i++)
        if (cbor_read_bytes(r).n == 0)
            reader_fail(r, "SUIT 5.1: a signature is not empty");
    if (n == 0 || n - 1 > MANIFEST_SIGNERS_MAX)
        reader_fail(r, "what is signed stands in front of at most 8 signatures");
    ret->n = n - 1;
}

static void read_envelope(struct reader *r, struct manifest_signed *ret)
{
    ret->is_envelope = true;
    if (cbor_read_tag(r) != TAG_ENVELOPE)
        reader_fail(r, "SUIT 5: an envelope has tag 107");
    ret->members = cbor_read_map(r).left;
    if (cbor_read_uint(r) != MEMBER_SIGNATURES)
        reader_fail(r, "SUIT 5.1: the signatures are an envelope's first member");
    struct reader parts = reader_of(cbor_read_bytes(r));
    read_parts(&parts, ret);
    if (reader_ok(r) && !reader_end(&parts))
        reader_fail(r, parts.why);
    ret->rest = reader_rest(r);
}

bool manifest_read_signed(struct bytes object, struct manifest_signed *ret, const char **ret_why)
{
    struct reader r = reader_of(object);
    struct manifest_signed read = {0};
    if (cbor_peek(&r) == CBOR_TAG)
        read_envelope(&r, &read);
    else
        read_parts(&r, &read);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = read;
    return true;
}

static void write_parts(struct buf *b, const struct manifest_signed *object, struct bytes signature)
{
    cbor_write_array(b, object->n + 2);
    buf_put_bytes(b, object->signed_parts);
    cbor_write_bytes(b, signature);
}

static size_t heads_size(const struct manifest_signed *object, struct bytes signature)
{
    uint8_t space[SPACE_FOR_HEADS];
    struct buf heads = buf_over(space, sizeof space);
    cbor_write_array(&heads, object->n + 2);
    cbor_write_bytes_head(&heads, signature.n);
    return heads.n;
}

void manifest_write_more(struct buf *b, const struct manifest_signed *object,
                         struct bytes signature)
{
    if (object->n >= MANIFEST_SIGNERS_MAX)
        buf_fail(b);
    if (object->is_envelope) {
        cbor_write_tag(b, TAG_ENVELOPE);
        cbor_write_map(b, object->members);
        cbor_write_uint(b, MEMBER_SIGNATURES);
        cbor_write_bytes_head(b,
                              heads_size(object, signature) + object->signed_parts.n + signature.n);
    }
    write_parts(b, object, signature);
    buf_put_bytes(b, object->rest);
}
