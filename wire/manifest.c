#include <wire/cbor.h>
#include <wire/manifest.h>

#define TAG_ENVELOPE 107
#define TAG_SIGN1 18
#define SHA256 (-16) // RFC 9054
#define REPORT_ALL 15
#define VERSION 1

enum { VENDOR = 1, CLASS = 2, DIGEST = 3, SIZE = 14, URI = 21, COUNTER = -1, FORMATS = -2 };
enum { CONDITION_VENDOR = 1, CONDITION_CLASS = 2, CONDITION_IMAGE = 3, OVERRIDE = 20, FETCH = 21 };
enum { VALIDATE = 7, INSTALL = 20 };

#define PART_MAX 1024

static void put_bytes(struct buf *b, const struct buf *part)
{
    if (!buf_ok(part))
        buf_fail(b);
    cbor_write_bytes(b, buf_bytes(part));
}

void manifest_write_digest(struct buf *b, const uint8_t digest[MANIFEST_DIGEST_N])
{
    cbor_write_array(b, 2);
    cbor_write_int(b, SHA256);
    cbor_write_bytes(b, bytes_of(digest, MANIFEST_DIGEST_N));
}

static void write_command(struct buf *b, uint64_t command)
{
    cbor_write_uint(b, command);
    cbor_write_uint(b, REPORT_ALL);
}

static void write_shared(struct buf *b, const struct manifest *manifest)
{
    uint8_t space[64];
    struct buf digest = buf_over(space, sizeof space);
    manifest_write_digest(&digest, manifest->digest);
    cbor_write_array(b, 6);
    cbor_write_uint(b, OVERRIDE);
    cbor_write_map(b, manifest->has_formats ? 6 : 5);
    cbor_write_int(b, VENDOR);
    cbor_write_bytes(b, manifest->vendor);
    cbor_write_int(b, CLASS);
    cbor_write_bytes(b, manifest->class_id);
    cbor_write_int(b, DIGEST);
    put_bytes(b, &digest);
    cbor_write_int(b, SIZE);
    cbor_write_uint(b, manifest->size);
    cbor_write_int(b, COUNTER);
    cbor_write_uint(b, manifest->counter);
    if (manifest->has_formats) {
        cbor_write_int(b, FORMATS);
        cbor_write_array(b, 2);
        cbor_write_uint(b, manifest->formats[0]);
        cbor_write_uint(b, manifest->formats[1]);
    }
    write_command(b, CONDITION_VENDOR);
    write_command(b, CONDITION_CLASS);
}

static void write_common(struct buf *b, const struct manifest *manifest)
{
    uint8_t space[PART_MAX];
    struct buf shared = buf_over(space, sizeof space);
    write_shared(&shared, manifest);
    cbor_write_map(b, 2);
    cbor_write_uint(b, 2);
    cbor_write_array(b, 1);
    buf_put_bytes(b, manifest->component);
    cbor_write_uint(b, 4);
    put_bytes(b, &shared);
}

static void write_install(struct buf *b, const struct manifest *manifest)
{
    cbor_write_array(b, 6);
    cbor_write_uint(b, OVERRIDE);
    cbor_write_map(b, 1);
    cbor_write_int(b, URI);
    cbor_write_text(b, manifest->uri);
    write_command(b, FETCH);
    write_command(b, CONDITION_IMAGE);
}

void manifest_write(struct buf *b, const struct manifest *manifest)
{
    uint8_t common_space[PART_MAX], validate_space[16], install_space[PART_MAX];
    struct buf common = buf_over(common_space, sizeof common_space);
    struct buf validate = buf_over(validate_space, sizeof validate_space);
    struct buf install = buf_over(install_space, sizeof install_space);
    write_common(&common, manifest);
    cbor_write_array(&validate, 2);
    write_command(&validate, CONDITION_IMAGE);
    write_install(&install, manifest);
    if (manifest->vendor.n != MANIFEST_ID_N || manifest->class_id.n != MANIFEST_ID_N)
        buf_fail(b);
    cbor_write_map(b, 5);
    cbor_write_uint(b, 1);
    cbor_write_uint(b, VERSION);
    cbor_write_uint(b, 2);
    cbor_write_uint(b, manifest->sequence);
    cbor_write_uint(b, 3);
    put_bytes(b, &common);
    cbor_write_uint(b, VALIDATE);
    put_bytes(b, &validate);
    cbor_write_uint(b, INSTALL);
    put_bytes(b, &install);
}

// ---- what is signed, and by whom

static size_t bytes_size(size_t n)
{
    uint8_t space[10];
    struct buf head = buf_over(space, sizeof space);
    cbor_write_bytes_head(&head, n);
    return head.n + n;
}

// [bstr(payload), bstr(signature), ...]
static void write_signed(struct buf *b, struct bytes payload, const struct bytes *signatures,
                         size_t n)
{
    cbor_write_array(b, 1 + n);
    cbor_write_bytes(b, payload);
    for (size_t i = 0; i < n; i++)
        cbor_write_bytes(b, signatures[i]);
}

static size_t signed_size(struct bytes payload, const struct bytes *signatures, size_t n)
{
    size_t size = 1 + bytes_size(payload.n); // below 24 elements, the array's head is one octet
    for (size_t i = 0; i < n; i++)
        size += bytes_size(signatures[i].n);
    return size;
}

void manifest_write_envelope(struct buf *b, const struct manifest_envelope *envelope)
{
    if (envelope->n > MANIFEST_SIGNERS_MAX)
        buf_fail(b);
    cbor_write_tag(b, TAG_ENVELOPE);
    cbor_write_map(b, envelope->payload_name.n > 0 ? 3 : 2);
    cbor_write_uint(b, 2);
    cbor_write_bytes_head(b, signed_size(envelope->digest, envelope->signatures, envelope->n));
    write_signed(b, envelope->digest, envelope->signatures, envelope->n);
    cbor_write_uint(b, 3);
    cbor_write_bytes(b, envelope->manifest);
    if (envelope->payload_name.n > 0) {
        cbor_write_text(b, envelope->payload_name);
        cbor_write_bytes(b, envelope->payload);
    }
}

static void put_protected(struct buf *b, const struct manifest_signer *signer)
{
    uint8_t space[96];
    struct buf header = buf_over(space, sizeof space);
    cbor_write_map(&header, signer->type.n > 0 ? 2 : 1);
    cbor_write_int(&header, 1);
    cbor_write_int(&header, signer->algorithm);
    if (signer->type.n > 0) {
        cbor_write_int(&header, 16);
        cbor_write_text(&header, signer->type);
    }
    put_bytes(b, &header);
}

void manifest_write_signed(struct buf *b, const struct manifest_signer *signer,
                           struct bytes payload)
{
    cbor_write_array(b, 4);
    cbor_write_text(b, bytes_text("Signature1"));
    put_protected(b, signer);
    cbor_write_bytes(b, bytes_of(NULL, 0));
    cbor_write_bytes(b, payload);
}

void manifest_write_signature(struct buf *b, const struct manifest_signer *signer,
                              struct bytes signature)
{
    cbor_write_tag(b, TAG_SIGN1);
    cbor_write_array(b, 4);
    put_protected(b, signer);
    cbor_write_map(b, 0);
    cbor_write_null(b);
    cbor_write_bytes(b, signature);
}

// ---- key sets

static void write_key(struct buf *b, const struct manifest_key *key)
{
    cbor_write_map(b, 4);
    cbor_write_uint(b, 1);
    cbor_write_uint(b, key->number);
    cbor_write_uint(b, 2);
    cbor_write_int(b, key->algorithm);
    cbor_write_uint(b, 3);
    cbor_write_uint(b, key->uses);
    cbor_write_uint(b, 4);
    cbor_write_bytes(b, key->octets);
}

void manifest_write_keyset(struct buf *b, const struct manifest_keyset *set)
{
    size_t uses = 0;
    for (unsigned i = 0; i < 4; i++)
        uses += set->wanted[i] > 0;
    cbor_write_map(b, 5);
    cbor_write_uint(b, 1);
    cbor_write_uint(b, VERSION);
    cbor_write_uint(b, 2);
    cbor_write_uint(b, set->sequence);
    cbor_write_uint(b, 3);
    cbor_write_uint(b, set->floor);
    cbor_write_uint(b, 4);
    cbor_write_map(b, uses);
    for (unsigned i = 0; i < 4; i++) {
        if (set->wanted[i] == 0)
            continue;
        cbor_write_uint(b, UINT64_C(1) << i);
        cbor_write_uint(b, set->wanted[i]);
    }
    cbor_write_uint(b, 5);
    cbor_write_array(b, set->n);
    for (size_t i = 0; i < set->n; i++)
        write_key(b, &set->keys[i]);
}

void manifest_write_signed_keyset(struct buf *b, struct bytes set, const struct bytes *signatures,
                                  size_t n)
{
    if (n > MANIFEST_SIGNERS_MAX)
        buf_fail(b);
    write_signed(b, set, signatures, n);
}
